"""Dropout as a layer: in training the mask is a leaf of the graph, at inference the layer is not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.functions.table import table
from cgraph.graph.node import Node, variable
from cgraph.nn.flow import Draw, Flow
from cgraph.nn.init import Array


@dataclass(frozen=True)
class Dropout:
    """Inverted dropout (SLP3 Section 6.6.5): each element is 0 with probability p, the others are divided by 1 - p.

    At inference, the default, it returns x itself. In training, `layer(x, training=True)`, the mask is a variable of
    the shape of x under the name `mask`, 1 where an element is kept. `draw` draws it; `train.fit` does so each step.
    Raises ValueRefusedError when p is not from 0 up and below 1.

    >>> import cgraph as cg
    >>> h = Dropout(0.5)(cg.variable("x", 2), training=True)
    >>> cg.forward(h, {"x": [3.0, 4.0], "mask": [1, 0]})[h]
    array([6., 0.])
    """

    p: float
    mask: str = "mask"

    def __post_init__(self) -> None:
        if isinstance(self.p, bool) or not isinstance(self.p, (int, float)) or not 0 <= self.p < 1:
            raise ValueRefusedError(
                f"dropout with p={self.p!r}",
                why="p is the share of elements that are dropped; were it 1, nothing would be left to scale up",
                fix="give p from 0 up and below 1, such as 0.5",
            )

    @property
    def parameters(self) -> tuple[Node, ...]:
        """None: a mask is drawn and not trained."""
        return ()

    def replaced(self, new: Mapping[Node, Node]) -> Dropout:
        """The same layer: it has no parameters."""
        return self

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """A mask of 0 and 1 from a generator, 1 with probability 1 - p.

        >>> Dropout(0.5).draw(np.random.default_rng(0), (6,))
        array([1., 0., 0., 0., 1., 1.])
        """
        return (rng.random(shape) >= self.p).astype(np.float64)

    @property
    def noise(self) -> dict[str, Draw]:
        """How its mask is drawn, by the mask's name."""
        return {self.mask: self.draw}

    def through(self, flow: Flow) -> Flow:
        """In training, what the mask leaves of x."""
        return flow.to(self(flow.x, flow.training))

    def __call__(self, x: Node, /, training: bool = False) -> Node:
        if not training or self.p == 0:
            return x
        dropped: Node = table()["dropout"](x, variable(self.mask, x.shape), self.p)
        return dropped

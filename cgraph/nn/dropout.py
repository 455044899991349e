"""Dropout as a layer: in training the mask is a leaf of the graph, at inference the layer is not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions import functions
from cgraph.graph import Graph
from cgraph.nn.init import Array, generator
from cgraph.node import Node, variable
from cgraph.shapes import bind, show

if TYPE_CHECKING:
    from cgraph.nn.layers import Layer
    from cgraph.nn.sequential import Sequential


@dataclass(frozen=True)
class Dropout:
    """Inverted dropout (SLP3 Section 6.6.5): each element is 0 with probability p, the others are divided by 1 - p.

    At inference, the default, it returns x itself. In training (`Sequential.in_training`) the mask is a variable of
    the shape of x under the name `mask`, 1 where an element is kept; `draw_masks` draws it.
    Raises ValueRefusedError when p is not from 0 up and below 1.

    >>> import cgraph as cg
    >>> h = Dropout(0.5, training=True)(cg.variable("x", 2))
    >>> cg.forward(h, {"x": [3.0, 4.0], "mask": [1, 0]})[h]
    array([6., 0.])
    """

    p: float
    mask: str = "mask"
    training: bool = False

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

    def __call__(self, x: Node, /) -> Node:
        if not self.training or self.p == 0:
            return x
        dropped: Node = functions()["dropout"](x, variable(self.mask, x.shape), self.p)
        return dropped


def in_training(layer: Layer, on: bool) -> Layer:
    """The layer with its mask, or without: only dropout differs."""
    return replace(layer, training=on) if isinstance(layer, Dropout) else layer


def draw_masks(
    model: Sequential, output: Node | Graph, sizes: Mapping[str, int], seed: int | np.random.Generator
) -> dict[str, Array]:
    """A mask of 0 and 1 for each dropout layer of a model whose mask is in the graph of `output`, by name.

    `sizes` binds named dimensions, such as the rows of the batch, {"m": 32}. The same seed gives the same masks;
    a generator goes on, so that each batch has masks of its own.
    Raises ShapeError for a named dimension without a size.

    >>> import cgraph as cg
    >>> model = cg.nn.MLP([2, 4, 1], "tanh", dropout=0.5, seed=0).in_training()
    >>> masks = draw_masks(model, model(cg.variable("X", ("m", 2))), {"m": 3}, seed=0)
    >>> masks["mask[1]"].shape, sorted(set(masks["mask[1]"].ravel()))
    ((3, 4), [np.float64(0.0), np.float64(1.0)])
    """
    graph, rng = output if isinstance(output, Graph) else Graph(output), generator(seed)
    masks: dict[str, Array] = {}
    for layer in model.layers:
        if isinstance(layer, Dropout) and layer.mask in graph:
            declared = graph[layer.mask].shape
            shape = [d for d in bind(declared, sizes) if isinstance(d, int)]
            if len(shape) != len(declared):
                raise ShapeError(
                    f"the mask {layer.mask} has the shape {show(declared)}",
                    where=graph[layer.mask].where,
                    why="a mask is drawn for a batch of a known size",
                    fix="give the size of each named dimension, such as {'m': 32}",
                )
            masks[layer.mask] = (rng.random(shape) >= layer.p).astype(float)
    return masks

"""Layers: frozen records whose fields are their parameters. Calling one on a node builds nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError, did_you_mean
from cgraph.functions.table import table
from cgraph.graph.names import layer_of, of_layer
from cgraph.graph.node import PARAMETER, Node, parameter
from cgraph.graph.scope import scope
from cgraph.nn.description import Dense, Description
from cgraph.nn.init import Initialiser, generator, glorot_uniform
from cgraph.shapes import show


class Layer(Protocol):
    """What a layer offers; write a frozen dataclass with these three for a layer of your own."""

    @property
    def parameters(self) -> tuple[Node, ...]:
        """The trainable leaves, in order."""

    def replaced(self, new: Mapping[Node, Node]) -> Layer:
        """The same layer with other nodes in the place of its parameters."""

    def __call__(self, x: Node, /) -> Node:
        """The nodes that the layer builds on x."""


@dataclass(frozen=True)
class Linear:
    """A linear layer: X [m×d] @ W [d×dh] + b [dh], rows are examples (SLP3 Eq. 6.20). `b` may be None.

    Raises ShapeError when W is no matrix, or b has not one element for each column of W.

    >>> import cgraph as cg
    >>> layer = Linear.random(2, 4, layer=1, seed=0)
    >>> layer(cg.variable("X", ("m", 2))).shape
    ('m', 4)
    """

    W: Node
    b: Node | None = None

    def __post_init__(self) -> None:
        for node in (self.W, self.b):
            if node is not None and not isinstance(node, Node):
                raise ValueRefusedError(
                    f"a linear layer is given a {type(node).__name__}",
                    why="its fields are nodes",
                    fix='make a parameter first: cg.parameter("W[1]", array)',
                )
        if len(self.W.shape) != 2:
            raise ShapeError(
                f"the weights {self.W.name} have shape {show(self.W.shape)}",
                where=self.W.where,
                why="a linear layer needs a matrix [d×dh]",
                fix="give W two dimensions",
            )
        if self.b is not None and self.b.shape != self.W.shape[1:]:
            raise ShapeError(
                f"the bias {self.b.name} has shape {show(self.b.shape)}",
                where=self.b.where,
                why=f"the weights {self.W.name} {show(self.W.shape)} give {self.W.shape[1]} column(s)",
                fix=f"give b the shape {show(self.W.shape[1:])}",
            )

    @classmethod
    def random(
        cls,
        inputs: int,
        outputs: int,
        *,
        layer: int | str = 1,
        seed: int | np.random.Generator,
        init: Initialiser = glorot_uniform,
        bias: bool = True,
    ) -> Linear:
        """A layer from `inputs` to `outputs` units: weights W[layer] by `init`, bias b[layer] zero or none.

        Raises ValueRefusedError for sizes below 1, and for a seed that is none.
        """
        W = parameter(of_layer("W", layer), init((inputs, outputs), generator(seed)))
        return cls(W, parameter(of_layer("b", layer), np.zeros(outputs)) if bias else None)

    @property
    def parameters(self) -> tuple[Node, ...]:
        """W and b, as far as they are parameters: constants are not trained."""
        return tuple(n for n in (self.W, self.b) if n is not None and n.kind == PARAMETER)

    def replaced(self, new: Mapping[Node, Node]) -> Linear:
        """The same layer with other nodes in the place of W and b."""
        return Linear(new.get(self.W, self.W), None if self.b is None else new.get(self.b, self.b))

    def described(self) -> Description:
        """One linear layer."""
        return Description((Dense(self.W, self.b),))

    def affine(self, x: Node, /) -> Node:
        """xW + b in the scope that is open; the layer itself, when it is called, is a scope of its own."""
        product = x @ self.W
        return product if self.b is None else product + self.b

    def __call__(self, x: Node, /) -> Node:
        number = layer_of(self.W.name or "")
        with scope(f"layer {number}" if number else "linear"):
            return self.affine(x)


@dataclass(frozen=True)
class Activation:
    """An activation by its name in the table, such as "tanh", "relu", "sigmoid", "softmax" (SLP3 Eq. 6.3 to 6.6, 6.9).

    Raises ValueRefusedError for a name that the table does not have, or an op that changes the shape.

    >>> import cgraph as cg
    >>> Activation("tanh")(cg.variable("z"))
    <tanh(z)>
    """

    op: str

    def __post_init__(self) -> None:
        if not _is_activation(self.op):
            every = [name for name in table() if _is_activation(name)]
            raise ValueRefusedError(
                f"{self.op!r} is no activation",
                why="an activation is an op of the table with one operand, whose result has the operand's shape",
                fix=did_you_mean(self.op, every, f"use one of: {', '.join(every)}"),
            )

    @property
    def parameters(self) -> tuple[Node, ...]:
        """None: an activation has nothing to train."""
        return ()

    def replaced(self, new: Mapping[Node, Node]) -> Activation:
        """The same activation: it has no parameters."""
        return self

    def described(self) -> Description:
        """The activation of the linear layer before it."""
        return Description(activation=self.op)

    def __call__(self, x: Node, /) -> Node:
        return table()[self.op](x)


def _is_activation(name: Any) -> bool:
    """Whether an op of the table has this name, with one operand: rows go in and out in the same shape."""
    function = table().get(name) if isinstance(name, str) else None
    if function is None or function.row is None or function.row.arity != 1:
        return False
    rows = ("m", 3)
    try:
        return bool(function.row.infer([rows], function.row.defaults)[1] == rows)
    except ShapeError:
        return False

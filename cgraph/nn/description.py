"""What a model tells of itself: its linear layers in their order, and how it reads words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from cgraph.graph.node import Node, variable
from cgraph.nn.text import Vocabulary
from cgraph.shapes import Dimension


@dataclass(frozen=True)
class Dense:
    """A linear layer with what follows it: its weights [inputs×outputs], its bias, its activation."""

    W: Node
    b: Node | None = None
    activation: str | None = None

    @property
    def sizes(self) -> tuple[Dimension, Dimension]:
        """How many units it joins, and to how many."""
        return (self.W.shape[0], 1) if len(self.W.shape) == 1 else (self.W.shape[0], self.W.shape[1])

    def weight(self, i: int, j: int) -> float:
        """The weight from unit i to unit j, from 0."""
        return float(self.W.value[i]) if len(self.W.shape) == 1 else float(self.W.value[i][j])

    def bias(self, j: int) -> float:
        """The bias of unit j, from 0."""
        assert self.b is not None
        return float(self.b.value[j]) if self.b.shape else float(self.b.value)


@dataclass(frozen=True)
class Reading:
    """How a model reads words: by rows of E [|V|×d], pooled ("mean", "max") or, of a fixed number, side by side.

    `vocabulary` are the words of the rows, of a model that knows them.
    """

    E: Node
    pooling: str | None = None
    context: int | None = None
    vocabulary: Vocabulary | None = None


@dataclass(frozen=True)
class Description:
    """The linear layers of a model, from input to output, and how it reads words, if it does.

    `activation` is that of a layer which only has one, such as `nn.Activation`. `apart` names the layers that are no
    columns of units, such as convolutions: what has one cannot be drawn as units alone.
    """

    dense: tuple[Dense, ...] = ()
    activation: str | None = None
    reading: Reading | None = None
    apart: tuple[str, ...] = ()

    @property
    def input(self) -> Node:
        """A variable X that the model takes: rows of as many features as its first layer has, or rows of ids."""
        if self.reading is not None:
            return variable("X", ("m", self.reading.context or "n"))
        return variable("X", ("m", self.dense[0].sizes[0]))


@runtime_checkable
class Described(Protocol):
    """What can say of which linear layers it is made; a layer of your own may have the method too."""

    def described(self) -> Description:
        """The layers."""


def in_a_row(layers: Iterable[object]) -> Description:
    """The description of layers one after the other: an activation is that of the linear layer before it.

    >>> import cgraph as cg
    >>> [d.activation for d in cg.nn.MLP([2, 4, 1], ("tanh", "sigmoid"), seed=0).described().dense]
    ['tanh', 'sigmoid']
    """
    found: list[Dense] = []
    apart: list[str] = []
    for layer in layers:
        told = layer.described() if isinstance(layer, Described) else Description()
        if found and told.activation is not None:
            found[-1] = replace(found[-1], activation=told.activation)
        found += told.dense
        apart += told.apart
    return Description(tuple(found), apart=tuple(dict.fromkeys(apart)))

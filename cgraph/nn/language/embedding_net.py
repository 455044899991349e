"""Nets on embeddings: rows of E brought together, a hidden layer, an output layer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.table import table
from cgraph.graph.display import mimebundle
from cgraph.graph.node import Node, as_node, parameter
from cgraph.graph.scope import scope
from cgraph.nn.description import Dense, Description, Reading
from cgraph.nn.dropout import Dropout
from cgraph.nn.embedding import Embedding
from cgraph.nn.init import for_activation, generator
from cgraph.nn.layers import Activation, Linear
from cgraph.nn.sequential import Sequential
from cgraph.shapes import show

Pooling: TypeAlias = Literal["mean"] | Literal["max"]

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]


@dataclass(frozen=True)
class EmbeddingNet(ABC):
    """h = f(xW + b), z = hU, ŷ = softmax(z), where x is made from the embeddings of the ids (SLP3 Eq. 6.22, 6.24).

    Calling it gives the logits z [m×k] of ids [m×n]. In training (`training=True`, as `train.fit` calls it) dropout
    zeroes elements of x and of h; its masks are the variables `mask[x]` and `mask[h]`.
    """

    embedding: Embedding
    hidden: Linear
    output: Linear
    activation: str = "sigmoid"
    dropout: float = 0.0
    _repr_mimebundle_ = mimebundle

    def __post_init__(self) -> None:
        Activation(self.activation)
        Dropout(self.dropout)
        if self.output.W.shape[0] != self.hidden.W.shape[1]:
            raise ShapeError(
                f"W {show(self.hidden.W.shape)} is followed by U {show(self.output.W.shape)}",
                where=self.output.W.where,
                why="z = hU, and h has one element for each column of W",
                fix="give U as many rows as W has columns",
            )

    @abstractmethod
    def combined(self, ids: Node) -> Node:
        """x: the embeddings of each example's ids as one row."""

    def reading(self) -> Reading:
        """How the model reads words; a model of your own may say more."""
        return Reading(self.embedding.E)

    def described(self) -> Description:
        """The hidden layer, the output layer with its softmax, and how words are read."""
        hidden = Dense(self.hidden.W, self.hidden.b, self.activation)
        return Description((hidden, Dense(self.output.W, self.output.b, "softmax")), reading=self.reading())

    @property
    def layers(self) -> Sequential:
        """The layers that have parameters."""
        return Sequential([self.embedding, self.hidden, self.output])

    @property
    def parameters(self) -> tuple[Node, ...]:
        """E (unless it is frozen), W, b and U."""
        return self.layers.parameters

    @property
    def values(self) -> dict[str, Any]:
        """The value of each parameter by name."""
        return self.layers.values

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """The same model with other values of some parameters.

        Raises NameUnknownError for a name that no parameter has, ShapeError for a value of another shape.
        """
        embedding, hidden, output = cast("tuple[Embedding, Linear, Linear]", self.layers.with_values(values).layers)
        return replace(self, embedding=embedding, hidden=hidden, output=output)

    @property
    def noise(self) -> dict[str, Draw]:
        """What training draws anew in each step: the masks of dropout, 1 where an element is kept."""
        draw = Dropout(self.dropout).draw
        return {"mask[x]": draw, "mask[h]": draw} if self.dropout else {}

    def __call__(self, ids: Any, /, training: bool = False) -> Node:
        ids = as_node(ids)
        if not ids.shape or ids.shape[-1] == 0:
            raise ValueRefusedError(
                "a model of words is given no words",
                where=ids.where,
                why="of nothing there is no mean, no maximum and no next word",
                fix="give at least one id, such as 0 for an unknown word",
            )
        x = self.combined(ids)
        x = Dropout(self.dropout, "mask[x]")(x, training)
        with scope("hidden"):
            h = Activation(self.activation)(self.hidden.affine(x)).named("h")
            h = Dropout(self.dropout, "mask[h]")(h, training)
        with scope("output"):
            return self.output.affine(h).named("z")

    def probabilities(self, ids: Any) -> Node:
        """ŷ = softmax(z): the probability of each class, or of each next word."""
        estimate: Node = table()["softmax"](self(ids))
        return estimate.named("ŷ")


@dataclass(frozen=True)
class PooledClassifier(EmbeddingNet):
    """A classifier of the mean (or the maximum) of a text's embeddings (SLP3 Eq. 6.21 and 6.22, Fig. 6.13).

    With `padding`, that id stands for no word, so that texts of unequal length are rows of one array.

    >>> import cgraph as cg
    >>> model = PooledClassifier.random(Embedding.random(8, 3, seed=0), hidden=4, classes=3, seed=0)
    >>> [p.name for p in model.parameters], model(cg.variable("X", ("m", 5))).shape
    (['E', 'W', 'b', 'U'], ('m', 3))
    """

    pooling: Pooling = "mean"
    padding: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if f"{self.pooling}_pool" not in table():
            raise ValueRefusedError(f"the pooling is {self.pooling!r}", fix='write "mean" or "max"')

    @classmethod
    def random(
        cls,
        embedding: Embedding,
        *,
        hidden: int,
        classes: int,
        seed: int | np.random.Generator,
        activation: str = "sigmoid",
        dropout: float = 0.0,
        pooling: Pooling = "mean",
        padding: int | None = None,
    ) -> PooledClassifier:
        """A classifier on an embedding matrix, with random W [d×hidden] and U [hidden×classes], and b zero."""
        W, U = random_layers(width_of(embedding), hidden, classes, activation, seed)
        return cls(embedding, W, U, activation, dropout, pooling=pooling, padding=padding)

    def combined(self, ids: Node) -> Node:
        """x: the mean or the maximum of the embeddings of the words of each text."""
        op, rows = table(), self.embedding(ids)
        if self.padding is None:
            return op[self.pooling](rows, axis=-2).named("x")
        return op[f"{self.pooling}_pool"](rows, op["not_equal"](ids, float(self.padding))).named("x")

    def reading(self) -> Reading:
        """Any number of words, pooled."""
        return Reading(self.embedding.E, pooling=self.pooling)


def width_of(embedding: Embedding) -> int:
    """The length d of a row of E."""
    return int(embedding.E.shape[1])


def random_layers(
    inputs: int, hidden: int, outputs: int, activation: str, seed: int | np.random.Generator
) -> tuple[Linear, Linear]:
    """Random W with b zero, and random U, under these names."""
    rng = generator(seed)
    first = for_activation(activation)((inputs, hidden), rng)
    last = for_activation(None)((hidden, outputs), rng)
    return Linear(parameter("W", first), parameter("b", np.zeros(hidden))), Linear(parameter("U", last))

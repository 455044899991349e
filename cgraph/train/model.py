"""What training asks of a model and of an optimiser, whoever wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

from cgraph.errors import ShapeError
from cgraph.node import Node, variable
from cgraph.shapes import show
from cgraph.train.checks import Array


class Model(Protocol):
    """A record with parameters that builds nodes when it is called, such as `nn.MLP([64, 32, 10], seed=0)`."""

    @property
    def parameters(self) -> tuple[Node, ...]:
        """The trainable leaves, in order."""

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """The same model with other values of its parameters, by name."""

    def __call__(self, x: Node, /) -> Node:
        """The output's node on the rows of x."""


class Optimizer(Protocol):
    """Makes updates as nodes, such as `train.SGD(0.1)`."""

    def updates(self, parameters: Sequence[Node], gradients: Sequence[Node]) -> list[Node]:
        """The new value of each parameter, as a node."""


def output_of(model: Model, X: Array) -> tuple[Node, Node]:
    """The variable X [m×...] in the shape of the data's rows, and the model's output on it.

    Raises ShapeError when the model does not take rows of that shape.
    """
    x = variable("X", ("m", *X.shape[1:]))
    try:
        return x, model(x)
    except ShapeError as error:
        raise ShapeError(
            f"the model does not take X {show(x.shape)}",
            where=error.where,
            why=error.what,
            fix="give X as many columns as the model has inputs",
        ) from error

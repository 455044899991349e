"""What training asks of a model and of an optimiser, whoever wrote them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeAlias

import numpy as np

from cgraph.errors import ShapeError
from cgraph.graph.node import Node, variable
from cgraph.shapes import show
from cgraph.train.checks import Array
from cgraph.train.updates import Updates

Draw: TypeAlias = Callable[[np.random.Generator, tuple[int, ...]], Array]


class Model(Protocol):
    """A record with parameters that builds nodes when it is called, such as `nn.MLP([64, 32, 10], seed=0)`.

    It is called on one node, or, when X is a tuple or a dict of arrays, on several: `model(ids, mask)`.
    A model that is random in training, such as one with dropout, also has `noise`: for the name of each variable that
    it draws, a function `draw(generator, shape)`; `model(x, training=True)` builds nodes with those variables, and
    `fit` draws them anew for each step.
    A model with leaves that move in training and are no parameters, such as the running means of batch normalising, has
    them as `state`, and `trained(x)` gives the output in training and their new values, as nodes by leaf; `with_values`
    takes their values too.
    """

    @property
    def parameters(self) -> tuple[Node, ...]:
        """The trainable leaves, in order."""

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """The same model with other values of its parameters, by name."""

    def __call__(self, x: Node, /) -> Node:
        """The output's node on the rows of x."""


class Optimizer(Protocol):
    """Makes updates as nodes, such as `train.SGD(0.1)`."""

    def updates(self, parameters: Sequence[Node], gradients: Sequence[Node]) -> Updates:
        """The new value of each parameter, and of each leaf of the optimiser's state, as nodes."""


def noise_of(model: Model) -> Mapping[str, Draw]:
    """What a model draws in each step of training: for the name of each such variable, how; empty for most models."""
    noise: Mapping[str, Draw] = getattr(model, "noise", {})
    return noise


def state_of(model: Model) -> tuple[Node, ...]:
    """The leaves that training moves on beside the parameters; empty for most models."""
    state: tuple[Node, ...] = getattr(model, "state", ())
    return state


def arrays_of(X: Any) -> dict[str, Any]:
    """The arrays of X by the names of their variables: X for one array, X[1], X[2] of a tuple, the keys of a dict."""
    if isinstance(X, Mapping):
        return {str(name): array for name, array in X.items()}
    if isinstance(X, tuple):
        return {f"X[{i}]": array for i, array in enumerate(X, start=1)}
    return {"X": X}


@dataclass(frozen=True)
class Inputs:
    """The variables that a model's input comes in, in the shape of the data's rows, by name."""

    nodes: Mapping[str, Node]
    named: bool  # whether the model takes them by name

    @classmethod
    def like(cls, X: Any) -> Inputs:
        """Variables for data like X, an array [m×...] or a tuple or a dict of such arrays."""
        nodes = {name: variable(name, ("m", *np.shape(array)[1:])) for name, array in arrays_of(X).items()}
        return cls(nodes, isinstance(X, Mapping))

    def feed(self, X: Any) -> dict[Node, Any]:
        """The values of the variables."""
        return {self.nodes[name]: array for name, array in arrays_of(X).items()}

    def trained(self, model: Any) -> tuple[Node, Mapping[Node, Node]]:
        """The model's output on them in training, and the new values of its state; raises as `output` does."""
        if state_of(model):
            found: tuple[Node, Mapping[Node, Node]] = self._called(model.trained)
            return found
        return self.output(model, **({"training": True} if noise_of(model) else {})), {}

    def output(self, model: Any, **options: bool) -> Node:
        """The model's output on them. Raises ShapeError when the model does not take rows of that shape."""
        output: Node = self._called(model, **options)
        return output

    def _called(self, model: Any, **options: bool) -> Any:
        try:
            return model(**self.nodes, **options) if self.named else model(*self.nodes.values(), **options)
        except ShapeError as error:
            what = ", ".join(f"{name} {show(x.shape)}" for name, x in self.nodes.items())
            raise ShapeError(
                f"the model does not take {what}",
                where=error.where,
                why=error.what,
                fix="give X as many columns as the model has inputs",
            ) from error

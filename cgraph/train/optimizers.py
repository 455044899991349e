"""Optimisers: an update is an expression of the parameter and its gradient, a graph like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any

from cgraph.errors import ValueRefusedError
from cgraph.node import Node, constant


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent: W' = W - η dL/dW, where the learning rate η is one shared constant.

    Raises ValueRefusedError for a learning rate that is not finite and above zero.

    >>> import cgraph as cg
    >>> w = cg.parameter("w", 3.0)
    >>> (new,) = SGD(0.5).updates([w], [cg.grad(w * w, w)])
    >>> new, float(cg.forward(new)[new])
    (<w' = sub(w, …)>, 0.0)
    """

    learning_rate: float

    def __post_init__(self) -> None:
        rate: Any = self.learning_rate
        if isinstance(rate, bool) or not isinstance(rate, Real) or not isfinite(rate) or rate <= 0:
            raise ValueRefusedError(
                f"the learning rate is {rate!r}",
                why="each step goes that far against the gradient",
                fix="give a number above zero, such as 0.1",
            )

    def updates(self, parameters: Sequence[Node], gradients: Sequence[Node]) -> list[Node]:
        """The new value of each parameter as a node, named after it: W[1]' for W[1]."""
        rate = constant(float(self.learning_rate), name="η")
        return [(p - rate * g).named(f"{p.name}'") for p, g in zip(parameters, gradients, strict=True)]

"""Learning rates that change from step to step, as nodes of the step counter: the whole update stays one graph."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Any, Protocol, TypeAlias

from cgraph.functions.table import table
from cgraph.graph.node import Node, constant
from cgraph.train.checks import between, whole


class Schedule(Protocol):
    """The learning rate as a node; `steps` is how many steps were made before this one, 0 at the first."""

    def __call__(self, steps: Node, /) -> Node: ...


Rate: TypeAlias = "float | Schedule"


def rate_of(rate: Rate, steps: Node) -> Node:
    """The learning rate of a step as a node named η: that of a schedule, or one shared constant."""
    return rate(steps).named("η") if callable(rate) else constant(float(rate), name="η")


def check_rate(rate: Any) -> None:
    """Refuse what is neither a schedule nor a finite number above zero. Raises ValueRefusedError."""
    if not callable(rate):
        between("the learning rate", rate, 0, above=True, why="each step goes that far against the gradient")


@dataclass(frozen=True)
class StepDecay:
    """η = rate · factor^⌊steps / every⌋: the rate is multiplied by `factor` after each `every` steps.

    Raises ValueRefusedError for a rate or a factor that is not above zero, and `every` below 1.

    >>> import cgraph as cg
    >>> float(cg.forward(StepDecay(0.8, every=10, factor=0.5)(cg.constant(25.0))).values[-1])
    0.2
    """

    rate: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        check_rate(self.rate)
        whole("every", self.every)
        between("the factor", self.factor, 0, 1, above=True)

    def __call__(self, steps: Node, /) -> Node:
        return self.rate * self.factor ** table()["floor"](steps / self.every)


@dataclass(frozen=True)
class ExponentialDecay:
    """η = rate · factor^steps.

    Raises ValueRefusedError for a rate that is not above zero, and a factor that is not from 0 to 1.

    >>> import cgraph as cg
    >>> float(cg.forward(ExponentialDecay(0.8, factor=0.5)(cg.constant(2.0))).values[-1])
    0.2
    """

    rate: float
    factor: float

    def __post_init__(self) -> None:
        check_rate(self.rate)
        between("the factor", self.factor, 0, 1, above=True)

    def __call__(self, steps: Node, /) -> Node:
        return self.rate * self.factor**steps


@dataclass(frozen=True)
class CosineDecay:
    """η = floor + (rate - floor) · (1 + cos(π · steps / total)) / 2, and `floor` after `total` steps.

    Source: Loshchilov and Hutter (2017), "SGDR", Eq. 5, without restarts.
    Raises ValueRefusedError for a rate that is not above zero, `total` below 1, a floor that is not from 0 to the rate.

    >>> import cgraph as cg
    >>> float(cg.forward(CosineDecay(0.5, total=10)(cg.constant(10.0))).values[-1])
    0.0
    """

    rate: float
    total: int
    floor: float = 0.0

    def __post_init__(self) -> None:
        check_rate(self.rate)
        whole("total", self.total)
        between("the floor", self.floor, 0, self.rate)

    def __call__(self, steps: Node, /) -> Node:
        done = table()["minimum"](steps, float(self.total)) / self.total
        wave: Node = table()["cos"](pi * done)
        return self.floor + (self.rate - self.floor) / 2 * (1 + wave)


@dataclass(frozen=True)
class WarmUp:
    """η = after(steps) · (start + (1 - start) · steps / total), and after(steps) from `total` steps on.

    `after` is a rate or another schedule, whose steps are counted from the same first one.
    Raises ValueRefusedError for `total` below 1, and a start that is not above 0 and at most 1.

    >>> import cgraph as cg
    >>> float(cg.forward(WarmUp(0.5, total=10, start=0.5)(cg.constant(5.0))).values[-1])
    0.375
    """

    after: Rate
    total: int
    start: float = 0.1

    def __post_init__(self) -> None:
        check_rate(self.after)
        whole("total", self.total)
        between("the start", self.start, 0, 1, above=True)

    def __call__(self, steps: Node, /) -> Node:
        after = self.after(steps) if callable(self.after) else float(self.after)
        done = table()["minimum"](steps, float(self.total)) / self.total
        factor: Node = self.start + (1 - self.start) * done
        return after * factor

"""Learning rates that change from step to step, as nodes of the step counter: the whole update stays one graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, pi
from typing import Any, Protocol, TypeAlias

from cgraph.functions.table import table
from cgraph.graph.node import Node, constant, parameter
from cgraph.shapes import is_integer
from cgraph.train.checks import between, whole
from cgraph.train.history import Epoch
from cgraph.train.updates import Told


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

    @property
    def told(self) -> Mapping[Node, Told]:
        """What the schedule after it is told after each epoch."""
        found: Mapping[Node, Told] = getattr(self.after, "told", {})
        return found


@dataclass(frozen=True)
class OneCycle:
    """Up to the rate in a share `up` of all steps and down again to nearly 0, half a cosine wave each.

    The first η is rate / `first`, the last, after `total` steps, rate / (`first` · `last`), and that it stays.
    Source: Smith and Topin (2018), in the form of fastai and of PyTorch's OneCycleLR.
    Raises ValueRefusedError for a rate that is not above zero, `total` below 1, a share that is not between 0 and 1,
    and quotients below 1.

    >>> import cgraph as cg
    >>> rate = OneCycle(0.5, total=10, up=0.3)(cg.variable("t"))
    >>> [round(float(cg.forward(rate, t=t).values[-1]), 4) for t in (0, 2, 9)]
    [0.02, 0.5, 0.0]
    """

    rate: float
    total: int
    up: float = 0.3
    first: float = 25.0
    last: float = 1e4

    def __post_init__(self) -> None:
        check_rate(self.rate)
        whole("total", self.total)
        between("the share of steps up", self.up, 0, 1, above=True, below=True)
        between("the first quotient", self.first, 1)
        between("the last quotient", self.last, 1)

    def __call__(self, steps: Node, /) -> Node:
        op = table()
        top = max(self.up * self.total - 1.0, 0.0)  # the step of the peak, counted from 0
        end = self.total - 1.0
        low = self.rate / self.first
        rising = _wave(low, self.rate, steps / top) if top > 0 else float(self.rate)
        falling = _wave(self.rate, low / self.last, op["clip"]((steps - top) / max(end - top, 1.0), 0.0, 1.0))
        risen: Node = op["where"](op["less"](steps, top), rising, falling)
        return risen


def _wave(start: float, end: float, done: Node) -> Node:
    """Half a cosine wave from one number to another."""
    wave: Node = table()["cos"](pi * done)
    return end + (start - end) / 2 * (1 + wave)


@dataclass(frozen=True)
class Plateau:
    """The rate is multiplied by `factor` whenever `patience` epochs and one more have not lowered the loss.

    The loss is that on the devset, or that of training where there is none. Lower is what is below 1 - `threshold`
    times the lowest so far, and the rate never falls below `floor`. The rate is a leaf of the training's state: it is
    saved and resumed with it. `ReduceLROnPlateau` of PyTorch does the same.
    Raises ValueRefusedError for a rate that is not above zero, a factor that is not between 0 and 1, and a patience
    below 0.

    >>> schedule = Plateau(0.8, factor=0.5, patience=0)
    >>> [schedule.after(losses) for losses in ([3.0], [3.0, 3.0], [3.0, 3.0, 2.0], [3.0, 3.0, 2.0, 2.0])]
    [0.8, 0.4, 0.4, 0.2]
    """

    rate: float
    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    floor: float = 0.0
    leaf: Node = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_rate(self.rate)
        between("the factor", self.factor, 0, 1, above=True, below=True)
        whole("patience + 1", self.patience + 1 if is_integer(self.patience) else self.patience)
        between("the threshold", self.threshold, 0, 1, below=True)
        between("the floor", self.floor, 0, self.rate)
        object.__setattr__(self, "leaf", parameter("rate", float(self.rate)))

    def __call__(self, steps: Node, /) -> Node:
        return self.leaf * 1.0

    @property
    def told(self) -> Mapping[Node, Told]:
        """The rate after an epoch, from all epochs so far."""
        return {self.leaf: self.of_epochs}

    def of_epochs(self, epochs: Sequence[Epoch]) -> float:
        """The rate after these epochs."""
        return self.after([e.loss if e.dev_loss is None else e.dev_loss for e in epochs])

    def after(self, losses: Sequence[float]) -> float:
        """The rate after epochs with these losses."""
        rate, lowest, waited = float(self.rate), inf, 0
        for loss in losses:
            lower = loss < lowest * (1 - self.threshold)
            lowest, waited = (loss, 0) if lower else (lowest, waited + 1)
            if waited > self.patience:
                rate, waited = max(rate * self.factor, self.floor), 0
        return rate

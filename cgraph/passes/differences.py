"""The gradients of a pass against central differences: a check by numbers alone, for graphs of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cgraph.graph.node import Node
from cgraph.graph.parse import GraphLike
from cgraph.passes.backward import Backward
from cgraph.passes.forward import Forward, forward
from cgraph.passes.numbers import backward
from cgraph.quoting import terminal
from cgraph.worlds.numpy import NUMPY

AGREES, WRONG, KINK = "agrees", "WRONG", "not differentiable here"


@dataclass(frozen=True)
class Slope:
    """One derivative: ours, the central difference, and the verdict."""

    subject: str
    ours: float
    difference: float
    verdict: str

    def __str__(self) -> str:
        return f"{terminal(self.subject)} = {self.ours:.9g}   difference: {self.difference:.9g}   {self.verdict}"


@dataclass(frozen=True)
class GradientCheck:
    """What was compared. Differences show agreement at one point, never a proof: for that there is `cg.prove`."""

    slopes: tuple[Slope, ...]

    @property
    def agrees(self) -> bool:
        """Whether no slope is wrong, and at least one could be compared."""
        verdicts = {s.verdict for s in self.slopes}
        return AGREES in verdicts and WRONG not in verdicts

    @property
    def failures(self) -> tuple[Slope, ...]:
        """The slopes that are wrong."""
        return tuple(s for s in self.slopes if s.verdict == WRONG)

    def __str__(self) -> str:
        counts = [f"{sum(s.verdict == v for s in self.slopes)} {v}" for v in (AGREES, WRONG, KINK)]
        return "\n".join([*map(str, self.slopes), f"of {len(self.slopes)} derivatives: {', '.join(counts)}"])


def check_gradient(
    run: Backward | Forward | GraphLike,
    feed: Mapping[Any, Any] | None = None,
    /,
    *,
    step: float = 1e-6,
    tolerance: float = 1e-5,
    **values: Any,
) -> GradientCheck:
    """Compare the gradient by every variable and parameter with central differences in float64.

    A forward pass, or a graph or formula with its values as `cg.backward` takes them, is gone back through first.
    Each element is moved by `step` (times its size where that is above 1) to both sides; nothing that the pass holds
    is changed. Where the slopes to the left and to the right differ and stay apart for a smaller step, the verdict is
    "not differentiable here": at a kink or a tie a convention decides and differences cannot judge it.

    >>> import cgraph as cg
    >>> print(cg.check_gradient("y = x*x", x=3))
    ∂y/∂x = 6   difference: 6   agrees
    of 1 derivatives: 1 agrees, 0 WRONG, 0 not differentiable here
    """
    bwd = run if isinstance(run, Backward) else backward(run, feed, **values)
    graph = bwd.graph
    given = {leaf: np.asarray(bwd.forward[leaf], dtype=np.float64) for leaf in graph.inputs}
    slopes = []
    for leaf, value in given.items():
        gradient = np.asarray(bwd.gradient[leaf], dtype=np.float64)
        for index in np.ndindex(*value.shape):
            place = f"[{','.join(map(str, index))}]" if index else ""
            subject = f"∂{graph.name(bwd.of)}/∂{graph.name(leaf)}{place}"
            slopes.append(_compared(bwd, given, leaf, index, subject, float(gradient[index]), step, tolerance))
    return GradientCheck(tuple(slopes))


def _compared(
    bwd: Backward,
    feed: Mapping[Node, np.ndarray],
    leaf: Node,
    index: tuple[int, ...],
    subject: str,
    ours: float,
    step: float,
    tolerance: float,
) -> Slope:
    width = step * max(1.0, abs(float(feed[leaf][index])))
    left, right = _sides(bwd, feed, leaf, index, width)
    central = (left + right) / 2
    scale = 1 + max(abs(ours), abs(central))
    if abs(ours - central) <= tolerance * scale:
        return Slope(subject, ours, central, AGREES)
    nearer = _sides(bwd, feed, leaf, index, width / 10)
    apart = min(abs(left - right), abs(nearer[0] - nearer[1])) > 1e-3 * scale
    unsure = apart or not np.isfinite([ours, left, right]).all()
    return Slope(subject, ours, central, KINK if unsure else WRONG)


def _sides(
    bwd: Backward, feed: Mapping[Node, np.ndarray], leaf: Node, index: tuple[int, ...], width: float
) -> tuple[float, float]:
    """The slopes from the left and from the right of one element."""

    def value(shift: float) -> float:
        moved = feed[leaf].copy()
        moved[index] += shift
        with np.errstate(all="ignore"):
            return float(forward(bwd.graph, {**feed, leaf: moved}, NUMPY)[bwd.of])

    here = value(0.0)
    return (here - value(-width)) / width, (value(width) - here) / width

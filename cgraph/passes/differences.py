"""The gradients of a pass against central differences: a check by numbers alone, for graphs of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cgraph.graph.graph import Graph
from cgraph.graph.node import Node, constant
from cgraph.graph.parse import GraphLike
from cgraph.graph.rebuild import rebuilt
from cgraph.passes.backward import Backward
from cgraph.passes.forward import Forward, forward
from cgraph.passes.indeterminate import shown
from cgraph.passes.numbers import backward
from cgraph.quoting import decimal, terminal
from cgraph.worlds.numpy import NUMPY

AGREES, WRONG, KINK, HIDDEN = "agrees", "WRONG", "not differentiable here", "hidden by rounding"
LEVELS = 14  # halvings of the step
CLEAR = 1e-3  # a difference that is off by no more than this share is taken at once
SAFE = 10  # an extrapolation may be off by so many times what it says
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Slope:
    """One derivative: ours, the difference, and the verdict (agrees, WRONG, no derivative, hidden by rounding)."""

    subject: str
    ours: float
    difference: float
    verdict: str

    def __str__(self) -> str:
        ours, theirs = decimal(self.ours, 9), decimal(self.difference, 9)
        return f"{terminal(self.subject)} = {ours}   difference: {theirs}   {self.verdict}"


@dataclass(frozen=True)
class GradientCheck:
    """What was compared. Differences show agreement at one point, never a proof: for that there is `cg.prove`."""

    slopes: tuple[Slope, ...]
    indeterminate: tuple[str, ...] = ()  # the edges of the pass on which 0 met ∞, in words

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
        hidden = [HIDDEN] if any(s.verdict == HIDDEN for s in self.slopes) else []
        counts = [f"{sum(s.verdict == v for s in self.slopes)} {v}" for v in (AGREES, WRONG, KINK, *hidden)]
        edges = [f"indeterminate: {terminal(edge)}" for edge in self.indeterminate]
        return "\n".join([*map(str, self.slopes), *edges, f"of {len(self.slopes)} derivatives: {', '.join(counts)}"])


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
    Each element is moved by `step` (times its size where that is above 1) to both sides; nothing that the pass holds is
    changed. A slope agrees when the difference is no more than a share `tolerance` of it, however small it is; where
    it does not, shrinking steps are extrapolated to 0 (Ridders 1982), in the scale of the element itself too, so that
    points near the border of a domain are compared as well.
    Where the slopes to the left and to the right stay apart, the verdict is "not differentiable here": at a kink or a
    tie a convention decides and differences cannot judge it. A slope that rounding hides is called so. Edges on which
    0 met ∞ are named beside the verdicts, as `indeterminate`.

    >>> import cgraph as cg
    >>> print(cg.check_gradient("y = x*x", x=3))
    ∂y/∂x = 6   difference: 6   agrees
    of 1 derivatives: 1 agrees, 0 WRONG, 0 not differentiable here
    """
    bwd = run if isinstance(run, Backward) else backward(run, feed, **values)
    graph = bwd.graph
    moving, of = _with_what_is_held(bwd)
    given = {leaf: np.asarray(bwd.forward[leaf], dtype=np.float64) for leaf in graph.inputs}
    slopes = []
    for leaf, value in given.items():
        gradient = np.asarray(bwd.gradient[leaf], dtype=np.float64)
        for index in np.ndindex(*value.shape):
            place = f"[{','.join(map(str, index))}]" if index else ""
            subject = f"∂{graph.name(bwd.of)}/∂{graph.name(leaf)}{place}"
            line = _Line(moving, of, given, leaf, index)
            slopes.append(Slope(subject, float(gradient[index]), *line.judged(float(gradient[index]), step, tolerance)))
    edges = (
        f"{shown(e)} on the edge from {graph.name(e.operand)} to {graph.name(e.result)}" for e in bwd.indeterminate
    )
    return GradientCheck(tuple(slopes), tuple(edges))


def _with_what_is_held(bwd: Backward) -> tuple[Graph, Node]:
    """The graph of a pass, and its node that is differentiated, constants in the place of what is held."""
    graph = bwd.graph
    if not any(node.op is not None and node.op.held for node in graph.nodes):
        return graph, bwd.of

    def held(was: Node, now: Node) -> Node:
        return constant(bwd.forward[was]) if was.op is not None and was.op.held else now

    of = rebuilt(graph.nodes, held)[bwd.of]
    return Graph([of, *graph.inputs]), of


class _Line:
    """The result of a pass along one element of a leaf, all others as they are."""

    def __init__(
        self, graph: Graph, of: Node, feed: Mapping[Node, np.ndarray], leaf: Node, index: tuple[int, ...]
    ) -> None:
        self.graph, self.of, self.feed, self.leaf, self.index = graph, of, feed, leaf, index
        self.at = float(feed[leaf][index])
        self.known: dict[float, float] = {}

    def value(self, shift: float) -> float:
        if shift not in self.known:
            moved = self.feed[self.leaf].copy()
            moved[self.index] += shift
            with np.errstate(all="ignore"):
                self.known[shift] = float(forward(self.graph, {**self.feed, self.leaf: moved}, NUMPY)[self.of])
        return self.known[shift]

    def judged(self, ours: float, step: float, tolerance: float) -> tuple[float, str]:
        """The difference, and the verdict on a slope."""
        width = step * max(1.0, abs(self.at))
        central = self._central(width)
        if abs(ours - central) <= tolerance * max(abs(ours), abs(central)):
            return central, AGREES
        found, error = self._extrapolated()
        error *= SAFE
        size = max(abs(ours), abs(found))
        if not np.isfinite([ours, found]).all():
            return found, KINK
        if abs(ours - found) <= tolerance * size + error:
            return found, HIDDEN if ours and error > size / 2 else AGREES
        return found, KINK if self._has_sides(size) else WRONG

    def _central(self, width: float) -> float:
        return (self.value(width) - self.value(-width)) / (2 * width)

    def _extrapolated(self) -> tuple[float, float]:
        """The best of Ridders' extrapolations from steps of several sizes, and how far it may be off."""
        sizes = {max(1.0, abs(self.at)), abs(self.at) or 1.0, max(abs(self.at), 1e-6)}
        found: list[tuple[float, float]] = []
        for size in sorted(sizes):  # a long step may cross a pole, beyond which differences agree on what is wrong
            best = self._ridders(size / 8, self._noise(size))
            if best is not None and best[1] <= CLEAR * abs(best[0]):
                return best
            found += [best] if best is not None else []
        return min(found, key=lambda best: best[1], default=(np.nan, np.inf))

    def _ridders(self, width: float, noise: float) -> tuple[float, float] | None:
        """Central differences of halved steps, as a polynomial in the step, at 0."""
        best: tuple[float, float] | None = None
        before: list[float] = []
        for _ in range(LEVELS):
            row = [self._central(width)]
            for k, earlier in enumerate(before, 1):
                row.append(row[-1] + (row[-1] - earlier) / (4.0**k - 1))
                error = max(abs(row[k] - row[k - 1]), abs(row[k] - earlier)) + self._rounding(width, noise)
                if np.isfinite(row[k]) and (best is None or error < best[1]):
                    best = row[k], error
            before = row if np.isfinite(row[0]) else []
            width /= 2
        return best

    def _rounding(self, width: float, noise: float) -> float:
        """How far a central difference of this width may be off by rounding."""
        return float(noise + EPS * max(abs(self.value(width)), abs(self.value(-width)))) / width

    def _noise(self, size: float) -> float:
        """How far values are off by rounding: what third differences over short steps leave, where nothing bends."""
        left = [EPS * abs(self.value(0.0))]
        for h in (1e-5 * size, 1.3e-5 * size):
            left.append(abs(self.value(2 * h) - 3 * self.value(h) + 3 * self.value(0.0) - self.value(-h)))
        return 2 * max((x for x in left if np.isfinite(x)), default=np.inf)

    def _has_sides(self, size: float) -> bool:
        """Whether the slopes from the left and from the right stay apart as the step shrinks."""

        def apart(width: float) -> float:
            here = self.value(0.0)
            return abs((here - self.value(-width)) / width - (self.value(width) - here) / width)

        seen = []
        for scale in {max(1.0, abs(self.at)), abs(self.at) or 1.0}:
            noise = EPS * abs(self.value(0.0))
            for width in (1e-3 * scale, 1e-5 * scale):
                far, near = apart(width), apart(width / 10)
                unclear = 100 * self._rounding(width / 10, noise)
                if np.isfinite([far, near]).all() and unclear < size:
                    seen.append(near > max(0.3 * far, 1e-3 * size, unclear))
        return bool(seen) and all(seen)

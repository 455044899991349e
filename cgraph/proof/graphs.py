"""The proof of a graph: its gradient node by node, or where that does not decide, by the formula of the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import repeat
from math import ceil, prod
from typing import Any

import sympy

from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from cgraph.passes.backward import Backward, backward
from cgraph.passes.forward import Forward, forward
from cgraph.proof.clock import Clock, OutOfTimeError
from cgraph.proof.judgement import compare
from cgraph.proof.nodewise import Apart, Steps
from cgraph.proof.report import NODEWISE, PROVED, UNDECIDED, UNWRITTEN, WRONG, Check
from cgraph.proof.walk import size
from cgraph.shapes import bind
from cgraph.worlds.sympy import SYMPY, symbols

SMALL = 24  # elements of all nodes together up to which a graph is computed without watching the clock
HARDER = 4  # one derivative may take so many times its share of what is left: not all are equally hard
WATCHED = 40  # parts of a formula from which it is proved node by node, and its derivative watched by the clock
LATE = "the time was spent before its formula was written; seconds= gives it more"


@dataclass(frozen=True)
class UnderWay:
    """Where a proof is: the derivative that comes next, how many are done, of how many, and the seconds left."""

    subject: str
    done: int
    count: int
    left: float


@dataclass(frozen=True)
class Asked:
    """What is to be proved: the gradient of a graph by some leaves, the others given as `values`, by a time."""

    graph: Graph
    values: Mapping[Any, Any]
    sizes: Mapping[str, int]
    leaves: Sequence[Node]
    clock: Clock
    progress: Callable[[UnderWay], None]

    def proved(self) -> tuple[Forward | None, tuple[Check, ...]]:
        """The forward pass in symbols, if it was done in time, and the verdict on every derivative."""
        elements = sum(prod(map(int, bind(n.shape, self.sizes))) for n in self.graph.nodes)
        whole = self._whole() if elements <= SMALL else None
        if whole is not None and size(whole.forward[self.graph.output][()]) <= WATCHED:
            return whole.forward, tuple(self._by_formula(whole))
        steps = self._steps()
        if whole is None:
            with suppress(OutOfTimeError):
                part = self.clock.share(3 if steps is not None and steps.decided else 1)
                whole = part.run(self._whole)
        proved = self._proved(steps, whole)
        if whole is None:
            return None, tuple(self._unwritten(proved))
        return whole.forward, tuple(self._checks(whole, proved))

    def _by_formula(self, whole: Backward) -> list[Check]:
        """The verdicts on a short formula, as a whole; node by node on what that leaves open."""
        checks = [*replace(self, clock=self.clock.share(2))._checks(whole, {})]
        if all(c.verdict in (PROVED, WRONG) for c in checks):
            return checks
        proved = self._proved(self._steps(), whole)
        known = [held for leaf in self.leaves for held in proved.get(leaf, [False] * whole.forward[leaf].size)]
        return [
            Check(c.subject, c.ours, NODEWISE, PROVED) if held and c.verdict != WRONG else c
            for c, held in zip(checks, known, strict=True)
        ]

    def _whole(self) -> Backward:
        return backward(forward(self.graph, self.values, SYMPY, self.sizes))

    def _steps(self) -> Steps | None:
        """The equations of the nodes; None where the time is spent before there are any."""
        clock = self.clock.share(2)
        try:
            steps = Steps(Apart(self.graph, self.values, self.sizes, clock), self.leaves)
        except OutOfTimeError:
            return None
        with suppress(OutOfTimeError):
            steps.show(clock)
        return steps

    def _proved(self, steps: Steps | None, whole: Backward | None) -> Mapping[Node, Sequence[bool]]:
        if steps is None or not steps.held:
            return {}
        try:
            fits = steps.in_numbers(self.values, self.sizes) if whole is None else steps.within(whole)
            return self.clock.run(steps.proved, fits)
        except OutOfTimeError:
            return {}

    def _unwritten(self, proved: Mapping[Node, Sequence[bool]]) -> Iterator[Check]:
        """The verdicts where there is no formula of the whole."""
        root = self.graph.name(self.graph.output)
        for leaf in self.leaves:
            held = proved.get(leaf, [False])
            names = symbols(leaf.name or "", bind(leaf.shape, self.sizes)).flat if all(held) else [leaf.name]
            for name in names:
                subject = f"∂{root}/∂{name}"
                if all(held):
                    yield Check(subject, UNWRITTEN, NODEWISE, PROVED)
                else:
                    yield Check(subject, "?", "?", UNDECIDED, LATE)

    def _checks(self, whole: Backward, proved: Mapping[Node, Sequence[bool]]) -> Iterator[Check]:
        """The verdict on every derivative; each has its share of the time that is left."""
        fwd, output = whole.forward, self.graph.output
        value, root = fwd[output][()], self.graph.name(output)
        todo = [
            (symbol, ours, fwd[leaf].shape == (), known)
            for leaf in self.leaves
            for symbol, ours, known in zip(
                fwd[leaf].flat, whole.gradient[leaf].flat, proved.get(leaf) or repeat(False), strict=False
            )
        ]
        watched = size(value) > WATCHED
        for done, (symbol, ours, alone, known) in enumerate(todo):
            subject, part = f"∂{root}/∂{symbol}", self.clock.share(ceil((len(todo) - done) / HARDER))
            self.progress(UnderWay(subject, done, len(todo), self.clock.left))
            if known:
                yield Check(subject, ours, NODEWISE, PROVED)
                continue
            try:
                theirs = part.share(2).run(sympy.diff, value, symbol) if watched else sympy.diff(value, symbol)
                yield compare(subject, ours, theirs, alone, part)
            except OutOfTimeError:
                why = "the time was spent before SymPy had differentiated it"
                yield Check(subject, ours, "?", UNDECIDED, why)

"""The report of a proof: what was compared, and no word more than is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy

from cgraph.graph.node import Node
from cgraph.quoting import terminal

PROVED, AGREES, WRONG, UNDECIDED = "proved", "agrees", "WRONG", "undecided"
NODEWISE = "node by node"  # where SymPy differentiated the formula of each node, and not that of the whole
UNWRITTEN = "too long to be written"  # what was proved node by node, and its formula was not written in time


@dataclass(frozen=True)
class Check:
    """One derivative: ours, SymPy's, and the verdict (proved, agrees, WRONG or undecided) with its reason."""

    subject: str
    ours: Any
    sympys: Any
    verdict: str
    reason: str = ""

    def __str__(self) -> str:
        ours = terminal(sympy.sstr(self.ours))
        text = f"{terminal(self.subject)} = {ours}   SymPy: {terminal(sympy.sstr(self.sympys))}   {self.verdict}"
        return f"{text} ({terminal(self.reason)})" if self.reason else text


@dataclass(frozen=True)
class Report:
    """What was compared and how it came out. `print(report)` shows it all.

    `proved` is True only when every derivative was shown to be equal to SymPy's by SymPy itself, as a whole or node by
    node, and the numbers of the ops in it (`columns`) are those of their formulas.
    """

    subject: str
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()
    columns: tuple[Check, ...] = field(default=(), kw_only=True)  # rows in numbers, beside their formulas
    sizes: Mapping[str, int] = field(default_factory=dict, kw_only=True)  # of named dimensions, for which it holds
    of: Node | None = field(default=None, repr=False, compare=False)  # the node whose gradient it is about

    @property
    def proved(self) -> bool:
        """Whether each check was decided exactly, and there is at least one."""
        decided = all(c.verdict == PROVED for c in self.checks)
        return bool(self.checks) and decided and all(c.verdict == AGREES for c in self.columns)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that came out wrong."""
        return tuple(c for c in (*self.checks, *self.columns) if c.verdict == WRONG)

    def __str__(self) -> str:
        def column(texts: Iterator[str]) -> list[str]:
            rows = [t if len(t) <= 60 else t[:57] + "..." for t in map(terminal, texts)]
            width = max(map(len, rows), default=0)
            return [t.ljust(width) for t in rows]

        left = column(f"{c.subject} = {sympy.sstr(c.ours)}" for c in self.checks)
        right = column(f"SymPy: {sympy.sstr(c.sympys)}" for c in self.checks)
        lines = [terminal(self.subject)]
        for c, ours, theirs in zip(self.checks, left, right, strict=True):
            lines.append(f"  {ours}   {theirs}   {c.verdict}" + (f": {terminal(c.reason)}" if c.reason else ""))
        lines += [f"  {terminal(c.subject)}   {c.verdict}: {terminal(c.reason)}" for c in self.columns]
        return "\n".join([*lines, *(f"  {terminal(n)}" for n in self.notes), self.verdict])

    @property
    def verdict(self) -> str:
        """The last line of the report."""
        amiss = sorted({c.verdict for c in self.columns} - {AGREES})
        numbers = f"; in numbers {' and '.join(amiss)}" if amiss else ""
        if not self.checks:
            return f"undecided: {self.columns[0].reason}" if amiss else "nothing to prove: no gradient flows"
        if self.proved:
            return f"proved: {len(self.checks)} of {len(self.checks)} derivatives"
        counts = [(v, sum(c.verdict == v for c in self.checks)) for v in (PROVED, AGREES, UNDECIDED, WRONG)]
        parts = [f"{n} {'agrees at points only' if v == AGREES else v}" for v, n in counts if n]
        return f"not proved: of {len(self.checks)} derivatives {', '.join(parts)}{numbers}"

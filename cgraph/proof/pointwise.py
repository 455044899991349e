"""Whether the formula that was proved gives the number that a pass shows, at the very point of the pass.

A proof is about a formula wherever it is differentiable. At a kink, where a convention decides, where 0·∞ was
decided, and where floats have lost every digit, a pass shows another number: no mark of a proof may stand beside that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT, Node
from cgraph.passes.backward import Backward, Edge
from cgraph.proof.judgement import where_smooth, without_kinks
from cgraph.proof.report import PROVED, UNWRITTEN, Check
from cgraph.proof.values import Pair
from cgraph.quoting import decimal
from cgraph.worlds.sympy import formula, symbols

CLOSE = 1e-6  # in proportion
LOST = 1e-13  # of the largest number that was added up: so much may be rounding
SHIFT = sympy.Rational(1, 10**14)  # of a value: so much it may be rounded itself
MOST = 5000  # elements of an array that are compared
ELEMENT = re.compile(r"\[[\d,]*\]$")  # the index of an element: X[0,1] is one of X
NO_VALUE = "has no value here"


def exactly(number: float) -> Any:
    """A float as the rational number that it is."""
    return sympy.Rational(*Fraction(float(number)).as_integer_ratio())


class Formula:
    """An expression whose values are held against numbers."""

    def __init__(self, expression: Any) -> None:
        self.pair = Pair(expression)
        self.symbols = self.pair.formulas[0].free_symbols

    @classmethod
    def of_proof(cls, derivative: Any) -> Formula:
        """A proved derivative, which has no value at a kink."""
        return cls(at_no_kink(derivative))

    def elsewhere(self, shown: float, point: Mapping[Any, Any], scale: float = 0.0) -> str:
        """What it does at a point when it does not give this number; nothing when it does.

        `scale` is the largest number that was added up for it.

        >>> x = sympy.Symbol("x", real=True)
        >>> Formula(3 * x**2).elsewhere(12.0, {x: 2.0}), Formula(x / x).elsewhere(0.0, {x: 0.0})
        ('', 'gives 1 here')
        >>> Formula(1 / x).elsewhere(1.0, {x: 0.0})
        'has no value here'
        """
        used = {s: v for s, v in point.items() if s in self.symbols}
        if not all(np.isfinite(v) for v in used.values()):
            return NO_VALUE
        exact = {s: exactly(v) for s, v in used.items()}
        found = self.pair.values(exact)
        if found is None:
            return NO_VALUE
        value = found[0]
        if np.isfinite(shown):
            distance, allowed = abs(exactly(shown) - value), CLOSE * abs(value) + LOST * scale
            if distance <= allowed or distance <= allowed + _moved(self.pair, exact, value):
                return ""
        return f"gives {_few(value)} here"


def at_no_kink(derivative: Any) -> Any:
    """A proved derivative as an expression that has no value at a kink."""
    return where_smooth(without_kinks(derivative))


def _few(value: Any) -> str:
    return decimal(value) if abs(value) < sympy.Float(10) ** 300 else str(sympy.sstr(sympy.Float(value, 6)))


def _moved(pair: Pair, exact: Mapping[Any, Any], value: Any) -> Any:
    """How far the value moves when the numbers change by what floats hardly tell."""
    moved = sympy.Float(0)
    for symbol, number in exact.items():
        found = pair.values({**exact, symbol: number * (1 + SHIFT)})
        moved += 0 if found is None else 10 * abs(found[0] - value)
    return moved


def proved_formulas(checks: Iterable[Check], graph: Graph, root: Node) -> dict[Node, list[Any]]:
    """The leaves of which each element of the gradient is proved by some checks, with the proved formulas.

    What is proved node by node and has no formula is left out: no number can be held against it.
    """
    start = f"∂{graph.name(root)}/∂"
    found: dict[str, list[Check]] = {}
    for check in checks:
        symbol = check.subject.removeprefix(start)
        leaf = symbol if symbol in graph else ELEMENT.sub("", symbol)
        found.setdefault(leaf, []).append(check)
    return {
        graph[name]: [c.ours for c in those]
        for name, those in found.items()
        if name in graph and all(c.verdict == PROVED and c.ours != UNWRITTEN for c in those)
    }


def leaves_at_odds(
    proved: Mapping[Node, Sequence[Any]], numbers: Backward, sizes: Mapping[str, int]
) -> dict[Node, str]:
    """Why the gradients of some leaves are not what was proved of them: the leaf, and the reason.

    `proved` has the formulas of a leaf's elements in order, `sizes` those of the named dimensions in the proof.
    """
    others = other_sizes(numbers, sizes)
    if others:
        return dict.fromkeys(proved, f"it is proved for {others}")
    point, found = _point(numbers), {}
    for leaf, formulas in proved.items():
        shown = np.asarray(numbers.gradient[leaf], float)
        terms = [np.abs(e.downstream).max(initial=0.0) for e in numbers.edges if e.operand is leaf]
        scale = float(max(terms, default=0.0))
        pairs = zip(formulas, shown.flat, strict=True)
        scale = scale if np.isfinite(scale) else 0.0
        reasons = (Formula.of_proof(f).elsewhere(float(number), point, scale) for f, number in pairs)
        why = next(filter(None, reasons), "")
        if why:
            found[leaf] = f"the proved formula {why}"
    return found


def other_sizes(numbers: Backward, sizes: Mapping[str, int]) -> str:
    """The sizes of named dimensions in a proof, where the pass has others."""
    fwd = numbers.forward
    pairs = [pair for leaf in fwd.graph.leaves for pair in zip(leaf.shape, np.shape(fwd[leaf]), strict=True)]
    others = {d for d, size in pairs if isinstance(d, str) and sizes.get(d) != size}
    return ", ".join(f"{d} = {sizes.get(d)}" for d in sorted(others))


def _point(numbers: Backward) -> dict[Any, float]:
    """The value of each element of each leaf, by the symbol that a proof has for it."""
    graph, forward = numbers.forward.graph, numbers.forward
    point: dict[Any, float] = {}
    for leaf in graph.leaves:
        value = np.asarray(forward[leaf], float)
        if leaf.name and value.size <= MOST:
            point |= dict(zip(symbols(leaf.name, value.shape).flat, map(float, value.flat), strict=True))
    return point


def local_formula(node: Node, position: int) -> tuple[Any, list[Any]]:
    """The local derivative of an elementwise node that its proved rule is about, and the symbols of its operands."""
    row = node.op
    assert row is not None
    expression, names = formula(row, len(node.operands), {**row.defaults, **node.attrs})
    fixed = zip(names, node.operands, strict=True)
    given = {n: exactly(float(x.value)) for n, x in fixed if x.kind == CONSTANT and x.shape == ()}
    by = names[position]
    return sympy.diff(expression.xreplace({n: v for n, v in given.items() if n != by}), by), list(names)


def edge_at_odds(edge: Edge, numbers: Backward) -> str:
    """Why local derivatives between elements are not what the proved rule gives; nothing when they are."""
    if edge.local is None:
        return ""
    node = edge.result
    operands = [np.asarray(numbers.forward[x], float) for x in node.operands]
    arrays = np.broadcast_arrays(np.asarray(edge.local, float), *operands)
    slope, names = local_formula(node, edge.position)
    rows = np.unique(np.stack([np.ravel(a) for a in arrays], axis=1), axis=0)
    if len(rows) > MOST:
        return f"its {len(rows)} numbers are too many to be compared"
    proved = Formula.of_proof(slope)
    for shown, *values in rows:
        why = proved.elsewhere(float(shown), dict(zip(names, map(float, values), strict=True)))
        if why:
            return f"the proved formula {why}"
    return ""

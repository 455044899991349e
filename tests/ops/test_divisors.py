"""Rules that divide: what is divided by may be 0 where the function itself has a derivative, and that one is right."""

from __future__ import annotations

from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import cgraph as cg
from cgraph.graph.node import build
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from cgraph.worlds import GRAPH

PLACES = (-3.0, -1.0, 0.0, 1.0, 2.0, 3.0)
COUNT = {name: row.arity or 2 for name, row in TABLE.items()}
DIVIDING = {"div": 1, "ratio": 1, "reciprocal": 0, "pow": 0}  # the operand that may not be 0 (of pow, below a minus)


def divisors(nodes: Any, by: set[cg.Node]) -> list[cg.Node]:
    """What is divided by in a rule, of what depends on the values of its operands."""
    graph = cg.Graph(nodes)
    found = [n.operands[DIVIDING[n.op.name]] for n in graph if n.op is not None and n.op.name in DIVIDING]
    return [d for d in found if _by_value(d) & by]


def _by_value(node: cg.Node) -> set[cg.Node]:
    """The leaves whose values a node depends on, and not only their shapes."""
    found: set[cg.Node] = set()
    stack = [node]
    while stack:
        here = stack.pop()
        if here.op is None:
            found.add(here)
        else:
            likes = {"size": 0, "broadcast_like": 1, "scatter_add": 2, "index_add": 1}
            skipped = likes.get(here.op.name, here.op.like)
            stack += [x for i, x in enumerate(here.operands) if i != skipped]
    return found


def _rules(row: Op) -> list[Any]:
    """The derivatives of an elementwise row, as nodes of its own operands."""
    leaves = cg.variables(" ".join(row.operands[: COUNT[row.name]])) if COUNT[row.name] > 1 else [cg.variable("x")]
    z = build(row, *leaves)
    return [leaves, z, [row.rule(i)(GRAPH, z, *leaves, **z.attrs) for i in range(len(leaves)) if row.rule(i)]]  # type: ignore[misc]


def _dividing() -> list[Any]:
    found = []
    for name, row in TABLE.items():
        if row.elementwise and COUNT[name] < 3 and any(row.rule(i) for i in range(COUNT[name])):
            leaves, _, rules = _rules(row)
            rules = [r for r in rules if isinstance(r, cg.Node)]
            if name in DIVIDING or (rules and divisors(rules, set(leaves))):
                found.append(pytest.param(row, id=name))
    return found


@pytest.mark.parametrize("row", _dividing())
def test_a_second_derivative_is_right_where_a_rule_divides_by_0(row: Op) -> None:
    leaves, z, rules = _rules(row)
    below = divisors([r for r in rules if isinstance(r, cg.Node)], set(leaves)) or leaves[-1:]
    function = sympy.lambdify([*map(cg.to_sympy, leaves)], cg.to_sympy(z), "mpmath")
    for values in product(PLACES, repeat=len(leaves)):
        feed = dict(zip(leaves, values, strict=True))
        if not any(_value(d, feed) == 0 for d in below):
            continue
        for first, second in product(range(len(leaves)), repeat=2):
            want = _limit(function, values, first, second)
            if want is not None:
                found = _value(_derivative(_derivative(z, leaves[first]), leaves[second]), feed)
                assert found == pytest.approx(want, rel=1e-12, abs=1e-12), (values, first, second)


def _derivative(node: cg.Node, leaf: cg.Node) -> cg.Node:
    try:
        return cg.grad(node, leaf)
    except cg.errors.CgraphError:  # nothing flows there
        return cg.constant(0.0)


def _value(node: cg.Node, feed: Any) -> float:
    with np.errstate(all="ignore"):
        return float(cg.forward(node, {n: v for n, v in feed.items() if n in cg.Graph(node)}).values[-1])


def _limit(function: Any, values: tuple[float, ...], first: int, second: int) -> float | None:
    """The second derivative where it is the same from all sides; None where there is none, or no function."""
    orders = tuple((first == i) + (second == i) for i in range(len(values)))
    found = []
    with mpmath.workdps(60):
        for sides in product((1, -1), repeat=len(values)):
            steps = [s * (1 + 2 * i) * mpmath.mpf(10) ** -18 for i, s in enumerate(sides)]  # not on a diagonal
            at = [v + step for v, step in zip(values, steps, strict=True)]
            try:
                slope = mpmath.diff(function, tuple(at), orders, h=mpmath.mpf(10) ** -24)
                found.append(float(mpmath.re(slope)) if mpmath.im(slope) == 0 else np.nan)
            except (ZeroDivisionError, ValueError, TypeError):
                return None
    if not np.isfinite(found).all() or np.max(np.abs(found)) > 1e12 or np.ptp(found) > 1e-9 * (1 + abs(found[0])):
        return None
    return found[0]


def test_no_pullback_divides_by_values_but_those_of_a_stated_convention() -> None:
    dividing = set()
    for name, row in TABLE.items():
        for shapes, attrs in () if row.elementwise else row.examples:
            leaves = [cg.variable(f"x{i}", s) if isinstance(s, tuple) else cg.constant(s) for i, s in enumerate(shapes)]
            z = build(row, *leaves, **attrs)
            g = cg.variable("g", z.shape)
            pulled = [
                row.rule(i)(GRAPH, g, z, *leaves, **z.attrs)
                for i in range(len(leaves))
                if row.rule(i) is not None  # type: ignore[misc]
            ]
            if pulled and divisors([p for p in pulled if isinstance(p, cg.Node)], set(leaves)):
                dividing.add(name)
    assert {name for name in dividing if not TABLE[name].kink} == set()

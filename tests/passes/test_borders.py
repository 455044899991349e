"""Second derivatives where the domain of an op ends: at 0, ±1, a pole, ±∞ they are the limit, or somebody is warned."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from sparse import sparse

import cgraph as cg
from cgraph.errors import GradientError, IndeterminateWarning
from cgraph.graph.node import build
from cgraph.ops import TABLE
from cgraph.ops.conventions import CONVENTIONS, Convention
from cgraph.ops.op import Op
from cgraph.worlds.sympy import formula

NEAR = (30, 60, 90)  # powers of ten, of the distances from a border; of infinity a third of them is as far
STEPS = (sympy.DiracDelta, sympy.Derivative, sympy.Subs)  # of steps: 0 beside them
NAMES = {
    "Heaviside": lambda x, at_zero: mpmath.mpf(x > 0) if x else at_zero,
    "Max": max,
    "Min": min,
    "tail": lambda u: mpmath.erfc(-u),
}
SMOOTH = [row for row in TABLE.values() if row.elementwise and any(map(row.rule, range(row.arity or 2)))]
ROWS = [row for row in SMOOTH if (row.arity or 2) < 3]
OUTSIDE = "outside of the domain"
WITHOUT_END = {"lgamma", "digamma"}  # their poles go on to -∞, where there is no limit


def along(function: Any, point: Sequence[float], direction: Sequence[int]) -> float | str | None:
    """The limit at a point from one side; None where there is none."""
    found = []
    try:
        with mpmath.workdps(400):
            for k in NEAR:
                small = mpmath.mpf(10) ** -k
                at = [p + d * small if math.isfinite(p) else mpmath.sign(p) * mpmath.mpf(10) ** (k // 3)
                      for p, d in zip(point, direction, strict=True)]  # fmt: skip
                found.append(function(*at))
    except (ValueError, ZeroDivisionError, OverflowError, TypeError):
        return OUTSIDE
    near, nearer, nearest = found
    if any(isinstance(v, mpmath.mpc) or mpmath.isnan(v) for v in found):
        return OUTSIDE
    if abs(nearer - nearest) <= 1e-9 * (1 + abs(nearest)):
        return float(nearest)
    grows = abs(near) < abs(nearer) < abs(nearest) and mpmath.sign(nearer) == mpmath.sign(nearest)
    return float(mpmath.sign(nearest) * mpmath.inf) if grows else None


def limit(function: Any, point: Sequence[float]) -> float | str | None:
    """The limit from wherever the function is defined; None where that is not one number."""
    sides = [d for d in product((-2, -1, 1, 2), repeat=len(point)) if len({abs(v) for v in d}) == len(d)]
    limits = [found for side in sides if (found := along(function, point, side)) != OUTSIDE]
    if not limits:
        return OUTSIDE
    one = limits[0]
    return one if all(v is not None and v == pytest.approx(one, rel=1e-6, abs=1e-6) for v in limits) else None


def second(row: Op, position: int, other: int) -> Any:
    """SymPy's second derivative of a row's formula, in mpmath's functions."""
    count = row.arity or 2
    expression, symbols = formula(row, count, row.defaults)
    slope = sympy.diff(expression, symbols[position], symbols[other])
    slope = slope.replace(lambda e: isinstance(e, STEPS), lambda e: sympy.Integer(0))
    tail = sympy.Function("tail")  # 1 + erf(u) without cancelling
    slope = slope.replace(sympy.erf, lambda u: tail(u) - 1).replace(lambda part: part.is_Add, sympy.expand)
    return sympy.lambdify(symbols, slope, [NAMES, "mpmath"])


def points(row: Op) -> list[tuple[float, ...]]:
    if row.arity == 1:
        ends = (np.inf,) if row.name in WITHOUT_END else (np.inf, -np.inf)
        return [(p,) for p in (0.0, 1.0, -1.0, *ends)]
    other = (0.0, 0.5, 1.0) if row.check is not None else (0.0, 1.0, -1.0, 2.0, 0.5, -0.5, 1.5)
    return list(product((0.0, 1.0, -1.0, 2.0), other))


def silent(row: Op) -> list[str]:
    """Where a second derivative is not the limit, and nothing is said of it."""
    leaves = [cg.variable(name) for name in "xy"[: row.arity or 2]]
    flows = [i for i in range(len(leaves)) if row.rule(i) is not None]
    found = []
    for position, other in product(flows, repeat=2):
        function = second(row, position, other)
        try:
            slope = cg.grad(cg.grad(build(row, *leaves), leaves[position]), leaves[other])
        except GradientError:  # became constant
            continue
        for point in points(row):
            right = limit(function, point)
            if right == OUTSIDE:
                continue
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always", IndeterminateWarning)
                got = float(cg.forward(slope, dict(zip(leaves, point, strict=True)))[slope])
            known = not math.isfinite(got) if right is None else got == pytest.approx(right, rel=1e-6, abs=1e-6)
            if not (said or known):
                found.append(f"{row.name} by {position} and {other} at {point}: {got}, the limit is {right}")
    return found


@pytest.mark.parametrize("row", sparse([pytest.param(row, id=row.name) for row in ROWS], 12))
def test_a_second_derivative_at_a_border_is_the_limit_or_a_warning(row: Op) -> None:
    assert silent(row) == []


def test_both_orders_of_the_mixed_derivative_of_a_power_say_the_same_at_its_border() -> None:
    x, y = cg.variables("x y")
    for first, then in ((x, y), (y, x)):
        slope = cg.grad(cg.grad(x**y, first), then)
        with pytest.warns(IndeterminateWarning, match=r"0⁰·log\(0\) is 0"):
            cg.forward(slope, x=0.0, y=1.0)
        with warnings.catch_warnings(action="error"):
            found = [float(cg.forward(slope, x=0.0, y=p)[slope]) for p in (-1.5, -0.5, 0.5, 0.99, 1.01, 1.5, 2.0)]
        assert found == [np.inf, np.inf, -np.inf, -np.inf, 0, 0, 0]


ORIGINS = [pytest.param(c, id=c.op) for c in CONVENTIONS if c.name.endswith("at (0, 0)")]


@pytest.mark.parametrize("convention", ORIGINS)
def test_slopes_at_the_origin_are_those_that_the_table_of_conventions_states(convention: Convention) -> None:
    x, y = cg.variables("x y")
    node = build(TABLE[convention.op], x, y)
    with warnings.catch_warnings(action="error"):
        bwd = cg.backward(node, x=0.0, y=0.0)
        graphs = [cg.forward(cg.grad(node, leaf), x=0.0, y=0.0).values[-1] for leaf in (x, y)]
    assert [bwd.gradient["x"], bwd.gradient["y"], *graphs] == [convention.chapter] * 4

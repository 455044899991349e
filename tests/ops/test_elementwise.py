"""The elementwise rows: mpmath at 50 digits over saturated arguments, and the conventions."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from project import ROOT
from sparse import sparse

import cgraph as cg
from cgraph.graph.node import build
from cgraph.ops import TABLE
from cgraph.ops.conventions import CONVENTIONS, Convention, markdown
from cgraph.ops.op import Op
from cgraph.proof import prove_row
from cgraph.worlds.sympy import SYMPY, formula

ELEMENTWISE = [pytest.param(row, id=name) for name, row in TABLE.items() if row.elementwise]
GRID = [0.0, -0.0, 5e-324, -5e-324, 1e-310, 1e-300, -1e-300, 1e-8, -1e-8, 0.3, -0.3, 0.9, -0.9, 1.5, -1.5, 5.0, -5.0]
GRID += [30.0, -30.0, 1000.0, -1000.0, np.inf, -np.inf]
PAIRS = [0.0, 5e-324, -1e-300, 1e-8, -0.3, 0.9, 5.0, -30.0, 1000.0, -1000.0, np.inf]
LABELS = [0.0, 0.3, 1.0]
TRIPLES = [-np.inf, -1000.0, 0.0, 5e-324, 0.3, 1000.0]
ULPS = 8  # of float64, relative
EXCEPT = {  # documented: (of the value, of the slopes), in ulps of 1 beside the relative tolerance
    "gelu_tanh": (1, 4),  # the rounding of the cubic is multiplied by it in the exponential
}


DENORMAL = {  # rows whose slopes are not asked for where an operand has fewer digits than a float64 should have
    "pow",  # x**(y - 1) is above the largest float, however small y makes the slope
    "power_log",  # as pow
    "hypot",  # the result has a digit or two, and the slopes are quotients by it
}
EXPONENTS = {"power_slope"}  # rows that round y - 1, which counts log(x) times: asked for where that is a few ulps
FINITE = {"mod"}  # rows whose slopes are not asked for where an operand is infinite: x mod ∞ is ∞ or x, by its sign


def points_of(row: Op) -> np.ndarray:
    """A grid of saturated arguments: a row for each operand, a column for each point."""
    axes = {1: [GRID], 2: [PAIRS, PAIRS], 3: [TRIPLES] * 3}[row.arity or 2]
    if row.check is not None:
        axes = [PAIRS, LABELS]
    return np.array([grid.ravel() for grid in np.meshgrid(*axes)])


def _step(x: Any, at_zero: Any) -> Any:
    if mpmath.isnan(x):
        raise ValueError("nothing is above NaN")
    return mpmath.mpf(x > 0) if x != 0 else at_zero


def _slope_of_step(x: Any, at_zero: Any) -> Any:
    if x == 0:
        raise ValueError("at a kink a convention decides, which other tests ask for")
    return _step(x, at_zero)


MP: dict[str, Any] = {"Heaviside": _step, "Max": max, "Min": min, "sign": mpmath.sign}


def exactly(expression: Any, symbols: list[Any], points: np.ndarray, names: dict[str, Any]) -> list[float | None]:
    """A formula at points by mpmath with 1000 digits; None where it is undefined, complex, or infinite."""
    function = sympy.lambdify(symbols, expression, [names, "mpmath"])

    def at(point: Any) -> float | None:
        try:
            found = function(*map(mpmath.mpf, point))
            return None if isinstance(found, mpmath.mpc) or not mpmath.isfinite(found) else float(found)
        except (ZeroDivisionError, ValueError, OverflowError, TypeError):
            return None

    with mpmath.workdps(1000):
        return [at(point) for point in points.T.tolist()]


def near(got: float, right: float, absolute_ulps: float) -> bool:
    tiny = float(np.finfo(float).tiny)  # a denormal result has fewer digits
    return got == right or bool(abs(got - right) <= 2.0**-52 * (ULPS * abs(right) + absolute_ulps) + tiny)


def well_conditioned(points: np.ndarray) -> np.ndarray:
    """Where half an ulp of the exponents y - 1 and y - 2 is a few ulps of the power, and x has all its digits."""
    x, y = points
    with np.errstate(divide="ignore", invalid="ignore"):
        few = np.abs((np.abs(y) + 2) * np.log(np.abs(x))) <= ULPS
    return (few | (x == 0) | ~np.isfinite(x)) & ((x == 0) | (np.abs(x) >= np.finfo(float).tiny))


@pytest.mark.filterwarnings("ignore:0·∞ in v1:cgraph.errors.IndeterminateWarning")  # of scale itself
@pytest.mark.parametrize("row", sparse(ELEMENTWISE, 4))
def test_values_and_slopes_agree_with_mpmath_at_saturated_arguments(row: Op) -> None:
    points = points_of(row)
    expression, symbols = formula(row, len(points), row.defaults)
    leaves = [cg.variable(str(symbol), points.shape[1:]) for symbol in symbols]
    node = build(row, *leaves)
    bwd = cg.backward(cg.forward(node, dict(zip(leaves, points, strict=True))), upstream=np.ones(node.shape))
    in_value, in_slopes = EXCEPT.get(row.name, (0, 0))
    values = exactly(expression, symbols, points, MP)
    if row.name in EXPONENTS:
        values = [right if ok else None for right, ok in zip(values, well_conditioned(points), strict=True)]
    wrong = _far(points, bwd.forward[node], values, in_value)
    assert sum(right is not None for right in values) >= 4
    for position, (leaf, symbol) in enumerate(zip(leaves, symbols, strict=True)):
        slope = sympy.diff(expression, symbol).replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))
        flat = {d for d in slope.atoms(sympy.Subs, sympy.Derivative) if d.has(sympy.floor)}
        slope = slope.xreplace(dict.fromkeys(flat, sympy.Integer(0)))
        if row.rule(position) is not None:
            wanted = exactly(slope, symbols, points, {**MP, "Heaviside": _slope_of_step})
            wanted = [right if there is not None else None for right, there in zip(wanted, values, strict=True)]
            if row.name in DENORMAL:
                fine = (points == 0) | (np.abs(points) >= np.finfo(float).tiny)
                wanted = [right if ok else None for right, ok in zip(wanted, fine.all(axis=0), strict=True)]
            if row.name in FINITE:
                wanted = [right if ok else None for right, ok in zip(wanted, np.isfinite(points).all(0), strict=True)]
            wrong += _far(points, bwd.gradient[leaf], wanted, in_slopes)
            assert sum(right is not None for right in wanted) >= 4
    assert not wrong, wrong


def _far(points: np.ndarray, got: Any, wanted: list[float | None], absolute_ulps: float) -> list[Any]:
    return [
        (point, float(mine), right)
        for point, mine, right in zip(points.T.tolist(), got, wanted, strict=True)
        if right is not None and not near(float(mine), right, absolute_ulps)
    ]


@pytest.mark.parametrize("op", [cg.maximum, cg.minimum])
@pytest.mark.parametrize("ties", [1, 0, 0.5])
def test_trap_3_the_shares_of_a_tie_sum_to_one(op: Any, ties: float) -> None:
    bwd = cg.backward(cg.forward(op(*cg.variables("x y"), ties=ties), x=2.0, y=2.0))
    assert (bwd.gradient["x"], bwd.gradient["y"]) == (ties, 1 - ties)


def test_comparisons_of_nodes_are_nodes() -> None:
    x = cg.variable("x")
    assert [cg.forward(n, x=1.0).values[-1] for n in (x > 1, x >= 1, x < 1, x <= 1)] == [0, 1, 0, 1]


SWITCHES = [pytest.param(c, id=c.op) for c in CONVENTIONS if c.attribute and TABLE[c.op].elementwise]


@pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda c: c.op)
def test_every_convention_is_that_of_its_row(convention: Convention) -> None:
    if convention.op not in TABLE:
        assert convention.op in cg.table()  # made of ops
        return
    row = TABLE[convention.op]
    assert not convention.attribute or row.defaults[convention.attribute] == convention.chapter
    assert row.kink or convention.op in ("above", "softmax_cross_entropy")
    told = not convention.attribute or convention.attribute in row.kink
    assert told or convention.op == "above"


def test_every_kink_of_a_row_is_in_the_conventions() -> None:
    assert {n for n, r in TABLE.items() if r.kink} <= {c.op for c in CONVENTIONS}


@pytest.mark.parametrize("choice", [0, 0.5, 1])
@pytest.mark.parametrize("convention", SWITCHES)
def test_a_switched_convention_is_proved_away_from_the_kink(convention: Convention, choice: float) -> None:
    report = prove_row(TABLE[convention.op], {convention.attribute: choice})
    assert report.proved, report


@pytest.mark.parametrize("choice", [0, 0.5, 1])
def test_the_switch_of_relu_changes_number_symbol_and_proof_alike(choice: float) -> None:
    node = cg.relu(cg.variable("x"), at_zero=choice)
    symbols = cg.backward(cg.forward(node, world=SYMPY)).gradient["x"][()]
    assert cg.backward(cg.forward(node, x=0.0)).gradient["x"] == choice
    assert symbols.subs(sympy.Symbol("x", real=True), 0) == sympy.Rational(str(choice))
    assert f"ReLU'(0) = {choice}" in str(cg.prove(node))


def test_the_documentation_shows_the_table_of_conventions() -> None:
    page = (ROOT / "docs" / "conventions.md").read_text(encoding="utf-8")
    assert markdown() in page

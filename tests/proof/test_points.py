"""Where formulas are compared: mistakes that show only far away, close to a kink, or between two of them."""

from __future__ import annotations

from typing import Any

import pytest
import sympy

from cgraph.ops import TABLE
from cgraph.ops.op import Op, elementwise
from cgraph.proof import compare, prove_row
from cgraph.proof.points import edges_of, points, roots

x, y = sympy.symbols("x y", real=True)
KINKS = (-1000, -30, -3, 0, 0.001, 1, 5, 30, 250, 100_000)  # where the kink of a formula is
SHIFTS = (1e-6, 0.001, 0.5)  # by which a rule has it elsewhere


def at(kink: float, rule: Any) -> Op:
    return elementwise("bent", f"Max(x - ({kink}), 0)", lambda xp, x: xp.maximum(x - kink, 0), rule)


def mistaken() -> dict[str, Op]:
    """Rules that are right wherever one looks by chance, generated: 64 and more."""
    found = {}
    for kink in KINKS:
        found[f"min(x, {kink}) with the slope 1"] = elementwise(
            "low", f"Min(x, {kink})", lambda xp, x, k=kink: xp.minimum(x, k), lambda w, z, x: 1 + 0 * x
        )
        found[f"max(x, {kink}) with the slope 1"] = elementwise(
            "high", f"Max(x, {kink})", lambda xp, x, k=kink: xp.maximum(x, k), lambda w, z, x: 1 + 0 * x
        )
        for shift in SHIFTS:
            moved = kink + shift * max(1, abs(kink))
            found[f"a kink at {kink} taken to be at {moved:g}"] = at(
                kink, lambda w, z, x, m=moved: w.above(x, m, ties=1)
            )
        found[f"clip from {kink} on without its upper bound"] = elementwise(
            "cut", f"Min(Max(x, {kink}), {kink} + 5)", lambda xp, x, k=kink: xp.clip(x, k, k + 5),
            lambda w, z, x, k=kink: w.above(x, k, ties=1),
        )  # fmt: skip
        found[f"|x - {kink}| with the slope of x's sign"] = elementwise(
            "far", f"Abs(x - ({kink}))", lambda xp, x, k=kink: xp.abs(x - k),
            lambda w, z, x, k=kink: w.above(x, k, ties=1) - w.above(k - 1, x, ties=1),
        )  # fmt: skip
    return found


MISTAKEN = mistaken()


@pytest.mark.parametrize("row", MISTAKEN.values(), ids=MISTAKEN.keys())
def test_a_rule_that_is_wrong_only_somewhere_is_refused(row: Op) -> None:
    assert len(MISTAKEN) >= 64
    report = prove_row(row, columns=False)
    assert [c.verdict for c in report.checks] == ["WRONG"], report


@pytest.mark.parametrize("kink", KINKS)
def test_the_right_rule_beside_each_of_them_is_proved(kink: float) -> None:
    report = prove_row(at(kink, lambda w, z, x: w.above(x, kink, ties=1)))
    assert report.proved, report


@pytest.mark.parametrize(
    "ours, theirs",
    [
        (sympy.Heaviside(sympy.exp(x) - 50), sympy.Heaviside(sympy.exp(x) - 49)),
        (sympy.Heaviside(x**3 - 1000), sympy.Heaviside(x**3 - 1001)),
        (sympy.Heaviside(x * y - 90), sympy.Heaviside(x * y - 91)),
        (sympy.Heaviside(x + 3 * y - 50), sympy.Heaviside(x + 3 * y - 51)),
        (sympy.sqrt(x - 100), sympy.sqrt(x - 100) + sympy.Rational(1, 10**9)),
        (sympy.Piecewise((1, (x > 400) & (x < 410)), (0, True)), sympy.Integer(0)),
        (sympy.tanh(x), sympy.tanh(x) + sympy.Heaviside(x - 10**5)),
        (sympy.Mod(x, 700), x - 700 * sympy.Heaviside(x - 701) + 700 * sympy.Heaviside(-x)),
        (sympy.sin(x) / x, sympy.sin(x) / x + sympy.exp(-1000 * x**2) / 10**9),
    ],
)
def test_formulas_that_differ_beyond_an_edge_are_told_apart(ours: Any, theirs: Any) -> None:
    assert compare("f", ours, theirs).verdict == "WRONG"


def test_points_stand_on_both_sides_of_every_edge_near_0_and_far_away() -> None:
    formula = sympy.Max(x, 30) + sympy.log(x + 7) + sympy.Heaviside(x - 5)
    assert {-sympy.solve(e, x)[0] for e in edges_of(formula)} == {-30, -5, 7}
    drawn = [float(p[x]) for p in points(formula)]
    for edge in (30, 5, -7):
        assert any(0 < p - edge < 1e-4 for p in drawn)
        assert any(0 < edge - p < 1e-4 for p in drawn)
    assert {1e-6, -1e-6, 1e6, -1e6} <= set(drawn)
    assert [float(p[x]) for p in points(formula)] == drawn


def test_the_same_formulas_have_their_points_in_every_symbol() -> None:
    drawn = list(points(sympy.Heaviside(x - y)))
    assert all(set(p) == {x, y} for p in drawn)
    assert len({p[x] for p in drawn}) > 8 and len({p[y] for p in drawn}) > 8


@pytest.mark.parametrize(
    "function, expected",
    [
        (lambda t: t**3 - 8, [2]),
        (lambda t: (t - 1) * (t + 400) * (t - 3000), [-400, 1, 3000]),
        (lambda t: t * t, [0]),
        (lambda t: 7.0, []),
        (lambda t: float("nan"), []),
    ],
)
def test_roots_are_found_over_many_magnitudes(function: Any, expected: list[float]) -> None:
    assert sorted(roots(function)) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_every_row_of_the_table_with_a_kink_has_edges() -> None:
    from cgraph.worlds.sympy import formula

    single = ("pow", "scale", "arctan2")  # whose conventions are about a single point, where nothing changes sides
    kinked = [row for row in TABLE.values() if row.elementwise and row.kink and row.name not in single]
    for row in kinked:
        expression, _ = formula(row, row.arity or 3, dict(row.defaults))
        assert edges_of(expression), row

"""Ball arithmetic: each enclosure holds the true value, and two numbers that differ are told apart."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from sparse import sparse

from cgraph.ops import TABLE
from cgraph.proof import compare, values
from cgraph.proof.values import Pair
from cgraph.worlds.sympy import formula

flint = pytest.importorskip("flint")
from cgraph.proof.balls import Enclosure, UnknownFunctionError  # noqa: E402  # it imports flint

x, y = sympy.symbols("x y", real=True)
ROWS = [pytest.param(row, id=name) for name, row in TABLE.items() if row.elementwise]


def points(names: list[Any], count: int, seed: int) -> list[dict[Any, Any]]:
    """Rational points of magnitudes from 1e-6 to 1e3, of either sign."""
    random = np.random.default_rng(seed)
    exponents, signs = random.integers(-6, 4, (count, len(names))), random.choice([-1, 1], (count, len(names)))
    numbers = random.integers(1, 1000, (count, len(names)))
    return [
        {
            n: sympy.Rational(int(s * k), 999) * sympy.Integer(10) ** int(e)
            for n, k, e, s in zip(names, *row, strict=True)
        }
        for row in zip(numbers, exponents, signs, strict=True)
    ]


@pytest.mark.parametrize("row", sparse(ROWS, 4))
def test_the_ball_of_a_formula_of_the_table_holds_what_mpmath_says_with_60_digits(row: Any) -> None:
    expression, names = formula(row, row.arity or 3, dict(row.defaults))
    enclosure, counted = Enclosure(expression), 0
    function = sympy.lambdify(names, expression, "mpmath")
    for point in points(names, 12, 0):
        balls = enclosure.at(point)
        if balls is None:
            continue
        (ball,) = balls
        with mpmath.workdps(60 + 1000):  # and as many as 1 - tanh(1000) cancels
            exact = function(*[mpmath.mpf(int(point[n].p)) / int(point[n].q) for n in names])
            middle = mpmath.mpf(ball.mid().str(60, radius=False))
            radius = mpmath.mpf(ball.rad().str(10, radius=False))
            assert abs(middle - exact) <= radius + abs(exact) * mpmath.mpf(10) ** -58
            assert radius <= abs(exact) * mpmath.mpf(10) ** -50 + mpmath.mpf(10) ** -99
        counted += 1
    assert counted >= 2


def test_what_cancels_is_computed_with_more_bits() -> None:
    (ball,) = Enclosure(1 - sympy.tanh(x) ** 2).at({x: sympy.Integer(100)})
    assert float(ball) == pytest.approx(4 * np.exp(-200), rel=1e-14)


@pytest.mark.parametrize(
    "expression",
    [sympy.log(x), sympy.sqrt(x), sympy.Abs(x) ** x / 0, sympy.I * x, sympy.acosh(x), 1 / (x + 2), sympy.oo + x],
)
def test_where_there_is_no_finite_real_value_there_is_no_ball(expression: Any) -> None:
    assert Enclosure(expression).at({x: sympy.Integer(-2)}) is None


def test_what_a_step_puts_out_of_action_needs_no_value() -> None:
    masked = sympy.Heaviside(x) * sympy.log(x) + (1 - sympy.Heaviside(x)) * x
    cases = sympy.Piecewise((sympy.log(x), (x > 0) & (x < 5)), (x, True))
    for expression in (masked, cases):
        assert float(Enclosure(expression).at({x: sympy.Integer(-2)})[0]) == -2
        assert float(Enclosure(expression).at({x: sympy.Integer(2)})[0]) == pytest.approx(np.log(2))


def test_a_function_without_balls_is_compared_in_sympys_numbers() -> None:
    with pytest.raises(UnknownFunctionError):
        Enclosure(sympy.besselj(0, x))
    check = compare("f", sympy.besselj(0, x), sympy.besselj(0, x) + sympy.Rational(1, 10**9))
    assert check.verdict == "WRONG"


@pytest.mark.parametrize("balls, digits", [(True, "50 digits, enclosed in balls"), (False, "24 digits")])
def test_the_reason_says_how_sure_an_agreement_is(balls: bool, digits: str, monkeypatch: Any) -> None:
    monkeypatch.setattr("cgraph.proof.judgement._vanishes", lambda difference: False)
    monkeypatch.setattr(values, "has_balls", lambda: balls)
    check = compare("f", sympy.sin(x) ** 2, 1 - sympy.cos(x) ** 2)
    assert check.verdict == "agrees"
    assert digits in check.reason
    assert ("python-flint is not installed" in check.reason) is not balls


def test_balls_see_what_sympys_numbers_do_not(monkeypatch: Any) -> None:
    almost = x + sympy.Rational(1, 10**40)
    assert compare("f", x, almost).verdict == "WRONG"
    monkeypatch.setattr(values, "has_balls", lambda: False)
    assert Pair(x, almost).compared({x: sympy.Integer(1)}).differ is False  # type: ignore[union-attr]

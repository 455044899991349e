"""Ball arithmetic: the value of an expression at a point, with a bound on its error that is certain.

A ball is a number and a radius, and the true value lies within it (python-flint's `arb`; F. Johansson, Arb: efficient
arbitrary-precision midpoint-radius interval arithmetic, IEEE Transactions on Computers 66(8), 2017). Two balls that do
not meet are two different numbers; two that meet and are smaller than 1e-50 agree to 50 digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, reduce
from operator import add, mul
from typing import Any

import flint
import sympy

from cgraph.proof.walk import parts
from cgraph.worlds.sympy import stop_gradient

PRECISIONS = (192, 512, 2048)  # bits; the next where the radius is too large
LARGEST_POWER = 10**6
NOWHERE = (sympy.I, sympy.zoo, sympy.nan)  # no real numbers


class UnknownFunctionError(Exception):
    """A function of SymPy's that has no ball."""


class Enclosure:
    """Expressions whose values at points of rational numbers are asked for. Raises UnknownFunctionError."""

    def __init__(self, *expressions: Any) -> None:
        self.expressions = expressions
        self.parts = parts(*expressions)
        self.steps: set[Any] = set()
        for part in self.parts:
            only = part.func in (sympy.Add, sympy.Mul) and all(a in self.steps or a.is_Number for a in part.args)
            if only or part.func is sympy.Heaviside:
                self.steps.add(part)
            if part.func not in _table() and not (part.is_Number or part.is_Symbol or part in NOWHERE):
                raise UnknownFunctionError(str(part.func))

    def at(self, point: Mapping[Any, Any]) -> list[Any] | None:
        """A ball for each expression at a point; None where one has no finite real value.

        The radius is below 1e-50 in proportion to the value, or below 1e-100; else below 1e-50.
        """
        found: list[Any] = []
        for precision in PRECISIONS:
            found = self.balls(point, precision)
            if all(_narrow(ball, -100) for ball in found):
                return found
            if precision > PRECISIONS[0] and any(ball.is_nan() for ball in found):
                return None
        return found if all(_narrow(ball, -50) for ball in found) else None

    def balls(self, point: Mapping[Any, Any], precision: int) -> list[Any]:
        """A ball for each expression at a point, computed with so many bits; not a number where there is none."""
        with flint.ctx.workprec(precision):
            values = {symbol: _rational(number) for symbol, number in point.items()}
            for part in self.parts:
                if part in values:
                    continue
                operands = [values[a] for a in part.args]
                if part.func is sympy.Mul and any(a in self.steps and values[a] == 0 for a in part.args):
                    values[part] = flint.arb(0)  # what a step puts out of action, whether it has a value there or not
                else:
                    values[part] = _value(part, operands)
            return [values[e] for e in self.expressions]


def _value(part: Any, operands: list[Any]) -> Any:
    """The ball of one part from those of its arguments."""
    function = _table().get(part.func)
    if function is not None:
        return function(*operands)
    return _rational(sympy.Rational(part)) if part.is_Number and part.is_finite else flint.arb.nan()


def _rational(number: Any) -> Any:
    return flint.arb(flint.fmpq(int(number.p), int(number.q)))


def _narrow(ball: Any, smallest: int) -> bool:
    """Whether the radius is at most 1e-50 times the value, or 1e-50 times 10^(smallest + 50)."""
    if not ball.is_finite():
        return False
    bound = flint.arb(10) ** -50 * abs(ball.mid()) + flint.arb(10) ** smallest
    return bool(ball.rad() <= bound)


# The table: SymPy's functions on balls --------------------------------------------------------------------------------
def _power(base: Any, exponent: Any) -> Any:
    whole = exponent.unique_fmpz() if exponent.is_exact() else None
    if whole is not None and abs(int(whole)) <= LARGEST_POWER:
        return base ** int(whole)
    if base == 0:
        return flint.arb(0) if exponent > 0 else flint.arb.nan()
    return base.sqrt() if exponent == flint.arb(0.5) else base**exponent


def _heaviside(x: Any, at_zero: Any) -> Any:
    if x > 0 or x < 0:
        return flint.arb(1 if x > 0 else 0)
    return at_zero if x == 0 else flint.arb.nan()


def _sign(x: Any) -> Any:
    return flint.arb(0) if x == 0 else x.sgn() if x > 0 or x < 0 else flint.arb.nan()


def _polygamma(order: Any, x: Any) -> Any:
    return flint.acb(x).polygamma(flint.acb(order)).real


def _floor(x: Any) -> Any:
    found = x.floor()
    return found if found.is_exact() else flint.arb.nan()


def _related(compare: Callable[[Any], bool], refuted: Callable[[Any], bool]) -> Callable[[Any, Any], Any]:
    """A comparison of balls: True, False, or None where they do not decide it."""
    return lambda x, y: True if compare(x - y) else False if refuted(x - y) else None


def _all(*conditions: bool | None) -> bool | None:
    return False if False in conditions else None if None in conditions else True


def _any(*conditions: bool | None) -> bool | None:
    return True if True in conditions else None if None in conditions else False


def _piecewise(*cases: Any) -> Any:
    for value, condition in cases:
        if condition is None:
            break
        if condition:
            return value
    return flint.arb.nan()


@cache
def _table() -> dict[Any, Callable[..., Any]]:
    """What each class of expressions is on balls, made when the first is asked for."""
    arb = flint.arb
    same = {
        sympy.sin: arb.sin, sympy.cos: arb.cos, sympy.tan: arb.tan, sympy.sec: arb.sec, sympy.csc: arb.csc,
        sympy.cot: arb.cot, sympy.asin: arb.asin, sympy.acos: arb.acos, sympy.atan: arb.atan, sympy.sinh: arb.sinh,
        sympy.cosh: arb.cosh, sympy.tanh: arb.tanh, sympy.sech: arb.sech, sympy.csch: arb.csch, sympy.coth: arb.coth,
        sympy.asinh: arb.asinh, sympy.acosh: arb.acosh, sympy.atanh: arb.atanh, sympy.exp: arb.exp, sympy.log: arb.log,
        sympy.erf: arb.erf, sympy.erfc: arb.erfc, sympy.gamma: arb.gamma, sympy.digamma: arb.digamma,
        sympy.sinc: arb.sinc,
    }  # fmt: skip
    sides = {
        sympy.StrictGreaterThan: _related(lambda d: d > 0, lambda d: d <= 0),
        sympy.GreaterThan: _related(lambda d: d >= 0, lambda d: d < 0),
        sympy.StrictLessThan: _related(lambda d: d < 0, lambda d: d >= 0),
        sympy.LessThan: _related(lambda d: d <= 0, lambda d: d > 0),
        sympy.Equality: _related(lambda d: d == 0, lambda d: d != 0),
        sympy.Unequality: _related(lambda d: d != 0, lambda d: d == 0),
    }
    return {
        **same,
        **sides,
        sympy.Add: lambda *x: reduce(add, x),
        sympy.Pow: _power,
        sympy.Abs: abs,
        sympy.sign: _sign,
        sympy.Heaviside: _heaviside,
        sympy.Max: lambda *x: reduce(arb.max, x),
        sympy.Min: lambda *x: reduce(arb.min, x),
        sympy.floor: _floor,
        sympy.ceiling: lambda x: -_floor(-x),
        sympy.Mod: lambda x, y: x - y * _floor(x / y),
        sympy.frac: lambda x: x - _floor(x),
        sympy.atan2: arb.atan2,
        sympy.polygamma: _polygamma,
        sympy.loggamma: lambda x: x.lgamma() if x > 0 else arb.nan(),
        sympy.sinc: arb.sinc,
        sympy.Mul: lambda *x: reduce(mul, x),
        sympy.Piecewise: _piecewise,
        stop_gradient: lambda x: x,
        sympy.And: _all,
        sympy.Or: _any,
        sympy.Not: lambda x: None if x is None else not x,
        sympy.functions.elementary.piecewise.ExprCondPair: lambda value, condition: (value, condition),
        type(sympy.pi): arb.pi,
        type(sympy.E): lambda: arb(1).exp(),
        type(sympy.EulerGamma): arb.const_euler,
        type(sympy.true): lambda: True,
        type(sympy.false): lambda: False,
    }

"""Elementwise ops. A line reads: name, formula, array function (or its name in NumPy), the local derivative by each
operand, and what else is known: its sign, its C text, facts.

Where a convention decides (at a kink, at a tie), it is an attribute of the op, a number: `conventions` lists them.
"""

from __future__ import annotations

from math import e, pi
from typing import Any

from cgraph.ops import stable
from cgraph.ops.op import Op, elementwise, lossless, variadic
from cgraph.ops.stable import indicator


def _add(xp: Any, x: Any, y: Any, *more: Any) -> Any:
    z = x + y
    for term in more:
        z = z + term
    return z


def _mul(xp: Any, x: Any, *more: Any) -> Any:
    for factor in more:
        x = x * factor
    return x


def _pow(xp: Any, x: Any, y: Any) -> Any:
    return xp.power(x, y)


def _clip(xp: Any, x: Any, low: Any, high: Any, at_bounds: float = 1) -> Any:
    return xp.minimum(xp.maximum(x, low), high)


def _one(w: Any, z: Any, *x: Any) -> int:
    """The rule of each term of a sum: one function, so that a sum of many terms is read once."""
    return 1


def _power_rise(w: Any, z: Any, x: Any, y: Any) -> Any:
    """x**(y - 1)*(1 + y*log(x)). At x = 0 below y = 1 both terms are infinite, and the logarithm is the larger."""
    outgrown = w.equal(x, 0) * w.less(y, 1) * w.not_equal(y, 0)
    return w.scale(y, w.power_log(x, y - 1)) + w.scale(1 - outgrown, x ** (y - 1))


_POWER_RISE = lossless(_power_rise, textbook=lambda w, z, x, y: x ** (y - 1) * (1 + y * w.log(x)))


def _above(ties: float) -> str:
    return "greater_equal" if ties == 1 else "greater" if ties == 0 else ""


def _sign(at_zero: float) -> str:
    return "sign" if at_zero == 0 else ""


# fmt: off
ARITHMETIC: tuple[Op, ...] = (
    variadic("add", "x + y", _add, lambda i: _one, sign="+",
             c="{0} + {1}", quick=True, ufunc="add", written="plus", commutes=True, additive=True, pole="summand"),
    variadic("mul", "x*y",   _mul, lambda i: lambda w, z, *x: w.mul(*x[:i], *x[i + 1:]), sign="∗",
             powers=(1, 1), c="{0} * {1}", quick=True, ufunc="multiply", written="times", commutes=True, linear=(0, 1)),

    elementwise("sub",        "x - y",     "subtract",     lambda w, z, x, y: 1,
                                                           lambda w, z, x, y: -1, sign="−",
                c="{0} - {1}", quick=True, written="minus", additive=True, pole="summand"),
    elementwise("div",        "x/y",       "true_divide",  lambda w, z, x, y: 1 / y,
                                                           lambda w, z, x, y: -z / y, sign="/",
                powers=(1, -1), c="{0} / {1}", written="over", linear=(0,), pole="divisor"),
    elementwise("neg",        "-x",        "negative",     lambda w, z, x: -1, sign="−",
                powers=(1,), c="-{0}", quick=True, written="negated", additive=True, linear=(0,), pole="summand"),
    elementwise("pow",        "x**y",      _pow,           lambda w, z, x, y: w.scale(y, x ** (y - 1)),
                lossless(lambda w, z, x, y: w.power_log(x, y), textbook=lambda w, z, x, y: z * w.log(x)), sign="xʸ",
                kink="0⁰ = 1 has slope 0 in both operands",
                kinked=lambda x, y: (x == 0) & (y == 0),
                c="POW({0}, {1})", ufunc="power", written="raised", pole="divisor"),
    elementwise("power_log",  "x**y*log(x)", stable.power_log,
                _POWER_RISE, lambda w, z, x, y: w.scale(z, w.log(x)), sign="xʸ log x",
                kink="0⁰·log(0) is 0", kinked=lambda x, y: (x == 0) & (y == 0), decides=True,
                c="scaled(POW({0}, {1}), LOG(({0} == 0) & ({1} == 0) ? 1 : {0}))",
                js="times(Math.pow({0}, {1}), Math.log({0} === 0 && {1} === 0 ? 1 : {0}))", pole="always"),
    elementwise("power_slope", "y*x**(y - 1)", stable.power_slope,
                lambda w, z, x, y: w.scale(y, w.power_slope(x, y - 1)), _POWER_RISE,
                kink="the slope of 0⁰ is 0", kinked=lambda x, y: (x == 0) & (y == 0), decides=True,
                c="scaled({1}, POW({0}, {1} - 1))", js="times({1}, Math.pow({0}, {1} - 1))", pole="always"),
    elementwise("square",     "x**2",      "square",       lambda w, z, x: 2 * x, sign="x²",
                powers=(2,), c="{0} * {0}", quick=True, written="squared"),
    elementwise("reciprocal", "1/x",       "reciprocal",   lambda w, z, x: -z / x, sign="1/x",
                powers=(-1,), c="1 / {0}", written="inverted", pole="always"),
    elementwise("ratio",      "x/y",       stable.ratio,
                lambda w, z, x, y: w.ratio(1 - w.equal(x, 0) * w.equal(y, 0), y),
                lambda w, z, x, y: -w.ratio(z, y), sign="/",
                kink="0/0 = 0, with slope 0 in both operands",
                kinked=lambda x, y: (x == 0) & (y == 0), decides=True,
                c="{0} == 0 ? 0 : {0} / {1}", js="over({0}, {1})", written="over", pole="always"),
    elementwise("scale",      "x*y",       stable.scale,   lambda w, z, x, y: y,
                                                           lambda w, z, x, y: x, sign="∗",
                kink="0·∞ = 0", c="scaled({0}, {1})", quick=True, c_alone="product({0}, {1})", js="times({0}, {1})",
                written="times", linear=(0, 1), pole="always", zero_wins=True),
)
FUNCTIONS: tuple[Op, ...] = (
    elementwise("exp",        "exp(x)",            "exp",      lambda w, z, x: z,
                positive=True, c="EXP({0})", pole="always", exact=True),
    elementwise("expm1",      "exp(x) - 1",        "expm1",    lambda w, z, x: w.exp(x),
                c="EXPM1({0})", pole="always"),
    elementwise("log",        "log(x)",            "log",      lambda w, z, x: 1 / x,                   c="LOG({0})",
                base=e, exact=True, pole="always", also=("ln",)),
    elementwise("log_abs",    "log(Abs(x))", lambda xp, x: xp.log(xp.abs(x)), lambda w, z, x: 1 / x,
                c="LOG(FABS({0}))", base=e, exact=True, pole="always"),
    elementwise("log1p",      "log(1 + x)",        "log1p",    lambda w, z, x: 1 / (1 + x),             c="LOG1P({0})"),
    elementwise("log2",       "log(x)/log(2)",     "log2",     lambda w, z, x: 1 / (x * w.log(2)),      c="LOG2({0})",
                base=2),
    elementwise("log10",      "log(x)/log(10)",    "log10",    lambda w, z, x: 1 / (x * w.log(10)),     c="LOG10({0})",
                base=10),
    elementwise("sqrt",       "sqrt(x)",           "sqrt",     lambda w, z, x: 1 / (2 * z), sign="√",   c="SQRT({0})",
                powers=(0.5,), exact=True),
    elementwise("cbrt",       "sign(x)*Abs(x)**(1/3)", "cbrt", lambda w, z, x: 1 / (3 * z**2), sign="∛", c="CBRT({0})"),

    elementwise("sin",        "sin(x)",            "sin",      lambda w, z, x: w.cos(x),                c="SIN({0})"),
    elementwise("cos",        "cos(x)",            "cos",      lambda w, z, x: -w.sin(x),               c="COS({0})"),
    elementwise("tan",        "tan(x)",            "tan",      lambda w, z, x: 1 + z**2,                c="TAN({0})",
                also=("tg",)),
    elementwise("arcsin",     "asin(x)",           "arcsin",   lambda w, z, x: 1 / w.sqrt(w.one_less_square(x)),
                c="ASIN({0})"),
    elementwise("arccos",     "acos(x)",           "arccos",   lambda w, z, x: -1 / w.sqrt(w.one_less_square(x)),
                c="ACOS({0})"),
    elementwise("one_less_square", "1 - x**2",     stable.one_less_square, lambda w, z, x: -2 * x, sign="1 − x²",
                written="one less square",
                c="(1 - {0}) * (1 + {0})"),
    elementwise("arctan",     "atan(x)",           "arctan",
                lossless(lambda w, z, x: w.direction(1, x) ** 2, textbook=lambda w, z, x: 1 / (1 + x**2)),
                bounds=(-pi / 2, pi / 2), c="ATAN({0})"),
    elementwise("arctan2",    "atan2(x, y)",       "arctan2",
                lambda w, z, x, y: w.ratio(w.direction(y, x), w.hypot(x, y)),
                lambda w, z, x, y: -w.ratio(w.direction(x, y), w.hypot(x, y)), c="ATAN2({0}, {1})",
                kink="the slopes of arctan2 at (0, 0) are 0", kinked=lambda x, y: (x == 0) & (y == 0)),
    elementwise("hypot",      "sqrt(x**2 + y**2)", "hypot",
                lossless(lambda w, z, x, y: w.direction(x, y), textbook=lambda w, z, x, y: w.ratio(x, z)),
                lossless(lambda w, z, x, y: w.direction(y, x), textbook=lambda w, z, x, y: w.ratio(y, z)),
                c="HYPOT({0}, {1})", js="Math.hypot({0}, {1})", kink="the slopes of hypot at (0, 0) are 0",
                kinked=lambda x, y: (x == 0) & (y == 0)),
    elementwise("direction",  "x/sqrt(x**2 + y**2)", stable.direction,
                lambda w, z, x, y: w.direction(y, x) * w.ratio(w.direction(y, x), w.hypot(x, y)),
                lambda w, z, x, y: -w.scale(z, w.ratio(w.direction(y, x), w.hypot(x, y))),
                c="direction({0}, {1})", js="direction({0}, {1})",
                kink="at (0, 0) direction is 0, with slope 0 in both operands",
                kinked=lambda x, y: (x == 0) & (y == 0), decides=True),

    elementwise("sinh",       "sinh(x)",           "sinh",     lambda w, z, x: w.cosh(x),
                c="SINH({0})", pole="always"),
    elementwise("cosh",       "cosh(x)",           "cosh",     lambda w, z, x: w.sinh(x),
                c="COSH({0})", pole="always"),
    elementwise("tanh",       "tanh(x)",           "tanh",
                lossless(lambda w, z, x: w.tanh_slope(x), textbook=lambda w, z, x: 1 - z**2),
                bounds=(-1, 1), c="hyperbolic({0})"),
    elementwise("tanh_slope", "1 - tanh(x)**2",    stable.tanh_slope,
                lambda w, z, x: w.scale(-2 * z, w.tanh(x)), sign="tanh′",
                c="tanh_slope({0})", js="(4*sigmoidSlope(2*{0}))"),
    elementwise("arcsinh",    "asinh(x)",          "arcsinh",
                lossless(lambda w, z, x: w.direction(1, x), textbook=lambda w, z, x: 1 / w.sqrt(1 + x**2)),
                c="ASINH({0})"),
    elementwise("arccosh",    "acosh(x)",          "arccosh",  lambda w, z, x: 1 / w.sqrt(x - 1) / w.sqrt(x + 1),
                                                                                                        c="ACOSH({0})"),
    elementwise("arctanh",    "atanh(x)",          "arctanh",  lambda w, z, x: 1 / w.one_less_square(x),
                c="ATANH({0})"),

    elementwise("erf",        "erf(x)",            stable.erf, lambda w, z, x: 2 * w.gaussian(x) / w.sqrt(w.pi),
                bounds=(-1, 1), c="ERF({0})"),
    elementwise("gaussian",   "exp(-rate*x**2)",   stable.gaussian, lambda w, z, x, rate: w.scale(-2 * rate * z, x),
                rate=1, c="gaussian({0}, {rate})"),
    elementwise("erfc",       "1 - erf(x)",        stable.erfc, lambda w, z, x: -2 * w.gaussian(x) / w.sqrt(w.pi),
                c="ERFC({0})", js="erfc({0})"),
    elementwise("normal_cdf", "(1 + erf(x/sqrt(2)))/2", stable.normal_cdf,
                lambda w, z, x: w.gaussian(x, rate=0.5) / w.sqrt(2 * w.pi), sign="Φ",
                bounds=(0, 1), probability=True, c="normal_cdf({0})", js="above(-{0})"),
    elementwise("log_normal_cdf", "log((1 + erf(x/sqrt(2)))/2)", stable.log_normal_cdf,
                lambda w, z, x: w.inverse_mills(x), sign="log Φ", c="log_normal_cdf({0})", js="logNormalCdf({0})"),
)
KINKED: tuple[Op, ...] = (
    elementwise("abs",        "Abs(x)",            lambda xp, x, at_zero=0: xp.abs(x),
                lambda w, z, x, at_zero: w.sign(x, at_zero=at_zero), sign="|x|",
                at_zero=0, kink="abs'(0) = {at_zero}", kinked=lambda x, at_zero: x == 0,
                powers=(1,), c="FABS({0})", quick=True, ufunc="absolute", written="bars", also=("fabs",)),
    elementwise("maximum",    "Max(x, y)",         lambda xp, x, y, ties=1: xp.maximum(x, y),
                lambda w, z, x, y, ties: w.above(x, y, ties=ties),
                lambda w, z, x, y, ties: w.above(y, x, ties=1 - ties), sign="max",
                ties=1, kink="at a tie the first operand of maximum gets the share {ties} of the gradient",
                kinked=lambda x, y, ties: x == y,
                c="largest({0}, {1})", ufunc="maximum", symmetric=True),
    elementwise("minimum",    "Min(x, y)",         lambda xp, x, y, ties=1: xp.minimum(x, y),
                lambda w, z, x, y, ties: w.above(y, x, ties=ties),
                lambda w, z, x, y, ties: w.above(x, y, ties=1 - ties), sign="min",
                ties=1, kink="at a tie the first operand of minimum gets the share {ties} of the gradient",
                kinked=lambda x, y, ties: x == y,
                c="smallest({0}, {1})", ufunc="minimum", symmetric=True),
    elementwise("clip",       "Min(Max(x, low), high)", _clip,
                lambda w, z, x, low, high, at_bounds:
                    w.above(x, low, ties=at_bounds) * w.above(high, w.maximum(x, low), ties=at_bounds),
                lambda w, z, x, low, high, at_bounds:
                    w.above(low, x, ties=1 - at_bounds) * w.above(high, w.maximum(x, low), ties=at_bounds),
                lambda w, z, x, low, high, at_bounds: w.above(w.maximum(x, low), high, ties=1 - at_bounds),
                operands=("x", "low", "high"), at_bounds=1,
                kink="at a bound clip lets the share {at_bounds} of the gradient through to x, the rest to the bound",
                kinked=lambda x, low, high, at_bounds: (x == low) | (x == high),
                c="smallest(largest({0}, {1}), {2})"),
    elementwise("where",      "Piecewise((x, Ne(c, 0)), (y, True))", stable.where,
                None,
                lambda w, z, c, x, y: w.not_equal(c, 0),
                lambda w, z, c, x, y: w.equal(c, 0), operands=("c", "x", "y"), through=True,
                c="{0} != 0 ? {1} : {2}"),
)
STEPS: tuple[Op, ...] = (
    elementwise("greater",       "1 - Heaviside(y - x, 1)",     lambda xp, x, y: indicator(xp, xp.greater, x, y),
                None, None, sign=">", c="{0} > {1} ? 1 : 0",  ufunc="greater",       written="indicator", mask=True),
    elementwise("greater_equal", "Heaviside(x - y, 1)",         lambda xp, x, y: indicator(xp, xp.greater_equal, x, y),
                None, None, sign="≥", c="{0} >= {1} ? 1 : 0", ufunc="greater_equal", written="indicator", mask=True),
    elementwise("less",          "1 - Heaviside(x - y, 1)",     lambda xp, x, y: indicator(xp, xp.less, x, y),
                None, None, sign="<", c="{0} < {1} ? 1 : 0",  ufunc="less",          written="indicator", mask=True),
    elementwise("less_equal",    "Heaviside(y - x, 1)",         lambda xp, x, y: indicator(xp, xp.less_equal, x, y),
                None, None, sign="≤", c="{0} <= {1} ? 1 : 0", ufunc="less_equal",    written="indicator", mask=True),
    elementwise("equal",         "1 - Heaviside((x - y)**2, 0)", lambda xp, x, y: indicator(xp, xp.equal, x, y),
                None, None, sign="=", c="{0} == {1} ? 1 : 0", ufunc="equal",         written="indicator", mask=True),
    elementwise("not_equal",     "Heaviside((x - y)**2, 0)",    lambda xp, x, y: indicator(xp, xp.not_equal, x, y),
                None, None, sign="≠", c="{0} != {1} ? 1 : 0", ufunc="not_equal",     written="indicator", mask=True),
    elementwise("above",         "Heaviside(x - y, ties)",      stable.above,
                None, None, sign="≥", ties=1, c="above({0}, {1}, {ties})", ufunc=_above, written="share",
                mask=True, decides=True, kinked=lambda x, y, ties: x == y),
    elementwise("sign",          "2*Heaviside(x, (1 + at_zero)/2) - 1", stable.sign, None, at_zero=0,
                kink="sign(0) = {at_zero}", kinked=lambda x, at_zero: x == 0, decides=True,
                c="{0} == 0 ? {at_zero} : {0} > 0 ? 1 : {0} < 0 ? -1 : {0}", ufunc=_sign),
    elementwise("floor",         "floor(x)",                              "floor", None, c="FLOOR({0})", mask=True,
                pole="always"),
    elementwise("ceil",          "ceiling(x)",                            "ceil",  None, c="CEIL({0})", mask=True),
    elementwise("round",         "floor(x/2 + 1/4) + ceiling(x/2 - 1/4)", "rint",  None, c="RINT({0})", mask=True),
)
HELD: tuple[Op, ...] = (
    elementwise("stop_gradient", "stop_gradient(x)", lambda xp, x: xp.positive(x), None, sign="stop", held=True,
                c="{0}", js="{0}"),
)
# fmt: on
ROWS: tuple[Op, ...] = (*ARITHMETIC, *FUNCTIONS, *KINKED, *STEPS, *HELD)

"""Elementwise ops. A line reads: name, formula, NumPy, and the local derivative by each operand.

Where a convention decides (at a kink, at a tie), it is an attribute of the op, a number: `conventions` lists them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cgraph.ops import stable
from cgraph.ops.op import Op, elementwise, variadic
from cgraph.ops.stable import indicator


def _add(x: Any, y: Any, *more: Any) -> Any:
    z = x + y
    for term in more:
        z = z + term
    return z


def _mul(x: Any, *more: Any) -> Any:
    for factor in more:
        x = x * factor
    return x


def _pow(x: Any, y: Any) -> Any:
    return np.power(x, y)


def _clip(x: Any, low: Any, high: Any, at_bounds: float = 1) -> Any:
    return np.minimum(np.maximum(x, low), high)


def _one(w: Any, z: Any, *x: Any) -> int:
    """The rule of each term of a sum: one function, so that a sum of many terms is read once."""
    return 1


# fmt: off
ARITHMETIC: tuple[Op, ...] = (
    variadic("add", "x + y", _add, lambda i: _one, sign="+"),
    variadic("mul", "x*y",   _mul, lambda i: lambda w, z, *x: w.mul(*x[:i], *x[i + 1:]), sign="∗"),

    elementwise("sub",        "x - y",     np.subtract,    lambda w, z, x, y: 1,
                                                           lambda w, z, x, y: -1, sign="−"),
    elementwise("div",        "x/y",       np.true_divide, lambda w, z, x, y: 1 / y,
                                                           lambda w, z, x, y: -z / y, sign="/"),
    elementwise("neg",        "-x",        np.negative,    lambda w, z, x: -1, sign="−"),
    elementwise("pow",        "x**y",      _pow,           lambda w, z, x, y: w.scale(y, x ** (y - 1)),
                                                           lambda w, z, x, y: z * w.log(x + w.equal(x, 0)), sign="xʸ",
                kink="0⁰ = 1 has slope 0 in both operands, and 0ʸ slope 0 in y"),
    elementwise("square",     "x**2",      np.square,      lambda w, z, x: 2 * x, sign="x²"),
    elementwise("reciprocal", "1/x",       np.reciprocal,  lambda w, z, x: -z / x, sign="1/x"),
    elementwise("ratio",      "x/y",       stable.ratio,
                lambda w, z, x, y: w.ratio(1 - w.equal(x, 0) * w.equal(y, 0), y),
                lambda w, z, x, y: -w.ratio(z, y), sign="/",
                kink="0/0 = 0, with slope 0 in both operands"),
    elementwise("scale",      "x*y",       stable.scale,   lambda w, z, x, y: y,
                                                           lambda w, z, x, y: x, sign="∗",
                kink="0·∞ = 0"),
)
FUNCTIONS: tuple[Op, ...] = (
    elementwise("exp",        "exp(x)",            np.exp,          lambda w, z, x: z),
    elementwise("expm1",      "exp(x) - 1",        np.expm1,        lambda w, z, x: w.exp(x)),
    elementwise("log",        "log(x)",            np.log,          lambda w, z, x: 1 / x),
    elementwise("log1p",      "log(1 + x)",        np.log1p,        lambda w, z, x: 1 / (1 + x)),
    elementwise("log2",       "log(x)/log(2)",     np.log2,         lambda w, z, x: 1 / (x * w.log(2))),
    elementwise("log10",      "log(x)/log(10)",    np.log10,        lambda w, z, x: 1 / (x * w.log(10))),
    elementwise("sqrt",       "sqrt(x)",           np.sqrt,         lambda w, z, x: 1 / (2 * z), sign="√"),
    elementwise("cbrt",       "sign(x)*Abs(x)**(1/3)", np.cbrt,     lambda w, z, x: 1 / (3 * z**2), sign="∛"),

    elementwise("sin",        "sin(x)",            np.sin,          lambda w, z, x: w.cos(x)),
    elementwise("cos",        "cos(x)",            np.cos,          lambda w, z, x: -w.sin(x)),
    elementwise("tan",        "tan(x)",            np.tan,          lambda w, z, x: 1 + z**2),
    elementwise("arcsin",     "asin(x)",           np.arcsin,       lambda w, z, x: 1 / w.sqrt((1 - x) * (1 + x))),
    elementwise("arccos",     "acos(x)",           np.arccos,       lambda w, z, x: -1 / w.sqrt((1 - x) * (1 + x))),
    elementwise("arctan",     "atan(x)",           np.arctan,       lambda w, z, x: 1 / (1 + x**2)),
    elementwise("arctan2",    "atan2(x, y)",       np.arctan2,
                lambda w, z, x, y: y / w.hypot(x, y) / w.hypot(x, y),
                lambda w, z, x, y: -x / w.hypot(x, y) / w.hypot(x, y)),
    elementwise("hypot",      "sqrt(x**2 + y**2)", np.hypot,        lambda w, z, x, y: w.ratio(x, z),
                                                                    lambda w, z, x, y: w.ratio(y, z),
                kink="the slopes of hypot at (0, 0) are 0"),

    elementwise("sinh",       "sinh(x)",           np.sinh,         lambda w, z, x: w.cosh(x)),
    elementwise("cosh",       "cosh(x)",           np.cosh,         lambda w, z, x: w.sinh(x)),
    elementwise("tanh",       "tanh(x)",           np.tanh,         lambda w, z, x: 1 - z**2),
    elementwise("arcsinh",    "asinh(x)",          np.arcsinh,      lambda w, z, x: 1 / w.hypot(x, 1)),
    elementwise("arccosh",    "acosh(x)",          np.arccosh,      lambda w, z, x: 1 / w.sqrt(x - 1) / w.sqrt(x + 1)),
    elementwise("arctanh",    "atanh(x)",          np.arctanh,      lambda w, z, x: 1 / ((1 - x) * (1 + x))),

    elementwise("erf",        "erf(x)",            stable.erf,      lambda w, z, x: 2 * w.gaussian(x) / w.sqrt(w.pi)),
    elementwise("gaussian",   "exp(-rate*x**2)",   stable.gaussian, lambda w, z, x, rate: -2 * rate * x * z, rate=1),
    elementwise("normal_cdf", "(1 + erf(x/sqrt(2)))/2", stable.normal_cdf,
                lambda w, z, x: w.gaussian(x, rate=0.5) / w.sqrt(2 * w.pi), sign="Φ"),
)
KINKED: tuple[Op, ...] = (
    elementwise("abs",        "Abs(x)",            lambda x, at_zero=0: np.abs(x),
                lambda w, z, x, at_zero: w.sign(x, at_zero=at_zero), sign="|x|",
                at_zero=0, kink="abs'(0) = {at_zero}"),
    elementwise("maximum",    "Max(x, y)",         lambda x, y, ties=1: np.maximum(x, y),
                lambda w, z, x, y, ties: w.above(x, y, ties=ties),
                lambda w, z, x, y, ties: w.above(y, x, ties=1 - ties), sign="max",
                ties=1, kink="at a tie the first operand of maximum gets the share {ties} of the gradient"),
    elementwise("minimum",    "Min(x, y)",         lambda x, y, ties=1: np.minimum(x, y),
                lambda w, z, x, y, ties: w.above(y, x, ties=ties),
                lambda w, z, x, y, ties: w.above(x, y, ties=1 - ties), sign="min",
                ties=1, kink="at a tie the first operand of minimum gets the share {ties} of the gradient"),
    elementwise("clip",       "Min(Max(x, low), high)", _clip,
                lambda w, z, x, low, high, at_bounds:
                    w.above(x, low, ties=at_bounds) * w.above(high, w.maximum(x, low), ties=at_bounds),
                lambda w, z, x, low, high, at_bounds:
                    w.above(low, x, ties=1 - at_bounds) * w.above(high, w.maximum(x, low), ties=at_bounds),
                lambda w, z, x, low, high, at_bounds: w.above(w.maximum(x, low), high, ties=1 - at_bounds),
                operands=("x", "low", "high"), at_bounds=1,
                kink="at a bound clip lets the share {at_bounds} of the gradient through to x, the rest to the bound"),
    elementwise("where",      "Piecewise((x, Ne(c, 0)), (y, True))", stable.where,
                None,
                lambda w, z, c, x, y: w.not_equal(c, 0),
                lambda w, z, c, x, y: w.equal(c, 0), operands=("c", "x", "y")),
)
STEPS: tuple[Op, ...] = (
    elementwise("greater",       "1 - Heaviside(y - x, 1)", lambda x, y: indicator(np.greater, x, y),       None, None,
                sign=">"),
    elementwise("greater_equal", "Heaviside(x - y, 1)",     lambda x, y: indicator(np.greater_equal, x, y), None, None,
                sign="≥"),
    elementwise("less",          "1 - Heaviside(x - y, 1)", lambda x, y: indicator(np.less, x, y),          None, None,
                sign="<"),
    elementwise("less_equal",    "Heaviside(y - x, 1)",     lambda x, y: indicator(np.less_equal, x, y),    None, None,
                sign="≤"),
    elementwise("equal",         "1 - Heaviside((x - y)**2, 0)",
                lambda x, y: indicator(np.equal, x, y), None, None, sign="="),
    elementwise("not_equal",     "Heaviside((x - y)**2, 0)",
                lambda x, y: indicator(np.not_equal, x, y), None, None, sign="≠"),
    elementwise("above",         "Heaviside(x - y, ties)",  stable.above, None, None, sign="≥", ties=1),
    elementwise("sign",          "2*Heaviside(x, (1 + at_zero)/2) - 1", stable.sign, None, at_zero=0,
                kink="sign(0) = {at_zero}"),
    elementwise("floor",         "floor(x)",                np.floor, None),
    elementwise("ceil",          "ceiling(x)",              np.ceil,  None),
    elementwise("round",         "floor(x/2 + 1/4) + ceiling(x/2 - 1/4)", np.rint, None),
)
# fmt: on
ROWS: tuple[Op, ...] = (*ARITHMETIC, *FUNCTIONS, *KINKED, *STEPS)

"""Elementwise ops. A line reads: name, formula, NumPy, and the local derivative by each operand."""

from __future__ import annotations

from typing import Any

import numpy as np

from cgraph.ops.row import Row, elementwise, variadic


def _add(x: Any, y: Any, *more: Any) -> Any:
    z = x + y
    for term in more:
        z = z + term
    return z


def _mul(x: Any, *more: Any) -> Any:
    for factor in more:
        x = x * factor
    return x


def _ratio(x: Any, y: Any) -> Any:
    return np.where(x == 0, 0.0, x / np.where(x == 0, 1.0, y))


def _sigmoid(x: Any) -> Any:
    e = np.exp(-np.abs(x))  # never overflows
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


def _xlogy(x: Any, y: Any) -> Any:
    return np.where(x == 0, 0.0, x * np.log(np.where(x == 0, 1.0, y)))


def _binary_cross_entropy(p: Any, y: Any) -> Any:
    return -(_xlogy(y, p) + _xlogy(1 - y, 1 - p))


def _sigmoid_cross_entropy(x: Any, y: Any) -> Any:
    return np.maximum(x, 0) - x * y + np.log1p(np.exp(-np.abs(x)))


def _step(compare: Any, x: Any, y: Any) -> Any:
    return compare(x, y).astype(np.result_type(x, y, np.float16))  # in the precision of the operands


def _pow(x: Any, y: Any) -> Any:
    return np.power(x, y)


# fmt: off
ROWS: tuple[Row, ...] = (
    variadic("add", "x + y", _add, lambda i: lambda w, z, *x: 1, sign="+"),
    variadic("mul", "x*y",   _mul, lambda i: lambda w, z, *x: w.mul(*x[:i], *x[i + 1:]), sign="∗"),

    elementwise("sub",     "x - y",          np.subtract, lambda w, z, x, y: 1,
                                                          lambda w, z, x, y: -1, sign="−"),
    elementwise("div",     "x/y",            np.true_divide, lambda w, z, x, y: 1 / y,
                                                          lambda w, z, x, y: -z / y, sign="/"),
    elementwise("ratio",   "x/y",            _ratio,      lambda w, z, x, y: 1 / y,
                                                          lambda w, z, x, y: -w.ratio(z, y), sign="/",
                kink="0/0 = 0"),
    elementwise("neg",     "-x",             np.negative, lambda w, z, x: -1, sign="−"),
    elementwise("pow",     "x**y",           _pow,        lambda w, z, x, y: y * x ** (y - 1),
                                                          lambda w, z, x, y: z * w.log(x), sign="xʸ"),
    elementwise("exp",     "exp(x)",         np.exp,      lambda w, z, x: z),
    elementwise("log",     "log(x)",         np.log,      lambda w, z, x: 1 / x),
    elementwise("sqrt",    "sqrt(x)",        np.sqrt,     lambda w, z, x: 1 / (2 * z), sign="√"),
    elementwise("tanh",    "tanh(x)",        np.tanh,     lambda w, z, x: 1 - z**2),
    elementwise("sigmoid", "1/(1 + exp(-x))", _sigmoid,   lambda w, z, x: z * (1 - z), sign="σ"),
    elementwise("relu",    "Max(x, 0)",      lambda x: np.maximum(x, 0),
                                                          lambda w, z, x: w.greater_equal(x, 0), sign="ReLU",
                kink="ReLU'(0) = 1"),
    elementwise("maximum", "Max(x, y)",      np.maximum,  lambda w, z, x, y: w.greater_equal(x, y),
                                                          lambda w, z, x, y: w.less(x, y), sign="max",
                kink="at a tie the first operand gets the whole gradient"),

    elementwise("greater_equal", "Heaviside(x - y, 1)",     lambda x, y: _step(np.greater_equal, x, y), None, None,
                sign="≥"),
    elementwise("less",          "1 - Heaviside(x - y, 1)", lambda x, y: _step(np.less, x, y),          None, None,
                sign="<"),

    elementwise("binary_cross_entropy",  "-(y*log(x) + (1 - y)*log(1 - x))", _binary_cross_entropy,
                lambda w, z, x, y: -(w.ratio(y, x) + w.ratio(y - 1, 1 - x)),
                lambda w, z, x, y: w.log(1 - x) - w.log(x), sign="BCE"),
    elementwise("sigmoid_cross_entropy", "log(1 + exp(x)) - x*y", _sigmoid_cross_entropy,
                lambda w, z, x, y: w.sigmoid(x) - y,
                lambda w, z, x, y: -x, sign="BCE"),
)
# fmt: on

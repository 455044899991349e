"""How NumPy computes what would overflow, cancel or lose digits if it were written as its formula stands.

Each function keeps the precision of its operands (float32 stays float32).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

_ERF = np.frompyfunc(math.erf, 1, 1)
_ERFC = np.frompyfunc(math.erfc, 1, 1)
_ROOT_HALF = math.sqrt(0.5)
_ROOT_HALF_REST = -4.833646656726457e-17  # sqrt(1/2) to 32 digits less the float above
_SPLIT = 2.0**27 + 1


def keep_type(values: Any, like: Any) -> Any:
    """Values in the floating-point type of the operand that they come from."""
    return np.asarray(values, dtype=np.result_type(like, np.float16))[()]


def indicator(compare: Callable[..., Any], x: Any, y: Any) -> Any:
    """1 where a comparison holds and 0 elsewhere, in the precision of the operands."""
    return compare(x, y).astype(np.result_type(x, y, np.float16))


def above(x: Any, y: Any, ties: float = 1) -> Any:
    """1 above, `ties` at a tie, 0 below; a comparison with NaN does not hold."""
    if ties in (0, 1):
        return indicator(np.greater_equal if ties else np.greater, x, y)
    return keep_type(np.where(x == y, ties, np.greater(x, y)), np.result_type(x, y, np.float16))


def sign(x: Any, at_zero: float = 0) -> Any:
    """NumPy's sign, with `at_zero` at 0."""
    return np.sign(x) if at_zero == 0 else np.where(x == 0, at_zero, np.sign(x))


def ratio(x: Any, y: Any) -> Any:
    """x/y with 0/0 = 0."""
    return np.where(x == 0, 0.0, x / np.where(x == 0, 1.0, y))


def scale(x: Any, y: Any) -> Any:
    """A product in which an exact 0 wins: over anything on the right, over an infinity on the left."""
    product = x * y
    if not np.isnan(product if product.__class__ is np.float64 else np.add.reduce(product, axis=None)):
        return product
    return np.where((x == 0) | ((y == 0) & np.isinf(x)), 0, product)[()]


def sigmoid(x: Any) -> Any:
    """1/(1 + exp(-x))."""
    e = np.exp(-np.abs(x))  # never overflows
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


def softplus(x: Any) -> Any:
    """log(1 + exp(x))."""
    return np.logaddexp(x, 0)


def xlogy(x: Any, y: Any) -> Any:
    """x*log(y) with 0 where x is 0."""
    return np.where(x == 0, 0.0, x * np.log(np.where(x == 0, 1.0, y)))


def binary_cross_entropy(p: Any, y: Any) -> Any:
    """The loss of the probability p for the label y."""
    unlikely = np.where(y == 1, 0.0, (1 - y) * np.log1p(-np.where(y == 1, 0.0, p)))  # 1 - p would round a small p off
    return -(xlogy(y, p) + unlikely)


def sigmoid_cross_entropy(x: Any, y: Any) -> Any:
    """The loss of the logit x for the label y."""
    return np.maximum(x, 0) - x * y + np.log1p(np.exp(-np.abs(x)))


def erf(x: Any) -> Any:
    """The error function, from the C library."""
    return keep_type(_ERF(x), x)


def gaussian(x: Any, rate: float = 1) -> Any:
    """exp(-rate*x**2) without the rounding of x**2, which the exponential would multiply by rate*x**2."""
    full = np.clip(np.asarray(x, dtype=np.float64), -64.0, 64.0)  # beyond, the result is 0
    short = full.astype(np.float32).astype(np.float64)  # its square is exact
    return keep_type(np.exp(-rate * short * short) * np.exp(-rate * (full - short) * (full + short)), x)


def normal_cdf(x: Any) -> Any:
    """Half of erfc(-x/sqrt(2)), with what rounds off x/sqrt(2) put back to first order."""
    full = np.clip(np.asarray(x, dtype=np.float64), -64.0, 64.0)
    scaled = full * _ROOT_HALF
    rest = _product_error(full, _ROOT_HALF, scaled) + full * _ROOT_HALF_REST
    tail = np.asarray(_ERFC(-scaled), dtype=np.float64)
    return keep_type(0.5 * tail + gaussian(scaled) / math.sqrt(math.pi) * rest, x)


def _product_error(x: Any, y: float, product: Any) -> Any:
    """x*y - product exactly (Dekker's splitting into halves)."""
    high, top = _SPLIT * x, _SPLIT * y
    x_high, y_high = high - (high - x), top - (top - y)
    x_low, y_low = x - x_high, y - y_high
    return ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low


def gelu(x: Any) -> Any:
    """x times the normal distribution function."""
    return scale(normal_cdf(x), x)


def gelu_tanh(x: Any, cubic: float = 0.044715) -> Any:
    """The approximation of gelu by a logistic function of a cubic."""
    return scale(sigmoid(2 * math.sqrt(2 / math.pi) * (x + cubic * x * x * x)), x)


def elu(x: Any, alpha: float = 1, scale: float = 1) -> Any:
    """x above 0, alpha*(exp(x) - 1) below."""
    return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def hard_sigmoid(x: Any, at_bounds: float = 1) -> Any:
    """x/6 + 1/2 between 0 and 1."""
    return np.clip((x + 3) / 6, 0, 1)


def where(c: Any, x: Any, y: Any) -> Any:
    """x where c is true, which is everything but 0 (NaN is true too, as in NumPy), y where it is 0."""
    return np.where(np.not_equal(c, 0), x, y)

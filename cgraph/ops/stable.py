"""How arrays compute what would overflow, cancel or lose digits if it were written as its formula stands.

Each function takes the namespace of the arrays first, and keeps the precision of its operands (float32 stays float32).
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


def keep_type(xp: Any, values: Any, like: Any) -> Any:
    """Values in the floating-point type of the operand that they come from."""
    return xp.asarray(values, dtype=xp.result_type(like, xp.float16))[()]


def indicator(xp: Any, compare: Callable[..., Any], x: Any, y: Any) -> Any:
    """1 where a comparison holds and 0 elsewhere, in the precision of the operands."""
    return compare(x, y).astype(xp.result_type(x, y, xp.float16))


def above(xp: Any, x: Any, y: Any, ties: float = 1) -> Any:
    """1 above, `ties` at a tie, 0 below; a comparison with NaN does not hold."""
    if ties in (0, 1):
        return indicator(xp, xp.greater_equal if ties else xp.greater, x, y)
    return keep_type(xp, xp.where(x == y, ties, xp.greater(x, y)), xp.result_type(x, y, xp.float16))


def sign(xp: Any, x: Any, at_zero: float = 0) -> Any:
    """NumPy's sign, with `at_zero` at 0."""
    return xp.sign(x) if at_zero == 0 else xp.where(x == 0, at_zero, xp.sign(x))


def ratio(xp: Any, x: Any, y: Any) -> Any:
    """x/y with 0/0 = 0."""
    return xp.where(x == 0, 0.0, x / xp.where(x == 0, 1.0, y))


def scale(xp: Any, x: Any, y: Any) -> Any:
    """A product in which an exact 0 wins: over anything on the right, over an infinity on the left."""
    product = x * y
    if not xp.isnan(product if product.__class__ is xp.float64 else xp.add.reduce(product, axis=None)):
        return product
    return xp.where((x == 0) | ((y == 0) & xp.isinf(x)), 0, product)[()]


def power_slope(xp: Any, x: Any, y: Any) -> Any:
    """y*x**(y - 1), the slope of x**y in x: 0 where y is. NumPy's root of a number -inf is nan, C's power is inf."""
    power = xp.where((x == -math.inf) & (y == 1.5), math.inf, xp.power(x, y - 1))
    return scale(xp, y, power[()])


def power_log(xp: Any, x: Any, y: Any) -> Any:
    """x**y*log(x), the slope of x**y in y: its limits where x is 0 or infinite, and 0 at (0, 0)."""
    return scale(xp, xp.power(x, y), xp.log(xp.where((x == 0) & (y == 0), 1.0, x)))


def sigmoid(xp: Any, x: Any) -> Any:
    """1/(1 + exp(-x))."""
    e = xp.exp(-xp.abs(x))  # never overflows
    return xp.where(x >= 0, 1.0, e) / (1.0 + e)


def sigmoid_slope(xp: Any, x: Any) -> Any:
    """exp(-x)/(1 + exp(-x))**2, the derivative of sigmoid: even in x."""
    e = xp.exp(-xp.abs(x))
    return e / xp.square(1.0 + e)


def sigmoid_residual(xp: Any, x: Any, y: Any) -> Any:
    """sigmoid(x) - y, where y is 0 or 1 as exactly as the logistic function falls off on either side."""
    e = xp.exp(-xp.abs(x))
    return (indicator(xp, xp.greater_equal, x, 0) - y) - xp.copysign(e / (1.0 + e), x + 0.0)  # -0 is 0


def tanh_slope(xp: Any, x: Any) -> Any:
    """1 - tanh(x)**2 as 1/cosh(x)**2, which does not cancel."""
    return xp.square(1 / xp.cosh(x))


def mish_rise(xp: Any, x: Any) -> Any:
    """The derivative of tanh(softplus(x)), in which softplus is not rounded first."""
    e = xp.exp(-xp.abs(x))
    below, above = xp.where(x >= 0, e, 1.0), 1.0 + e
    return sigmoid(xp, x) * xp.square(2 * below * above / (xp.square(below) + xp.square(above)))


def one_less_square(xp: Any, x: Any) -> Any:
    """1 - x**2 without the rounding of x**2, which counts near 1."""
    return (1 - x) * (1 + x)


def direction(xp: Any, x: Any, y: Any) -> Any:
    """x/hypot(x, y) for operands of any sizes; 0 at (0, 0), and beside an infinite operand a finite one is 0."""
    kind = xp.result_type(x, y, xp.float16)
    x, y = xp.asarray(x, kind), xp.asarray(y, kind)
    if xp.isinf(x).any() or xp.isinf(y).any():
        far = xp.isinf(x) | xp.isinf(y)
        x, y = (xp.where(far, xp.where(xp.isinf(v), xp.sign(v), v - v), v) for v in (x, y))
    largest = xp.maximum(xp.abs(x), xp.abs(y))
    largest = xp.where(largest == 0, kind.type(1), largest)
    return ratio(xp, x / largest, xp.hypot(x / largest, y / largest))[()]


def softplus(xp: Any, x: Any) -> Any:
    """log(1 + exp(x))."""
    return xp.logaddexp(x, 0)


def softsign(xp: Any, x: Any) -> Any:
    """x/(1 + abs(x)), and its limits at the infinities: 1e30 is as far from 1 as they are."""
    return x / (1 + xp.abs(x)) if xp.isfinite(x).all() else xp.clip(x, -1e30, 1e30) / (1 + xp.clip(xp.abs(x), 0, 1e30))


def rest(xp: Any, e: Any, axis: Any) -> Any:
    """The sum of numbers of which the largest is 1, without one that is 1: it keeps the digits that 1 would cost."""
    top = e == 1
    count = xp.sum(top, axis=axis, keepdims=True, dtype=e.dtype)
    return xp.sum(xp.where(top, xp.result_type(e).type(0), e), axis=axis, keepdims=True) + xp.maximum(count - 1, 0)


def xlogy(xp: Any, x: Any, y: Any) -> Any:
    """x*log(y) with 0 where x is 0, whatever number y is."""
    zero = (x == 0) & ~xp.isnan(y)
    return xp.where(zero, 0.0, x * xp.log(xp.where(zero, 1.0, y)))[()]


def binary_cross_entropy(xp: Any, p: Any, y: Any) -> Any:
    """The loss of the probability p for the label y."""
    unlikely = xp.where(y == 1, 0.0, (1 - y) * xp.log1p(-xp.where(y == 1, 0.0, p)))  # 1 - p would round a small p off
    return -(xlogy(xp, y, p) + unlikely)


def sigmoid_cross_entropy(xp: Any, x: Any, y: Any) -> Any:
    """The loss of the logit x for the label y."""
    return x * (indicator(xp, xp.greater_equal, x, 0) - y) + xp.log1p(xp.exp(-xp.abs(x)))


def erf(xp: Any, x: Any) -> Any:
    """The error function, from the C library."""
    return keep_type(xp, _ERF(x), x)


def erfc(xp: Any, x: Any) -> Any:
    """1 less the error function, from the C library."""
    return keep_type(xp, _ERFC(x), x)


def gaussian(xp: Any, x: Any, rate: float = 1) -> Any:
    """exp(-rate*x**2) without the rounding of x**2, which the exponential would multiply by rate*x**2."""
    full = xp.clip(xp.asarray(x, dtype=xp.float64), -64.0, 64.0)  # beyond, the result is 0
    short = full.astype(xp.float32).astype(xp.float64)  # its square is exact
    return keep_type(xp, xp.exp(-rate * short * short) * xp.exp(-rate * (full - short) * (full + short)), x)


def normal_cdf(xp: Any, x: Any) -> Any:
    """Half of erfc(-x/sqrt(2)), with what rounds off x/sqrt(2) put back to first order."""
    full = xp.clip(xp.asarray(x, dtype=xp.float64), -64.0, 64.0)
    scaled = full * _ROOT_HALF
    rest = _product_error(full, _ROOT_HALF, scaled) + full * _ROOT_HALF_REST
    tail = xp.asarray(_ERFC(-scaled), dtype=xp.float64)
    return keep_type(xp, 0.5 * tail + gaussian(xp, scaled) / math.sqrt(math.pi) * rest, x)


def _above_tail(xp: Any, t: Any) -> Any:
    """K where φ(t)/Φ(-t) = t + K, for t from 4 up: Laplace's continued fraction K = 1/(t + 2/(t + 3/(t + ...)))."""
    found = t
    for n in range(50, 0, -1):
        found = t + n / found if n > 1 else 1 / found
    return found


def log_normal_cdf(xp: Any, x: Any) -> Any:
    """The logarithm of the normal distribution function, where that itself is 0 too."""
    full = xp.asarray(x, dtype=xp.float64)
    t = xp.maximum(-full, 4.0)
    tail = -t * t / 2 - xp.log(t + _above_tail(xp, t)) - 0.5 * math.log(2 * math.pi)
    near = normal_cdf(xp, xp.minimum(full, 0.0))
    above = xp.log1p(-normal_cdf(xp, -xp.maximum(full, 0.0)))
    return keep_type(xp, xp.where(full < -4, tail, xp.where(full > 0, above, xp.log(near))), x)


def inverse_mills(xp: Any, x: Any, order: int = 0) -> Any:
    """The normal density by its distribution function, the slope of log_normal_cdf; or its derivative of this order."""
    full = xp.asarray(x, dtype=xp.float64)
    edge, terms = ((4.0, 50), (2.0, 120), (1.0, 800))[min(order, 2)]  # the higher, the more the other way would cancel
    far = _above_tail_series(xp, xp.maximum(-full, edge), order, terms)[order] * math.factorial(order) * (-1) ** order
    far = far + xp.maximum(-full, edge) if order == 0 else far - 1 if order == 1 else far
    return keep_type(xp, xp.where(full < -edge, far, _near_mills(xp, xp.minimum(full, 64.0), order)), x)


def _above_tail_series(xp: Any, t: Any, order: int, terms: int) -> list[Any]:
    """The Taylor coefficients of `_above_tail` at t up to an order, by the rule for a reciprocal of a series.

    φ/Φ and its derivatives by their own equation are differences of what is nearly equal far below 0; these are not.
    """
    zero = xp.zeros_like(t)
    bottom = [t, zero + 1, *[zero] * order][: order + 1]
    for n in range(terms, 0, -1):
        top: list[Any] = [(n if n > 1 else 1) / bottom[0]]
        for k in range(1, order + 1):
            top.append(-sum(bottom[j] * top[k - j] for j in range(1, k + 1)) / bottom[0])
        bottom = [top[0] + t, *(c + (k == 0) for k, c in enumerate(top[1:]))]
    return top


def _near_mills(xp: Any, x: Any, order: int) -> Any:
    """φ/Φ where that is a quotient of numbers, and its derivatives from m' = -m(m + x), as Taylor coefficients."""
    m = [gaussian(xp, x, 0.5) / (math.sqrt(2 * math.pi) * normal_cdf(xp, x))]
    for n in range(order):
        inner = sum((m[j] * m[n - j] for j in range(1, n)), start=m[n - 1]) if n else 0
        m.append(-(m[n] * ((2 if n else 1) * m[0] + x) + inner) / (n + 1))
    return m[order] * math.factorial(order)


def _product_error(x: Any, y: float, product: Any) -> Any:
    """x*y - product exactly (Dekker's splitting into halves)."""
    high, top = _SPLIT * x, _SPLIT * y
    x_high, y_high = high - (high - x), top - (top - y)
    x_low, y_low = x - x_high, y - y_high
    return ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low


def gelu(xp: Any, x: Any) -> Any:
    """x times the normal distribution function."""
    return scale(xp, normal_cdf(xp, x), x)


def gelu_tanh(xp: Any, x: Any, cubic: float = 0.044715) -> Any:
    """The approximation of gelu by a logistic function of a cubic."""
    return scale(xp, sigmoid(xp, 2 * math.sqrt(2 / math.pi) * (x + cubic * x * x * x)), x)


def elu(xp: Any, x: Any, alpha: float = 1, scale: float = 1) -> Any:
    """x above 0, alpha*(exp(x) - 1) below."""
    return scale * xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0)))


def hard_sigmoid(xp: Any, x: Any, at_bounds: float = 1) -> Any:
    """x/6 + 1/2 between 0 and 1."""
    return xp.clip((x + 3) / 6, 0, 1)


def where(xp: Any, c: Any, x: Any, y: Any) -> Any:
    """x where c is true, which is everything but 0 (NaN is true too, as in NumPy), y where it is 0."""
    return xp.where(xp.not_equal(c, 0), x, y)

"""Remainders, sums of exponentials, sin(πx)/(πx), φ(x)/Φ(x), x·log y, log Γ:
ops that would lose digits as their formula stands."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, pi
from typing import Any

from cgraph.errors import ShapeError
from cgraph.ops import gammas
from cgraph.ops.op import Attrs, Op, broadcast, elementwise
from cgraph.ops.stable import inverse_mills, keep_type, xlogy
from cgraph.shapes import Shape, is_integer


def _whole_order(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    if not is_integer(attrs["order"]) or attrs["order"] < 0:
        raise ShapeError(f"order={attrs['order']!r}", why="a derivative has a whole order from 0 up")
    return broadcast(operands, attrs)


def _sine(xp: Any, x: Any) -> Any:
    """sin(πx), exactly 0 at whole numbers."""
    rest = x - 2 * xp.rint(x / 2)
    return xp.sin(pi * xp.where(xp.abs(rest) > 0.5, xp.copysign(1, rest) - rest, rest))


def _cosine(xp: Any, x: Any) -> Any:
    """cos(πx), exactly 0 halfway between whole numbers."""
    return xp.sin(pi * (0.5 - xp.abs(x - 2 * xp.rint(x / 2))))


def _far(xp: Any, x: Any, order: int) -> Any:
    """The derivative of sin(πx) times 1/(πx), by Leibniz's rule."""
    sine, cosine = _sine(xp, x), _cosine(xp, x)
    waves = (sine, cosine, -sine, -cosine)  # sin(πx) and its derivatives, but for powers of π
    total, factor = xp.zeros_like(x), 1 / (pi * x)
    for k in range(order + 1):
        total = total + comb(order, k) * pi ** (order - k) * waves[(order - k) % 4] * factor
        factor = factor * (-(k + 1) / x)
    return total


def _near(xp: Any, x: Any, order: int) -> Any:
    """The derivative of the power series of sin(πx)/(πx), in which nothing cancels near 0."""
    first = (order + 1) // 2
    term = (-1) ** first * pi ** (2 * first) / (2 * first + 1) * (x if order % 2 else xp.ones_like(x))
    total = term
    for m in range(first, first + 24):
        term = -term * (pi * x) ** 2 * ((2 * m + 1) / ((2 * m + 3) * (2 * m + 2 - order) * (2 * m + 1 - order)))
        total = total + term
    return total


def _sinc(xp: Any, x: Any, order: int = 0) -> Any:
    """sin(πx)/(πx), or its derivative of this order; 0 at ±∞."""
    full = xp.asarray(x, dtype=xp.float64)
    edge = max(1.0, order / 4) if order else 0.5
    near = xp.abs(full) < edge
    series = _near(xp, xp.where(near, full, 0.0), order)
    waves = _far(xp, xp.where(near | xp.isinf(full), edge, full), order)
    return keep_type(xp, xp.where(xp.isinf(full), 0.0, xp.where(near, series, waves)), x)


# fmt: off
ROWS: tuple[Op, ...] = (
    elementwise("mod", "x - y*floor(x/y)", "remainder", lambda w, z, x, y: 1,
                                                        lambda w, z, x, y: -w.floor(((x - z) / y * 2 + 1) / 2),
                kink="where x is a multiple of y, mod jumps: its slopes are 1 and -x/y",
                kinked=lambda x, y: x % y == 0,
                c="modulo({0}, {1})", js="mod({0}, {1})"),
    elementwise("logaddexp", "log(exp(x) + exp(y))", "logaddexp", lambda w, z, x, y: w.sigmoid(x - y),
                                                                  lambda w, z, x, y: w.sigmoid(y - x),
                symmetric=True, c="logaddexp({0}, {1})", js="logaddexp({0}, {1})"),
    elementwise("sinc", "diff(sinc(pi*x), x, order)", _sinc, lambda w, z, x, order: w.sinc(x, order=int(order) + 1),
                order=0, c="sinc({0}, {order})", js="sinc({0}, {order})").replaced(infer=_whole_order),
    elementwise("inverse_mills", "diff(sqrt(2/pi)*exp(-x**2/2)/(1 + erf(x/sqrt(2))), x, order)", inverse_mills,
                lambda w, z, x, order: w.inverse_mills(x, order=int(order) + 1), sign="φ/Φ", order=0,
                written="density ratio", c="inverse_mills({0}, {order})",
                js="inverseMills({0}, {order})").replaced(infer=_whole_order),
    elementwise("xlogy", "x*log(y)", xlogy, lambda w, z, x, y: w.log(y), lambda w, z, x, y: w.ratio(x, y),
                kink="0·log(0) = 0, with slope 0 in y and log(0) in x", kinked=lambda x, y: (x == 0) & (y == 0),
                c="x_log_y({0}, {1})", js="xlogy({0}, {1})", pole="always"),
    elementwise("lgamma", "loggamma(x)", gammas.lgamma, lambda w, z, x: w.digamma(x), sign="logΓ",
                also=("gammaln",), c="LGAMMA({0})", js="lgamma({0})", pole="always"),
    elementwise("digamma", "polygamma(order, x)", gammas.digamma,
                lambda w, z, x, order: w.digamma(x, order=int(order) + 1), sign="ψ", order=0, also=("psi",),
                c="digamma({0}, {order})", js="digamma({0}, {order})", pole="always").replaced(infer=_whole_order),
)
# fmt: on

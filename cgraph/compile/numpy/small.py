"""Ops of small arrays in the fewest calls of NumPy: each is what `composites` makes of it, to the same digits."""

from __future__ import annotations

from functools import wraps
from math import prod
from typing import Any

from cgraph.compile.lowering.composites import COMPOSITES, Composite
from cgraph.compile.lowering.values import Values
from cgraph.ops import TABLE
from cgraph.ops.named import ByOp
from cgraph.ops.op import elementwise

SMALL = 2048  # elements: below, what NumPy prepares costs more than what it computes
QUICK_COSH = 512  # elements: above, NumPy's cosh takes longer than all calls that exp needs
# Quicker than `minimum`; of a number and a NaN it takes the number.
SMALLER = elementwise("fmin", "min(x, y)", "fmin", None, None)
WITH_SIGN = elementwise("copysign", "|x|*sign(y)", "copysign", None, None)
STEP = elementwise("heaviside", "x > 0, y at 0", "heaviside", None, None)


SMALL_COMPOSITES: ByOp[Composite] = ByOp()
SMALL_COMPOSITES.update(COMPOSITES)


def _small(rewrite: Composite) -> Composite:
    """How an op is written for small arrays; for others it is as everywhere."""

    @wraps(rewrite)
    def chosen(v: Values, x: int, *more: int, **attrs: Any) -> int:
        if 0 < prod(v.shape(x)) <= SMALL:
            return rewrite(v, x, *more, **attrs)
        return COMPOSITES[TABLE[chosen.__name__.strip("_")]](v, x, *more, **attrs)

    return SMALL_COMPOSITES(chosen)


def _decay(v: Values, x: int) -> int:
    """exp(-|x|), which is NaN where x is: so is all that is made of it below."""
    return v.apply("exp", v.apply(WITH_SIGN, x, v.constant(-1.0)))


@_small
def _sigmoid(v: Values, x: int) -> int:
    above = v.apply("exp", v.apply(SMALLER, x, v.constant(0.0)))
    return v.apply("div", above, v.apply("add", _decay(v, x), v.constant(1.0)))


@_small
def _sigmoid_slope(v: Values, x: int) -> int:
    e = _decay(v, x)
    return v.apply("div", e, v.apply("square", v.apply("add", e, v.constant(1.0))))


@_small
def _sigmoid_residual(v: Values, x: int, y: int) -> int:
    e, above = _decay(v, x), v.apply(STEP, x, v.constant(1.0))
    rest = v.apply("div", e, v.apply("add", e, v.constant(1.0)))
    return v.apply(
        "sub", v.apply("sub", above, y), v.apply(WITH_SIGN, rest, v.apply("add", x, v.constant(0.0)))
    )  # -0 is 0


@_small
def _tanh_slope(v: Values, x: int) -> int:
    if prod(v.shape(x)) > QUICK_COSH:
        return COMPOSITES[TABLE["tanh_slope"]](v, x)
    return v.apply("square", v.apply("reciprocal", v.apply("cosh", x)))


@_small
def _sigmoid_cross_entropy(v: Values, x: int, y: int) -> int:
    linear = v.apply("mul", x, v.apply("sub", v.apply(STEP, x, v.constant(1.0)), y))
    return v.apply("add", linear, v.apply("log1p", _decay(v, x)))

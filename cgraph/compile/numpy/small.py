"""Ops of small arrays in the fewest calls of NumPy: each is what `composites` makes of it, to the same digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from cgraph.compile.lowering.composites import COMPOSITES
from cgraph.compile.lowering.values import Values
from cgraph.ops.op import elementwise

SMALL = 2048  # elements: below, what NumPy prepares costs more than what it computes
# Quicker than `maximum` and `minimum`; of a number and a NaN they take the number.
LARGER = elementwise("fmax", "max(x, y)", "fmax", None, None)
SMALLER = elementwise("fmin", "min(x, y)", "fmin", None, None)
WITH_SIGN = elementwise("copysign", "|x|*sign(y)", "copysign", None, None)


def _decay(v: Values, x: int) -> int:
    """exp(-|x|), which is NaN where x is: so is all that is made of it below."""
    return v.apply("exp", v.apply(WITH_SIGN, x, v.constant(-1.0)))


def _sigmoid(v: Values, x: int) -> int:
    above = v.apply("exp", v.apply(SMALLER, x, v.constant(0.0)))
    return v.apply("div", above, v.apply("add", _decay(v, x), v.constant(1.0)))


def _sigmoid_cross_entropy(v: Values, x: int, y: int) -> int:
    linear = v.apply("sub", v.apply(LARGER, x, v.constant(0.0)), v.apply("mul", x, y))
    return v.apply("add", linear, v.apply("log1p", _decay(v, x)))


def _small(name: str, rewrite: Callable[..., int]) -> Callable[..., int]:
    def chosen(v: Values, x: int, *more: int, **attrs: Any) -> int:
        return (rewrite if 0 < prod(v.shape(x)) <= SMALL else COMPOSITES[name])(v, x, *more, **attrs)

    return chosen


SMALL_COMPOSITES: Mapping[str, Callable[..., int]] = {
    **COMPOSITES,
    "sigmoid": _small("sigmoid", _sigmoid),
    "sigmoid_cross_entropy": _small("sigmoid_cross_entropy", _sigmoid_cross_entropy),
}

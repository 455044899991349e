"""Values with a factor in front, which is held back until a result needs their product."""

from __future__ import annotations

from typing import NamedTuple

from cgraph.compile.lowering.values import Values

LARGEST_FACTOR = 2.0**40  # a factor that is held back must not make a product over- or underflow


class Term(NamedTuple):
    """factor · value."""

    factor: float
    value: int


def solid(values: Values, term: Term) -> int:
    """A term as one value: the product is computed."""
    if term.factor == 1.0:
        return term.value
    if term.factor == -1.0:
        return values.apply("neg", term.value)
    return values.apply("mul", values.constant(term.factor), term.value)


def moderate(factor: float) -> bool:
    """Whether a factor may be held back, or be moved, without over- or underflow."""
    return 1 / LARGEST_FACTOR < abs(factor) < LARGEST_FACTOR

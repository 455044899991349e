"""The calls of NumPy that all ops are made of: into a buffer, with NumPy's short ways taken."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from cgraph.compile.lowering.values import Value
from cgraph.compile.numpy.small import SMALL

Call: TypeAlias = Callable[[], Any]
Steps: TypeAlias = Callable[[Value, Any, list[Any]], list[Call]]  # of a value, its buffer and those of its operands


def ufunc_of(value: Value) -> np.ufunc | None:
    """The universal function that computes a value from its operands alone."""
    return None if value.op is None else value.op.universal(value.attrs)


def ufunc_calls(ufunc: np.ufunc, operands: list[Any], out: Any) -> list[Call]:
    """A universal function into a buffer, after copies of the operands that it would be slow to broadcast."""
    spread = [_spread(x, out) for x in operands]
    copies = [copy(wide, x) for x, wide in zip(operands, spread, strict=True) if wide is not x and wide.flags.writeable]
    if ufunc in (np.maximum, np.minimum):  # their positional out is deprecated, and slow
        return [*copies, partial(ufunc, *spread, out=out)]
    return [*copies, partial(ufunc, *spread, out)]


def copy(target: Any, source: Any) -> Call:
    """Every element of an array to another."""
    return partial(target.__setitem__, Ellipsis, source)


def _spread(operand: Any, out: Any) -> Any:
    """An array of the result's shape for an operand of another: NumPy's short way is for equal shapes, and numbers.

    What never changes is copied there at once; what changes, before each call.
    """
    constant = not operand.flags.writeable
    if operand.shape == out.shape or out.size > SMALL or not (constant or operand.shape):
        return operand
    wide = np.empty(out.shape, operand.dtype)
    wide[...] = operand
    wide.flags.writeable = not constant
    return wide


def by_the_row(function: Callable[..., Any], out: Any, operands: list[Any], attrs: dict[str, Any]) -> None:
    """An op that has no way of writing into a buffer: the row's own function, and a copy of its result."""
    out[...] = function(*[x[()] for x in operands], **attrs)


class Careful:
    """A call that looks whether 0 met ∞ in a product and lets the 0 win; it says so to `report`, the binding's."""

    __slots__ = ("again", "look", "report")

    def __init__(self, look: Callable[[], float], again: Call) -> None:
        self.look, self.again = look, again
        self.report: Call = bool

    def __call__(self) -> None:
        if math.isnan(self.look()):
            self.report()
            self.again()


def dot(x: Any, y: Any, out: Any) -> Call:
    """A product by the method, which costs half of what np.dot does on small matrices."""
    return partial(x.dot, y, out)

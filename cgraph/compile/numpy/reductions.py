"""Sums, products and largest elements in the calls of NumPy that are quickest for their shapes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from cgraph.compile.lowering.class_ids import TOP
from cgraph.compile.lowering.values import Value
from cgraph.compile.numpy.calls import Call, Careful, Steps, by_the_row, copy, dot
from cgraph.compile.numpy.inner import INNER, LONG
from cgraph.compile.numpy.windows import joined, places
from cgraph.ops import TABLE
from cgraph.ops.named import ByOp

WIDE = 8  # columns from which sums over the rows of many matrices are quicker as products
REDUCTIONS: ByOp[Steps] = ByOp(INNER, TOP)


def reduced(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    """The calls of a reduction: short sums are products with ones."""
    (x,), axis = operands, value.attrs["axis"]
    assert value.op is not None and value.op.reduction is not None
    ufunc = getattr(np, value.op.reduction.ufunc)
    if ufunc.identity is None and not x.size:
        return [partial(by_the_row, value.op.numpy, out, operands, dict(value.attrs))]
    if ufunc is np.add and x.flags.c_contiguous and out.size and x.size:
        if len(axis) == x.ndim and x.size <= LONG:
            return [dot(x.reshape(-1), np.ones(x.size, x.dtype), out.reshape(()))]
        if x.ndim == 3 and axis == (1,) and x.shape[1] <= LONG and x.shape[2] >= WIDE:
            rows = out.reshape(x.shape[0], 1, x.shape[2])
            return [partial(np.matmul, np.ones((1, x.shape[1]), x.dtype), x, rows)]
        if x.ndim == 2 and len(axis) == 1 and x.shape[axis[0]] <= LONG:
            ones = np.ones(x.shape[axis[0]], x.dtype)
            left, right = (ones, x) if axis == (0,) else (x, ones)
            return [dot(left, right, out.reshape(-1))]
    parts = places(x, axis)
    if parts:
        return joined(ufunc, parts, out)
    keepdims = value.attrs["keepdims"]
    return [partial(ufunc.reduce, x, axis=axis, out=out, keepdims=keepdims)]


@REDUCTIONS
def _inner(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    """One call where the memory of the operands is in one order; else of a copy."""
    copies = {id(x): (np.empty(x.shape, x.dtype), x) for x in operands if not x.flags.c_contiguous}
    found = [copy(*pair) for pair in copies.values()]
    x, *others = (copies.get(id(x), (x,))[0].reshape(-1) for x in operands)
    number, factor = out.reshape(()), out.dtype.type(value.attrs.get("factor", 1))
    if not others:
        return [*found, dot(x, np.full(x.size, factor), number)]
    total = number if factor == 1 else np.empty_like(number)
    found.append(dot(x, others[0], total))
    if "zero_wins" in value.attrs:
        found.append(Careful(total.item, partial(_let_zero_win, x, others[0], total)))
    return found if total is number else [*found, partial(np.multiply, total, np.array(factor), number)]


def _let_zero_win(x: Any, y: Any, number: Any) -> None:
    """A sum that is NaN may have a 0 in it that wins over an infinity or a NaN."""
    number[...] = np.sum(TABLE["scale"].numpy(x, y))


@REDUCTIONS
def _prod(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    """By the row, whose partial products neither over- nor underflow."""
    assert value.op is not None
    return [partial(by_the_row, value.op.numpy, out, operands, dict(value.attrs))]


def _maxima(value: Value, out: Any, operands: list[Any], initial: Mapping[str, Any]) -> list[Call]:
    """Maxima of short rows: of the columns of a transposed copy, which NumPy does many at a time."""
    (x,) = operands
    if x.ndim == 2 and value.attrs["axis"] == (1,) and 1 < x.shape[1] <= 64 and x.shape[0] >= 8:
        columns = np.empty((x.shape[1], x.shape[0]), x.dtype)
        maxima = partial(np.maximum.reduce, columns, axis=0, out=out.reshape(-1), **initial)
        return [copy(columns, x.T), maxima]
    if initial:
        return [partial(np.maximum.reduce, x, axis=value.attrs["axis"], out=out, keepdims=True, **initial)]
    return reduced(value, out, operands)


@REDUCTIONS
def _max(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    return _maxima(value, out, operands, {})


@REDUCTIONS
def _top(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    return _maxima(value, out, operands, {"initial": -np.finfo(out.dtype).max})

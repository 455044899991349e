"""Sums, products and largest elements in the calls of NumPy that are quickest for their shapes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cgraph.compile.lowering.class_ids import TOP
from cgraph.compile.lowering.values import Value
from cgraph.compile.numpy.calls import Call, Careful, Steps, by_the_row, copy, dot
from cgraph.compile.numpy.inner import INNER, LONG
from cgraph.compile.numpy.windows import joined, places
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
    flat = [copies.get(id(x), (x,))[0].reshape(-1) for x in operands]
    number, factor = out.reshape(()), out.dtype.type(value.attrs.get("factor", 1))
    if len(flat) == 1:
        return [*found, dot(flat[0], np.full(flat[0].size, factor), number)]
    if len(flat) == 2 and factor == 1 and "zero_wins" not in value.attrs:
        return [*found, dot(flat[0], flat[1], number)]
    pairs = list(zip(flat[::2], flat[1::2], strict=True))
    totals = [np.empty_like(number) for _ in pairs]
    products = [dot(x, y, total) for (x, y), total in zip(pairs, totals, strict=True)]
    combined = partial(_combined, number, float(factor), *(x.item for x in totals))
    if "zero_wins" not in value.attrs:
        return [*found, *products, combined]
    assert value.op is not None  # a sum that is NaN may have a 0 in it that wins over an infinity or a NaN
    return [*found, *products, Careful(combined, partial(by_the_row, value.op.numpy, number, flat, dict(value.attrs)))]


def _combined(number: Any, factor: float, first: Callable[[], float], second: Callable[[], float] = float) -> float:
    """The factor times the difference of two numbers: as a Python float, which takes half the time of NumPy's calls."""
    number[...] = found = factor * (first() - second())
    return found


@REDUCTIONS
def _prod(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    """By the row, whose partial products neither over- nor underflow."""
    assert value.op is not None
    return [partial(by_the_row, value.op.numpy, out, operands, dict(value.attrs))]


def _maxima(value: Value, out: Any, operands: list[Any], *initial: Any) -> list[Call]:
    """Maxima of short rows: of the columns of a transposed copy, which NumPy does many at a time."""
    (x,) = operands
    if x.ndim == 2 and value.attrs["axis"] == (1,) and 1 < x.shape[1] <= 64 and x.shape[0] >= 8:
        columns = np.empty((x.shape[1], x.shape[0]), x.dtype)
        return [copy(columns, x.T), partial(np.maximum.reduce, columns, 0, None, out.reshape(-1), False, *initial)]
    if initial:
        return [partial(np.maximum.reduce, x, value.attrs["axis"], None, out, True, *initial)]
    return reduced(value, out, operands)


@REDUCTIONS
def _max(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    return _maxima(value, out, operands)


@REDUCTIONS
def _top(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    return _maxima(value, out, operands, -np.finfo(out.dtype).max)

"""Ops that NumPy computes in a way of their own, neither by a universal function nor by the row."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cgraph.compile.lowering.beside import WITH_ONES
from cgraph.compile.lowering.class_ids import LESS_ONE_HOT, PICKED, RESIDUAL, REST
from cgraph.compile.lowering.values import Value
from cgraph.compile.numpy.calls import Call, Careful, Steps, by_the_row, copy, dot, ufunc_calls
from cgraph.compile.numpy.table_rows import pick, take_one, take_rows
from cgraph.ops.named import ByOp

STEPS: ByOp[Steps] = ByOp(WITH_ONES, LESS_ONE_HOT, PICKED, REST, RESIDUAL)


@STEPS
def _matmul(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    x, y = operands
    return [dot(x, y, out) if x.ndim == y.ndim == 2 else partial(np.matmul, x, y, out)]


@STEPS
def _reshape(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    return [copy(out.reshape(operands[0].shape), operands[0])]  # what is no view: the elements in their order


@STEPS
def _relu(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    zero = np.zeros((), out.dtype)
    zero.flags.writeable = False
    return ufunc_calls(np.maximum, [operands[0], zero], out)


@STEPS
def _tanh_slope(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    inner = (partial(ufunc, out, out) for ufunc in (np.reciprocal, np.square))
    return [*ufunc_calls(np.cosh, operands, out), *inner]


@STEPS
def _with_ones(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    out[:, -1] = 1  # once: nothing else is written there
    there = operands[0].ctypes.data == out.ctypes.data  # an input that is fed beside its ones
    return [] if there else [copy(out[:, :-1], operands[0])]


@STEPS
def _where(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    condition, x, y = operands
    taken, zero = np.empty(condition.shape, bool), np.zeros_like(condition)
    if x is out:
        return [partial(np.equal, condition, zero, taken), _put(out, taken, y)]
    first = [] if y is out else [partial(np.copyto, out, y)]
    return [partial(np.not_equal, condition, zero, taken), *first, partial(np.copyto, out, x, where=taken)]


def _put(out: Any, where: Any, value: Any) -> Call:
    """out = value where it says so: row by row, if it says the same of the elements of each."""
    rows = where.ndim - 1
    if value.size == 1 and where.ndim == out.ndim > 1 and where.shape == (*out.shape[:rows], 1):
        return partial(out.__setitem__, where.reshape(out.shape[:rows]), value.reshape(()))
    return partial(np.copyto, out, value, where=where)


@STEPS
def _take(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    if value.attrs["axis"] or not out.flags.c_contiguous:
        assert value.op is not None
        return [partial(by_the_row, value.op.numpy, out, operands, dict(value.attrs))]
    table, ids = operands
    return [partial(take_rows, table, ids, out)]


@STEPS
def _scale(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    x, y = operands
    flat = out.reshape(-1)

    def zero_wins() -> None:
        out[...] = np.where(np.isnan(out) & ((x == 0) | ((y == 0) & np.isinf(x))), 0, out)

    return [partial(np.multiply, x, y, out), Careful(partial(flat.dot, flat), zero_wins)]


@STEPS
def _concatenate(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    return [partial(np.concatenate, operands, axis=value.attrs["axis"], out=out)]


@STEPS
def _less_one_hot(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    x, ids, rest = operands
    first = [] if x is out else [copy(out, x)]
    columns = out.shape[-1]
    return [*first, partial(take_one, out.reshape(-1), ids, rest.reshape(-1), np.arange(0, out.size, columns), columns)]


@STEPS
def _rest(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    """The sum of what is not 1, for each row has one 1; all is done again by the row where another number has."""
    (e,) = operands
    assert value.op is not None
    exactly = partial(by_the_row, value.op.numpy, out, operands, dict(value.attrs))
    if value.attrs["axis"] not in ((-1,), (e.ndim - 1,)) or not e.flags.c_contiguous:
        return [exactly]
    rows = e.reshape(-1, e.shape[-1])
    wholes, less, count = np.empty_like(rows), np.empty_like(rows), np.empty((), e.dtype)

    def others() -> None:
        if count.item() != len(rows):
            exactly()

    calls: list[Call] = [partial(np.floor, rows, wholes), partial(np.subtract, rows, wholes, less)]
    sums = dot(less, np.ones(e.shape[-1], e.dtype), out.reshape(-1))
    return [*calls, sums, dot(wholes.reshape(-1), np.ones(e.size, e.dtype), count), others]


@STEPS
def _residual(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    """As the row, for targets of a distribution, which sum to 1; others are done again by the row itself."""
    e, y, of_all, rest = operands
    assert value.op is not None
    exactly, ones = partial(by_the_row, value.op.numpy, out, operands, {}), np.ones_like(of_all).tobytes()
    wide, product = np.empty_like(out), np.empty_like(out)

    def others() -> None:
        if of_all.tobytes() != ones:
            exactly()

    return [
        copy(wide, rest),
        partial(np.subtract, e, y, out),
        partial(np.multiply, y, wide, product),
        partial(np.subtract, out, product, out),
        partial(np.add, wide, np.ones_like(wide), wide),
        partial(np.divide, out, wide, out),
        others,
    ]


@STEPS
def _picked(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    x, ids = operands
    if not x.flags.c_contiguous:
        assert value.op is not None
        return [partial(by_the_row, value.op.numpy, out, operands, dict(value.attrs))]
    columns = x.shape[-1]
    return [partial(pick, x.reshape(-1), ids, np.arange(0, x.size, columns), columns, out.reshape(-1))]


OVER_OPERANDS = (
    _relu,
    _tanh_slope,
    _where,
    _less_one_hot,
)  # steps that may write over an operand, as universal functions do

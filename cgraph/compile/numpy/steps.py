"""The numpy backend: a static schedule of calls that write into buffers, run by a tight loop. It needs no compiler."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from cgraph.compile.blas import accumulate
from cgraph.compile.lowering.beside import WITH_ONES
from cgraph.compile.lowering.class_ids import LESS_ONE_HOT, PICKED
from cgraph.compile.lowering.values import Value
from cgraph.compile.numpy.inner import INNER, LONG
from cgraph.compile.numpy.small import SMALL
from cgraph.compile.numpy.table_rows import add_rows, add_shares, pick, take_one, take_rows
from cgraph.compile.plan.plan import Plan
from cgraph.compile.plan.updates import Update, reads
from cgraph.ops import TABLE
from cgraph.ops.indexing import as_ids
from cgraph.ops.named import ByOp

Call: TypeAlias = Callable[[], Any]
COMPARISONS = (np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal)
WIDE = 8  # columns from which sums over the rows of many matrices are quicker as products


def ufunc_of(value: Value) -> np.ufunc | None:
    """The universal function that computes a value from its operands alone."""
    return None if value.op is None else value.op.universal(value.attrs)


def in_place(value: Value) -> bool:
    """Whether a value may be written over an operand of its own shape. A single number is quicker elsewhere."""
    known = ufunc_of(value) is not None or STEPS.get(value.op) in OVER_OPERANDS
    return known and math.prod(value.shape) != 1


def one_by_one(values: Sequence[Value], order: list[int]) -> list[tuple[int, ...]]:
    """Each value is a step of its own."""
    return [(x,) for x in order]


def calls(plan: Plan, arrays: Mapping[int, Any]) -> list[Call]:
    """The calls of a plan in order, on these arrays."""
    return [one for _, made in steps(plan, arrays) for one in made]


def steps(plan: Plan, arrays: Mapping[int, Any]) -> Iterator[tuple[tuple[int, ...], list[Call]]]:
    """For each step of a plan the values whose arrays it touches, operands first, and its calls."""
    for (number,) in plan.groups:
        value = plan.values[number]
        yield (*value.operands, number), call(value, arrays[number], [arrays[x] for x in value.operands])
    for update in plan.updates:
        if update.kind == "rows":
            ids = plan.values[update.value].operands[-2]
            yield (ids, update.target), [partial(as_ids, arrays[ids], len(arrays[update.target]))]
    for update in plan.updates:
        touched = reads(plan.values, update)
        yield (*touched, update.target), _update(plan.values, update, arrays)


def call(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    """The calls that compute one value."""
    if value.op is None:
        return [_copy(out, operands[0])]
    special = STEPS.get(value.op) or (_reduced if value.op.reduction else None)
    if special is not None:
        return special(value, out, operands)
    ufunc = ufunc_of(value)
    if ufunc is not None and ufunc in COMPARISONS and out.size <= SMALL:
        holds = np.empty(out.shape, bool)  # what NumPy would do by itself, at the double price
        return [*_ufunc(ufunc, operands, holds), _copy(out, holds)]
    if ufunc is not None:
        return _ufunc(ufunc, operands, out)
    return [partial(_by_the_row, value.op.numpy, out, operands, dict(value.attrs))]


def _ufunc(ufunc: np.ufunc, operands: list[Any], out: Any) -> list[Call]:
    spread = [_spread(x, out) for x in operands]
    copies = [
        _copy(wide, x) for x, wide in zip(operands, spread, strict=True) if wide is not x and wide.flags.writeable
    ]
    if ufunc in (np.maximum, np.minimum):  # their positional out is deprecated, and slow
        return [*copies, partial(ufunc, *spread, out=out)]
    return [*copies, partial(ufunc, *spread, out)]


def _copy(target: Any, source: Any) -> Call:
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


def _by_the_row(function: Callable[..., Any], out: Any, operands: list[Any], attrs: dict[str, Any]) -> None:
    """An op that has no way of writing into a buffer: the row's own function, and a copy of its result."""
    out[...] = function(*[x[()] for x in operands], **attrs)


# Ops with a way of their own ------------------------------------------------------------------------------------------
STEPS: ByOp[Callable[[Value, Any, list[Any]], list[Call]]] = ByOp(INNER, WITH_ONES, LESS_ONE_HOT, PICKED)


@STEPS
def _matmul(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    x, y = operands
    return [_dot(x, y, out) if x.ndim == y.ndim == 2 else partial(np.matmul, x, y, out)]


def _dot(x: Any, y: Any, out: Any) -> Call:
    """A product by the method, which costs half of what np.dot does on small matrices."""
    return partial(x.dot, y, out)


@STEPS
def _relu(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    zero = np.zeros((), out.dtype)
    zero.flags.writeable = False
    return _ufunc(np.maximum, [operands[0], zero], out)


def _reduced(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    (x,), axis = operands, value.attrs["axis"]
    assert value.op is not None and value.op.reduction is not None
    ufunc = getattr(np, value.op.reduction.ufunc)
    if ufunc.identity is None and not x.size:
        return [partial(_by_the_row, value.op.numpy, out, operands, dict(value.attrs))]
    if ufunc is np.add and x.flags.c_contiguous and out.size and x.size:
        if len(axis) == x.ndim and x.size <= LONG:
            return [_dot(x.reshape(-1), np.ones(x.size, x.dtype), out.reshape(()))]
        if x.ndim == 3 and axis == (1,) and x.shape[1] <= LONG and x.shape[2] >= WIDE:
            rows = out.reshape(x.shape[0], 1, x.shape[2])
            return [partial(np.matmul, np.ones((1, x.shape[1]), x.dtype), x, rows)]
        if x.ndim == 2 and len(axis) == 1 and x.shape[axis[0]] <= LONG:
            ones = np.ones(x.shape[axis[0]], x.dtype)
            left, right = (ones, x) if axis == (0,) else (x, ones)
            return [_dot(left, right, out.reshape(-1))]
    keepdims = value.attrs["keepdims"]
    return [partial(ufunc.reduce, x, axis=axis, out=out, keepdims=keepdims)]


@STEPS
def _with_ones(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    out[:, -1] = 1  # once: nothing else is written there
    there = operands[0].ctypes.data == out.ctypes.data  # an input that is fed beside its ones
    return [] if there else [_copy(out[:, :-1], operands[0])]


@STEPS
def _inner(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    """One call where the memory of the operands is in one order; else of a copy."""
    copies = {id(x): (np.empty(x.shape, x.dtype), x) for x in operands if not x.flags.c_contiguous}
    found = [_copy(*pair) for pair in copies.values()]
    x, *others = (copies.get(id(x), (x,))[0].reshape(-1) for x in operands)
    number, factor = out.reshape(()), out.dtype.type(value.attrs.get("factor", 1))
    if not others:
        return [*found, _dot(x, np.full(x.size, factor), number)]
    total = number if factor == 1 else np.empty_like(number)
    found.append(_dot(x, others[0], total))
    if "zero_wins" in value.attrs:
        found.append(partial(_let_zero_win, x, others[0], total))
    return found if total is number else [*found, partial(np.multiply, total, np.array(factor), number)]


def _let_zero_win(x: Any, y: Any, number: Any) -> None:
    """A sum that is NaN may have a 0 in it that wins over an infinity or a NaN."""
    if math.isnan(number):
        number[...] = np.sum(TABLE["scale"].numpy(x, y))


@STEPS
def _max(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    """Maxima of short rows: of the columns of a transposed copy, which NumPy does many at a time."""
    (x,) = operands
    if x.ndim == 2 and value.attrs["axis"] == (1,) and 1 < x.shape[1] <= 64 and x.shape[0] >= 8:
        columns = np.empty((x.shape[1], x.shape[0]), x.dtype)
        maxima = partial(np.maximum.reduce, columns, axis=0, out=out.reshape(-1))
        return [_copy(columns, x.T), maxima]
    return _reduced(value, out, operands)


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
        return [partial(_by_the_row, value.op.numpy, out, operands, dict(value.attrs))]
    table, ids = operands
    return [partial(take_rows, table, ids, out)]


@STEPS
def _scale(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    x, y = operands
    flat = out.reshape(-1)

    def zero_wins() -> None:
        if math.isnan(flat.dot(flat)):
            out[...] = np.where(np.isnan(out) & ((x == 0) | ((y == 0) & np.isinf(x))), 0, out)

    return [partial(np.multiply, x, y, out), zero_wins]


@STEPS
def _concatenate(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    return [partial(np.concatenate, operands, axis=value.attrs["axis"], out=out)]


@STEPS
def _less_one_hot(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    x, ids = operands
    first = [] if x is out else [_copy(out, x)]
    columns = out.shape[-1]
    return [*first, partial(take_one, out.reshape(-1), ids, np.arange(0, out.size, columns), columns)]


@STEPS
def _picked(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    x, ids = operands
    if not x.flags.c_contiguous:
        assert value.op is not None
        return [partial(_by_the_row, value.op.numpy, out, operands, dict(value.attrs))]
    columns = x.shape[-1]
    return [partial(pick, x.reshape(-1), ids, np.arange(0, x.size, columns), columns, out.reshape(-1))]


OVER_OPERANDS = (_relu, _where, _less_one_hot)  # steps that may write over an operand, as universal functions do


# Updates -------------------------------------------------------------------------------------------------------------
def _update(values: Sequence[Value], update: Update, arrays: Mapping[int, Any]) -> list[Call]:
    target, value = arrays[update.target], values[update.value]
    if update.kind == "copy":
        return [_copy(target, arrays[update.value])]
    operands = [arrays[x] for x in value.operands]
    if update.kind == "op":
        out = target if target.size != 1 else np.empty_like(target)
        return [*call(value, out, operands), *([_copy(target, out)] if out is not target else [])]
    if update.kind == "rows":
        *rows, ids, _ = operands
        add: Callable[..., None] = add_rows if value.op is TABLE["scatter_add"] else add_shares
        return [partial(add, target, *rows, ids=ids, factor=target.dtype.type(update.factor))]
    product = accumulate(operands[0], operands[1], target, update.factor)
    if product is not None:
        return [product]
    added = np.empty_like(target)
    return [
        _dot(operands[0], operands[1], added),
        partial(np.multiply, added, target.dtype.type(update.factor), added),
        partial(np.add, target, added, target),
    ]

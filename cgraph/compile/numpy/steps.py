"""The numpy backend: a static schedule of calls that write into buffers, run by a tight loop. It needs no compiler."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from cgraph.compile.blas import accumulate
from cgraph.compile.lowering.values import Value
from cgraph.compile.numpy.calls import Call, Steps, by_the_row, copy, dot, ufunc_calls, ufunc_of
from cgraph.compile.numpy.ops import OVER_OPERANDS, STEPS
from cgraph.compile.numpy.reductions import REDUCTIONS, reduced
from cgraph.compile.numpy.small import SMALL
from cgraph.compile.numpy.table_rows import add_rows, add_shares
from cgraph.compile.numpy.windows import WINDOWS
from cgraph.compile.plan.plan import Plan
from cgraph.compile.plan.updates import Update, reads
from cgraph.ops import TABLE
from cgraph.ops.indexing import as_ids
from cgraph.ops.op import Op

COMPARISONS = (np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal)
OWN_WAYS: Mapping[Op | None, Steps] = {**STEPS, **REDUCTIONS, **WINDOWS}


def in_place(value: Value) -> bool:
    """Whether a value may be written over an operand of its own shape. A single number is quicker elsewhere."""
    known = ufunc_of(value) is not None or OWN_WAYS.get(value.op) in OVER_OPERANDS
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
        return [copy(out, operands[0])]
    special = OWN_WAYS.get(value.op) or (reduced if value.op.reduction else None)
    if special is not None:
        return special(value, out, operands)
    ufunc = ufunc_of(value)
    if ufunc is not None and ufunc in COMPARISONS and out.size <= SMALL:
        holds = np.empty(out.shape, bool)  # what NumPy would do by itself, at the double price
        return [*ufunc_calls(ufunc, operands, holds), copy(out, holds)]
    if ufunc is not None:
        return ufunc_calls(ufunc, operands, out)
    return [partial(by_the_row, value.op.numpy, out, operands, dict(value.attrs))]


def _update(values: Sequence[Value], update: Update, arrays: Mapping[int, Any]) -> list[Call]:
    target, value = arrays[update.target], values[update.value]
    if update.kind == "copy":
        return [copy(target, arrays[update.value])]
    operands = [arrays[x] for x in value.operands]
    if update.kind == "op":
        out = target if target.size != 1 else np.empty_like(target)
        return [*call(value, out, operands), *([copy(target, out)] if out is not target else [])]
    if update.kind == "rows":
        *rows, ids, _ = operands
        add: Callable[..., None] = add_rows if value.op is TABLE["scatter_add"] else add_shares
        return [partial(add, target, *rows, ids=ids, factor=target.dtype.type(update.factor))]
    product = accumulate(operands[0], operands[1], target, update.factor)
    if product is not None:
        return [product]
    added = np.empty_like(target)
    return [
        dot(operands[0], operands[1], added),
        partial(np.multiply, added, target.dtype.type(update.factor), added),
        partial(np.add, target, added, target),
    ]

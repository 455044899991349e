"""Cross-entropy with class ids: one element of a row is read, and 1 is taken from one, where one-hot rows are many.

Ops of programs alone, into which lowering turns what uses one-hot rows, and exponentials; no graph has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from cgraph.compile.lowering.values import Value, Values
from cgraph.ops import TABLE
from cgraph.ops.facts import Reduction, free
from cgraph.ops.indexing import as_ids
from cgraph.ops.op import Attrs, elementwise, structural
from cgraph.ops.reductions import reduction
from cgraph.ops.stable import rest
from cgraph.shapes import Shape


def _row_shape(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    return attrs, operands[1]


def _same_shape(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    return attrs, operands[0]


def _picked(xp: Any, x: Any, ids: Any) -> Any:
    places = as_ids(ids, xp.shape(x)[-1])
    return xp.take_along_axis(x, places[..., None], axis=-1)[..., 0]


def _less_one_hot(xp: Any, x: Any, ids: Any, rest: Any) -> Any:
    result = xp.array(x)
    less_in_place(result, ids, rest)
    return result


def less_in_place(x: Any, ids: Any, rest: Any) -> None:
    """Take 1, and then the rest, from the element of each row of x that its id chooses.

    Raises ValueRefusedError for a wrong id.
    """
    columns = x.shape[-1]
    places = np.arange(0, x.size, columns) + as_ids(ids, columns).reshape(-1)
    x.reshape(-1)[places] = x.reshape(-1)[places] - 1 - rest.reshape(-1)


def _top(xp: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return xp.max(x, axis=axis, keepdims=keepdims, initial=-xp.finfo(x.dtype).max)


def _kept(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    return attrs, tuple(1 if i in attrs["axis"] else d for i, d in enumerate(operands[0]))


PICKED = structural("picked", "x[..., y]", _picked, *[("", None)] * 2, infer=_row_shape, examples=(), cost=free)
REST = structural("rest", "sum(x) - 1", rest, ("", None), infer=_kept, examples=(), axis=())
RESIDUAL = elementwise("residual", "(x*u - y - y*v)/(1 + v)", lambda xp, e, y, of_all, rest:
                       (e * of_all - y - y * rest) / (1 + rest), *[None] * 4, operands=("x", "y", "u", "v"),
                       c="(({0} * {2} - {1}) - {1} * {3}) / (1 + {3})")  # fmt: skip
TOP = structural("top", "max(x), not less than any number", _top, ("", None), infer=reduction, examples=(),
                 axis=None, keepdims=False, reduction=Reduction(
                     "maximum", "sizeof(T) == 4 ? -3.4028234663852886e38 : -1.7976931348623157e308",
                     TABLE["max"].reduction.step if TABLE["max"].reduction else ""))  # fmt: skip
# x is never above 0, and y never below: nothing cancels, and what is summed of both may be summed of each.
AWAY = elementwise("away", "x - y", "subtract", None, None, c="{0} - {1}")
LESS_ONE_HOT = structural("less_one_hot", "x - (1 + z)*one_hot(y)", _less_one_hot, *[("", None)] * 3, infer=_same_shape,
                          examples=(), cost=lambda result, operands, attrs: prod(operands[1]))  # fmt: skip


def ids_of(v: Values, y: int, like: int) -> int | None:
    """The ids whose one-hot rows y are, in the shape of another value; None when they are something else."""
    value = v[y]
    known = value.op is TABLE["one_hot"] and value.attrs["ignore"] is None and value.shape == v.shape(like)
    return value.operands[0] if known else None


def less_one_hot(v: Values, x: int, y: int) -> int | None:
    """x - y where y are one-hot rows; x·(the sums of y) counts as x, for they are 1."""
    ids = ids_of(v, y, x)
    if ids is None:
        return None
    value = v[x]
    for one, other in (value.operands, value.operands[::-1]) if value.op is TABLE["mul"] else ():
        if _sums(v[one], y, len(value.shape) - 1) and v.shape(other) == value.shape:
            x = other
    return v.apply(LESS_ONE_HOT, x, ids, v.constant(0.0))


def _sums(value: Value, y: int, last: int) -> bool:
    of_y = value.op is TABLE["sum"] and value.operands == (y,)
    return of_y and value.attrs["axis"] == (last,) and value.attrs["keepdims"]

"""Gradients of a table whose rows were picked more than once: one, of all the rows and ids side by side."""

from __future__ import annotations

from math import prod

from cgraph.compile.lowering.values import Values
from cgraph.ops import TABLE


def joined_rows(v: Values, x: int, y: int, factor: float) -> int | None:
    """x + factor·y where both are rows added to one table by their ids; None when they are something else."""
    one, other = v[x], v[y]
    if one.op is not TABLE["scatter_add"] or other.op is not one.op or one.shape != other.shape:
        return None
    if one.attrs["axis"] or other.attrs["axis"]:
        return None
    (rows, ids, like), (more, others, _) = one.operands, other.operands
    if factor != 1.0:
        more = v.apply("mul", v.constant(factor), more)
    rows, more = (
        v.apply("reshape", z, shape=(prod(v.shape(chosen)), *one.shape[1:]))
        for z, chosen in ((rows, ids), (more, others))
    )
    ids, others = (v.apply("reshape", z, shape=(prod(v.shape(z)),)) for z in (ids, others))
    return v.apply("scatter_add", _joined(v, rows, more), _joined(v, ids, others), like, axis=0)


def _joined(v: Values, x: int, y: int) -> int:
    """One after the other; a third list goes to the first two."""
    lists = v[x].operands if v[x].op is TABLE["concatenate"] and v[x].attrs["axis"] == 0 else (x,)
    return v.apply("concatenate", *lists, y, axis=0)

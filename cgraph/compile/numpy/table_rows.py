"""Rows of tables in NumPy: taken into a buffer, and added to the rows that were used alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from cgraph.compile.lowering.lowered import Lowered, changed
from cgraph.ops import TABLE
from cgraph.ops.indexing import as_ids
from cgraph.ops.op import Attrs, structural
from cgraph.shapes import Shape

FEW = 1 << 16  # rows of a table whose ids fit two bytes, which NumPy sorts by their digits


def take_rows(table: Any, ids: Any, out: Any) -> None:
    """out = table[ids]. Raises ValueRefusedError for a wrong id."""
    table.take(as_ids(ids, len(table)), axis=0, out=out, mode="clip")


def pick(flat: Any, ids: Any, starts: Any, columns: int, out: Any) -> None:
    """out = the elements that ids choose in rows which begin at `starts`. Raises ValueRefusedError for a wrong id."""
    flat.take(starts + as_ids(ids, columns).reshape(-1), out=out, mode="clip")


def take_one(flat: Any, ids: Any, rest: Any, starts: Any, columns: int) -> None:
    """Take 1, and then the rest, from the elements that ids choose. Raises ValueRefusedError for a wrong id."""
    places = starts + as_ids(ids, columns).reshape(-1)
    flat[places] = flat[places] - 1 - rest


def add_rows(target: Any, rows: Any, ids: Any, factor: Any) -> None:
    """target[ids] += factor·rows, for ids that were checked."""
    found = ids.reshape(-1).astype(np.intp)
    order = _order(found, len(target))
    _add_in_order(target, rows.reshape(len(found), -1).take(order, axis=0), found[order], factor)


def add_shares(target: Any, x: Any, shares: Any, ids: Any, factor: Any) -> None:
    """target[ids[i, j]] += factor·shares[i, j]·x[i]: rows that get no share are left out, as words of padding are."""
    if not math.isfinite(x.sum()):  # 0 times an infinity is seen in the result
        add_rows(target, x * shares, ids, factor)
        return
    flat = shares.reshape(-1)
    places = np.flatnonzero(flat)
    found = ids.reshape(-1)[places].astype(np.intp)
    order = _order(found, len(target))
    places = places[order]
    rows, weights = x.reshape(len(x), -1).take(places // ids.shape[1], axis=0), flat[places]
    if not np.all(weights == 1):
        np.multiply(rows, weights[:, None], rows)
    _add_in_order(target, rows, found[order], factor)


def _order(ids: Any, rows: int) -> Any:
    return (ids.astype(np.uint16) if rows <= FEW else ids).argsort(kind="stable")


def _add_in_order(target: Any, rows: Any, ids: Any, factor: Any) -> None:
    """Add rows whose equal ids stand side by side: each run is summed first."""
    if not len(ids):
        return
    starts = np.flatnonzero(np.concatenate(([True], ids[1:] != ids[:-1])))
    sums = np.add.reduceat(rows, starts, axis=0)
    np.multiply(sums, factor, sums)
    target.reshape(len(target), -1)[ids[starts]] += sums


# Shares --------------------------------------------------------------------------------------------------------------
def _like(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    return attrs, operands[-1]


def _shares_added(xp: Any, x: Any, shares: Any, ids: Any, like: Any, axis: int) -> Any:
    return TABLE["scatter_add"].on(xp)(x * shares, ids, like, axis=axis)


SHARES = structural("add_shares", "0, with x*s added to the rows y", _shares_added, *[("", None)] * 4,
                    infer=_like, examples=(), adds_rows=True)  # fmt: skip


def with_shares(lowered: Lowered) -> Lowered:
    """The same program where rows x[i]·s[i, j] that are added to a table are not written out before."""
    values, adding = list(lowered.values), [i for i, v in enumerate(lowered.values) if v.op is TABLE["scatter_add"]]
    for number in adding:
        product = values[values[number].operands[0]]
        for x, shares in (product.operands, product.operands[::-1]) if product.op is TABLE["mul"] else ():
            m, n, *_ = (*product.shape, 1)
            of_rows = len(product.shape) == 3 and values[x].shape == (m, 1, product.shape[2])
            if of_rows and values[shares].shape == (m, n, 1):
                operands = (x, shares, *values[number].operands[1:])
                values[number] = values[number]._replace(op=SHARES, operands=operands)
                break
    return changed(lowered, values) if adding else lowered

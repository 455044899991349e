"""Ops that pick elements and put them back: indexing, rows of a table, joining, one-hot rows.

What is picked twice gets both gradients: the adjoints add.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cgraph import shapes
from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.ops import maps
from cgraph.ops.facts import Ids, free
from cgraph.ops.keys import Key
from cgraph.ops.op import Attrs, Op, joining, structural
from cgraph.quoting import decimal
from cgraph.shapes import Shape, is_integer


def _index(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    key = Key.of(attrs["key"]).on(operands[0])
    return {"key": key}, key.shape(operands[0])


def _index_add(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    normal, shape = _index(operands[1:], attrs)
    if shape != operands[0]:
        raise ShapeError(f"{shapes.show(operands[0])} added at {normal['key']}", why=f"it picks {shapes.show(shape)}")
    return normal, operands[1]


def _picked(xp: Any, x: Any, key: Key) -> Any:
    try:
        return x[key.parts]
    except IndexError:
        raise _beyond(xp.shape(x), key) from None


def _beyond(x: Shape, key: Key) -> ShapeError:
    """What is wrong with a key that an array of the shape x does not have, in the words of the shape rule."""
    try:
        key.on(x)
    except ShapeError as error:
        return error
    return ShapeError(f"x{key} of {shapes.show(x)}", why="it picks what is not there")


def _put(xp: Any, g: Any, like: Any, key: Key) -> Any:
    result = xp.zeros(xp.shape(like), xp.result_type(g))
    try:
        if key.repeats:
            xp.add.at(result, key.parts, g)
        else:
            result[key.parts] = g
    except IndexError:
        raise _beyond(xp.shape(like), key) from None
    return result


MANY = 8192  # elements from which sorting pays


# Rows by ids that are computed or given in a pass ---------------------------------------------------------------------
def as_ids(ids: Any, rows: int, ignore: Any = None) -> Any:
    """Ids as integers from 0 to rows - 1, or refused with the first one that is none, and its position."""
    given = np.asarray(ids)
    try:
        found = given.astype(np.intp)
        good = (found == given) & (found.view(np.uintp) < rows)  # a negative number is a large one there
    except (TypeError, ValueError, OverflowError):
        raise ValueRefusedError(
            "ids that are no numbers", why="ids choose rows and cannot be symbols", fix="give them as numbers"
        ) from None
    if ignore is not None:
        good |= given == ignore
    if not good.all():
        place = tuple(map(int, np.argwhere(~np.asarray(good, bool))[0]))
        raise ValueRefusedError(
            f"id {decimal(given[place])}{f' at position {place}' if place else ''}",
            why=f"there are V = {rows} rows, with the ids 0 to {rows - 1}",
            fix="check the vocabulary; ids are whole numbers and do not count from the end",
        )
    return found


def _take_shape(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    x, ids = operands
    (axis,) = shapes.normal_axes((attrs["axis"],), len(x))
    return {"axis": axis}, (*x[:axis], *ids, *x[axis + 1 :])


def _scatter_shape(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    g, ids, like = operands
    normal, shape = _take_shape([like, ids], attrs)
    if g != shape:
        raise ShapeError(f"scatter_add of {shapes.show(g)}", why=f"the ids choose {shapes.show(shape)}")
    return normal, like


def _take(xp: Any, x: Any, ids: Any, axis: int = 0) -> Any:
    return xp.take(x, as_ids(ids, xp.shape(x)[axis]), axis=axis)


def _scatter_add(xp: Any, g: Any, ids: Any, like: Any, axis: int = 0) -> Any:
    result = xp.zeros(xp.shape(like), xp.result_type(g))
    found = as_ids(ids, xp.shape(like)[axis])
    if result.dtype == object or xp.size(g) < MANY:
        xp.add.at(result, (slice(None),) * axis + (found,), g)
        return result
    # equal ids side by side, each run summed at once: up to five times as fast as add.at, which adds one by one
    order = xp.argsort(found, axis=None, kind="stable")
    in_order = found.reshape(-1)[order]
    starts = xp.flatnonzero(xp.concatenate([[True], in_order[1:] != in_order[:-1]]))
    rows = xp.reshape(g, (*result.shape[:axis], found.size, *result.shape[axis + 1 :]))
    sums = xp.add.reduceat(xp.take(rows, order, axis=axis), starts, axis=axis)
    result[(slice(None),) * axis + (in_order[starts],)] = sums
    return result


def _along_shape(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    x, ids = operands
    (axis,) = shapes.normal_axes((attrs["axis"],), len(x))
    if (*ids[:axis], *ids[axis + 1 :]) != (*x[:axis], *x[axis + 1 :]) or len(ids) != len(x):
        raise ShapeError(
            f"ids {shapes.show(ids)} along axis {axis} of {shapes.show(x)}",
            why="each element has its own id, in as many dimensions, with the same sizes but along that axis",
            fix="use cg.take(x, ids, axis) for whole rows",
        )
    return {"axis": axis}, ids


def _add_along_shape(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    g, ids, like = operands
    normal, shape = _along_shape([like, ids], attrs)
    if g != shape:
        raise ShapeError(f"add_along of {shapes.show(g)}", why=f"the ids choose {shapes.show(shape)}")
    return normal, like


def _take_along(xp: Any, x: Any, ids: Any, axis: int = -1) -> Any:
    return xp.take_along_axis(x, as_ids(ids, xp.shape(x)[axis]), axis)


def _add_along(xp: Any, g: Any, ids: Any, like: Any, axis: int = -1) -> Any:
    result = xp.zeros(xp.shape(like), xp.result_type(g))
    found = as_ids(ids, xp.shape(like)[axis])
    places = [xp.expand_dims(xp.arange(n), [b for b in range(found.ndim) if b != a]) for a, n in enumerate(found.shape)]
    places[axis] = found
    xp.add.at(result, tuple(places), g)
    return result


def _one_hot_shape(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    classes, ignore = attrs["classes"], attrs["ignore"]
    if not is_integer(classes) or classes < 1:
        raise ShapeError(f"one_hot of {classes!r} classes", why="a whole number from 1 up", fix="write classes=10")
    if ignore is not None and not is_integer(ignore):
        raise ShapeError(f"ignore={ignore!r}", why="an id is a whole number", fix="write ignore=-1")
    return {"classes": int(classes), "ignore": ignore}, (*operands[0], int(classes))


def _one_hot(xp: Any, ids: Any, classes: int, ignore: int | None = None) -> Any:
    dtype = xp.result_type(ids, xp.float16)
    found = as_ids(ids, classes, ignore)
    rows = found[..., None] == xp.arange(classes)
    if ignore is not None:
        rows &= found[..., None] != ignore
    return rows.astype(dtype) if dtype.kind == "f" else rows.astype(int).astype(object)


# Joining --------------------------------------------------------------------------------------------------------------
def _joined_shape(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    first = operands[0]
    if any(len(s) != len(first) for s in operands) or not first:
        raise ShapeError(
            f"concatenate of {', '.join(map(shapes.show, operands))}",
            why="all operands need the same number of dimensions, at least one",
            fix="use cg.stack for a new axis",
        )
    (axis,) = shapes.normal_axes((attrs["axis"],), len(first))
    total = 0
    for shape in operands:
        size = shape[axis]
        if shape[:axis] != first[:axis] or shape[axis + 1 :] != first[axis + 1 :]:
            raise ShapeError(
                f"concatenate of {shapes.show(first)} and {shapes.show(shape)} along axis {axis}",
                why="every other dimension must be the same",
            )
        if isinstance(size, str):
            raise ShapeError(
                f"concatenate along the named dimension {size!r}",
                why="the sum would have no name",
                fix="declare the variables with sizes that are numbers, or join along another axis",
            )
        total += size
    return {"axis": axis}, (*first[:axis], total, *first[axis + 1 :])


def _joined(xp: Any, *operands: Any, axis: int = 0) -> Any:
    return xp.concatenate(operands, axis=axis)


def _part(i: int) -> Callable[..., Any]:
    def pullback(w: Any, g: Any, z: Any, *x: Any, axis: int) -> Any:
        start = sum(one.shape[axis] for one in x[:i])
        return w.index(g, key=Key((*(slice(None),) * axis, slice(start, start + x[i].shape[axis]))))

    return pullback


# fmt: off
TABLE_AND_IDS = [[1, 3], [1, 0]]
ROWS: tuple[Op, ...] = (
    structural("index", "x[key]", _picked,
               (maps.of_index, lambda w, g, z, x, key: w.index_add(g, x, key=key)), infer=_index,
               sign="[·]", key=Key(()), written="picked",
               examples=[(((3, 4),), {"key": (slice(1, None), [2, 0, 2])}), (((2, 3),), {"key": (0, None)}),
                         (((4,),), {"key": slice(None, None, -2)})],
               view="moved", linear=(0,)),
    structural("index_add", "0, with x added at key", _put,
               (maps.of_index_add, lambda w, g, z, x, like, key: w.index(g, key=key)), ("", None),
               infer=_index_add, sign="+[·]", key=Key(()),
               examples=[(((2, 3), (3, 4)), {"key": (slice(1, None), [2, 0, 2])})],
               linear=(0,), like=1),
    structural("take", "rows y of x", _take,
               (maps.of_take, lambda w, g, z, x, ids, axis: w.scatter_add(g, ids, x, axis=axis)), ("", None),
               infer=_take_shape, sign="rows", written="picked", axis=0,
               examples=[(((4, 2), TABLE_AND_IDS), {}), (((2, 3), [2, 2]), {"axis": 1})],
               linear=(0,), ids=Ids(1, lambda sizes, attrs: sizes[0][attrs["axis"]]), cost=free),
    structural("scatter_add", "0, with x added to the rows y", _scatter_add,
               (maps.of_scatter_add, lambda w, g, z, x, ids, like, axis: w.take(g, ids, axis=axis)),
               ("", None), ("", None), infer=_scatter_shape, sign="+rows", axis=0,
               examples=[(((2, 2, 2), TABLE_AND_IDS, (4, 2)), {})],
               linear=(0,), like=2, adds_rows=True, ids=Ids(1, lambda sizes, attrs: sizes[2][attrs["axis"]])),
    structural("take_along", "x at the places y along an axis", _take_along,
               (maps.of_take_along, lambda w, g, z, x, ids, axis: w.add_along(g, ids, x, axis=axis)), ("", None),
               infer=_along_shape, sign="picked", axis=-1,
               examples=[(((4,), [2, 0, 2]), {}), (((2, 4), TABLE_AND_IDS), {}), (((3, 2), [[2, 0]]), {"axis": 0})],
               linear=(0,), ids=Ids(1, lambda sizes, attrs: sizes[0][attrs["axis"]]), cost=free),
    structural("add_along", "0, with x added at the places y along an axis", _add_along,
               (maps.of_add_along, lambda w, g, z, x, ids, like, axis: w.take_along(g, ids, axis=axis)),
               ("", None), ("", None), infer=_add_along_shape, sign="+picked", axis=-1,
               examples=[(((3,), [2, 0, 2], (4,)), {}), (((1, 2), [[2, 0]], (3, 2)), {"axis": 0})],
               linear=(0,), like=2, ids=Ids(1, lambda sizes, attrs: sizes[2][attrs["axis"]])),
    structural("one_hot", "1 at the class x, else 0", _one_hot, ("", None), infer=_one_hot_shape, sign="one_hot",
               classes=2, ignore=None, examples=[(([2, 0],), {"classes": 3}), (([[-1, 1]],), {"ignore": -1})],
               ids=Ids(0, lambda sizes, attrs: attrs["classes"]), cost=free, mask=True),
    joining("concatenate", "x, y, ... joined", _joined, maps.of_concatenate, _part,
            infer=_joined_shape, sign="⧺", axis=0,
            examples=[(((2, 3), (1, 3)), {}), (((2, 1), (2, 3), (2, 2)), {"axis": -1})], cost=free, through=True),
)
# fmt: on

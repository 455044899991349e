"""Ops in which elements follow one another: the order of size, and recurrences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cgraph import shapes
from cgraph.errors import ShapeError
from cgraph.ops import maps
from cgraph.ops.keys import Key
from cgraph.ops.op import Attrs, Op, structural
from cgraph.shapes import Shape


def _alike(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    x, y = operands
    if x != y:
        raise ShapeError(f"operands of {shapes.show(x)} and {shapes.show(y)}", why="both need one shape")
    (axis,) = shapes.normal_axes((attrs["axis"],), len(x))
    return {"axis": axis}, x


def _one_after_another(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    normal, shape = _alike(operands, attrs)
    size = shape[normal["axis"]]
    if isinstance(size, str):
        raise ShapeError(
            f"a recurrence along the named dimension {size!r}",
            why="how many steps it takes must be known",
            fix="declare the variables with sizes that are numbers",
        )
    return normal, shape


def _sort_by(xp: Any, x: Any, y: Any, axis: int = -1) -> Any:
    return xp.take_along_axis(x, xp.argsort(y, axis=axis, kind="stable"), axis)


def _unsort_by(xp: Any, x: Any, y: Any, axis: int = -1) -> Any:
    result = xp.empty_like(x)
    xp.put_along_axis(result, xp.argsort(y, axis=axis, kind="stable"), x, axis)
    return result


def _recurrence(xp: Any, x: Any, y: Any, axis: int = -1) -> Any:
    factors, terms = xp.moveaxis(x, axis, 0), xp.moveaxis(y, axis, 0)
    result = xp.empty(xp.shape(terms), xp.result_type(x, y))
    for k in range(len(terms)):
        result[k] = factors[k] * result[k - 1] + terms[k] if k else terms[k]
    return xp.moveaxis(result, 0, axis)


def _delayed(w: Any, x: Any, axis: int) -> Any:
    """The elements one place further along an axis: the last is lost, the first is 0."""
    if not x.shape[axis]:
        return x
    before = (slice(None),) * axis
    first = w.index(x, key=Key((*before, slice(0, int(x.shape[axis]) - 1))))
    return w.pad(first, width=tuple((int(i == axis), 0) for i in range(len(x.shape))), value=0)


def _from_the_end(w: Any, g: Any, x: Any, axis: int) -> Any:
    """The adjoint of a recurrence in its terms: the recurrence from the last to the first."""
    factors = _delayed(w, w.flip(x, axis=(axis,)), axis)
    return w.flip(w.recurrence(factors, w.flip(g, axis=(axis,)), axis=axis), axis=(axis,))


# In symbols: how many elements stand before each, of which exactly one number is right ------------------------------
def _elements(x: Any, axis: int) -> list[Any]:
    return [np.moveaxis(x, axis, -1)[..., i] for i in range(x.shape[axis])]


def _places(w: Any, y: Any, axis: int) -> list[list[Any]]:
    """For each element and each place 1 if it stands there when they are sorted, and 0 elsewhere."""
    elements = _elements(y, axis)
    found = []
    for i, mine in enumerate(elements):
        chances = [mine * 0 + 1]  # of 0, 1, 2 ... elements before mine
        for j, other in enumerate(elements):
            if j != i:
                before = w.greater(mine, other) if j > i else w.greater_equal(mine, other)
                chances = [
                    (chances[k] * (1 - before) if k < len(chances) else 0) + (chances[k - 1] * before if k else 0)
                    for k in range(len(chances) + 1)
                ]
        found.append(chances)
    return found


def _in_order(w: Any, x: Any, y: Any, axis: int) -> Any:
    places, elements = _places(w, y, axis), _elements(x, axis)
    sums = [sum(e * p[k] for e, p in zip(elements, places, strict=True)) for k in range(len(elements))]
    return np.stack(sums, axis) if sums else x


def _back_in_place(w: Any, x: Any, y: Any, axis: int) -> Any:
    places, elements = _places(w, y, axis), _elements(x, axis)
    sums = [sum(e * p for e, p in zip(elements, mine, strict=True)) for mine in places]
    return np.stack(sums, axis) if sums else x


def _tied(x: Any, y: Any, axis: int) -> Any:
    """Where some of the elements that are put in order are equal."""
    return np.any(np.diff(np.sort(y, axis=axis), axis=axis) == 0, axis=axis, keepdims=True)


# fmt: off
TIES = "of equal elements the first stays before the others; nan comes last"
ROWS: tuple[Op, ...] = (
    structural("sort_by", "x in the order that sorts y", _sort_by,
               (maps.of_sort("argsort(argsort({}))"), lambda w, g, z, x, y, axis: w.unsort_by(g, y, axis=axis)),
               ("", None),
               infer=_alike, axis=-1, kink=TIES, kinked=_tied, definition=_in_order,
               examples=[(((3,), (3,)), {}), (((2, 3), (2, 3)), {"axis": 0}), (((1,), (1,)), {})], linear=(0,)),
    structural("unsort_by", "x back from the order that sorts y", _unsort_by,
               (maps.of_sort("argsort({})"), lambda w, g, z, x, y, axis: w.sort_by(g, y, axis=axis)), ("", None),
               infer=_alike, axis=-1, kink=TIES, kinked=_tied, definition=_back_in_place,
               examples=[(((3,), (3,)), {}), (((2, 3), (2, 3)), {"axis": 0}), (((1,), (1,)), {})], linear=(0,)),
    structural("recurrence", "z_k = x_k z_(k-1) + y_k", _recurrence,
               (maps.of_recurrence(0), lambda w, g, z, x, y, axis:
                   _from_the_end(w, g, x, axis) * _delayed(w, z, axis)),
               (maps.of_recurrence(1), lambda w, g, z, x, y, axis: _from_the_end(w, g, x, axis)),
               infer=_one_after_another, axis=-1, linear=(1,),
               examples=[(((3,), (3,)), {}), (((2, 3), (2, 3)), {"axis": 0}), (((1,), (1,)), {})]),
)
# fmt: on

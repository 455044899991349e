"""Sliding windows over the last axes of an array, and their adjoint: what convolution and pooling are made of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any

from cgraph import shapes
from cgraph.errors import ShapeError
from cgraph.ops import maps
from cgraph.ops.facts import Sizes
from cgraph.ops.op import Attrs, Op, structural
from cgraph.shapes import Shape, is_integer


def whole_numbers(what: str, given: Any, count: int, least: int = 1) -> tuple[int, ...]:
    """One whole number an axis, from one for all axes or one for each.

    Raises ShapeError for what are none, and for another number of them.
    """
    many = tuple(given) if isinstance(given, (tuple, list)) else (given,) * count
    if len(many) != count or not all(is_integer(k) and k >= least for k in many):
        raise ShapeError(
            f"{what}={given!r}",
            why=f"{what} is a whole number from {least} up, or one for each of {count} axes",
            fix=f"write {what}={(max(least, 1),) * count if count != 1 else max(least, 1)}",
        )
    return tuple(map(int, many))


def _windows(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    x, size = operands[0], attrs["size"]
    count = len(size) if isinstance(size, (tuple, list)) else 1
    sizes = whole_numbers("size", size, count)
    strides = whole_numbers("stride", attrs["stride"], count)
    dilations = whole_numbers("dilation", attrs["dilation"], count)
    if len(x) < count:
        raise ShapeError(f"windows of {shapes.show(sizes)} over {shapes.show(x)}", why="each needs an axis to slide on")
    ends = x[len(x) - count :]
    for axis, n in enumerate(ends, len(x) - count):
        if isinstance(n, str):
            raise ShapeError(
                f"windows along axis {axis}, the named dimension {n!r}",
                why="how many windows there are must be known",
                fix="declare the variable with a size that is a number there",
            )
    places = tuple(
        (int(n) - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(ends, sizes, strides, dilations, strict=True)
    )
    if min(places, default=1) < 1:
        spans = tuple(d * (k - 1) + 1 for k, d in zip(sizes, dilations, strict=True))
        raise ShapeError(
            f"windows of {shapes.show(spans)} over {shapes.show(ends)}",
            why="no window fits: along each axis there are (n - dilation*(size - 1) - 1)//stride + 1 of them",
            fix="pad the array with cg.pad, or take a smaller size",
        )
    normal = {"size": sizes, "stride": strides, "dilation": dilations}
    return normal, (*x[: len(x) - count], *places, *sizes)


def _windows_add(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    g, like = operands
    normal, shape = _windows([like], attrs)
    if g != shape:
        raise ShapeError(f"windows_add of {shapes.show(g)}", why=f"the windows are {shapes.show(shape)}")
    return normal, like


def _seen(xp: Any, x: Any, size: Any, stride: Any = 1, dilation: Any = 1) -> Any:
    """A view: no number is moved."""
    count = len(size)
    spans = [d * (k - 1) + 1 for k, d in zip(size, dilation, strict=True)]
    found = xp.lib.stride_tricks.sliding_window_view(x, spans, axis=tuple(range(-count, 0)))
    return found[(..., *(slice(None, None, s) for s in stride), *(slice(None, None, d) for d in dilation))]


def under(place: Sequence[int], counts: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> Any:
    """The key of the elements that stand at one place of all windows."""
    starts = [p * d for p, d in zip(place, dilation, strict=True)]
    ends = [a + (n - 1) * s + 1 for a, n, s in zip(starts, counts, stride, strict=True)]
    return (..., *map(slice, starts, ends, stride))


def _added(xp: Any, g: Any, like: Any, size: Any, stride: Any = 1, dilation: Any = 1) -> Any:
    result = xp.zeros(xp.shape(like), xp.result_type(g))
    counts = xp.shape(g)[xp.ndim(g) - 2 * len(size) : xp.ndim(g) - len(size)]
    for place in product(*map(range, size)):
        result[under(place, counts, stride, dilation)] += g[(..., *place)]
    return result


def _additions(result: Sizes, operands: Sequence[Sizes], attrs: Attrs) -> int:
    return prod(operands[0])


# fmt: off
ROWS: tuple[Op, ...] = (
    structural("windows", "x in sliding windows", _seen,
               (maps.of_windows, lambda w, g, z, x, size, stride, dilation:
                   w.windows_add(g, x, size=size, stride=stride, dilation=dilation)),
               infer=_windows, sign="windows", size=1, stride=1, dilation=1, view="repeated", linear=(0,),
               examples=[(((2, 5),), {"size": 3, "stride": 2}), (((3, 4),), {"size": (2, 3)}),
                         (((5, 3),), {"size": (2, 1), "stride": (1, 2), "dilation": (3, 1)}), (((1,),), {"size": 1})]),
    structural("windows_add", "0, with windows x added", _added,
               (maps.of_windows_add, lambda w, g, z, x, like, size, stride, dilation:
                   w.windows(g, size=size, stride=stride, dilation=dilation)), ("", None),
               infer=_windows_add, sign="+windows", size=1, stride=1, dilation=1, linear=(0,), like=1, cost=_additions,
               examples=[(((2, 2, 3), (2, 5)), {"size": 3, "stride": 2}),
                         (((2, 2, 2, 1), (5, 3)), {"size": (2, 1), "stride": (1, 2), "dilation": (3, 1)})]),
)
# fmt: on

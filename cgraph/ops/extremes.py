"""The largest and the smallest elements over axes, and which elements they are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod
from typing import Any

import numpy as np

from cgraph.errors import ShapeError
from cgraph.ops import maps
from cgraph.ops.facts import Reduction
from cgraph.ops.op import Attrs, Example, Op, structural
from cgraph.ops.reductions import reduction, some, spread
from cgraph.shapes import Shape


def _extreme(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    if "ties" in attrs and attrs["ties"] not in ("first", "split"):
        raise ShapeError(
            f"ties={attrs['ties']!r}",
            why='of equal elements the "first" gets the whole gradient, or they "split" it',
            fix='write ties="first" or ties="split"',
        )
    normal, shape = reduction(operands, attrs)
    some("an extreme", operands[0], normal["axis"])
    return normal, shape


def _share(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    normal, _ = _extreme(operands, {**attrs, "keepdims": False})
    return {"axis": normal["axis"], "ties": attrs["ties"]}, operands[0]


def _place(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    normal, shape = _extreme(operands, attrs)
    if len(normal["axis"]) not in (1, len(operands[0])):
        raise ShapeError(f"axis {attrs['axis']!r}", why="argmax goes along one axis, or over all", fix="write axis=-1")
    return normal, shape


def _along_last(xp: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """The axes `axis` together as the last one."""
    kept = [i for i in range(xp.ndim(x)) if i not in axis]
    sizes = xp.shape(x)
    return xp.transpose(x, (*kept, *axis)).reshape(*(sizes[i] for i in kept), prod(sizes[i] for i in axis))


def _back(xp: Any, moved: Any, like: Any, axis: tuple[int, ...]) -> Any:
    """`_along_last` undone."""
    order = [*(i for i in range(xp.ndim(like)) if i not in axis), *axis]
    return xp.transpose(moved.reshape([xp.shape(like)[i] for i in order]), xp.argsort(order).astype(int))


def _filled(xp: Any, x: Any, axis: tuple[int, ...]) -> Any:
    some("an extreme", xp.shape(x), axis)
    return x


def _max(xp: Any, x: Any, axis: Any = None, keepdims: bool = False, ties: str = "first") -> Any:
    return xp.max(_filled(xp, x, axis), axis=axis, keepdims=keepdims)


def _min(xp: Any, x: Any, axis: Any = None, keepdims: bool = False, ties: str = "first") -> Any:
    return xp.min(_filled(xp, x, axis), axis=axis, keepdims=keepdims)


def _max_share(xp: Any, x: Any, axis: Any = None, ties: str = "first") -> Any:
    moved = _along_last(xp, _filled(xp, x, axis), axis)
    share = xp.zeros(moved.shape, moved.dtype)
    if ties == "first":
        xp.put_along_axis(share, xp.argmax(moved, -1)[..., None], 1, -1)
    else:
        top = (moved == xp.max(moved, -1, keepdims=True)) | xp.isnan(moved)
        share[...] = top / xp.sum(top, -1, keepdims=True)
    return _back(xp, share, x, axis)


def _argmax(xp: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    place = xp.argmax(_along_last(xp, _filled(xp, x, axis), axis), -1) if axis else xp.zeros(xp.shape(x), int)
    return (xp.expand_dims(place, axis) if keepdims else place).astype(xp.result_type(x))


def _tied(x: Any, axis: Any, keepdims: bool, ties: str) -> Any:
    """Where several elements are the largest."""
    return np.sum(_largest(x, axis), axis=axis, keepdims=keepdims) > 1


def _largest(x: Any, axis: Any) -> Any:
    return x == np.max(x, axis=axis, keepdims=True)


# In symbols: elements compared in pairs -------------------------------------------------------------------------------
def _elements(x: Any, axis: tuple[int, ...]) -> list[Any]:
    moved = _along_last(np, x, axis)
    return [moved[..., i] for i in range(moved.shape[-1])]


def _greatest(w: Any, x: Any, axis: tuple[int, ...], keepdims: bool, ties: str) -> Any:
    top = reduce(w.maximum, _elements(x, axis))
    return np.expand_dims(top, axis) if keepdims else top


def _shares(w: Any, x: Any, axis: tuple[int, ...], ties: str) -> Any:
    elements, shares = _elements(x, axis), []
    for i, mine in enumerate(elements):
        share = mine * 0 + 1
        for j, other in enumerate(elements):
            if j != i:
                above = w.greater_equal(mine, other) if j > i or ties == "split" else 1 - w.greater_equal(other, mine)
                share = share * above
        shares.append(share)
    moved = np.stack(shares, -1)
    return _back(np, moved / np.sum(moved, -1, keepdims=True) if ties == "split" else moved, x, axis)


def _places(w: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    shares = _along_last(np, _shares(w, x, axis, "first"), axis)
    place = np.squeeze(np.sum(shares * np.arange(shares.shape[-1]), -1, keepdims=True), -1)  # an array in any case
    return np.expand_dims(place, axis) if keepdims else place


# fmt: off
FEW: tuple[Example, ...] = (
    (((3,),), {}), (((2, 3),), {"axis": 1}), (((2, 1, 2),), {"axis": (0, 2), "keepdims": True}),
    (((2,),), {"axis": ()}),
)
TIES = "of equal elements the first gets the whole gradient (ties=split: equal parts); nan comes before all others"
ROWS: tuple[Op, ...] = (
    structural("max", "max(x)", _max,
               (maps.of_extreme("argmax"), lambda w, g, z, x, axis, keepdims, ties:
                   spread(w, g, x, axis, keepdims) * w.max_share(x, axis=axis, ties=ties)),
               infer=_extreme, axis=None, keepdims=False, ties="first", kink=TIES, kinked=_tied,
               definition=_greatest, examples=FEW,
               reduction=Reduction("maximum", "-INFINITY",
                                   "{{ const T x = {1}; {0} = x > {0} || x != x ? x : {0}; }}")),
    structural("min", "min(x)", _min,
               (maps.of_extreme("argmin"), lambda w, g, z, x, axis, keepdims, ties:
                   spread(w, g, x, axis, keepdims) * w.max_share(-x, axis=axis, ties=ties)),
               infer=_extreme, axis=None, keepdims=False, ties="first", kink=TIES,
               kinked=lambda x, **attrs: _tied(-x, **attrs),
               definition=lambda w, x, **attrs: -_greatest(w, -x, **attrs), examples=FEW,
               reduction=Reduction("minimum", "INFINITY",
                                   "{{ const T x = {1}; {0} = x < {0} || x != x ? x : {0}; }}")),
    structural("max_share", "1 at the largest element, else 0", _max_share, ("", None),
               infer=_share, axis=None, ties="first", definition=_shares, examples=FEW[:1], mask=True, decides=True,
               kinked=lambda x, axis, ties: _largest(x, axis) & _tied(x, axis, True, ties)),
    structural("argmax", "argmax(x)", _argmax, ("", None),
               infer=_place, axis=None, keepdims=False, definition=_places, examples=FEW[:2],
               mask=True),
)
# fmt: on

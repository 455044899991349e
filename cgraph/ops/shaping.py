"""Ops that move elements and change none: other shapes, other axes, copies along new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cgraph import shapes
from cgraph.errors import ShapeError
from cgraph.ops import maps
from cgraph.ops.facts import free
from cgraph.ops.keys import Key
from cgraph.ops.op import Attrs, Op, structural, unbroadcast
from cgraph.shapes import Shape


def _reshape(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    wanted = attrs["shape"]
    wanted = tuple(wanted) if isinstance(wanted, (tuple, list)) else (wanted,)
    shape = shapes.reshape(operands[0], tuple(d if d == -1 else shapes.as_shape(d)[0] for d in wanted))
    return {"shape": shape}, shape


def _transpose(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    (x,) = operands
    axes = attrs["axes"]
    axes = tuple(range(len(x)))[::-1] if axes is None else tuple(axes) if isinstance(axes, (tuple, list)) else (axes,)
    if len(axes) != len(x) or shapes.normal_axes(axes, len(x)) != tuple(range(len(x))):
        raise ShapeError(f"transpose of {shapes.show(x)} by axes {axes}", why="each axis must stand there once")
    axes = tuple(a % len(x) for a in axes)
    return {"axes": axes}, tuple(x[a] for a in axes)


def _expand_dims(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    axis = attrs["axis"]
    if axis is None:
        raise ShapeError("expand_dims needs an axis", why="None says nowhere", fix="write axis=0")
    rank = len(operands[0]) + (len(axis) if isinstance(axis, (tuple, list)) else 1)
    axes, rest = shapes.normal_axes(axis, rank), iter(operands[0])
    return {"axis": axes}, tuple(1 if i in axes else next(rest) for i in range(rank))


def _squeeze(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    (x,) = operands
    ones = tuple(i for i, d in enumerate(x) if d == 1)
    axes = ones if attrs["axis"] is None else shapes.normal_axes(attrs["axis"], len(x))
    for axis in axes:
        if axis not in ones:
            raise ShapeError(
                f"squeeze of axis {axis} of {shapes.show(x)}",
                why=f"its size is {x[axis]}, and only an axis of size 1 can go",
                fix="reduce it, for example with cg.sum, or index it",
            )
    return {"axis": axes}, shapes.reduced(x, axes, keepdims=False)


def _broadcast_to(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    shape = shapes.as_shape(attrs["shape"])
    return {"shape": shape}, _broadcast_like([operands[0], shape], attrs)[1]


def _flip(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    return {"axis": shapes.normal_axes(attrs["axis"], len(operands[0]))}, operands[0]


def _one_axis(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    rank = len(operands[0])
    if attrs["axis"] is None and rank != 1:
        raise ShapeError(f"cumsum of {shapes.show(operands[0])}", why="it goes along one axis", fix="write axis=0")
    (axis,) = shapes.normal_axes((0 if attrs["axis"] is None else attrs["axis"],), rank)
    return {"axis": axis}, operands[0]


def _pad(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    (x,) = operands
    try:
        given = np.asarray(attrs["width"] if x or np.size(attrs["width"]) else 0)  # no axes, no pairs
        pairs = np.broadcast_to(given, (len(x), 2)).tolist()
    except ValueError:
        given, pairs = np.asarray(0.5), []
    if given.dtype.kind not in "iu" or (given < 0).any():
        raise ShapeError(
            f"pad by {attrs['width']!r}",
            why="each axis needs two whole numbers from 0 up, before and after",
            fix=f"write width={((1, 1),) * len(x)}",
        )
    shape: list[shapes.Dimension] = []
    for size, (before, after) in zip(x, pairs, strict=True):
        if isinstance(size, str) and before + after:
            raise ShapeError(f"pad of the named dimension {size!r}", why="the padded one would have no name")
        shape.append(size if isinstance(size, str) else size + before + after)
    if isinstance(attrs["value"], bool) or not isinstance(attrs["value"], (int, float)):
        raise ShapeError(f"value={attrs['value']!r}", why="value is a number", fix="write value=0")
    return {"width": tuple(map(tuple, pairs)), "value": attrs["value"]}, tuple(shape)


def _unpadded(x: Any, width: Sequence[tuple[int, int]]) -> Key:
    """What a padded array had before: a slice of each axis, whole where nothing was added."""
    parts = []
    for size, (before, after) in zip(x.shape, width, strict=True):
        parts.append(slice(before, before + size) if before or after else slice(None))
    return Key(tuple(parts))


def _padded(xp: Any, x: Any, width: Any, value: float) -> Any:
    return xp.pad(x, width, constant_values=value) if width else x  # NumPy pads no array without axes


def _broadcast_like(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    x, like = operands
    if shapes.broadcast([x, like]) != like:  # also when `like` has fewer dimensions
        raise ShapeError(f"{shapes.show(x)} does not broadcast to {shapes.show(like)}")
    return attrs, like


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(axes.index(i) for i in range(len(axes)))


def _copied(xp: Any, x: Any, like: Any) -> Any:
    return xp.broadcast_to(xp.asarray(x, xp.result_type(x, like)), xp.shape(like))


def _reshaped(xp: Any, x: Any, shape: Any) -> Any:
    return xp.reshape(x, shape)


# fmt: off
ROWS: tuple[Op, ...] = (
    structural("reshape", "reshape(x)", _reshaped,
               (maps.reshaped, lambda w, g, z, x, shape: w.reshape(g, shape=x.shape)), infer=_reshape, shape=(),
               examples=[(((2, 3),), {"shape": (3, -1)}), (((4,),), {"shape": (2, 1, 2)})],
               view="same", linear=(0,)),
    structural("transpose", "xᵀ", "transpose",
               (maps.of_transpose, lambda w, g, z, x, axes: w.transpose(g, axes=_inverse(axes))),
               infer=_transpose, sign="ᵀ", axes=None,
               examples=[(((2, 3),), {}), (((2, 3, 4),), {"axes": (2, 0, 1)})],
               view="moved", linear=(0,), written="turned"),
    structural("expand_dims", "expand_dims(x)", "expand_dims",
               (maps.reshaped, lambda w, g, z, x, axis: w.sum(g, axis=axis) if axis else g), infer=_expand_dims, axis=0,
               examples=[(((2, 3),), {"axis": 1}), (((),), {"axis": (0, 1)})],
               view="same", linear=(0,)),
    structural("squeeze", "squeeze(x)", "squeeze",
               (maps.reshaped, lambda w, g, z, x, axis: w.expand_dims(g, axis=axis) if axis else g),
               infer=_squeeze, axis=None, examples=[(((1, 3, 1),), {}), (((1, 1, 2),), {"axis": -2})],
               view="same", linear=(0,)),
    structural("broadcast_to", "broadcast(x)", "broadcast_to",
               (maps.of_broadcast, lambda w, g, z, x, shape: unbroadcast(w, g, x)), infer=_broadcast_to, shape=(),
               examples=[(((2, 1),), {"shape": (4, 2, 3)}), (((),), {"shape": (2, 3)})],
               view="copied", linear=(0,)),
    structural("flip", "flip(x)", "flip",
               (maps.of_flip, lambda w, g, z, x, axis: w.flip(g, axis=axis)), infer=_flip, axis=None,
               examples=[(((2, 3),), {}), (((2, 3),), {"axis": 1})],
               view="moved", linear=(0,)),
    structural("cumsum", "cumsum(x)", "cumsum",
               (maps.of_cumsum, lambda w, g, z, x, axis:
                   w.flip(w.cumsum(w.flip(g, axis=(axis,)), axis=axis), axis=(axis,))),
               infer=_one_axis, sign="Σ…", axis=None, examples=[(((4,),), {}), (((2, 3),), {"axis": -1})],
               through=True),
    structural("pad", "pad(x)", _padded,
               (maps.of_pad, lambda w, g, z, x, width, value: w.index(g, key=_unpadded(x, width))),
               infer=_pad, width=0, value=0,
               examples=[(((2, 3),), {"width": ((1, 0), (0, 2))}), (((2,),), {"width": 1})],
               scattered=True, cost=free, through=True),
    structural("broadcast_like", "broadcast(x)", _copied,
               (maps.of_broadcast, lambda w, g, z, x, y: unbroadcast(w, g, x)), ("", None), infer=_broadcast_like,
               examples=[(((2, 1), (4, 2, 3)), {}), (((), (2, 3)), {})],
               view="copied", linear=(0,), like=1),
)
# fmt: on

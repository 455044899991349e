"""Ops that move elements and change none: other shapes, other axes, copies along new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cgraph import shapes
from cgraph.errors import ShapeError
from cgraph.ops.row import Attrs, Row, structural, unbroadcast
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


def _broadcast_like(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    x, like = operands
    if shapes.broadcast([x, like]) != like:
        raise ShapeError(f"{shapes.show(x)} does not broadcast to {shapes.show(like)}")
    return attrs, like


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(axes.index(i) for i in range(len(axes)))


def _reshaped(x: Any, shape: Any) -> Any:
    return np.reshape(x, shape)


# fmt: off
ROWS: tuple[Row, ...] = (
    structural("reshape", "reshape(x)", _reshaped,
               ("reshaped", lambda w, g, z, x, shape: w.reshape(g, shape=x.shape)), infer=_reshape, shape=(),
               examples=[(((2, 3),), {"shape": (3, -1)}), (((4,),), {"shape": (2, 1, 2)})]),
    structural("transpose", "xᵀ", np.transpose,
               ("ᵀ", lambda w, g, z, x, axes: w.transpose(g, axes=_inverse(axes))),
               infer=_transpose, sign="ᵀ", axes=None,
               examples=[(((2, 3),), {}), (((2, 3, 4),), {"axes": (2, 0, 1)})]),
    structural("expand_dims", "expand_dims(x)", np.expand_dims,
               ("reshaped", lambda w, g, z, x, axis: w.sum(g, axis=axis)), infer=_expand_dims, axis=0,
               examples=[(((2, 3),), {"axis": 1}), (((),), {"axis": (0, 1)})]),
    structural("broadcast_like", "broadcast(x)", lambda x, y: np.broadcast_to(x, np.shape(y)),
               ("summed", lambda w, g, z, x, y: unbroadcast(w, g, x)), ("", None), infer=_broadcast_like,
               examples=[(((2, 1), (4, 2, 3)), {}), (((), (2, 3)), {})]),
)
# fmt: on

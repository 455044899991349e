"""Structural ops: those that move, sum and multiply whole arrays. Their rules are pullbacks.

In a pullback `g` is the upstream gradient. Beside each stands the linear map as it is written on an edge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cgraph import shapes
from cgraph.errors import ShapeError
from cgraph.ops.row import Attrs, Row, structural, unbroadcast
from cgraph.shapes import Shape

Infer = Callable[[Sequence[Shape], Attrs], tuple[Attrs, Shape]]


# How each op normalises its attributes and finds the shape of its result ---------------------------------------------
def _reduction(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    (x,) = operands
    axes, keepdims = shapes.normal_axes(attrs["axis"], len(x)), bool(attrs["keepdims"])
    return {"axis": axes, "keepdims": keepdims}, shapes.reduced(x, axes, keepdims)


def _matmul(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    return attrs, shapes.matmul(*operands)


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


def _same_with_axis(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    axes = shapes.normal_axes(attrs["axis"], len(operands[0]))
    if attrs["axis"] is None or len(axes) != 1:
        raise ShapeError(f"axis {attrs['axis']!r} is not one axis", why="the op works along one", fix="write axis=-1")
    return {"axis": axes[0]}, operands[0]


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


def _scalar(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    return attrs, ()


# Pieces of pullbacks -------------------------------------------------------------------------------------------------
def _spread(w: Any, g: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """A gradient of a reduction, given back to every element that was reduced."""
    return w.broadcast_like(g if keepdims or not axis else w.expand_dims(g, axis=axis), x)


def _flip(w: Any, x: Any) -> Any:
    """The matrices of a stack, each transposed."""
    return w.transpose(x, axes=(*range(len(x.shape) - 2), len(x.shape) - 1, len(x.shape) - 2))


def _row(w: Any, x: Any) -> Any:
    """A vector on the left of a product as a matrix of one row."""
    return w.expand_dims(x, axis=(0,)) if len(x.shape) == 1 else x


def _column(w: Any, y: Any) -> Any:
    """A vector on the right of a product as a matrix of one column."""
    return w.expand_dims(y, axis=(1,)) if len(y.shape) == 1 else y


def _as_matrices(w: Any, g: Any, x: Any, y: Any) -> Any:
    """The upstream gradient of `x @ y` with the axes back that the product dropped for vectors."""
    if len(y.shape) == 1:
        g = w.expand_dims(g, axis=(len(g.shape),))
    if len(x.shape) == 1:
        g = w.expand_dims(g, axis=(len(g.shape) - 1,))
    return g


def _to_left(w: Any, g: Any, z: Any, x: Any, y: Any) -> Any:
    product = unbroadcast(w, _as_matrices(w, g, x, y) @ _flip(w, _column(w, y)), _row(w, x))
    return w.sum(product, axis=(0,)) if len(x.shape) == 1 else product


def _to_right(w: Any, g: Any, z: Any, x: Any, y: Any) -> Any:
    product = unbroadcast(w, _flip(w, _row(w, x)) @ _as_matrices(w, g, x, y), _column(w, y))
    return w.sum(product, axis=(1,)) if len(y.shape) == 1 else product


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(axes.index(i) for i in range(len(axes)))


# NumPy's side --------------------------------------------------------------------------------------------------------
def _softmax(x: Any, axis: int = -1) -> Any:
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def _log_softmax(x: Any, axis: int = -1) -> Any:
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def _reshaped(x: Any, shape: Any) -> Any:
    return np.reshape(x, shape)


def _sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims)


def _mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.mean(x, axis=axis, keepdims=keepdims)


def _cross_entropy(x: Any, y: Any) -> Any:
    return -np.sum(np.where(y == 0, 0.0, y * _log_softmax(x)), axis=-1)


def _cross_entropy_shape(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    x, y = operands
    if x != y or not x:
        raise ShapeError(
            f"softmax_cross_entropy of logits {shapes.show(x)} and targets {shapes.show(y)}",
            why="both need one shape, the classes along the last axis",
            fix="give each target as a distribution over the classes, such as a one-hot row",
        )
    return attrs, x[:-1]


# fmt: off
ROWS: tuple[Row, ...] = (
    structural("matmul", "x @ y", np.matmul,
               ("· {y}ᵀ", _to_left),
               ("{x}ᵀ ·", _to_right), infer=_matmul, sign="@"),
    structural("sum", "sum(x)", _sum,
               ("to each", lambda w, g, z, x, axis, keepdims: _spread(w, g, x, axis, keepdims)),
               infer=_reduction, sign="Σ", axis=None, keepdims=False),
    structural("mean", "mean(x)", _mean,
               ("÷ n to each", lambda w, g, z, x, axis, keepdims:
                   _spread(w, g * (w.size(z) / w.size(x)), x, axis, keepdims)),
               infer=_reduction, axis=None, keepdims=False),
    structural("reshape", "reshape(x)", _reshaped,
               ("reshaped", lambda w, g, z, x, shape: w.reshape(g, shape=x.shape)), infer=_reshape, shape=()),
    structural("transpose", "xᵀ", np.transpose,
               ("ᵀ", lambda w, g, z, x, axes: w.transpose(g, axes=_inverse(axes))),
               infer=_transpose, sign="ᵀ", axes=None),
    structural("expand_dims", "expand_dims(x)", np.expand_dims,
               ("reshaped", lambda w, g, z, x, axis: w.sum(g, axis=axis)), infer=_expand_dims, axis=0),
    structural("broadcast_like", "broadcast(x)", lambda x, y: np.broadcast_to(x, np.shape(y)),
               ("summed", lambda w, g, z, x, y: unbroadcast(w, g, x)), ("", None), infer=_broadcast_like),
    structural("size", "size(x)", lambda x: np.result_type(x).type(np.size(x)), ("", None), infer=_scalar),
    structural("softmax", "softmax(x)", _softmax,
               ("softmax'", lambda w, g, z, x, axis: z * (g - w.sum(g * z, axis=axis, keepdims=True))),
               infer=_same_with_axis, axis=-1,
               definition=lambda w, x, axis: w.exp(x) / w.sum(w.exp(x), axis=axis, keepdims=True)),
    structural("log_softmax", "log(softmax(x))", _log_softmax,
               ("· (I − softmax)", lambda w, g, z, x, axis:
                   g - w.softmax(x, axis=axis) * w.sum(g, axis=axis, keepdims=True)),
               infer=_same_with_axis, axis=-1,
               definition=lambda w, x, axis: x - w.log(w.sum(w.exp(x), axis=axis, keepdims=True))),
    structural("softmax_cross_entropy", "-sum(y*log(softmax(x)))", _cross_entropy,
               ("· (softmax({x}) − {y})", lambda w, g, z, x, y: w.expand_dims(g, axis=len(x.shape) - 1)
                   * (w.softmax(x, axis=-1) * w.sum(y, axis=-1, keepdims=True) - y)),
               ("· (−log softmax({x}))", lambda w, g, z, x, y:
                   -w.expand_dims(g, axis=len(x.shape) - 1) * w.log_softmax(x, axis=-1)),
               infer=_cross_entropy_shape, sign="CE",
               definition=lambda w, x, y: -w.sum(y * w.log_softmax(x, axis=-1), axis=-1)),
)
# fmt: on

"""NumPy's functions that move elements: other shapes, other axes, other places."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.apply import op
from cgraph.functions.arranging import diff, moveaxis, repeat, roll, taken_apart, tile, tril, triu
from cgraph.functions.joining import concatenate
from cgraph.graph.node import Node, as_node, short
from cgraph.shapes import is_integer, normal_axes, show


def _reshape(a: Any, shape: Any) -> Node:
    return op("reshape", a, shape=shape)


def _ravel(a: Any) -> Node:
    return op("reshape", a, shape=(-1,))


def _transpose(a: Any, axes: Any = None) -> Node:
    return op("transpose", a, axes=axes)


def _matrix_transpose(x: Any) -> Node:
    return _swapaxes(x, -1, -2)


def _swapaxes(a: Any, axis1: int, axis2: int) -> Node:
    rank = len(as_node(a).shape)
    axes = list(range(rank))
    for axis in (axis1, axis2):
        if not is_integer(axis) or not -rank <= axis < rank:
            raise ValueRefusedError(f"axis {axis} is not there", why=f"the operand has {rank} dimension(s)")
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return op("transpose", a, axes=tuple(axes))


def _rollaxis(a: Any, axis: int, start: int = 0) -> Node:
    rank = len(as_node(a).shape)
    (axis,) = normal_axes((axis,), rank)
    if not is_integer(start) or not -rank <= start <= rank:
        raise ValueRefusedError(f"start={start!r}", why=f"the operand has {rank} dimension(s)")
    start = start + rank if start < 0 else start
    return moveaxis(a, axis, start - 1 if axis < start else start)


def _expand_dims(a: Any, axis: Any) -> Node:
    return op("expand_dims", a, axis=axis)


def _squeeze(a: Any, axis: Any = None) -> Node:
    return op("squeeze", a, axis=axis)


def _broadcast_to(array: Any, shape: Any) -> Node:
    return op("broadcast_to", array, shape=shape)


def _broadcast_arrays(*args: Any) -> tuple[Node, ...]:
    nodes = [as_node(x) for x in args]
    like = op("add", *nodes) if len(nodes) > 1 else nodes[0]
    return tuple(x if x.shape == like.shape else op("broadcast_to", x, shape=like.shape) for x in nodes)


def _meshgrid(*xi: Any, indexing: str = "xy", sparse: bool = False) -> list[Node]:
    if indexing not in ("xy", "ij"):
        raise ValueRefusedError(f"indexing={indexing!r}", fix='write "xy" or "ij"')
    rank = len(xi)
    places = [1, 0, *range(2, rank)] if indexing == "xy" and rank > 1 else list(range(rank))
    found = []
    for x, place in zip(map(_ravel, xi), places, strict=True):
        found.append(op("expand_dims", x, axis=tuple(a for a in range(rank) if a != place)))
    return found if sparse else list(_broadcast_arrays(*found))


def _flip(m: Any, axis: Any = None) -> Node:
    return op("flip", m, axis=axis)


def _rot90(m: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Node:
    first, second = axes
    turns = int(k) % 4
    if turns == 2:
        return _flip(_flip(m, first), second)
    if turns == 1:
        return _swapaxes(_flip(m, second), first, second)
    return _flip(_swapaxes(m, first, second), second) if turns else as_node(m)


def _pad(array: Any, pad_width: Any, mode: str = "constant", *, constant_values: float = 0) -> Node:
    if mode == "constant":
        return op("pad", array, width=pad_width, value=constant_values)
    x = as_node(array)
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise ValueRefusedError(f"numpy.pad with mode={mode!r}", fix='write "constant", "edge", "reflect" or "wrap"')
    if any(isinstance(d, str) for d in x.shape):
        raise ShapeError(f"pad of {show(x.shape)}", why="a padded named dimension would have no name")
    widths = zip(x.shape, _pairs(x, pad_width), strict=True)
    places = [np.pad(np.arange(int(d)), w, mode=mode) for d, w in widths]  # type: ignore[call-overload]  # of the four modes
    return x[np.ix_(*places)] if places else x


def _pairs(x: Node, width: Any) -> Any:
    try:
        return np.broadcast_to(np.asarray(width), (len(x.shape), 2)).tolist()
    except ValueError:
        raise ShapeError(f"pad by {short(width)}", why="each axis needs two whole numbers from 0 up") from None


def _take(a: Any, indices: Any, axis: int | None = None) -> Node:
    return op("take", _ravel(a), indices) if axis is None else op("take", a, indices, axis=axis)


def _take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Node:
    if isinstance(indices, Node):
        return op("take_along", _ravel(arr) if axis is None else arr, indices, axis=0 if axis is None else axis)
    x = as_node(arr) if axis is not None else _ravel(arr)
    ids = np.asarray(indices)
    (along,) = normal_axes((0 if axis is None else axis,), len(x.shape))
    if ids.ndim != len(x.shape) or ids.dtype.kind not in "iu":
        raise ShapeError(f"indices {show(ids.shape)} of {show(x.shape)}", why="they are integers in as many dimensions")
    size = x.shape[along]
    ids = np.where(ids < 0, ids + size, ids) if isinstance(size, int) else ids
    sizes = [ids.shape[a] if x.shape[a] == 1 else x.shape[a] for a in range(ids.ndim)]
    grid = np.ix_(*(np.zeros(n, int) if x.shape[a] == 1 else np.arange(n) for a, n in enumerate(map(int, sizes))))
    return x[tuple(ids if a == along else grid[a] for a in range(ids.ndim))]


def _diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node:
    x = as_node(a)
    if len(x.shape) < 2:
        raise ShapeError(f"{show(x.shape)} has no diagonal", why="it needs two dimensions", fix="give a matrix")
    normal_axes((axis1, axis2), len(x.shape))
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    rows, columns = x.shape[-2:]
    if not offset and rows == columns:
        return op("diagonal", x, axis=len(x.shape) - 2)
    if isinstance(rows, str) or isinstance(columns, str):
        raise ShapeError(f"the diagonal {offset} of {show(x.shape)}", why="its length would have no name")
    start = max(-offset, 0)
    length = max(min(rows - start, columns - max(offset, 0)), 0)
    places = np.arange(length)
    return x[..., places + start, places + max(offset, 0)]


def _trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node:
    return op("sum", _diagonal(a, offset, axis1, axis2), axis=-1)


def _diag(v: Any, k: int = 0) -> Node:
    x = as_node(v)
    if len(x.shape) not in (1, 2):
        raise ShapeError(f"numpy.diag of {show(x.shape)}", why="it takes a vector or a matrix")
    if len(x.shape) == 2:
        return _diagonal(x, k)
    matrix = op("diagonal_matrix", x)
    return op("pad", matrix, width=((max(-k, 0), max(k, 0)), (max(k, 0), max(-k, 0)))) if k else matrix


def _at_least(rank: int) -> Callable[..., Any]:
    def shaped(x: Node) -> Node:
        if len(x.shape) >= rank:
            return x
        if rank == 3 and len(x.shape) == 2:
            return op("expand_dims", x, axis=2)
        if rank == 3 and len(x.shape) == 1:
            return op("expand_dims", x, axis=(0, 2))
        return op("expand_dims", x, axis=tuple(range(rank - len(x.shape))))

    def at_least(*arys: Any) -> Any:
        found = [shaped(as_node(x)) for x in arys]
        return found[0] if len(found) == 1 else tuple(found)

    return at_least


def _size(a: Any, axis: int | None = None) -> Any:
    shape = as_node(a).shape
    if axis is not None:
        return shape[axis]
    if any(isinstance(d, str) for d in shape):
        raise ShapeError(f"numpy.size of {show(shape)}", why="a named dimension has no size yet", fix="use cg.size")
    return prod(int(d) for d in shape)


def _unstack(x: Any, *, axis: int = 0) -> tuple[Node, ...]:
    return tuple(taken_apart(moveaxis(x, axis, 0)))


def _shifted(x: Any, axes: Any, halves: Callable[[int], int]) -> Node:
    """x, moved on along some axes (all of them for None) by a half of each."""
    x = as_node(x)
    along = range(len(x.shape)) if axes is None else normal_axes(axes, len(x.shape))
    named = [x.shape[axis] for axis in along if isinstance(x.shape[axis], str)]
    if named:
        raise ShapeError(f"a half of the dimension {named[0]!r}", why="it is no number")
    return roll(x, [halves(int(x.shape[axis])) for axis in along], [*along])


def _unwrap(p: Any, discont: float | None = None, axis: int = -1, *, period: float = 2 * math.pi) -> Node:
    """Angles without jumps: where neighbours differ by more than a half of the period, whole ones are added."""
    p, half = as_node(p), period / 2
    step = diff(p, 1, axis)
    near = op("mod", step + half, period) - half
    near = op("where", op("equal", near, -half) * op("greater", step, 0.0), half, near)
    small = op("less", op("abs", step), half if discont is None else discont)
    added = op("cumsum", op("where", small, 0.0, near - step), axis=axis)
    first = op("take", p, [0], axis=axis) * 0.0
    return op("add", p, concatenate([first, added], axis=axis))


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.unwrap: _unwrap,
    np.fft.fftshift: lambda x, axes=None: _shifted(x, axes, lambda size: size // 2),
    np.fft.ifftshift: lambda x, axes=None: _shifted(x, axes, lambda size: -(size // 2)),
    np.reshape: _reshape,
    np.ravel: _ravel,
    np.transpose: _transpose,
    np.swapaxes: _swapaxes,
    np.moveaxis: moveaxis,
    np.rollaxis: _rollaxis,
    np.expand_dims: _expand_dims,
    np.squeeze: _squeeze,
    np.broadcast_to: _broadcast_to,
    np.broadcast_arrays: _broadcast_arrays,
    np.meshgrid: _meshgrid,
    np.flip: _flip,
    np.flipud: lambda m: _flip(m, 0),
    np.fliplr: lambda m: _flip(m, 1),
    np.rot90: _rot90,
    np.roll: lambda a, shift, axis=None: roll(a, shift, axis),
    np.repeat: lambda a, repeats, axis=None: repeat(a, repeats, axis),
    np.tile: tile,
    np.tril: lambda m, k=0: tril(m, k),
    np.triu: lambda m, k=0: triu(m, k),
    np.pad: _pad,
    np.take: _take,
    np.take_along_axis: _take_along_axis,
    np.compress: lambda condition, a, axis=None: _take(a, np.flatnonzero(condition), axis),
    np.diagonal: _diagonal,
    np.trace: _trace,
    np.diag: _diag,
    np.diagflat: lambda v, k=0: _diag(_ravel(v), k),
    np.atleast_1d: _at_least(1),
    np.atleast_2d: _at_least(2),
    np.atleast_3d: _at_least(3),
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: len(a.shape),
    np.size: _size,
    **({np.matrix_transpose: _matrix_transpose} if hasattr(np, "matrix_transpose") else {}),
    **({np.unstack: _unstack} if hasattr(np, "unstack") else {}),
}

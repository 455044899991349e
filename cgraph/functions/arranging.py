"""Elements in other places: rolled, repeated, tiled, cut to a triangle, and their differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.apply import op
from cgraph.functions.joining import concatenate
from cgraph.graph.node import Node, Operand, as_node, short
from cgraph.shapes import Dimension, is_integer, normal_axes, show


def moveaxis(x: Operand, source: int | Sequence[int], destination: int | Sequence[int]) -> Node:
    """x with some axes in other places, the rest in their order.

    >>> import cgraph as cg
    >>> moveaxis(cg.variable("x", (2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    x = as_node(x)
    rank = len(x.shape)
    places: list[list[Any]] = [list(a) if isinstance(a, (tuple, list)) else [a] for a in (source, destination)]
    normal_axes(places[0], rank), normal_axes(places[1], rank)  # of which each may stand there once
    if len(places[0]) != len(places[1]):
        raise ValueRefusedError(f"moveaxis from {source} to {destination}", why="each axis needs one place to go to")
    moved, to = ([int(a) % rank for a in axes] for axes in places)
    rest = iter(a for a in range(rank) if a not in moved)
    axes = tuple(moved[to.index(place)] if place in to else next(rest) for place in range(rank))
    return x if axes == tuple(range(rank)) else op("transpose", x, axes=axes)


def roll(x: Operand, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Node:
    """x with its elements moved on by `shift`, those that leave at the end coming in at the beginning.

    Without an axis over all elements, row by row. Raises ShapeError along a named dimension.

    >>> import cgraph as cg
    >>> cg.forward(roll([1.0, 2.0, 3.0], 1)).values[-1].tolist()
    [3.0, 1.0, 2.0]
    """
    x = as_node(x)
    if axis is None:
        total = sum(shift) if isinstance(shift, (tuple, list)) else shift
        return op("reshape", roll(op("reshape", x, shape=(-1,)), total, 0), shape=x.shape)
    axes = list(axis) if isinstance(axis, (tuple, list)) else [axis]
    shifts: list[Any] = list(shift) if isinstance(shift, (tuple, list)) else [shift]
    count = max(len(axes), len(shifts))
    if len(axes) not in (1, count) or len(shifts) not in (1, count) or not all(map(is_integer, shifts)):
        raise ValueRefusedError(f"roll by {shift!r} along {axis!r}", why="each axis needs a whole number of places")
    for one, by in zip(axes * (count // len(axes)), shifts * (count // len(shifts)), strict=True):
        (place,) = normal_axes((one,), len(x.shape))
        size = _size("roll", x, place)
        kept = size - int(by) % size if size else size
        if kept < size:
            before = (slice(None),) * place
            x = concatenate([x[(*before, slice(kept, None))], x[(*before, slice(0, kept))]], axis=place)
    return x


def repeat(x: Operand, repeats: int | Sequence[int], axis: int | None = None) -> Node:
    """Each element, or each row along an axis, so many times in a row.

    >>> import cgraph as cg
    >>> cg.forward(repeat([1.0, 2.0], 2)).values[-1].tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    x = as_node(x)
    if axis is None:
        x, axis = op("reshape", x, shape=(-1,)), 0
    (axis,) = normal_axes((axis,), len(x.shape))
    size = _size("repeat", x, axis)
    counts = np.asarray(repeats)
    if counts.dtype.kind not in "iu" or (counts < 0).any() or counts.shape not in ((), (1,), (size,)):
        raise ValueRefusedError(f"repeat {short(repeats)} times", why=f"a whole number, or one for each of {size}")
    if counts.size != 1 or size == 1:
        return x[(*(slice(None),) * axis, np.repeat(np.arange(size), counts))]
    times, before, after = int(counts.reshape(())), x.shape[: axis + 1], x.shape[axis + 1 :]
    copies = op("broadcast_to", op("expand_dims", x, axis=axis + 1), shape=(*before, times, *after))
    return op("reshape", copies, shape=(*x.shape[:axis], size * times, *after))


def tile(x: Operand, reps: int | Sequence[int]) -> Node:
    """Copies of x side by side, as many along each axis as `reps` says, which are those of the last axes.

    >>> import cgraph as cg
    >>> tile(cg.variable("x", (2, 3)), (2, 1)).shape
    (4, 3)
    """
    x = as_node(x)
    given = np.asarray(reps)
    if given.dtype.kind not in "iu" or given.ndim > 1 or (given < 0).any():
        raise ValueRefusedError(f"tile with reps={reps!r}", why="they are whole numbers from 0 up")
    rank = max(given.size, len(x.shape))
    times: list[int] = [1] * (rank - given.size) + given.reshape(-1).tolist()
    shape: tuple[Dimension, ...] = (*(1,) * (rank - len(x.shape)), *x.shape)
    for size, many in zip(shape, times, strict=True):
        if isinstance(size, str) and many != 1:
            raise ShapeError(f"tile along the named dimension {size!r}", why="the longer one would have no name")
    apart = tuple(d for size in shape for d in (1, size))
    copied = tuple(d for size, many in zip(shape, times, strict=True) for d in (many, size))
    copies = op("broadcast_to", op("reshape", x, shape=apart), shape=copied)
    joined = tuple(d if isinstance(d, str) else d * many for d, many in zip(shape, times, strict=True))
    return op("reshape", copies, shape=joined)


def tril(x: Operand, k: int = 0) -> Node:
    """The lower triangle of a matrix, or of each in a stack: 0 above the diagonal, or above the one k places from it.

    >>> import cgraph as cg
    >>> cg.forward(tril([[1.0, 2.0], [3.0, 4.0]])).values[-1].tolist()
    [[1.0, 0.0], [3.0, 4.0]]
    """
    return _triangle("tril", as_node(x), k)


def triu(x: Operand, k: int = 0) -> Node:
    """The upper triangle of a matrix, or of each in a stack: 0 below the diagonal, or below the one k places from it.

    >>> import cgraph as cg
    >>> cg.forward(triu([[1.0, 2.0], [3.0, 4.0]], 1)).values[-1].tolist()
    [[0.0, 2.0], [0.0, 0.0]]
    """
    return _triangle("triu", as_node(x), k)


def _triangle(name: str, x: Node, k: int) -> Node:
    if not x.shape or not is_integer(k):
        raise ShapeError(f"{name} of {show(x.shape)} with k={k!r}", why="it takes matrices and a whole number k")
    rank = len(x.shape)
    rows, columns = (_size(name, x, a) for a in (max(rank - 2, 0), rank - 1))
    lower = np.tri(rows, columns, k=int(k) if name == "tril" else int(k) - 1, dtype=bool)
    return op("where", lower if name == "tril" else ~lower, x, 0.0)


def diff(x: Operand, n: int = 1, axis: int = -1) -> Node:
    """The differences of neighbours along an axis, n times over.

    >>> import cgraph as cg
    >>> cg.forward(diff([1.0, 4.0, 9.0])).values[-1].tolist()
    [3.0, 5.0]
    """
    x = as_node(x)
    if not is_integer(n) or n < 0:
        raise ValueRefusedError(f"diff {n!r} times", why="n is a whole number from 0 up")
    (axis,) = normal_axes((axis,), len(x.shape))
    before = (slice(None),) * axis
    for _ in range(n):
        size = _size("diff", x, axis)
        x = x[(*before, slice(1, None))] - x[(*before, slice(0, max(size - 1, 0)))]
    return x


def _size(name: str, x: Node, axis: int) -> int:
    """The size of an axis, which must be a number."""
    size = x.shape[axis]
    if isinstance(size, str):
        raise ShapeError(
            f"{name} of {show(x.shape)} along the named dimension {size!r}",
            where=x.where,
            why="it needs to know how many elements there are",
            fix="declare the variable with a size that is a number",
        )
    return size


def taken_apart(x: Any) -> list[Node]:
    """Nodes from what NumPy takes as a list of arrays: a list of them, or one array, row by row."""
    return list(x) if isinstance(x, Node) else [as_node(one) for one in x]

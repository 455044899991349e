"""Elements in the order of size, and what stands at a place in it; products one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.apply import op
from cgraph.functions.arranging import moveaxis
from cgraph.graph.node import Node, Operand, as_node, short
from cgraph.shapes import is_integer, normal_axes, show


def sort(x: Operand, axis: int | None = -1) -> Node:
    """x with its elements in the order of size along an axis, or all of them for None; NaN comes last.

    Each element takes its gradient along; of equal ones the first stays before the others.

    >>> import cgraph as cg
    >>> x = cg.variable("x", 3)
    >>> bwd = cg.backward(cg.forward(cg.sum(sort(x) * [1.0, 2.0, 3.0]), x=[7.0, 5.0, 6.0]))
    >>> bwd.gradient["x"].tolist()
    [3.0, 1.0, 2.0]
    """
    x, along = _along(x, axis)
    return op("sort_by", x, x, axis=along)


def argsort(x: Operand, axis: int | None = -1) -> Node:
    """The places from which `sort` takes its elements, as numbers to which no gradient flows.

    >>> import cgraph as cg
    >>> cg.forward(argsort([7.0, 5.0, 6.0])).values[-1].tolist()
    [1.0, 2.0, 0.0]
    """
    x, along = _along(x, axis)
    normal_axes((along,), len(x.shape))
    counted = op("cumsum", op("broadcast_like", 1.0, x), axis=along) - 1.0
    return op("sort_by", counted, x, axis=along)


def topk(x: Operand, k: int, axis: int = -1) -> tuple[Node, Node]:
    """The k largest elements along an axis, the largest first, and their places: ids for `cg.take_along`.

    Each value takes its gradient along; none flows to the places. Of equal elements the first stays before the
    others, and NaN counts as the least. Raises ShapeError where k elements are not there, or how many is not known.

    >>> import cgraph as cg
    >>> x = cg.constant([7.0, 5.0, 9.0])
    >>> [cg.forward(node).values[-1].tolist() for node in topk(x, 2)]
    [[9.0, 7.0], [2.0, 0.0]]
    """
    x = as_node(x)
    (along,) = normal_axes((axis,), len(x.shape))
    size = x.shape[along]
    if not isinstance(size, int) or not is_integer(k) or not 0 <= k <= size:
        raise ShapeError(f"the {k!r} largest of {show(x.shape)} along axis {along}", why=f"there are {size}")
    first = (*(slice(None),) * along, slice(0, int(k)))
    return op("sort_by", x, -x, axis=along)[first], argsort(-x, along)[first]


def quantile(
    x: Operand, q: float | Sequence[float], axis: int | Sequence[int] | None = None, keepdims: bool = False
) -> Node:
    """What a share q of the elements is below, between neighbours in the order of size in proportion, as NumPy's.

    Several shares give a new first axis. Raises ValueRefusedError for a q that is not from 0 to 1, ShapeError over
    named dimensions and over no elements.

    >>> import cgraph as cg
    >>> cg.forward(quantile([4.0, 1.0, 3.0], [0.25, 1.0])).values[-1].tolist()
    [2.0, 4.0]
    """
    x = as_node(x)
    axes = normal_axes(axis, len(x.shape))
    try:
        shares = np.asarray(q, dtype=float)
    except (TypeError, ValueError):
        shares = np.array(np.nan)
    if not ((shares >= 0) & (shares <= 1)).all() or shares.ndim > 1:
        raise ValueRefusedError(f"quantile {short(q)}", why="q is a number from 0 to 1, or a list of them")
    kept = [a for a in range(len(x.shape)) if a not in axes]
    sizes = [x.shape[a] for a in axes]
    if any(isinstance(d, str) for d in sizes) or not np.prod([int(d) for d in sizes]):
        raise ShapeError(f"quantile of {show(x.shape)} over {axes}", why="it needs a number of elements above 0")
    moved = op("transpose", x, axes=(*kept, *axes)) if axes else op("expand_dims", x, axis=len(kept))
    count = int(np.prod([int(d) for d in sizes]))
    ordered = sort(op("reshape", moved, shape=(*(x.shape[a] for a in kept), count)))
    at = shares * (count - 1)
    low = np.floor(at).astype(int)
    share = at - low
    found = below = ordered[..., low]
    if share.any():  # where it is 0, the neighbour above may be infinite, and does not count
        between = below * (1 - share) + ordered[..., np.minimum(low + 1, count - 1)] * share
        found = between if share.all() else op("where", share == 0, below, between)
    last = ordered[..., -1]  # where NaN is, if there is one
    unknown = op("where", op("equal", last, last), 0.0, np.nan)
    if shares.ndim:
        found = moveaxis(found, -1, 0)
    found = op("where", op("equal", unknown, 0.0), found, unknown)
    if not keepdims or not axes:
        return found
    return op("expand_dims", found, axis=tuple(a + shares.ndim for a in axes))


def median(x: Operand, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Node:
    """The element in the middle of the order of size, or the mean of the two there.

    >>> import cgraph as cg
    >>> float(cg.forward(median([4.0, 1.0, 3.0, 9.0])).values[-1])
    3.5
    """
    return quantile(x, 0.5, axis, keepdims)


def cumprod(x: Operand, axis: int | None = None) -> Node:
    """The products of the elements so far along an axis, or of all elements; with zeros among them, too.

    >>> import cgraph as cg
    >>> x = cg.variable("x", 3)
    >>> bwd = cg.backward(cg.forward(cg.sum(cumprod(x)), x=[2.0, 0.0, 4.0]))
    >>> bwd.gradient["x"].tolist()
    [1.0, 10.0, 0.0]
    """
    x, along = _along(x, axis)
    (along,) = normal_axes((along,), len(x.shape))
    size = x.shape[along]
    if isinstance(size, str):
        raise ShapeError(f"cumprod along the named dimension {size!r}", why="how many factors there are must be known")
    if size < 2:
        return x
    width = tuple((0, size - 1 if i == along else 0) for i in range(len(x.shape)))
    first: Any = op("pad", x[(*(slice(None),) * along, slice(0, 1))], width=width)
    return op("recurrence", x, first, axis=along)


def _along(x: Any, axis: int | None) -> tuple[Node, int]:
    """The operand and the axis; for None its elements in one row."""
    x = as_node(x)
    return (x, axis) if axis is not None else (op("reshape", x, shape=(-1,)), 0)

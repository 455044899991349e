"""NumPy's functions that bring elements together over axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.apply import op
from cgraph.graph.node import Node, as_node
from cgraph.ops import TABLE
from cgraph.shapes import normal_axes, show


def _axes(name: str, axis: Any) -> Any:
    """The axes of a reduction, but for the one case in which NumPy's meaning is not the table's."""
    if isinstance(axis, (tuple, list)) and not axis:
        raise ValueRefusedError(
            f"numpy.{name} over no axes",
            why=f"NumPy would reduce over none, and cg.{name} over all",
            fix="write axis=None for all axes, or take the node as it is",
        )
    return axis


def _reduction(name: str) -> Callable[..., Node]:
    def reduce(a: Any, axis: Any = None, *, keepdims: bool = False) -> Node:
        return op(name, a, axis=_axes(name, axis), keepdims=keepdims)

    return reduce


def _spread(name: str) -> Callable[..., Node]:
    def reduce(a: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Node:
        return op(name, a, axis=_axes(name, axis), ddof=ddof, keepdims=keepdims)

    return reduce


def _argmin(a: Any, axis: Any = None, *, keepdims: bool = False) -> Node:
    return op("argmax", -as_node(a), axis=axis, keepdims=keepdims)


def _ptp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Node:
    axes = _axes("ptp", axis)
    return op("max", a, axis=axes, keepdims=keepdims) - op("min", a, axis=axes, keepdims=keepdims)


def _all(a: Any, axis: Any = None, *, keepdims: bool = False) -> Node:
    return op("prod", op("not_equal", a, 0.0), axis=_axes("all", axis), keepdims=keepdims)


def _allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8) -> Node:
    return _all(np.isclose(as_node(a), b, rtol, atol))


def _array_equal(a1: Any, a2: Any) -> Node:
    x, y = as_node(a1), as_node(a2)
    return _all(op("equal", x, y)) if x.shape == y.shape else as_node(0.0)


def _array_equiv(a1: Any, a2: Any) -> Node:
    try:
        same = op("equal", a1, a2)
    except ShapeError:
        return as_node(0.0)  # what does not broadcast is not equal
    return _all(same)


def _any(a: Any, axis: Any = None, *, keepdims: bool = False) -> Node:
    return 1.0 - op("prod", op("equal", a, 0.0), axis=_axes("any", axis), keepdims=keepdims)


def _count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Node:
    return op("sum", op("not_equal", a, 0.0), axis=_axes("count_nonzero", axis), keepdims=keepdims)


def _average(a: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Node:
    a = as_node(a)
    if weights is None:
        return op("mean", a, axis=_axes("average", axis), keepdims=keepdims)
    w = as_node(weights)
    if w.shape != a.shape:
        if len(w.shape) != 1 or axis is None or isinstance(axis, (tuple, list)):
            raise ShapeError(
                f"numpy.average of {show(a.shape)} with weights {show(w.shape)}",
                why="it needs a weight for each element, or one for each place along an axis",
            )
        (place,) = normal_axes((axis,), len(a.shape))
        if w.shape != (a.shape[place],):
            raise ShapeError(f"{show(w.shape)} weights along axis {place} of {show(a.shape)}")
        w = op("broadcast_like", op("expand_dims", w, axis=tuple(range(1, len(a.shape) - place))), a)
    total = op("sum", w, axis=_axes("average", axis), keepdims=keepdims)
    average: Node = op("sum", a * w, axis=axis, keepdims=keepdims) / total
    return average


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Node:
    x = as_node(x)
    axes = normal_axes(axis, len(x.shape))
    if ord is None or (ord == 2 and len(axes) == 1) or (ord == "fro" and len(axes) == 2):
        return op("norm", x, axis=axis, keepdims=keepdims)
    size = op("abs", x)
    if len(axes) == 1 and not isinstance(ord, str):
        if ord in (np.inf, -np.inf):
            return op("max" if ord > 0 else "min", size, axis=axes, keepdims=keepdims)
        if ord == 0:
            return op("sum", op("not_equal", x, 0.0), axis=axes, keepdims=keepdims)
        if ord == 1:
            return op("sum", size, axis=axes, keepdims=keepdims)
        rooted: Node = op("sum", size ** float(ord), axis=axes, keepdims=keepdims) ** (1 / ord)
        return rooted
    if len(axes) == 2 and ord in (1, -1, np.inf, -np.inf):
        rows, columns = axes if not isinstance(axis, (tuple, list)) else [a % len(x.shape) for a in axis]
        summed, over = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = op("sum", size, axis=summed, keepdims=True)
        found = op("max" if ord > 0 else "min", sums, axis=over, keepdims=True)
        return found if keepdims else op("squeeze", found, axis=axes)
    raise ValueRefusedError(
        f"numpy.linalg.norm with ord={ord!r} over {len(axes)} axes",
        why="it needs singular values, which no row computes" if len(axes) == 2 else "there is no such norm",
        fix="cg.norm(x) is the root of the sum of squares",
    )


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    **{
        getattr(np, name): (_spread if "ddof" in row.defaults else _reduction)(name)
        for name, row in TABLE.items()
        if "keepdims" in row.defaults and hasattr(np, name)
    },
    np.amax: _reduction("max"),
    np.amin: _reduction("min"),
    np.argmin: _argmin,
    np.ptp: _ptp,
    np.all: _all,
    np.allclose: _allclose,
    np.array_equal: _array_equal,
    np.array_equiv: _array_equiv,
    np.any: _any,
    np.count_nonzero: _count_nonzero,
    np.average: _average,
    np.linalg.norm: _norm,
}

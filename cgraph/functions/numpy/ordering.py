"""NumPy's functions of the order of elements: sorted ones, running sums and products, differences and integrals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.apply import op
from cgraph.functions.arranging import diff
from cgraph.functions.joining import concatenate
from cgraph.functions.sorting import argsort, cumprod, median, quantile, sort
from cgraph.graph.node import Node, as_node
from cgraph.shapes import is_integer, normal_axes, show


def _sort(a: Any, axis: int | None = -1, kind: str | None = None, *, stable: bool | None = None) -> Node:
    return sort(a, axis)


def _argsort(a: Any, axis: int | None = -1, kind: str | None = None, *, stable: bool | None = None) -> Node:
    return argsort(a, axis)


def _cumsum(a: Any, axis: Any = None) -> Node:
    return op("cumsum", op("reshape", a, shape=(-1,)), axis=0) if axis is None else op("cumsum", a, axis=axis)


def _quantile(a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Node:
    if method != "linear":
        raise ValueRefusedError(f"method={method!r}", why="cg.quantile goes in proportion", fix='write "linear"')
    return quantile(a, q, axis, keepdims)


def _percentile(a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Node:
    return _quantile(a, np.asarray(q, float) / 100, axis, method=method, keepdims=keepdims)


def _median(a: Any, axis: Any = None, *, keepdims: bool = False) -> Node:
    return median(a, axis, keepdims)


def _diff(a: Any, n: int = 1, axis: int = -1) -> Node:
    return diff(a, n, axis)


def _linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, *, axis: int = 0) -> Node:
    if axis or not is_integer(num) or num < 0:
        raise ValueRefusedError(f"numpy.linspace of {num!r} numbers along axis {axis}", fix="give num=50, axis=0")
    x, y = as_node(start), as_node(stop)
    share = np.linspace(0.0, 1.0, int(num), endpoint)
    share = share.reshape(int(num), *(1,) * max(len(x.shape), len(y.shape)))
    return x * (1 - share) + y * share


def _gradient(f: Any, *varargs: Any, axis: Any = None) -> Any:
    x = as_node(f)
    axes = normal_axes(axis, len(x.shape))
    steps = list(varargs) * (len(axes) if len(varargs) == 1 else 1) or [1.0] * len(axes)
    if len(steps) != len(axes) or any(np.ndim(step) for step in steps):
        raise ValueRefusedError(
            "numpy.gradient with these distances", why="nodes take one number for all axes, or one for each"
        )
    found = [_slope(x, a, step) for a, step in zip(axes, steps, strict=True)]
    return found[0] if len(found) == 1 else tuple(found)


def _slope(x: Node, axis: int, step: Any) -> Node:
    """Differences along an axis: of the neighbours on either side, and at the ends of the one neighbour."""
    size = x.shape[axis]
    if isinstance(size, str) or size < 2:
        raise ShapeError(f"numpy.gradient of {show(x.shape)} along axis {axis}", why="it needs two elements at least")
    ahead = diff(x, axis=axis)
    before = (slice(None),) * axis
    middle = (ahead[(*before, slice(1, None))] + ahead[(*before, slice(0, size - 2))]) / 2
    ends = ahead[(*before, slice(0, 1))], ahead[(*before, slice(size - 2, None))]
    slopes: Node = concatenate([ends[0], middle, ends[1]], axis) / step
    return slopes


def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Node:
    values = as_node(y)
    (axis,) = normal_axes((axis,), len(values.shape))
    size = values.shape[axis]
    if isinstance(size, str):
        raise ShapeError(f"numpy.trapezoid along the named dimension {size!r}", why="it needs to know its size")
    width: Any = dx
    if x is not None:
        places = as_node(x)
        alone = len(places.shape) == 1
        width = diff(places) if alone else diff(places, axis=axis)
        width = op("expand_dims", width, axis=tuple(range(1, len(values.shape) - axis))) if alone else width
    before = (slice(None),) * axis
    heights = values[(*before, slice(1, None))] + values[(*before, slice(0, max(size - 1, 0)))]
    return op("sum", width * heights / 2, axis=axis)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sort: _sort,
    np.argsort: _argsort,
    np.median: _median,
    np.quantile: _quantile,
    np.percentile: _percentile,
    np.cumsum: _cumsum,
    np.cumprod: lambda a, axis=None: cumprod(a, axis),
    np.diff: _diff,
    np.ediff1d: lambda ary: diff(op("reshape", ary, shape=(-1,))),
    np.gradient: _gradient,
    np.linspace: _linspace,
    **({np.trapezoid: _trapezoid} if hasattr(np, "trapezoid") else {}),
}

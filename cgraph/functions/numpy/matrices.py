"""NumPy's functions of matrices and products."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.apply import op
from cgraph.functions.arranging import moveaxis
from cgraph.functions.einstein import einsum
from cgraph.functions.products import convolve, cross, dot, inner, kron, outer, slogdet, tensordot
from cgraph.graph.node import Node, as_node
from cgraph.shapes import is_integer, show


def _row(x: Any) -> Node:
    return op("reshape", x, shape=(-1,))


def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Node:
    if axis is not None:
        axisa = axisb = axisc = axis
    found = cross(moveaxis(a, axisa, -1), moveaxis(b, axisb, -1))
    return moveaxis(found, -1, axisc)


def _correlate(a: Any, v: Any, mode: str = "valid") -> Node:
    x, y = as_node(a), as_node(v)
    if mode == "same" and x.shape < y.shape and len(x.shape) == len(y.shape) == 1:
        return op("flip", convolve(y, op("flip", x), mode))  # NumPy correlates the longer with the shorter
    return convolve(x, op("flip", y), mode)


def _matrix_power(a: Any, n: int) -> Node:
    x = as_node(a)
    if not is_integer(n):
        raise ValueRefusedError(f"numpy.linalg.matrix_power with n={n!r}", why="n is a whole number")
    if n < 0:
        x, n = op("inv", x), -n
    if not n:
        size = x.shape[-1]
        if isinstance(size, str) or len(x.shape) < 2 or x.shape[-2] != size:
            raise ShapeError(f"matrix_power of {show(x.shape)}", why="it needs a square matrix of a known size")
        return op("broadcast_like", np.eye(size), x)
    found, square = None, x
    while n:
        if n % 2:
            found = square if found is None else op("matmul", found, square)
        n //= 2
        square = op("matmul", square, square) if n else square
    assert found is not None
    return found


def _multi_dot(arrays: Any) -> Node:
    nodes = [as_node(x) for x in arrays]
    if len(nodes) < 2:
        raise ValueRefusedError(f"numpy.linalg.multi_dot of {len(nodes)} array(s)", why="it takes two or more")
    return reduce(dot, nodes)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.dot: dot,
    np.vdot: lambda a, b: dot(_row(a), _row(b)),
    np.inner: inner,
    np.outer: lambda a, b: outer(_row(a), _row(b)),
    np.kron: kron,
    np.tensordot: lambda a, b, axes=2: tensordot(a, b, axes),
    np.einsum: einsum,
    np.cross: _cross,
    np.convolve: lambda a, v, mode="full": convolve(a, v, mode),
    np.correlate: _correlate,
    np.linalg.det: lambda a: op("det", a),
    np.linalg.slogdet: slogdet,
    np.linalg.inv: lambda a: op("inv", a),
    np.linalg.solve: lambda a, b: op("solve", a, b),
    np.linalg.matrix_power: _matrix_power,
    np.linalg.multi_dot: _multi_dot,
    **({np.vecdot: lambda x1, x2: op("sum", as_node(x1) * x2, axis=-1)} if hasattr(np, "vecdot") else {}),
}

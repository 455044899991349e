"""NumPy's own functions on nodes: `np.sum(x, axis=0)` builds the node that `cg.sum(x, axis=0)` builds.

Functions of single elements (`np.tanh`) are NumPy's ufuncs, which the table's rows answer to by themselves.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.functions.apply import op
from cgraph.functions.einstein import einsum
from cgraph.functions.joining import concatenate, split, stack
from cgraph.functions.products import dot, matrix_trace, outer
from cgraph.graph.node import NUMPY_FUNCTIONS, Node, as_node
from cgraph.ops import TABLE


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


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Node:
    rank = len(as_node(x).shape) if axis is None else len(axis) if isinstance(axis, (tuple, list)) else 1
    if ord is None or (ord == 2 and rank == 1) or (ord == "fro" and rank == 2):
        return op("norm", x, axis=axis, keepdims=keepdims)
    raise ValueRefusedError(f"numpy.linalg.norm with ord={ord!r}", why="cg.norm is the root of the sum of squares")


def _reshape(a: Any, shape: Any) -> Node:
    return op("reshape", a, shape=shape)


def _transpose(a: Any, axes: Any = None) -> Node:
    return op("transpose", a, axes=axes)


def _swapaxes(a: Any, axis1: int, axis2: int) -> Node:
    rank = len(as_node(a).shape)
    axes = list(range(rank))
    for axis in (axis1, axis2):
        if not -rank <= axis < rank:
            raise ValueRefusedError(f"axis {axis} is not there", why=f"the operand has {rank} dimension(s)")
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return op("transpose", a, axes=tuple(axes))


def _expand_dims(a: Any, axis: Any) -> Node:
    return op("expand_dims", a, axis=axis)


def _squeeze(a: Any, axis: Any = None) -> Node:
    return op("squeeze", a, axis=axis)


def _ravel(a: Any) -> Node:
    return op("reshape", a, shape=(-1,))


def _flip(m: Any, axis: Any = None) -> Node:
    return op("flip", m, axis=axis)


def _cumsum(a: Any, axis: Any = None) -> Node:
    return op("cumsum", _ravel(a), axis=0) if axis is None else op("cumsum", a, axis=axis)


def _broadcast_to(array: Any, shape: Any) -> Node:
    return op("broadcast_to", array, shape=shape)


def _pad(array: Any, pad_width: Any, mode: str = "constant", *, constant_values: float = 0) -> Node:
    if mode != "constant":
        raise ValueRefusedError(f"numpy.pad with mode={mode!r}", why="cg.pad adds one number", fix='use "constant"')
    return op("pad", array, width=pad_width, value=constant_values)


def _take(a: Any, indices: Any, axis: int | None = None) -> Node:
    return op("take", _ravel(a), indices) if axis is None else op("take", a, indices, axis=axis)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Node:
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    return op("clip", a, -np.inf if low is None else low, np.inf if high is None else high)


def _where(condition: Any, x: Any, y: Any) -> Node:
    return op("where", condition, x, y)


def _argmin(a: Any, axis: Any = None, *, keepdims: bool = False) -> Node:
    return op("argmax", -as_node(a), axis=axis, keepdims=keepdims)


def _around(a: Any) -> Node:
    return op("round", a)


def _diagonal(a: Any) -> Node:
    return op("diagonal", a)


def _det(a: Any) -> Node:
    return op("det", a)


def _inv(a: Any) -> Node:
    return op("inv", a)


def _solve(a: Any, b: Any) -> Node:
    return op("solve", a, b)


def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Node]:
    return split(ary, indices_or_sections, axis)


def _stack_rows(tup: Any) -> Node:
    return concatenate([op("reshape", x, shape=(1, -1)) if len(x.shape) < 2 else x for x in map(as_node, tup)])


def _stack_columns(tup: Any) -> Node:
    nodes = [as_node(x) for x in tup]
    return concatenate(nodes, axis=1 if len(nodes[0].shape) > 1 else 0)


OURS: dict[Any, Callable[..., Any]] = {
    **{
        getattr(np, name): (_spread if "ddof" in row.defaults else _reduction)(name)
        for name, row in TABLE.items()
        if "keepdims" in row.defaults and hasattr(np, name)
    },
    np.argmin: _argmin,
    np.linalg.norm: _norm,
    np.linalg.det: _det,
    np.linalg.inv: _inv,
    np.linalg.solve: _solve,
    np.dot: dot,
    np.outer: outer,
    np.trace: matrix_trace,
    np.diagonal: _diagonal,
    np.einsum: einsum,
    np.reshape: _reshape,
    np.ravel: _ravel,
    np.transpose: _transpose,
    np.swapaxes: _swapaxes,
    np.expand_dims: _expand_dims,
    np.squeeze: _squeeze,
    np.broadcast_to: _broadcast_to,
    np.flip: _flip,
    np.cumsum: _cumsum,
    np.pad: _pad,
    np.take: _take,
    np.concatenate: concatenate,
    np.stack: stack,
    np.vstack: _stack_rows,
    np.hstack: _stack_columns,
    np.split: _split,
    np.where: _where,
    np.clip: _clip,
    np.round: _around,
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: len(a.shape),
}


_signature = cache(inspect.signature)  # when first called: it takes ten times as long as the call


def _checked(function: Any, ours: Callable[..., Any]) -> Callable[..., Any]:
    """Ours for NumPy's, with our error for arguments that nodes do not take, such as `out` and `dtype`."""

    def call(*inputs: Any, **options: Any) -> Any:
        signature = _signature(ours)
        try:
            signature.bind(*inputs, **options)
        except TypeError as error:
            raise ValueRefusedError(
                f"numpy.{function.__name__} on nodes: {error}", fix=f"it takes {', '.join(signature.parameters)}"
            ) from None
        return ours(*inputs, **options)

    return call


NUMPY_FUNCTIONS.update({function: _checked(function, ours) for function, ours in OURS.items()})

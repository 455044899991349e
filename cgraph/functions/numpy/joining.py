"""NumPy's functions that join arrays and cut them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.apply import op
from cgraph.functions.arranging import taken_apart
from cgraph.functions.joining import concatenate, split, stack
from cgraph.graph.node import Node, as_node
from cgraph.shapes import is_integer, normal_axes, show


def _concatenate(arrays: Any, axis: int | None = 0) -> Node:
    if axis is not None:
        return concatenate(arrays, axis)
    return concatenate([_row(x) for x in taken_apart(arrays)])


def _row(x: Any) -> Node:
    return op("reshape", x, shape=(-1,))


def _append(arr: Any, values: Any, axis: int | None = None) -> Node:
    return _concatenate([as_node(arr), as_node(values)], axis)


def _vstack(tup: Any) -> Node:
    return concatenate([op("reshape", x, shape=(1, -1)) if len(x.shape) < 2 else x for x in taken_apart(tup)])


def _hstack(tup: Any) -> Node:
    nodes = [op("reshape", x, shape=(1,)) if not x.shape else x for x in taken_apart(tup)]
    return concatenate(nodes, axis=1 if len(nodes[0].shape) > 1 else 0)


def _column_stack(tup: Any) -> Node:
    return concatenate([op("reshape", x, shape=(-1, 1)) if len(x.shape) < 2 else x for x in taken_apart(tup)], axis=1)


def _dstack(tup: Any) -> Node:
    return concatenate([_deep(x) for x in taken_apart(tup)], axis=2)


def _deep(x: Node) -> Node:
    """An operand of dstack with three dimensions."""
    if len(x.shape) < 2:
        return op("reshape", x, shape=(1, -1, 1))
    return op("expand_dims", x, axis=2) if len(x.shape) == 2 else x


def _cuts(ary: Node, given: Any, axis: int) -> Any:
    """The indices to cut at as NumPy means them: those from the end counted from the beginning."""
    if is_integer(given):
        return int(given)
    size = ary.shape[axis]
    if isinstance(size, str):
        raise ShapeError(f"split of {show(ary.shape)} along axis {axis}", why="its parts would have no size")
    return [int(np.clip(i + size if i < 0 else i, 0, size)) for i in given]


def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Node]:
    x = as_node(ary)
    (axis,) = normal_axes((axis,), len(x.shape))
    return split(x, _cuts(x, indices_or_sections, axis), axis)


def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Node]:
    x = as_node(ary)
    (axis,) = normal_axes((axis,), len(x.shape))
    sections, size = indices_or_sections, x.shape[axis]
    if is_integer(sections) and isinstance(size, int):
        if sections < 1:
            raise ValueRefusedError(f"numpy.array_split into {sections} part(s)", why="there is at least one")
        each, more = divmod(size, int(sections))
        sections = np.cumsum([each + 1] * more + [each] * (int(sections) - more))[:-1]
    return split(x, _cuts(x, sections, axis), axis)


def _along(axis: int, name: str) -> Callable[..., list[Node]]:
    def cut(ary: Any, indices_or_sections: Any) -> list[Node]:
        x = as_node(ary)
        if len(x.shape) <= axis and not (name == "hsplit" and len(x.shape) == 1):
            raise ShapeError(f"numpy.{name} of {show(x.shape)}", why=f"it needs {axis + 1} dimensions")
        return _split(x, indices_or_sections, min(axis, len(x.shape) - 1))

    return cut


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.concatenate: _concatenate,
    np.append: _append,
    np.stack: lambda arrays, axis=0: stack(arrays, axis),
    np.vstack: _vstack,
    np.hstack: _hstack,
    np.dstack: _dstack,
    np.column_stack: _column_stack,
    np.split: _split,
    np.array_split: _array_split,
    np.vsplit: _along(0, "vsplit"),
    np.hsplit: _along(1, "hsplit"),
    np.dsplit: _along(2, "dsplit"),
}

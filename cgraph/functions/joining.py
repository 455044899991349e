"""Arrays joined into one and cut into several."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.apply import op
from cgraph.graph.node import Node, Operand, as_node, short
from cgraph.shapes import normal_axes, show


def concatenate(arrays: Sequence[Operand] | Node, axis: int = 0) -> Node:
    """The arrays joined along an axis that they have: [2×3] and [1×3] give [3×3].

    >>> import cgraph as cg
    >>> concatenate([cg.variable("x", (2, 3)), cg.variable("y", (1, 3))]).shape
    (3, 3)
    """
    nodes = _several("concatenate", arrays)
    if len(nodes) == 1:
        normal_axes((axis,), len(nodes[0].shape))
    return op("concatenate", *nodes, axis=axis) if len(nodes) > 1 else nodes[0]


def stack(arrays: Sequence[Operand] | Node, axis: int = 0) -> Node:
    """Arrays of one shape joined along a new axis.

    >>> import cgraph as cg
    >>> stack(cg.variables("a b c")).shape
    (3,)
    """
    nodes = _several("stack", arrays)
    for node in nodes:
        if node.shape != nodes[0].shape:
            raise ShapeError(
                f"stack of {show(nodes[0].shape)} and {show(node.shape)}",
                where=node.where,
                why="all operands need the same shape",
                fix="use cg.concatenate for an axis that they have",
            )
    return concatenate([op("expand_dims", node, axis=axis) for node in nodes], axis=axis)


def split(x: Operand, sections: int | Sequence[int], axis: int = 0) -> list[Node]:
    """The parts of x along an axis: a number of equal ones, or cut before each of the given indices.

    >>> import cgraph as cg
    >>> [part.shape for part in split(cg.variable("x", 5), [2, 3])]
    [(2,), (1,), (2,)]
    """
    x = as_node(x)
    (axis,) = normal_axes((axis,), len(x.shape))
    size = x.shape[axis]
    parts = int(sections) if isinstance(sections, (int, np.integer)) else None
    if isinstance(size, str) or (parts is not None and (parts < 1 or size % parts)):
        raise ShapeError(
            f"split of {show(x.shape)} along axis {axis} into {sections} part(s)",
            where=x.where,
            why="equal parts need a size that is a number and can be divided",
            fix="give the indices to cut at, such as [2, 3]",
        )
    cuts = [size * i // parts for i in range(parts + 1)] if parts is not None else [0, *sections, size]  # type: ignore[misc]  # sections: a list then
    whole = (slice(None),) * axis
    return [x[(*whole, slice(start, stop))] for start, stop in pairwise(cuts)]


def _several(name: str, arrays: Any) -> list[Node]:
    if isinstance(arrays, Node):
        arrays = list(arrays)
    if not isinstance(arrays, (list, tuple, np.ndarray)) or len(arrays) == 0:
        raise ValueRefusedError(f"{name} of {short(arrays)}", why="it takes a list", fix=f"write cg.{name}([x, y])")
    return [as_node(x) for x in arrays]

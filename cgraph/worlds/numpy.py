"""NUMPY: the world of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cgraph.errors import MissingValueError
from cgraph.graph.node import Node, as_array
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from cgraph.shapes import Shape
from cgraph.worlds.world import World

_PLAIN = (int, float)
_scale = TABLE["scale"].numpy


class NumpyWorld(World):
    """Computes with NumPy in one floating-point type; `NumpyWorld("float32")` for single precision."""

    pi = math.pi
    numeric = True

    def __init__(self, dtype: Any = np.float64) -> None:
        self.dtype = np.dtype(dtype)
        self.name = f"NumPy ({self.dtype})"
        self.log, self.sqrt = _weak(np.log), _weak(np.sqrt)

    def leaf(self, node: Node, value: Any | None, shape: Shape) -> Any:
        if value is None:
            value = node.value
        if value is None:
            raise MissingValueError(
                f"{node.name} has no value",
                where=node.where,
                why="a variable gets its value from the pass",
                fix=f"give {node.name}=...",
            )
        return as_array(value, f"{node.kind} {node.name or ''}".strip(), self.dtype)[()]

    def function(self, row: Op) -> Callable[..., Any]:
        return row.numpy

    def apply(self, row: Op, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        return row.numpy(*operands, **attrs) if attrs else row.numpy(*operands)

    def seed(self, value: Any, upstream: Any | None) -> Any:
        if upstream is None:
            return np.ones(np.shape(value), self.dtype)[()]
        return as_array(upstream, "the upstream gradient", self.dtype)[()]

    def zeros(self, shape: Shape, like: Any) -> Any:
        return np.zeros(np.shape(like), self.dtype)[()]

    def times(self, upstream: Any, local: Any) -> Any:
        if upstream.__class__ is np.float64:  # graphs of scalars are walked one edge at a time
            if local.__class__ is int and local in (1, -1):
                return upstream if local == 1 else -upstream
            if local.__class__ is np.float64 and (product := upstream * local) == product:
                return product
        return upstream * local if local.__class__ in _PLAIN else _scale(upstream, local)

    def traced(self) -> Any:
        from cgraph.worlds.traced import TracedWorld  # for the few passes in which something is not finite

        return TracedWorld(self.dtype)

    def __repr__(self) -> str:
        return f"NumpyWorld({self.dtype.name!r})"


def _weak(function: np.ufunc) -> Callable[[Any], Any]:
    """A function in which the constants of rules, such as log 2, stay Python numbers: they keep float32 as it is."""
    return lambda x: float(function(x)) if x.__class__ in _PLAIN else function(x)


NUMPY = NumpyWorld()

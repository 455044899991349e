"""GRAPH: the world of nodes. A backward pass in it gives gradients that are graphs themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cgraph.node import Node, as_node, build
from cgraph.ops import TABLE
from cgraph.ops.row import Row
from cgraph.shapes import Shape


class GraphWorld:
    """Builds nodes. Leaves stand for themselves, or for the nodes (or numbers) that are given for them."""

    name = "graph"

    def __init__(self) -> None:
        for row in TABLE.values():
            setattr(self, row.name, _builder(row))

    def leaf(self, node: Node, value: Any | None, shape: Shape) -> Any:
        return node if value is None else as_node(value)

    def apply(self, row: Row, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        return build(row, *operands, **attrs)

    def seed(self, value: Any, upstream: Any | None) -> Any:
        seed = as_node(1.0 if upstream is None else upstream)
        return seed if seed.shape == value.shape else build(TABLE["broadcast_like"], seed, value)

    def zeros(self, shape: Shape, like: Any) -> Any:
        zero = as_node(np.zeros(()))
        return build(TABLE["broadcast_like"], zero, like) if shape else zero

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the table has no op named {name!r}")


def _builder(row: Row) -> Callable[..., Node]:
    def apply(*operands: Any, **attrs: Any) -> Node:
        return build(row, *operands, **attrs)

    return apply


GRAPH = GraphWorld()

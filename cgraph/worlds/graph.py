"""GRAPH: the world of nodes. A backward pass in it gives gradients that are graphs themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cgraph.node import CONSTANT, Node, as_node, build
from cgraph.ops import TABLE
from cgraph.ops.row import Row, Rule
from cgraph.shapes import Shape


class GraphWorld:
    """Builds nodes. Leaves stand for themselves, or for the nodes (or numbers) that are given for them."""

    name = "graph"

    def __init__(self) -> None:
        for row in TABLE.values():
            setattr(self, row.name, _builder(row))
        self.pi = build(TABLE["arccos"], -1).named("π")  # no number, so that SymPy knows it as its own π

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

    def local(self, rule: Rule, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        return rule(self, result, *operands, **attrs)

    def pullback(self, rule: Rule, upstream: Any, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        return rule(self, upstream, result, *operands, **attrs)

    def times(self, upstream: Any, local: Any) -> Any:
        if local.__class__ is int and local in (1, -1):  # most edges are sums: no node for a factor of 1
            return upstream if local == 1 else -upstream
        guarded = _may_be_infinite(local) or _may_be_infinite(upstream)
        return build(TABLE["scale"], upstream, local) if guarded else upstream * local

    def plus(self, gradient: Any, downstream: Any) -> Any:
        return gradient + downstream

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the table has no op named {name!r}")


def _may_be_infinite(factor: Any, depth: int = 3) -> bool:
    """Whether a factor is a quotient, a logarithm or a power that may have a pole, or a sum or product of such."""
    if not isinstance(factor, Node) or factor.op is None or not depth:
        return False
    name, last = factor.op.name, factor.operands[-1]
    if name in ("div", "pow") and last.kind == CONSTANT and np.all(last.value > 0):
        return _may_be_infinite(factor.operands[0], depth - 1)
    if name in ("neg", "add", "sub"):
        return any(_may_be_infinite(x, depth - 1) for x in factor.operands)
    return name in ("div", "pow", "scale", "ratio", "log", "reciprocal")


def _builder(row: Row) -> Callable[..., Node]:
    def apply(*operands: Any, **attrs: Any) -> Node:
        return build(row, *operands, **attrs)

    return apply


GRAPH = GraphWorld()

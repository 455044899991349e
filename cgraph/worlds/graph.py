"""GRAPH: the world of nodes. A backward pass in it gives gradients that are graphs themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cgraph.node import CONSTANT, Node, as_node, build
from cgraph.ops import TABLE
from cgraph.ops.row import NONE, Row, Rule
from cgraph.shapes import Shape


class GraphWorld:
    """Builds nodes. Leaves stand for themselves, or for the nodes (or numbers) that are given for them."""

    name = "graph"

    pi = build(TABLE["arccos"], -1).named("π")  # no number, so that SymPy knows it as its own π

    def leaf(self, node: Node, value: Any | None, shape: Shape) -> Any:
        return node if value is None else as_node(value)

    def apply(self, row: Row, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        return build(row, *operands, **attrs)

    def seed(self, value: Any, upstream: Any | None) -> Any:
        seed = as_node(1.0 if upstream is None else upstream)
        return seed if seed.shape == value.shape else self.apply(TABLE["broadcast_like"], [seed, value], NONE)

    def zeros(self, shape: Shape, like: Any) -> Any:
        zero = as_node(np.zeros(()))
        return self.apply(TABLE["broadcast_like"], [zero, like], NONE) if shape else zero

    def local(self, rule: Rule, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        return rule(self, result, *operands, **attrs)

    def pullback(self, rule: Rule, upstream: Any, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        return rule(self, upstream, result, *operands, **attrs)

    def times(self, upstream: Any, local: Any) -> Any:
        if local.__class__ is int and local in (1, -1):  # most edges are sums: no node for a factor of 1
            return upstream if local == 1 else self.apply(_NEG, [upstream], NONE)
        guarded = _may_be_infinite(local) or _may_be_infinite(upstream)
        return self.apply(_SCALE if guarded else _MUL, [upstream, local], NONE)

    def plus(self, gradient: Any, downstream: Any) -> Any:
        return self.apply(_ADD, [gradient, downstream], NONE)

    def __getattr__(self, name: str) -> Callable[..., Node]:
        row = TABLE.get(name)
        if row is None:
            raise AttributeError(f"the table has no op named {name!r}")
        return lambda *operands, **attrs: self.apply(row, [*operands], attrs)


_NEG, _ADD, _MUL, _SCALE = (TABLE[n] for n in ("neg", "add", "mul", "scale"))
_QUOTIENTS = frozenset(TABLE[n] for n in ("div", "pow"))
_SUMS = frozenset(TABLE[n] for n in ("neg", "add", "sub"))
_POLES = _QUOTIENTS | {TABLE[n] for n in ("scale", "ratio", "log", "reciprocal")}


def _may_be_infinite(factor: Any, depth: int = 3) -> bool:
    """Whether a factor is a quotient, a logarithm or a power that may have a pole, or a sum of such."""
    if not isinstance(factor, Node) or factor.op is None or not depth:
        return False
    row = factor.op
    if row in _SUMS:
        return any(_may_be_infinite(x, depth - 1) for x in factor.operands)
    if row in _QUOTIENTS:
        last = factor.operands[-1]
        if last.kind == CONSTANT and np.all(last.value > 0):
            return _may_be_infinite(factor.operands[0], depth - 1)
    return row in _POLES


GRAPH = GraphWorld()

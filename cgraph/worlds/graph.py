"""GRAPH: the world of nodes. A backward pass in it gives gradients that are graphs themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cgraph.graph.node import CONSTANT, Node, as_node, build, constant
from cgraph.ops import TABLE
from cgraph.ops.op import Op, Rule, as_written
from cgraph.shapes import Shape
from cgraph.worlds.world import World


class GraphWorld(World):
    """Builds nodes. Leaves stand for themselves, or for the nodes (or numbers) that are given for them."""

    name = "graph"

    pi = constant(math.pi, "π")  # which SymPy reads as its own π

    def leaf(self, node: Node, value: Any | None, shape: Shape) -> Any:
        return node if value is None else as_node(value).itself

    def function(self, row: Op) -> Callable[..., Node]:
        return lambda *operands, **attrs: self.node(row, *operands, **attrs)

    def node(self, row: Op, *operands: Any, **attrs: Any) -> Node:
        """The one place where this world builds."""
        return build(row, *operands, **attrs)

    def binary(self, row: Op, x: Node, y: Any) -> Node:
        """The same for the products and sums of the chain rule, of which there are many."""
        return build(row, x, y)

    def seed(self, value: Any, upstream: Any | None) -> Any:
        seed = as_node(1.0 if upstream is None else upstream).itself
        return seed if seed.shape == value.shape else self.node(TABLE["broadcast_like"], seed, value)

    def zeros(self, shape: Shape, like: Any) -> Any:
        zero = as_node(np.zeros(()))
        return self.node(TABLE["broadcast_like"], zero, like) if shape else zero

    def times(self, upstream: Any, local: Any) -> Any:
        if local.__class__ is int and local in (1, -1):  # most edges are sums: no node for a factor of 1
            return upstream if local == 1 else self.node(_NEG, upstream)
        guarded = (local.__class__ is Node and _may_be_infinite(local)) or _may_be_infinite(upstream)
        return self.binary(_SCALE if guarded else _MUL, upstream, local)

    def plus(self, gradient: Any, downstream: Any) -> Any:
        return self.binary(_ADD, gradient, downstream)


_NEG, _ADD, _MUL, _SCALE = TABLE["neg"], TABLE["add"], TABLE["mul"], TABLE["scale"]


def _may_be_infinite(factor: Node, depth: int = 3) -> bool:
    """Whether a factor is a quotient, a logarithm or a power that may have a pole, or a sum of such, or infinite."""
    row = factor.op
    if row is None:
        return factor.kind == CONSTANT and not _finite(factor.value)  # 1/0, folded
    pole = row.pole
    if not pole or not depth:
        return False
    summands = factor.operands
    if pole == "divisor" and summands[-1].kind == CONSTANT and _positive(summands[-1].value):
        summands = summands[:1]
    elif pole != "summand":
        return True
    for x in summands:
        poles = x.kind == CONSTANT if x.op is None else x.op.pole
        if poles and _may_be_infinite(x, depth - 1):
            return True
    return False


def _positive(value: Any) -> bool:
    return bool(value > 0 if value.__class__ is np.float64 else np.all(value > 0))


def _finite(value: Any) -> bool:
    return math.isfinite(value) if value.__class__ is np.float64 else bool(np.isfinite(value).all())


class TextbookWorld(GraphWorld):
    """Builds nodes for a reader: each rule in the form that a textbook writes, where it has two."""

    def local(self, rule: Rule, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        return super().local(as_written(rule), result, operands, attrs)


class GuardedWorld(GraphWorld):
    """Builds nodes in which 0 wins in every product of the chain rule, as in a pass in numbers whatever they are."""

    def times(self, upstream: Any, local: Any) -> Any:
        if local.__class__ is int and local in (1, -1):
            return super().times(upstream, local)
        return self.binary(_SCALE, upstream, local)


GRAPH, TEXTBOOK, GUARDED = GraphWorld(), TextbookWorld(), GuardedWorld()

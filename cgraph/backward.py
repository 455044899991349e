"""The backward pass: the chain rule on every edge and the sum at every fan-out, in any world.

The product on an edge is the world's `times`, in which 0·∞ is 0: where the upstream gradient is exactly 0, nothing
flows down, even if the local derivative is infinite or undefined there. So the branch that a `where` does not take
cannot spoil the one that it takes, and x·x**0.5 has the slope 0 at 0. (An infinite upstream gradient times a
local derivative of 0 is 0 too: sqrt(x*x) has the slope 0 at 0, as abs has.) It is a convention of the same kind as
ReLU'(0) = 1, and stands with the others in `cgraph.ops.conventions`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cgraph.errors import GradientError, NameUnknownError, ShapeError
from cgraph.forward import Forward
from cgraph.graph import Graph
from cgraph.node import OP, Node
from cgraph.ops.row import unbroadcast
from cgraph.shapes import show


class Edge(NamedTuple):
    """What flows back along one edge: `downstream = upstream * local`.

    `result` and `operand` are nodes, `position` is the operand's place (x*x has two edges, 0 and 1). `upstream` is
    dL/d(result), `local` d(result)/d(operand), `downstream` this edge's share of dL/d(operand). `local` is None where
    the derivative is a linear map between arrays.
    """

    result: Node
    position: int
    operand: Node
    upstream: Any
    local: Any
    downstream: Any


class Gradients(Mapping[Any, Any]):
    """`bwd.gradient["b"]` or `bwd.gradient[b]`: dL/db, in the shape of b; zero where nothing flows to b."""

    def __init__(self, forward: Forward, gradients: tuple[Any, ...]) -> None:
        self._forward, self._gradients = forward, gradients

    def __getitem__(self, key: Node | str) -> Any:
        position = self._forward.graph.position(key)
        found = self._gradients[position]
        if found is not None:
            return found
        return self._forward.world.zeros(self._forward.graph.nodes[position].shape, self._forward.values[position])

    def __contains__(self, key: object) -> bool:
        return key in self._forward.graph

    def __iter__(self) -> Iterator[str]:
        """The names of the nodes that a gradient flowed to."""
        return (n for n, g in zip(self._forward.graph.names, self._gradients, strict=True) if g is not None)

    def __len__(self) -> int:
        return sum(g is not None for g in self._gradients)

    def __repr__(self) -> str:
        return f"<gradients of {', '.join(self)}>"


@dataclass(frozen=True)
class Backward:
    """A backward pass: `bwd.gradient["b"]`, `bwd.edge("e", "d")`, and `bwd.edges` in the order they were computed."""

    forward: Forward
    of: Node
    edges: tuple[Edge, ...] = field(repr=False)
    gradient: Gradients = field(repr=False)

    @property
    def graph(self) -> Graph:
        """The graph of the pass."""
        return self.forward.graph

    @property
    def unused(self) -> tuple[Node, ...]:
        """The variables and parameters that `of` does not depend on: their gradient is zero."""
        reached = set(self.gradient)
        return tuple(n for n in self.graph.inputs if self.graph.name(n) not in reached)

    def edge(self, result: Node | str, operand: Node | str, position: int | None = None) -> Edge:
        """The edge from `operand` to `result`; `position` chooses when there are several, as in x*x.

        Raises NameUnknownError when there is none, or several and no position.
        """
        node, source = self.graph[result], self.graph[operand]
        found = [e for e in self.edges if e.result is node and e.operand is source and position in (None, e.position)]
        if len(found) == 1:
            return found[0]
        names = f"{self.graph.name(source)} to {self.graph.name(node)}"
        if found:
            positions = ", ".join(str(e.position) for e in found)
            raise NameUnknownError(f"{len(found)} edges go from {names}", fix=f"choose a position: {positions}")
        raise NameUnknownError(f"no gradient flows along an edge from {names}", where=node.where)


def backward(forward: Forward, of: Node | str | None = None, upstream: Any | None = None) -> Backward:
    """Differentiate one node of a forward pass (its output by default) by every node below it.

    `upstream` is the gradient to start with, in the shape of `of`; 1 by default, which needs a scalar.
    Raises GradientError when `of` is no scalar and no `upstream` is given.
    """
    graph, world, values, index = forward.graph, forward.world, forward.values, forward.graph.index
    root = graph.output if of is None else graph[of]
    start = index[root]
    gradients: list[Any] = [None] * len(graph)
    gradients[start] = _seed(forward, root, upstream)
    edges: list[Edge] = []
    flows = graph.differentiable
    for place in range(start, -1, -1):
        gradient, node = gradients[place], graph.nodes[place]
        if gradient is None or node.kind != OP:
            continue
        row, attrs = node.op, node.attrs
        assert row is not None
        operands = [values[index[x]] for x in node.operands]
        for position, operand in enumerate(node.operands):
            source = index[operand]
            rule = row.rule(position) if flows[source] else None
            if rule is None:
                continue
            if row.elementwise:
                local = rule(world, values[place], *operands, **(world.numbers(attrs) if attrs else attrs))
                downstream = unbroadcast(world, world.times(gradient, local), operands[position])
            else:
                local = None
                downstream = rule(world, gradient, values[place], *operands, **attrs)
            edges.append(Edge(node, position, operand, gradient, local, downstream))
            gradients[source] = downstream if gradients[source] is None else gradients[source] + downstream
    return Backward(forward, root, tuple(edges), Gradients(forward, tuple(gradients)))


def _seed(forward: Forward, root: Node, upstream: Any | None) -> Any:
    value = forward[root]
    if upstream is None and value.shape != ():
        raise GradientError(
            f"{forward.graph.name(root)} has shape {show(value.shape)}",
            where=root.where,
            why="only a scalar has a gradient",
            fix="reduce it first, for example with cg.sum or cg.mean, or give upstream=...",
        )
    seed = forward.world.seed(value, upstream)
    if seed.shape != value.shape:
        raise ShapeError(
            f"the upstream gradient has shape {show(seed.shape)}",
            why=f"{forward.graph.name(root)} has shape {show(value.shape)}",
        )
    return seed

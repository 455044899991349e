"""The backward pass: the chain rule on every edge and the sum at every fan-out, in any world.

The product on an edge is the world's `times`, in which 0·∞ is 0: so the branch that a `where` does not take cannot
spoil the one that it takes. Where the zero is not that of a mask, the factors do not determine the product: it is set
to 0 all the same, and `Backward.indeterminate` has the edge, of which `cg.backward` warns. It is a convention, and
stands with the others in `cgraph.ops.conventions`; `Backward.conventions` has those that decided in a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from cgraph.errors import GradientError, NameUnknownError, ShapeError
from cgraph.graph.display import mimebundle
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node, build, variable
from cgraph.graph.parse import GraphLike, as_graph
from cgraph.ops.op import unbroadcast
from cgraph.passes.decisions import Decision, decisions
from cgraph.passes.forward import Forward
from cgraph.passes.indeterminate import before_infinity, suspicious, traced, undetermined
from cgraph.quoting import shortened, terminal
from cgraph.shapes import show

SHOWN, MOST = 50, 1500  # names, and their characters, that are shown of gradients


class Edge(NamedTuple):
    """What flows back along one edge: `downstream = upstream * local`.

    `result` and `operand` are nodes, `position` is the operand's place (x*x has two edges, 0 and 1). `upstream` is
    dL/d(result), `local` d(result)/d(operand), `downstream` this edge's share of dL/d(operand). `local` is None where
    the derivative is a linear map between arrays: `jacobian()` writes that map out. `forward` is the pass.
    """

    result: Node
    position: int
    operand: Node
    upstream: Any
    local: Any
    downstream: Any
    forward: Forward

    def __repr__(self) -> str:
        with np.printoptions(threshold=16, edgeitems=2):  # of an array its corners
            shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields if name != "forward")
        return f"Edge({shown})"

    def jacobian(self) -> Any:
        """The local derivative as an array of shape `result.shape + operand.shape`, in numbers or symbols.

        Made on request, from the same pullback as the backward pass, one element of the result at a time.
        Raises GradientError for a pass in the world of nodes: there, `cg.jacobian` gives it as a node.

        >>> import cgraph as cg
        >>> bwd = cg.backward(cg.forward(cg.sum(cg.softmax(cg.variable("x", 2)).named("p")), x=[0.0, 0.0]))
        >>> bwd.edge("p", "x").jacobian()
        array([[ 0.25, -0.25],
               [-0.25,  0.25]])
        """
        result, operand = self.forward[self.result], self.forward[self.operand]
        if isinstance(result, Node):
            raise GradientError(
                "a local Jacobian of nodes", why="this pass has no numbers", fix="use cg.jacobian(result, operand)"
            )
        units = np.eye(result.size).reshape((result.size, *result.shape))
        pull = _puller(self.forward, self)
        rows = [np.asarray(pull(unit)) for unit in units]
        return np.reshape(np.array(rows), (*result.shape, *operand.shape))


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

    def reached(self, key: Node | str) -> Any:
        """The gradient of a node; None where none flowed to it."""
        return self._gradients[self._forward.graph.position(key)]

    def reaches(self, key: Node | str) -> bool:
        """Whether a gradient flowed to a node."""
        graph = self._forward.graph
        return key in graph and self._gradients[graph.position(key)] is not None

    def __contains__(self, key: object) -> bool:
        return key in self._forward.graph

    def __iter__(self) -> Iterator[str]:
        """The names of the nodes that a gradient flowed to."""
        return (n for n, g in zip(self._forward.graph.names, self._gradients, strict=True) if g is not None)

    def __len__(self) -> int:
        return sum(g is not None for g in self._gradients)

    def __repr__(self) -> str:
        names = shortened(terminal(", ".join(islice(self, SHOWN))), MOST, "and so on")
        return f"<gradients of {names}{f' and {len(self) - SHOWN} more' if len(self) > SHOWN else ''}>"


@dataclass(frozen=True, eq=False)
class Backward:
    """A backward pass: `bwd.gradient["b"]`, `bwd.edge("e", "d")`, and `bwd.edges` in the order they were computed."""

    forward: Forward
    of: Node
    edges: tuple[Edge, ...] = field(repr=False)
    gradient: Gradients = field(repr=False)
    _repr_mimebundle_ = mimebundle

    @property
    def graph(self) -> Graph:
        """The graph of the pass."""
        return self.forward.graph

    @property
    def unused(self) -> tuple[Node, ...]:
        """The variables and parameters that `of` does not depend on: their gradient is zero."""
        return tuple(n for n in self.graph.inputs if not self.gradient.reaches(n))

    @cached_property
    def indeterminate(self) -> tuple[Edge, ...]:
        """The edges on which 0 met ∞ and no mask says that nothing depends on it: what they give may be another number.

        >>> import cgraph as cg, warnings
        >>> with warnings.catch_warnings(action="ignore"):
        ...     bwd = cg.backward("v = cbrt(x); L = v**3", x=0.0)
        >>> [(e.result.name, float(e.upstream), float(e.local)) for e in bwd.indeterminate]
        [('v', 0.0, inf)]
        """
        if not self.forward.world.numeric:
            return ()
        with np.errstate(all="ignore"):
            forward = traced(self.forward) if suspicious(self.edges, self.forward[self.of]) else None
            if forward is None:
                return ()
            every: list[list[Edge]] = []
            for fwd in (forward, *before_infinity(self.forward)):
                every.append([])
                _flow(fwd, self.of, self.gradient[self.of], every[-1])
            twins = zip(self.edges, *every, strict=True)
            return tuple([edge for edge, twin, *near in twins if undetermined(edge, twin, near, forward.world)])

    @cached_property
    def conventions(self) -> tuple[Decision, ...]:
        """The nodes at which a convention decided, for a gradient that is not 0: a kink, a tie, a norm at 0.

        >>> import cgraph as cg
        >>> print(*cg.backward("L = relu(x) + abs(y)", x=0.0, y=1.0).conventions)
        ReLU'(0) = 1 (character 5 of the formula: relu(x))
        """
        if not self.forward.world.numeric:
            return ()
        nodes, reached = self.graph.nodes, self.gradient.reached
        gradients = ((n, reached(n)) for n in nodes)
        return decisions(self.forward, [(n, np.not_equal(g, 0)) for n, g in gradients if g is not None])

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


def graph_of(of: GraphLike | Forward | Backward, values: Mapping[Any, Any] | None = None) -> Graph:
    """The graph that is meant by what `as_graph` takes, or by a pass: what it computed or differentiated."""
    if isinstance(of, (Forward, Backward)):
        return Graph(of.of if isinstance(of, Backward) else of.graph.output)
    return as_graph(of, values)


def backward(forward: Forward, of: Node | str | None = None, upstream: Any | None = None) -> Backward:
    """Differentiate one node of a forward pass (its output by default) by every node below it.

    `upstream` is the gradient to start with, in the shape of `of`; 1 by default, which needs a scalar.
    Raises GradientError when `of` is no scalar and no `upstream` is given.
    """
    edges: list[Edge] = []
    root = forward.graph.output if of is None else forward.graph[of]
    gradient = _flow(forward, root, upstream, edges)
    return Backward(forward, root, tuple(edges), gradient)


def gradients(forward: Forward, upstream: Any | None = None) -> Gradients:
    """What `backward` gives as `gradient` for the output of a pass, in less time: no edge is kept.

    Raises GradientError as `backward` does.

    >>> import cgraph as cg
    >>> x = cg.variable("x")
    >>> gradients(cg.forward(x * x, x=3.0))["x"]
    np.float64(6.0)
    """
    return _flow(forward, forward.graph.output, upstream, None)


def _flow(forward: Forward, root: Node, upstream: Any | None, edges: list[Edge] | None) -> Gradients:
    """The chain rule on every edge below `root` and the sum at every fan-out; edges are kept where there is a list."""
    world, values, index = forward.world, forward.values, forward.graph.index
    place_of, value_at, plus, total = index.__getitem__, values.__getitem__, world.plus, world.total
    flows, nodes = forward.graph.differentiable, forward.graph.nodes
    found: list[Any] = [None] * len(nodes)
    start = index[root]
    found[start] = _seed(forward, root, upstream)
    for place in range(start, -1, -1):
        gradient, node = found[place], nodes[place]
        if gradient is None:
            continue
        gradient = found[place] = total(gradient)
        row = node.op
        if row is None:
            continue
        attrs, value, elementwise = node.attrs, values[place], row.elementwise
        sources = [*map(place_of, node.operands)]
        operands = [*map(value_at, sources)]
        for position, source in enumerate(sources):
            rule = row.rule(position) if flows[source] else None
            if rule is None:
                continue
            if elementwise:
                local = world.local(rule, value, operands, attrs)
                downstream = world.times(gradient, local)
                if downstream.shape != operands[position].shape:
                    downstream = unbroadcast(world, downstream, operands[position])
            else:
                local = None
                downstream = world.pullback(rule, gradient, value, operands, attrs)
            if edges is not None:
                edge = (node, position, node.operands[position], gradient, local, downstream, forward)
                edges.append(tuple.__new__(Edge, edge))  # half the time of Edge(...)
            before = found[source]
            found[source] = downstream if before is None else plus(before, downstream)
    return Gradients(forward, tuple(found))


def pulled_back(forward: Forward, edge: Edge, upstream: Any) -> Any:
    """What an edge gives its operand for any upstream gradient: the backward pass of its op alone, in any world."""
    return _puller(forward, edge)(upstream)


def _puller(forward: Forward, edge: Edge) -> Callable[[Any], Any]:
    """`pulled_back` of one edge, for many upstream gradients."""
    node = edge.result
    assert node.op is not None
    leaves = [variable(f"x{i}", forward[x].shape) for i, x in enumerate(node.operands)]
    alone = Graph([build(node.op, *leaves, **node.attrs)])
    values = {**dict(zip(leaves, map(forward.__getitem__, node.operands), strict=True)), alone.output: forward[node]}
    pass_ = Forward(alone, forward.world, tuple(values[n] for n in alone.nodes))

    def pull(upstream: Any) -> Any:
        with np.errstate(all="ignore"):
            return gradients(pass_, upstream)[leaves[edge.position]]

    return pull


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

"""Calculus on graphs: gradients, Jacobians and Hessians as nodes, products in both modes, Taylor coefficients.

Everything here is the one backward pass. A Jacobian is a backward pass for each element; forward mode is the
backward pass of a backward pass (a pullback is linear in its upstream gradient, so its own pullback is the
pushforward), and needs no second set of rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any, TypeAlias, overload

import numpy as np

from cgraph.calculus.sharing import SharingWorld
from cgraph.errors import GradientError, ShapeError, ValueRefusedError
from cgraph.functions.joining import stack
from cgraph.graph import building
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node, as_node, build, short, variable
from cgraph.graph.parse import GraphLike
from cgraph.graph.rebuild import nameless, rebuilt
from cgraph.ops import TABLE
from cgraph.passes.backward import Gradients, gradients, graph_of
from cgraph.passes.forward import Forward, forward
from cgraph.rewriting.simplify import simplify, stabilised
from cgraph.shapes import Shape, show
from cgraph.worlds.graph import GRAPH, GUARDED, GraphWorld

Key: TypeAlias = "Node | str"


def as_pass(graph: Graph, world: GraphWorld = GRAPH) -> Forward:
    """A graph as its own forward pass in a world of nodes: each node is its own value."""
    return Forward(graph, world, graph.nodes)


@overload
def grad(of: GraphLike, wrt: Node | str, simplify: bool = True) -> Node: ...
@overload
def grad(
    of: GraphLike, wrt: list[Node] | list[str] | list[Node | str] | tuple[Node | str, ...], simplify: bool = True
) -> list[Node]: ...
def grad(of: GraphLike, wrt: Node | str | Sequence[Node | str], simplify: bool = True) -> Node | list[Node]:
    """The gradient of a scalar node, as nodes: one for a node or a name, a list for a sequence of them.

    Each has the shape of what it is taken by, takes the values that `of` takes, and can be differentiated again: a
    derivative that became constant has the derivative 0. Formulas whose derivative float64 or a kink would lose are
    rewritten first, as `cg.simplify` does: log(1 + exp(x)) at 1000, abs(x)**2 at 0. With `simplify=False` the graph is
    differentiated as it is written.
    Raises GradientError when `of` is no scalar, or does not depend on what is asked for.

    >>> import cgraph as cg
    >>> x = cg.variable("x")
    >>> cg.forward(cg.grad(cg.grad(x**3, x), x), x=2.0).values[-1]
    np.float64(12.0)
    """
    graph = graph_of(of)
    gradients = graph.derived(_pulled_back(graph, _listed(wrt), None, simplify), 1)
    return gradients[0] if isinstance(wrt, (Node, str)) else gradients


def vjp(of: GraphLike, wrt: Key | Sequence[Key], upstream: Any) -> Any:
    """The vector-Jacobian product (reverse mode): `upstream`, in the shape of `of`, pulled back to `wrt`, as nodes.

    One node for a node or a name, a list for a sequence of them.
    Raises GradientError as `grad` does; ShapeError when `upstream` has another shape than `of`.

    >>> import cgraph as cg
    >>> x = cg.variable("x", 2)
    >>> cg.forward(cg.vjp(x * x, x, [1.0, 10.0]), x=[3.0, 4.0]).values[-1]
    array([ 6., 80.])
    """
    graph, given = graph_of(of), as_node(upstream)
    if given.shape != graph.output.shape:
        name = graph.name(graph.output)
        raise ShapeError(
            f"the upstream gradient has shape {show(given.shape)}", why=f"{name} has shape {show(graph.output.shape)}"
        )
    return _as_asked(wrt, graph.derived(_pulled_back(graph, _listed(wrt), given), 1))


def jvp(of: GraphLike, wrt: Key | Sequence[Key], tangent: Any) -> Node:
    """The Jacobian-vector product (forward mode): how `of` changes when `wrt` moves along `tangent`, as a node.

    `tangent` has the shape of `wrt`; for a sequence of nodes it is a sequence of tangents. It is the vjp of the vjp:
    the same rules, twice.
    Raises GradientError as `grad` does; ShapeError when a tangent has another shape than its node.

    >>> import cgraph as cg
    >>> x = cg.variable("x", 2)
    >>> cg.forward(cg.jvp(cg.sum(x * x), x, [1.0, 10.0]), x=[3.0, 4.0]).values[-1]
    np.float64(86.0)
    """
    graph = graph_of(of)
    wanted = [graph.taking(k) for k in _listed(wrt)]
    tangents = [as_node(t) for t in ([tangent] if isinstance(wrt, (Node, str)) else tangent)]
    if len(tangents) != len(wanted):
        raise ShapeError(f"{len(tangents)} tangent(s) for {len(wanted)} node(s)", fix="give one for each")
    for key, given in zip(wanted, tangents, strict=True):
        if given.shape != key.shape:
            name = key.name or graph.name(key)
            raise ShapeError(
                f"the tangent of {name} has shape {show(given.shape)}", why=f"{name} has shape {show(key.shape)}"
            )
    upstream = variable("upstream of " + "; ".join(graph.names[-1:]), graph.output.shape)
    pulled = _pulled_back(graph, wanted, upstream)
    terms = []
    for gradient, given in zip(pulled, tangents, strict=True):
        if upstream in Graph(gradient):
            terms += _pulled_back(Graph(gradient), [upstream], given)
    # linear in `upstream`, so its derivative does not depend on it; only its shape can still be asked for
    zero = GRAPH.zeros(graph.output.shape, graph.output)
    total = terms[0] if terms else zero
    for term in terms[1:]:
        total = total + term
    if upstream in Graph(total):
        total = forward(total, {upstream: zero}, GRAPH).values[-1]
    return graph.derived(simplify([total], keep=graph.index), 1)[0]


def jacobian(of: GraphLike, wrt: Key | Sequence[Key]) -> Any:
    """All derivatives of a node of any shape, as a node of shape `of.shape + wrt.shape`.

    One node for a node or a name, a list for a sequence of them. It is built from a backward pass for each element
    of `of`, so `of` needs sizes that are numbers.
    Raises GradientError when `of` does not depend on `wrt`, ShapeError when `of` has a named dimension.

    >>> import cgraph as cg
    >>> x = cg.variable("x", 2)
    >>> cg.forward(cg.jacobian(x * x, x), x=[3.0, 4.0]).values[-1]
    array([[6., 0.],
           [0., 8.]])
    """
    graph = graph_of(of)
    wanted = [graph.taking(k) for k in _listed(wrt)]
    _check_depends(graph, wanted)
    return _as_asked(wrt, graph.derived(_jacobians(graph, wanted), 1))


def hessian(of: GraphLike, wrt: Key | Sequence[Key]) -> Any:
    """The second derivatives of a scalar, as a node of shape `wrt.shape + wrt.shape`.

    For a sequence of nodes, a list of lists: the block [i][j] has the shape `wrt[i].shape + wrt[j].shape`. Blocks in
    which nothing is left to differentiate are zeros.
    Raises GradientError as `grad` does, ShapeError when `wrt` has a named dimension.

    >>> import cgraph as cg
    >>> x = cg.variable("x", 2)
    >>> H = cg.hessian(cg.softmax_cross_entropy(x, [1.0, 0.0]), x)
    >>> cg.forward(H, x=[0.0, 0.0]).values[-1]
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    graph = graph_of(of)
    wanted = [graph.taking(k) for k in _listed(wrt)]
    gradients = _pulled_back(graph, wanted, None)
    blocks = [graph.derived(_jacobians(Graph(gradient), wanted), 2) for gradient in gradients]
    return blocks[0][0] if isinstance(wrt, (Node, str)) else blocks


@dataclass(frozen=True, eq=False)
class Taylor:
    """A Taylor polynomial: `coefficients[k]` is the k-th derivative at `at`, divided by k!; all are nodes."""

    wrt: Node
    at: Node
    coefficients: tuple[Node, ...]

    @property
    def polynomial(self) -> Node:
        """The polynomial as a node of `wrt`, in Horner's form."""
        step = simplify([self.wrt - self.at])[0]
        total = self.coefficients[-1]
        for coefficient in self.coefficients[-2::-1]:
            total = coefficient + step * total
        return Graph(self.coefficients).derived(simplify([total]))[0]


def taylor(of: GraphLike, wrt: Key, at: Any = 0.0, order: int = 1) -> Taylor:
    """The Taylor polynomial of a scalar in a scalar variable around `at` (a number or a node), to an order.

    Its coefficients are constants when `of` has no other leaves, and nodes of the other leaves when it has.
    Raises GradientError as `grad` does; ValueRefusedError when the order is no whole number from 0 up.

    >>> import cgraph as cg
    >>> x = cg.variable("x")
    >>> [float(c.value) for c in cg.taylor(cg.exp(2 * x), x, at=0, order=3).coefficients]
    [1.0, 2.0, 2.0, 1.3333333333333333]
    """
    graph = graph_of(of)
    leaf, place = graph.taking(wrt), as_node(at)
    if isinstance(order, bool) or not isinstance(order, int) or order < 0:
        raise ValueRefusedError(f"the order of a Taylor polynomial is {order!r}", fix="give a whole number from 0 up")
    if leaf.shape != () or leaf.op is not None:
        raise GradientError(
            f"{graph.name(leaf)} is no scalar leaf", where=leaf.where, why="a Taylor polynomial is one of a number"
        )
    derivative, coefficients = graph.output, []
    for k in range(order + 1):
        if k:
            found = _reached(derivative, leaf) if k > 1 else _pulled_back(graph, [leaf], None)[0]
            derivative = as_node(0.0) if found is None else found
        here = forward(derivative, {leaf: place} if leaf in Graph(derivative) else {}, GRAPH).values[-1]
        coefficients.append(simplify([here / float(factorial(k))])[0])
    return Taylor(leaf, place, tuple(graph.derived(coefficients, order)))


# Inside --------------------------------------------------------------------------------------------------------------
def _listed(wrt: Key | Sequence[Key]) -> list[Key]:
    if not isinstance(wrt, (Node, str, Sequence)):
        raise ValueRefusedError(f"a derivative by {short(wrt)}", fix="give a node, its name, or a list of them")
    return [wrt] if isinstance(wrt, (Node, str)) else list(wrt)


def _as_asked(wrt: Any, found: list[Node]) -> Any:
    return found[0] if isinstance(wrt, (Node, str)) else found


def _pulled_back(graph: Graph, wrt: Sequence[Key], upstream: Node | None, simplify: bool = True) -> list[Node]:
    wanted = [graph.taking(key) for key in wrt] if graph.noted else [graph[key] for key in wrt]
    if simplify:
        graph = _steady(graph, wanted)
    with building.paused():  # around all of it, so that the pass is gone before the collector looks
        return _differentiated(graph, wanted, upstream)


def _steady(graph: Graph, wanted: Sequence[Node]) -> Graph:
    """What is differentiated in the place of a graph: `stabilised`, and its new nodes without the names of the old.

    A derivative is computed beside what it is of, and there a name means one node.
    """
    after = stabilised(graph, wanted)
    if after is graph:
        return graph
    there = set(graph.nodes)
    new = rebuilt(after.nodes, lambda was, now: now if now.name is None or was in there else nameless(now))
    outputs = [new[x] for x in after.outputs]
    return Graph(after.derived(outputs) if after.noted else outputs)


def _differentiated(graph: Graph, wanted: Sequence[Node], upstream: Node | None) -> list[Node]:
    gradient = gradients(Forward(graph, SharingWorld(graph), graph.nodes), upstream=upstream)
    found: list[Node] = []
    for node in wanted:
        reached: Node | None = gradient.reached(node) if node in graph else None
        if reached is None:
            _check_depends(graph, [node], gradient)
            reached = _zeros(node.shape, (), node)
        found.append(reached)
    return found


def _check_depends(graph: Graph, wanted: Sequence[Node], gradient: Gradients | None = None) -> None:
    """Refuse what no gradient flows to; by the first derivative of the elements' sum when there is no pass yet."""
    if gradient is None:
        gradient = gradients(as_pass(graph), upstream=GRAPH.seed(graph.output, None))
    for node in wanted:
        if gradient.reaches(node) or node in graph.noted:  # a derivative may have become constant: its own is 0
            continue
        name = graph.name(node)
        if not graph.differentiable[graph.position(node)]:
            raise GradientError(
                f"{name} is {'a constant' if node.op is None else 'made of constants alone'}",
                where=node.where,
                why="constants have no gradient",
                fix="make it with cg.variable or cg.parameter to differentiate by it",
            )
        raise GradientError(
            f"{graph.name(graph.output)} does not depend on {name} in a differentiable way",
            where=graph.output.where,
            why="no gradient flows there",
            fix=_what_flows(graph, gradient),
        )


def _what_flows(graph: Graph, gradient: Gradients) -> str:
    leaves = [graph.name(n) for n in graph.inputs if gradient.reaches(n)]
    if leaves:
        return f"a gradient flows to {', '.join(leaves[:8])}"
    return "comparisons, roundings and sizes pass none on; of a derivative that became constant cg.hessian gives 0"


def _reached(of: Node, wrt: Node) -> Node | None:
    """The gradient of a scalar, or None where nothing flows."""
    graph = Graph(of)
    if wrt not in graph:
        return None
    graph = _steady(graph, [wrt])
    found = gradients(as_pass(graph))
    return simplify([found[wrt]], keep=graph.index)[0] if found.reaches(wrt) else None


def _jacobians(graph: Graph, wanted: Sequence[Node]) -> list[Node]:
    """A Jacobian for each wanted node: the gradients of the elements, each put in its place."""
    graph = _steady(graph, wanted)
    output = graph.output
    named = [d for d in output.shape if isinstance(d, str)]
    if named:
        raise ShapeError(
            f"the Jacobian of {graph.name(output)} {show(output.shape)} has a row for each element",
            where=output.where,
            why=f"{named[0]!r} is no number",
            fix="declare the variable with sizes that are numbers",
        )
    # of a unit most elements are 0, and so is what they are multiplied by, be it infinite
    passes = [gradients(as_pass(graph, GUARDED), upstream=as_node(unit)) for unit in _units(output.shape)]
    rows = []
    for node in wanted:
        if any(found.reaches(node) for found in passes):
            each = [found[node] if found.reaches(node) else _zeros(node.shape, (), node) for found in passes]
            rows.append(_arranged(each, output.shape))
        else:
            rows.append(_zeros(output.shape + node.shape, output.shape, node))
    return simplify(rows, keep=graph.index)


def _arranged(each: list[Node], shape: Shape) -> Node:
    """Nodes of one shape, one for each element of `shape` in its order, as one node."""
    for size in shape[::-1]:
        step = int(size)
        each = [stack(each[at : at + step]) for at in range(0, len(each), step)]
    return each[0]


def _zeros(shape: Shape, rows: Shape, like: Node) -> Node:
    if not any(isinstance(d, str) for d in shape):
        return as_node(np.zeros(tuple(int(d) for d in shape)))
    zero = build(TABLE["broadcast_like"], as_node(0.0), like)
    return zero * np.zeros(tuple(map(int, rows)) + (1,) * len(like.shape)) if rows else zero


def _units(shape: Shape) -> list[Any]:
    """For each element, the array that is 1 there and 0 elsewhere."""
    size = int(np.prod([int(d) for d in shape], dtype=int))
    return list(np.eye(size).reshape((size, *map(int, shape))))

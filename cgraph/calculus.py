"""Calculus on graphs: gradients as nodes, of any order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from cgraph.backward import backward
from cgraph.errors import GradientError
from cgraph.forward import Forward
from cgraph.graph import Graph
from cgraph.node import Node
from cgraph.simplify import simplify
from cgraph.worlds.graph import GRAPH


def as_pass(graph: Graph) -> Forward:
    """A graph as its own forward pass in the world of nodes: each node is its own value."""
    return Forward(graph, GRAPH, graph.nodes)


@overload
def grad(of: Node | Graph, wrt: Node | str) -> Node: ...
@overload
def grad(of: Node | Graph, wrt: list[Node] | list[str] | tuple[Node, ...]) -> list[Node]: ...
def grad(of: Node | Graph, wrt: Node | str | Sequence[Node | str]) -> Node | list[Node]:
    """The gradient of a scalar node, as nodes: one for a node or a name, a list for a sequence of them.

    Each has the shape of what it is taken by, and can be differentiated again.
    Raises GradientError when `of` is no scalar, or does not depend on what is asked for.

    >>> import cgraph as cg
    >>> x = cg.variable("x")
    >>> cg.forward(cg.grad(cg.grad(x**3, x), x), x=2.0).values[-1]
    np.float64(12.0)
    """
    graph = of if isinstance(of, Graph) else Graph(of)
    pass_ = backward(as_pass(graph))
    reached = set(pass_.gradient)
    wanted = [wrt] if isinstance(wrt, (Node, str)) else list(wrt)
    for key in wanted:
        if graph.name(graph[key]) not in reached:
            raise GradientError(
                f"{graph.name(graph.output)} does not depend on {graph.name(graph[key])} in a differentiable way",
                where=graph.output.where,
                why="no gradient flows there",
            )
    gradients = simplify([pass_.gradient[key] for key in wanted], keep=graph.index)
    return gradients[0] if isinstance(wrt, (Node, str)) else gradients

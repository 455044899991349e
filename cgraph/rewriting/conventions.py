"""A whole graph with other conventions: the frameworks' slopes at kinks and ties in place of the chapter's."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import overload

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import OP, Node, make
from cgraph.graph.parse import GraphLike, as_graph
from cgraph.graph.rebuild import rebuilt
from cgraph.ops.conventions import switches


@overload
def with_conventions(of: Node, choice: str) -> Node: ...
@overload
def with_conventions(of: Graph | Iterable[Node] | str, choice: str) -> Graph: ...
def with_conventions(of: GraphLike, choice: str) -> Node | Graph:
    """The same graph with the "chapter"'s or the "frameworks"' choice at every kink and every tie.

    Of a node it is a new node, of a graph, nodes or a formula a new graph, with the old names and leaves.
    The choices are attributes of its nodes, and so the numbers, the formulas, the pictures and the proofs of it follow
    them. An attribute that is neither's choice is somebody's own, and stays. The table of all choices is
    `cgraph.ops.conventions.CONVENTIONS`.
    Raises ValueRefusedError for another choice.

    >>> import cgraph as cg
    >>> y = cg.relu(cg.variable("x"))
    >>> [float(cg.backward(cg.forward(n, x=0.0)).gradient["x"]) for n in (y, with_conventions(y, "frameworks"))]
    [1.0, 0.0]
    """
    if choice not in ("chapter", "frameworks"):
        raise ValueRefusedError(f"the conventions of {choice!r}", fix='write "chapter" or "frameworks"')
    graph, attributes = as_graph(of), switches(choice)
    others = switches("chapter" if choice == "frameworks" else "frameworks")

    def switched(_was: Node, now: Node) -> Node:
        name = now.op.name if now.op is not None else ""
        other = others.get(name, {})
        chosen = {key: value for key, value in attributes.get(name, {}).items() if now.attrs[key] == other[key]}
        if not chosen:
            return now
        attrs = MappingProxyType({**now.attrs, **chosen})
        return make(OP, now.op, now.operands, attrs, now.shape, now.name, now.value, now.origin)

    done = rebuilt(graph.nodes, switched)
    outputs = [done[x] for x in graph.outputs]
    outputs = graph.derived(outputs) if graph.noted or graph.order else outputs
    return outputs[0] if isinstance(of, Node) else Graph(outputs)

"""A whole graph with other conventions: the frameworks' slopes at kinks and ties in place of the chapter's."""

from __future__ import annotations

from types import MappingProxyType
from typing import TypeVar

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import OP, Node, make
from cgraph.ops.conventions import switches

Given = TypeVar("Given", Node, Graph)


def with_conventions(of: Given, choice: str) -> Given:
    """The same graph with the "chapter"'s or the "frameworks"' choice at every kink and every tie.

    A new graph, with the names and the leaves of the old one; the choices are attributes of its nodes, and so the
    numbers, the formulas, the pictures and the proofs of it follow them. The table of all choices is
    `cgraph.ops.conventions.CONVENTIONS`.
    Raises ValueRefusedError for another choice.

    >>> import cgraph as cg
    >>> y = cg.relu(cg.variable("x"))
    >>> [float(cg.backward(cg.forward(n, x=0.0)).gradient["x"]) for n in (y, with_conventions(y, "frameworks"))]
    [1.0, 0.0]
    """
    if choice not in ("chapter", "frameworks"):
        raise ValueRefusedError(f"the conventions of {choice!r}", fix='write "chapter" or "frameworks"')
    graph, attributes = of if isinstance(of, Graph) else Graph(of), switches(choice)
    done: dict[Node, Node] = {}
    for node in graph.nodes:
        operands = tuple([done[x] for x in node.operands])
        switched = attributes.get(node.op.name) if node.op is not None else None
        if node.kind == OP and (switched or operands != node.operands):
            attrs = MappingProxyType({**node.attrs, **switched}) if switched else node.attrs
            done[node] = make(OP, node.op, operands, attrs, node.shape, node.name, node.value, node.origin)
        else:
            done[node] = node
    return Graph([done[x] for x in graph.outputs]) if isinstance(of, Graph) else done[of]

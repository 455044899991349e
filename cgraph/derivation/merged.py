"""Equal parts of a graph as one node, so that a derivation says each of them once."""

from __future__ import annotations

from typing import Any

from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT, Node
from cgraph.graph.rebuild import standing_on


def merged(graph: Graph) -> tuple[Graph, dict[Node, Node]]:
    """The graph in which nodes that compute the same from the same are one, and what each of its nodes became.

    A node that has a name stays, and is the one that others become. Where nothing is equal it is the graph itself.

    >>> from cgraph.graph.parse import parse
    >>> len(parse("y = tanh(x*w)*tanh(x*w)").nodes), len(merged(parse("y = tanh(x*w)*tanh(x*w)"))[0].nodes)
    (7, 5)
    """
    number: dict[Node, int] = {}
    known: dict[Any, int] = {}
    first: list[Node] = []  # of each class the node that stays
    for node in graph.nodes:
        key = _key(node, number)
        found = known.get(key)
        if found is not None and node.name is not None and first[found].name is not None:
            found = None  # two names are two nodes
        if found is None:
            found = len(first)
            first.append(node)
            known.setdefault(key, found)
        elif node.name is not None:
            first[found] = node
        number[node] = found
    if len(first) == len(graph.nodes):
        return graph, {node: node for node in graph.nodes}
    made: list[Node] = []
    for node in first:  # in the order of classes, which come after those of their operands
        made.append(standing_on(node, tuple(made[number[x]] for x in node.operands)))
    became = {node: made[number[node]] for node in graph.nodes}
    return Graph([became[node] for node in graph.outputs]), became


def _key(node: Node, number: dict[Node, int]) -> Any:
    """What is equal for nodes that compute the same."""
    if node.op is not None:
        return node.op.name, tuple(number[x] for x in node.operands), node.shape, repr(sorted(node.attrs.items()))
    if node.kind == CONSTANT and node.name is None and node.shape == ():
        return CONSTANT, repr(float(node.value))
    return node

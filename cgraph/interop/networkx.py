"""Graphs of NetworkX, for its algorithms and its readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cgraph.graph.parse import GraphLike, as_graph

if TYPE_CHECKING:
    import networkx


def to_networkx(of: GraphLike) -> networkx.MultiDiGraph:
    """A `networkx.MultiDiGraph`, operands to results; each edge carries its operand's `position`.

    Nodes are keyed by name and carry `op`, `kind` and `shape`; `x*x` has two edges, with positions 0 and 1.

    >>> to_networkx("z = x*x").edges(keys=True)
    OutMultiEdgeView([('x', 'z', 0), ('x', 'z', 1)])
    """
    import networkx  # 0.15 s, and only here

    graph = as_graph(of)
    result = networkx.MultiDiGraph()
    for name, node in zip(graph.names, graph.nodes, strict=True):
        result.add_node(name, op=node.op.name if node.op else None, kind=node.kind, shape=node.shape)
        for position, operand in enumerate(node.operands):
            result.add_edge(graph.name(operand), name, key=position, position=position)
    return result

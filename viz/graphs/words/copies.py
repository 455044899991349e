"""Copies: nodes that have the same ops below them and the same users above, side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable

from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from cgraph.ops.op import Op
from viz.graphs.words.blocks import attributes, leaf
from viz.graphs.words.units import LEAST, Fold


def copies(graph: Graph) -> list[Fold]:
    """Nodes that no look below or above them tells apart."""
    known: dict[Hashable, int] = {}
    below: dict[Node, int] = {}
    for node in graph.nodes:
        operands = [below[x] for x in node.operands]
        if node.op is not None:
            operands = sorted(operands) if _symmetric(node.op) else operands
            look: Hashable = (node.op.name, attributes(node), node.shape, *operands)
        else:
            look = leaf(node)
        below[node] = known.setdefault(look, len(known))
    used: dict[Node, set[Hashable]] = defaultdict(set)
    above: dict[Node, int] = {}
    outputs = set(graph.outputs)
    for node in reversed(graph.nodes):
        outside = node if node in outputs else None
        look = (below[node], frozenset(used[node]), outside)
        above[node] = known.setdefault(look, len(known))
        symmetric = node.op is not None and _symmetric(node.op)
        for position, operand in enumerate(node.operands):
            used[operand].add((above[node], 0 if symmetric else position))
    members: dict[int, list[Node]] = defaultdict(list)
    for node in graph.nodes:
        members[above[node]].append(node)
    return [
        Fold(f"{graph.name(nodes[0])} to {graph.name(nodes[-1])}", tuple(nodes), (nodes[0],), len(nodes))
        for nodes in members.values()
        if len(nodes) >= LEAST
    ]


def _symmetric(row: Op) -> bool:
    return row.commutes or row.symmetric

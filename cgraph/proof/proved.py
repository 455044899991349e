"""Which gradients and which local derivatives of a graph are proved, and no more than that."""

from __future__ import annotations

import re

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from cgraph.proof.report import PROVED, Report
from cgraph.proof.rules import prove_row

ELEMENT = re.compile(r"\[[\d,]*\]$")  # the index of an element: X[0,1] is one of X


def proved_leaves(report: Report, graph: Graph, root: Node) -> frozenset[Node]:
    """The leaves of which a report `cg.prove(graph)` proved each element of the gradient.

    Raises ValueRefusedError for a report on something else.
    """
    if report.of is not root:
        raise ValueRefusedError(
            "the report is about another graph",
            why=f"it says {report.subject}",
            fix="give proof=cg.prove(...) of the very graph or pass that is drawn",
        )
    start = f"∂{graph.name(root)}/∂"
    verdicts: dict[str, list[bool]] = {}
    for check in report.checks:
        symbol = check.subject.removeprefix(start)
        leaf = symbol if symbol in graph else ELEMENT.sub("", symbol)
        verdicts.setdefault(leaf, []).append(check.verdict == PROVED)
    return frozenset(graph[name] for name, found in verdicts.items() if name in graph and all(found))


def proved_edges(graph: Graph) -> frozenset[tuple[Node, int]]:
    """The edges, by result and operand's position, at which the rule of the op is proved by itself.

    That is what `cg.prove("tanh")` does; rules of arrays are proved at small sizes.
    """
    rules: dict[str, set[int]] = {}
    edges = set()
    for node in graph.nodes:
        if node.op is not None:
            attrs = node.attrs if node.op.elementwise else None
            key = f"{node.op.name} {sorted((attrs or {}).items())}"
            if key not in rules:
                rules[key] = _positions(prove_row(node.op, attrs), node.op.elementwise)
            edges |= {(node, position) for position in range(len(node.operands)) if position in rules[key]}
    return frozenset(edges)


def _positions(report: Report, elementwise: bool) -> set[int]:
    """The places of the operands for which every check of an op's rule came out proved."""
    by_operand: dict[str, bool] = {}
    for check in report.checks:
        letter = ELEMENT.sub("", check.subject.rpartition("∂")[2])
        by_operand[letter] = by_operand.get(letter, True) and check.verdict == PROVED
    letters = list(by_operand) if elementwise else list("xyuv")
    return {letters.index(letter) for letter, proved in by_operand.items() if proved}

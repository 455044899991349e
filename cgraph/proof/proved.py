"""Which gradients and which local derivatives of a graph are proved, and no more than that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from cgraph.passes.backward import Backward
from cgraph.proof.pointwise import ELEMENT, edge_at_odds, leaves_at_odds, proved_formulas
from cgraph.proof.report import AGREES, PROVED, Report
from cgraph.proof.rules import prove_row

Reasons: TypeAlias = "dict[Node, str]"
EdgeReasons: TypeAlias = "dict[tuple[Node, int], str]"


def formulas_of(report: Report, graph: Graph, root: Node) -> dict[Node, list[Any]]:
    """The leaves of which a report `cg.prove(graph)` proved each element of the gradient, with the proved formulas.

    Raises ValueRefusedError for a report on something else.
    """
    if report.of is not root:
        raise ValueRefusedError(
            "the report is about another graph",
            why=f"it says {report.subject}",
            fix="give proof=cg.prove(...) of the very graph or pass that is drawn",
        )
    told = all(c.verdict == AGREES for c in report.columns)  # of an op in other numbers nothing that is shown is proved
    return proved_formulas(report.checks, graph, root) if told else {}


def proved_leaves(
    report: Report, graph: Graph, root: Node, numbers: Backward | None
) -> tuple[frozenset[Node], Reasons]:
    """The leaves whose gradients are proved, and of those whose number in a pass is another one, why.

    Raises ValueRefusedError for a report on something else.
    """
    proved = formulas_of(report, graph, root)
    reasons = leaves_at_odds(proved, numbers, report.sizes) if numbers is not None else {}
    return frozenset(proved) - frozenset(reasons), reasons


def proved_edges(graph: Graph, numbers: Backward | None) -> tuple[frozenset[tuple[Node, int]], EdgeReasons]:
    """The edges, by result and operand's position, at which the rule of the op is proved by itself, and of those
    whose local derivative in a pass is another number, why.

    That is what `cg.prove("tanh")` does; rules of arrays are proved at small sizes.
    """
    rules: dict[tuple[Op, str], set[int]] = {}
    flowing = {} if numbers is None else {(e.result, e.position): e for e in numbers.edges}
    edges, reasons = set(), {}
    for node in graph.nodes:
        if node.op is not None:
            attrs = node.attrs if node.op.elementwise else None
            key = (node.op, str(sorted((attrs or {}).items())))
            if key not in rules:
                rules[key] = _positions(_report(node.op, attrs), node.op.elementwise)
            for position in rules[key] & set(range(len(node.operands))):
                edge = flowing.get((node, position))
                why = edge_at_odds(edge, numbers) if edge and numbers and node.op.elementwise else ""
                if why:
                    reasons[node, position] = why
                else:
                    edges.add((node, position))
    return frozenset(edges), reasons


def _report(row: Op, attrs: Mapping[str, Any] | None) -> Report:
    """The proof of an op; the columns of rows that are in the table are compared by the project's tests."""
    return prove_row(row, attrs, columns=TABLE.get(row.name) is not row)


def _positions(report: Report, elementwise: bool) -> set[int]:
    """The places of the operands for which every check of an op's rule came out proved."""
    if any(c.verdict != AGREES for c in report.columns):
        return set()
    by_operand: dict[str, bool] = {}
    for check in report.checks:
        letter = ELEMENT.sub("", check.subject.rpartition("∂")[2])
        by_operand[letter] = by_operand.get(letter, True) and check.verdict == PROVED
    letters = list(by_operand) if elementwise else list("xyuv")
    return {letters.index(letter) for letter, proved in by_operand.items() if proved}

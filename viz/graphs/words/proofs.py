"""What a proof says of a picture: which local derivatives and which gradients SymPy proved, and no more than that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from cgraph.passes.backward import Backward
from cgraph.passes.forward import Forward

if TYPE_CHECKING:
    from cgraph.proof import Report


@dataclass(frozen=True)
class Marks:
    """`edges` are those whose op's own rule is proved, `leaves` those whose gradient is."""

    edges: frozenset[tuple[Node, int]] = frozenset()
    leaves: frozenset[Node] = frozenset()


NO_MARKS = Marks()
ELEMENT = re.compile(r"\[[\d,]*\]$")  # the index of an element: X[0,1] is one of X


def marks(of: Graph | Forward | Backward, report: Report) -> Marks:
    """The marks of a report `cg.prove(graph)` on a picture of the same graph.

    A leaf is marked when the report proved each element of its gradient; an edge, when the rule of its op at its
    position is proved by itself (as `cg.prove("tanh")` does), for arrays at small sizes.
    Raises ValueRefusedError for a report on something else.
    """
    from cgraph.proof import PROVED, prove_row

    graph = of if isinstance(of, Graph) else of.graph
    root = of.of if isinstance(of, Backward) else graph.outputs[-1]
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
    leaves = frozenset(graph[name] for name, found in verdicts.items() if name in graph and all(found))
    rules: dict[str, set[int]] = {}
    edges = set()
    for node in graph.nodes:
        if node.op is not None:
            attrs = node.attrs if node.op.elementwise else None
            key = f"{node.op.name} {sorted((attrs or {}).items())}"
            if key not in rules:
                rules[key] = _positions(prove_row(node.op, attrs), node.op.elementwise)
            edges |= {(node, position) for position in range(len(node.operands)) if position in rules[key]}
    return Marks(frozenset(edges), leaves)


def _positions(report: Report, elementwise: bool) -> set[int]:
    """The places of the operands for which every check of an op's rule came out proved."""
    from cgraph.proof import PROVED

    by_operand: dict[str, bool] = {}
    for check in report.checks:
        letter = ELEMENT.sub("", check.subject.rpartition("∂")[2])
        by_operand[letter] = by_operand.get(letter, True) and check.verdict == PROVED
    letters = list(by_operand) if elementwise else list("xyuv")
    return {letters.index(letter) for letter, proved in by_operand.items() if proved}

"""The drawing of a large graph: names and signs on it, all the rest in the titles, written as plain text.

Formulas as trees would cost ten times as much here, and nobody could read them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cgraph import notation
from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT, Node
from cgraph.notation import Math, plain
from cgraph.passes.backward import Backward
from cgraph.passes.forward import Forward
from cgraph.shapes import show
from viz.asked import Passes, Proofs
from viz.graphs.words.drawing import DIGITS, NOT_DETERMINED, OUTLINE, BoxText, Drawing, EdgeText
from viz.graphs.words.subject import plain_sign, sign_of
from viz.ink.lines import Label, clean


def outline(passes: Passes, without: set[Node], proofs: Proofs, digits: int = DIGITS) -> Drawing:
    """What is written on the picture of a large graph."""
    graph, forward, numbers, root = passes.graph, passes.forward, passes.numbers, passes.root
    names = [clean(_spelled(n, spelled)) for n, spelled in zip(graph.nodes, graph.names, strict=True)]
    return Drawing(
        _boxes(graph, names, without, forward, numbers, proofs, digits),
        _edges(graph, names, without, numbers, proofs, names[graph.index[root]], digits),
        names[graph.index[root]] if numbers or len(graph.outputs) == 1 else ", ".join(map(graph.name, graph.outputs)),
        forward is not None,
        numbers is not None,
        OUTLINE,
        digits=digits,
    )


def _boxes(
    graph: Graph,
    names: list[str],
    without: set[Node],
    forward: Forward | None,
    numbers: Backward | None,
    proofs: Proofs,
    digits: int,
) -> tuple[BoxText, ...]:
    outputs = set(graph.outputs)
    signs = _Signs(without)
    index, found = graph.index, []
    reached = set() if numbers is None else set(numbers.gradient)
    by = "" if numbers is None else f"∂{names[index[numbers.of]]}/∂"
    for i, node in enumerate(graph.nodes):
        if node in without:
            continue
        title = [names[i] if node.op is None else _computed(node, names, index, signs[node][1])]
        if node.shape:
            title.append(show(node.shape))
        if forward is not None:
            title.append(f"{names[i]} = {plain(forward.values[i], digits)}")
        if numbers is not None and graph.names[i] in reached:
            proved = proofs.said(node)
            title.append(f"{by}{names[i]} = {plain(numbers.gradient[node], digits)}{proved}")
        label = signs[node][0] if node.op is not None and node.name is None else (("name", _name(node, graph)),)
        lines = (("name", label),)
        found.append(BoxText(f"n{i}", names[i], node.kind, False, node in outputs, lines, "\n".join(title)))
    return tuple(found)


def _spelled(node: Node, spelled: str) -> str:
    """A node's name in titles: of several constants 5, none is "5 (3)"."""
    return plain(node.value) if node.kind == CONSTANT and node.name is None else spelled


def _name(node: Node, graph: Graph) -> Math:
    if node.kind == CONSTANT and node.name is None:
        return notation.value(node.value)
    return notation.name(graph.name(node))


class _Signs:
    """The sign of each node for its box, and as text for its title; made once for all nodes of a kind."""

    def __init__(self, without: set[Node]) -> None:
        self._without, self._known = without, dict[Any, tuple[Label, str]]()

    def __getitem__(self, node: Node) -> tuple[Label, str]:
        inside = [
            x.name or plain(x.value) if x in self._without and x.kind == CONSTANT else len(x.shape)
            for x in node.operands
        ]
        shapes = [x.shape for x in node.operands] if node.attrs else ()
        key = (node.op, repr(dict(node.attrs)) if node.attrs else "", *inside, *shapes)
        found = self._known.get(key)
        if found is None:
            label = (("name", sign_of(node, self._without)),)
            found = self._known[key] = label, plain_sign(notation.sign(node))
        return found


def _computed(node: Node, names: list[str], index: Any, sign: str) -> str:
    """Such as `v3 = v1 + v2` or `a = tanh(z)`."""
    operands = [names[index[x]] for x in node.operands]
    between = len(operands) > 1 and not sign[0].isalpha()
    right = f" {sign} ".join(operands) if between else f"{sign}({', '.join(operands)})"
    return f"{names[index[node]]} = {right}"


def _edges(
    graph: Graph,
    names: list[str],
    without: set[Node],
    numbers: Backward | None,
    proofs: Proofs,
    root: str,
    digits: int,
) -> tuple[EdgeText, ...]:
    flowing = {} if numbers is None else {(e.result, e.position): e for e in numbers.edges}
    undetermined = set() if numbers is None else {(e.result, e.position) for e in numbers.indeterminate}
    index, nothing = graph.index, ()
    found: list[EdgeText] = []
    for i, node in enumerate(graph.nodes):
        slot, result = 0, names[i]
        if node in without:
            continue
        for position, operand in enumerate(node.operands):
            if operand in without:
                continue
            at = index[operand]
            name = f"{names[at]}->{result}"
            edge, zero, title, proved = flowing.get((node, position)), False, name, False
            if edge is not None:
                proved = (node, position) in proofs.edges
                by = f"∂{result}/∂{names[at]}"
                title = f"∂{root}/∂{names[at]}: ∂{root}/∂{result} · {by} = {plain(edge.downstream, digits)}"
                if edge.local is not None:
                    title += f"\n{by} = {plain(edge.local, digits)}{proofs.said((node, position))}"
                zero = edge.downstream == 0 if operand.shape == () else not np.any(edge.downstream)
            open_ = (node, position) in undetermined
            title += f"\n{NOT_DETERMINED}" if open_ else ""
            ends = f"n{at}", f"n{i}"
            found.append(
                EdgeText(
                    f"e{len(found)}",
                    *ends,
                    slot,
                    name,
                    nothing,
                    nothing,
                    edge is not None,
                    zero and not open_,
                    proved,
                    title,
                    open_,
                    held=numbers is not None and node.op is not None and node.op.held,
                )
            )
            slot += 1
    return tuple(found)

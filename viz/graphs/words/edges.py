"""The words of edges: the local derivative, and the chain rule that multiplies it with what comes from above."""

from __future__ import annotations

from collections import Counter
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from cgraph import notation
from cgraph.graph.node import Node
from cgraph.notation import DOT, EQUALS, TIMES, Math, Sym, text
from cgraph.passes.backward import Edge
from viz.graphs.words.drawing import FORMULA, FULL, HOVER, NUMBER, OUTLINE, EdgeText
from viz.graphs.words.subject import Subject
from viz.ink.lines import Label, Run

PROOF: Run = ("proof", Sym("✓", space="bin"))
UNDETERMINED: Run = ("zero", Sym(" (0·∞)"))


def edge_texts(subject: Subject) -> tuple[EdgeText, ...]:
    """Every edge between drawn nodes, in the order of the results and of their operands."""
    flowing = {(e.result, e.position): e for e in subject.flowing}
    found: list[EdgeText] = []
    slots: Counter[Node] = Counter()
    for (node, position), id_ in subject.edge_ids.items():
        key, place, operand = (node, position), (id_, slots[node]), node.operands[position]
        slots[node] += 1
        found.append(_edge(subject, place, node, position, operand, flowing.get(key)))
    return tuple(found)


def _edge(
    subject: Subject,
    place: tuple[str, int],
    node: Node,
    position: int,
    operand: Node,
    edge: Edge | None,
) -> EdgeText:
    name = f"{subject.spelled(operand)}->{subject.spelled(node)}"
    local: Label = ()
    downstream: Label = ()
    title, zero = name, False
    proved = edge is not None and (node, position) in subject.proofs.edges
    if edge is not None:
        words = _Words(subject, place[0], position, edge)
        local, downstream = words.local(), words.downstream()
        title = words.sentence()
        zero = subject.numbers is not None and bool(np.all(np.equal(edge.downstream, 0)))
    if proved:
        local = (*local, PROOF) if subject.detail != OUTLINE else local
    said = subject.said((node, position), place[0])
    if said:
        title += f"\nlocal derivative{said}"
    undetermined = (node, position) in subject.undetermined
    if undetermined:
        downstream = (*downstream, UNDETERMINED) if subject.detail not in (HOVER, OUTLINE) else downstream
    if edge is not None:
        title += subject.open((node, position), place[0])
    ends = subject.id(operand), subject.id(node)
    flags = edge is not None, zero and not undetermined, proved
    jacobian = () if edge is None else _jacobian(subject, edge)
    labels = local, downstream
    found = EdgeText(place[0], *ends, place[1], name, *labels, *flags, subject.cleaned(title), undetermined, jacobian)
    drawn_back = subject.numbers is not None or subject.symbols is not None
    return found._replace(held=True) if drawn_back and node.op is not None and node.op.held else found


def _jacobian(subject: Subject, edge: Edge) -> tuple[str, ...]:
    """The local Jacobian between arrays, a row for each element of the result, as far as it can be read."""
    if subject.numbers is None or not subject.passes.jacobian(edge.result, edge.operand):
        return ()
    rows = np.reshape(edge.jacobian(), (np.size(edge.forward[edge.result]), -1))
    return ("local Jacobian:", *("  " + "  ".join(notation.plain(x, subject.digits) for x in row) for row in rows))


def passes_on(node: Node) -> bool:
    """Whether an op passes its gradient on as it is: a sum. In pictures of many numbers the legend says so once."""
    return node.op is not None and node.op.elementwise and text(notation.sign(node)) == "+"


class _Words:
    """The words of one edge: what its local derivative is, and how the chain rule reads there."""

    def __init__(self, subject: Subject, id_: str, position: int, edge: Edge) -> None:
        node, operand = edge.result, edge.operand
        assert node.op is not None
        self.subject, self.id, self.edge, self.detail = subject, id_, edge, subject.detail
        names = subject.names
        self.upstream_by = subject.by(node)
        self.local_by = notation.derivative(names[node], names[operand])
        self.downstream_by = subject.by(operand)
        self.is_share = subject.shares[operand] > 1 or node is subject.root
        self.numeric = subject.numbers is not None
        self.scalar = node.shape == () and operand.shape == () and node.op.elementwise
        found = subject.symbols
        symbols = found if found is not None and (node, position) in found.edges else None
        self.formula = self.total = None
        self.number = False  # whether the local derivative is a number, the same everywhere in an array
        if symbols is not None and node.op.elementwise:
            found_local = symbols.local(node, position)
            self.formula = subject.formula(found_local)
            self.number = not isinstance(found_local, Node) or found_local.shape == ()
        if symbols is not None and self.scalar and not self.numeric:
            self.total = subject.formula(symbols.downstream(node, position))
        self.operand, self.shape = operand, operand.shape
        self.passed_on = self.detail == NUMBER and self.scalar and self.numeric and passes_on(node)

    def local(self) -> Label:
        """The local derivative: as formula and number where both say something."""
        if self.detail in (HOVER, OUTLINE) or self.passed_on:
            return ()
        if not self.scalar:
            parts = self._map()
            return (("local", notation.row(*[math for _, math in parts])),) if parts else ()
        value = self._number("local", self.edge.local) if self.numeric else None
        words: list[Math] = [] if self.detail == NUMBER else [self.local_by]
        wanted = self.detail == FULL or value is None
        if self.formula is not None and wanted and (value is None or text(self.formula) != text(value)):
            words += [*([EQUALS] if words else []), self.formula]
        if value is not None:
            words += [*([EQUALS] if words else []), value]
        return (("local", notation.row(*words)),) if words else ()

    def _map(self, upstream: Math = notation.PLACE) -> tuple[tuple[bool, Math], ...]:
        """The linear map between arrays, as a formula; a local derivative that is too long to be read has its name."""
        node, position, names = self.edge.result, self.edge.position, self.subject.names
        assert node.op is not None
        if not node.op.elementwise:
            return notation.linear_map(node, position, [names[x] for x in node.operands], names[node], upstream)
        if self.formula is None and upstream is notation.PLACE and self.detail not in (FULL, FORMULA):
            return ()
        return notation.elementwise_map(node, position, self.formula or self.local_by, self.number, upstream)

    def downstream(self) -> Label:
        """The chain rule on this edge: downstream = upstream times local."""
        if self.detail in (HOVER, OUTLINE) or self.passed_on:
            return ()
        value = self._value()
        if self.detail == NUMBER:
            return (("backward", value),) if value is not None else ()
        runs: list[Run] = [] if self.is_share else [("backward", self.downstream_by), ("backward", EQUALS)]
        if self.detail == FULL or self.is_share or not self.scalar:
            runs += self._product(self.upstream_by, self.local_by)
            runs += [("backward", EQUALS)] if value is not None else []
            if self.detail == FULL and self.numeric and self.scalar:
                up = notation.quantity(
                    self.subject.number(self.edge.upstream), f"gradient {self.subject.id(self.edge.result)}"
                )
                local = notation.quantity(notation.bracketed(self.subject.number(self.edge.local)), f"(local {self.id}")
                runs += [("backward", up), ("backward", DOT), ("local", local), ("backward", EQUALS)]
        return (*runs, ("backward", value)) if value is not None else tuple(runs)

    def sentence(self) -> str:
        """The whole chain rule of this edge as one line of text."""
        local = f"{text(self.local_by)} = "
        parts = () if self.scalar else self._map()
        if parts:
            local = "local gradient: " + "".join(text(math) for _, math in parts)
        else:
            formula = text(self.formula) if self.formula is not None else ""
            number = text(self.subject.value(self.edge.local)) if self.numeric else ""
            local += text(self.subject.quantity(self.edge.local, f"local {self.id}")) if number else formula
            if number and formula and number != formula:
                local += f" (from {formula})"
        runs = self._product(self.upstream_by, self.local_by)
        product = "".join(text(m) for _, m in runs)
        value = self._value()
        shared = self.subject.shares[self.operand] > 1
        down = product if shared else f"{text(self.downstream_by)} = {product}"
        end = f" = {text(value)}" if value is not None else ""
        return f"{down}{end}\n{local}"

    def _product(self, upstream: Math, local: Math) -> list[Run]:
        """Upstream times local, or the map of arrays on upstream."""
        parts = () if self.scalar else self._map(upstream)
        if not parts:
            return [("backward", upstream), ("backward", DOT), ("local", local)]
        joins = [False, *(before[0] and after[1] == TIMES for before, after in pairwise(parts))]
        of_chain = [part[0] or part[1] == DOT or joins[i] for i, part in enumerate(parts)]
        runs = groupby(zip(of_chain, parts, strict=True), lambda pair: "backward" if pair[0] else "local")
        return [(role, notation.row(*[math for _, (_, math) in run])) for role, run in runs]

    def _number(self, what: str, value: Any) -> Math:
        return self.subject.quantity(value, f"{what} {self.id}")

    def _value(self) -> Math | None:
        if not self.numeric:
            return self.total
        if self.shape == ():
            return self._number("downstream", self.edge.downstream)
        return notation.shape(self.shape) if self.detail in (FULL, NUMBER) else None

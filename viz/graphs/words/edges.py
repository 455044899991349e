"""The words of edges: the local derivative, and the chain rule that multiplies it with what comes from above."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cgraph import notation
from cgraph.graph.node import Node
from cgraph.notation import DOT, EQUALS, TIMES, Math, Script, Sym, text
from cgraph.passes.backward import Edge
from viz.graphs.words.drawing import FORMULA, FULL, HOVER, NOT_DETERMINED, NUMBER, OUTLINE, EdgeText
from viz.graphs.words.subject import Subject
from viz.ink.lines import Label, Run, clean

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
        title += "\nlocal derivative proved by SymPy"
    elif (node, position) in subject.proofs.at_odds:
        title += f"\nlocal derivative{subject.proofs.said((node, position))}"
    undetermined = (node, position) in subject.undetermined
    if undetermined:
        downstream = (*downstream, UNDETERMINED) if subject.detail not in (HOVER, OUTLINE) else downstream
        title += f"\n{NOT_DETERMINED}"
    ends = subject.id(operand), subject.id(node)
    value = _value(subject, operand)
    flags = edge is not None, zero and not undetermined, proved
    return EdgeText(place[0], *ends, place[1], name, value, local, downstream, *flags, clean(title), undetermined)


def _value(subject: Subject, operand: Node) -> Label:
    """What flows forward along an edge: the operand's value."""
    if subject.forward is None or operand.shape or subject.detail in (HOVER, OUTLINE):
        return ()
    shown = notation.number(subject.forward[operand])
    if subject.detail in (FULL, FORMULA):
        shown = notation.row(subject.names[operand], EQUALS, shown)
    return (("value", shown),)


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
        self.map = None if node.op.elementwise else _map(node.op.map(position), [names[x] for x in node.operands])
        found = subject.symbols
        symbols = found if found is not None and (node, position) in found.edges else None
        self.formula = self.total = None
        if symbols is not None and self.map is None:
            self.formula = subject.formula(symbols.local(node, position))
        if symbols is not None and self.scalar and not self.numeric:
            self.total = subject.formula(symbols.downstream(node, position))
        self.summed = self.map is None and operand.shape != node.shape
        self.operand, self.shape = operand, operand.shape

    def local(self) -> Label:
        """The local derivative: as formula and number where both say something."""
        if self.detail in (HOVER, OUTLINE):
            return ()
        if self.map is not None:
            return (("local", self.map),)
        value = self._number("local", self.edge.local) if self.numeric and self.scalar else None
        parts: list[Math] = [] if self.detail == NUMBER else [self.local_by]
        wanted = self.detail == FULL or value is None
        if self.formula is not None and wanted and (value is None or text(self.formula) != text(value)):
            parts += [*([EQUALS] if parts else []), self.formula]
        if value is not None:
            parts += [*([EQUALS] if parts else []), value]
        return (("local", notation.row(*parts)),) if parts else ()

    def downstream(self) -> Label:
        """The chain rule on this edge: downstream = upstream times local."""
        if self.detail in (HOVER, OUTLINE):
            return ()
        value = self._value()
        if self.detail == NUMBER:
            return (("backward", value),) if value is not None else ()
        runs: list[Run] = [] if self.is_share else [("backward", self.downstream_by), ("backward", EQUALS)]
        if self.detail == FULL or self.is_share or self.map is not None or not self.scalar:
            runs += self._product(self.upstream_by, self.local_by)
            runs += [("backward", EQUALS)] if value is not None else []
            if self.detail == FULL and self.numeric and self.scalar:
                up = notation.quantity(
                    notation.number(self.edge.upstream), f"gradient {self.subject.id(self.edge.result)}"
                )
                local = notation.quantity(notation.bracketed(notation.number(self.edge.local)), f"(local {self.id}")
                runs += [("backward", up), ("backward", DOT), ("local", local), ("backward", EQUALS)]
        return (*runs, ("backward", value)) if value is not None else tuple(runs)

    def sentence(self) -> str:
        """The whole chain rule of this edge as one line of text."""
        local = f"{text(self.local_by)} = "
        if self.map is not None:
            local = f"local gradient: {text(self.map)}"
        else:
            formula = text(self.formula) if self.formula is not None else ""
            number = text(notation.value(self.edge.local)) if self.numeric else ""
            local += number or formula
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
        if self.map is None:
            if self.scalar:
                return [("backward", upstream), ("backward", DOT), ("local", local)]
            total: list[Run] = [("backward", Sym("Σ "))] if self.summed else []
            shown = self.formula or local
            if text(shown) == "1":
                return [*total, ("backward", upstream)]
            return [*total, ("backward", upstream), ("backward", TIMES), ("local", notation.bracketed(shown))]
        words = text(self.map)
        if words.endswith("·"):
            return [("local", self.map), ("backward", Sym("", space="thin")), ("backward", upstream)]
        return [("backward", upstream), ("backward", Sym("", space="thin")), ("local", self.map)]

    def _number(self, what: str, value: Any) -> Math:
        return notation.quantity(notation.number(value), f"{what} {self.id}")

    def _value(self) -> Math | None:
        if not self.numeric:
            return self.total
        if self.shape == ():
            return self._number("downstream", self.edge.downstream)
        return notation.shape(self.shape) if self.detail in (FULL, NUMBER) else None


def _map(written: str, operands: Sequence[Math]) -> Math:
    """A linear map as the table writes it, `· {y}ᵀ`, with the operands' names in it."""
    by_letter: Mapping[str, Math] = dict(zip("xy", operands, strict=False))
    parts: list[Math] = []
    for plain, letter, transposed in re.findall(r"([^{]+)|\{([xy])\}(ᵀ?)", written):
        if letter:
            parts.append(Script(by_letter[letter], sup=Sym("T")) if transposed else by_letter[letter])
        else:
            parts.append(Sym(plain))
    return notation.row(*parts)

"""From the records of a pass to what is written on a picture: the lines of each box, the labels of each edge.

Nothing here knows a position, a font or a colour: a `Drawing` is text with roles.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from cgraph import notation
from cgraph.backward import Backward, Edge, backward
from cgraph.calculus import as_pass
from cgraph.errors import ValueRefusedError
from cgraph.forward import Forward
from cgraph.graph import Graph
from cgraph.node import CONSTANT, OP, Node
from cgraph.notation import DOT, EQUALS, MINUS, PLUS, TIMES, Math, Script, Sym, text
from cgraph.ops.row import Row
from cgraph.shapes import show
from cgraph.simplify import simplify

FULL, FORMULA, NUMBER, HOVER, OUTLINE = "full", "formula", "number", "hover", "outline"
DETAILS = (FULL, FORMULA, NUMBER, HOVER, OUTLINE)
STYLES = ("textbook", "circuit")
Run: TypeAlias = "tuple[str, Math]"  # (role, what is written)
Label: TypeAlias = "tuple[Run, ...]"


@dataclass(frozen=True)
class BoxText:
    """A node as it is drawn. `lines` are labels by role (name, shape, value, gradient), from top to bottom."""

    id: str
    name: str
    kind: str
    round: bool
    output: bool
    lines: tuple[tuple[str, Label], ...]
    title: str


@dataclass(frozen=True)
class EdgeText:
    """An edge as it is drawn, from operand to result, with its labels.

    `value` is what flows forward (shown when only the forward pass is), `local` and `downstream` what flows back.
    """

    id: str
    tail: str
    head: str
    slot: int
    name: str
    value: Label
    local: Label
    downstream: Label
    flows: bool
    zero: bool
    title: str


@dataclass(frozen=True)
class Drawing:
    """All that is written on a picture."""

    boxes: tuple[BoxText, ...]
    edges: tuple[EdgeText, ...]
    root: str
    has_values: bool
    has_gradients: bool
    detail: str


_NOT_IN_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(words: str) -> str:
    """Words without the characters that XML and DOT cannot hold.

    >>> clean("a" + chr(0) + "b")
    'a\N{REPLACEMENT CHARACTER}b'
    """
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", words)


def detail_for(count: int) -> str:
    """How much is written in a picture of so many nodes: an outline has names and signs, the rest is in the titles."""
    return next((d for most, d in ((8, FULL), (15, FORMULA), (40, NUMBER), (300, HOVER)) if count <= most), OUTLINE)


def annotate(of: Graph | Forward | Backward, style: str, detail: str | None) -> Drawing:
    """What is written on the picture of a graph (symbols), a forward pass, or a backward pass (numbers)."""
    for what, given, allowed in (("style", style, STYLES), ("detail", detail or FULL, DETAILS)):
        if given not in allowed:
            raise ValueRefusedError(f"there is no {what} {given!r}", fix=f"choose one of {', '.join(allowed)}")
    graph = of if isinstance(of, Graph) else of.graph
    hidden = _hidden(graph, style)
    detail = detail or detail_for(len(graph) - len(hidden))
    return _Writer(graph, of, style, detail, hidden).drawing()


def _hidden(graph: Graph, style: str) -> set[Node]:
    """Constants that are written in the labels of their results rather than drawn as nodes."""
    used = {x for n in graph.nodes for x in n.operands}
    return {
        n
        for n in graph.nodes
        if n.kind == CONSTANT and n in used and n.shape == () and (n.name is None or style == "circuit")
    }


class _Writer:
    """Writes the labels of one picture."""

    def __init__(
        self, graph: Graph, of: Graph | Forward | Backward, style: str, detail: str, hidden: set[Node]
    ) -> None:
        self.graph, self.style, self.detail, self.hidden = graph, style, detail, hidden
        self.forward = of.forward if isinstance(of, Backward) else of if isinstance(of, Forward) else None
        self.names = notation.names_of(graph)
        scalar = len(graph.outputs) == 1 and graph.outputs[0].shape == ()
        root = of.of if isinstance(of, Backward) else graph.outputs[-1]
        self.numbers: Backward | None = of if isinstance(of, Backward) else None
        if isinstance(of, Forward) and scalar:
            with np.errstate(all="ignore"):
                self.numbers = backward(of)
        symbolic = detail in (FULL, FORMULA) and root.shape == ()
        self.symbols: Backward | None = backward(as_pass(graph), root) if symbolic else None
        self.root = root
        self.shares: Counter[Node] = Counter()
        self.terms: dict[Node, list[Any]] = {}
        for edge in (self.numbers or self.symbols or _NOTHING).edges:
            self.shares[edge.operand] += 1
            self.terms.setdefault(edge.operand, []).append(edge.downstream)

    def drawing(self) -> Drawing:
        boxes = tuple(self._box(n) for n in self.graph.nodes if n not in self.hidden)
        edges = tuple(self._edges())
        flowing = self.numbers is not None or self.symbols is not None
        outputs = [self.root] if self.numbers is not None or len(self.graph.outputs) == 1 else self.graph.outputs
        return Drawing(
            boxes, edges, ", ".join(map(self._spelled, outputs)), self.forward is not None, flowing, self.detail
        )

    def _id(self, node: Node) -> str:
        return f"n{self.graph.position(node)}"

    def _spelled(self, node: Node) -> str:
        return clean(self.graph.name(node))

    # Boxes -----------------------------------------------------------------------------------------------------------
    def _box(self, node: Node) -> BoxText:
        circle = self.style == "circuit" and node.kind == OP and node.name is None and node.shape == ()
        heading = self._heading(node)
        lines: list[tuple[str, Label]] = [("name", (("name", heading),))]
        title = [text(heading)]
        if node.shape:
            lines.append(("shape", (("shape", notation.shape(node.shape)),)))
            title.append(show(node.shape))
        if self.forward is not None:
            shown = notation.value(self.forward[node])
            lines.append(("value", (("value", shown),)))
            title.append(f"{self._spelled(node)} = {text(shown)}")
        gradient = self._gradient(node, circle)
        if gradient is not None:
            lines.append(("gradient", gradient))
            title.append(self._gradient_sentence(node))
        if self.detail == OUTLINE:
            own = self.names[node] if node.name is not None or node.op is None else _sign(node.op)
            lines = [("name", (("name", own),))]
        return BoxText(
            self._id(node),
            self._spelled(node),
            node.kind,
            circle,
            node in self.graph.outputs,
            tuple(lines),
            clean("\n".join(title)),
        )

    def _heading(self, node: Node) -> Math:
        own = self.names[node]
        if node.kind != OP or node.op is None:
            return own
        operands = [self.names[x] for x in node.operands]
        if self.style == "circuit":
            sign = _sign(node.op)
            if node.op.name.endswith("cross_entropy"):
                listed = [p for x in operands for p in (Sym(","), x)][1:]
                return notation.row(own, " (", *listed, ")")
            return sign if node.name is None else notation.row(own, EQUALS, sign)
        return notation.row(own, EQUALS, notation.applied(node.op.name, operands))

    def _by(self, node: Node) -> Math:
        return notation.derivative(self.names[self.root], self.names[node])

    def _gradient(self, node: Node, circle: bool) -> Label | None:
        """The line of a box that says dL/d(node): the sum of what the edges brought."""
        if not self._reached(node):
            return None
        found = self._total(node)
        if found is None:
            return None
        parts: list[Math] = []
        if self.detail in (FULL, FORMULA) and not circle:
            by = notation.row("∂", self.names[self.root], "/∂", self.names[node])
            parts += [by, EQUALS]
        terms = self.terms.get(node, [])
        if self.numbers is not None and len(terms) > 1 and not node.shape and not circle:
            if len(terms) <= 3:
                for i, term in enumerate(terms):
                    shown = notation.number(abs(term) if i else term)
                    parts += [*([MINUS if term < 0 else PLUS] if i else []), shown]
                parts.append(EQUALS)
            else:
                parts += [Sym(f"Σ of {len(terms)}"), EQUALS]
        return (("gradient", notation.row(*parts, found)),)

    def _gradient_sentence(self, node: Node) -> str:
        total = self._total(node)
        terms = self.terms.get(node, [])
        count = f" (the sum of {len(terms)} terms)" if len(terms) > 1 else ""
        return f"∂{self._spelled(self.root)}/∂{self._spelled(node)} = {text(total) if total else '?'}{count}"

    def _reached(self, node: Node) -> bool:
        return node is self.root or node in self.terms

    def _total(self, node: Node) -> Math | None:
        if self.numbers is not None:
            found = self.numbers.gradient[node]
            return notation.value(found)
        if self.symbols is not None and self.forward is None and not node.shape:
            return self._formula(self.symbols.gradient[node])
        return None

    def _formula(self, value: Any) -> Math | None:
        """A local derivative or a gradient in symbols: a Python number or a node of the GRAPH world."""
        if not isinstance(value, Node):
            return notation.number(value)
        return notation.formula(simplify([value], keep=self.graph.index)[0], self.names)

    # Edges -----------------------------------------------------------------------------------------------------------
    def _edges(self) -> list[EdgeText]:
        flowing = {(e.result, e.position): e for e in (self.numbers or self.symbols or _NOTHING).edges}
        symbolic = {(e.result, e.position): e for e in (self.symbols or _NOTHING).edges}
        found: list[EdgeText] = []
        for node in self.graph.nodes:
            slot = 0
            for position, operand in enumerate(node.operands):
                if operand in self.hidden:
                    continue
                key = node, position
                found.append(self._edge(len(found), node, position, slot, operand, flowing.get(key), symbolic.get(key)))
                slot += 1
        return found

    def _edge(
        self, count: int, node: Node, position: int, slot: int, operand: Node, edge: Edge | None, formula: Edge | None
    ) -> EdgeText:
        name = f"{self._spelled(operand)}->{self._spelled(node)}"
        local: Label = ()
        downstream: Label = ()
        title, zero = name, False
        if edge is not None:
            words = _Words(self, node, position, operand, edge, formula)
            local, downstream = words.local(), words.downstream()
            title = clean(words.sentence())
            zero = self.numbers is not None and bool(np.all(np.equal(edge.downstream, 0)))
        value = self._value(operand)
        ends = self._id(operand), self._id(node)
        return EdgeText(f"e{count}", *ends, slot, name, value, local, downstream, edge is not None, zero, title)

    def _value(self, operand: Node) -> Label:
        """What flows forward along an edge: the operand's value."""
        if self.forward is None or operand.shape or self.detail in (HOVER, OUTLINE):
            return ()
        shown = notation.number(self.forward[operand])
        if self.detail in (FULL, FORMULA):
            shown = notation.row(self.names[operand], EQUALS, shown)
        return (("value", shown),)


class _Words:
    """The words of one edge: what its local derivative is, and how the chain rule reads there."""

    def __init__(
        self, writer: _Writer, node: Node, position: int, operand: Node, edge: Edge, formula: Edge | None
    ) -> None:
        assert node.op is not None
        self.writer, self.edge, self.detail = writer, edge, writer.detail
        names = writer.names
        self.upstream_by = writer._by(node)
        self.local_by = notation.derivative(names[node], names[operand])
        self.downstream_by = writer._by(operand)
        self.is_share = writer.shares[operand] > 1 or node is writer.root
        self.numeric = writer.numbers is not None
        self.scalar = node.shape == () and operand.shape == () and node.op.elementwise
        self.map = None if node.op.elementwise else _map(node.op.map(position), [names[x] for x in node.operands])
        self.formula = writer._formula(formula.local) if formula is not None and self.map is None else None
        symbolic = formula is not None and not self.numeric and self.scalar
        self.total = writer._formula(formula.downstream) if formula is not None and symbolic else None
        self.summed = self.map is None and operand.shape != node.shape
        self.operand, self.shape = operand, operand.shape

    def local(self) -> Label:
        """The local derivative: as formula and number where both say something."""
        if self.detail in (HOVER, OUTLINE):
            return ()
        if self.map is not None:
            return (("local", self.map),)
        value = notation.number(self.edge.local) if self.numeric and self.scalar else None
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
                up, local = notation.number(self.edge.upstream), notation.number(self.edge.local)
                runs += [
                    ("backward", up),
                    ("backward", DOT),
                    ("local", notation.bracketed(local)),
                    ("backward", EQUALS),
                ]
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
        shared = self.writer.shares[self.operand] > 1
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

    def _value(self) -> Math | None:
        if not self.numeric:
            return self.total
        if self.shape == ():
            return notation.number(self.edge.downstream)
        return notation.shape(self.shape) if self.detail in (FULL, NUMBER) else None


class _Nothing:
    edges: tuple[Edge, ...] = ()


_NOTHING = _Nothing()


def _sign(row: Row) -> Math:
    return notation.Named(Sym(row.sign), row.sign.replace("∗", "*"))


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

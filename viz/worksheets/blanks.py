"""A drawing with fields in the place of what is asked for; each field holds its answer until it is emptied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from cgraph import notation
from cgraph.errors import ValueRefusedError, did_you_mean
from cgraph.graph.node import OP, Node
from cgraph.notation import EQUALS, Blank, Group, Math, Sym
from cgraph.passes.backward import Edge
from viz.asked import Passes
from viz.graphs.paint.paint import BOTH
from viz.graphs.paint.paint import FORWARD as ALONE
from viz.graphs.words.boxes import GRADIENT_MARK, box_text
from viz.graphs.words.drawing import FULL, NUMBER, BoxText, Drawing, EdgeText
from viz.graphs.words.edges import edge_texts
from viz.graphs.words.subject import Subject, hidden
from viz.ink.lines import Label
from viz.ink.themes import Theme
from viz.ink.typeset import typeset

FORWARD, LOCAL, GRADIENT, FORMULA = "forward", "local", "gradient", "formula"
KINDS = {
    FORWARD: "the value of each node",
    LOCAL: "the local derivative of each edge, on its tag",
    FORMULA: "the local derivative of each edge as a formula, on its tag",
    GRADIENT: "the gradient of each node, in its box",
}
PAD = 4.0  # between an answer and the border of its field
FORMULA_WIDER = 1.4  # a formula's field, than a number's


class FieldSize(NamedTuple):
    """How large a field is at least, in points."""

    width: float
    height: float


@dataclass(frozen=True)
class Asked:
    """What is asked for, and how it is written: `words` are names before fields, for what is not crowded."""

    kinds: tuple[str, ...]
    words: bool
    shared: bool = False  # whether some node is used more than once, so that gradients are sums

    @property
    def task(self) -> str:
        """The sentence that says what to do."""
        parts = [KINDS[kind] for kind in KINDS if kind in self.kinds]
        if self.shared and GRADIENT in self.kinds:
            parts[-1] += " (where it is a sum, also what comes back along each edge)"
        listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])}, and {parts[-1]}"
        return f"Fill in {listed}."

    @property
    def show(self) -> str:
        """Which passes are drawn."""
        return ALONE if self.kinds == (FORWARD,) else BOTH

    @property
    def marked(self) -> bool:
        """Whether a field for a gradient is marked as such: where a box has others too, and no words before them."""
        return not self.words and FORWARD in self.kinds


def kinds_of(blanks: Any) -> tuple[str, ...]:
    """The kinds of blanks of a choice: one, or several. Raises ValueRefusedError for what there is not."""
    asked = [blanks] if isinstance(blanks, str) else list(blanks) if isinstance(blanks, (list, tuple)) else []
    for kind in asked or [blanks]:
        if not isinstance(kind, str) or kind not in KINDS:
            fix = did_you_mean(str(kind), KINDS, f"choose from {', '.join(KINDS)}")
            raise ValueRefusedError(f"there are no blanks {kind!r}", fix=fix)
    if LOCAL in asked and FORMULA in asked:
        raise ValueRefusedError(
            "local derivatives as numbers and as formulas", why="an edge has one field", fix="choose local or formula"
        )
    return tuple(kind for kind in KINDS if kind in asked)


def with_fields(passes: Passes, style: str, asked: Asked, theme: Theme, field: FieldSize) -> Drawing:
    """What is written on an exercise, with a field for each thing that is asked.

    Raises ValueRefusedError for arrays that are too large to be written into a field.
    """
    without = hidden(passes.graph, style)
    subject = Subject(passes, style, FULL if FORMULA in asked.kinds else NUMBER, without)
    writer = _Writer(subject, asked, theme, field)
    by_id = {
        subject.edge_ids[e.result, e.position]: e for e in subject.flowing if (e.result, e.position) in subject.edge_ids
    }
    return Drawing(
        tuple(writer.box(n) for n in passes.graph.nodes if n not in without),
        tuple(writer.edge(e, by_id.get(e.id)) for e in edge_texts(subject)),
        subject.root_names,
        subject.forward is not None,
        asked.show == BOTH,
        NUMBER if asked.marked else FULL,
    )


def style_is_circuit(subject: Subject) -> bool:
    """Whether a box has the sign of its op instead of its formula."""
    return subject.style == "circuit"


class _Writer:
    """The words and fields of boxes and edges."""

    def __init__(self, subject: Subject, asked: Asked, theme: Theme, field: FieldSize) -> None:
        self.subject, self.asked, self.theme, self.field = subject, asked, theme, field

    def box(self, node: Node) -> BoxText:
        subject, found = self.subject, box_text(self.subject, node)
        lines = [(role, label) for role, label in found.lines if role in ("name", "shape")]
        title = [found.title.split("\n")[0]]
        if subject.forward is not None:
            value = self._shown(subject.forward[node], node)
            if FORWARD in self.asked.kinds and node.kind == OP:
                lines.append(
                    ("value", (("value", self._blank(value, f"value {subject.id(node)}", self.theme.value_size)),))
                )
            elif node.shape == () and (node.kind != OP or (node.name is None and style_is_circuit(self.subject))):
                lines[-1] = ("name", (*lines[-1][1], ("name", notation.row(EQUALS, " ")), ("value", value)))
            else:
                lines.append(("value", (("value", value),)))
            if FORWARD not in self.asked.kinds or node.kind != OP:
                title.append(f"{subject.spelled(node)} = {notation.text(value)}")
        if GRADIENT in self.asked.kinds and subject.reached(node) and subject.numbers is not None:
            before: list[Math] = [*GRADIENT_MARK] if self.asked.marked else []
            if self.asked.words:
                before = [notation.row("∂", subject.names[subject.root], "/∂", subject.names[node]), EQUALS]
            answer = self._shown(subject.numbers.gradient[node], node)
            field = self._blank(answer, f"gradient {subject.id(node)}", self.theme.value_size)
            lines.append(
                ("gradient", (*((("gradient", notation.row(*before)),) if before else ()), ("gradient", field)))
            )
        return found._replace(lines=tuple(lines), title=subject.cleaned("\n".join(title)), round=False)

    def edge(self, text: EdgeText, edge: Edge | None) -> EdgeText:
        subject, kinds = self.subject, self.asked.kinds
        local: Label = ()
        downstream: Label = ()
        if edge is not None:
            scalar = edge.result.shape == () == edge.operand.shape and edge.local is not None
            if scalar and LOCAL in kinds and subject.numbers is not None:
                answer = notation.number(edge.local)
                local = (("local", self._blank(answer, f"local {text.id}", self.theme.label_size)),)
            if scalar and FORMULA in kinds and subject.symbols is not None:
                formula = subject.formula(subject.symbols.local(edge.result, edge.position)) or Sym("…")
                local = (("local", self._blank(formula, f"formula {text.id}", self.theme.label_size, FORMULA_WIDER)),)
            if GRADIENT in kinds and subject.shares[edge.operand] > 1 and subject.numbers is not None:
                answer = self._shown(edge.downstream, edge.operand)
                downstream = (("backward", self._blank(answer, f"downstream {text.id}", self.theme.label_size)),)
        return text._replace(
            title=text.name,
            zero=False,
            proved=False,
            undetermined=False,
            jacobian=(),
            local=local,
            downstream=downstream,
            flows=text.flows and self.asked.show == BOTH,
        )

    def _shown(self, value: Any, node: Node) -> Math:
        if np.ndim(value) == 0:
            return notation.number(value)
        found = notation.matrix(value)
        if np.ndim(value) > 2 or max(np.shape(value)) > notation.SIDE:
            raise ValueRefusedError(
                f"{self.subject.spelled(node)} has {np.size(value)} entries",
                where=node.where,
                why=f"a field has room for {notation.SIDE}×{notation.SIDE} numbers",
                fix="give a smaller graph, or its single numbers: viz.worksheet(cg.unroll(bwd))",
            )
        return found

    def _blank(self, answer: Math, key: str, size: float, wider: float = 1.0) -> Math:
        """A field for an answer, large enough for it."""
        set_ = typeset(answer, size)
        width = max(wider * self.field.width, set_.width + 2 * PAD)
        height = max(self.field.height, set_.height + 2 * PAD)
        return Blank(round(width, 2), round(height, 2), notation.quantity(answer, key))


# Sheets --------------------------------------------------------------------------------------------------------------
def emptied(drawing: Drawing) -> Drawing:
    """The same drawing with its fields empty."""
    return _changed(drawing, lambda blank: replace(blank, inside=None))


def scaled(drawing: Drawing, scale: float) -> Drawing:
    """The same drawing with its fields larger or smaller."""
    return _changed(drawing, lambda blank: replace(blank, width=scale * blank.width, height=scale * blank.height))


def _changed(drawing: Drawing, change: Callable[[Blank], Blank]) -> Drawing:
    def label(of: Label) -> Label:
        return tuple((role, _math(math, change)) for role, math in of)

    boxes = (b._replace(lines=tuple((role, label(of)) for role, of in b.lines)) for b in drawing.boxes)
    edges = (e._replace(local=label(e.local), downstream=label(e.downstream)) for e in drawing.edges)
    return replace(drawing, boxes=tuple(boxes), edges=tuple(edges))


def _math(math: Math, change: Callable[[Blank], Blank]) -> Math:
    if isinstance(math, Blank):
        return change(math)
    return Group(tuple(_math(part, change) for part in math.parts)) if isinstance(math, Group) else math


def fields(drawing: Drawing) -> Sequence[Blank]:
    """All fields of a drawing."""
    labels = [label for b in drawing.boxes for _, label in b.lines]
    labels += [label for e in drawing.edges for label in (e.local, e.downstream)]
    waiting, found = [math for label in labels for _, math in label], list[Blank]()
    for math in waiting:
        if isinstance(math, Blank):
            found.append(math)
        elif isinstance(math, Group):
            waiting += math.parts
    return found

"""The passes op by op: what is computed at each step, in which sentence, and what can be seen before and after.

A step's sentence has places for numbers, so that a page can fill in others when an input changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cgraph import notation
from cgraph.graph.node import OP, Node
from cgraph.notation import Math, Sym, text
from cgraph.ops import TABLE
from cgraph.passes.backward import Edge
from viz.graphs.words.drawing import DIGITS, Drawing
from viz.graphs.words.marks import Line, Number, Parts, cut, mark, titles
from viz.graphs.words.subject import Subject

__all__ = ["BACKWARD", "FORWARD", "GIVEN", "SEED", "SUM", "Moment", "Number", "Walk", "numbers", "spelled", "walk"]

GIVEN, FORWARD, SEED, BACKWARD, SUM = "given", "forward", "seed", "backward", "sum"


@dataclass(frozen=True)
class Moment:
    """One moment of the passes: its kind, the box (and the edge) that it is about, and its sentence."""

    kind: str
    node: str
    edge: str
    parts: Parts
    digits: int = DIGITS

    def sentence(self, numbers: Mapping[str, Any]) -> str:
        """The sentence with these numbers."""
        return "".join(p if isinstance(p, str) else spelled(numbers[p.key], p.inside, self.digits) for p in self.parts)


@dataclass(frozen=True)
class Walk:
    """All steps of a picture. `since` says from which step on a box's or an edge's part is there.

    Its keys are "value n3", "gradient n3" and "edge e4"; `numbers` has every value, gradient and local derivative by
    such a key too ("local e4", "downstream e4").
    """

    steps: tuple[Moment, ...]
    since: Mapping[str, int]
    numbers: Mapping[str, Any]


def spelled(number: Any, inside: bool = False, digits: int = DIGITS) -> str:
    """A number (or the entries of an array) as text of so many digits; a negative one inside a product has brackets.

    >>> spelled(-2.0), spelled(-2.0, inside=True)
    ('−2', '(−2)')
    """
    shown = text(notation.value(number, digits))
    return f"({shown})" if inside and shown.startswith("−") else shown


def walk(subject: Subject, drawing: Drawing) -> Walk:
    """The steps of a picture's passes: the values in the graph's order, then the chain rule edge by edge."""
    return _Walker(subject, drawing).walk()


def numbers(subject: Subject) -> dict[str, Any]:
    """Every value, and every gradient, local derivative and downstream gradient of what is drawn, by its key."""
    found: dict[str, Any] = {}
    for node in subject.graph.nodes:
        if subject.forward is not None:  # hidden constants too: sentences have their numbers
            found[f"value {subject.id(node)}"] = subject.forward[node]
        if subject.numbers is not None and node not in subject.hidden and subject.reached(node):
            found[f"gradient {subject.id(node)}"] = subject.numbers.gradient[node]
    for edge in subject.numbers.edges if subject.numbers is not None else ():
        id_ = subject.edge_ids.get((edge.result, edge.position))
        if id_ is not None:
            found |= {f"downstream {id_}": edge.downstream}
            found |= {} if edge.local is None else {f"local {id_}": edge.local}
    return found


class _Walker:
    """Collects the steps of one picture."""

    def __init__(self, subject: Subject, drawing: Drawing) -> None:
        self.subject = subject
        self.boxes = {b.id for b in drawing.boxes}
        self.edges = {e.id: e for e in drawing.edges}
        self.steps: list[Moment] = []
        self.since: dict[str, int] = {}
        self.numbers = numbers(subject)

    @cached_property
    def titles(self) -> Mapping[str, tuple[Line, ...]]:
        """The titles of edges, whose first lines are sentences."""
        return titles(self.subject)

    def walk(self) -> Walk:
        self._forward()
        if self.subject.flowing:
            self._backward()
        return Walk(tuple(self.steps), self.since, self.numbers)

    def _add(self, kind: str, node: str, edge: str, words: str | Parts, shows: Sequence[str]) -> None:
        for key in shows:
            self.since[key] = len(self.steps)
        self.steps.append(
            Moment(kind, node, edge, cut(words) if isinstance(words, str) else words, self.subject.digits)
        )

    # The forward pass ------------------------------------------------------------------------------------------------
    def _forward(self) -> None:
        subject, forward = self.subject, self.subject.forward
        leaves = [n for n in subject.graph.leaves if subject.id(n) in self.boxes]
        said = [subject.spelled(n) for n in leaves]
        if forward is not None:
            said = [f"{name} = {self._value(n)}" for name, n in zip(said, leaves, strict=True)]
        words = f"Given: {', '.join(said)}" if said else "Given: what comes before this part"
        self._add(GIVEN, "", "", words, [f"value {subject.id(n)}" for n in leaves])
        for node in subject.graph.nodes:
            if node.kind == OP and subject.id(node) in self.boxes:
                words = f"{subject.spelled(node)} = {self._applied(node, subject.names)}"
                if forward is not None:
                    filled = {x: Sym(self._value(x)) for x in node.operands}
                    shown = self._applied(node, filled) if not any(x.shape for x in node.operands) else ""
                    words += f" = {shown} = {self._value(node)}" if shown else f" = {self._value(node)}"
                self._add(FORWARD, subject.id(node), "", words, [f"value {subject.id(node)}"])

    def _applied(self, node: Node, names: Mapping[Node, Math]) -> str:
        assert node.op is not None
        if node.op is TABLE["mul"] and not any(x.shape for x in node.operands):
            # in a line of text, names side by side would run into one another
            return " · ".join(text(names[x]) for x in node.operands)
        return text(notation.applied(node, [names[x] for x in node.operands]))

    def _value(self, node: Node) -> str:
        return mark(f"value {self.subject.id(node)}")

    # The backward pass -----------------------------------------------------------------------------------------------
    def _backward(self) -> None:
        subject = self.subject
        root = subject.root
        if subject.id(root) in self.boxes:
            words = f"∂{subject.spelled(root)}/∂{subject.spelled(root)} = {self._gradient(root, '1')}"
            self._add(SEED, subject.id(root), "", words, [f"gradient {subject.id(root)}"])
        left = dict(subject.shares)
        for edge in subject.flowing:
            left[edge.operand] -= 1
            shared, drawn = subject.shares[edge.operand] > 1, (edge.result, edge.position) in subject.edge_ids
            if drawn:
                self._edge(edge, shared)
            if not left[edge.operand] and subject.id(edge.operand) in self.boxes and (shared or not drawn):
                self._sum(edge.operand)

    def _edge(self, edge: Edge, shared: bool) -> None:
        subject = self.subject
        head, tail = subject.id(edge.result), subject.id(edge.operand)
        drawn = self.edges[subject.edge_ids[edge.result, edge.position]]
        up, by = text(subject.by(edge.result)), text(subject.by(edge.operand))
        ratio = text(notation.derivative(subject.names[edge.result], subject.names[edge.operand]))
        whole = f"one of {subject.shares[edge.operand]} terms of {by}: " if shared else f"{by} = "
        scalar = edge.local is not None and edge.result.shape == () == edge.operand.shape
        words: str | Parts = self.titles[drawn.id][0].parts
        if subject.numbers is not None and scalar:
            factors = f"{mark(f'gradient {head}')} · {mark(f'local {drawn.id}')}"
            words = f"{whole}{up} · {ratio} = {factors} = {mark(f'downstream {drawn.id}')}"
        shows = [f"edge {drawn.id}"] if shared else [f"edge {drawn.id}", f"gradient {tail}"]
        self._add(BACKWARD, tail, drawn.id, words, shows)

    def _sum(self, node: Node) -> None:
        """A gradient that several edges bring, or one that a picture of a part has not."""
        subject = self.subject
        name, by = subject.id(node), text(subject.by(node))
        count, total = subject.shares[node], self._gradient(node, "")
        words = f"{by} is the sum of {count} terms" if count > 1 else f"{by} comes from a part that is not drawn"
        if subject.numbers is not None and not node.shape:
            terms = [mark(key) for key, _ in subject.terms[node] if key in self.numbers]
            if len(terms) == count:
                words = f"{by} = {' + '.join(terms)} = {total}"
            else:
                words += f": {total}"
        self._add(SUM, name, "", words, [f"gradient {name}"])

    def _gradient(self, node: Node, symbol: str) -> str:
        if self.subject.numbers is None:
            return symbol
        return mark(f"gradient {self.subject.id(node)}")

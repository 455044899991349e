"""Words with places for what depends on numbers, so that a page can fill in others: one template for both.

`boxes.py` and `edges.py` write a title from a subject. From a `Marked` subject they write the same title with a mark
wherever the words depend on a number, by its key: "value n3", "gradient n3", "local e4", "downstream e4", "proof n3",
"infinite value n3", "open e4". A mark has characters that no cleaned text has, whatever the names of a graph are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from cgraph.graph.node import Node
from cgraph.notation import Math, Sym
from viz.graphs.words.boxes import box_text
from viz.graphs.words.edges import edge_texts
from viz.graphs.words.subject import Subject
from viz.ink.lines import clean


class Number(NamedTuple):
    """The place of what a key stands for; `inside` when a minus sign there needs brackets."""

    key: str
    inside: bool


Parts: TypeAlias = "tuple[str | Number, ...]"


class Line(NamedTuple):
    """A line of a title, and the key whose step it waits for; "" when it is there from the beginning."""

    since: str
    parts: Parts


OPEN, CLOSE = "\x01", "\x02"
_MARK = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}")


def mark(key: str) -> str:
    """The place of what a key stands for."""
    return f"{OPEN}{key}{CLOSE}"


def cut(words: str) -> Parts:
    """Words cut at their marks, the rest cleaned; what stands after an operator or has an exponent is inside.

    >>> cut(f"d = 2 · {mark('value n1')}")
    ('d = 2 · ', Number(key='value n1', inside=True))
    """

    def parts() -> Iterator[str | Number]:
        end = 0
        for found in _MARK.finditer(words):
            if found.start() > end:
                yield clean(words[end : found.start()])
            before, after = words[: found.start()].rstrip()[-1:], words[found.end() : found.end() + 1]
            yield Number(found[1], before in {*"·+−⊙/"} or after in {*"⁰¹²³⁴⁵⁶⁷⁸⁹⁻^"})
            end = found.end()
        if end < len(words):
            yield clean(words[end:])

    return tuple(parts())


class Marked(Subject):
    """A subject whose titles have marks for what depends on numbers."""

    def quantity(self, value: Any, key: str) -> Math:
        return Sym(mark(key))

    def said(self, what: Node | tuple[Node, int], key: str) -> str:
        return mark(f"proof {key}") if self.proofs.said(what) else ""

    def line(self, key: str, words: str) -> str:
        return mark(f"@{key}") + words

    def badge(self, node: Node) -> str:
        if self.forward is None:
            return ""
        found = ("value", "gradient") if self.numbers is not None and self.reached(node) else ("value",)
        keys = [f"{what} {self.id(node)}" for what in found]
        return "\n".join(self.line(key, mark(f"infinite {key}")) for key in keys)

    def open(self, what: tuple[Node, int], key: str) -> str:
        return "" if self.numbers is None else mark(f"open {key}")

    def cleaned(self, words: str) -> str:
        return words


def titles(subject: Subject) -> dict[str, tuple[Line, ...]]:
    """The title of each box and each edge of a drawing, by its id, as lines with places."""
    marked = Marked(subject.passes, subject.style, subject.detail, subject.hidden, subject.proofs, subject.digits)
    boxes = [box_text(marked, n) for n in subject.graph.nodes if n not in subject.hidden]
    found = {b.id: tuple(_line(words) for words in b.title.split("\n")) for b in boxes}
    for edge in edge_texts(marked):
        since = f"edge {edge.id}" if edge.flows else ""
        found[edge.id] = tuple(Line(since, cut(words)) for words in edge.title.split("\n"))
    return found


def _line(words: str) -> Line:
    first = _MARK.match(words)
    if first is None or not first[1].startswith("@"):
        return Line("", cut(words))
    return Line(first[1][1:], cut(words[first.end() :]))

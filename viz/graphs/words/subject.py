"""What a picture is about: a graph with its names, its passes, and what they say of a node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from functools import cached_property
from typing import Any

import numpy as np

from cgraph import notation
from cgraph.calculus.symbols import Symbols
from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT, Node
from cgraph.notation import Math, text
from cgraph.passes.backward import Edge
from viz.asked import NO_PROOFS, Passes, Proofs
from viz.graphs.words.drawing import DIGITS, FORMULA, FULL, NOT_DETERMINED
from viz.ink.lines import clean

MOST_SYMBOLS = 300  # nodes of a graph whose derivatives are written as formulas


def hidden(graph: Graph, style: str) -> set[Node]:
    """Constants that are written in the labels of their results rather than drawn as nodes."""
    used = {x for n in graph.nodes for x in n.operands}
    return {
        n
        for n in graph.nodes
        if n.kind == CONSTANT and n in used and n.shape == () and (n.name is None or style == "circuit")
    }


def not_finite(what: str, value: Any) -> str:
    """What is not finite in a value or a gradient, such as `NaN in the value`, or `2 ∞ in the gradient` of arrays."""
    numbers = np.asarray(value)
    for name, count in (("NaN", np.isnan(numbers).sum()), ("∞", np.isinf(numbers).sum())):
        if count:
            return f"{f'{count} ' if numbers.size > 1 else ''}{name} in the {what}"
    return ""


class Subject:
    """A graph or a pass as a picture sees it: `numbers` is its backward pass, `symbols` are the formulas on it."""

    def __init__(
        self,
        passes: Passes,
        style: str,
        detail: str,
        without: set[Node],
        proofs: Proofs = NO_PROOFS,
        digits: int = DIGITS,
    ) -> None:
        self.passes, self.graph, self.root = passes, passes.graph, passes.root
        self.style, self.detail, self.hidden, self.proofs = style, detail, without, proofs
        self.forward, self.numbers = passes.forward, passes.numbers
        self.digits = digits
        self.names = notation.names_of(self.graph)
        symbolic = detail in (FULL, FORMULA) and self.root.shape == () and len(self.graph) <= MOST_SYMBOLS
        self.symbols: Symbols | None = passes.symbols if symbolic else None
        self.shares: Counter[Node] = Counter()
        self.terms: dict[Node, list[tuple[str, Any]]] = {}  # with the keys of their edges
        for edge in self.flowing:
            self.shares[edge.operand] += 1
            key = self.edge_ids.get((edge.result, edge.position), "")
            self.terms.setdefault(edge.operand, []).append((f"downstream {key}", edge.downstream))

    @property
    def flowing(self) -> tuple[Edge, ...]:
        """The edges along which a gradient flows."""
        if self.numbers is not None:
            return self.numbers.edges
        return () if self.symbols is None else self.symbols.bwd.edges

    @cached_property
    def outputs(self) -> frozenset[Node]:
        """The outputs of the graph, of which there may be thousands."""
        return frozenset(self.graph.outputs)

    @cached_property
    def undetermined(self) -> frozenset[tuple[Node, int]]:
        """The edges on which 0 met ∞, by their results and their operands' positions."""
        found = () if self.numbers is None else self.numbers.indeterminate
        return frozenset((edge.result, edge.position) for edge in found)

    @property
    def root_names(self) -> str:
        """What the picture is a computation graph of."""
        alone = self.numbers is not None or len(self.graph.outputs) == 1
        return ", ".join(map(self.spelled, [self.root] if alone else self.graph.outputs))

    @cached_property
    def edge_ids(self) -> dict[tuple[Node, int], str]:
        """The id of each edge between drawn nodes, by its result and its operand's position, in the graph's order."""
        drawn = [
            (node, position)
            for node in self.graph.nodes
            if node not in self.hidden
            for position, operand in enumerate(node.operands)
            if operand not in self.hidden
        ]
        return {edge: f"e{i}" for i, edge in enumerate(drawn)}

    def id(self, node: Node) -> str:
        """The node's id in the picture."""
        return f"n{self.graph.position(node)}"

    def spelled(self, node: Node) -> str:
        """The node's name as text."""
        return clean(self.graph.name(node))

    def by(self, node: Node) -> Math:
        """The fraction ∂L/∂(node)."""
        return notation.derivative(self.names[self.root], self.names[node])

    # What of a title depends on numbers; `marks.Marked` has the places of all of it instead, for a page that fills them
    def quantity(self, value: Any, key: str) -> Math:
        """A number or an array, as the quantity of this key; in text an array has its first entries."""
        return notation.quantity(self.value(value), key, self.grid(value))

    def grid(self, value: Any) -> Math | None:
        """A small matrix as it is drawn where there is room for words."""
        small = np.ndim(value) == 2 and self.detail in (FULL, FORMULA)
        found = notation.matrix(value, self.digits) if small else None
        return found if isinstance(found, notation.Grid) else None

    def said(self, what: Node | tuple[Node, int], key: str) -> str:
        """What proofs say of a gradient or of a local derivative, `key` being its node's or its edge's id."""
        return self.proofs.said(what)

    def line(self, key: str, words: str) -> str:
        """A line of a title that is there from the step on at which `key` is computed."""
        return words

    def badge(self, node: Node) -> str:
        """What is not finite in a node, such as `NaN in the value`."""
        found = "" if self.forward is None else not_finite("value", self.forward[node])
        if not found and self.numbers is not None and self.reached(node):
            return not_finite("gradient", self.numbers.gradient[node])
        return found

    def open(self, what: tuple[Node, int], key: str) -> str:
        """The line that says that 0 met ∞ on an edge of this id, where it did."""
        return f"\n{NOT_DETERMINED}" if what in self.undetermined else ""

    def cleaned(self, words: str) -> str:
        """A title as files may have it."""
        return clean(words)

    def reached(self, node: Node) -> bool:
        """Whether a gradient was computed for a node."""
        return node is self.root or node in self.terms

    def total(self, node: Node) -> Math | None:
        """The gradient of a node: its value, or its formula where there are no values."""
        if self.numbers is not None:
            return self.quantity(self.numbers.gradient[node], f"gradient {self.id(node)}")
        if self.symbols is not None and self.forward is None and not node.shape:
            return self.formula(self.symbols.gradient(node))
        return None

    def number(self, value: Any) -> Math:
        """A number in the picture's digits."""
        return notation.number(value, self.digits)

    def value(self, value: Any) -> Math:
        """A number, or the first entries of an array, in the picture's digits."""
        return notation.value(value, self.digits)

    def formula(self, value: Any) -> Math | None:
        """A local derivative or a gradient in symbols: a number, or a node of the graph's own nodes."""
        return notation.formula(value, self.names) if isinstance(value, Node) else self.number(value)


def sign_of(node: Node, without: Container[Node]) -> Math:
    """What stands in the circle of an op: its sign, with the numbers that are not drawn: `+1`, `×2`, `x³`."""
    inside = [_number(x) if x in without and x.kind == CONSTANT else None for x in node.operands]
    math = notation.in_circle(node, inside)
    return notation.Named(math, plain_sign(math))


def plain_sign(math: Math) -> str:
    """What a circle says, in words that are read one after the other: its star and its dot are those of formulas."""
    return text(math).replace("∗", "*").replace("•", "·")


def _number(node: Node) -> Math:
    """A constant that is written in the boxes of its results: its name, or its number."""
    return notation.name(node.name) if node.name is not None else notation.constant(node.value)

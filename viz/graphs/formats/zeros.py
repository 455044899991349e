"""JavaScript that says where 0 met ∞ in a pass, from which zeros are structural: `cgraph.worlds.traced`, written out.

A zero is structural where it says that nothing depends on a branch: those of masks and of constants, what they
multiply, and sums of such alone. Every other zero is a number, and 0·∞ with it an open question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT, OP, Node
from cgraph.passes.indeterminate import LARGE


class Question(NamedTuple):
    """A product of the chain rule, with the values at both ends of its edge: is it 0·∞?"""

    upstream: Node
    local: Node
    operand: Node
    result: Node


class Whole(NamedTuple):
    """What a pullback of arrays gave, and all that it was made of: is it NaN although nothing else is?"""

    downstream: tuple[Node, ...]
    others: tuple[Node, ...]


class Zeros:
    """The lines that say of nodes whether they are structurally 0, as far as they are asked for.

    `applied` writes a node's op on operands. `slopes` are the local derivatives of each node that has a kink.
    """

    def __init__(
        self, graph: Graph, slopes: Mapping[Node, Sequence[Node]], applied: Callable[[Node, Sequence[str]], str]
    ) -> None:
        self.graph, self.slopes, self.applied = graph, slopes, applied
        self.lines: list[str] = []
        self.zero: dict[Node, str] = {}  # what JavaScript asks; "" where a node is nowhere structurally 0
        self.exact: set[Node] = set()  # made of masks and constants alone
        for node in graph.nodes:
            self._add(node)
            if self.slopes.get(node):
                self._with_slopes(node)

    def open(self, question: Question | Whole) -> str:
        """The condition in JavaScript under which a question is open."""
        if isinstance(question, Whole):
            down, others = (f"[{', '.join(map(self._name, nodes))}].some(isNaN)" for nodes in question)
            return f"{down} && !{others}"
        up, by, operand, result = map(self._name, question)
        rounded = f"{by} === 0{self._unless(question.local)}"
        found = f"{up} === 0 && !isFinite({by}){self._unless(question.upstream)} || infinite({up}) && {rounded}"
        if question.operand.kind == OP:
            found += f" || infinite({operand}) && infinite({result}) && {up} !== 0 && {rounded}"
        row, operands = question.result.op, map(self._name, question.result.operands)
        if row is not None and row.pole in ("divisor", "always"):  # a slope below all numbers, which a pass warns of
            known = "".join(f" && {x} !== 0 && isFinite({x})" for x in operands)
            found += f" || {by} === 0 && Math.abs({up}) > {LARGE:g}{known}"
        return found

    def _unless(self, node: Node) -> str:
        return f" && !{self.zero[node]}" if self.zero[node] else ""

    def _name(self, node: Node) -> str:
        return f"v{self.graph.index[node]}"

    def _add(self, node: Node) -> None:
        if node in self.zero:
            return
        made = node.op is not None and (node.op.mask or self.exact.issuperset(node.operands))
        exact = node.kind == CONSTANT or made
        if exact:
            self.exact.add(node)
        found = self._name(node) + " === 0" if exact else self._through(node)
        if exact and node.kind == CONSTANT and np.all(np.not_equal(node.value, 0)):
            found = ""
        self._define(node, found)

    def _through(self, node: Node) -> str:
        row, zeros = node.op, [self.zero[x] for x in node.operands]
        if row is None or not any(zeros):
            return ""
        if row.additive:
            found = " && ".join(zeros) if all(zeros) else ""
        elif row.linear:
            places = range(len(zeros)) if row.arity is None else row.linear
            found = " || ".join(zeros[i] for i in places if zeros[i])
        elif row.through:
            given = [
                self._name(x) if row.rule(i) is None else f"({zero} ? 0 : 1)" if zero else "1"
                for i, (x, zero) in enumerate(zip(node.operands, zeros, strict=True))
            ]
            found = f"{self.applied(node, given)} === 0"
        else:
            found = ""
        return f"({found}) && {self._name(node)} === 0" if found else ""

    def _with_slopes(self, node: Node) -> None:
        """A node with a kink is structurally 0 too where it is 0 and all its slopes are, as relu below 0."""
        for part in Graph(self.slopes[node]).nodes:
            self._add(part)
        flat = [self.zero[slope] for slope in self.slopes[node]]
        if all(flat):
            before = f"{self.zero[node]} || " if self.zero[node] else ""
            self._define(node, f"{before}{self._name(node)} === 0 && {' && '.join(flat)}", "k")

    def _define(self, node: Node, found: str, letter: str = "z") -> None:
        self.zero[node] = ""
        if found:
            name = f"{letter}{self.graph.index[node]}"
            self.lines.append(f"const {name} = {found};")
            self.zero[node] = name


def asked(questions: Iterable[Iterable[Question | Whole]], slopes: Mapping[Node, Sequence[Node]]) -> Iterator[Node]:
    """All nodes that questions are about, and the slopes."""
    for several in questions:
        for question in several:
            for part in question:
                yield from (part,) if isinstance(part, Node) else part
    for found in slopes.values():
        yield from found

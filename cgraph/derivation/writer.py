"""Writes one derivation: which paths, each local derivative, the product, the sum at a fan-out, the number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from cgraph import notation
from cgraph.calculus.derivatives import as_pass
from cgraph.derivation.algebra import (
    FEW,
    LONGEST,
    SymbolicNodes,
    as_math,
    in_result,
    shorter,
    shortest,
    size,
    written_out,
)
from cgraph.derivation.steps import Derivation, Step, without_repeats
from cgraph.errors import GradientError
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node, as_node, variable
from cgraph.notation import DOT, PLUS, Group, Math, Named, Script, Sym
from cgraph.passes.backward import Backward, Edge, backward, pulled_back
from cgraph.rewriting.simplify import simplify
from cgraph.worlds.graph import TEXTBOOK

INLINED = 3  # nodes without names that are written out together
READABLE = 60  # characters of a formula that is written without the names v1, v2, ...
PATHS = 6  # so many are listed, more are counted
UNDETERMINED = "indeterminate here: 0·∞, which the pass sets to 0"


class Deriver:
    """Writes one derivation: the nodes between the root and `wrt`, from the root down."""

    def __init__(self, graph: Graph, wrt: Node, numbers: Backward | None) -> None:
        self.graph, self.root, self.wrt, self.numbers = graph, graph.output, wrt, numbers
        self.names = notation.names_of(graph)  # of all, and without those that are written out: `atoms`
        backwards = backward(as_pass(graph, TEXTBOOK))
        self.fwd = backwards.forward
        below: set[Node] = {wrt}
        for node in graph.nodes:
            if any(x in below for x in node.operands):
                below.add(node)
        self.edges = [e for e in backwards.edges if e.operand in below and e.result is not wrt]
        self.on_path = [n for n in reversed(graph.nodes) if n is self.root or any(e.operand is n for e in self.edges)]
        if not self.edges and wrt is not self.root:
            raise GradientError(
                f"{graph.name(self.root)} does not depend on {graph.name(wrt)} in a differentiable way",
                where=self.root.where,
                why="no gradient flows there",
            )
        self.symbols = SymbolicNodes(graph, self._small())
        self.atoms = {n: m for n, m in self.names.items() if n not in self.symbols.inlined}
        self.symbolic: dict[Node, Any] = {}  # the gradient of each node, in the names of nodes; None for arrays
        self.written: dict[Node, Math] = {}
        self.odd: dict[Node, str] = {}  # where the number of the pass is not the formula's, and what the formula does

    def derivation(self) -> Derivation:
        names = [self.graph.name(n) for n in (self.root, self.wrt)]
        steps: list[Step] = []
        self.symbolic[self.root] = 1
        for node in self.on_path:
            if node is not self.root:
                steps.append(self._step(node))
        paths = self._paths()
        if self.wrt is self.root:
            steps.append(Step("A node changes as much as itself:", ((self._gradient(self.root), Sym("1")),)))
        elif len(paths) == 1 and len(paths[0]) > 2:  # the last step says the same of two edges
            steps.append(self._product(paths[0]))
        steps += [self._at_odds(node, why) for node, why in self.odd.items()]
        return Derivation(names[0], names[1], (self._opening(steps), *steps))

    def _small(self) -> set[Node]:
        """The nodes beside the way that have no names of their own and are written out where they are used."""
        inside: dict[Node, int] = {}  # how many such nodes are in each
        for node in self.graph.nodes:
            if node.op is not None and node.name is None and node.shape == () and node not in self.on_path:
                count = 1 + sum(inside.get(x, 0) for x in node.operands)
                if count <= INLINED:
                    inside[node] = count
        return set(inside) - {self.root, self.wrt}

    def _opening(self, steps: Sequence[Step]) -> Step:
        """What each node on the way computes and each that the steps name, and which paths lead down."""
        paths = self._paths()
        root, wrt = (self.graph.name(n) for n in (self.root, self.wrt))
        arrows = [" → ".join([root, *(self.graph.name(e.operand) for e in path)]) for path in paths[:PATHS]]
        many = len(paths) > PATHS
        count = "One path leads" if len(paths) == 1 else f"{'More than ' if many else ''}{len(arrows)} paths lead"
        listed = f"{count} from {root} to {wrt}: {'; '.join(arrows)}." if paths else f"{root} itself is asked for."
        lines: list[tuple[Math | str, ...]] = []
        used = {self.root, *self.on_path, *self._named(m for s in steps for line in s.lines for m in line)} - {self.wrt}
        if self.wrt.op is not None and self.wrt is not self.root and self.wrt.name is None:
            used.add(self.wrt)
        for node in reversed(self.graph.nodes):
            if node in used and node.op is not None:
                formula = self._formula(node)
                used |= self._named([formula])
                lines.append((self.names[node], formula, *self._number(self._value(node))))
        return Step(listed, tuple(reversed(lines)))

    def _named(self, formulas: Iterable[Math | str]) -> set[Node]:
        """The nodes whose names stand in formulas."""
        spelled = {name for math in formulas if not isinstance(math, str) for name in notation.spellings(math)}
        return {node for node, math in self.names.items() if isinstance(math, Named) and math.spelling in spelled}

    def _paths(self) -> list[list[Edge]]:
        """The first paths from the root to `wrt`, without walking all of what may be very many."""
        leaving: dict[Node, list[Edge]] = {}
        for edge in self.edges:
            leaving.setdefault(edge.result, []).append(edge)
        found: list[list[Edge]] = []
        stack: list[list[Edge]] = [[e] for e in reversed(leaving.get(self.root, []))]
        while stack and len(found) <= PATHS:
            path = stack.pop()
            if path[-1].operand is self.wrt:
                found.append(path)
            else:
                stack += [[*path, e] for e in reversed(leaving.get(path[-1].operand, []))]
        return found

    def _step(self, node: Node) -> Step:
        """The gradient of one node: from each of its results, added up where there are several."""
        arriving = sorted(
            (e for e in self.edges if e.operand is node), key=lambda e: (self.graph.position(e.result), e.position)
        )
        first = len(arriving) == 1 and arriving[0].result is self.root
        lines = [] if first else [self._local_line(edge) for edge in arriving]
        chain: list[Math] = [self._gradient(node)]
        if not first:
            chain.append(_joined([self._term(edge) for edge in arriving], PLUS))
        chain.append(_joined([self._downstream(edge) for edge in arriving], PLUS))
        terms = [self._symbolic_term(edge) for edge in arriving]
        self.symbolic[node] = None if any(t is None for t in terms) else sum(terms)
        self.written[node] = chain[-1]
        if self.symbolic[node] is not None and not first:
            self.symbolic[node] = shortest(self.symbolic[node])
            if self.symbolic[node] is not None:
                self.written[node] = as_math(self.symbolic[node])
                chain.append(self.written[node])
        if node is self.wrt:
            chain += self.book
        lines += self._ending(chain, node)
        name = self.graph.name(node)
        results = list(dict.fromkeys(self.graph.name(e.result) for e in arriving))
        if len(arriving) == 1:
            sentence = f"{name} is used once, in {results[0]}:"
        elif len(results) == 1:
            sentence = f"{name} is used {len(arriving)} times in {results[0]}; each use has its share:"
        else:
            sentence = f"{name} is used in {' and '.join(results)}; what comes back from each adds up:"
        return Step(sentence, tuple(lines))

    def _product(self, path: list[Edge]) -> Step:
        """The whole product along the only path, as in Eq. 6.34."""
        chain: list[Math] = [self._gradient(self.wrt)]
        if len(path) > 1:
            chain.append(_joined([self._fraction(e) for e in path], DOT))
        locals_ = [self._local(e) for e in path]
        if all(m is not None for m in locals_):
            chain.append(_joined([notation.bracketed(m) for m in locals_ if m is not None], DOT))
        if self.symbolic[self.wrt] is not None:
            chain += [self.written[self.wrt], *self.book]
        return Step("The product along the path:", tuple(self._ending(chain, self.wrt)))

    @cached_property
    def book(self) -> list[Math]:
        """The gradient as books end: in names that the user gave, and as short as the graph lets it be."""
        found = self.symbolic[self.wrt]
        if found is None or size(found)[0] > FEW:
            return []
        defined = {n: self.symbols.definition(n) for n in reversed(self.graph.nodes) if n.op and n.shape == ()}
        defined = {n: e for n, e in defined.items() if e is not None and n not in self.symbols.inlined}
        of_symbols = {self.symbols[n]: e for n, e in defined.items() if n is not self.root}
        ours = {self.symbols[n]: e for n, e in defined.items() if n.name is None}
        shortened = shorter(found, of_symbols)
        named = min((e for e in (written_out(x, ours) for x in (found, shortened))), key=size)
        named = shorter(named, {s: e for s, e in of_symbols.items() if s not in ours})
        end = named if size(named) <= size(shortened) or ours.keys() & shortened.free_symbols else shortened
        calls = {self.symbols[n] for n in self.graph.nodes if n.op and n.name is None and n.shape == ()} - ours.keys()
        if self.root in defined and calls & end.free_symbols:
            definition = written_out(defined[self.root], ours)
            pure = in_result(end, self.symbols[self.root], definition, calls)
            if pure is not None:
                return [as_math(shortened), as_math(end), as_math(pure)]
        return [as_math(shortened), as_math(end), *self._in_names(end)]

    def _in_names(self, expression: Any) -> list[Math]:
        """A formula with calls in the place of names that are not the user's, if that is short."""
        spelled = {str(s) for s in expression.free_symbols}
        made = [n for n in self.graph.nodes if n.op is not None and n.name is None and self.graph.name(n) in spelled]
        kept = {n: m for n, m in self.atoms.items() if n.name is not None or n.op is None}
        written = {self.graph.name(n): notation.formula(n, kept, LONGEST) for n in made}
        if not made or any(m is None for m in written.values()):
            return []
        found = as_math(expression, {name: notation.bracketed(m) for name, m in written.items() if m is not None})
        return [found] if len(notation.text(found)) <= READABLE else []

    def _ending(self, chain: list[Math], node: Node) -> list[tuple[Math | str, ...]]:
        """The line of a gradient with its number at the end; where 0 met ∞ on the way there is none that it equals."""
        number = self._total(node)
        if node in self.undetermined:
            return [without_repeats((*chain,)), (chain[0], UNDETERMINED)]
        return [without_repeats((*chain, *number))]

    @cached_property
    def undetermined(self) -> frozenset[Node]:
        """The nodes whose gradient came along an edge on which 0 met ∞."""
        if self.numbers is None:
            return frozenset()
        names = self.numbers.graph.name
        first = {(names(e.result), e.position) for e in self.numbers.indeterminate}
        found: set[Node] = set()
        for edge in self.edges:  # results first
            if edge.result in found or (self.graph.name(edge.result), edge.position) in first:
                found.add(edge.operand)
        return frozenset(found)

    # Parts ----------------------------------------------------------------------------------------------------------
    def _gradient(self, node: Node) -> Math:
        return notation.derivative(self.names[self.root], self.names[node])

    def _fraction(self, edge: Edge) -> Math:
        fraction = notation.derivative(self.names[edge.result], self.names[edge.operand])
        twice = edge.result.operands.count(edge.operand) > 1
        return Script(Group((Sym("("), fraction, Sym(")"))), sub=Sym(str(edge.position + 1))) if twice else fraction

    def _formula(self, node: Node) -> Math:
        atoms = {n: m for n, m in self.atoms.items() if n is not node}
        return notation.formula(node, atoms, LONGEST) or Sym("…")

    def _local(self, edge: Edge) -> Math | None:
        """The local derivative of an edge in the names of its nodes; None for a linear map between arrays."""
        if edge.local is None:
            return None
        local = edge.local if isinstance(edge.local, Node) else as_node(float(edge.local))
        short = simplify([local], keep=self.graph.index)[0]
        if edge.result in Graph(short) and self.symbols.definition(edge.result) is not None:
            return as_math(self.symbols.local(edge))
        return notation.formula(short, self.atoms, LONGEST)

    def _local_line(self, edge: Edge) -> tuple[Math | str, ...]:
        local = self._local(edge)
        if local is None:
            node = edge.result
            operands = [self.names[x] for x in node.operands]
            parts = notation.linear_map(node, edge.position, operands, self.names[node])
            return (self._fraction(edge), f"the linear map {notation.text(Group(tuple(math for _, math in parts)))}")
        number = None
        if self.numbers is not None:
            names = self._name(edge.result), self._name(edge.operand)
            number = self.numbers.edge(*names, edge.position).local
        return without_repeats((self._fraction(edge), local, *self._number(number)))

    def _name(self, node: Node) -> str:
        return self.graph.name(node)

    def _term(self, edge: Edge) -> Math:
        """`∂L/∂e · ∂e/∂d`."""
        fraction = self._fraction(edge)
        return fraction if edge.result is self.root else _joined([self._gradient(edge.result), fraction], DOT)

    def _downstream(self, edge: Edge) -> Math:
        """Upstream times local, as formulas; for arrays, what the pullback makes of the upstream gradient."""
        local, upstream = self._local(edge), self.symbolic[edge.result]
        if local is not None and upstream is not None:
            if edge.result is self.root:
                return local
            return _joined([notation.bracketed(self.written[edge.result]), notation.bracketed(local)], DOT)
        if edge.local is None:
            return self._mapped(edge)
        stand_in = variable("upstream", edge.result.shape)
        pulled = simplify([pulled_back(self.fwd, edge, stand_in)], keep=self.graph.index)[0]
        start = Sym("1") if edge.result is self.root else self._gradient(edge.result)
        written = notation.formula(pulled, {**self.atoms, stand_in: start}, LONGEST)
        return written or Sym("…")

    def _mapped(self, edge: Edge) -> Math:
        """The linear map of an op on arrays on what comes from above: `∂L/∂z Wᵀ`, and p − y for a loss's own."""
        node = edge.result
        operands = [self.names[x] for x in node.operands]
        if node is not self.root:
            upstream = self._gradient(node)
            return notation.row(*_maths(notation.linear_map(node, edge.position, operands, self.names[node], upstream)))
        parts = notation.linear_map(node, edge.position, operands, self.names[node], Sym("1"))
        place = next(i for i, (above, _) in enumerate(parts) if above)  # what comes from above is a factor of 1
        before, after = _maths(parts[:place]), _maths(parts[place + 1 :])
        if after[:1] == [DOT]:
            return notation.row(*before, *(after[1:] if before else _unbracketed(after[1:])))
        if before[-1:] == [DOT]:
            return notation.row(*before[:-1], *after)
        return notation.row(*before, Sym("1"), *after)

    def _symbolic_term(self, edge: Edge) -> Any:
        """Upstream times local in SymPy, in the names of nodes; None for arrays."""
        upstream = self.symbolic[edge.result]
        shapes = {x.shape for x in (edge.result, *edge.result.operands)}
        if upstream is None or shapes != {()}:
            return None
        return upstream * self.symbols.local(edge)

    def _value(self, node: Node) -> Any:
        return None if self.numbers is None else self.numbers.forward[self._name(node)]

    def _total(self, node: Node) -> tuple[Math, ...]:
        """The number of a node's gradient, where its formula has this value; else nothing, and it is noted."""
        if self.numbers is None:
            return ()
        value, formula = self.numbers.gradient[self.graph.name(node)], self.symbolic[node]
        if formula is not None and np.shape(value) == ():
            why = self._elsewhere(formula, float(value))
            if why:
                self.odd[node] = why
                return ()
        return self._number(value)

    def _elsewhere(self, formula: Any, value: float) -> str:
        from cgraph.proof.pointwise import Formula
        from cgraph.worlds.sympy import as_object

        return Formula(as_object(formula)[()]).elsewhere(value, self._point)

    @cached_property
    def _point(self) -> dict[Any, float]:
        """The value of each number of the pass, by its symbol."""
        from cgraph.worlds.sympy import symbols

        scalars = (n for n in self.graph.nodes if n.shape == ())
        return {symbols(self.graph.name(n), ())[()]: float(self._value(n)) for n in scalars}

    def _at_odds(self, node: Node, why: str) -> Step:
        number = self._number(self.numbers and self.numbers.gradient[self.graph.name(node)])
        sentence = f"The pass has another number for {self.graph.name(node)}; the formula {why}:"
        return Step(sentence, ((self._gradient(node), *number),))

    def _number(self, value: Any) -> tuple[Math, ...]:
        if value is None or self.numbers is None:
            return ()
        return (notation.value(np.asarray(value), 6),)


def _joined(parts: list[Math], sign: Math) -> Math:
    if len(parts) == 1:
        return parts[0]
    joined = [parts[0]]
    for part in parts[1:]:
        joined += [sign, part]
    return Group(tuple(joined))


def _maths(parts: Iterable[tuple[bool, Math]]) -> list[Math]:
    return [math for _, math in parts]


def _unbracketed(parts: list[Math]) -> list[Math]:
    """Parts without the brackets around all of them."""
    depths = list(accumulate({"(": 1, ")": -1}.get(notation.text(math), 0) for math in parts))
    return parts[1:-1] if len(parts) > 1 and depths.index(0) == len(parts) - 1 else parts

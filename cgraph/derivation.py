"""The derivation written out: the chain rule step by step, as SLP3 does in Eq. 6.33 to 6.43; and formulas as LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cgraph import notation
from cgraph.backward import Backward, Edge, pulled_back
from cgraph.calculus import as_pass
from cgraph.errors import GradientError, ValueRefusedError
from cgraph.forward import Forward
from cgraph.graph import Graph
from cgraph.node import CONSTANT, Node, as_node, variable
from cgraph.notation import DOT, EQUALS, PLUS, Math, Row, Script, Sym
from cgraph.passes import backward, forward
from cgraph.simplify import simplify

LONGEST = 4000  # characters of a formula
PATHS = 6  # so many are listed, more are counted
LARGE = 60  # operations above which a gradient is written as its symbol from there on
FEW = 40  # operations up to which SymPy may take its time to simplify


@dataclass(frozen=True)
class Step:
    """One node of the derivation: a sentence, and formulas that are equal from left to right, a list a line."""

    sentence: str
    lines: tuple[tuple[Math | str, ...], ...]  # a string is said in words

    @property
    def text(self) -> str:
        """The step as plain text."""
        return "\n".join([self.sentence, *("    " + " = ".join(map(_text, line)) for line in self.lines)])

    @property
    def latex(self) -> str:
        """Its equations, as lines of an `aligned` block."""
        return " \\\\\n".join(_aligned(line) for line in self.lines)


@dataclass(frozen=True)
class Derivation:
    """The gradient of `of` by `wrt`, written out. `print(derivation)` shows its text."""

    of: str
    wrt: str
    steps: tuple[Step, ...]

    @property
    def text(self) -> str:
        """Every step as plain text."""
        return "\n".join(step.text for step in self.steps)

    @property
    def latex(self) -> str:
        """Every equation, in one `aligned` block for math mode."""
        body = " \\\\\n".join(step.latex for step in self.steps if step.lines)
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"

    @property
    def markdown(self) -> str:
        """Numbered steps, each equation between `$$`."""
        parts = [f"### The derivative of {self.of} with respect to {self.wrt}"]
        for i, step in enumerate(self.steps, 1):
            body = f"\n\n$$\n\\begin{{aligned}}\n{step.latex}\n\\end{{aligned}}\n$$" if step.lines else ""
            parts.append(f"{i}. {step.sentence}{body}")
        return "\n\n".join(parts) + "\n"

    def __str__(self) -> str:
        return self.text


def derive(
    of: Node | Graph | Forward | Backward, /, wrt: Node | str, feed: Mapping[Any, Any] | None = None, **values: Any
) -> Derivation:
    """The derivative of a scalar by one node, step by step: paths, local derivatives, products, sums, the number.

    With values (of a pass, or as in `cg.forward`) each line ends in its number.
    Raises GradientError when `of` is no scalar or nothing flows to `wrt`; otherwise what `cg.forward` raises.

    >>> from cgraph.parse import parse
    >>> print(derive(parse("d = 2*b; e = a + d; L = c*e"), wrt="b", a=3, b=1, c=-2).steps[-1].text)
    The product along the path:
        ∂L/∂b = ∂L/∂e · ∂e/∂d · ∂d/∂b = c · 1 · 2 = 2c = −4
    """
    root = of.of if isinstance(of, Backward) else of.graph.output if isinstance(of, Forward) else of
    graph = Graph(root)
    given = {**(feed or {}), **values}
    numbers = None
    if isinstance(of, (Forward, Backward)) and not given:
        numbers = of if isinstance(of, Backward) else backward(of)
    elif given or not graph.inputs:
        numbers = backward(forward(graph, given))
    return _Writer(graph, graph[wrt], numbers).derivation()


def to_latex(of: Node | Graph) -> str:
    """A node's formula in its leaves as LaTeX, for math mode; `L = ...` when it has a name.

    Raises ValueRefusedError when that is too long to be read.

    >>> from cgraph.parse import parse
    >>> print(to_latex(parse("y = exp(x/2)")))
    y = \\mathrm{exp} ( x / 2 )
    """
    graph = of if isinstance(of, Graph) else Graph(of)
    node = graph.output
    written = notation.formula(node, {n: m for n, m in notation.names_of(graph).items() if n.op is None}, LONGEST)
    if written is None:
        raise ValueRefusedError(
            f"the formula of {graph.name(node)} has more than {LONGEST} characters",
            where=node.where,
            fix="name parts of it and write them one by one",
        )
    named = node.name is not None and node.op is not None
    return notation.latex(Row((notation.name(str(node.name)), EQUALS, written)) if named else written)


class _Writer:
    """Writes one derivation: the nodes between the root and `wrt`, from the root down."""

    def __init__(self, graph: Graph, wrt: Node, numbers: Backward | None) -> None:
        self.graph, self.root, self.wrt, self.numbers = graph, graph.output, wrt, numbers
        self.names = notation.names_of(graph)
        backwards = backward(as_pass(graph))
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
        self.symbolic: dict[Node, Any] = {}  # the gradient of each node, in the names of nodes; None for arrays
        self.written: dict[Node, Math] = {}

    def derivation(self) -> Derivation:
        names = [self.graph.name(n) for n in (self.root, self.wrt)]
        steps = [self._opening()]
        self.symbolic[self.root] = 1
        for node in self.on_path:
            if node is not self.root:
                steps.append(self._step(node))
        paths = self._paths()
        if self.wrt is self.root:
            steps.append(Step("A node changes as much as itself:", ((self._gradient(self.root), Sym("1")),)))
        elif len(paths) == 1 and len(paths[0]) > 2:  # the last step says the same of two edges
            steps.append(self._product(paths[0]))
        return Derivation(names[0], names[1], tuple(steps))

    def _opening(self) -> Step:
        """What each node on the way computes, and which paths lead down."""
        paths = self._paths()
        root, wrt = (self.graph.name(n) for n in (self.root, self.wrt))
        arrows = [" → ".join([root, *(self.graph.name(e.operand) for e in path)]) for path in paths[:PATHS]]
        many = len(paths) > PATHS
        count = "One path leads" if len(paths) == 1 else f"{'More than ' if many else ''}{len(arrows)} paths lead"
        listed = f"{count} from {root} to {wrt}: {'; '.join(arrows)}." if paths else f"{root} itself is asked for."
        lines = []
        for node in self.graph.nodes:
            if node.op is not None and (node in self.on_path or self.root is node) and node is not self.wrt:
                lines.append((self.names[node], self._formula(node), *self._number(self._value(node))))
        return Step(listed, tuple(lines))

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
            self.symbolic[node] = _shortest(self.symbolic[node])
            if self.symbolic[node] is not None:
                self.written[node] = _as_math(self.symbolic[node])
                chain.append(self.written[node])
        number = self._number(self.numbers and self.numbers.gradient[self.graph.name(node)])
        lines.append(_without_repeats((*chain, *number)))
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
            chain.append(self.written[self.wrt])
        number = self._number(self.numbers and self.numbers.gradient[self.graph.name(self.wrt)])
        return Step("The product along the path:", (_without_repeats((*chain, *number)),))

    # Parts ----------------------------------------------------------------------------------------------------------
    def _gradient(self, node: Node) -> Math:
        return notation.derivative(self.names[self.root], self.names[node])

    def _fraction(self, edge: Edge) -> Math:
        fraction = notation.derivative(self.names[edge.result], self.names[edge.operand])
        twice = edge.result.operands.count(edge.operand) > 1
        return Script(Row((Sym("("), fraction, Sym(")"))), sub=Sym(str(edge.position + 1))) if twice else fraction

    def _formula(self, node: Node) -> Math:
        atoms = {n: m for n, m in self.names.items() if n is not node}
        return notation.formula(node, atoms, LONGEST) or Sym("…")

    def _local(self, edge: Edge) -> Math | None:
        """The local derivative of an edge in the names of its nodes; None for a linear map between arrays."""
        if edge.local is None:
            return None
        local = edge.local if isinstance(edge.local, Node) else as_node(float(edge.local))
        return notation.formula(simplify([local], keep=self.graph.index)[0], self.names, LONGEST)

    def _local_line(self, edge: Edge) -> tuple[Math | str, ...]:
        local = self._local(edge)
        if local is None:
            row = edge.result.op
            assert row is not None
            others = {k: notation.text(self.names[x]) for k, x in zip("xy", edge.result.operands, strict=False)}
            return (self._fraction(edge), f"the linear map {row.maps[edge.position].format(**others)}")
        number = None
        if self.numbers is not None:
            names = self._name(edge.result), self._name(edge.operand)
            number = self.numbers.edge(*names, edge.position).local
        return _without_repeats((self._fraction(edge), local, *self._number(number)))

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
        stand_in = variable("upstream", edge.result.shape)
        pulled = simplify([pulled_back(self.fwd, edge, stand_in)], keep=self.graph.index)[0]
        start = Sym("1") if edge.result is self.root else self._gradient(edge.result)
        written = notation.formula(pulled, {**self.names, stand_in: start}, LONGEST)
        return written or Sym("…")

    def _symbolic_term(self, edge: Edge) -> Any:
        """Upstream times local in SymPy, in the names of nodes; None for arrays."""
        upstream = self.symbolic[edge.result]
        shapes = {x.shape for x in (edge.result, *edge.result.operands)}
        if upstream is None or shapes != {()}:
            return None
        return upstream * _symbolic_local(self.graph, edge)

    def _value(self, node: Node) -> Any:
        return None if self.numbers is None else self.numbers.forward[self._name(node)]

    def _number(self, value: Any) -> tuple[Math, ...]:
        if value is None or self.numbers is None:
            return ()
        return (notation.value(np.asarray(value), 6),)


def _symbolic_local(graph: Graph, edge: Edge) -> Any:
    """A local derivative between scalars in SymPy: its own rule, on symbols with the nodes' names."""
    from cgraph.worlds.sympy import SYMPY, as_object, exact, symbols

    def symbol(node: Node) -> Any:
        number = node.kind == CONSTANT and node.name is None
        return as_object(exact(float(node.value))) if number else symbols(graph.name(node), ())

    nodes = dict.fromkeys([*edge.result.operands, edge.result])
    alone = Graph(edge.result)
    values = {node: symbol(node) for node in nodes}
    fwd = Forward(alone, SYMPY, tuple(values.get(n) for n in alone.nodes))
    return pulled_back(fwd, edge, 1)[()]


def _shortest(expression: Any) -> Any:
    """The shortest of an expression and what SymPy makes of it; None when that cannot be read any more."""
    import sympy

    size = sympy.count_ops(expression)
    if size > LARGE:
        return None
    forms = [expression]
    attempts: list[Callable[[Any], Any]] = [sympy.factor_terms]
    if size <= FEW:  # these expand on the way
        attempts += [lambda e: sympy.cancel(sympy.together(e)), sympy.factor]
    for attempt in attempts if size else ():
        try:
            forms.append(attempt(expression))
        except (sympy.PolynomialError, NotImplementedError):  # both are SymPy's: it cannot decide
            continue
    return min(forms, key=lambda e: (sympy.count_ops(e), len(sympy.sstr(e))))


def _as_math(expression: Any) -> Math:
    """A SymPy expression in the names of nodes, as it is written everywhere else."""
    from cgraph.symbols import from_sympy

    node = from_sympy(expression)
    graph = Graph(node)
    written = notation.formula(node, {n: notation.names_of(graph)[n] for n in graph.leaves}, LONGEST)
    return written or Sym("…")


def _joined(parts: list[Math], sign: Math) -> Math:
    joined = [parts[0]]
    for part in parts[1:]:
        joined += [sign, part]
    return Row(tuple(joined))


def _without_repeats(line: tuple[Math | str, ...]) -> tuple[Math | str, ...]:
    return tuple(m for i, m in enumerate(line) if i == 0 or _text(m) != _text(line[i - 1]))


def _text(part: Math | str) -> str:
    return part if isinstance(part, str) else notation.text(part)


def _aligned(line: tuple[Math | str, ...]) -> str:
    left, *rest = (f"\\text{{{m}}}" if isinstance(m, str) else notation.latex(m) for m in line)
    return f"{left} &= " + " = ".join(rest)

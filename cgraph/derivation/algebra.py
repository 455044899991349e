"""The gradients of scalars in SymPy, in the names of nodes, as short as they can be written."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from cgraph import notation
from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT, Node
from cgraph.notation import Math, Sym
from cgraph.passes.backward import Edge, pulled_back
from cgraph.passes.forward import Forward

LARGE = 60  # operations above which a gradient is written as its symbol from there on
FEW = 40  # operations up to which SymPy may take its time to simplify
TERMS = 24  # of an expression that is multiplied out, up to which SymPy may do that
ROUNDS = 8  # definitions that are used to shorten an expression, one after the other

LONGEST = 4000  # characters of a formula


class SymbolicNodes:
    """What scalar nodes are in SymPy: symbols of their names, or numbers.

    `inlined` are those that are written out wherever they are used: of the nodes that `may` be, the quotients of
    polynomials.
    """

    def __init__(self, graph: Graph, may: Collection[Node] = ()) -> None:
        self.graph = graph
        self.inlined: set[Node] = set()
        self._known: dict[Node, Any] = {}
        self._calls: dict[Any, Any] = {}  # such as sin(x), with the symbols of the nodes that compute them
        for node in graph.nodes:
            if node.shape == ():
                written = self.definition(node) if node in may else None
                self._known[node] = self._symbol(node) if written is None else written
                if written is not None:
                    self.inlined.add(node)
                call = self._computed(node)
                if call is not None and call.is_Function:
                    self._calls.setdefault(call, self._known[node])

    def __getitem__(self, node: Node) -> Any:
        return self._known[node]

    def _symbol(self, node: Node) -> Any:
        from cgraph.worlds.sympy import exact, symbols

        number = node.kind == CONSTANT and node.name is None
        return exact(float(node.value)) if number else symbols(self.graph.name(node), ())[()]

    def definition(self, node: Node) -> Any:
        """What a scalar op computes from its operands where that is a quotient of polynomials; else None."""
        found = self._computed(node)
        return None if found is None or not (found.free_symbols and found.is_rational_function()) else found

    def _computed(self, node: Node) -> Any:
        """What a scalar op computes from its operands; None for leaves and for what has arrays in it."""
        from cgraph.worlds.sympy import TEXTBOOK, as_object

        if node.op is None or not node.op.elementwise or any(x.shape for x in node.operands):
            return None
        operands = [as_object(self._known[x]) for x in node.operands]
        return TEXTBOOK.apply(node.op, operands, node.attrs)[()]

    def local(self, edge: Edge) -> Any:
        """A local derivative between scalars: its rule, as textbooks write it.

        Of an op that is a quotient of polynomials it is written in the operands alone: -1/v² for 1/v.
        """
        from cgraph.worlds.sympy import TEXTBOOK, as_object

        result = edge.result
        values = {node: as_object(self[node]) for node in dict.fromkeys([*result.operands, result])}
        alone = Graph(result)
        fwd = Forward(alone, TEXTBOOK, tuple(values.get(n) for n in alone.nodes))
        found = pulled_back(fwd, edge, 1)[()].xreplace(self._calls)
        written = self.definition(result) if self[result] in found.free_symbols else None
        return found if written is None else shortest(found.xreplace({self[result]: written})) or found


def shortest(expression: Any) -> Any:
    """The shortest of an expression and what SymPy makes of it; None when that cannot be read any more."""
    import sympy

    operations = sympy.count_ops(expression)
    if operations > LARGE:
        return None
    forms = [expression]
    attempts: list[Callable[[Any], Any]] = [sympy.factor_terms]
    if operations <= FEW and _terms(expression) <= TERMS:  # these expand on the way
        attempts += [lambda e: sympy.cancel(sympy.together(e)), sympy.factor]
        attempts += [lambda e: sympy.factor(sympy.cancel(sympy.together(e)))]
    for attempt in attempts if operations else ():
        try:
            forms.append(attempt(expression))
        except (sympy.PolynomialError, NotImplementedError):  # both are SymPy's: it cannot decide
            continue
    return min([*forms, *map(_turned, forms)], key=size)


def _terms(expression: Any) -> int:
    """About how many terms an expression has when it is multiplied out."""
    import sympy

    found: dict[Any, int] = {}
    for part in sympy.postorder_traversal(expression):
        counts = [found[x] for x in part.args]
        if part.is_Add:
            found[part] = sum(counts)
        elif part.is_Mul:
            found[part] = math.prod(counts)
        elif part.is_Pow and part.exp.is_Integer:
            found[part] = counts[0] ** abs(int(part.exp)) if abs(part.exp) <= FEW else TERMS + 1
        else:
            found[part] = 1
    return found[expression]


def _turned(expression: Any) -> Any:
    """-x(y - a) as x(a - y)."""
    import sympy

    number, rest = expression.as_coeff_Mul()
    factors = sympy.Mul.make_args(rest)
    sums = [i for i, factor in enumerate(factors) if factor.is_Add]
    if not (number.is_negative and sums):
        return expression
    return sympy.Mul(-number, *(-factor if i == sums[0] else factor for i, factor in enumerate(factors)))


def size(expression: Any) -> tuple[int, bool, int]:
    """How long an expression is to read: its operations, whether it is a sum, its characters."""
    import sympy

    return int(sympy.count_ops(expression)), bool(expression.is_Add), len(sympy.sstr(expression))


def written_out(expression: Any, definitions: Mapping[Any, Any]) -> Any:
    """An expression without the symbols that have definitions, as far as it stays readable."""
    for symbol, definition in definitions.items():  # results before their operands
        if symbol in expression.free_symbols:
            longer = shortest(expression.xreplace({symbol: definition}))
            expression = expression if longer is None else longer
    return expression


def shorter(expression: Any, definitions: Mapping[Any, Any]) -> Any:
    """The shortest way to write an expression in symbols of which some are defined by others: p - y for (e/S) - y.

    Each definition is used in both directions, for its result and for each operand in which it is linear, as long as
    that makes it shorter.
    """
    best = expression
    ways = list(_ways(definitions)) if len(definitions) <= TERMS else []
    for _ in range(ROUNDS):
        if _terms(best) > TERMS:
            return best
        tried = [shortest(best.xreplace(way)) for way in ways if way.keys() & best.free_symbols]
        found = min((e for e in tried if e is not None), key=size, default=best)
        if size(found) >= size(best):
            return best
        best = found
    return best


def in_result(expression: Any, result: Any, definition: Any, made: Collection[Any]) -> Any:
    """An expression as a function of the result alone, s(1 - s) for exp(-x)/(1 + exp(-x))²; None where it is none.

    The definition of the result has one of the symbols that are `made` in it, in the place of a call.
    """
    import sympy

    calls = sorted(definition.free_symbols & set(made), key=str)
    if len(calls) != 1:
        return None
    top, bottom = sympy.fraction(sympy.together(definition))
    solved = _solved(top - result * bottom, calls[0])
    found = None if solved is None else shortest(expression.xreplace({calls[0]: solved}))
    return found if found is not None and found.free_symbols <= {result} else None


def _solved(zero: Any, symbol: Any) -> Any:
    """What a symbol is where something linear in it is zero; None where it is not linear."""
    import sympy

    equation = sympy.expand(zero)
    factor = equation.coeff(symbol, 1)
    rest = sympy.expand(equation - factor * symbol)
    return None if factor == 0 or symbol in rest.free_symbols | factor.free_symbols else -rest / factor


def _ways(definitions: Mapping[Any, Any]) -> Iterable[Mapping[Any, Any]]:
    """What may be put for what: a result's definition, or an operand's value by its result."""
    import sympy

    solved: dict[Any, dict[Any, Any]] = {}
    for result, definition in definitions.items():
        yield {result: definition}
        top, bottom = sympy.fraction(sympy.together(definition))
        for operand in sorted(definition.free_symbols, key=str):
            value = _solved(top - result * bottom, operand)
            if value is not None and not sympy.denom(sympy.together(value)).free_symbols:  # which might be 0
                solved.setdefault(bottom, {})[operand] = value
                yield {operand: value}
    yield from (way for way in solved.values() if len(way) > 1)  # all that are divided by the same: softmax


def as_math(expression: Any, written: Mapping[str, Math] | None = None) -> Math:
    """A SymPy expression in the names of nodes, as it is written everywhere else; `written` stands for some names."""
    from cgraph.interop.sympy import from_sympy

    node = from_sympy(expression)
    graph = Graph(node)
    atoms = {n: (written or {}).get(str(n.name)) or notation.names_of(graph)[n] for n in graph.leaves}
    return notation.formula(node, atoms, LONGEST) or Sym("…")

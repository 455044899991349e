"""The gradients of scalars in SymPy, in the names of nodes, as short as they can be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cgraph import notation
from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT, Node
from cgraph.notation import Math, Sym
from cgraph.passes.backward import Edge, pulled_back
from cgraph.passes.forward import Forward

LARGE = 60  # operations above which a gradient is written as its symbol from there on
FEW = 40  # operations up to which SymPy may take its time to simplify


LONGEST = 4000  # characters of a formula


def symbolic_local(graph: Graph, edge: Edge) -> Any:
    """A local derivative between scalars in SymPy: its rule, as textbooks write it, in the nodes' names."""
    from cgraph.worlds.sympy import TEXTBOOK, as_object, exact, symbols

    def symbol(node: Node) -> Any:
        number = node.kind == CONSTANT and node.name is None
        return as_object(exact(float(node.value))) if number else symbols(graph.name(node), ())

    nodes = dict.fromkeys([*edge.result.operands, edge.result])
    alone = Graph(edge.result)
    values = {node: symbol(node) for node in nodes}
    fwd = Forward(alone, TEXTBOOK, tuple(values.get(n) for n in alone.nodes))
    return pulled_back(fwd, edge, 1)[()]


def shortest(expression: Any) -> Any:
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


def as_math(expression: Any) -> Math:
    """A SymPy expression in the names of nodes, as it is written everywhere else."""
    from cgraph.interop.sympy import from_sympy

    node = from_sympy(expression)
    graph = Graph(node)
    written = notation.formula(node, {n: notation.names_of(graph)[n] for n in graph.leaves}, LONGEST)
    return written or Sym("…")

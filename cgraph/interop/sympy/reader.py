"""From SymPy's expressions to nodes: `from_sympy`, the inverse of `to_sympy` on the functions of the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy

from cgraph.errors import FormulaError
from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT, Node
from cgraph.interop.sympy import expressions, matrices
from cgraph.rewriting.simplify import simplify


def from_sympy(expression: Any, nodes: Mapping[str, Node] | None = None) -> Node:
    """A SymPy expression as a node. Its symbols become variables, or the `nodes` given for their names.

    Common sub-expressions become shared nodes, products with negative powers quotients, and forms that overflow the
    op that does not (1/(1 + exp(-x)) is sigmoid(x)). Numbers stay exact: `to_sympy` gives back thirds, roots, e, π
    and integers of any length, SymPy's floats the decimal fractions that they print as. A Heaviside has the value at
    0 that it states, a condition is 1 where it holds, a MatrixSymbol is a variable of its shape.
    Raises FormulaError, by name, for what no row of the table computes: integrals, complex numbers, other functions,
    numbers beyond every float, and two symbols of one name.

    >>> import sympy
    >>> x, y = sympy.symbols("x y")
    >>> from_sympy(sympy.tanh(x * y) + x)
    <add(x, …)>
    >>> import cgraph as cg
    >>> cg.to_sympy(from_sympy(x ** sympy.Rational(1, 3) + sympy.E))
    x**(1/3) + E
    """
    try:
        read = sympy.sympify(expression, strict=True)
    except (sympy.SympifyError, TypeError):
        raise FormulaError(
            f"{expression!r} is no SymPy expression", fix="build it with sympy.symbols and operators"
        ) from None
    if not isinstance(read, sympy.Expr) or isinstance(read, (sympy.MatrixBase, sympy.Lambda)):
        kind = type(read).__name__
        raise FormulaError(f"from_sympy is given a {kind}", fix="give one expression, such as each element of an array")
    _refuse_namesakes(read)
    reader = _Translator(dict(nodes or {}))
    root = reader.node(read) if read.has(*matrices.KINDS) else reader.with_shared_sums(read)
    found: Node = simplify(root, keep=_exact(root))
    return found


class _Translator:
    """Reads expressions into nodes, operands first, each sub-expression once."""

    def __init__(self, given: dict[str, Node]) -> None:
        self.given = given
        self.done: dict[Any, Node] = {}

    def with_shared_sums(self, read: Any) -> Node:
        """The node of an expression in which also the parts of sums and products that stand twice are shared."""
        shared, (root,) = sympy.cse([read], symbols=sympy.numbered_symbols(cls=sympy.Dummy))
        for symbol, part in shared:
            self.done[symbol] = self.node(part)
        return self.node(root)

    def node(self, root: Any) -> Node:
        stack = [root]
        while stack:
            top = stack[-1]
            if top in self.done:
                stack.pop()
                continue
            room = matrices if isinstance(top, matrices.KINDS) else expressions
            parts, build = room.reading(top, self.given)
            waiting = [x for x in parts if x not in self.done]
            if waiting:
                stack.extend(waiting)
            else:
                self.done[stack.pop()] = build(*(self.done[x] for x in parts))
        return self.done[root]


def _exact(root: Node) -> list[Node]:
    """The nodes that are numbers and stay as they are written: cos(1) says more than 0.5403."""
    found: dict[Node, bool] = {}
    for node in Graph(root).nodes:
        found[node] = node.kind == CONSTANT or (node.op is not None and all(found[x] for x in node.operands))
    return [node for node, number in found.items() if number and node.kind != CONSTANT]


def _refuse_namesakes(read: Any) -> None:
    """Two symbols of one name would be one node; SymPy keeps them apart by what it assumes of them."""
    first: dict[str, Any] = {}
    for symbol in sorted(read.atoms(sympy.Symbol, sympy.MatrixSymbol), key=sympy.srepr):
        other = first.setdefault(symbol.name, symbol)
        if other != symbol:
            raise FormulaError(
                f"two different symbols are named {symbol.name!r}, {sympy.srepr(other)} and {sympy.srepr(symbol)}",
                why="their assumptions or kinds differ, by which SymPy keeps them apart, and a node has its name alone",
                fix=f"make it once and use it everywhere, {symbol.name} = sympy.Symbol({symbol.name!r}, real=True)",
            )

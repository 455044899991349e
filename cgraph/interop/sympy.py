"""From SymPy's expressions to nodes: `from_sympy`, the inverse of `to_sympy` on the functions of the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import sympy

from cgraph.errors import FormulaError
from cgraph.functions.table import table
from cgraph.graph.node import Node, as_node, variable
from cgraph.ops import TABLE
from cgraph.rewriting.simplify import simplify
from cgraph.worlds.graph import GRAPH
from cgraph.worlds.sympy import formula

RELATIONS = {  # which row says it, and whether its operands change places
    sympy.Ge: ("greater_equal", False),
    sympy.Lt: ("less", False),
    sympy.Gt: ("less", True),
    sympy.Le: ("greater_equal", True),
    sympy.Ne: ("not_equal", False),
    sympy.Eq: ("equal", False),
}
STEPS = {sympy.sign: "sign", sympy.floor: "floor", sympy.ceiling: "ceil"}  # their rows' formulas say more
KNOWN_FORMS = (sympy.exp, sympy.cos, sympy.sqrt, sympy.log)


def from_sympy(expression: Any, nodes: Mapping[str, Node] | None = None) -> Node:
    """A SymPy expression as a node. Its symbols become variables, or the `nodes` given for their names.

    Common sub-expressions become shared nodes. Numbers become float64 constants, products with negative powers
    quotients, and forms that overflow the op that does not (1/(1 + exp(-x)) is sigmoid(x)). Heaviside is 1 at 0
    unless it says otherwise, as SymPy's derivative of Max leaves that open.
    Raises FormulaError for what no row of the table computes: integrals, complex numbers, other functions.

    >>> import sympy
    >>> x, y = sympy.symbols("x y")
    >>> from_sympy(sympy.tanh(x * y) + x)
    <add(x, …)>
    """
    try:
        read = sympy.sympify(expression, strict=True)
    except (sympy.SympifyError, TypeError):
        raise FormulaError(
            f"{expression!r} is no SymPy expression", fix="build it with sympy.symbols and operators"
        ) from None
    if not isinstance(read, sympy.Expr):
        kind = type(read).__name__
        raise FormulaError(f"from_sympy is given a {kind}", fix="give one expression, such as each element of an array")
    shared, (root,) = sympy.cse([read], symbols=sympy.numbered_symbols(cls=sympy.Dummy))
    reader = _Translator(dict(nodes or {}))
    for symbol, part in shared:
        reader.done[symbol] = reader.node(part)
    found: Node = simplify(reader.node(root))
    return found


class _Translator:
    """Reads expressions into nodes, operands first, each sub-expression once."""

    def __init__(self, given: dict[str, Node]) -> None:
        self.given = given
        self.done: dict[Any, Node] = {}

    def node(self, root: Any) -> Node:
        stack = [root]
        while stack:
            top = stack[-1]
            if top in self.done:
                stack.pop()
                continue
            parts, build = _reading(top, self.given)
            waiting = [x for x in parts if x not in self.done]
            if waiting:
                stack.extend(waiting)
            else:
                self.done[stack.pop()] = build(*(self.done[x] for x in parts))
        return self.done[root]


def _reading(e: Any, given: dict[str, Node]) -> tuple[tuple[Any, ...], Callable[..., Node]]:
    """The sub-expressions that an expression is made of, and how their nodes make its node."""
    op = table()
    if e.is_Symbol:
        return (), lambda: given[e.name] if e.name in given else variable(e.name)
    if (e.is_number and not e.is_real) or e in (sympy.nan, sympy.oo, -sympy.oo, sympy.zoo):
        _refuse(e, "a node computes finite real numbers")
    if e == sympy.pi:
        return (), lambda: GRAPH.pi
    if e.is_Number or e.is_NumberSymbol:
        return (), lambda: as_node(float(e))
    if e.is_Add:
        return _sum(e.as_ordered_terms())
    if e.is_Mul:
        return _product(e.as_ordered_factors())
    if e.is_Pow:
        if e.exp == sympy.Rational(1, 2):
            return (e.base,), op["sqrt"]
        if e.base == sympy.E:
            return (e.exp,), op["exp"]
        if _is_negative(e.exp):
            return (e.base**-e.exp,), lambda x: 1 / x
        return (e.base, e.exp), lambda x, y: x**y
    if isinstance(e, sympy.Heaviside):
        above = "greater" if e.args[1] == 0 else "greater_equal"
        return (e.args[0],), lambda x: op[above](x, 0)
    if isinstance(e, (sympy.Max, sympy.Min)):
        return e.args, _chained(op["maximum" if isinstance(e, sympy.Max) else "minimum"])
    if type(e) in RELATIONS:
        name, swapped = RELATIONS[type(e)]
        return e.args, lambda x, y: op[name](y, x) if swapped else op[name](x, y)
    if isinstance(e, sympy.Piecewise):
        return _cases(e)
    name = _functions().get((type(e), len(e.args)), STEPS.get(type(e), ""))
    if name in TABLE:
        return e.args, op[name]
    for form in KNOWN_FORMS:  # sech, cot and their like are told in others
        told = e.rewrite(form)
        if told != e and not told.has(type(e)):
            return (told,), lambda x: x
    _refuse(e, "no row of the table computes it")
    raise AssertionError


@cache
def _functions() -> dict[tuple[Any, int], str]:
    """SymPy's functions that are the formula of a row, by their number of operands, read from the table."""
    found: dict[tuple[Any, int], str] = {}
    for name, row in TABLE.items():
        if row.elementwise and row.arity:
            try:
                told, names = formula(row, row.arity, row.defaults)
            except (sympy.SympifyError, TypeError, AttributeError):
                continue
            if isinstance(told, sympy.Function) and list(told.args) == names:
                found.setdefault((type(told), len(names)), name)
    return found


def _sum(terms: list[Any]) -> tuple[tuple[Any, ...], Callable[..., Node]]:
    """a + b - c, the terms with a minus sign subtracted where they do not come first."""
    minus = [t.could_extract_minus_sign() and bool(i) for i, t in enumerate(terms)]

    def build(*nodes: Node) -> Node:
        total = nodes[0]
        for node, negative in zip(nodes[1:], minus[1:], strict=True):
            total = total - node if negative else total + node
        return total

    return tuple(-t if m else t for t, m in zip(terms, minus, strict=True)), build


def _product(factors: list[Any]) -> tuple[tuple[Any, ...], Callable[..., Node]]:
    """a*b/c, with a minus sign in front instead of a factor -1, and one division instead of negative powers."""
    above: list[Any] = []
    below: list[Any] = []
    negative = False
    for factor in factors:
        if factor.is_Pow and _is_negative(factor.exp) and factor.base != sympy.E:
            below.append(factor.base**-factor.exp)
        elif factor.is_Rational and not factor.is_Integer:
            negative ^= factor.p < 0
            above += [sympy.Integer(abs(factor.p))] if abs(factor.p) != 1 else []
            below.insert(0, sympy.Integer(factor.q))
        elif factor.is_Number and factor.is_negative:
            negative = not negative
            above += [-factor] if factor != -1 else []
        else:
            above.append(factor)

    def build(*nodes: Node) -> Node:
        top, bottom = nodes[: len(above)], nodes[len(above) :]
        result = table()["mul"](*top) if top else as_node(1.0)
        if bottom:
            result = result / table()["mul"](*bottom)
        return -result if negative else result

    return (*above, *below), build


def _is_negative(exponent: Any) -> bool:
    return bool(exponent.is_Number and exponent.is_negative)


def _chained(apply: Callable[..., Node]) -> Callable[..., Node]:
    def build(first: Node, *more: Node) -> Node:
        for node in more:
            first = apply(first, node)
        return first

    return build


def _cases(e: Any) -> tuple[tuple[Any, ...], Callable[..., Node]]:
    """A Piecewise, from its last case inwards."""
    if e.args[-1].cond != sympy.true:
        _refuse(e, "it has no value where none of its conditions holds")

    def build(*nodes: Node) -> Node:
        conditions, values = nodes[: len(e.args) - 1], nodes[len(e.args) - 1 :]
        result = values[-1]
        for condition, value in zip(conditions[::-1], values[-2::-1], strict=True):
            result = table()["where"](condition, value, result)
        return result

    return (*(c.cond for c in e.args[:-1]), *(c.expr for c in e.args)), build


def _refuse(e: Any, why: str) -> None:
    text = sympy.sstr(e)
    raise FormulaError(
        f"{text if len(text) <= 70 else text[:67] + '...'} ({type(e).__name__}) has no node",
        why=why,
        fix="write it with the functions that cg.table() lists, for example by .doit() or .rewrite",
    )

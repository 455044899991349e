"""What each kind of SymPy expression is made of, and how the nodes of its parts make its node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Never, TypeAlias

import sympy

from cgraph.errors import FormulaError
from cgraph.functions.table import table
from cgraph.graph.node import CONSTANT, Node, as_node, variable
from cgraph.interop.sympy.constants import floating, rational
from cgraph.ops import TABLE
from cgraph.worlds.graph import GRAPH
from cgraph.worlds.sympy import formula

Parts: TypeAlias = tuple[Any, ...]
Reading: TypeAlias = "tuple[Parts, Callable[..., Node]]"  # the sub-expressions, and what makes a node of their nodes

RELATIONS = {  # which row says it, and whether its operands change places
    sympy.Ge: ("greater_equal", False),
    sympy.Lt: ("less", False),
    sympy.Gt: ("less", True),
    sympy.Le: ("greater_equal", True),
    sympy.Ne: ("not_equal", False),
    sympy.Eq: ("equal", False),
}
STEPS = {sympy.sign: "sign", sympy.floor: "floor", sympy.ceiling: "ceil"}  # their rows' formulas say more
IN_OTHERS: Mapping[Any, Callable[..., Any]] = {  # functions without a row, in functions that have one
    sympy.sec: lambda x: 1 / sympy.cos(x),
    sympy.csc: lambda x: 1 / sympy.sin(x),
    sympy.cot: lambda x: sympy.cos(x) / sympy.sin(x),
    sympy.sech: lambda x: 1 / sympy.cosh(x),
    sympy.csch: lambda x: 1 / sympy.sinh(x),
    sympy.coth: lambda x: 1 / sympy.tanh(x),
    sympy.asec: lambda x: sympy.acos(1 / x),
    sympy.acsc: lambda x: sympy.asin(1 / x),
    sympy.acot: lambda x: sympy.atan(1 / x),
    sympy.asech: lambda x: sympy.acosh(1 / x),
    sympy.acsch: lambda x: sympy.asinh(1 / x),
    sympy.acoth: lambda x: sympy.atanh(1 / x),
    sympy.erfc: lambda x: 1 - sympy.erf(x),
    sympy.erf2: lambda x, y: sympy.erf(y) - sympy.erf(x),
    sympy.digamma: lambda x: sympy.polygamma(0, x),
    sympy.trigamma: lambda x: sympy.polygamma(1, x),
    sympy.frac: lambda x: x - sympy.floor(x),
    sympy.Mod: lambda x, y: x - y * sympy.floor(x / y),
    sympy.re: lambda x: x,  # a node is real
    sympy.conjugate: lambda x: x,
    sympy.im: lambda x: sympy.Integer(0),
    sympy.UnevaluatedExpr: lambda x: x,
}


def reading(e: Any, given: Mapping[str, Node]) -> Reading:
    """The parts of an expression that is no matrix. Raises FormulaError, with its name, for what no row computes."""
    op = table()
    if e.is_Symbol:
        return (), lambda: given[e.name] if e.name in given else variable(e.name)
    if e in (sympy.nan, sympy.oo, -sympy.oo, sympy.zoo) or _is_unreal(e):
        refuse(sympy.I if e.has(sympy.I) else e, "a node computes finite real numbers")
    if e.is_Rational:
        return (), lambda: rational(e)
    if e.is_Float:
        return (), lambda: floating(e)
    if e.is_NumberSymbol:
        return _named_number(e)
    if e in (sympy.true, sympy.false):
        return (), lambda: as_node(float(bool(e)))
    if e.is_Add:
        return _sum(e.as_ordered_terms())
    if e.is_Mul:
        return _product(e.as_ordered_factors())
    if e.is_Pow:
        return _power(e)
    if isinstance(e, sympy.Heaviside):
        return _heaviside(e)
    if isinstance(e, (sympy.Max, sympy.Min)):
        return e.args, _chained(op["maximum" if isinstance(e, sympy.Max) else "minimum"])
    if isinstance(e, sympy.logic.boolalg.Boolean):
        return _condition(e)
    if isinstance(e, sympy.Piecewise):
        return _cases(e)
    if isinstance(e, sympy.sinc):
        return e.args, lambda x: op["where"](op["not_equal"](x, 0), op["ratio"](op["sin"](x), x), 1)
    if isinstance(e, sympy.polygamma) and e.args[0].is_Integer:
        return e.args[1:], lambda x: op["digamma"](x, order=int(e.args[0]))
    name = _functions().get((type(e), len(e.args)), STEPS.get(type(e), ""))
    if name in TABLE:
        return e.args, op[name]
    if type(e) in IN_OTHERS:
        return (IN_OTHERS[type(e)](*e.args),), _as_it_is
    refuse(e, "no row of the table computes it")


def _is_unreal(e: Any) -> bool:
    """Whether it is a number and no real one. Where SymPy says so its value is asked too: of hyperbolic functions of
    what is unevaluated SymPy says it wrongly."""
    return bool(e.is_number and e.is_real is False and not sympy.N(e.doit(), chop=True).is_real)


def refuse(e: Any, why: str) -> Never:
    """Say which part of an expression has no node."""
    text = sympy.sstr(e)
    raise FormulaError(
        f"{text if len(text) <= 70 else text[:67] + '...'} ({type(e).__name__}) has no node",
        why=why,
        fix="write it with the functions that cg.table() lists, for example by .doit() or .rewrite",
    )


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


def _as_it_is(x: Node) -> Node:
    return x


# Numbers and arithmetic ----------------------------------------------------------------------------------------------
def _named_number(e: Any) -> Reading:
    """π, e, and what is made of roots; others, such as Euler's constant, no op computes exactly."""
    if e == sympy.pi:
        return (), lambda: GRAPH.pi
    if e == sympy.E:
        return (), lambda: table()["exp"](1)
    told = e.expand(func=True)
    if told == e:
        raise FormulaError(
            f"{e} ({type(e).__name__}) has no node",
            why="no op computes it, and a float would be another number",
            fix=f"put its float there, with .subs(sympy.{type(e).__name__}, {float(e)!r})",
        )
    return (told,), _as_it_is


def _sum(terms: list[Any]) -> Reading:
    """a + b - c, the terms with a minus sign subtracted; one without comes first, where there is one."""
    first = next((i for i, t in enumerate(terms) if not t.could_extract_minus_sign()), 0)
    terms = [terms[first], *terms[:first], *terms[first + 1 :]]
    minus = [t.could_extract_minus_sign() and bool(i) for i, t in enumerate(terms)]

    def build(*nodes: Node) -> Node:
        total = nodes[0]
        for node, negative in zip(nodes[1:], minus[1:], strict=True):
            total = total - node if negative else total + node
        return total

    return tuple(-t if m else t for t, m in zip(terms, minus, strict=True)), build


def _product(factors: list[Any]) -> Reading:
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
        return result if not negative else as_node(-result.value) if result.kind == CONSTANT else -result

    return (*above, *below), build


def _power(e: Any) -> Reading:
    if e.exp == sympy.Rational(1, 2):
        return (e.base,), table()["sqrt"]
    if e.base == sympy.E:
        return (e.exp,), table()["exp"]
    if _is_negative(e.exp):
        return (e.base**-e.exp,), lambda x: 1 / x
    return (e.base, e.exp), lambda x, y: x**y


def _is_negative(exponent: Any) -> bool:
    return bool(exponent.is_Number and exponent.is_negative)


def _chained(apply: Callable[..., Node]) -> Callable[..., Node]:
    def build(first: Node, *more: Node) -> Node:
        for node in more:
            first = apply(first, node)
        return first

    return build


# Steps and cases -----------------------------------------------------------------------------------------------------
def _heaviside(e: Any) -> Reading:
    """A step, with the value at 0 that it states: SymPy's own is 1/2."""
    x, at_zero = e.args
    if at_zero == 1:
        return (x,), lambda x: table()["greater_equal"](x, 0)
    if not at_zero.is_Number:
        refuse(e, f"its value at 0, {at_zero}, is no number")
    return (x,), lambda x: table()["above"](x, 0, ties=float(at_zero))


def _condition(e: Any) -> Reading:
    """A condition as 1 where it holds, else 0."""
    op = table()
    if type(e) in RELATIONS:
        name, swapped = RELATIONS[type(e)]
        return e.args, lambda x, y: op[name](y, x) if swapped else op[name](x, y)
    if isinstance(e, sympy.And):
        return e.args, op["mul"]
    if isinstance(e, sympy.Or):
        return e.args, lambda *xs: 1 - op["mul"](*(1 - x for x in xs))
    if isinstance(e, sympy.Not):
        return e.args, lambda x: 1 - x
    if isinstance(e, sympy.ITE):  # no `where`, of which SymPy would unfold the cases in a condition
        return e.args, lambda condition, x, y: condition * x + (1 - condition) * y
    told = e.to_nnf(simplify=False) if hasattr(e, "to_nnf") else e
    if told == e:
        refuse(e, "no row of the table computes it")
    return (told,), _as_it_is


def _cases(e: Any) -> Reading:
    """A Piecewise, from its last case inwards."""
    if e.args[-1].cond != sympy.true and sympy.simplify(sympy.Or(*(c.cond for c in e.args))) != sympy.true:
        refuse(e, "it has no value where none of its conditions holds")

    def build(*nodes: Node) -> Node:
        conditions, values = nodes[: len(e.args) - 1], nodes[len(e.args) - 1 :]
        result = values[-1]
        for condition, value in zip(conditions[::-1], values[-2::-1], strict=True):
            result = table()["where"](condition, value, result)
        return result

    return (*(c.cond for c in e.args[:-1]), *(c.expr for c in e.args)), build

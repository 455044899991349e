"""Every function that SymPy has, as a node: it has SymPy's value, or is refused by its name."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import sympy

import cgraph as cg
from cgraph.errors import FormulaError

SYMBOLS = sympy.symbols("x y z", real=True)
POINTS = [(0.4, 0.7, 1.3), (1.7, 0.6, 0.2), (-2.3, -0.4, 0.9)]
FUNCTIONS = {n: f for n in sympy.functions.__all__ if inspect.isclass(f := getattr(sympy.functions, n))} | {
    "real_root": sympy.real_root, "root": sympy.root, "Mod": sympy.Mod, "UnevaluatedExpr": sympy.UnevaluatedExpr,
}  # fmt: skip
READ = {  # none of these may be lost: the test would say nothing of a function that is refused
    *("Abs", "Heaviside", "Max", "Min", "Mod", "UnevaluatedExpr", "acos", "acosh", "acot", "acoth", "acsc", "acsch"),
    *(
        "asec",
        "asech",
        "asin",
        "asinh",
        "atan",
        "atan2",
        "atanh",
        "ceiling",
        "cos",
        "cosh",
        "cot",
        "coth",
        "csc",
        "csch",
    ),
    *(
        "erf",
        "erf2",
        "erfc",
        "exp",
        "floor",
        "frac",
        "log",
        "sec",
        "sech",
        "sign",
        "sin",
        "sinc",
        "sinh",
        "tan",
        "tanh",
    ),
}


def applied(name: str) -> list[Any]:
    """The function of one, two and three symbols, where it takes so many."""
    found = []
    for count in (1, 2, 3):
        try:
            e = FUNCTIONS[name](*SYMBOLS[:count])
        except Exception:  # each function of SymPy has its own way to say how many symbols it takes
            continue
        if isinstance(e, sympy.Expr) and e.has(*SYMBOLS):
            found.append(e)
    return found


def is_its_node(e: Any) -> bool:
    """Whether a node has the value of the expression at each point where it is a real number, and there is one."""
    node = cg.from_sympy(e)
    told = e.rewrite(sympy.erf) if e.has(sympy.erf2) else e.replace(sympy.UnevaluatedExpr, lambda x: x)
    inputs = {n.name for n in cg.Graph(node).inputs}
    compared = 0
    for point in POINTS:
        value = sympy.N(told.xreplace({s: sympy.Float(v, 30) for s, v in zip(SYMBOLS, point, strict=True)}), 20)
        if value.is_real and value.is_finite:
            fed = {s.name: v for s, v in zip(SYMBOLS, point, strict=True) if s.name in inputs}
            assert cg.forward(node, fed)[node] == pytest.approx(float(value), rel=1e-12, abs=1e-14), (e, point)
            compared += 1
    return compared > 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_sympy_has_its_value_or_is_refused_by_its_name(name: str) -> None:
    read = 0
    for e in applied(name):
        try:
            read += is_its_node(e)
        except FormulaError as error:
            parts = {type(part).__name__ for part in sympy.preorder_traversal(e)}
            assert any(f"({part}) has no node" in str(error) for part in parts), e
            assert "Fix: " in str(error)
    assert read or name not in READ

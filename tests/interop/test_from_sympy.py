"""From SymPy to nodes and back: the same values, shared parts, and refusals of what has no row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

import cgraph as cg
from cgraph.errors import FormulaError
from cgraph.ops import TABLE
from cgraph.worlds.sympy import formula

x, y, z = sympy.symbols("x y z")
POINT = {"x": 0.4, "y": 0.7, "z": 1.3}

EXPRESSIONS = [
    *(x + y, x - y - z, -x, x * y * z, x / y, -x / (y * z), x**2 / 3, x**y, x**-2, 2 * x - sympy.Rational(3, 4) * y),
    *(sympy.sqrt(x), 1 / sympy.sqrt(x), sympy.exp(-x), sympy.log(x), sympy.tanh(x * y), sympy.pi * x + sympy.E),
    *(sympy.Max(x, y, z), 1 / (1 + sympy.exp(-x)), sympy.sech(x), sympy.Heaviside(x - y), sympy.coth(y)),
    *((x + y) * sympy.exp(x + y), sympy.Integer(3), sympy.diff(sympy.tanh(x) ** 2 / y, x)),
]


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_an_expression_as_a_node_has_its_value(expression: Any) -> None:
    node = cg.from_sympy(expression)
    fed = {n.name: POINT[str(n.name)] for n in cg.Graph(node).inputs}
    assert float(cg.forward(node, fed)[node]) == pytest.approx(float(expression.subs(POINT)), rel=1e-12)


ELEMENTWISE = [n for n, r in TABLE.items() if r.elementwise and r.arity and any(r.rule(i) for i in range(r.arity))]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_each_function_of_the_table_comes_back_from_sympy(name: str) -> None:
    row = TABLE[name]
    leaves = [cg.variable(n) for n in ("x", "y", "z")[: row.arity]]
    node = cg.table()[name](*leaves)
    fed = {n: v + (1 if name == "arccosh" else 0) for n, v in zip(leaves, (0.4, 0.7, 0.3), strict=False)}
    back = cg.from_sympy(cg.to_sympy(node))
    named = {n.name: fed[leaf] for leaf in leaves for n in cg.Graph(back).inputs if n.name == leaf.name}
    assert float(cg.forward(back, named)[back]) == pytest.approx(float(cg.forward(node, fed)[node]), rel=1e-9)
    assert formula(row, row.arity or 2, row.defaults)


def test_common_parts_are_shared() -> None:
    part = sympy.tanh(x * y)
    graph = cg.Graph(cg.from_sympy(part * sympy.exp(part) + sympy.log(x * y)))
    ops = [n.op.name for n in graph if n.op]
    assert (ops.count("tanh"), ops.count("mul")) == (1, 2)


def test_a_sum_that_only_sympy_sees_is_shared() -> None:
    graph = cg.Graph(cg.from_sympy(sympy.exp(x + y) + sympy.log(x + y + z)))
    assert sum(n.op is not None and n.op.name == "add" for n in graph) == 3


def test_an_expression_that_overflows_becomes_the_op_that_does_not() -> None:
    node = cg.from_sympy(1 / (1 + sympy.exp(-x)))
    assert cg.forward(node, x=-1000.0)[node] == 0.0
    assert node.op is TABLE["sigmoid"]


def test_symbols_can_stand_for_given_nodes() -> None:
    a = cg.parameter("a", 3.0)
    node = cg.from_sympy(x * y, {"x": a})
    assert a in node.operands
    assert float(cg.forward(node, y=2.0)[node]) == 6.0


REFUSED: dict[str, tuple[Any, str]] = {
    "an integral": (sympy.Integral(sympy.sin(x) / x, x), "Integral"),
    "a function of nobody": (sympy.Function("f")(x), "AppliedUndef|no row"),
    "gamma": (sympy.gamma(x), "no row of the table"),
    "imaginary": (sympy.I * x, "real"),
    "infinity": (sympy.oo + x, "finite real"),
    "nan": (sympy.nan, "finite real"),
    "a matrix": (sympy.Matrix([x, y]), "Matrix"),
    "a string": ("x + 1", "no SymPy expression"),
    "nothing": (None, "no SymPy expression|NoneType"),
}


@pytest.mark.parametrize("thing, message", REFUSED.values(), ids=REFUSED.keys())
def test_what_no_row_computes_is_refused(thing: Any, message: str) -> None:
    with pytest.raises(FormulaError, match=message) as caught:
        cg.from_sympy(thing)
    assert "Fix: " in str(caught.value)


def test_an_array_of_the_size_of_one_is_no_surprise() -> None:
    assert np.isclose(float(cg.forward(cg.from_sympy(sympy.Float("0.5") * x), x=2.0).values[-1]), 1.0)


def test_pi_and_logarithms_of_numbers_stay_what_they_are() -> None:
    x = sympy.Symbol("x", real=True)
    expression = sympy.pi * x + sympy.log(2) * sympy.sqrt(3) * x**2
    node = cg.from_sympy(expression)
    assert sympy.simplify(cg.to_sympy(node) - expression) == 0
    assert cg.forward(node, x=2.0).values[-1] == pytest.approx(float(expression.subs(x, 2)), rel=1e-15)
    latex = cg.to_latex(node)
    assert r"\pi" in latex
    assert r"\mathrm{log} ( 2 )" in latex
    assert "0.693" not in latex
    assert "π" in cg.derive(node, wrt="x").text
    assert "3.14" not in cg.derive(node, wrt="x").text
    assert {n.name for n in cg.Graph(node).leaves if n.name} == {"x", "π"}


def test_the_derivative_of_log2_says_log_2() -> None:
    x = cg.variable("x")
    assert r"\mathrm{log} ( 2 )" in cg.to_latex(cg.grad(cg.log2(x), x))


def test_a_number_that_is_called_pi_and_is_another_one_is_not_taken_for_it() -> None:
    node = cg.constant(3.0, "π") * cg.variable("x")
    assert cg.to_sympy(node) == 3 * sympy.Symbol("x", real=True)


def test_equalities_are_read() -> None:
    x = sympy.Symbol("x", real=True)
    node = cg.from_sympy(sympy.Piecewise((x, sympy.Ne(x, 2)), (5, True)))
    assert [cg.forward(node, x=v).values[-1] for v in (1.0, 2.0)] == [1.0, 5.0]
    node = cg.from_sympy(sympy.Piecewise((x, sympy.Eq(x, 2)), (5, True)))
    assert [cg.forward(node, x=v).values[-1] for v in (1.0, 2.0)] == [5.0, 2.0]

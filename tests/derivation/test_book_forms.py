"""The last line of a derivation is in the form that books print, and equal to what SymPy differentiates."""

from __future__ import annotations

import pytest
import sympy
from read_formulas import value

import cgraph as cg

SOFTMAX = "e1 = exp(z1); e2 = exp(z2); e3 = exp(z3); S = e1 + e2 + e3; p1 = e1/S; "
BOOKS = {  # the formula, by what it is differentiated, and how the derivative is printed
    "a sigmoid": ("s = sigmoid(x)", "x", "s · (1 − s)"),
    "a sigmoid in exponentials": ("s = 1/(1 + exp(-x))", "x", "s · (1 − s)"),
    "a hyperbolic tangent": ("t = tanh(x)", "x", "1 − t²"),
    "an inverse": ("y = 1/v", "v", "−1/v²"),
    "a quotient": ("y = u/v", "v", "−u/v²"),
    "a quotient, its top": ("y = u/v", "u", "1/v"),
    "an inverse square": ("y = 1/x**2", "x", "−2/x³"),
    "a cube by products": ("y = x*x*x", "x", "3x²"),
    "a power": ("y = x**n", "x", "nx^(n − 1)"),
    "a logarithm": ("y = log(x)", "x", "1/x"),
    "an exponential": ("y = exp(x)", "x", "y"),
    "a bell": ("y = exp(-x**2)", "x", "−2xy"),
    "a logarithm of a sum": ("y = log(x**2 + 1)", "x", "2x/(x² + 1)"),
    "a share": ("y = x/(1 + x)", "x", "1/(x + 1)²"),
    "a difference of squares": ("a = x + y; b = x - y; L = a*b", "x", "a + b"),
    "squares": ("L = (w*x + b - y)**2", "w", "2x · (b + wx − y)"),
    "half of squares": ("L = (yhat - y)**2/2", "yhat", "yhat − y"),
    "a deviation": ("y = (x - m)**2/(2*s**2)", "s", "−(x − m)²/s³"),
    "softplus": ("y = softplus(x)", "x", "σ(x)"),
    "a logarithm of a sigmoid": ("y = log(sigmoid(x))", "x", "1 − σ(x)"),
    "binary cross-entropy": ("a = sigmoid(z); L = -(y*log(a) + (1 - y)*log(1 - a))", "z", "a − y"),
    "logistic regression": ("z = w*x + b; a = sigmoid(z); L = -(y*log(a) + (1 - y)*log(1 - a))", "w", "x · (a − y)"),
    "softmax, the class": (SOFTMAX + "L = -log(p1)", "z1", "p1 − 1"),
    "softmax, its share": (SOFTMAX + "p2 = e2/S; L = -log(p1) + k*p2", "k", "p2"),
    "softmax of two": (
        "e1 = exp(z1); e2 = exp(z2); S = e1 + e2; p = e1/S; q = e2/S; L = -(y*log(p) + (1 - y)*log(q))",
        "z1",
        "p − y",
    ),
}


@pytest.mark.parametrize("name", BOOKS)
def test_the_last_line_is_in_the_form_of_books(name: str) -> None:
    formula, wrt, printed = BOOKS[name]
    graph = cg.parse(formula)
    derivation = cg.derive(graph, wrt)
    assert derivation.text.splitlines()[-1].split(" = ")[-1] == printed
    fwd = cg.forward(graph, {x: 0.4 + 0.17 * i for i, x in enumerate(graph.inputs)})
    written = value(derivation.steps[-1].lines[-1][-1], {n: float(fwd[n]) for n in graph.names})  # type: ignore[arg-type]
    expression = cg.to_sympy(graph)
    at = {s: sympy.Float(float(fwd[s.name]), 30) for s in expression.free_symbols}
    expected = sympy.diff(expression, next(s for s in at if s.name == wrt)).subs(at)
    assert written == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize("at", [1.0, 2.0, 0.0])
def test_the_last_line_divides_by_nothing_that_the_gradient_does_not_divide_by(at: float) -> None:
    graph = cg.parse("p = (1 - a)*(2 - b)/(c + 1); L = exp(p*x)*(1 - b)")
    fwd = cg.forward(graph, a=at, b=at, c=0.5, x=at)
    last = cg.derive(graph, "a").steps[-1].lines[-1][-1]
    expected = float(cg.backward(fwd).gradient["a"])
    assert value(last, {n: float(fwd[n]) for n in graph.names}) == pytest.approx(expected)  # type: ignore[arg-type]


def test_deep_chains_are_written_without_being_multiplied_out() -> None:
    node = cg.variable("x")
    for i in range(25):
        node = cg.tanh(node + i)
    assert len(cg.derive(node.named("L"), "x").steps) > 50


# What is shown without being asked for -------------------------------------------------------------------------------
def test_a_notebook_shows_derivations_and_formulas_as_mathematics() -> None:
    derivation = cg.derive("y = 1/v", "v")
    assert derivation._repr_latex_() == f"$$\n{derivation.latex}\n$$"
    assert r"- 1 / v^{2}" in derivation._repr_latex_()
    step = derivation.steps[1]
    assert step._repr_latex_() == f"$$\n\\begin{{aligned}}\n{step.latex}\n\\end{{aligned}}\n$$"
    latex = cg.to_latex("y = exp(x/2)")
    assert latex._repr_latex_() == f"$\\displaystyle {latex}$"


def test_a_derivation_shows_itself_as_its_text_as_far_as_that_is_short() -> None:
    short = cg.derive("y = 1/v", "v")
    assert repr(short) == short.text
    node = cg.variable("x")
    for i in range(25):
        node = cg.tanh(node + i)
    long = cg.derive(node, "x")
    assert len(long.text) > 2000 >= len(repr(long))
    assert repr(long).endswith("\n… print() shows all of it")
    assert long.text.startswith(repr(long).rpartition("\n")[0])

"""The derivation written out: paths, local derivatives, products, sums and numbers, as the chapter writes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

import cgraph as cg
from cgraph.errors import GradientError, MissingValueError, NameUnknownError, ValueRefusedError
from viz.figures.graphs import figure_6_17, figure_6_18

ABC = "d = 2*b; e = a + d; L = c*e"


def test_the_chain_rule_of_the_chapters_example_is_written_step_by_step() -> None:
    assert cg.derive(cg.parse(ABC), wrt="b", a=3, b=1, c=-2).text.splitlines() == [
        "One path leads from L to b: L → e → d → b.",
        "    d = 2b = 2",
        "    e = a + d = 5",
        "    L = ce = −10",
        "e is used once, in L:",
        "    ∂L/∂e = c = −2",
        "d is used once, in e:",
        "    ∂e/∂d = 1",
        "    ∂L/∂d = ∂L/∂e · ∂e/∂d = c · 1 = c = −2",
        "b is used once, in d:",
        "    ∂d/∂b = 2",
        "    ∂L/∂b = ∂L/∂d · ∂d/∂b = c · 2 = 2c = −4",
        "The product along the path:",
        "    ∂L/∂b = ∂L/∂e · ∂e/∂d · ∂d/∂b = c · 1 · 2 = 2c = −4",
    ]


def test_without_values_a_derivation_has_formulas_only() -> None:
    text = cg.derive(cg.parse(ABC), wrt="b").text
    assert text.endswith("∂L/∂b = ∂L/∂e · ∂e/∂d · ∂d/∂b = c · 1 · 2 = 2c")
    assert "−4" not in text


def test_a_pass_brings_its_own_numbers() -> None:
    assert cg.derive(figure_6_17(), "b").text == cg.derive(cg.parse(ABC), "b", a=3, b=1, c=-2).text
    assert cg.derive(figure_6_17().forward, "b").text == cg.derive(figure_6_17(), "b").text


def test_figure_6_18_ends_in_equation_6_43() -> None:
    derivation = cg.derive(figure_6_18(), wrt="z[2]")
    lines = derivation.text.splitlines()
    assert "    ∂L/∂a[2] = −(y/a[2] + (y − 1)/(1 − a[2])) = −1.60653" in lines  # (6.42)
    assert "    ∂a[2]/∂z[2] = a[2] · (1 − a[2]) = 0.235004" in lines
    assert lines[-1].endswith(" = a[2] − y = −0.377541")


CASE_53 = {  # case c53: the last formula, and the gradient
    "z[2]": ("a[2] − y", -0.3775406688),
    "w[2]11": ("a[1]1 · (a[2] − y)", -0.235962918),
    "b[2]1": ("a[2] − y", -0.3775406688),
    "w[1]11": ("w[2]11x1 · (a[2] − y) · 1[z[1]1 ≥ 0]", -0.3775406688),
    "b[1]2": ("w[2]12 · (a[2] − y) · 1[z[1]2 ≥ 0]", 0.1887703344),
    "x1": ("(a[2] − y) · (w[1]11w[2]11 · 1[z[1]1 ≥ 0] + w[1]21w[2]12 · 1[z[1]2 ≥ 0])", -0.0471925836),
}


@pytest.mark.parametrize("wrt", CASE_53)
def test_the_rest_of_figure_6_18_is_the_exercise_worked(wrt: str) -> None:
    formula, number = CASE_53[wrt]
    last = cg.derive(figure_6_18(), wrt=wrt).text.splitlines()[-1].split(" = ")
    assert last[-2] == formula
    assert float(last[-1].replace("−", "-")) == pytest.approx(number, rel=1e-5)


def test_what_is_used_twice_gets_a_sum() -> None:
    text = cg.derive(cg.parse("p = x*a; q = exp(x); L = p + q"), wrt="x", x=0, a=5).text
    assert "2 paths lead from L to x: L → p → x; L → q → x." in text
    assert "x is used in p and q; what comes back from each adds up:" in text
    assert "    ∂L/∂x = ∂L/∂p · ∂p/∂x + ∂L/∂q · ∂q/∂x = 1 · a + 1 · q = a + q = 6" in text


def test_both_operands_of_a_square_have_their_share() -> None:
    x = cg.variable("x")
    text = cg.derive((x * x).named("L"), wrt=x, x=3).text
    assert "x is used 2 times in L; each use has its share:" in text
    assert "    (∂L/∂x)₂ = x = 3" in text
    assert text.endswith("= x + x = 2x = 6")


def test_many_paths_are_counted_and_not_walked() -> None:
    node = cg.variable("x")
    for _ in range(5):
        node = node + cg.exp(node)
    assert "More than 6 paths lead" in cg.derive(node, wrt="x").steps[0].sentence


def test_arrays_show_their_linear_maps() -> None:
    X, W = cg.variable("X", ("m", 2)), cg.parameter("W", [[1.0], [2.0]])
    loss = cg.sum(cg.tanh((X @ W).named("z"))).named("L")
    text = cg.derive(loss, wrt="W", X=np.ones((3, 2))).text
    assert "∂z/∂W = the linear map Xᵀ ·" in text
    assert "∂L/∂W = ∂L/∂z · ∂z/∂W = Xᵀ · ∂L/∂z = [" in text


FORMULAS = ["tanh(x*y) + x", "exp(x)/y - y*x", "log(x*x + 1)*sigmoid(y)", "x**3 - y**x", "relu(x - y)*x", "sqrt(x)/y"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_last_number_of_a_derivation_is_sympys(formula: str) -> None:
    graph, at = cg.parse(formula), {"x": 1.25, "y": 0.75}
    x = sympy.Symbol("x", real=True)
    expected = float(sympy.diff(cg.to_sympy(graph), x).subs({s: at[s.name] for s in cg.to_sympy(graph).free_symbols}))
    written = cg.derive(graph, "x", at).text.splitlines()[-1].split(" = ")[-1]
    assert float(written.replace("−", "-")) == pytest.approx(expected, rel=1e-5)


def test_latex_is_one_aligned_block_and_markdown_numbers_its_steps() -> None:
    derivation = cg.derive(cg.parse(ABC), wrt="b", a=3, b=1, c=-2)
    assert derivation.latex.startswith("\\begin{aligned}\n")
    assert derivation.latex.endswith("= 2 c = -4\n\\end{aligned}")
    assert r"\frac{\partial L}{\partial d} \cdot \frac{\partial d}{\partial b}" in derivation.latex.replace("  ", " ")
    assert derivation.markdown.startswith("### The derivative of L with respect to b\n\n1. One path leads")
    assert derivation.markdown.count("$$") == 2 * len(derivation.steps)
    assert str(derivation) == derivation.text


REFUSED: list[tuple[Any, Any, str]] = [
    (lambda: cg.derive(cg.parse(ABC), "q"), NameUnknownError, "no node named 'q'"),
    (lambda: cg.derive(cg.parse("y = greater_equal(x, 0)"), "x"), GradientError, "does not depend on x"),
    (lambda: cg.derive(cg.parse(ABC), "b", a=1), MissingValueError, "has no value"),
    (lambda: cg.derive(cg.variable("x", 3) * 2, "x"), GradientError, "only a scalar"),
]


@pytest.mark.parametrize("act, kind, message", REFUSED)
def test_what_cannot_be_derived_is_refused(act: Any, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        act()


def test_the_derivative_by_itself_is_one() -> None:
    assert cg.derive(cg.parse(ABC), wrt="L").text.endswith("∂L/∂L = 1")


# LaTeX of a node -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "formula, latex",
    [
        ("L = c*(a + 2*b)", "L = c \\cdot ( a + 2 b )"),
        ("tanh(x)", "\\mathrm{tanh} ( x )"),
        ("yhat = x2**2", "\\hat{y} = x_{2}^{2}"),
    ],
)
def test_a_node_as_latex(formula: str, latex: str) -> None:
    assert " ".join(cg.to_latex(cg.parse(formula)).split()) == latex


def test_what_is_too_long_to_read_is_refused() -> None:
    node = cg.variable("x")
    for _ in range(40):
        node = cg.tanh(node + node)
    with pytest.raises(ValueRefusedError, match="more than 4000 characters"):
        cg.to_latex(node)

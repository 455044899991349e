"""A proof stands beside a number only where the proved formula gives that number: in reports, pictures, derivations."""

from __future__ import annotations

import warnings
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from sparse import sparse

import cgraph as cg
import viz
from cgraph.ops.op import elementwise
from cgraph.proof.pointwise import Formula

x = sympy.Symbol("x", real=True)
# Formulas in which a product 0·∞, a rounding to 1 or a convention may hide a slope, each at points where it does and at
# points where it does not; SymPy or mpmath knows the slope.
FORMULAS = {
    "cbrt(x)**3": lambda x: x,
    "sqrt(x)**2": lambda x: x,
    "log(exp(x))": lambda x: x,
    "exp(log(x))": lambda x: x,
    "log(cosh(x))": lambda x: mpmath.log(mpmath.cosh(x)),
    "log(1 + exp(x))": lambda x: mpmath.log1p(mpmath.exp(x)),
    "log(sigmoid(x))": lambda x: -mpmath.log1p(mpmath.exp(-x)),
    "tanh(x)": mpmath.tanh,
    "sigmoid(x)": lambda x: 1 / (1 + mpmath.exp(-x)),
    "1 - exp(0 - x*x)": lambda x: 1 - mpmath.exp(-x * x),
    "abs(x)*abs(x)": lambda x: x * x,
    "x*tanh(x) + sin(x)": lambda x: x * mpmath.tanh(x) + mpmath.sin(x),
    "sqrt(x*x)*sqrt(x*x)": lambda x: x * x,
}
POINTS = (0.0, 0.25, 1.5, -2.0, 20.0, 40.0, 800.0, -800.0, 1e-9)


def passed(formula: str, at: float) -> Any:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of what is indeterminate; here the marks are looked at
        return cg.backward(cg.forward(cg.parse(f"L = {formula}"), x=at))


def slope(formula: str, at: float) -> Any:
    with mpmath.workdps(900):
        return mpmath.diff(FORMULAS[formula], mpmath.mpf(at), h=mpmath.mpf(10) ** -40)


CASES = [
    (f, p)
    for f in FORMULAS
    for p in POINTS
    if (p >= 0 or not f.startswith(("sqrt(x)**", "exp(log"))) and not (p == 0 and "log(x)" in f)
]


@pytest.mark.parametrize("formula, at", sparse(CASES, 5))
def test_a_mark_of_proof_stands_beside_right_numbers_alone(formula: str, at: float) -> None:
    bwd = passed(formula, at)
    report = cg.prove(bwd, seconds=20)
    shown, right = float(bwd.gradient["x"]), slope(formula, at)
    is_right = np.isfinite(shown) and abs(shown - right) <= 1e-5 * abs(right)
    drawing = viz.draw(bwd, proof=report).drawing
    (title,) = [b.title for b in drawing.boxes if b.name == "x"]
    if "proved by SymPy" in title.split("∂L/∂x")[-1]:
        assert is_right, (shown, right)
    if not is_right:
        assert "no proof of this number: the proved formula" in title or not report.proved
        assert any("in the pass ∂L/∂x is" in note for note in report.notes) or not report.proved
        if any(np.isinf(np.asarray(e.local)).any() for e in bwd.edges):  # a product 0·∞ was decided
            assert "The pass has another number for" in cg.derive(bwd, wrt="x").text


@pytest.mark.parametrize("at", [0.25, 1.5, 2.0])
@pytest.mark.parametrize("formula", FORMULAS)
def test_at_ordinary_points_everything_is_marked(formula: str, at: float) -> None:
    bwd = passed(formula, at)
    drawing = viz.draw(bwd, proof=cg.prove(bwd, seconds=20)).drawing
    assert all(e.proved for e in drawing.edges if e.flows), [e.title for e in drawing.edges]
    assert "proved by SymPy" in next(b.title for b in drawing.boxes if b.name == "x")
    assert "The pass has another number" not in cg.derive(bwd, wrt="x").text


def test_the_cube_of_a_cube_root_at_0_is_not_shown_as_proved() -> None:
    bwd = passed("cbrt(x)**3", 0.0)
    report = cg.prove(bwd)
    assert "in the pass ∂L/∂x is 0, not proved: the proved formula gives 1 here" in report.notes
    spoken = viz.draw(bwd, proof=report).description
    assert "∂L/∂x = 0, no proof of this number: the proved formula gives 1 here" in spoken
    assert "∂L/∂x = 0, proved" not in spoken
    assert "= 1 = 0" not in cg.derive(bwd, wrt="x").text
    assert "the formula gives 1 here:\n    ∂L/∂x = 0" in cg.derive(bwd, wrt="x").text


def test_at_a_kink_a_convention_decides_and_nothing_is_proved() -> None:
    bwd = cg.backward(cg.forward(cg.parse("a = relu(z); L = 2*a"), z=0))
    picture = viz.draw(bwd, proof=cg.prove(bwd))
    assert "∂L/∂z = 2, no proof of this number: the proved formula has no value here" in picture.description
    assert [e.name for e in picture.drawing.edges if not e.proved] == ["z->a"]
    assert "∂L/∂z = ∂L/∂a · ∂a/∂z = 2 · 1[z ≥ 0] = 2" in cg.derive(bwd, wrt="z").text  # which it states itself


def test_a_proof_for_other_sizes_marks_no_number() -> None:
    X, w = cg.variable("X", ("m", 2)), cg.parameter("w", [1.0, 2.0])
    loss = cg.mean(cg.tanh(X @ w) ** 2).named("L")
    bwd = cg.backward(cg.forward(loss, X=[[1.0, 2], [3, 4], [5, 6]]))
    for report, marked in ((cg.prove(bwd, wrt=["w"]), False), (cg.prove(bwd, {"m": 3}, wrt=["w"]), True)):
        (title,) = [b.title for b in viz.draw(bwd, proof=report).drawing.boxes if b.name == "w"]
        assert ("proved by SymPy" in title) is marked
        assert ("it is proved for m = 2" in title) is not marked


def test_a_proof_with_numbers_for_leaves_is_no_proof_at_others() -> None:
    graph = cg.parse("L = a*b*c")
    report = cg.prove(graph, b=2)
    titles = {
        b.name: b.title for b in viz.draw(cg.backward(cg.forward(graph, a=1, b=3, c=5)), proof=report).drawing.boxes
    }
    assert "no proof of this number: the proved formula gives 10 here" in titles["a"]
    assert "proved" not in titles["b"]
    titles = {
        b.name: b.title for b in viz.draw(cg.backward(cg.forward(graph, a=1, b=2, c=5)), proof=report).drawing.boxes
    }
    assert "proved by SymPy" in titles["a"]


def test_an_op_whose_numbers_are_anothers_marks_nothing() -> None:
    bad = cg.op(elementwise("mysin", "sin(x)", lambda xp, x: x * 1.0, lambda w, z, x: w.cos(x)))
    bwd = cg.backward(cg.forward((bad(cg.variable("x")) * 3).named("L"), x=0.0))
    drawing = viz.draw(bwd, proof=cg.prove(bwd)).drawing
    assert not any("proved by SymPy" in b.title for b in drawing.boxes)
    assert {e.name: e.proved for e in drawing.edges if e.name.startswith("x")} == {"x->v1": False}


def test_a_simple_picture_says_the_same_as_a_detailed_one() -> None:
    bwd = passed("cbrt(x)**3", 0.0)
    drawing = viz.draw(bwd, proof=cg.prove(bwd), detail="outline").drawing
    (title,) = [b.title for b in drawing.boxes if b.name == "x"]
    assert "∂L/∂x = 0, no proof of this number: the proved formula gives 1 here" in title


@pytest.mark.parametrize("count, at_zero, proved", [(100, False, True), (100, True, False), (600, False, False)])
def test_every_element_of_an_array_is_compared_and_no_mark_given_to_what_is_too_large(
    count: int, at_zero: bool, proved: bool
) -> None:
    X = cg.variable("X", ("m", 20))
    loss = cg.sum(cg.relu(X)).named("L")
    values = np.linspace(-3, 3.001, 20 * count).reshape(count, 20)
    if at_zero:
        values[count // 2, 7] = 0.0
    drawing = viz.draw(cg.backward(cg.forward(loss, X=values)), proof=cg.prove(loss, {"m": 1}, seconds=20)).drawing
    assert {e.name: e.proved for e in drawing.edges}["X->v1"] is proved


@pytest.mark.parametrize(
    "expression, shown, at, why",
    [
        (x**2, 4.0, 2.0, ""),
        (x**2, 4.0000001, 2.0, ""),
        (x**2, 4.1, 2.0, "gives 4 here"),
        (sympy.sin(x), float(np.sin(1e9)), 1e9, ""),
        (sympy.exp(-x), 0.0, 40.0, "gives 4.24835e-18 here"),
        (sympy.exp(x), float("inf"), 1000.0, "gives 1.97007e+434 here"),
        (sympy.log(x), 1.0, -1.0, "has no value here"),
        (x + 1, float("nan"), 1.0, "gives 2 here"),
        (x, 1.0, float("inf"), "has no value here"),
    ],
)
def test_a_number_is_compared_with_a_formula(expression: Any, shown: float, at: float, why: str) -> None:
    assert Formula(expression).elsewhere(shown, {x: at}) == why

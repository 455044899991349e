"""Proof: every derivative against SymPy's own, and never more said than is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

import cgraph as cg
from cgraph.errors import GradientError, NameUnknownError, ValueRefusedError
from cgraph.graph.node import build
from cgraph.ops import TABLE
from cgraph.proof import compare
from cgraph.proof.cancel import cancels

x, y = sympy.symbols("x y", real=True)


def test_the_report_shows_ours_sympys_and_the_verdict() -> None:
    report = cg.prove(cg.parse("L = c*(a + 2*b)"))
    text = str(report)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "∂L/∂a = c SymPy: c proved" in lines
    assert "∂L/∂b = 2*c SymPy: 2*c proved" in lines
    assert "∂L/∂c = a + 2*b SymPy: a + 2*b proved" in lines
    assert "3 of 3" in lines[-1]
    assert "proved" in lines[-1]
    assert report.proved
    assert report.failures == ()
    assert [c.subject for c in report.checks] == ["∂L/∂a", "∂L/∂b", "∂L/∂c"]


FORMULAS = [
    "x/y - y/x",
    "x**y",
    "exp(x)*log(y)",
    "sqrt(x*x + y*y)",
    "tanh(x*y) + sigmoid(x - y)",
    "relu(x) + maximum(x, y)",
    "x*x*x",
    "x - x + y/y",
    "binary_cross_entropy(sigmoid(x), y)",
    "sigmoid_cross_entropy(x*y, y)",
    "mul(x, y, x) + add(x, y, x)",
    "d = 2*x; e = d*y; d*e",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_gradient_of_a_formula_is_proved(formula: str) -> None:
    report = cg.prove(cg.parse(formula))
    assert report.proved, report


def test_figure_6_18_is_proved() -> None:
    report = cg.prove(
        cg.parse(
            "z1 = w11*x1 + w12*x2 + b1; a1 = relu(z1); z2 = w21*x1 + w22*x2 + b2; a2 = relu(z2);"
            "z = u1*a1 + u2*a2 + c; a = sigmoid(z); L = binary_cross_entropy(a, y)"
        )
    )
    assert report.proved, report
    assert len(report.checks) == 12


def test_a_net_of_arrays_with_a_size_of_its_own_for_each_axis_is_proved() -> None:
    random = np.random.default_rng(0)
    X, t = cg.variable("X", (1, 2)), cg.variable("t", (1, 1))
    W1, b1 = cg.parameter("W[1]", random.normal(size=(2, 3))), cg.parameter("b[1]", random.normal(size=3))
    W2, b2 = cg.parameter("W[2]", random.normal(size=(3, 1))), cg.parameter("b[2]", random.normal(size=1))
    loss = cg.mean((cg.tanh(X @ W1 + b1) @ W2 + b2 - t) ** 2).named("L")
    report = cg.prove(loss)
    assert report.proved, report
    assert len(report.checks) == 2 + 1 + 6 + 3 + 3 + 1
    assert any(c.subject == "∂L/∂W[1][1,2]" for c in report.checks)


def test_a_softmax_classifier_is_proved() -> None:
    x_, W, target = cg.variable("x", 2), cg.variable("W", (2, 3)), cg.constant([0.0, 1.0, 0.0])
    report = cg.prove(cg.softmax_cross_entropy(x_ @ W, target))
    assert not report.failures, report
    assert len(report.checks) == 8


def test_named_dimensions_are_bound_to_sizes_that_the_report_names() -> None:
    X, w = cg.variable("X", ("m", "d")), cg.variable("w", "d")
    report = cg.prove(cg.mean(cg.tanh(X @ w)), sizes={"m": 3, "d": 1})
    assert report.proved, report
    assert len(report.checks) == 3 + 1
    assert "m = 3" in str(report)
    assert "d = 1" in str(report)


def test_unbound_dimensions_get_different_sizes() -> None:
    X = cg.variable("X", ("m", "d"))
    report = cg.prove(cg.sum(X * X))
    assert len(report.checks) == 2 * 3
    assert "d = 2, m = 3" in str(report)


def test_kinks_are_named_in_the_report() -> None:
    text = str(cg.prove(cg.parse("relu(x) + maximum(x, y)")))
    assert "ReLU'(0) = 1" in text
    assert "at a tie the first operand of maximum gets the share 1 of the gradient" in text
    assert "kink" not in str(cg.prove(cg.parse("x*y")))


def test_a_proof_takes_a_graph_a_node_or_a_pass() -> None:
    root = cg.parse("L = a*b").output
    fwd = cg.forward(root, a=1, b=2)
    for thing in (root, cg.Graph(root), fwd, cg.backward(fwd)):
        assert cg.prove(thing).proved


def test_a_proof_of_a_backward_pass_is_of_the_node_that_was_differentiated() -> None:
    fwd = cg.forward(cg.parse("d = a*b; L = d*c"), a=1, b=2, c=3)
    assert [c.subject for c in cg.prove(cg.backward(fwd, of="d")).checks] == ["∂d/∂a", "∂d/∂b"]


def test_what_is_no_scalar_has_no_gradient_to_prove() -> None:
    with pytest.raises(GradientError, match="only a scalar has a gradient"):
        cg.prove(cg.variable("x", 3) * 2)


def test_a_graph_without_variables_is_not_called_proved() -> None:
    report = cg.prove(cg.constant(2.0) * 3)
    assert not report.proved
    assert "nothing to prove" in str(report)


# Wrong rules ---------------------------------------------------------------------------------------------------------
WRONG: dict[str, Any] = {
    "tanh": (lambda w, z, x: 1 + z**2,),
    "sub": (lambda w, z, x, y: 1, lambda w, z, x, y: 1),
    "div": (lambda w, z, x, y: -z / y, lambda w, z, x, y: 1 / y),
    "maximum": (lambda w, z, x, y, ties: w.less(x, y), lambda w, z, x, y, ties: w.greater_equal(x, y)),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_graph_with_a_wrong_rule_is_refused(name: str) -> None:
    row = TABLE[name].replaced(rules=WRONG[name])
    leaves = cg.variables("x y")[: row.arity]
    report = cg.prove((build(row, *leaves) * 3).named("L"))
    assert not report.proved
    assert report.failures
    assert "WRONG" in str(report)
    assert "SymPy" in str(report)
    assert str(report).splitlines()[-1].startswith("not proved")


def test_a_wrong_rule_is_shown_with_a_point_and_both_values() -> None:
    row = TABLE["tanh"].replaced(rules=WRONG["tanh"])
    (check,) = cg.prove(build(row, cg.variable("x"))).failures
    assert check.reason.startswith("at x = ")
    assert "SymPy" in check.reason


def test_a_wrong_pullback_in_a_net_is_refused() -> None:
    matmul = TABLE["matmul"]
    row = matmul.replaced(rules=(lambda w, g, z, x, y: 2 * matmul.rule(0)(w, g, z, x, y), matmul.rule(1)))
    product = build(row, cg.variable("X", (1, 2)), cg.variable("W", (2, 1)))
    report = cg.prove(cg.sum(cg.tanh(product)))
    assert {c.subject.split("/∂")[1][0] for c in report.failures} == {"X"}


# The verdict on two expressions --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "ours, theirs, verdict",
    [
        (x + x, 2 * x, "proved"),
        (sympy.sin(x) ** 2, 1 - sympy.cos(x) ** 2, "proved"),
        ((1 - sympy.tanh(x)) * (1 + sympy.tanh(x)), sympy.sech(x) ** 2, "proved"),
        (sympy.exp(-x) / (1 + sympy.exp(-x)) ** 2, sympy.exp(x) / (1 + sympy.exp(x)) ** 2, "proved"),
        (sympy.Heaviside(x, 1), sympy.Heaviside(x), "proved"),
        (1 - sympy.Heaviside(x, 1), sympy.Heaviside(-x), "proved"),
        (x, -x, "WRONG"),
        (x, x + sympy.Rational(1, 10**9), "WRONG"),
        (sympy.Heaviside(x), sympy.Heaviside(-x), "WRONG"),
        (x**2, sympy.Abs(x) ** 3, "WRONG"),
    ],
)
def test_two_expressions_get_their_verdict(ours: Any, theirs: Any, verdict: str) -> None:
    assert compare("f", sympy.sympify(ours), sympy.sympify(theirs)).verdict == verdict


def test_what_is_nowhere_finite_is_undecided_and_never_proved() -> None:
    check = compare("f", sympy.log(-(x**2) - 1), sympy.log(-(x**2) - 2))
    assert check.verdict == "undecided"
    assert "no point was found" in str(check)


def test_what_sympy_cannot_decide_only_agrees_at_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cgraph.proof.judgement._vanishes", lambda difference: False)
    check = compare("f", sympy.sin(x) ** 2, 1 - sympy.cos(x) ** 2)
    assert check.verdict == "agrees"
    assert "rational points" in check.reason


def test_a_report_with_agreements_only_is_not_called_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cgraph.proof.judgement._vanishes", lambda difference: False)
    report = cg.prove(cg.parse("L = tanh(x)*sigmoid(x)"))
    if any(c.verdict == "agrees" for c in report.checks):
        assert not report.proved
        assert not report.failures
        assert "points" in str(report).splitlines()[-1]


# Ops and models ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("op", ["tanh", cg.table()["tanh"]], ids=["name", "function"])
def test_an_op_is_proved_by_its_name_or_as_a_function(op: Any) -> None:
    report = cg.prove(op)
    assert report.proved
    assert [c.subject for c in report.checks] == ["∂tanh/∂x"]


def test_an_unknown_op_is_refused_with_the_name_that_was_meant() -> None:
    with pytest.raises(NameUnknownError, match="did you mean 'tanh'"):
        cg.prove("tanhh")


@pytest.mark.parametrize("name", ["mse", "matrix_trace"])
def test_what_is_made_of_ops_is_proved_as_a_graph(name: str) -> None:
    for op in (name, cg.table()[name]):
        with pytest.raises(ValueRefusedError, match="prove a graph of it"):
            cg.prove(op)


def test_what_is_nothing_to_prove_is_refused() -> None:
    with pytest.raises(ValueRefusedError, match="prove is given 3"):
        cg.prove(3)  # type: ignore[arg-type]


def test_a_model_is_proved_for_every_output_at_once() -> None:
    report = cg.prove(cg.nn.MLP([2, 3, 1], "tanh", seed=0))
    assert report.proved, report
    assert len(report.checks) == 2 + 6 + 3 + 3 + 1 + 1  # X, W[1], b[1], W[2], b[2], and the output's own factor


def test_a_model_without_matrices_needs_the_shape_of_its_input() -> None:
    act = cg.nn.Activation("tanh")
    with pytest.raises(ValueRefusedError, match=r"give inputs="):
        cg.prove(act)
    assert cg.prove(act, inputs=(2,)).proved


@pytest.mark.slow
def test_the_gradients_of_a_4_8_3_softmax_classifier_are_proved_exactly() -> None:
    logits = cg.nn.MLP([4, 8, 3], "tanh", seed=0)(cg.variable("X", (1, 4)))
    report = cg.prove(cg.nn.softmax_cross_entropy_loss(logits, cg.variable("Y", (1, 3))), seconds=300)
    assert report.proved
    assert len(report.checks) == 4 * 8 + 8 + 8 * 3 + 3 + 4 + 3


@pytest.mark.parametrize(
    "difference, expected",
    [
        (sympy.exp(-x) / (1 + sympy.exp(-x)) - 1 / (1 + sympy.exp(x)), True),
        (sympy.tanh(x * y) ** 2 - sympy.tanh(x * y), False),
        (sympy.sqrt(x) * sympy.sqrt(x) - sympy.sqrt(x) ** 3, False),
        (sympy.exp(x) - sympy.exp(2 * x), False),
    ],
)
def test_functions_cancel_as_symbols_do_and_no_further(difference: Any, expected: bool) -> None:
    assert cancels(difference) is expected

"""Formulas as people type and paste them: what has one meaning is read, all else says how to write it."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import cgraph as cg
from cgraph import notation
from cgraph.cli import main
from cgraph.errors import FormulaError
from cgraph.graph.node import build
from cgraph.ops import TABLE
from cgraph.ops.op import Op

X, Y, C = 1.75, -0.5, 3.0  # the values of x, y and c
E = math.exp

READ: list[tuple[str, float]] = [
    ("2x", 2 * X),
    ("2 x", 2 * X),
    ("2(x+1)", 2 * (X + 1)),
    ("(x+1)(y-1)", (X + 1) * (Y - 1)),
    ("(x+1) (y-1)", (X + 1) * (Y - 1)),
    ("(x+1)y", (X + 1) * Y),
    ("(x+1)2", (X + 1) * 2),
    ("exp(x)y", E(X) * Y),
    ("exp(x)exp(y)", E(X) * E(Y)),
    ("3exp(x)", 3 * E(X)),
    ("2e3x", 2000 * X),
    ("2e", 2 * 7.0),
    ("1.5x + .5y", 1.5 * X + 0.5 * Y),
    ("-2x", -2 * X),
    ("x + 2y", X + 2 * Y),
    ("x - 2y", X - 2 * Y),
    ("2x/c", 2 * X / C),
    ("x·y", X * Y),
    ("x·y + 1", X * Y + 1),
    ("x⋅y", X * Y),
    ("x×y", X * Y),
    ("x ∗ y", X * Y),
    ("x ⊙ y", X * Y),
    ("2·x·3", 6 * X),
    ("x\u2062y", X * Y),
    ("x÷y", X / Y),
    ("x∕y", X / Y),
    ("x − y", X - Y),
    ("−x", -X),
    ("x – y", X - Y),
    ("x^2", X**2),
    ("2^x", 2**X),
    ("x^2^3", X**8),
    ("-x^2", -(X**2)),
    ("2^-x", 2**-X),
    ("x^(1/2)", math.sqrt(X)),
    ("x²", X**2),
    ("x³ + y²", X**3 + Y**2),
    ("x¹⁰", X**10),
    ("x⁻¹", 1 / X),
    ("(x+1)²", (X + 1) ** 2),
    ("3x²y", 3 * X**2 * Y),
    ("2x²", 2 * X**2),
    ("-x²", -(X**2)),
    ("√x", math.sqrt(X)),
    ("√(x+1)", math.sqrt(X + 1)),
    ("√x + 1", math.sqrt(X) + 1),
    ("2√x", 2 * math.sqrt(X)),
    ("√exp(x)", math.sqrt(E(X))),
    ("√2·x", math.sqrt(2) * X),
    ("|y|", 0.5),
    ("|x - 2|", 0.25),
    ("|x|·|y|", X * 0.5),
    ("2|y|", 1.0),
    ("|y|²", 0.25),
    ("ln(x)", math.log(X)),
    ("atan(x)", math.atan(X)),
    ("asin(y)", math.asin(Y)),
    ("acos(y)", math.acos(Y)),
    ("arcsin(y)", math.asin(Y)),
    ("atanh(y)", math.atanh(Y)),
    ("atan2(y, x)", math.atan2(Y, X)),
    ("tg(x)", math.tan(X)),
    ("fabs(y)", 0.5),
    ("max(x, y)", X),
    ("max(0, y)", 0.0),
    ("min(x, y, -3)", -3.0),
    ("max(y, 0, x)", X),
    ("ReLU(y) + ReLU(x)", X),
    ("Sigmoid(x)", 1 / (1 + E(-X))),
    ("σ(x)", 1 / (1 + E(-X))),
    ("Φ(y)", 0.5 * (1 + math.erf(Y / math.sqrt(2)))),
    ("TANH(x)", math.tanh(X)),
    ("x > 0", 1.0),
    ("(x < 0) + (y <= -0.5)", 1.0),
    ("x ≥ 1.75", 1.0),
    ("y ≤ −1", 0.0),
    ("y ≠ x", 1.0),
    ("x == 1.75", 1.0),
    ("1[x > 0]", 1.0),
    ("1[y ≥ 0]·x", 0.0),
    ("where(x > 0, x, 0)", X),
    ("x if y > 0 else c", C),
    ("x // 1", 1.0),
    ("x % 0.5", X % 0.5),
    ("y % 2", Y % 2),
    ("-x % -1", -X % -1),
    ("3·x % 2", 3 * X % 2),
    ("½x", X / 2),
    ("¾", 0.75),
    ("（x＋１）×２", 2 * (X + 1)),
    ("x\u00a0+\u202fy", X + Y),
    ("x\u200b + y", X + Y),
    ("exp\u2061(x)", E(X)),
    ("1/(1 + exp(−x))", 1 / (1 + E(-X))),
    ("c = 2x; c + 1", 2 * X + 1),
    ("x₁ = 2x; x₁ + 1", 2 * X + 1),
    ("e = x + 1; e^2", (X + 1) ** 2),
]

REFUSED: list[tuple[str, str]] = [
    ("x y", "write x*y, or separate the two by a semicolon"),
    ("x 2", "write x*2"),
    ("2 3", "write 2*3"),
    ("sin x", "write sin(x)"),
    ("sin 2", "write sin(2)"),
    ("sin²(x)", "write sin(x)**2"),
    ("sin^2(x)", "write sin(x)**2"),
    ("sin⁻¹(x)", "write sin(x)**-1"),
    ("1/2x", "write 1/(2*x) or (1/2)*x, as it is meant"),
    ("1/(x)y", "as it is meant"),
    ("x/2(x+1)", "as it is meant"),
    ("x % 2x", "as it is meant"),
    ("x^2y", "write x**2*y or x**(2*y), as it is meant"),
    ("2^3x", "as it is meant"),
    ("e^x", "write exp(x) for the function, e**x for a variable e"),
    ("e^(-x)", "write exp(x)"),
    ("1/(1 + e^-x)", "write exp(x)"),
    ("√2x", "write √(2x) or sqrt(2)*x"),
    ("√x²", "write sqrt(x**2) or sqrt(x)**2"),
    ("√", "write sqrt(x)"),
    ("||x||", "write norm(x) for ‖x‖"),
    ("‖x‖", "write norm(x) for ‖x‖"),
    ("∑x", "write sum(x)"),
    ("1[x = 1]", "write equal(a, b)"),
    ("∛", "write cbrt(x)"),
    ("|x||y|", "write norm(x)"),
    ("|x", "write abs(x) for |x|"),
    ("x | y", "write abs(x) for |x|"),
    ("(|x)", "write abs(x) for |x|"),
    ("X^T", "write transpose(x)"),
    ("f(x) = x^2", "write f = x**2 for f(x) = x**2"),
    ("f(x) = 2*x", "write f = x**2 for f(x) = x**2"),
    ("c(x + 2y)", "write c*(...) for a product"),
    ("c = 2x; c(x + 1)", "write c*(...) for a product"),
    ("lg(x)", "write log10(x) or log2(x)"),
    ("BCE(x, y)", "there is no function BCE"),
    ("sec(x)", "write 1/cos(x)"),
    ("cot(x)", "write 1/tan(x)"),
    ("sigmiod(x)", "did you mean sigmoid?"),
    ("0 < x < 1", "write (a < b)*(b < c)"),
    ("x > 0 and x < 1", "multiply conditions"),
    ("not x", "write 1 - (x > 0)"),
    ("0,5", "write 0.5 for 0,5"),
    ("0,5*x", "write 0.5 for 0,5"),
    ("a = 1, b = 2", "semicolons"),
    ("{x + 1}", "write round brackets"),
    ("[x]", "give arrays as values"),
    (r"\frac{a}{b}", "LaTeX is not read"),
    (r"x \cdot y", "LaTeX is not read"),
    ("$x$", "without $"),
    ("∂L/∂x", "cg.grad"),
    ("x!", "factorials are not computed here"),
    ("x := 2", "write name = expression"),
    ("x' + 1", "a prime is no part of a name"),
    ("∞", "finite real numbers"),
    ("²x", "write x**2"),
    ("x⁺", "write x**2"),
    ("v[i]", "write v[0], M[0, 1] or v[1:]"),
    ("x[0.5]", "write v[0]"),
]


@pytest.mark.parametrize("text, expected", READ, ids=[t for t, _ in READ])
def test_what_has_one_meaning_is_read(text: str, expected: float) -> None:
    graph = cg.parse(text)
    values = {"x": X, "y": Y, "c": C, "e": 7.0}
    feed = {n.name: values[str(n.name)] for n in graph.inputs}
    assert cg.forward(graph, feed)[graph.output] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("text, fix", REFUSED, ids=[t for t, _ in REFUSED])
def test_what_has_none_or_several_says_how_to_write_it(text: str, fix: str) -> None:
    with pytest.raises(FormulaError) as caught:
        cg.parse(text)
    assert fix in str(caught.value)
    assert "character" in caught.value.where


def test_indices_and_transposition_are_those_of_numpy() -> None:
    M = np.arange(6.0).reshape(2, 3)
    for text, expected in [
        ("M[0, 1]", M[0, 1]), ("M[1]", M[1]), ("M[:, 1:]", M[:, 1:]), ("M[-1, ::2]", M[-1, ::2]), ("M.T", M.T),
        ("Mᵀ", M.T), ("Mᵀ @ M", M.T @ M), ("sum(M[0]²)", 5.0), ("M[0]·M[1]", M[0] * M[1]), ("2M", 2 * M),
    ]:  # fmt: skip
        graph = cg.parse(text, {"M": (2, 3)})
        np.testing.assert_array_equal(cg.forward(graph, M=M)[graph.output], expected, err_msg=text)


def test_places_in_errors_are_those_of_what_was_typed() -> None:
    graph = cg.parse("y = 2x²·σ(z)")
    assert graph.output.where == "character 5 of the formula: 2x²·σ(z)"
    square = next(n for n in graph if n.op is not None and n.op.name == "pow")
    assert square.where == "character 6 of the formula: x²"
    with pytest.raises(FormulaError, match=r"character 8 of the formula: foo\(y\)"):
        cg.parse("z = 2x·foo(y)".replace("2x", "2³"))


def test_what_pictures_print_can_be_typed() -> None:
    x, y = cg.variables("x y")
    for node in (
        2 * x, x * y + 1, x**2, -x * 2, x / y, abs_(x - y), cg.relu(x), cg.sigmoid(2 * x), cg.maximum(x, y), x > y,
        cg.exp(-x), (x + y) * (x - 1), 1 / x**2, cg.sqrt(x), cg.where(x > 0, x, y),
    ):  # fmt: skip
        printed = notation.text(notation.formula(node, {x: notation.name("x"), y: notation.name("y")}))
        again = cg.parse(printed.replace("xy", "x·y"))  # two letters side by side are printed so, and read as one name
        for a, b in ((1.75, 0.25), (-0.5, 3.0), (0.3, 0.3)):
            theirs = cg.forward(again, {n.name: {"x": a, "y": b}[str(n.name)] for n in again.inputs})[again.output]
            np.testing.assert_allclose(
                theirs,
                cg.forward(node, {n: {"x": a, "y": b}[str(n.name)] for n in cg.Graph(node).inputs})[node],
                rtol=1e-14,
                err_msg=printed,
            )


# What is printed as an operator or as another formula, or is written with letters side by side.
OTHERWISE = {"mul", "scale", "power_log", "inverse_mills", "equal", "binary_cross_entropy", "sigmoid_cross_entropy"}
ELEMENTWISE = [row for name, row in TABLE.items() if row.elementwise and name not in OTHERWISE]


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_what_pictures_print_of_an_op_can_be_typed(row: Op) -> None:
    leaves = cg.variables("a b c")[: row.arity or 2]
    node = build(row, *leaves)
    printed = notation.text(notation.formula(node, {leaf: notation.name(str(leaf.name)) for leaf in leaves}))
    again = cg.parse(f"L = {printed}")
    for values in ((0.25, 0.75, 2.0), (0.5, 0.5, 0.25)):
        feed = dict(zip("abc", values, strict=True))
        with np.errstate(all="ignore"):
            theirs, ours = (
                cg.forward(g, {n.name: feed[str(n.name)] for n in g.inputs}).values[-1] for g in (again, cg.Graph(node))
            )
        np.testing.assert_allclose(theirs, ours, rtol=1e-14, err_msg=printed)


def abs_(node: cg.Node) -> cg.Node:
    return cg.table()["abs"](node)


def test_values_on_the_command_line_have_pasted_signs_and_no_decimal_commas(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["compile", "y = 2a", "a=−3"]) == 0
    assert "y = -6" in capsys.readouterr().out
    assert main(["compile", "y = 2a", "a=0,5"]) == 2
    assert "write a=0.5 or a=[0,5]" in capsys.readouterr().err
    assert main(["compile", "y = 2a", "a=[0,5]"]) == 0
    assert "y = [" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "near"),
    [("sigmiod", "sigmoid"), ("relu6", "relu"), ("tahn", "tanh"), ("soft_max", "softmax"), ("Relu", "relu"), ("q", "")],
)
@pytest.mark.parametrize("command", [["prove"], ["draw"], ["compile"], ["derive", "--wrt", "x"], ["worksheet"]])
def test_a_lone_name_is_no_formula_and_the_nearest_function_is_named(
    command: list[str], name: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command[0], name, *command[1:]]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"did you mean {near}" in said.err.replace("'", "") if near else "write" in said.err or "names" in said.err


@pytest.mark.parametrize("ask", [cg.prove, cg.forward, cg.simplify, cg.to_latex, cg.compile], ids=lambda f: f.__name__)
def test_in_python_too(ask: Any) -> None:
    with pytest.raises(cg.CgraphError, match=r"did you mean '?sigmoid"):
        ask("sigmiod")


@st.composite
def products(draw: st.DrawFn) -> tuple[str, str]:
    """A polynomial as people write it, and the same in SymPy's words."""
    typed, plain = [], []
    for _ in range(draw(st.integers(1, 4))):
        number, power = draw(st.integers(2, 9)), draw(st.integers(2, 12))
        letter = draw(st.sampled_from("xyz"))
        dot = draw(st.sampled_from(["", " ", "·", "×", "⋅", "*"]))
        raised = draw(st.sampled_from([f"^{power}", str(power).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))]))
        sign = draw(st.sampled_from([" + ", " − ", "-", "+"]))
        typed.append(f"{sign}{number}{dot}{letter}{raised}")
        plain.append(f"{sign.replace('−', '-')}{number}*{letter}**{power}")
    return "1" + "".join(typed), "1" + "".join(plain)


@given(products())
def test_polynomials_mean_what_they_mean_to_sympy(pair: tuple[str, str]) -> None:
    typed, plain = pair
    x, y, z = sympy.symbols("x y z", real=True)
    expected = sympy.sympify(plain, locals={"x": x, "y": y, "z": z}, rational=True)
    assert sympy.expand(cg.to_sympy(cg.parse(typed)) - expected) == 0


@given(st.text(alphabet="xye21 ²⁻₁·×√|^()[]ᵀ½−,=;'\\σ∂1", max_size=18))
def test_any_mixture_is_read_or_refused_with_its_place(text: str) -> None:
    try:
        cg.parse(text)
    except cg.CgraphError as error:
        assert len(str(error).splitlines()) == 1
        found = re.search(r"character (\d+)", str(error))
        assert found is None or int(found[1]) <= len(text) + 1

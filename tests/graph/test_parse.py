"""The small language of formulas: what it reads, and what it refuses without ever evaluating anything."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cgraph as cg
from cgraph.errors import CgraphError, FormulaError, ShapeError, ValueRefusedError

VALUES = {"a": 3.0, "b": 1.5, "c": -2.0}

READ: list[tuple[str, float]] = [
    ("d = 2*b; e = a + d; L = c*e", -2.0 * (3.0 + 2 * 1.5)),
    ("d = 2*b\ne = a + d\nL = c*e\n", -12.0),
    ("d = 2*b;\n\n  e = a + d  ;\nL = c*e;", -12.0),
    ("d = 2*b  # the double\ne = a + d  # a sum; of two\nL = c*e", -12.0),
    ("# nothing but the result\nc*(a + 2*b)", -12.0),
    ("c*(a + 2*b)", -12.0),
    ("a - b - c", 3.5),
    ("a / b / c", -1.0),
    ("a ** b ** 2", 3.0**2.25),
    ("-a ** 2", -9.0),
    ("(-a) ** 2", 9.0),
    ("2 ** -b", 2**-1.5),
    ("--a", 3.0),
    ("+a - -b", 4.5),
    ("a * -2", -6.0),
    ("1e-3*a + .5 + 1_000 + 0x10", 1016.503),
    ("tanh(a) + sigmoid(b)", math.tanh(3) + 1 / (1 + math.exp(-1.5))),
    ("relu(c) + maximum(a, b)", 3.0),
    ("exp(log(sqrt(a)))", math.sqrt(3)),
    ("binary_cross_entropy(sigmoid(c), 1)", math.log(1 + math.exp(2))),
    ("sigmoid_cross_entropy(c, 1)", math.log(1 + math.exp(2))),
    ("mul(a, b, c) + add(a, b, c)", -9.0 + 2.5),
    ("((((((((((a))))))))))", 3.0),
    ("x = 2; y = x*a; x*y", 12.0),
    ("exp = a*2; tanh(exp)", math.tanh(6)),
]


@pytest.mark.parametrize("text, expected", READ, ids=[t for t, _ in READ])
def test_a_formula_is_read(text: str, expected: float) -> None:
    graph = cg.parse(text)
    feed = {n: v for n, v in VALUES.items() if n in graph}
    assert cg.forward(graph, feed)[graph.output] == pytest.approx(expected, rel=1e-15)


def test_each_assignment_names_its_node() -> None:
    graph = cg.parse("d = 2*b; e = a + d; L = c*e")
    assert graph.names == ("c", "a", "2", "b", "d", "e", "L")
    assert graph.output.name == "L"
    assert [n.name for n in graph.inputs] == ["c", "a", "b"]


def test_the_outputs_are_what_no_later_statement_uses() -> None:
    graph = cg.parse("d = 2*b; e = a + d; f = d*d; 3*a")
    assert [graph.name(n) for n in graph.outputs][:2] == ["e", "f"]
    assert len(graph.outputs) == 3


def test_one_name_is_one_node() -> None:
    graph = cg.parse("z = x*x")
    assert graph.output.operands[0] is graph.output.operands[1]


def test_unicode_names_are_names() -> None:
    graph = cg.parse("ŷ = σ1*θ + β")
    assert graph.output.name == "ŷ"
    assert cg.forward(graph, {"σ1": 2, "θ": 3, "β": 1})["ŷ"] == 7.0


def test_arrays_have_the_shapes_that_are_given() -> None:
    graph = cg.parse("z = X @ W + b; L = mean(z, axis=0)", {"X": ("m", 3), "W": (3, 2), "b": 2})
    assert graph["z"].shape == ("m", 2)
    assert graph["L"].shape == (2,)


def test_attributes_of_functions_are_literals() -> None:
    graph = cg.parse("s = sum(X, axis=1, keepdims=True); r = reshape(X, shape=(3, -1))", {"X": (2, 3)})
    assert graph["s"].shape == (2, 1)
    assert graph["r"].shape == (3, 2)


def test_a_node_of_a_formula_knows_its_place_in_it() -> None:
    graph = cg.parse("d = 2*b; L = c*tanh(d)")
    assert graph["d"].where == "character 5 of the formula: 2*b"
    assert graph["L"].where == "character 14 of the formula: c*tanh(d)"


@pytest.mark.slow
def test_twenty_thousand_statements_are_read() -> None:
    graph = cg.parse("; ".join(f"x{i + 1} = x{i} + 1" for i in range(20_000)))
    assert cg.forward(graph, x0=0)["x20000"] == 20_000


def test_a_thousand_terms_are_read() -> None:
    graph = cg.parse("+".join(["a"] * 1000))
    assert cg.forward(graph, a=1)[graph.output] == 1000.0


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "a" + ")" * 10_000,
        "tanh(" * 10_000 + "a" + ")" * 10_000,
        "-" * 50_000 + "a",
        "+".join(["a"] * 50_000),
        "**".join(["a"] * 50_000),
        "[" * 10_000,
    ],
    ids=["parentheses", "calls", "signs", "terms", "powers", "open brackets"],
)
def test_what_python_itself_cannot_read_is_refused_and_does_no_harm(text: str) -> None:
    with pytest.raises(FormulaError, match="nested"):
        cg.parse(text)


def test_a_formula_of_more_than_a_million_characters_is_refused() -> None:
    with pytest.raises(FormulaError, match="1000001 characters"):
        cg.parse("a" * 1_000_001)


BAD: list[tuple[str, str]] = [
    ("", "the formula is empty"),
    ("   \n ;; ", "the formula is empty"),
    ("# only a comment", "the formula is empty"),
    ("x.__class__", "the attribute .__class__ is not allowed"),
    ("a.b", "the attribute .b is not allowed"),
    ("().__class__.__bases__", "attribute"),
    ("np.tanh(a)", "only functions of the table can be called"),
    ("foo(a)", "there is no function foo"),
    ("sigmoyd(a)", "did you mean sigmoid?"),
    ("print(a)", "there is no function print"),
    ("eval(a)", "there is no function eval"),
    ("__import__(a)", "there is no function __import__"),
    ("__import__('os')", "there is no function __import__"),
    ("a()()", "only functions of the table can be called"),
    ("a = a + 1", "a is defined by itself: a cycle"),
    ("a = b + 1; b = a + 1", "a cycle"),
    ("a = b + 1; b = c + 1; c = a + 1", "used before it is defined"),
    ("L = c*e; e = a + 1", "e is used before it is defined"),
    ("a = 1; a = 2", "a is defined twice"),
    ("y = x", "only renames x"),
    ("a << b", "not allowed"),
    ("~a", "not allowed"),
    ("not a", "not allowed"),
    ("a < b < c", "write (a < b)*(b < c)"),
    ("a and b", "not allowed"),
    ("lambda: a", "not allowed"),
    ("f'{a}'", "not allowed"),
    ("(a := 2)", "not allowed"),
    ("[a]", "not allowed"),
    ("(a, b)", "not allowed"),
    ("{a: b}", "not allowed"),
    ("[i for i in a]", "not allowed"),
    ("await a", "not allowed"),
    ("yield a", "not allowed"),
    ("a, b = c", "an assignment names one result"),
    ("a = b = c", "an assignment names one result"),
    ("a.b = c", "an assignment names one result"),
    ("a[0] = c", "an assignment names one result"),
    ("a += 1", "not allowed"),
    ("a: int = 1", "not allowed"),
    ("import os", "not allowed"),
    ("from os import path", "not allowed"),
    ("del a", "not allowed"),
    ("pass", "not allowed"),
    ("return a", "not allowed"),
    ("def f(): pass", "not allowed"),
    ("class C: pass", "not allowed"),
    ("while a: pass", "not allowed"),
    ("global a", "not allowed"),
    ("assert a", "not allowed"),
    ("raise a", "not allowed"),
    ("True", "True is no number"),
    ("None", "None is no number"),
    ("a + 'b'", "'b' is no number"),
    ("a + b'b'", "is no number"),
    ("1j*a", "1j is no number"),
    ("...", "is no number"),
    ("1e999", "too large for a float"),
    ("1" + "0" * 400, "too large for a float"),
    ("-1e999", "too large for a float"),
    ("a +", "does not read as one"),
    ("a b", "'a b' is not read as a product"),
    ("(a", "does not read as one"),
    ("a = ", "does not read as one"),
    ("a = (b +\nc", "does not read as one"),
    ("a\0b", "does not read as one"),
    ("\ud800", "no formula has"),
    ("sum(*a)", "not allowed"),
    ("sum(**a)", "** is not allowed"),
    ("sum(a, axis=b)", "axis= needs a number"),
    ("sum(a, axis=__import__('os'))", "axis= needs a number"),
]


@pytest.mark.parametrize("text, fragment", BAD, ids=[repr(t)[:40] for t, _ in BAD])
def test_what_is_no_formula_is_refused_in_one_line(text: str, fragment: str) -> None:
    with pytest.raises(FormulaError) as caught:
        cg.parse(text)
    assert fragment in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("text", [t for t, _ in BAD if t.strip(" ;\n#") and "only a comment" not in t])
def test_a_refused_formula_says_where_or_how_to_mend_it(text: str) -> None:
    with pytest.raises(FormulaError) as caught:
        cg.parse(text)
    assert caught.value.where or caught.value.fix


@pytest.mark.parametrize("thing", [None, 3, b"a + b", ["a"]], ids=repr)
def test_what_is_no_text_is_refused(thing: Any) -> None:
    with pytest.raises(FormulaError):
        cg.parse(thing)


@pytest.mark.parametrize(
    "text, kind, fragment",
    [
        ("exp()", ValueRefusedError, "exp takes 1 operand(s), not 0"),
        ("L = exp(a, b)", ValueRefusedError, "exp takes 1 operand(s), not 2"),
        ("exp(a, axis=1)", ValueRefusedError, "exp has no attribute 'axis'"),
        ("L = a @ b", ShapeError, "a scalar has no matrix product"),
        ("softmax(a)", ShapeError, "axis -1 is not there"),
        ("softmax(a, axis=None)", ShapeError, "axis"),
        ("transpose(a, axes=1)", ShapeError, "axes"),
        ("reshape(a, shape=(2, 'b c'))", ShapeError, "no dimension"),
    ],
)
def test_a_wrong_call_is_refused_at_its_place(text: str, kind: type[CgraphError], fragment: str) -> None:
    with pytest.raises(kind) as caught:
        cg.parse(text)
    assert fragment in str(caught.value)
    assert "of the formula" in str(caught.value)


def test_a_shape_for_a_variable_that_is_not_there_is_refused() -> None:
    with pytest.raises(FormulaError, match="the formula has no variable 'Y'"):
        cg.parse("X*2", {"Y": (2, 3)})


def test_shapes_that_do_not_fit_are_refused_at_their_place() -> None:
    with pytest.raises(ShapeError, match=r"character 5 of the formula: X @ W"):
        cg.parse("z = X @ W", {"X": ("m", 3), "W": (4, 2)})


@given(st.text(max_size=40) | st.text(alphabet="ab1+-*/@()=;., \n'\"#[]{}:<>^%&|~!_efx\\", max_size=25))
def test_any_text_is_a_graph_or_an_error_of_cgraph(text: str) -> None:
    try:
        graph = cg.parse(text)
    except CgraphError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert isinstance(graph, cg.Graph)


@st.composite
def arithmetic(draw: st.DrawFn, depth: int = 4) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(["a", "b", "c", "2", "0.5"]))
    left, right = draw(arithmetic(depth - 1)), draw(arithmetic(depth - 1))
    return draw(st.sampled_from([f"({left} + {right})", f"{left}*{right}", f"({left} - {right})", f"-({left})"]))


@given(arithmetic())
def test_a_formula_means_what_it_means_in_python(text: str) -> None:
    graph = cg.parse(f"L = {text}*1")
    feed = {n: np.float64(v) for n, v in VALUES.items() if n in graph}
    expected = eval(f"{text}*1", {"__builtins__": {}}, VALUES)  # noqa: S307 - a text that this test wrote itself
    assert cg.forward(graph, feed)["L"] == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "L = c*(\n  a\n  + 2*b)  # in brackets\n",
        "d = maximum(2*b,\n 0*b)\nL = c*(a +\n\n d)",
        "L = c*((a\n) + (2*\nb)); M = L*1",
    ],
)
def test_a_formula_goes_on_where_a_bracket_is_open(text: str) -> None:
    fwd = cg.forward(cg.parse(text), a=3, b=1, c=-2)
    assert fwd["L"] == -10.0


def test_a_bracket_that_is_never_closed_is_refused() -> None:
    with pytest.raises(FormulaError, match="never closed"):
        cg.parse("a = (b +\nc\nd = a")

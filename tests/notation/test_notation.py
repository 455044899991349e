"""Names, numbers and formulas as they are written."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cgraph as cg
from cgraph import notation
from cgraph.notation import Sym, latex, text
from cgraph.ops import TABLE


@pytest.mark.parametrize(
    ("spelled", "printed"),
    [
        ("a", "a"),
        ("x1", "x_{1}"),
        ("x_12", "x_{12}"),
        ("W[1]", "W^{[1]}"),
        ("w[1]11", "w^{[1]}_{11}"),
        ("w1_11", "w_{1,11}"),
        ("W[1]'", r"W^{[1]\prime}"),
        ("yhat", r"\hat{y}"),
        ("alpha2", r"\alpha_{2}"),
        ("loss", r"\mathrm{loss}"),
        ("100%", r"100\%"),
    ],
)
def test_a_name_gets_its_superscript_subscript_and_hat(spelled, printed):
    assert latex(notation.name(spelled)) == printed
    assert text(notation.name(spelled)) == spelled


def test_a_very_long_name_is_cut_short_in_print_but_not_in_text():
    long = "n" * 10_000
    assert text(notation.name(long)) == long
    assert len(latex(notation.name(long))) < 100


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (3.0, "3"),
        (-10.0, "−10"),
        (1 / 3, "0.333"),
        (-0.37754066879814546, "−0.378"),
        (0.5, "0.5"),
        (1234.5, "1234"),
        (449.55, "450"),
        (-20000.4, "−20000"),
        (999999.0, "999999"),
        (0.00012345, "0.000123"),
        (1.5e-9, "1.5×10⁻⁹"),
        (-6.02e23, "−6.02×10²³"),
        (float("nan"), "NaN"),
        (float("-inf"), "−∞"),
    ],
)
def test_numbers_have_three_digits_a_true_minus_and_no_negative_zero(value, written):
    assert text(notation.number(value)) == written


VALUES = [
    0,
    -2,
    0.5,
    -0.474077,
    1 / 3,
    123456.0,
    123456.7,
    999999.9,
    1e6,
    -1.5e7,
    1e-4,
    3.21e-5,
    -1e-9,
    449.5,
    -99999.5,
]
VALUES += [1e22, 7e100, 1e-300, float("inf"), float("-inf"), float("nan"), -0.0]


@given(st.floats() | st.floats(-1e7, 1e7).map(lambda x: round(x, 1)) | st.sampled_from(VALUES))
def test_a_number_as_plain_text_is_the_text_of_the_number_as_mathematics(value):
    assert notation.plain(value) == text(notation.number(value))


def test_an_array_as_plain_text_is_the_text_of_the_array():
    assert notation.plain(np.array([1.0, -2.0])) == text(notation.value(np.array([1.0, -2.0]))) == "[1, −2]"


def test_a_large_array_shows_its_first_entries():
    assert text(notation.value(np.arange(6.0).reshape(2, 3))) == "[0, 1, …]"
    assert text(notation.value(np.array([1.0, -2.0, 0.5]))) == "[1, −2, 0.5]"


@pytest.mark.parametrize(
    ("formula", "written"),
    [
        ("2*b", "2b"),
        ("b*2", "2b"),
        ("c*e", "ce"),
        ("a - (b - c)", "a − (b − c)"),
        ("a - b - c", "a − b − c"),
        ("(a + b)*c", "(a + b) · c"),
        ("a*b**2", "ab²"),
        ("(a*b)**2", "(ab)²"),
        ("a/(b*c)", "a/(bc)"),
        ("-a*b", "(−a) · b"),
        ("relu(a)*sigmoid(b)", "ReLU(a) · σ(b)"),
        ("a*(-2)", "−2a"),
        ("maximum(a, 0)", "max(a, 0)"),
        ("exp(-a)", "exp(−a)"),
    ],
)
def test_formulas_are_written_with_the_brackets_that_they_need(formula, written):
    node = cg.parse(formula).output
    assert text(notation.formula(node, {})) == written


def test_a_formula_that_would_be_too_long_is_not_written():
    node = cg.variable("x")
    for _ in range(200):
        node = node * node
    assert notation.formula(node, {}) is None


@pytest.mark.parametrize("name", TABLE)
def test_a_call_is_of_a_sign_that_is_no_formula_and_latex_knows_it(name: str) -> None:
    """`1 − x²(x)` would read as a product with x."""
    row = TABLE[name]
    bare = re.sub(r"\(.*\)", "", row.sign)  # what is in brackets reads as one
    assert row.written or not re.search(r"²| − |.[/∗]", bare), row.sign
    assert "U{+}" not in notation.latex(Sym(row.sign))


@pytest.mark.parametrize("name", TABLE)
def test_no_picture_says_an_operator_of_code(name: str) -> None:
    assert not re.search(r"@|\*|//|%", TABLE[name].sign), TABLE[name].sign


def test_products_of_matrices_of_elements_and_of_numbers_differ_in_a_circle() -> None:
    a, b, x = cg.variable("A", (2, 2)), cg.variable("B", (2, 2)), cg.variable("x")
    assert [text(notation.sign(node)) for node in (a @ b, a * b, x * x, x * a)] == ["•", "⊙", "∗", "∗"]

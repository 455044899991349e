"""There and back again: what SymPy is given back is what it gave, exactly, and the node has its value."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest
import sympy
from random_expressions import expressions, x, y
from sparse import sparse
from sympy import Rational

import cgraph as cg
from cgraph.errors import FormulaError
from cgraph.interop.sympy.constants import rational
from cgraph.proof import to_sympy
from cgraph.proof.balls import Enclosure, UnknownFunctionError

POINTS = [(Rational(914, 1250), Rational(-2469, 2000)), (Rational(-4127, 10000), Rational(6181, 10000)),
          (Rational(2113, 1000), Rational(1517, 1000))]  # fmt: skip
Point = tuple[Any, Any]


def told(e: Any) -> Any:
    """An expression whose unevaluated parts are parts like others."""
    while e.has(sympy.UnevaluatedExpr):  # one inside another takes two turns
        e = e.replace(sympy.UnevaluatedExpr, lambda inner: inner)
    return e


def values(*expressions: Any) -> list[list[Any]]:
    """Their values at each point: balls where there are any, which are certain, else 30 digits of SymPy's."""
    with contextlib.suppress(UnknownFunctionError):
        enclosure = Enclosure(*expressions)
        found = [enclosure.at(dict(zip((x, y), point, strict=True))) for point in POINTS]
        if None not in found:
            return found
    return [[at(e, point) for e in expressions] for point in POINTS]


def at(e: Any, point: Point) -> Any:
    """The value of an expression at a point, to 30 digits."""
    found = sympy.N(e.xreplace({s: sympy.Float(v, 40) for s, v in zip((x, y), point, strict=True)}), 30, chop=True)
    assert found.is_real, e
    return found


def number(node: cg.Node, point: Point) -> float:
    """A node at a point, in float64."""
    inputs = {n.name for n in cg.Graph(node).inputs}
    with np.errstate(all="ignore"):
        return float(cg.forward(node, {s: float(v) for s, v in zip("xy", point, strict=True) if s in inputs})[node])


def are_one_number(one: Any, other: Any) -> bool:
    if hasattr(one, "overlaps"):  # two balls of a radius below 1e-50: they meet or are two numbers
        return bool(one.overlaps(other))
    return bool(abs(one - other) <= sympy.Float(10) ** -22 * (1 + abs(other)))


def assert_is_given_back(e: Any) -> None:
    node = cg.from_sympy(e)
    back = cg.to_sympy(node)
    right = told(e)
    found = values(right) if back == e else values(right, told(back))
    assert all(are_one_number(*both) for both in found if len(both) == 2), (e, back)
    for point, (true, *_) in zip(POINTS, found, strict=True):
        assert number(node, point) == pytest.approx(float(true), rel=1e-11, abs=1e-11), (e, point)


def test_expressions_made_at_random_are_given_back() -> None:
    for e in expressions(25, seed=0):
        assert_is_given_back(e)


def test_an_expression_that_is_another_one_is_told_from_what_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in (lambda e: e + Rational(1, 10**45) * e, lambda e: e.subs(x, x * (1 + Rational(1, 10**30)))):
        monkeypatch.setattr(cg, "to_sympy", lambda node, wrong=wrong: wrong(to_sympy(node)))
        with pytest.raises(AssertionError):
            for e in expressions(5, seed=1):
                assert_is_given_back(e)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_many_expressions_made_at_random_are_given_back(seed: int, request: pytest.FixtureRequest) -> None:
    for e in expressions(request.config.getoption("--expressions") // 10, seed):
        assert_is_given_back(e)


HYPERBOLIC = [sympy.sinh, sympy.coth, sympy.tanh, sympy.cosh, sympy.sech, sympy.csch]


@pytest.mark.parametrize("function", sparse(HYPERBOLIC, 6), ids=str)
def test_a_real_number_is_taken_though_sympy_derives_that_it_is_none(function: Any) -> None:
    e = 1 + function(1 + sympy.UnevaluatedExpr(2**sympy.pi / 9) ** 2) ** 2
    assert sympy.coth is not function or e.is_real is False
    node = cg.from_sympy(x * e)
    assert float(cg.forward(node, x=1.0)[node]) == pytest.approx(float(e.doit()), rel=1e-14)
    with pytest.raises(FormulaError, match="finite real"):
        cg.from_sympy(x * (1 + function(sympy.UnevaluatedExpr(sympy.I) + 1)))


SAME = [
    *(x ** Rational(1, 3), x ** Rational(-2, 3), sympy.exp(2) * x, 2 ** Rational(1, 3) * x, sympy.root(x, 5)),
    *(sympy.E * x, sympy.pi * x / 7, sympy.sqrt(2) * x - sympy.sqrt(3), sympy.cos(1) * x, -sympy.cos(1) / 3 * x),
    *(x / 3 + Rational(2, 7), Rational(1, 3), Rational(-1, 3), Rational(10**30, 3) * x, Rational(1, 10**20) * x),
    *(Rational(123456789, 987654323) * x, 12345678901234567890123456789 * x, (10**17 + 1) * x, x**2 - (2**61 - 1)),
    *(sympy.Heaviside(x), sympy.Heaviside(x, 0), sympy.Heaviside(x, 1), sympy.Heaviside(x - y, Rational(1, 3))),
    *(sympy.Max(x, y, 1), sympy.Abs(x), sympy.floor(x) + sympy.ceiling(y), sympy.atan2(x, y), 3**x, 2**sympy.pi),
]  # fmt: skip


@pytest.mark.parametrize("e", SAME, ids=str)
def test_an_expression_of_ops_and_exact_numbers_comes_back_as_it_was(e: Any) -> None:
    assert cg.to_sympy(cg.from_sympy(e)) == e


@pytest.mark.parametrize("e", [x ** Rational(1, 3), sympy.exp(2) * x, 2 ** Rational(1, 3) * x, sympy.Heaviside(x) * x])
def test_what_is_proved_is_the_slope_of_the_function_that_was_given(e: Any) -> None:
    (check,) = cg.prove(cg.from_sympy(e)).checks
    assert check.verdict == "proved"
    assert sympy.simplify(check.sympys - sympy.diff(e, x).replace(sympy.DiracDelta, lambda *_: 0)) == 0


def test_integers_and_quotients_of_any_length_are_exact() -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        p, q = (int("".join(map(str, random.integers(0, 10, random.integers(1, 40)))) or "0") for _ in range(2))
        given = Rational(p, q + 1) * (-1) ** int(random.integers(2))
        node = rational(given)
        assert cg.to_sympy(node) == given
        assert float(cg.forward(node).values[-1]) == pytest.approx(given.p / given.q, rel=1e-15)


def test_thirds_and_powers_of_e_outlive_simplifying_and_deriving() -> None:
    e = sympy.exp(2) * x**2 / 3 + sympy.tanh(x / 7) + x ** Rational(1, 3) + sympy.sin(Rational(2, 3) * x)
    node = cg.from_sympy(e)
    assert cg.to_sympy(cg.simplify(node)) == e
    parts = e - x ** Rational(1, 3)  # of which the exponent is one less, in floats
    slope = cg.to_sympy(cg.simplify(cg.grad(cg.from_sympy(parts), "x")))
    assert sympy.simplify(slope - sympy.diff(parts, x)) == 0


# Values at the points that tell them apart ---------------------------------------------------------------------------
IN_CASES = sympy.Piecewise((x**2, (x > 0) & (x < 1)), (5, (x <= -1) | (x >= 2)), (7, True))
AT = [
    *((sympy.Heaviside(x), 0, 0.5), (sympy.Heaviside(x, 0), 0, 0), (sympy.Heaviside(x, 1), 0, 1)),
    *((sympy.Heaviside(x, Rational(1, 3)), 0, 1 / 3), (sympy.sinc(x), 0, 1), (sympy.sign(x), 0, 0)),
    *((IN_CASES, 0, 7), (IN_CASES, 0.5, 0.25), (IN_CASES, 1, 7), (IN_CASES, -1, 5), (IN_CASES, 2, 5)),
    *((sympy.Piecewise((1, sympy.Not(sympy.Eq(x, 1))), (2, True)), 1, 2), (sympy.Mod(x, 3), -1, 2)),
    *((sympy.Piecewise((1, sympy.Xor(x > 0, x > 1)), (2, True)), v, w) for v, w in ((0, 2), (1, 1), (1.5, 2))),
    *((sympy.Piecewise((1, sympy.ITE(x > 0, x > 1, x < -1)), (2, True)), v, w) for v, w in ((1, 2), (2, 1), (-2, 1))),
    *((sympy.Piecewise((1, sympy.Not(sympy.Xor(x > 0, x > 1))), (2, True)), v, w) for v, w in ((0, 1), (1, 2), (2, 1))),
    *((sympy.Piecewise((1, sympy.Not(sympy.ITE(x > 0, x > 1, x < -1))), (2, True)), v, w) for v, w in ((1, 1), (2, 2))),
    *((sympy.Piecewise((1, x > 0), (2, x <= 0)), 0, 2), (sympy.frac(x), -0.25, 0.75), (sympy.cot(x), np.pi / 2, 0)),
]  # fmt: skip


@pytest.mark.parametrize("e, at, expected", AT, ids=str)
def test_a_step_has_its_own_value_where_it_steps(e: Any, at: float, expected: float) -> None:
    node = cg.from_sympy(e)
    assert float(cg.forward(node, x=float(at))[node]) == pytest.approx(expected, abs=1e-15)
    assert float(cg.to_sympy(node).subs(x, sympy.Rational(at))) == pytest.approx(expected, abs=1e-15)


# Matrices ------------------------------------------------------------------------------------------------------------
A, B, C = sympy.MatrixSymbol("A", 2, 2), sympy.MatrixSymbol("B", 2, 3), sympy.MatrixSymbol("C", 2, 2)
MATRICES = [
    *(A[0, 1], sympy.Trace(A), sympy.Trace(A * A), sympy.Determinant(A), x * sympy.Trace(2 * A.T * C) + A[1, 0] ** 2),
    *((A * B)[1, 2], sympy.Trace(A.inv() * C), sympy.Trace(A**3), sympy.Determinant(A - 3 * C), sympy.Trace(A**-2)),
    *(sympy.Trace(A * sympy.Identity(2) + sympy.OneMatrix(2, 2)), sympy.Trace(sympy.HadamardProduct(A, C))),
    *(sympy.Trace(sympy.Matrix([[x, 1], [y, 2]]) * A), A * B, A + sympy.ZeroMatrix(2, 2), 2 * A.T),
]  # fmt: skip


@pytest.mark.parametrize("e", MATRICES, ids=str)
def test_matrices_and_numbers_made_of_them_are_those_of_their_elements(e: Any) -> None:
    def elements(m: Any) -> Any:
        return sympy.Matrix(*m.shape, lambda i, j: sympy.Symbol(f"{m.name}[{i},{j}]", real=True))

    node = cg.from_sympy(e)
    expected = e.subs({m: elements(m) for m in e.atoms(sympy.MatrixSymbol)}).doit()
    ours = [cg.to_sympy(node)] if node.shape == () else sympy.flatten(cg.to_sympy(node).tolist())
    theirs = [expected] if node.shape == () else list(expected.flat())
    assert [sympy.simplify(a - b) for a, b in zip(ours, theirs, strict=True)] == [0] * len(theirs)


def test_a_matrix_of_named_size_is_a_variable_of_named_shape() -> None:
    rows = sympy.Symbol("m")
    node = cg.from_sympy(sympy.Trace(sympy.MatrixSymbol("X", rows, 2).T * sympy.MatrixSymbol("X", rows, 2)))
    assert cg.forward(node, X=[[1, 2], [3, 4], [5, 6]])[node] == 91
    assert cg.Graph(node)["X"].shape == ("m", 2)


# What is refused, by its name ----------------------------------------------------------------------------------------
n = sympy.Symbol("n")
REFUSED: dict[str, tuple[Any, str]] = {
    "an integer beyond every float": (x * 10**400, r"1\.000e\+400 \(Integer\) has no node: no float64 is so large"),
    "a fraction below every float": (x / sympy.Integer(10) ** 400, r"1\.000e\+400 \(Integer\)"),
    "a number below every float": (Rational(1, 10**400), r"1\.000e-400 \(Rational\) has no node"),
    "a float beyond every float": (x * sympy.Float("1e400"), r"1\.000e\+400 \(Float\) has no node"),
    "the imaginary unit": (sympy.I * x, r"I \(ImaginaryUnit\) has no node: a node computes finite real"),
    "a multiple of it": (2 * sympy.I, r"I \(ImaginaryUnit\)"),
    "a complex root": (sympy.Integer(-1) ** Rational(1, 3) * x, "finite real"),
    "Euler's constant": (sympy.EulerGamma * x, r"EulerGamma \(EulerGamma\) has no node.*0\.5772"),
    "a step of no number": (sympy.Heaviside(x, y), "its value at 0, y, is no number"),
    "cases that leave some out": (sympy.Piecewise((x, x > 0)), "where none of its conditions holds"),
    "an element without a place": (A[n, 0], r"\(MatrixElement\) has no node: its row and its column"),
    "a power of a matrix": (sympy.Trace(A**n), r"\(MatPow\) has no node"),
    "a matrix of no size": (sympy.Trace(sympy.MatrixSymbol("A", 2 * n, 2 * n)), "the size of a matrix"),
    "two symbols of one name": (x + sympy.Symbol("x"), r"are named 'x', Symbol\('x'\) and Symbol\('x', real=True\): "
                                "their assumptions or kinds differ"),
    "a matrix and a number of one name": (A[0, 0] + sympy.Symbol("A"), "two different symbols are named 'A'"),
}  # fmt: skip


@pytest.mark.parametrize("e, message", REFUSED.values(), ids=REFUSED)
def test_what_has_no_node_is_refused_by_its_name(e: Any, message: str) -> None:
    with pytest.raises(FormulaError, match=message) as caught:
        cg.from_sympy(e)
    assert "Fix: " in str(caught.value)

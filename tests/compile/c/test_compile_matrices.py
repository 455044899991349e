"""Determinants, inverses and systems in C: beside exact fractions, beside NumPy, and where a matrix is singular."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

import cgraph as cg
from cgraph.errors import ValueRefusedError

OPS = {"det": cg.det, "inv": cg.inv, "adjugate": cg.worlds.GRAPH.adjugate}
RNG = np.random.default_rng(0)


def native(name: str, x: Any, dtype: str = "float64") -> Any:
    X = cg.variable("X", np.shape(x))
    return cg.compile(OPS[name](X), backend="native", dtype=dtype)(x)[0]


WHOLE = {
    "one number": [[-3]],
    "rows in the wrong order": [[0, 2], [5, 1]],
    "a pivot that is 0 later": [[1, 2, 3], [2, 4, 1], [3, 1, 1]],
    "four rows": [[2, -1, 0, 3], [1, 4, -2, 0], [0, 5, 1, 1], [-3, 0, 2, 2]],
    "rank one less": [[1, 2, 3], [4, 5, 6], [7, 8, 9]],
    "rank one less, in the middle": [[1, 1, 0], [1, 1, 0], [0, 0, 7]],
    "rank two less": [[1, 2, 3], [2, 4, 6], [-1, -2, -3]],
    "nothing but 0": [[0, 0], [0, 0]],
    "one 0": [[0]],
}


@pytest.mark.parametrize("matrix", WHOLE.values(), ids=WHOLE)
def test_determinants_and_adjugates_are_the_exact_ones_of_singular_matrices_too(matrix: list[list[int]]) -> None:
    exact = sympy.Matrix(matrix)
    np.testing.assert_allclose(native("det", matrix), float(exact.det()), atol=1e-13)
    np.testing.assert_allclose(native("adjugate", matrix), np.array(exact.adjugate(), float), atol=1e-13, rtol=1e-13)
    if exact.det():
        np.testing.assert_allclose(native("inv", matrix), np.array(exact.inv(), float), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-11), ("float32", 1e-3)])
@pytest.mark.parametrize("shape", [(3, 3), (40, 40), (2, 3, 5, 5), (0, 0), (0, 2, 2)])
def test_matrices_and_stacks_of_them_are_numpys_up_to_rounding(shape: tuple[int, ...], dtype: str, rtol: float) -> None:
    x = RNG.normal(size=shape)
    det, inverse = np.linalg.det(x), np.linalg.inv(x)
    for name, want in (("det", det), ("inv", inverse), ("adjugate", det[..., None, None] * inverse)):
        got = native(name, x, dtype)
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol * np.abs(want).max(initial=0))


@pytest.mark.parametrize("shapes", [((3, 3), (3,)), ((4, 4), (4, 2)), ((2, 3, 3), (3,)), ((2, 1, 3, 3), (5, 3, 2)),
                                    ((3, 3), (2, 3, 1)), ((2, 3, 3), (0, 1, 3, 2))])  # fmt: skip
def test_systems_are_solved_for_vectors_matrices_and_stacks_that_broadcast(shapes: Any) -> None:
    x, y = (RNG.normal(size=shape) for shape in shapes)
    X, Y = cg.variable("X", x.shape), cg.variable("Y", y.shape)
    got = cg.compile(cg.solve(X, Y), backend="native")(x, y)[0]
    np.testing.assert_allclose(x @ got if y.ndim > 1 else (x @ got[..., None])[..., 0], np.broadcast_to(y, got.shape),
                               rtol=1e-10, atol=1e-12)  # fmt: skip


def test_a_determinant_neither_over_nor_underflows_on_the_way() -> None:
    numbers = np.array([1e-200, -1e-200, 1e250, 1e250])
    for order in ([0, 1, 2, 3], [2, 3, 0, 1], [0, 2, 1, 3]):
        assert native("det", np.diag(numbers[order])) == pytest.approx(-1e100, rel=1e-13)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_pivots_are_exchanged_as_they_must_and_a_last_one_of_0_makes_a_matrix_singular(size: int) -> None:
    """P L U of a few halves and quarters, where elimination does not round: its pivots are those of U."""
    X = cg.variable("X", (size, size))
    program, det = cg.compile(cg.inv(X), backend="native"), cg.compile(cg.det(X), backend="native")
    for _ in range(20):
        lower = np.tril(RNG.integers(-2, 3, (size, size)) / 4, -1) + np.eye(size)
        upper = np.triu(RNG.integers(-4, 5, (size, size)) / 2, 1) + np.diag(RNG.choice([-2.0, 1.0, 4.0], size))
        order = RNG.permutation(size)
        x = (lower @ upper)[order]
        sign = round(np.linalg.det(np.eye(size)[order]))
        assert det(x)[0] == sign * np.prod(np.diag(upper))
        np.testing.assert_allclose(program(x)[0] @ x, np.eye(size), atol=1e-9)
        upper[-1, -1] = 0
        singular = (lower @ upper)[order]
        assert det(singular)[0] == 0
        with pytest.raises(ValueRefusedError, match=r"the inverse of a singular matrix \(at test_compile_matrices"):
            program(singular)


def test_a_singular_matrix_is_refused_before_anything_is_updated() -> None:
    X, b, n = cg.variable("X", (2, 2, 2)), cg.parameter("b", [1.0, 1.0]), cg.parameter("n", 0.0)
    program = cg.compile([], updates={n: n + 1, b: cg.solve(X, b)[1]}, inputs=[X], backend="native")
    with pytest.raises(ValueRefusedError, match="the solution of a singular matrix"):
        program([np.eye(2), np.ones((2, 2))])
    assert program.value(n) == 0
    np.testing.assert_array_equal(program.value(b), [1.0, 1.0])
    program([np.eye(2), 2 * np.eye(2)])
    np.testing.assert_array_equal(program.value(b), [0.5, 0.5])


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_of_nan_everything_is_nan_and_nothing_is_raised(backend: str) -> None:
    X = cg.variable("X", (2, 2, 2))
    given = [np.eye(2), [[np.nan, 1.0], [0.0, 2.0]]]
    for one, other in cg.compile([cg.det(X), cg.worlds.GRAPH.adjugate(X)], backend=backend)(given):
        assert np.isfinite(one).all() and np.isnan(other).any()


@pytest.mark.parametrize("order", [1, 2])
def test_gradients_of_log_det_and_of_a_quadratic_form_agree_with_their_formulas(order: int) -> None:
    x, y = RNG.normal(size=(3, 3)) + 3 * np.eye(3), RNG.normal(size=3)
    X, Y = cg.variable("X", (3, 3)), cg.variable("Y", (3,))
    inverse = np.linalg.inv(x)
    if order == 1:
        program = cg.compile([cg.grad(cg.log(cg.det(X)), X), cg.grad(Y @ cg.solve(X, Y), X)], backend="native")
        slope, form = program(X=x, Y=y)
        np.testing.assert_allclose(slope, inverse.T, rtol=1e-11)
        np.testing.assert_allclose(form, -np.outer(inverse.T @ y, inverse @ y), rtol=1e-11)
    else:
        direction = RNG.normal(size=(3, 3))
        along = cg.sum(cg.grad(cg.log(cg.det(X)), X) * cg.constant(direction))
        second = cg.compile(cg.grad(along, X), backend="native")(X=x)[0]
        np.testing.assert_allclose(second, -(inverse @ direction @ inverse).T, rtol=1e-10)

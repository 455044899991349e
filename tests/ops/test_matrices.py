"""Determinants, adjugates, inverses and their derivatives at and near singular matrices, beside exact fractions."""

from __future__ import annotations

from itertools import permutations
from math import factorial
from typing import Any

import numpy as np
import pytest
import sympy
from sympy.polys.matrices import DomainMatrix

import cgraph as cg
from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.worlds import GRAPH

RANKS = [
    pytest.param(size, rank, near, marks=pytest.mark.slow if size > 3 or 0 < rank < size - 1 or near == 1e-15 else ())
    for size in (2, 3, 4, 5)
    for rank in range(size + 1)
    for near in (0.0, 1e-15, 1e-8)
]


def matrices(size: int, rank: int, near: float) -> tuple[Any, list[Any]]:
    """A matrix of whole numbers of this rank, moved a little, and four directions."""
    rng = np.random.default_rng(10 * size + rank)
    draw = lambda *shape: rng.integers(-3, 4, shape).astype(float)  # noqa: E731
    left, right = (np.tril(draw(size, size), -1) + np.eye(size) for _ in range(2))
    diagonal = np.diag([1.0 + i % 2 for i in range(rank)] + [0.0] * (size - rank))
    return left @ diagonal @ right.T + near * np.eye(size)[::-1], [draw(size, size) for _ in range(4)]


def exactly(x: Any) -> Any:
    return sympy.Matrix(*x.shape, [sympy.Rational(float(v)) for v in x.ravel()])


def mixed(x: Any, directions: list[Any]) -> float:
    """The derivative of the determinant along directions, exactly: it is linear in every row."""
    rows, others = exactly(x).tolist(), [exactly(y).tolist() for y in directions]
    total = sympy.Integer(0)
    for chosen in permutations(range(len(rows)), len(others)):
        moved = list(rows)
        for place, other in zip(chosen, others, strict=True):
            moved[place] = other[place]
        found = DomainMatrix.from_list_sympy(len(rows), len(rows), moved).to_field()
        total += found.domain.to_sympy(found.det())
    return float(total)


def rounding(x: Any, directions: list[Any]) -> float:
    """What rounding may do to it: some units in the last place of the terms of Leibniz's sum, added up."""
    size, count = len(x), len(directions)
    largest = np.linalg.norm(x, 2) ** (size - count) * np.prod([np.linalg.norm(y, 2) for y in directions])
    return float(1e-15 * size * factorial(size) / factorial(size - count) * largest)


def derivatives(of: Any, x: Any, directions: list[Any]) -> list[Any]:
    """The same as nodes: each gradient, along the next direction."""
    found = [of]
    for y in directions[: x.shape[0]]:
        found.append(cg.sum(cg.grad(found[-1], x) * y))
    return found


def _programs(outputs: list[Any]) -> dict[str, Any]:
    return {
        "pass": lambda x: [cg.forward(n, x=x).values[-1] if "x" in cg.Graph(n) else n.value for n in outputs],
        "numpy": cg.compile(outputs, backend="numpy"),
        "native": cg.compile(outputs, backend="native"),
    }


@pytest.mark.parametrize("size, rank, near", RANKS)
def test_a_determinant_and_its_derivatives_are_exact_at_every_rank(size: int, rank: int, near: float) -> None:
    matrix, directions = matrices(size, rank, near)
    x, orders = cg.variable("x", (size, size)), range(min(size, 3) + 1)
    outputs = derivatives(cg.det(x), x, directions)
    for program in _programs([outputs[k] for k in orders]).values():
        for k, found in zip(orders, program(x=matrix), strict=True):
            bound, relative = rounding(matrix, directions[:k]), 0 if k else 2e-14  # NumPy's det is exp of a logarithm
            assert found == pytest.approx(mixed(matrix, directions[:k]), abs=bound, rel=relative)


@pytest.mark.parametrize("size, rank, near", RANKS)
def test_an_adjugate_and_its_derivatives_are_exact_at_every_rank(size: int, rank: int, near: float) -> None:
    matrix, (weights, *directions) = matrices(size, rank, near)
    x, orders = cg.variable("x", (size, size)), range(min(size, 4))
    outputs = derivatives(cg.sum(GRAPH.adjugate(x) * weights), x, directions)
    for program in _programs([outputs[k] for k in orders]).values():
        for k, found in zip(orders, program(x=matrix), strict=True):
            along = [weights.T, *directions[:k]]
            assert found == pytest.approx(mixed(matrix, along), abs=rounding(matrix, along), rel=0)


def test_the_hessian_of_a_determinant_of_two_rows_is_the_same_everywhere() -> None:
    x = cg.variable("x", (2, 2))
    want = np.zeros((2, 2, 2, 2))
    want[0, 0, 1, 1] = want[1, 1, 0, 0] = 1
    want[0, 1, 1, 0] = want[1, 0, 0, 1] = -1
    for matrix in (
        [[1, 2], [2, 4]],
        [[0, 0], [0, 0]],
        [[1, 2], [2, 4 + 1e-12]],
        [[1, 2], [3, 4]],
        [[1e300, 1], [1, 0]],
    ):
        np.testing.assert_array_equal(cg.forward(cg.hessian(cg.det(x), x), x=matrix).values[-1], want)
        along = cg.grad(cg.sum(cg.grad(cg.det(x), x) * [[1.0, 2.0], [3.0, 4.0]]), x)
        np.testing.assert_array_equal(cg.forward(along, x=matrix).values[-1], [[4, -3], [-2, 1]])


@pytest.mark.parametrize("condition", [1e1, 1e6, 1e10])
def test_an_inverse_and_its_derivatives_lose_no_more_than_the_matrix_does(condition: float) -> None:
    rng = np.random.default_rng(3)
    u, v = (np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(2))
    matrix, direction = u @ np.diag([1, 0.5, 1 / condition]) @ v, rng.normal(size=(3, 3))
    exact = exactly(matrix).inv()
    series, step = [exact], -exact * exactly(direction)
    for k in (1, 2):
        series.append(k * step * series[-1])
    x = cg.variable("x", (3, 3))
    outputs = derivatives(cg.sum(cg.inv(x)), x, [direction] * 2)
    for program in _programs(outputs).values():
        for k, found in enumerate(program(x=matrix)):
            assert found == pytest.approx(float(sum(series[k])), rel=1e-14 * condition * (k + 1))


def test_directions_have_the_shape_of_the_matrix() -> None:
    with pytest.raises(ShapeError, match="a direction has the shape of the matrix"):
        GRAPH.adjugate_along(cg.variable("x", (2, 2)), cg.variable("y", (3, 3)))


@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (2, 3, 3)])
def test_the_logarithm_of_a_determinant_is_numpys(shape: tuple[int, ...]) -> None:
    value = np.random.default_rng(5).normal(size=shape)
    x = cg.variable("x", shape)
    sign, logarithm = cg.slogdet(x)
    want = np.linalg.slogdet(value)
    inverse = np.swapaxes(np.linalg.inv(value), -1, -2)
    for program in _programs([sign, logarithm, cg.grad(cg.sum(logarithm), x)]).values():
        for found, expected in zip(program(x=value), (*want, inverse), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_a_determinant_that_underflows_has_its_logarithm(backend: str) -> None:
    x = cg.variable("x", (400, 400))
    logarithm = cg.slogdet(x)[1]
    value, slope = cg.compile([logarithm, cg.grad(logarithm, x)], backend=backend)(x=0.1 * np.eye(400))
    assert value == pytest.approx(-921.0340371976183, rel=1e-13)
    np.testing.assert_allclose(slope, 10 * np.eye(400), rtol=1e-13)


def test_a_singular_matrix_has_the_sign_0_and_no_slope() -> None:
    x = cg.variable("x", (2, 2))
    sign, logarithm = cg.slogdet(x)
    fwd = cg.forward([sign, logarithm], x=np.ones((2, 2)))
    assert (fwd[sign], fwd[logarithm]) == (0, -np.inf)
    with pytest.raises(ValueRefusedError, match="singular"):
        cg.backward(fwd, of=logarithm)

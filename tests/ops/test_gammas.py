"""xlogy where a factor is 0; log Γ and its derivatives on both sides of 0, at poles and zeros, beside mpmath."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from sparse import sparse

import cgraph as cg
from cgraph.ops import gammas

RANDOM = np.random.default_rng(4)
POSITIVE = [
    *RANDOM.uniform(0, 14, 60),
    *10 ** RANDOM.uniform(-99, 99, 20),
    1.0,
    2.0,
    1 + 1e-9,
    2 - 1e-9,
    0.5,
    1.5,
    10.0,
]
NEGATIVE = [*-RANDOM.uniform(0, 14, 60), *-(10 ** RANDOM.uniform(-30, 3, 20)), -1e-300, -0.5, -2.5, -3 + 1e-9]


def exact(order: int, x: float) -> Any:
    """The derivative of log|Γ| of this order, with 40 digits."""
    with mpmath.workdps(40):
        if order:
            return mpmath.psi(order - 1, mpmath.mpf(x))
        return mpmath.log(abs(mpmath.gamma(mpmath.mpf(x)))) if abs(x) < 1e6 else mpmath.loggamma(mpmath.mpf(x))


def off(found: Any, points: Any, order: int, kind: Any) -> float:
    """How many units in the last place the worst is off; where a derivative changes its sign, of at least 1."""
    worst, limits = 0.0, np.finfo(kind)
    for x, mine in zip(points, found, strict=True):
        right = exact(order, float(x))
        if abs(right) > limits.max:
            assert np.isinf(mine)
            continue
        changes_sign = order == 1 or (x < 0 and (order == 0 or order % 2 == 1))
        least = 1 if changes_sign else float(limits.tiny)
        worst = max(worst, float(abs(mpmath.mpf(float(mine)) - right) / max(abs(right), least)) / float(limits.eps))
    return worst


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("order", sparse(range(6), 3))
def test_the_logarithm_of_gamma_has_its_digits_and_so_have_its_derivatives(order: int, dtype: str) -> None:
    tiny = 1e-300 if dtype == "float64" else 1e-30
    points = np.array([x for x in (*POSITIVE, *NEGATIVE) if tiny <= abs(x) < 1 / tiny], dtype)
    points = points[(points > 0) | (points != np.rint(points))]
    x = cg.variable("x", points.shape)
    node = cg.polygamma(order - 1, x) if order else cg.lgamma(x)
    with np.errstate(over="ignore"):
        passed = cg.forward(node, x=points, world=cg.worlds.NumpyWorld(dtype))[node]
        compiled = [cg.compile(node, backend=b, dtype=dtype)(points)[0] for b in ("numpy", "native")]
    for found in (passed, *compiled):
        assert off(found, points, order, dtype) < 8 + 2 * order


def test_each_derivative_of_the_logarithm_of_gamma_is_the_next_polygamma_function() -> None:
    x = cg.variable("x")
    node = cg.lgamma(x)
    for order in range(1, 5):
        node = cg.grad(node, x)
        assert cg.to_sympy(node) == sympy.polygamma(order - 1, sympy.Symbol("x", real=True))
        for at in (0.3, 1.4616, 7.0, -2.7):
            assert cg.forward(node, x=at)[node] == pytest.approx(float(exact(order, at)), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("order", range(4))
def test_beside_a_pole_a_derivative_is_as_infinite_as_numbers_are(order: int) -> None:
    points = np.array([-5e-324, 5e-324])
    x = cg.variable("x", points.shape)
    node = cg.digamma(x, order=order)
    want = [np.inf, -np.inf] if order % 2 == 0 else [np.inf, np.inf]
    for found in (cg.forward(node, x=points)[node], cg.compile(node, backend="native")(points)[0]):
        np.testing.assert_array_equal(found, want)


POLES: dict[int, list[float]] = {  # of the order -1 (log|Γ|), 0, 1, 2: at 0, -0, -1, -7, ∞, -∞ and NaN, as SciPy's
    -1: [np.inf, np.inf, np.inf, np.inf, np.inf, np.inf, np.nan],
    0: [-np.inf, np.inf, np.nan, np.nan, np.inf, np.nan, np.nan],
    1: [np.inf, np.inf, np.inf, np.inf, 0.0, np.nan, np.nan],
    2: [-np.inf, np.inf, np.nan, np.nan, 0.0, np.nan, np.nan],
}


@pytest.mark.parametrize("order", POLES)
def test_poles_are_infinite_where_both_sides_agree_and_nan_where_they_do_not(order: int) -> None:
    points = np.array([0.0, -0.0, -1.0, -7.0, np.inf, -np.inf, np.nan])
    x = cg.variable("x", points.shape)
    node = cg.digamma(x, order=order) if order >= 0 else cg.lgamma(x)
    for found in (cg.forward(node, x=points)[node], cg.compile(node, backend="native")(points)[0]):
        np.testing.assert_array_equal(found, POLES[order])


def test_the_numbers_of_the_series_are_those_of_mpmath() -> None:
    assert [float(mpmath.zeta(k) - 1) for k in range(2, 2 + 6)] == pytest.approx(gammas.ZETAS[:6], rel=1e-14)
    with mpmath.workdps(40):
        assert tuple(float(mpmath.zeta(k) - 1) for k in range(2, 2 + len(gammas.ZETAS))) == gammas.ZETAS
        assert tuple(float(mpmath.bernoulli(2 * k)) for k in range(1, 1 + len(gammas.BERNOULLI))) == gammas.BERNOULLI
        assert float(1 - mpmath.euler) == gammas.ONE_LESS_EULER


def test_sympys_names_are_read_and_half_an_order_is_refused() -> None:
    s = sympy.Symbol("s", real=True)
    for e in (sympy.loggamma(s), sympy.digamma(s), sympy.trigamma(s), sympy.polygamma(3, s)):
        assert cg.to_sympy(cg.from_sympy(e)) == e.rewrite(sympy.polygamma)
        node = cg.from_sympy(e)
        assert cg.forward(node, s=0.7)[node] == pytest.approx(float(e.subs(s, 0.7)), rel=1e-14)
    for order in (-1, 0.5, True):
        with pytest.raises(cg.errors.ShapeError, match="whole order"):
            cg.polygamma(order, cg.variable("x"))  # type: ignore[arg-type]


NUMBERS = [0.0, -0.0, 0.5, -2.0, 1.0, 1e-300, np.inf, np.nan]


@pytest.mark.parametrize("backend", ["pass", "numpy", "native"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_xlogy_is_0_where_its_factor_is_and_nan_beside_nan(backend: str, dtype: str) -> None:
    with np.errstate(all="ignore"):
        x, y = (g.ravel() for g in np.meshgrid(np.array(NUMBERS, dtype), np.array(NUMBERS, dtype)))
        want = np.where((x == 0) & ~np.isnan(y), 0.0, x * np.log(y))
    a, b = cg.variable("a", x.shape), cg.variable("b", y.shape)
    node = cg.xlogy(a, b)
    if backend == "pass":
        found = cg.forward(node, a=x, b=y, world=cg.worlds.NumpyWorld(dtype))[node]
    else:
        found = cg.compile(node, backend=backend, dtype=dtype)(x, y)[0]
    assert found.dtype == dtype
    np.testing.assert_allclose(found, want, rtol=2 * float(np.finfo(dtype).eps))


def test_the_slopes_of_an_entropy_are_right_where_a_probability_is_0() -> None:
    x, y = cg.variables("x y")
    bwd = cg.backward(cg.forward(cg.xlogy(x, y), x=0.0, y=0.0))
    assert (bwd.forward.values[-1], bwd.gradient["x"], bwd.gradient["y"]) == (0.0, -np.inf, 0.0)
    p = cg.variable("p", 3)
    slope = cg.backward(cg.forward(cg.sum(cg.xlogy(p, p)), p=[0.25, 1.0, 0.0])).gradient["p"]
    assert slope.tolist() == [pytest.approx(np.log(0.25) + 1), 1.0, -np.inf]

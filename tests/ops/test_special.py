"""Remainders, logaddexp and sinc where their formulas lose digits, in passes and in C."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from sparse import sparse

import cgraph as cg

NEAR_AND_FAR = [0.0, 5e-324, 1e-300, -1e-8, 1e-3, 0.1, -0.3, 0.49, 0.5, 0.51, 0.99, 1.0, -1.01, 1.2, 2.3, 7.25, -33.4]


def _derivative(x: float, order: int) -> float:
    """The derivative of sin(πx)/(πx) as an integral: of t^n cos(πxt + nπ/2) over 0 to 1, times π^n."""
    with mpmath.workdps(40):
        turned = lambda t: t**order * mpmath.cos(mpmath.pi * mpmath.mpf(x) * t + order * mpmath.pi / 2)  # noqa: E731
        return float(mpmath.pi**order * mpmath.quad(turned, mpmath.linspace(0, 1, int(abs(x)) + 2)))


@pytest.mark.parametrize("order", sparse(range(6), 3))
def test_sinc_and_its_derivatives_keep_their_digits_near_0_and_far_from_it(order: int) -> None:
    x = cg.variable("x", len(NEAR_AND_FAR))
    node = cg.sinc(x)
    for _ in range(order):
        node = cg.grad(cg.sum(node), x)
    want = np.array([_derivative(v, order) for v in NEAR_AND_FAR])
    passed = cg.forward(node, x=NEAR_AND_FAR)[node]
    for found in (passed, cg.compile(node, backend="native")(np.array(NEAR_AND_FAR))[0]):
        np.testing.assert_allclose(found, want, rtol=1e-14, atol=1e-16 if order else 4e-17)


def test_sinc_is_exactly_0_at_whole_numbers_and_goes_to_0() -> None:
    x = [1.0, -2.0, 3.0, 1e5, 1e300, np.inf, -np.inf]
    for order in (0, 1):
        found = cg.forward(cg.sinc(cg.variable("x", 7), order=order), x=x).values[-1]
        assert np.abs(found[-3:]).max() < 1e-299 and (order or not found.any())
    assert np.isnan(cg.forward(cg.sinc(cg.variable("x")), x=np.nan).values[-1])


def test_half_a_derivative_of_sinc_is_refused() -> None:
    for order in (0.5, -1, True):
        with pytest.raises(cg.errors.ShapeError, match="whole order"):
            cg.sinc(cg.variable("x"), order=order)


@pytest.mark.parametrize("x, y", [(1000.0, 999.0), (-1000.0, -1001.0), (1e300, -1e300), (0.1, -745.0), (3.0, 3.0)])
def test_logaddexp_neither_overflows_nor_loses_a_slope(x: float, y: float) -> None:
    a, b = cg.variables("x y")
    with mpmath.workdps(50):
        gap = mpmath.mpf(y) - mpmath.mpf(x)
        share = 1 / (1 + mpmath.exp(gap)) if gap < 1e6 else mpmath.mpf(0)
        want = float(x - mpmath.log(share)) if share else y
    bwd = cg.backward(cg.forward(cg.logaddexp(a, b), x=x, y=y))
    assert bwd.forward.values[-1] == pytest.approx(want, rel=1e-15)
    assert bwd.gradient["x"] == pytest.approx(float(share), rel=1e-14)
    assert cg.compile(cg.logaddexp(a, b), backend="native")(x=x, y=y)[0] == pytest.approx(want, rel=1e-15)


def test_logaddexp_of_nothing_is_nothing() -> None:
    node = cg.logaddexp(cg.variable("x"), cg.variable("y"))
    for feed, want in (((-np.inf, -np.inf), -np.inf), ((-np.inf, 2.0), 2.0), ((np.inf, 2.0), np.inf)):
        assert cg.forward(node, x=feed[0], y=feed[1]).values[-1] == want
        assert cg.compile(node, backend="native")(x=feed[0], y=feed[1])[0] == want


REMAINDERS = [-7.5, -1.0, -1e-300, -0.0, 0.0, 0.3, 1.0, 5.0, 1e17, np.inf, np.nan]


@pytest.mark.parametrize("backend", ["pass", "numpy", "native"])
def test_a_remainder_has_the_sign_of_what_is_divided_by_as_in_python(backend: str) -> None:
    x, y = (g.ravel() for g in np.meshgrid(REMAINDERS, REMAINDERS))
    a, b = cg.variable("a", x.shape), cg.variable("b", y.shape)
    node = a % b
    with np.errstate(all="ignore"):
        found = cg.forward(node, a=x, b=y)[node] if backend == "pass" else cg.compile(node, backend=backend)(x, y)[0]
        want = np.array([np.float64(p) % np.float64(q) for p, q in zip(x, y, strict=True)])
    np.testing.assert_array_equal(found, want)
    np.testing.assert_array_equal(np.signbit(found[~np.isnan(found)]), np.signbit(want[~np.isnan(want)]))


def _fraction(x: float, y: float) -> int:
    with mpmath.workdps(400):
        return int(mpmath.floor(mpmath.mpf(x) / mpmath.mpf(y)))


@pytest.mark.parametrize("x, y", [(1.0, 0.1), (0.3, 0.1), (6.0, 2.0), (-1e-300, 5.0), (1e10, 3.3), (-7.5, 2.5)])
def test_the_slope_of_a_remainder_in_what_is_divided_by_is_exact_beside_its_jumps(x: float, y: float) -> None:
    a, b = cg.variables("a b")
    bwd = cg.backward(cg.forward(a % b, a=x, b=y))
    assert (bwd.gradient["a"], bwd.gradient["b"]) == (1.0, -_fraction(x, y))  # 1.0/0.1 rounds to 10, but 9 is right


@pytest.mark.parametrize("x, y", [(1.0, 0.1), (7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (-0.3, 0.1), (1e17, 3.0)])
def test_a_quotient_rounded_down_goes_with_its_remainder_as_in_python(x: float, y: float) -> None:
    a, b = cg.variables("a b")
    for node in (a // b, x // b, a // y, np.floor_divide(a, b)):
        feed = {n: {"a": x, "b": y}[str(n.name)] for n in cg.Graph(node).inputs}
        assert cg.forward(node, feed)[node] == x // y


@pytest.mark.parametrize(
    "made", [lambda x: x % 3.0, lambda x: 3.0 % x, lambda x: np.mod(x, 3.0), lambda x: cg.mod(x, 3.0)]
)
def test_a_remainder_is_written_as_in_python(made: Any) -> None:
    node = made(cg.variable("x"))
    assert cg.forward(node, x=-7.0).values[-1] == (made(-7.0) if "cg" not in made.__code__.co_names else 2.0)

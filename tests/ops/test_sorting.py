"""Sorted elements and recurrences: ties, NaN, zeros, second derivatives; in passes and in programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cgraph as cg

BACKENDS = ["pass", "numpy", "native"]
MANY = ["pass", "numpy", pytest.param("native", marks=pytest.mark.slow)]  # where there are many to compile


def computed(node: cg.Node, feed: dict[Any, Any], backend: str) -> Any:
    given = {x: v for x, v in feed.items() if x in cg.Graph(node)}
    return cg.forward(node, given)[node] if backend == "pass" else cg.compile(node, backend=backend)(given)[0]


def keys(seed: int, shape: tuple[int, ...]) -> Any:
    """Few different numbers, so that there are ties, and some NaN and infinities."""
    random = np.random.default_rng(seed)
    return random.choice([-np.inf, -1.0, -0.0, 0.0, 2.0, 2.5, np.inf, np.nan], shape)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("shape, axis", [((1,), 0), ((2,), -1), ((37,), 0), ((3, 8), 0), ((4, 5, 3), 1), ((0, 2), 0)])
def test_an_order_by_keys_is_stable_and_its_inverse_puts_back(shape: tuple[int, ...], axis: int, backend: str) -> None:
    x, y = cg.variable("x", shape), cg.variable("y", shape)
    value, by = np.random.default_rng(1).normal(size=shape), keys(len(shape), shape)
    feed = {x: value, y: by}
    places = np.argsort(by, axis=axis, kind="stable")
    ordered = computed(cg.sort_by(x, y, axis=axis), feed, backend)
    np.testing.assert_array_equal(ordered, np.take_along_axis(value, places, axis))
    back = computed(cg.unsort_by(cg.sort_by(x, y, axis=axis), y, axis=axis), feed, backend)
    np.testing.assert_array_equal(back, value)
    np.testing.assert_array_equal(computed(cg.argsort(y, axis=axis), feed, backend), places)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_gradient_of_a_sort_goes_where_the_element_came_from(backend: str) -> None:
    x, weights = cg.variable("x", (3, 4)), np.arange(12.0).reshape(3, 4)
    value = np.array([[3.0, 1.0, 2.0, 1.0], [0.0, 0.0, 0.0, 0.0], [np.nan, 5.0, -1.0, 4.0]])
    gradient = cg.grad(cg.sum(cg.sort(x) * weights), x)
    want = np.zeros((3, 4))
    np.put_along_axis(want, np.argsort(value, kind="stable"), weights, -1)
    np.testing.assert_array_equal(computed(gradient, {x: value}, backend), want)


def test_a_median_of_nan_is_nan_and_of_infinities_what_numpy_says() -> None:
    inf = np.inf
    for row in ([1.0, np.nan, 3.0], [1.0, 2.0, inf], [-inf, 1.0, 2.0], [inf] * 3, [inf] * 2, [-inf, 1.0, 2.0, inf]):
        x = cg.variable("x", len(row))
        np.testing.assert_equal(float(cg.forward(cg.median(x), x=row).values[-1]), float(np.median(row)))
        ends = cg.forward(cg.quantile(x, [0.0, 1.0]), x=row).values[-1]
        np.testing.assert_equal(ends, np.sort(row)[[0, -1]] if not np.isnan(row).any() else [np.nan, np.nan])


def test_an_element_that_a_share_falls_on_does_not_ask_its_neighbour() -> None:
    x = cg.variable("x", 3)
    found = cg.forward(cg.quantile(x, [0.5, 0.75, 1.0]), x=[1.0, 2.0, np.inf]).values[-1]
    assert found.tolist() == [2.0, np.inf, np.inf]


FACTORS = [[2.0, 3.0, 4.0, 5.0], [2.0, 0.0, 4.0, 5.0], [0.0, 0.0, 4.0, 5.0], [2.0, 3.0, 0.0, 0.0], [0.0] * 4]


@pytest.mark.parametrize("backend", MANY)
@pytest.mark.parametrize("factors", FACTORS, ids=str)
def test_products_so_far_have_every_derivative_also_with_zeros_among_the_factors(
    factors: list[float], backend: str
) -> None:
    import sympy

    x, weights = cg.variable("x", 4), np.array([1.0, -2.0, 3.0, 5.0])
    total = cg.sum(cg.cumprod(x) * weights)
    names = sympy.symbols("a:4")
    exact = sum(int(w) * sympy.prod(names[: i + 1]) for i, w in enumerate(weights))
    at = dict(zip(names, map(int, factors), strict=True))
    first = [float(sympy.diff(exact, n).subs(at)) for n in names]
    second = [[float(sympy.diff(exact, n, m).subs(at)) for m in names] for n in names]
    np.testing.assert_allclose(computed(cg.grad(total, x), {x: factors}, backend), first, atol=1e-14)
    np.testing.assert_allclose(computed(cg.hessian(total, x), {x: factors}, backend), second, atol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("shape, axis", [((1,), 0), ((6,), 0), ((3, 4), 0), ((2, 3, 4), 1), ((2, 0), 1)])
def test_a_recurrence_goes_step_by_step(shape: tuple[int, ...], axis: int, backend: str) -> None:
    x, y = cg.variable("x", shape), cg.variable("y", shape)
    value = [np.random.default_rng(i).normal(size=shape) for i in (1, 2)]
    state, rows = np.zeros(()), []
    for factor, term in zip(*(np.moveaxis(v, axis, 0) for v in value), strict=True):
        state = factor * state + term
        rows.append(state)
    want = np.stack(rows, axis) if rows else np.zeros(shape)
    found = computed(cg.recurrence(x, y, axis=axis), dict(zip((x, y), value, strict=True)), backend)
    np.testing.assert_allclose(found, want, rtol=1e-14)


def test_the_first_factor_of_a_recurrence_is_not_asked_for() -> None:
    x, y = cg.variable("x", 2), cg.variable("y", 2)
    bwd = cg.backward(cg.forward(cg.recurrence(x, y)[1], x=[np.inf, 2.0], y=[1.0, 3.0]))
    assert bwd.forward.values[-1] == 5.0
    assert (bwd.gradient["x"].tolist(), bwd.gradient["y"].tolist()) == ([0.0, 1.0], [2.0, 1.0])


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "keys of another shape": (lambda: cg.sort_by(cg.variable("x", 3), cg.variable("y", 2)), "both need one shape"),
    "no axis": (lambda: cg.sort(cg.variable("x")), "axis -1 is not there"),
    "steps without a number": (lambda: cg.recurrence(*[cg.variable("x", ("m",))] * 2), "named dimension 'm'"),
}


@pytest.mark.parametrize("made, message", REFUSED.values(), ids=REFUSED.keys())
def test_what_has_no_order_is_refused(made: Callable[[], Any], message: str) -> None:
    with pytest.raises(cg.errors.ShapeError, match=message):
        made()

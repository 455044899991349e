"""Elements by ids along an axis and back, as torch.gather and scatter_add, and the largest with their places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sparse import sparse

import cgraph as cg

torch = pytest.importorskip("torch")
BACKENDS = ["pass", "numpy", "native"]
MANY = ["pass", "numpy", pytest.param("native", marks=pytest.mark.slow)]  # where there are many to compile
SHAPES = [((4,), 0, 6), ((2, 3), -1, 2), ((3, 2), 0, 5), ((2, 3, 4), 1, 4), ((2, 3), 1, 0)]


def computed(node: cg.Node, feed: dict[Any, Any], backend: str) -> Any:
    return cg.forward(node, feed)[node] if backend == "pass" else cg.compile(node, backend=backend)(feed)[0]


@pytest.mark.parametrize("backend", MANY)
@pytest.mark.parametrize("shape, axis, count", SHAPES)
def test_elements_by_ids_and_their_gradients_are_those_of_gather(
    shape: tuple[int, ...], axis: int, count: int, backend: str
) -> None:
    random = np.random.default_rng(len(shape) + count)
    chosen = list(shape)
    chosen[axis] = count
    value, ids = random.normal(size=shape), random.integers(0, shape[axis], chosen)
    weights = random.normal(size=chosen)
    x, i = cg.variable("x", shape), cg.variable("i", tuple(chosen))
    node = cg.take_along(x, i, axis=axis)
    theirs = torch.tensor(value, requires_grad=True)
    gathered = torch.gather(theirs, axis, torch.tensor(ids))
    np.testing.assert_array_equal(computed(node, {x: value, i: ids}, backend), gathered.detach())
    (gathered.pow(2) * torch.tensor(weights)).sum().backward()
    slope = cg.grad(cg.sum(node**2 * weights), x)
    np.testing.assert_allclose(computed(slope, {x: value, i: ids}, backend), theirs.grad, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("backend", MANY)
@pytest.mark.parametrize("shape, axis, count", SHAPES)
def test_what_is_added_by_ids_is_what_scatter_add_says(
    shape: tuple[int, ...], axis: int, count: int, backend: str
) -> None:
    random = np.random.default_rng(len(shape) + count)
    chosen = list(shape)
    chosen[axis] = count
    value, ids = random.normal(size=chosen), random.integers(0, shape[axis], chosen)
    x, i = cg.variable("x", tuple(chosen)), cg.variable("i", tuple(chosen))
    node = cg.add_along(x, i, np.zeros(shape), axis=axis)
    want = torch.zeros(shape, dtype=torch.float64).scatter_add(axis, torch.tensor(ids), torch.tensor(value))
    np.testing.assert_allclose(computed(node, {x: value, i: ids}, backend), want, rtol=1e-14, atol=1e-15)
    gradient = computed(cg.grad(cg.sum(node**2), x), {x: value, i: ids}, backend)
    np.testing.assert_allclose(gradient, 2 * np.take_along_axis(want.numpy(), ids, axis), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("wrong", sparse([-1.0, 3.0, 0.5, np.nan], 3))
def test_an_id_that_chooses_nothing_is_refused(wrong: float, backend: str) -> None:
    x, i = cg.variable("x", (2, 3)), cg.variable("i", (2, 1))
    for node in (cg.take_along(x, i, axis=1), cg.add_along(i * 1.0, i, x, axis=1)):
        with pytest.raises(cg.errors.CgraphError, match="id"):
            computed(node, {x: np.ones((2, 3)), i: [[0.0], [wrong]]}, backend)


def test_ids_of_other_sizes_are_refused() -> None:
    for shape in ((3, 1), (2,), (2, 3, 1)):
        with pytest.raises(cg.errors.ShapeError, match="each element has its own id"):
            cg.take_along(cg.variable("x", (2, 3)), np.zeros(shape), axis=1)
    with pytest.raises(cg.errors.ShapeError, match="the ids choose"):
        cg.add_along(cg.variable("x", (2, 2)), np.zeros((2, 1)), np.zeros((2, 3)), axis=1)


@pytest.mark.parametrize("backend", MANY)
@pytest.mark.parametrize("shape, axis", [((5,), 0), ((3, 4), -1), ((4, 3), 0), ((2, 4, 3), 1)])
@pytest.mark.parametrize("k", [0, 1, 3])
def test_the_largest_and_their_places_and_gradients_are_those_of_topk(
    shape: tuple[int, ...], axis: int, k: int, backend: str
) -> None:
    value = np.random.default_rng(k).permutation(np.prod(shape)).reshape(shape).astype(float)
    x = cg.variable("x", shape)
    values, places = cg.topk(x, k, axis)
    theirs = torch.tensor(value, requires_grad=True)
    want = torch.topk(theirs, k, axis)
    for node, expected in zip((values, places), want, strict=True):
        if k:
            np.testing.assert_array_equal(computed(node, {x: value}, backend), expected.detach())
        assert node.shape == tuple(expected.shape)
    again = cg.take_along(x, places, axis=axis)
    if k:
        np.testing.assert_array_equal(computed(again, {x: value}, backend), want.values.detach())
        want.values.pow(2).sum().backward()
        for node in (values, again):
            np.testing.assert_array_equal(computed(cg.grad(cg.sum(node**2), x), {x: value}, backend), theirs.grad)


def test_of_equal_elements_the_first_is_larger_and_nan_is_least() -> None:
    x = cg.variable("x", 4)
    values, places = cg.topk(x, 4)
    fwd = cg.forward([values, places], x=[2.0, np.nan, 3.0, 2.0])
    np.testing.assert_array_equal(fwd[values], [3.0, 2.0, 2.0, np.nan])
    assert fwd[places].tolist() == [2.0, 0.0, 3.0, 1.0]


@pytest.mark.parametrize("k", [-1, 5, 1.5, True, "2"])
def test_more_than_there_are_is_refused(k: Any) -> None:
    with pytest.raises(cg.errors.ShapeError, match="largest"):
        cg.topk(cg.variable("x", 4), k)


def test_a_node_of_ids_works_in_numpys_own_function() -> None:
    x, i = cg.variable("x", (2, 3)), cg.variable("i", (2, 1))
    node = np.take_along_axis(x, i, axis=1)
    assert cg.forward(node, x=[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], i=[[2], [0]])[node].tolist() == [[3.0], [4.0]]

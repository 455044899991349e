"""First values: their variance, their limits, and the generator that they follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph import nn
from cgraph.errors import CgraphError, ValueRefusedError

X = cg.variable("X", ("m", 3))


def draw(init: Any, shape: tuple[int, int] = (300, 100), seed: int = 0) -> Any:
    return init(shape, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("init", "variance"),
    [
        (nn.init.normal(0.01), 1e-4),
        (nn.init.glorot_normal, 2 / 400),
        (nn.init.he_uniform, 2 / 300),
        (nn.init.orthogonal, 1 / 300),
    ],
)
def test_first_values_have_their_variance_and_follow_the_generator(init: Any, variance: float) -> None:
    W = draw(init)
    assert np.isclose(W.var(), variance, rtol=0.02) and abs(W.mean()) < 4 * np.sqrt(variance / W.size)
    assert np.array_equal(W, draw(init)) and not np.array_equal(W, draw(init, seed=1))


def test_he_uniform_stays_in_its_limits() -> None:
    W = draw(nn.init.he_uniform)
    assert np.abs(W).max() <= np.sqrt(6 / 300) and np.abs(W).max() > 0.999 * np.sqrt(6 / 300)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (1, 6)])
def test_an_orthogonal_matrix_keeps_lengths_whichever_side_is_longer(shape: tuple[int, int]) -> None:
    W = draw(nn.init.orthogonal, shape)
    gram = W.T @ W if shape[0] >= shape[1] else W @ W.T
    assert W.shape == shape and np.allclose(gram, np.eye(min(shape)), atol=1e-14)


def test_orthogonal_matrices_are_uniform_no_sign_is_preferred() -> None:
    corners = [draw(nn.init.orthogonal, (2, 2), seed)[0, 0] for seed in range(400)]
    assert abs(np.mean(corners)) < 0.15 and np.isclose(np.mean(np.square(corners)), 0.5, atol=0.08)


def test_a_net_may_start_by_any_initialiser() -> None:
    assert not any(v.any() for v in nn.MLP([3, 4, 2], init=nn.init.zeros, seed=0).values.values())
    assert nn.MLP([300, 200, 2], init=nn.init.normal(0.01), seed=0).values["W[1]"].std() == pytest.approx(
        0.01, rel=0.02
    )


def test_from_zeros_only_the_last_bias_of_a_relu_net_learns() -> None:
    model = nn.MLP([3, 4, 1], "tanh", init=nn.init.zeros, seed=0)
    L = nn.sigmoid_cross_entropy_loss(model(X), cg.variable("Y", ("m", 1)))
    gradient = cg.backward(cg.forward(L, X=np.ones((2, 3)), Y=[[1.0], [1.0]])).gradient
    assert [n for n in model.values if np.any(gradient[n])] == ["b[2]"]


@pytest.mark.parametrize("value", [0, -1.0, float("inf"), float("nan"), True, "0.1"])
def test_a_standard_deviation_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(CgraphError, match=r"the standard deviation is .*Fix: give a number above zero"):
        nn.init.normal(value)


@pytest.mark.parametrize("name", ["zeros", "orthogonal", "glorot_normal", "he_uniform", "he_normal", "glorot_uniform"])
def test_weights_without_units_are_refused(name: str) -> None:
    with pytest.raises(CgraphError, match=r"shape \(0, 2\)"):
        draw(getattr(nn.init, name), (0, 2))


def test_the_same_seed_gives_the_same_bits_and_another_seed_others() -> None:
    first, again, other = (nn.MLP([3, 4, 2], seed=s).values for s in (5, 5, 6))

    assert all(np.array_equal(first[n], again[n]) for n in first)
    assert not np.array_equal(first["W[1]"], other["W[1]"])


def test_building_a_model_leaves_numpys_global_generator_alone() -> None:
    before = np.random.get_state()[1].copy()
    nn.MLP([3, 4, 2], seed=0)
    assert np.array_equal(np.random.get_state()[1], before)


def test_a_generator_may_be_given_instead_of_a_seed() -> None:
    a, b = nn.MLP([3, 2], seed=np.random.default_rng(4)), nn.MLP([3, 2], seed=4)
    assert np.array_equal(a.values["W[1]"], b.values["W[1]"])


@pytest.mark.parametrize("seed", [None, -1, 1.5, True, "0"])
def test_a_seed_that_is_none_is_refused(seed: object) -> None:
    with pytest.raises(ValueRefusedError, match=r"the seed is .*Fix: give an integer"):
        nn.MLP([3, 2], seed=seed)  # type: ignore[arg-type]


def test_glorot_is_uniform_with_its_limit_and_variance() -> None:
    W = nn.init.glorot_uniform((300, 100), np.random.default_rng(0))

    limit = np.sqrt(6 / 400)
    assert np.abs(W).max() <= limit and np.abs(W).max() > 0.999 * limit
    assert np.isclose(W.var(), 2 / 400, rtol=0.02)


def test_he_is_normal_with_variance_two_over_fan_in() -> None:
    W = nn.init.he_normal((300, 100), np.random.default_rng(0))

    assert np.isclose(W.var(), 2 / 300, rtol=0.02)
    assert np.isclose((W**4).mean() / W.var() ** 2, 3.0, rtol=0.05)  # the kurtosis of a normal


def test_relu_layers_start_with_he_and_the_others_with_glorot() -> None:
    values = nn.MLP([200, 300, 100], "relu", seed=0).values
    assert np.isclose(values["W[1]"].var(), 2 / 200, rtol=0.03)
    assert np.isclose(values["W[2]"].var(), 2 / 400, rtol=0.03)
    assert not values["b[1]"].any() and not values["b[2]"].any()

    tanh = nn.MLP([200, 300, 100], "tanh", seed=0).values
    assert np.isclose(tanh["W[1]"].var(), 2 / 500, rtol=0.03)

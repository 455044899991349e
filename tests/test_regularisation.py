"""Dropout, input normalisation and first values: what Section 6.6.5 does to a net besides training it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

import cgraph as cg
from cgraph import nn
from cgraph.errors import CgraphError, NameUnknownError

X = cg.variable("X", ("m", 3))


# Dropout -------------------------------------------------------------------------------------------------------------
def test_dropout_is_not_there_at_inference() -> None:
    model = nn.MLP([3, 4, 2], "tanh", seed=0, dropout=0.5)
    plain = nn.MLP([3, 4, 2], "tanh", seed=0)

    assert [n.name for n in cg.Graph(model(X))] == [n.name for n in cg.Graph(plain(X))]
    rows = np.ones((5, 3))
    assert np.array_equal(model.predict(rows), plain.predict(rows))


def test_in_training_the_kept_units_are_scaled_and_the_dropped_pass_nothing_back() -> None:
    model = nn.MLP([3, 4, 2], "tanh", seed=0, dropout=0.75)
    W1, b1, W2, b2 = model.values.values()
    rows = np.random.default_rng(1).normal(size=(2, 3))
    mask = np.array([[1.0, 0, 1, 0], [0, 0, 1, 1]])
    output = model(X, training=True)

    fwd = cg.forward(output, {"X": rows, "mask[1]": mask})

    assert np.allclose(fwd[output], (np.tanh(rows @ W1 + b1) * mask / 0.25) @ W2 + b2, rtol=1e-14)
    gradient = cg.backward(fwd, upstream=np.ones((2, 2))).gradient["z[1]"]
    assert np.array_equal(gradient != 0, mask == 1)


def test_the_share_that_masks_drop_is_p_and_the_same_seed_draws_the_same() -> None:
    noise = nn.MLP([3, 100, 100, 2], seed=0, dropout=0.3).noise
    assert list(noise) == ["mask[1]", "mask[2]"]
    for draw in noise.values():
        mask, again, other = (draw(np.random.default_rng(seed), (500, 100)) for seed in (4, 4, 5))
        assert set(mask.ravel()) == {0.0, 1.0} and abs(mask.mean() - 0.7) < 0.01
        assert np.array_equal(mask, again) and not np.array_equal(mask, other)


def test_the_mean_over_masks_is_the_output_without_dropout() -> None:
    layer = nn.Dropout(0.4)
    h = layer(cg.variable("x", 3), training=True)
    rng = np.random.default_rng(0)

    drawn = [cg.forward(h, x=[1.0, -2.0, 3.0], mask=layer.draw(rng, (3,)))[h] for _ in range(20_000)]

    assert np.allclose(np.mean(drawn, axis=0), [1, -2, 3], atol=0.05)


def test_in_training_without_masks_the_missing_one_is_named() -> None:
    with pytest.raises(CgraphError, match=r"mask\[1\] has no value"):
        cg.forward(nn.MLP([3, 4, 2], seed=0, dropout=0.5)(X, training=True), X=np.ones((2, 3)))


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.5, True, "0.5", float("nan")])
def test_dropout_with_another_share_is_refused(p: Any) -> None:
    with pytest.raises(CgraphError, match=r"dropout with p=.*Fix: give p from 0 up and below 1"):
        nn.Dropout(p)


def test_dropout_has_nothing_to_train() -> None:
    model = nn.MLP([3, 4, 2], seed=0, dropout=0.5)
    assert [p.name for p in model.parameters] == ["W[1]", "b[1]", "W[2]", "b[2]"]
    assert model.with_values({"b[2]": [1.0, 2.0]}).layers[2] is model.layers[2]
    with pytest.raises(NameUnknownError):
        model.with_values({"mask[1]": [1.0]})


def test_training_draws_masks_and_measures_without_them() -> None:
    data = cg.train.data.xor()
    first, again, other = (
        cg.train.fit(
            nn.MLP([2, 8, 1], "tanh", seed=0, dropout=0.25),
            data,
            nn.sigmoid_cross_entropy_loss,
            cg.train.SGD(1.0),
            300,
            batch_size=4,
            seed=seed,
            devset=data,
        )
        for seed in (0, 0, 1)
    )
    plain = cg.train.fit(
        nn.MLP([2, 8, 1], "tanh", seed=0),
        data,
        nn.sigmoid_cross_entropy_loss,
        cg.train.SGD(1.0),
        300,
        batch_size=4,
        seed=0,
    )
    weights = [run.model.values["W[1]"] for run in (first, again, other, plain)]
    assert np.array_equal(weights[0], weights[1])
    assert not np.allclose(weights[0], weights[2]) and not np.allclose(weights[0], weights[3])
    assert cg.train.metrics.accuracy(first.model.predict(data.X), data.Y) == 1.0


# Normalisation -------------------------------------------------------------------------------------------------------
def test_normalisation_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    train, test = rng.normal(5, 3, size=(50, 4)), rng.normal(5, 3, size=(10, 4))
    scaler = StandardScaler().fit(train)

    normal = nn.Normalise.fit(train)

    assert np.allclose(normal.transform(train), scaler.transform(train), rtol=1e-12, atol=1e-12)
    assert np.allclose(normal.transform(test), scaler.transform(test), rtol=1e-12, atol=1e-12)


def test_normalised_training_data_have_mean_zero_and_variance_one() -> None:
    rows = np.random.default_rng(0).normal(1e6, 0.01, size=(40, 3))
    normal = nn.Normalise.fit(rows).transform(rows)
    assert np.allclose(normal.mean(axis=0), 0, atol=1e-6) and np.allclose(normal.var(axis=0), 1, rtol=1e-6)


def test_a_constant_feature_is_divided_by_one_even_where_its_mean_is_inexact() -> None:
    rows = np.full((7, 1), 0.1)
    assert rows.mean() != 0.1 or rows.std() != 0  # what a mean in floats would make of it
    normal = nn.Normalise.fit(rows)
    assert float(normal.std.value[0]) == 1.0
    assert np.array_equal(normal.transform([[0.1], [1.1]]), [[0.0], [1.0]])


def test_normalisation_is_a_layer_whose_statistics_stay() -> None:
    rows = np.random.default_rng(2).normal(3, 2, size=(9, 3))
    normal = nn.Normalise.fit(rows)
    model = nn.Sequential([normal, nn.Linear.random(3, 2, seed=0)])

    fwd = cg.forward(model(X), X=rows)

    assert [p.name for p in model.parameters] == ["W[1]", "b[1]"]
    assert np.allclose(fwd["z[1]"], normal.transform(rows) @ model.values["W[1]"], rtol=1e-13)
    upstream = np.ones((9, 2))
    slopes = cg.backward(fwd, upstream=upstream).gradient["X"]
    assert np.allclose(slopes, upstream @ model.values["W[1]"].T / rows.std(axis=0), rtol=1e-13)
    assert model.with_values({"b[1]": [0, 1]}).layers[0] is normal


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Normalise.fit([1.0, 2.0]), r"X has the shape \[2\].*its rows are examples"),
        (lambda: nn.Normalise.fit(np.ones((0, 2))), "nothing has no mean"),
        (lambda: nn.Normalise.fit([[1.0, 2.0], [np.nan, 3.0]]), "X is nan in row 1, column 0"),
        (lambda: nn.Normalise.fit([[1.0, np.inf]]), "X is inf in row 0, column 1"),
        (lambda: nn.Normalise.fit([[1.0]], ddof=1), r"1 row\(s\) with ddof=1"),
        (lambda: nn.Normalise.fit([[1.0]], ddof=-1), "with ddof=-1"),
        (lambda: nn.Normalise.fit([[1.0, 2.0]]).transform([[1.0]]), r"the statistics are those of 2 feature\(s\)"),
    ],
)
def test_data_that_cannot_be_normalised_are_refused(make: Any, message: str) -> None:
    with pytest.raises(CgraphError, match=message) as caught:
        make()
    assert caught.value.why and caught.value.fix


# First values --------------------------------------------------------------------------------------------------------
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

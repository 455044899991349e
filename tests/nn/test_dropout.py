"""Dropout: masks in training, nothing at inference (SLP3 Section 6.6.5)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph import nn
from cgraph.errors import CgraphError, NameUnknownError

X = cg.variable("X", ("m", 3))


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


@pytest.mark.slow
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


def draw(init: Any, shape: tuple[int, int] = (300, 100), seed: int = 0) -> Any:
    return init(shape, np.random.default_rng(seed))

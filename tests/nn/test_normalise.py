"""Input normalisation: by the statistics of the training set (SLP3 Section 6.6.5)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

import cgraph as cg
from cgraph import nn
from cgraph.errors import CgraphError

X = cg.variable("X", ("m", 3))


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

"""The norms of gradients by layer: what vanishes, what explodes."""

from __future__ import annotations

from typing import Any

import numpy as np

import cgraph as cg
from cgraph import nn

ROWS = np.random.default_rng(3).normal(size=(5, 3))


X = cg.variable("X", ("m", 3))


FIVE = cg.variable("X", (5, 3))


def net(seed: int = 0, **options: Any) -> nn.Sequential:
    """A 3-4-4-2 net whose biases are not zero."""
    model = nn.MLP([3, 4, 4, 2], ("tanh", "relu", "softmax"), seed=seed, **options)
    rng = np.random.default_rng(seed + 1)
    return model.with_values({n: rng.normal(size=v.shape) for n, v in model.values.items()})


def chain(activation: str, weight: float = 1.0, depth: int = 10) -> nn.textbook.GradientNorms:
    model = nn.MLP([1] * (depth + 1), [activation] * depth, seed=0)
    model = model.with_values({n: np.full_like(v, weight if n[0] == "W" else 0) for n, v in model.values.items()})
    return nn.textbook.gradient_norms(cg.backward(cg.forward(model(cg.constant([[0.5]])).sum())))


def test_through_ten_sigmoids_the_gradient_vanishes_through_ten_relus_it_does_not() -> None:
    assert len(chain("sigmoid")) == 10 and chain("sigmoid")[0].z <= 0.25**10
    assert chain("sigmoid").ratio < 1e-5
    assert [x.z for x in chain("relu")] == [1.0] * 10
    assert 1e-3 < chain("tanh").ratio < 1


def test_with_large_weights_it_explodes() -> None:
    assert chain("relu", weight=3.0, depth=9)[0].z == 3.0**8


def test_saturated_units_are_counted() -> None:
    assert chain("tanh", weight=20.0)[0].saturated == 1.0
    assert chain("tanh", weight=0.1)[0].saturated == 0.0


def test_the_norms_are_those_of_the_gradients() -> None:
    model = net()
    L = nn.mse_loss(model(FIVE), np.ones((5, 2)))
    bwd = cg.backward(cg.forward(L, X=ROWS))
    report = nn.textbook.gradient_norms(bwd)
    for i, layer in enumerate(report, 1):
        for kind in "Wbza":
            assert np.isclose(getattr(layer, kind), np.sqrt((bwd.gradient[f"{kind}[{i}]"] ** 2).sum()), rtol=1e-13)
    assert report[2].saturated is None  # the softmax has no slope of its own for each element
    text = str(report)
    assert text.splitlines()[0].split() == ["layer", "‖dL/dW‖", "‖dL/db‖", "‖dL/dz‖", "‖dL/da‖", "saturated"]
    assert len(text.splitlines()) == 4


def test_the_neurons_of_figure_6_18_are_taken_together_by_layer() -> None:
    from viz.figures.graphs import figure_6_18

    bwd = figure_6_18()
    weights = [bwd.gradient[f"w[1]{j}{i}"] for j in (1, 2) for i in (1, 2)]
    assert np.isclose(nn.textbook.gradient_norms(bwd)[0].W, np.linalg.norm(weights), rtol=1e-14)

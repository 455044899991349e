"""Layers one after the other, layer by layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph import nn
from cgraph.errors import CgraphError

ROWS = np.random.default_rng(3).normal(size=(5, 3))


X = cg.variable("X", ("m", 3))


def net(seed: int = 0, **options: Any) -> nn.Sequential:
    """A 3-4-4-2 net whose biases are not zero."""
    model = nn.MLP([3, 4, 4, 2], ("tanh", "relu", "softmax"), seed=seed, **options)
    rng = np.random.default_rng(seed + 1)
    return model.with_values({n: rng.normal(size=v.shape) for n, v in model.values.items()})


def test_z_a_logits_and_hidden_are_those_of_the_recursion() -> None:
    model = net()
    steps = model.layerwise(X)
    fwd = cg.forward(steps.output, X=ROWS)

    a = ROWS
    for i in (1, 2, 3):
        z = a @ model.values[f"W[{i}]"] + model.values[f"b[{i}]"]
        assert np.allclose(fwd[steps.z[i]], z, rtol=1e-13)
        shifted = np.exp(z - z.max(axis=1, keepdims=True))
        a = {1: np.tanh(z), 2: np.maximum(z, 0), 3: shifted / shifted.sum(axis=1, keepdims=True)}[i]
        assert np.allclose(fwd[steps.a[i]], a, rtol=1e-13)
    assert steps.logits is steps.z[3] and steps.hidden is steps.a[2] and steps.output is steps.a[3]
    assert np.allclose(model.predict(ROWS), a, rtol=1e-13)


def test_prediction_over_a_test_set_is_a_loop_over_its_rows_in_either_layout() -> None:
    model = net()
    together = model.predict(ROWS)
    assert np.allclose(together, np.vstack([model.predict(row[None]) for row in ROWS]), rtol=1e-13)
    assert np.array_equal(model.predict(ROWS.T, layout="column"), together.T)
    assert np.array_equal(model.hidden_representation(ROWS.T, layout="column"), model.hidden_representation(ROWS).T)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: net().predict(ROWS, layout="rows"), "the layout is 'rows'"),  # type: ignore[arg-type]
        (lambda: net().predict([1.0, 2.0, 3.0]), r"X has the shape \[3\]"),
        (lambda: net().predict(np.ones((2, 4))), r"matmul"),
        (lambda: nn.MLP([3, 2], seed=0).hidden_representation(ROWS), r"1 linear layer\(s\) has no hidden layer"),
        (lambda: nn.Sequential([nn.Activation("tanh")]).layerwise(X).logits, "has no linear layer"),
        (lambda: nn.textbook.collapse_linear(net()), r"a net with Activation\(op='tanh'\) does not collapse"),
        (lambda: nn.textbook.collapse_linear(nn.Sequential([nn.Dropout(0.5)])), "without linear layers"),
        (lambda: nn.textbook.unfold_bias(nn.Sequential([nn.textbook.DummyNode()])), "ends with a dummy node"),
        (
            lambda: nn.textbook.unfold_bias(nn.Sequential([nn.textbook.DummyNode(), nn.Activation("tanh")])),
            "stands Activation",
        ),
        (
            lambda: nn.textbook.fold_bias(nn.Sequential([nn.textbook.collapse_linear(net().without_activations())])),
            "no value of its own",
        ),
        (lambda: nn.weight_decay(net(), -1.0), "weight decay of strength -1.0"),
        (lambda: nn.weight_decay(net(), float("nan")), "weight decay of strength nan"),
        (lambda: nn.weight_decay(nn.textbook.Unit([1.0]), 0.1), "no weights to decay"),
        (
            lambda: nn.textbook.gradient_norms(cg.backward(cg.forward(cg.variable("x") * 2, x=1))),
            "no node of this pass is named",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(make: Any, message: str) -> None:
    with pytest.raises(CgraphError, match=message):
        make()

"""Losses and weight decay: means over the batch, finite where probabilities round to zero, as PyTorch decays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph import nn
from cgraph.errors import ShapeError

X = cg.variable("X", ("m", 3))


def test_softmax_cross_entropy_is_the_mean_over_the_batch() -> None:
    logits = np.random.default_rng(0).normal(size=(4, 3))
    targets = np.eye(3)[[0, 2, 1, 1]]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)

    L = nn.softmax_cross_entropy_loss(cg.variable("z", ("m", 3)), cg.variable("Y", ("m", 3)))

    assert np.isclose(cg.forward(L, z=logits, Y=targets)["L"], -np.log((p * targets).sum(axis=1)).mean(), rtol=1e-14)


def test_sigmoid_cross_entropy_is_the_mean_over_the_batch() -> None:
    logits = np.array([[-1.0], [2.0], [0.5]])
    targets = np.array([[0.0], [1.0], [0.0]])
    p = 1 / (1 + np.exp(-logits))

    L = nn.sigmoid_cross_entropy_loss(cg.variable("z", ("m", 1)), cg.variable("Y", ("m", 1)))

    expected = -(targets * np.log(p) + (1 - targets) * np.log(1 - p)).mean()
    assert np.isclose(cg.forward(L, z=logits, Y=targets)["L"], expected, rtol=1e-14)


def test_losses_stay_finite_where_probabilities_round_to_zero() -> None:
    assert cg.forward(nn.sigmoid_cross_entropy_loss(cg.constant([[-800.0]]), [[1.0]]))["L"] == 800.0
    assert cg.forward(nn.softmax_cross_entropy_loss(cg.constant([[800.0, 0.0]]), [[0.0, 1.0]]))["L"] == 800.0


@pytest.mark.parametrize("loss", [nn.softmax_cross_entropy_loss, nn.sigmoid_cross_entropy_loss, nn.mse_loss])
def test_a_loss_refuses_targets_that_would_broadcast(loss: object) -> None:
    with pytest.raises(ShapeError, match=r"\[m×1\] and targets \[m\].*reshape"):
        loss(cg.variable("z", ("m", 1)), cg.variable("Y", ("m",)))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("activations", "loss"),
    [("tanh", nn.softmax_cross_entropy_loss), ("sigmoid", nn.sigmoid_cross_entropy_loss), ("relu", nn.mse_loss)],
)
def test_the_gradient_of_a_model_agrees_with_central_differences(activations: str, loss: object) -> None:
    rng = np.random.default_rng(1)
    model = nn.MLP([3, 4, 2], activations, seed=2)
    values = {n: v + 0.1 for n, v in model.values.items()}
    L = loss(model(X), cg.variable("Y", ("m", 2)))  # type: ignore[operator]
    data = {"X": rng.normal(size=(5, 3)), "Y": np.eye(2)[[0, 1, 1, 0, 1]]}
    bwd = cg.backward(cg.forward(L, {**values, **data}))

    for name, value in values.items():
        slopes = np.zeros_like(value)
        for place in np.ndindex(*value.shape):
            up, down = value.copy(), value.copy()
            up[place] += 1e-6
            down[place] -= 1e-6
            rise = [cg.forward(L, {**values, **data, name: v})["L"] for v in (up, down)]
            slopes[place] = (rise[0] - rise[1]) / 2e-6
        assert np.allclose(bwd.gradient[name], slopes, rtol=1e-6, atol=1e-9)


ROWS = np.random.default_rng(3).normal(size=(5, 3))


FIVE = cg.variable("X", (5, 3))


def net(seed: int = 0, **options: Any) -> nn.Sequential:
    """A 3-4-4-2 net whose biases are not zero."""
    model = nn.MLP([3, 4, 4, 2], ("tanh", "relu", "softmax"), seed=seed, **options)
    rng = np.random.default_rng(seed + 1)
    return model.with_values({n: rng.normal(size=v.shape) for n, v in model.values.items()})


def test_with_weight_decay_sgd_steps_as_pytorchs_does() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    model = nn.MLP([3, 2], seed=0)
    W, b = model.values.values()
    Y = np.ones((5, 2))
    L = nn.mse_loss(model(FIVE), Y) + nn.weight_decay(model, 0.3, biases=True)
    new = cg.train.SGD(0.1).updates(model.parameters, cg.grad(L, model.parameters)).new
    updates = [new[p] for p in model.parameters]
    fwd = cg.forward(updates, X=ROWS)

    theirs = [torch.tensor(np.array(v), requires_grad=True) for v in (W, b)]
    optimizer = torch.optim.SGD(theirs, lr=0.1, weight_decay=0.3)
    loss = ((torch.tensor(ROWS) @ theirs[0] + theirs[1] - torch.tensor(Y)) ** 2).mean()
    loss.backward()
    optimizer.step()
    for update, tensor in zip(updates, theirs, strict=True):
        assert np.allclose(fwd[update], tensor.detach().numpy(), rtol=1e-13)


def test_weight_decay_leaves_biases_alone_unless_asked() -> None:
    model = net()
    gradient = cg.backward(cg.forward(nn.weight_decay(model, 0.2))).gradient
    for name, value in model.values.items():
        if name.startswith("W"):
            assert np.allclose(gradient[name], 0.2 * value, rtol=1e-14)
        else:
            assert name not in gradient


def test_class_weights_and_smoothing_reach_the_loss_of_a_training() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    logits, ids, weights = np.random.default_rng(0).normal(size=(5, 3)), np.array([2, 0, 1, 1, 2]), [0.5, 2.0, 1.0]
    L = nn.softmax_cross_entropy_loss(cg.constant(logits), ids, weights=weights, smoothing=0.2)
    theirs = torch.nn.functional.cross_entropy(
        torch.tensor(logits), torch.tensor(ids), torch.tensor(weights, dtype=torch.float64), label_smoothing=0.2
    )
    assert L.name == "L" and np.isclose(cg.forward(L)["L"], theirs.item(), rtol=1e-12)

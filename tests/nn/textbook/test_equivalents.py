"""Nets that compute the same in another form, weight decay, and the report on vanishing gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgraph as cg
import viz
from cgraph import nn

ROWS = np.random.default_rng(3).normal(size=(5, 3))
X = cg.variable("X", ("m", 3))
FIVE = cg.variable("X", (5, 3))


def net(seed: int = 0, **options: Any) -> nn.Sequential:
    """A 3-4-4-2 net whose biases are not zero."""
    model = nn.MLP([3, 4, 4, 2], ("tanh", "relu", "softmax"), seed=seed, **options)
    rng = np.random.default_rng(seed + 1)
    return model.with_values({n: rng.normal(size=v.shape) for n, v in model.values.items()})


# Bias as the weight of a dummy node ----------------------------------------------------------------------------------
def test_a_folded_net_computes_the_same_and_its_row_0_learns_what_the_biases_learn() -> None:
    model, folded = net(), nn.textbook.fold_bias(net())
    Y = np.eye(2)[[0, 1, 1, 0, 1]]

    def gradients(of: nn.Sequential) -> Any:
        L = nn.mse_loss(of(FIVE), Y)
        return cg.backward(cg.forward(L, X=ROWS)).gradient

    assert [p.name for p in folded.parameters] == ["W[1]", "W[2]", "W[3]"]
    assert np.allclose(folded.predict(ROWS), model.predict(ROWS), rtol=1e-12)
    mine, theirs = gradients(folded), gradients(model)
    for i in (1, 2, 3):
        assert np.allclose(mine[f"W[{i}]"][0], theirs[f"b[{i}]"], rtol=1e-10, atol=1e-15)
        assert np.allclose(mine[f"W[{i}]"][1:], theirs[f"W[{i}]"], rtol=1e-10, atol=1e-15)


def test_the_dummy_node_stays_1_takes_no_input_and_has_no_activation() -> None:
    folded = nn.textbook.fold_bias(net())
    graph = cg.Graph(folded(X))
    fwd = cg.forward(graph, X=ROWS)
    joined = [n for n in graph if n.kind == "op" and n.op.name == "concatenate"]
    assert len(joined) == 3
    for node in joined:
        ones = node.operands[0]
        assert np.array_equal(fwd[ones], np.ones((5, 1))) and not any(n.kind != "constant" for n in ones.operands)


def test_unfolding_gives_the_net_back() -> None:
    back = nn.textbook.unfold_bias(nn.textbook.fold_bias(net()))
    assert [p.name for p in back.parameters] == [p.name for p in net().parameters]
    assert all(np.array_equal(v, net().values[n]) for n, v in back.values.items())
    plain = nn.MLP([3, 4, 2], seed=0, bias=False)
    assert nn.textbook.fold_bias(plain) == plain == nn.textbook.unfold_bias(plain)


def test_frozen_weights_stay_frozen_when_folded() -> None:
    layer = nn.Linear(cg.constant(np.eye(3), "W[1]"), cg.constant(np.ones(3), "b[1]"))
    folded = nn.textbook.fold_bias(nn.Sequential([layer]))
    assert not folded.parameters and not nn.textbook.unfold_bias(folded).parameters
    assert np.array_equal(nn.textbook.unfold_bias(folded).predict(ROWS), ROWS + 1)


def test_a_folded_net_is_proved_and_drawn() -> None:
    folded = nn.textbook.fold_bias(nn.textbook.xor_net("tanh"))
    assert cg.prove(folded, inputs=(1, 2)).proved
    assert "tanh" in viz.draw(folded(cg.variable("X", ("m", 2)))).svg()


# Purely linear nets --------------------------------------------------------------------------------------------------
def test_linear_layers_collapse_to_their_product() -> None:
    model = net().without_activations()
    W1, b1, W2, b2, W3, b3 = model.values.values()

    one = nn.textbook.collapse_linear(model)

    fwd = cg.forward([one.W, one.b])
    assert np.allclose(fwd["W'"], W1 @ W2 @ W3, rtol=1e-12)
    assert np.allclose(fwd["b'"], (b1 @ W2 + b2) @ W3 + b3, rtol=1e-12)
    assert np.allclose(nn.Sequential([one]).predict(ROWS), model.predict(ROWS), rtol=1e-12)


def test_a_collapsed_layer_passes_gradients_on_to_the_layers_it_is_made_of() -> None:
    model = net().without_activations()
    passes = [cg.backward(cg.forward(f(X).sum(), X=ROWS)) for f in (model, nn.textbook.collapse_linear(model))]
    for name in model.values:
        assert np.allclose(passes[0].gradient[name], passes[1].gradient[name], rtol=1e-11)


@pytest.mark.parametrize("bias", [True, False])
def test_the_collapse_is_proved_for_any_weights(bias: bool) -> None:
    report = nn.textbook.prove_collapse(nn.MLP([2, 3, 2, 2], seed=0, bias=bias).without_activations())
    assert report.proved and len(report.checks) == 2


def test_a_wrong_collapse_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    module = __import__("cgraph.nn.textbook.equivalents", fromlist=["_product"])
    monkeypatch.setattr(module, "_product", lambda first, second: nn.Linear(first.W @ second.W, second.b))
    assert not nn.textbook.prove_collapse(nn.MLP([2, 3, 2], seed=0).without_activations()).proved


def test_a_bottleneck_limits_the_rank() -> None:
    one = nn.textbook.collapse_linear(nn.MLP([5, 1, 5], seed=0).without_activations())
    assert np.linalg.matrix_rank(cg.forward(one.W).values[-1]) == 1


def test_dropout_at_inference_does_not_hinder_the_collapse() -> None:
    one = nn.MLP([3, 4, 2], seed=0, dropout=0.5).without_activations()
    assert nn.textbook.collapse_linear(one).W.shape == (3, 2)

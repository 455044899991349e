"""Nets that compute the same in another form, weight decay, and the report on vanishing gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgraph as cg
import viz
from cgraph import nn
from cgraph.errors import CgraphError

ROWS = np.random.default_rng(3).normal(size=(5, 3))
X = cg.variable("X", ("m", 3))
FIVE = cg.variable("X", (5, 3))


def net(seed: int = 0, **options: Any) -> nn.Sequential:
    """A 3-4-4-2 net whose biases are not zero."""
    model = nn.MLP([3, 4, 4, 2], ("tanh", "relu", "softmax"), seed=seed, **options)
    rng = np.random.default_rng(seed + 1)
    return model.with_values({n: rng.normal(size=v.shape) for n, v in model.values.items()})


# Layer by layer ------------------------------------------------------------------------------------------------------
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


# Weight decay --------------------------------------------------------------------------------------------------------
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


# Vanishing gradients -------------------------------------------------------------------------------------------------
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

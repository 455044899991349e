"""Nets: layers as records, the chapter's names, first values, losses."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest

import cgraph as cg
from cgraph import nn
from cgraph.errors import CgraphError, GraphError, NameUnknownError, ShapeError, ValueRefusedError

X = cg.variable("X", ("m", 3))


# Models --------------------------------------------------------------------------------------------------------------
def test_a_net_computes_what_its_formula_says() -> None:
    model = nn.MLP([3, 4, 2], ("tanh",), seed=7)
    W1, b1, W2, b2 = model.values.values()
    rows = np.random.default_rng(0).normal(size=(5, 3))

    logits = cg.forward(model(X), X=rows).values[-1]

    assert np.array_equal(logits, np.tanh(rows @ W1 + b1) @ W2 + b2)


def test_nodes_have_the_names_of_the_chapter() -> None:
    graph = cg.Graph(nn.MLP([3, 4, 4, 2], ("tanh", "relu", "softmax"), seed=0)(X))

    named = [n.name for n in graph if n.name]

    order = "X W[1] b[1] z[1] a[1] W[2] b[2] z[2] a[2] W[3] b[3] z[3] a[3]"
    assert named == order.split()


def test_without_an_output_activation_the_last_z_is_the_output() -> None:
    assert nn.MLP([3, 4, 2], "relu", seed=0)(X).name == "z[2]"


def test_a_model_works_on_different_inputs_in_different_graphs() -> None:
    model = nn.MLP([3, 2], seed=0)
    other = cg.variable("other", (5, 3))

    graphs = cg.Graph(model(X)), cg.Graph(model(other))

    assert [g.output.shape for g in graphs] == [("m", 2), (5, 2)]


def test_scopes_allow_a_model_twice_in_one_graph_with_shared_parameters() -> None:
    model = nn.MLP([3, 2], seed=0)
    other = cg.variable("other", ("m", 3))
    with pytest.raises(GraphError, match=r"named 'z\[1\]'"):
        cg.Graph(model(X) + model(other))

    graph = cg.Graph(model(X, scope="left ") + model(other, scope="right "))

    assert "left z[1]" in graph and "right z[1]" in graph
    assert sum(n.kind == "parameter" for n in graph) == 2


def test_a_chain_of_only_activations_and_a_leading_activation_need_no_names() -> None:
    model = nn.Sequential([nn.Activation("tanh"), nn.Linear.random(3, 2, seed=0), nn.Activation("relu")])

    assert [n.name for n in cg.Graph(model(X)) if n.kind == "op" and n.name] == ["z[1]", "a[1]"]


def test_of_two_activations_after_one_layer_the_first_is_a() -> None:
    model = nn.Sequential([nn.Linear.random(3, 2, seed=0), nn.Activation("tanh"), nn.Activation("relu")])

    graph = cg.Graph(model(X))

    assert graph["a[1]"].op.name == "tanh" and graph.output.op.name == "relu" and graph.output.name is None


def test_a_sequential_inside_another_stands_for_its_layers() -> None:
    first = nn.Sequential([nn.Linear.random(3, 4, layer=1, seed=0)])
    second = nn.Sequential([nn.Activation("tanh"), nn.Linear.random(4, 2, layer=2, seed=0)])

    model = nn.Sequential([first, second])

    assert len(model.layers) == 3
    assert [p.name for p in model.parameters] == ["W[1]", "b[1]", "W[2]", "b[2]"]


def test_a_layer_without_bias_has_one_parameter() -> None:
    model = nn.MLP([3, 2], seed=0, bias=False)
    rows = np.ones((1, 3))

    assert [p.name for p in model.parameters] == ["W[1]"]
    assert np.array_equal(cg.forward(model(X), X=rows).values[-1], rows @ model.values["W[1]"])


def test_records_are_frozen() -> None:
    model = nn.MLP([3, 2], seed=0)

    for record, field in ((model, "layers"), (model.layers[0], "W"), (nn.Activation("relu"), "op")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, field, None)


def test_a_constant_weight_is_no_parameter() -> None:
    layer = nn.Linear(cg.constant(np.eye(3), "W[1]"), cg.parameter("b[1]", np.zeros(3)))

    assert [p.name for p in nn.Sequential([layer]).parameters] == ["b[1]"]


@dataclasses.dataclass(frozen=True)
class Scale:
    """A layer of a user's own."""

    s: cg.Node

    @property
    def parameters(self) -> tuple[cg.Node, ...]:
        return (self.s,)

    def replaced(self, new: Mapping[cg.Node, cg.Node]) -> Scale:
        return Scale(new.get(self.s, self.s))

    def __call__(self, x: cg.Node) -> cg.Node:
        return x * self.s


def test_a_layer_of_ones_own_takes_part() -> None:
    model = nn.Sequential([Scale(cg.parameter("s", 2.0)), nn.Linear.random(3, 2, seed=0)])

    assert [p.name for p in model.parameters] == ["s", "W[1]", "b[1]"]
    assert model.with_values({"s": 5}).values["s"] == 5.0


# Other values --------------------------------------------------------------------------------------------------------
def test_with_values_gives_a_new_model_and_leaves_the_old_one() -> None:
    model = nn.MLP([3, 2], seed=0)
    before = model.values["W[1]"].copy()

    other = model.with_values({"W[1]": np.ones((3, 2))})

    assert np.array_equal(other.values["W[1]"], np.ones((3, 2)))
    assert np.array_equal(model.values["W[1]"], before)
    assert [p.name for p in other.parameters] == [p.name for p in model.parameters]
    assert other.parameters[0] is not model.parameters[0]


def test_a_shared_parameter_stays_shared() -> None:
    W = cg.parameter("W", np.eye(3))
    model = nn.Sequential([nn.Linear(W), nn.Activation("tanh"), nn.Linear(W)])

    other = model.with_values({"W": 2 * np.eye(3)})

    assert len(model.parameters) == len(other.parameters) == 1
    assert other.layers[0].parameters[0] is other.layers[2].parameters[0]


def test_with_values_refuses_unknown_names_and_other_shapes() -> None:
    model = nn.MLP([3, 2], seed=0)

    with pytest.raises(NameUnknownError, match=r"no parameter 'W\[l\]'.*did you mean 'W\[1\]'"):
        model.with_values({"W[l]": np.ones((3, 2))})
    with pytest.raises(ShapeError, match=r"W\[1\] has shape \[2×3\].*shape \[3×2\]"):
        model.with_values({"W[1]": np.ones((2, 3))})


# First values --------------------------------------------------------------------------------------------------------
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


# What is refused -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Sequential([]), "without layers"),
        (lambda: nn.Sequential(["tanh"]), "'tanh' is no layer"),
        (lambda: nn.MLP([], seed=0), r"sizes of the net are \[\]"),
        (lambda: nn.MLP([3], seed=0), "at least one layer"),
        (lambda: nn.MLP([3, 0], seed=0), "size 1 of the net is 0"),
        (lambda: nn.MLP([3, -2, 1], seed=0), "size 1 of the net is -2"),
        (lambda: nn.MLP([3.0, 1], seed=0), r"size 0 of the net is 3\.0"),
        (lambda: nn.MLP("32", seed=0), "sizes of the net are '32'"),
        (lambda: nn.MLP([3, 4, 1], "tanhh", seed=0), "'tanhh' is no activation.*did you mean 'tanh'"),
        (lambda: nn.MLP([3, 4, 1], (), seed=0), r"0 activation\(s\) for 2 layer\(s\)"),
        (lambda: nn.MLP([3, 4, 1], ("relu",) * 3, seed=0), r"3 activation\(s\) for 2 layer\(s\)"),
        (lambda: nn.Activation("sum"), "'sum' is no activation"),
        (lambda: nn.Activation("matmul"), "'matmul' is no activation"),
        (lambda: nn.Activation("transpose"), "'transpose' is no activation"),
        (lambda: nn.Linear(cg.parameter("W", np.ones(3))), r"W have shape \[3\]"),
        (lambda: nn.Linear(np.ones((3, 2))), "given a ndarray"),  # type: ignore[arg-type]
        (
            lambda: nn.Linear(cg.parameter("W", np.ones((3, 2))), cg.parameter("b", np.ones(3))),
            r"bias b has shape \[3\]",
        ),
        (lambda: nn.Linear.random(0, 2, seed=0), r"shape \(0, 2\)"),
        (lambda: nn.Sequential([nn.Linear.random(2, 2, seed=i) for i in (0, 1)]), r"two parameters are named 'W\[1\]'"),
    ],
)
def test_bad_nets_are_refused_with_the_fix(make: object, message: str) -> None:
    with pytest.raises(CgraphError, match=message) as caught:
        make()  # type: ignore[operator]
    assert caught.value.why and caught.value.fix


# Losses --------------------------------------------------------------------------------------------------------------
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

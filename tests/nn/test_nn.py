"""Nets: layers as records, the chapter's names, first values, losses."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest

import cgraph as cg
from cgraph import nn
from cgraph.errors import CgraphError, GraphError, NameUnknownError, ShapeError

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

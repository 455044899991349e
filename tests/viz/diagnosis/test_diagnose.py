"""What `viz.diagnose` finds, against cases computed by hand and against the chapter's."""

from __future__ import annotations

from typing import Any

import chapter_graphs
import numpy as np
import pytest
from chapter_record import Record
from project import read_chapter

import cgraph as cg
import viz
from cgraph import nn
from cgraph.errors import ValueRefusedError

ROWS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def net_pass(sizes: list[int]) -> cg.Backward:
    """The backward pass of a fresh tanh net on four rows."""
    L = nn.sigmoid_cross_entropy_loss(
        nn.MLP(sizes, "tanh", seed=0)(cg.variable("X", ("m", 2))), cg.variable("Y", ("m", 1))
    )
    return cg.backward(cg.forward(L, X=ROWS, Y=[[0], [1], [1], [1]]))


def chapter_case(name: str) -> tuple[cg.Backward, Any]:
    """The backward pass of one of the chapter's graphs, and what the case expects."""
    cases = read_chapter()["cases"]
    (case,) = (c for c in cases if c["id"] == name)
    graph = chapter_graphs.Graph(Record(case["graph"]))
    return cg.backward(cg.forward(graph.root, case["inputs"])), case["expected"]


def kinds(found: viz.Diagnosis) -> list[str]:
    return [f.kind for f in found]


def layer(b: list[float], activation: Any = cg.relu, X: Any = ROWS) -> cg.Backward:
    """A layer of three units that see x1, x2 and x1 + x2, summed."""
    W = cg.parameter("W", [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    z = (cg.variable("X", ("m", 2)) @ W + cg.parameter("b", b)).named("z")
    return cg.backward(cg.forward(cg.sum(activation(z).named("a")), X=X))


# Dead ReLUs ----------------------------------------------------------------------------------------------------------
def test_a_relu_that_is_off_for_every_example_is_dead_and_one_that_is_on_for_some_is_not() -> None:
    found = viz.diagnose(layer([-1.5, -0.5, -2.5]))  # x1 - 1.5 and x1 + x2 - 2.5 never reach 0, x2 - 0.5 does
    (dead,) = found
    assert (dead.kind, dead.name, dead.units) == ("dead ReLU", "a", (1, 3))
    assert dead.numbers == {"units": 2, "of": 3, "largest pre-activation": -0.5}
    assert found.examples == 4


def test_a_pre_activation_of_exactly_0_has_the_slope_of_the_chapter_and_is_not_dead() -> None:
    assert kinds(viz.diagnose(layer([-1.0, 0.0, -2.0]))) == []
    other = layer([-1.0, 0.0, -2.0], lambda z: cg.relu(z, at_zero=0))
    assert viz.diagnose(other).of("dead ReLU")[0].units == (1, 3)


def test_a_maximum_with_zero_is_a_relu_and_one_with_something_else_is_not() -> None:
    assert viz.diagnose(layer([-9.0, 0.0, 0.0], lambda z: cg.maximum(0, z))).of("dead ReLU")[0].units == (1,)
    assert viz.diagnose(layer([-9.0, 0.0, 0.0], lambda z: cg.maximum(z, 0.5))).of("dead ReLU") == ()


def test_the_neurons_of_an_unrolled_pass_are_the_same_units() -> None:
    bwd = layer([-1.5, -0.5, -2.5])
    dead = viz.diagnose(cg.unroll(bwd)).of("dead ReLU")
    assert [f.name for f in dead] == ["a1", "a3"]
    assert {f.numbers["largest pre-activation"] for f in dead} == {-0.5}
    assert viz.diagnose(cg.unroll(bwd)).examples == 4


def test_with_no_hidden_unit_on_only_the_last_bias_of_figure_6_18_learns() -> None:
    bwd, expected = chapter_case("c57-fig618-none-active")
    found = viz.diagnose(bwd)
    assert [f.name for f in found.of("dead ReLU")] == ["a1_1", "a1_2"]
    still = {name for f in found.of("zero gradient") for name in f.names}
    assert still == {n for n in bwd.graph.names if bwd.graph[n] in bwd.graph.inputs and expected["grad"].get(n) == 0.0}
    assert "b2_1" not in still and "w1_11" in still and len(still) == 10
    first = next(f for f in found.of("zero gradient") if "b1_1" in f.names)
    assert "it stopped at a1_1 = relu" in first.what


# Saturation ----------------------------------------------------------------------------------------------------------
def test_the_saturated_unit_of_the_chapter_is_found_with_its_slope() -> None:
    bwd, expected = chapter_case("c08-saturated-unit")
    (found,) = viz.diagnose(bwd)
    assert (found.kind, found.name) == ("saturated", "a")
    assert found.numbers["largest slope"] == pytest.approx(expected["grad"]["z"], rel=1e-12)


@pytest.mark.parametrize("activation", [cg.sigmoid, cg.tanh])
def test_units_saturate_at_both_bounds(activation: Any) -> None:
    found = viz.diagnose(layer([20.0, 0.0, -20.0], activation)).of("saturated")
    assert [f.units for f in found] == [(1, 3)]


def test_how_flat_and_for_how_many_examples_are_arguments() -> None:
    X = np.array([[0.0, 0.0]] * 9 + [[9.0, 0.0]])  # unit 1 is flat for one example of ten: σ'(9) = 0.000123
    bwd = layer([0.0, 0.0, 0.0], cg.sigmoid, X)
    assert kinds(viz.diagnose(bwd)) == []
    assert viz.diagnose(bwd, share=0.1).of("saturated")[0].units == (1, 3)
    assert viz.diagnose(bwd, share=0.1, slope=1e-4).of("saturated") == ()
    assert viz.diagnose(bwd, slope=0.3).of("saturated")[0].units == (1, 2, 3)  # a sigmoid's slope is at most 0.25
    assert "10% or more of the 10 examples" in viz.diagnose(bwd, share=0.1).text


# Layers --------------------------------------------------------------------------------------------------------------
def test_the_gradient_vanishes_through_ten_sigmoids_and_not_through_ten_tanhs_or_relus() -> None:
    bwd, expected = chapter_case("c07-vanishing-sigmoid")
    (found,) = viz.diagnose(bwd).of("vanishing gradient")
    gradients = [abs(expected["grad"][f"m{i}"]) for i in range(1, 11)]
    assert [x.norm for x in viz.diagnose(bwd).layers] == pytest.approx(gradients, rel=1e-12)
    assert found.names == ("m1", "m10") and found.numbers["ratio"] == pytest.approx(gradients[0] / gradients[-1])
    assert kinds(viz.diagnose(bwd, vanishing=1e-7)) == []
    for other in ("tanh", "relu"):
        assert viz.diagnose(chapter_case(f"c07-vanishing-{other}")[0]).of("vanishing gradient") == ()


def chain(weight: float, depth: int = 9) -> cg.Backward:
    model = nn.MLP([1] * (depth + 1), ["relu"] * depth, seed=0)
    model = model.with_values({n: np.full_like(v, weight if n[0] == "W" else 0) for n, v in model.values.items()})
    return cg.backward(cg.forward(model(cg.constant([[0.5]])).sum()))


def test_weights_of_three_make_it_explode_by_a_factor_of_three_a_layer() -> None:
    (found,) = viz.diagnose(chain(3.0))
    assert (found.kind, found.names) == ("exploding gradient", ("z[1]", "z[9]"))
    assert found.numbers == {"early": 3.0**8, "late": 1.0, "ratio": 6561.0}
    assert "going back: 3, 3, 3, 3, 3, 3, 3, 3" in found.what
    assert kinds(viz.diagnose(chain(3.0), exploding=7000.0)) == []


def test_one_vanishing_stretch_is_found_although_the_ends_are_alike() -> None:
    values = {f"W[{i}]": [[w]] for i, w in enumerate((1.0, 1e4, 1e-4, 1.0), 1)}
    model = nn.MLP([1, 1, 1, 1, 1], ["relu"] * 4, seed=0).with_values(values)
    bwd = cg.backward(cg.forward(model(cg.constant([[0.5]])).sum()))
    assert [(f.kind, f.names) for f in viz.diagnose(bwd)] == [
        ("vanishing gradient", ("z[2]", "z[3]")),
        ("exploding gradient", ("z[1]", "z[2]")),
    ]


def test_layers_of_neurons_have_the_norms_of_the_layers_of_tensors() -> None:
    bwd = net_pass([2, 12, 3, 1])
    tensors, neurons = viz.diagnose(bwd).layers, viz.diagnose(cg.unroll(bwd)).layers
    assert [x.name for x in tensors] == [x.name for x in neurons] == ["z[1]", "z[2]", "z[3]"]
    assert [x.norm for x in neurons] == pytest.approx([x.norm for x in tensors], rel=1e-12)


# Not finite, zero, unused --------------------------------------------------------------------------------------------
def test_the_first_node_that_made_a_nan_is_named_and_not_those_that_inherit_it() -> None:
    x = cg.variable("x")
    bad = cg.log(x).named("bad")
    (found,) = viz.diagnose(cg.backward(cg.forward((bad * 2 + 1).named("L"), x=-1.0)))
    assert (found.kind, found.name) == ("not finite", "bad")
    assert found.what == "log: made NaN from finite operands; 2 more nodes have it from there"
    (given,) = viz.diagnose(cg.backward(cg.forward((x * 2).named("L"), x=np.nan)))
    assert given.what == "was given NaN; 1 more node has it from there"


def test_a_slope_that_is_infinite_where_the_values_are_finite_is_named() -> None:
    x = cg.variable("x")
    (found,) = viz.diagnose(cg.backward(cg.forward(cg.sqrt(x).named("r"), x=0.0)))
    assert (found.kind, found.name, found.names) == ("not finite", "r", ("r", "x"))


def test_weights_that_all_start_at_0_stop_the_gradient_at_the_next_product() -> None:
    model = nn.MLP([2, 3, 1], "tanh", seed=0).with_values({"W[2]": np.zeros((3, 1))})
    L = nn.sigmoid_cross_entropy_loss(model(cg.variable("X", ("m", 2))), cg.variable("Y", ("m", 1)))
    (found,) = viz.diagnose(cg.backward(cg.forward(L, X=ROWS, Y=[[0], [1], [1], [1]])))
    assert (found.kind, found.names) == ("zero gradient", ("W[1]", "b[1]"))
    assert "it stopped at v2 = matmul" in found.what


def test_shares_that_cancel_are_told_from_a_gradient_that_stopped() -> None:
    w = cg.parameter("w", 3.0)
    (found,) = viz.diagnose(cg.backward(cg.forward((w - w).named("L"))))
    assert "it stopped at L = sub, where the shares cancel" in found.what


def test_parameters_without_a_gradient_are_told_from_those_behind_a_step() -> None:
    used, apart, behind = (cg.parameter(n, 1.0) for n in ("used", "apart", "behind"))
    L = (used * cg.step(behind)).named("L")
    fwd = cg.forward([L, (apart * 2).named("other")])
    found = viz.diagnose(cg.backward(fwd, of="L")).of("unused")
    assert {f.name: f.why for f in found} == {
        "apart": "L does not depend on apart",
        "behind": "L depends on behind only through ops without a derivative, such as step",
    }


# The list ------------------------------------------------------------------------------------------------------------
def test_a_healthy_net_has_no_findings_and_the_notes_say_what_one_batch_cannot_show() -> None:
    found = viz.diagnose(net_pass([2, 4, 1]))
    assert str(found).splitlines()[0] == "nothing found in a backward pass" and len(found) == 0
    assert any("4 examples of one moment" in note for note in found.notes)
    alone = nn.mse_loss(cg.tanh(cg.variable("X", 2)), np.zeros(2))
    one = viz.diagnose(cg.backward(cg.forward(alone, X=[1.0, 2.0])))
    assert any(note.startswith("one example") for note in one.notes)


def test_a_finding_names_the_line_the_numbers_the_reason_and_what_to_try() -> None:
    (dead,) = viz.diagnose(layer([-9.0, 0.0, 0.0]))
    first, *rest = str(dead).splitlines()
    assert first.startswith("dead ReLU: a (at test_diagnose.py, line ")
    assert rest[0] == "  unit 1 of 3: the pre-activation is below 0 for all 4 examples, at most −8"
    assert rest[1].startswith("  why: ") and rest[2].startswith("  try: ")
    assert dead.badge == "1 dead ReLU"


def test_many_units_are_counted_rather_than_listed() -> None:
    z = cg.constant([[1.0]]) @ cg.parameter("W", -np.ones((1, 40)))
    (dead,) = viz.diagnose(cg.backward(cg.forward(cg.sum(cg.relu(z))))).of("dead ReLU")
    assert "9, 10, 11, 12 and 28 more of 40" in dead.what and len(dead.units) == 40


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (lambda bwd: viz.diagnose(bwd.forward), "only a backward pass has the gradients"),
        (lambda bwd: viz.diagnose(cg.backward(cg.forward(bwd.graph, world=cg.worlds.SYMPY))), "only in numbers"),
        (lambda bwd: viz.diagnose(bwd, share=1.5), "share at most 1"),
        (lambda bwd: viz.diagnose(bwd, vanishing=2.0), "vanishing below 1"),
        (
            lambda bwd: viz.diagnose(bwd).of("ill"),
            "there is no finding 'ill'. Fix: choose one of not finite, indeterminate, dead",
        ),
    ],
)
def test_what_cannot_be_diagnosed_is_refused(asked: Any, says: str) -> None:
    bwd = cg.backward(cg.forward(cg.square(cg.parameter("w", 2.0)).named("L")))
    with pytest.raises(ValueRefusedError, match=says.replace("(", r"\(")):
        asked(bwd)

"""The neural unit, the perceptron and its rule, decision lines, the XOR net: Sections 6.1 and 6.2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Perceptron as SklearnPerceptron

import cgraph as cg
import viz
from cgraph import nn
from cgraph.errors import CgraphError
from viz.figures import graphs

TABLE = [[0, 0], [0, 1], [1, 0], [1, 1]]


# The unit ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("activation", "a"), [("sigmoid", 1 / (1 + np.exp(-0.87))), ("tanh", np.tanh(0.87)), ("relu", 0.87)]
)
def test_the_worked_unit_of_the_chapter(activation: str, a: float) -> None:
    fwd = cg.forward(nn.textbook.Unit([0.2, 0.3, 0.9], 0.5, activation)([0.5, 0.6, 0.1]))

    assert np.isclose(fwd["z"], 0.87, rtol=1e-14) and np.isclose(fwd["a"], a, rtol=1e-14)


def test_a_unit_on_many_rows_is_the_unit_on_each() -> None:
    unit = nn.textbook.Unit([0.2, 0.3, 0.9], 0.5, "tanh")
    rows = np.random.default_rng(0).normal(size=(4, 3))

    together = cg.forward(unit(cg.variable("X", ("m", 3))), X=rows)["a"]

    assert np.allclose(together, [cg.forward(unit(row))["a"] for row in rows], rtol=1e-14)


def test_with_inputs_of_zero_the_weights_learn_nothing() -> None:
    bwd = cg.backward(cg.forward(nn.textbook.Unit([0.2, 0.3], 0.5)([0.0, 0.0])))
    assert not bwd.gradient["w"].any() and bwd.gradient["b"] > 0


def test_a_unit_is_proved_and_drawn_and_takes_other_values() -> None:
    unit = nn.textbook.Unit([0.2, 0.3, 0.9], 0.5, "tanh")
    assert cg.prove(nn.textbook.Unit([0.2, 0.3, 0.9], 0.5, "sigmoid")(cg.variable("x", 3))).proved
    assert "tanh" in viz.draw(unit(cg.variable("x", 3))).svg()
    other = unit.replaced({unit.b: cg.parameter("b", 0.0)})
    assert float(cg.forward(other([0, 0, 0]))["a"]) == 0.0 and unit.parameters[0] is other.parameters[0]


def test_a_weight_that_is_a_constant_is_not_trained() -> None:
    assert [p.name for p in nn.textbook.Unit(cg.constant([1.0, 2.0], "w")).parameters] == ["b"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.textbook.Unit([0.2, 0.3])([1.0, 2.0, 3.0]), r"unit of 2 weight\(s\) is given x \[3\]"),
        (lambda: nn.textbook.Unit([0.2, 0.3])(1.0), r"is given x"),
        (lambda: nn.textbook.Unit([[0.2, 0.3]]), r"the weights \[1×2\] and the bias"),
        (lambda: nn.textbook.Unit([0.2], [1.0]), r"the weights \[1\] and the bias \[1\]"),
        (lambda: nn.textbook.Unit([0.2], 0.0, "tanhh"), "did you mean 'tanh'"),
        (lambda: nn.textbook.decision_line([0, 0], 1), "has no line: the unit gives the same answer everywhere"),
        (lambda: nn.textbook.decision_line([1, 2, 3], 1), r"the decision line of the weights \[3\].*hyperplane"),
        (lambda: nn.textbook.learn_perceptron(TABLE, [0, 1, 1, 2]), "labels other than 0 and 1"),
        (lambda: nn.textbook.learn_perceptron([[np.nan, 1]], [1]), "not finite"),
        (lambda: nn.textbook.learn_perceptron(TABLE, [0, 1]), r"points X \[4×2\] with labels y \[2\]"),
        (lambda: nn.textbook.learn_perceptron(TABLE, [0, 0, 0, 1], epochs=0), "for 0 epochs"),
        (lambda: nn.textbook.learn_perceptron(TABLE, [0, 0, 0, 1], learning_rate=-1), "with the rate -1"),
        (
            lambda: nn.textbook.learn_perceptron(TABLE, [0, 0, 0, 1], start=nn.textbook.Unit([0, 0])),
            "for a unit with sigmoid",
        ),
    ],
)
def test_bad_units_are_refused_with_the_fix(make: Any, message: str) -> None:
    with pytest.raises(CgraphError, match=message) as caught:
        make()
    assert caught.value.why and caught.value.fix


# Perceptrons ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("unit", "outputs"), [(nn.textbook.AND, [0, 0, 0, 1]), (nn.textbook.OR, [0, 1, 1, 1])])
def test_and_and_or_have_the_weights_of_the_figure_and_are_right(unit: nn.textbook.Unit, outputs: list[int]) -> None:
    assert unit.w.value.tolist() == [1, 1] and float(unit.b.value) in (-1, 0)
    assert cg.forward(unit(TABLE))["a"].tolist() == outputs


def test_nothing_flows_through_a_step() -> None:
    bwd = cg.backward(cg.forward(nn.textbook.AND(cg.constant([1.0, 1.0]))))
    assert not bwd.gradient["w"].any() and not bwd.gradient["b"]


def test_the_rule_moves_towards_the_target_and_only_when_wrong() -> None:
    unit = nn.textbook.Perceptron([1.0, -1.0], 0.5)
    for x, y, w, b in (
        ([1, 1], 1, [1, -1], 0.5),
        ([2, 1], 0, [0, -1.5], 0.0),
        ([0, 3], 1, [1, 0.5], 1.0),
    ):
        new = nn.textbook.perceptron_rule(unit, x, y, learning_rate=0.5)
        fwd = cg.forward(new)
        assert fwd[new[0]].tolist() == w and float(fwd[new[1]]) == b
        assert [n.name for n in new] == ["w'", "b'"]


def test_learning_takes_the_steps_of_scikit_learns_perceptron() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 3))
    labels = (rows @ [1.0, -2.0, 0.5] + 0.3 > 0).astype(int)
    peer = SklearnPerceptron(shuffle=False, tol=None, max_iter=200, eta0=1.0).fit(rows, labels)

    run = nn.textbook.learn_perceptron(rows, labels, epochs=200)

    assert run.converged and run.mistakes[-1] == 0 and len(run.mistakes) < 200
    assert np.allclose(run.unit.w.value, peer.coef_[0], rtol=1e-12)
    assert np.isclose(float(run.unit.b.value), peer.intercept_[0], rtol=1e-12)


def test_xor_is_never_learned_by_one_perceptron() -> None:
    run = nn.textbook.learn_perceptron(TABLE, [0, 1, 1, 0], epochs=50)
    assert not run.converged and len(run.mistakes) == 50 and min(run.mistakes) > 0


def test_learning_may_go_on_from_a_unit() -> None:
    run = nn.textbook.learn_perceptron(TABLE, [0, 0, 0, 1], start=nn.textbook.AND)
    assert run.mistakes == (0,) and run.unit.w.value.tolist() == [1, 1]


# Lines ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("w", "b", "text"),
    [
        ([1, 1], -1, "x2 = -x1 + 1"),
        ([1, 1], 0, "x2 = -x1"),
        ([2, -4], 3, "x2 = 0.5·x1 + 0.75"),
        ([2, -2], -3, "x2 = x1 - 1.5"),
        ([0, 2], -1, "x2 = 0.5"),
        ([0, 2], 0, "x2 = 0"),
        ([2, 0], -1, "x1 = 0.5"),
        ([-2, 0], 0, "x1 = 0"),
    ],
)
def test_a_unit_of_two_inputs_decides_by_a_line(w: list[float], b: float, text: str) -> None:
    line = nn.textbook.decision_line(w, b)
    assert str(line) == text
    x1 = line.vertical_at if line.slope is None else 1.7
    x2 = 5.0 if line.slope is None else line.slope * x1 + line.intercept
    assert abs(w[0] * x1 + w[1] * x2 + b) < 1e-12
    assert nn.textbook.decision_line(nn.textbook.Perceptron(w, b)) == line


# XOR -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("activation", ["relu", "step"])
def test_two_layers_compute_exclusive_or(activation: str) -> None:
    net = nn.textbook.xor_net(activation)
    assert net.predict(TABLE).tolist() == [[0], [1], [1], [0]]
    assert {n: v.tolist() for n, v in net.values.items()} == {
        "W[1]": [[1, 1], [1, 1]],
        "b[1]": [0, -1],
        "W[2]": [[1], [-2]],
        "b[2]": [0],
    }


def test_in_the_hidden_space_a_line_separates_exclusive_or() -> None:
    hidden = nn.textbook.xor_net().hidden_representation(TABLE)
    assert hidden.tolist() == [[0, 0], [1, 0], [1, 0], [2, 1]]
    assert not nn.textbook.is_linearly_separable(TABLE, [0, 1, 1, 0])
    assert nn.textbook.is_linearly_separable(hidden, [0, 1, 1, 0])
    assert nn.textbook.xor_net("step").hidden_representation(TABLE).tolist() == [[0, 0], [1, 0], [1, 0], [1, 1]]


def test_the_xor_net_is_proved_and_drawn() -> None:
    assert cg.prove(nn.textbook.xor_net()).proved
    assert "relu" in viz.draw(nn.textbook.xor_net()(cg.variable("X", ("m", 2)))).svg().lower()


def test_the_unit_and_the_xor_net_of_the_chapter_product_by_product_are_those_of_nn() -> None:
    unit = graphs.figure_6_2()
    together = cg.backward(cg.forward(nn.textbook.Unit([0.2, 0.3, 0.9], 0.5)([0.5, 0.6, 0.1])))
    assert np.isclose(unit.forward["a"], together.forward["a"], rtol=1e-15)
    assert np.allclose([unit.gradient[f"w{i}"] for i in (1, 2, 3)], together.gradient["w"], rtol=1e-14)
    assert [p for p in ("p1", "x1", "w1", "b", "z", "a") if p in unit.graph] == ["x1", "w1", "b", "z", "a"]
    for row, hidden in zip(TABLE, nn.textbook.xor_net().hidden_representation(TABLE), strict=True):
        net = graphs.figure_6_6(*row)
        assert [net.forward["h1"], net.forward["h2"]] == hidden.tolist()
        assert net.forward["y1"] == nn.textbook.xor_net().predict([row])[0, 0]
    assert len([n for n in cg.Graph(graphs.figure_6_6().of) if n.kind == "parameter"]) == 9

"""The catalogue of traps: 71 derivatives that other engines got wrong, each with the right answer under its number.

What is one derivative stands in the table; what needs more (sharing, second calls, depth, precision, errors, pictures)
is a test of its own, `test_trap_NN_...`. The last test counts that no number is missing.
"""

from __future__ import annotations

import copy
import gc
import pickle
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cgraph as cg
import viz
from cgraph.errors import IndeterminateWarning
from cgraph.graph.node import build
from cgraph.ops import TABLE
from viz.figures.graphs import figure_6_17

DEEP = 5_000


def gradients(root: cg.Node | cg.Graph, **values: object) -> cg.Backward:
    return cg.backward(cg.forward(root, **values))


P = 1 / (1 + np.exp(1))  # what softmax gives the smaller of two logits that are 1 apart
LOGITS = [[1.0, 2.0], [3.0, 4.0]]
ONES = np.ones
# number and case: the function, where it is differentiated, and the slope of its sum by each operand
TRAPS: dict[str, tuple[Callable[..., Any], tuple[Any, ...], tuple[Any, ...]]] = {
    "1 relu at 0": (cg.relu, (0.0,), (1.0,)),
    "1 relu at 0, switched": (lambda x: cg.relu(x, at_zero=0), (0.0,), (0.0,)),
    "2 maximum(x, 0) at 0": (lambda x: cg.maximum(x, 0), (0.0,), (1.0,)),
    "3 maximum at a tie": (cg.maximum, (2.0, 2.0), (1.0, 0.0)),
    "3 maximum at a tie, split": (lambda x, y: cg.maximum(x, y, ties=0.5), (2.0, 2.0), (0.5, 0.5)),
    "4 maximum(x, x)": (lambda x: cg.maximum(x, x), (5.0,), (1.0,)),
    "5 max with a tie": (cg.max, ([3, 3, 1],), ([1, 0, 0],)),
    "5 max with a tie, split": (lambda x: cg.max(x, ties="split"), ([3, 3, 1],), ([0.5, 0.5, 0],)),
    "6 max-pool of tied tokens": (lambda x: cg.max_pool(x, [1, 1, 1]), ([[2], [2], [1]],), ([[1], [0], [0]],)),
    "7 abs at 0": (cg.abs, (0.0,), (0.0,)),
    "8 sqrt at 0": (cg.sqrt, (0.0,), (np.inf,)),
    "9 sqrt(x*x) at 0": (lambda x: cg.sqrt(x * x), (0.0,), (0.0,)),
    "10 norm at 0": (cg.norm, ([0, 0],), ([0, 0],)),
    "11 squared norm at 0": (lambda x: cg.norm(x) ** 2, ([0, 0],), ([0, 0],)),
    "12 where not sqrt": (lambda x: cg.where(x > 0, cg.sqrt(x), 0), (-1.0,), (0.0,)),
    "13 where not sqrt(-x)": (lambda x: cg.where(x >= 0, x, cg.sqrt(-x)), (1.0,), (1.0,)),
    "14 a pole that is left out": (lambda x: (x / [0.0, 1.0])[np.array([False, True])], ([1, 1],), ([0, 1],)),
    "15 x**0 at 0": (lambda x: x**0, (0.0,), (0.0,)),
    "15 x**1 at 0": (lambda x: x**1, (0.0,), (1.0,)),
    "15 x**2 at 0": (lambda x: x**2, (0.0,), (0.0,)),
    "17 x**y at (0, 2)": (lambda x, y: x**y, (0.0, 2.0), (0.0, 0.0)),
    "18 x**y at (0, 0)": (lambda x, y: x**y, (0.0, 0.0), (0.0, 0.0)),
    "19 x**3 at -2": (lambda x: x**3, (-2.0,), (12.0,)),
    "19 x**y at (-2, 3)": (lambda x, y: x**y, (-2.0, 3.0), (12.0, np.nan)),
    "20 x*x**0.5 at 0": (lambda x: x * x**0.5, (0.0,), (0.0,)),
    "21 an integer to the power -1": (lambda x: x**-1, (2,), (-0.25,)),
    "21 an integer by an integer": (lambda x, y: x / y, (1, 2), (0.5, -0.25)),
    "22 prod with one zero": (cg.prod, ([0, 2, 3],), ([6, 0, 0],)),
    "22 prod with two zeros": (cg.prod, ([0, 0, 3],), ([0, 0, 0],)),
    "23 sigmoid at -1000": (cg.sigmoid, (-1000.0,), (0.0,)),
    "24 log sigmoid at -1000": (lambda x: cg.simplify(cg.log(cg.sigmoid(x))), (-1000.0,), (1.0,)),
    "24 log_sigmoid at -1000": (cg.log_sigmoid, (-1000.0,), (1.0,)),
    "25 log(1 + exp(x)) at 1000": (lambda x: cg.simplify(cg.log(1 + cg.exp(x))), (1000.0,), (1.0,)),
    "25 softplus at 1000": (cg.softplus, (1000.0,), (1.0,)),
    "26 tanh at 800": (cg.tanh, (800.0,), (0.0,)),
    "27 softmax at [1000, 0]": (lambda x: cg.softmax(x)[0], ([1000, 0],), ([0, 0],)),
    "28 cross-entropy at [-1000, 0]": (lambda x: cg.softmax_cross_entropy(x, 0), ([-1000, 0],), ([-1, 1],)),
    "32 logsumexp of nothing but -inf": (cg.logsumexp, ([-np.inf, -np.inf],), ([0, 0],)),
    "33 cross-entropy, every target ignored": (
        lambda x: cg.softmax_cross_entropy(x, [-1, -1], ignore=-1, reduction="mean"), (LOGITS,), (np.zeros((2, 2)),)
    ),
    "34 mean cross-entropy, one target ignored": (
        lambda x: cg.softmax_cross_entropy(x, [-1, 1], ignore=-1, reduction="mean"), (LOGITS,), ([[0, 0], [P, -P]],)
    ),
    "35 mean cross-entropy with weights": (
        lambda x: cg.softmax_cross_entropy(x, [0, 1], weights=[1.0, 3.0], reduction="mean"),
        (LOGITS,), ([[(P - 1) / 4, (1 - P) / 4], [3 * P / 4, -3 * P / 4]],)
    ),
    "37 the sum of softmax": (cg.softmax, ([0.5, -1, 2],), ([0, 0, 0],)),
    "38 x*x at 3": (lambda x: x * x, (3.0,), (6.0,)),
    "44 (2,3) + (3,)": (lambda x, y: x + y, (ONES((2, 3)), ONES(3)), (ONES((2, 3)), [2, 2, 2])),
    "44 (2,1)·(1,3)": (lambda x, y: x * y, (ONES((2, 1)), ONES((1, 3))), ([[3], [3]], [[2, 2, 2]])),
    "44 (2,3)·()": (lambda x, y: x * y, (ONES((2, 3)), 2.0), (np.full((2, 3), 2), 6.0)),
    "45 (1,3) into (4,2,3)": (lambda x: ONES((4, 2, 3)) * x, (ONES((1, 3)),), ([[8, 8, 8]],)),
    "46 mean over two axes": (lambda x: cg.mean(x, axis=(1, 2)), (ONES((2, 3, 4)),), (np.full((2, 3, 4), 1 / 12),)),
    "47 mean over no axes": (lambda x: cg.mean(x, axis=()), (ONES((2, 3)),), (np.full((2, 3), 1 / 6),)),
    "47 mean over an empty list of axes": (lambda x: cg.mean(x, axis=[]), (ONES(4),), (np.full(4, 0.25),)),
    "48 a row twice": (lambda x: cg.embedding(x, [1, 1, 0]), (ONES((3, 1)),), ([[1], [2], [0]],)),
    "50 padding in an embedding": (
        lambda x: cg.embedding(x, [0, 0, 3], padding=0), (ONES((4, 1)),), ([[0], [0], [0], [1]],)
    ),
    "51 mean-pool of padding": (lambda x: cg.mean_pool(x, [0, 0, 0]), (ONES((3, 2)),), (np.zeros((3, 2)),)),
    "52 mean-pool with padding": (lambda x: cg.mean_pool(x, [1, 1, 0]), ([[1], [2], [9]],), ([[0.5], [0.5], [0]],)),
    "53 dropout of ones": (lambda x: cg.dropout(x, [1, 0, 1], 0.5), (ONES(3),), ([2, 0, 2],)),
    "54 dropout of zeros": (lambda x: cg.dropout(x, [1, 0, 1], 0.5), (np.zeros(3),), ([2, 0, 2],)),
    "55 dropout with p = 1": (lambda x: cg.dropout(x, [1, 0, 1], 1), (ONES(3),), ([0, 0, 0],)),
    "55 dropout with p = 0": (lambda x: cg.dropout(x, [1, 0, 1], 0), (ONES(3),), ([1, 1, 1],)),
    "55 dropout out of training": (lambda x: cg.dropout(x, [1, 0, 1], 0.5, training=False), (ONES(3),), ([1, 1, 1],)),
    "56 joined with itself": (lambda x: cg.concatenate([x, x]) * [1.0, 2.0, 3.0, 4.0], (ONES(2),), ([4, 6],)),
    "57 x·xᵀ": (lambda x: x @ x.T, ([[1, 2]],), ([[2, 4]],)),
    "58 views of views": (
        lambda x: x.T.reshape(2, 3) * np.arange(6.0).reshape(2, 3), (ONES((2, 3)),), ([[0, 2, 4], [1, 3, 5]],)
    ),
    "59 1-D·1-D": (lambda x, y: x @ y, ([1, 2], [3, 4]), ([3, 4], [1, 2])),
    "59 (2,3)·(3,)": (lambda x, y: x @ y, (ONES((2, 3)), ONES(3)), (ONES((2, 3)), [2, 2, 2])),
    "59 (4,2,3)·(3,2)": (
        lambda x, y: x @ y, (ONES((4, 2, 3)), ONES((3, 2))), (np.full((4, 2, 3), 2), np.full((3, 2), 8))
    ),
    "60 clip at a bound": (lambda x: cg.clip(x, -1, 1), (1.0,), (1.0,)),
    "61 a comparison": (lambda x: x + (x > 1), (1.3,), (1.0,)),
    "61 argmax": (lambda x: cg.sum(x) + cg.argmax(x), ([1.0, 3.0],), ([1, 1],)),
    "61 round": (lambda x: x + cg.round(x), (1.3,), (1.0,)),
    "61 sign": (lambda x: x + cg.sign(x), (1.3,), (1.0,)),
    "62 std of equal values": (cg.std, ([2, 2],), ([0, 0],)),
    "62 var of equal values": (cg.var, ([2, 2],), ([0, 0],)),
    "64 split with an unused part": (lambda x: cg.split(x, 2)[0], (ONES(4),), ([1, 1, 0, 0],)),
    "66 relu of nan": (cg.relu, (np.nan,), (0.0,)),
    "66 max with nan": (cg.max, ([1, np.nan, 3],), ([0, 1, 0],)),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::cgraph.errors.IndeterminateWarning")  # trap 9 has a test of its warning
@pytest.mark.parametrize("function, at, right", TRAPS.values(), ids=[f"trap {case}" for case in TRAPS])
def test_the_derivative_of_a_trap_is_right_in_numbers_and_as_a_graph(
    function: Callable[..., Any], at: tuple[Any, ...], right: tuple[Any, ...]
) -> None:
    leaves = [cg.variable(f"x{i}", np.shape(value)) for i, value in enumerate(at)]
    feed = dict(zip(leaves, at, strict=True))
    total = cg.sum(function(*leaves))
    bwd = gradients(total, **{str(leaf.name): value for leaf, value in feed.items()})
    for leaf, expected in zip(leaves, right, strict=True):
        gradient = cg.grad(total, leaf)
        as_graph = cg.forward(gradient, {x: v for x, v in feed.items() if x in cg.Graph(gradient)}).values[-1]
        for got in (bwd.gradient[leaf], as_graph):
            assert np.shape(got) == np.shape(expected)  # a 0-d gradient for a scalar
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-15)


def test_trap_16_every_order_of_a_power_at_zero() -> None:
    x = cg.variable("x")
    found, node = [], x**4
    for _ in range(5):
        node = cg.grad(node, x) if x in cg.Graph(node) else cg.constant(0.0)  # of 24 there is nothing to take
        found.append(cg.forward(node, {x: 0.0} if x in cg.Graph(node) else {}).values[-1])
    assert found == [0, 0, 0, 24, 0]


def test_trap_33_the_loss_of_ignored_targets_is_zero() -> None:
    loss = cg.softmax_cross_entropy(cg.variable("x", (2, 2)), [-1, -1], ignore=-1, reduction="mean")
    assert cg.forward(loss, x=LOGITS).values[-1] == 0


def test_trap_36_the_hessian_of_cross_entropy_is_no_zero() -> None:
    x = cg.variable("x", 2)
    hessian = cg.hessian(cg.softmax_cross_entropy(x, [1.0, 0.0]), x)
    assert cg.forward(hessian, x=[0.5, 0.5]).values[-1].tolist() == [[0.25, -0.25], [-0.25, 0.25]]


@pytest.mark.parametrize("ids, text", [([0, -1], r"id -1 at position \(1,\)"), ([[0, 3]], r"V = 3.*0 to 2")])
def test_trap_49_an_id_that_is_not_there_is_named_with_v_and_its_position(ids: Any, text: str) -> None:
    table = cg.variable("E", (3, 2))
    with pytest.raises(cg.CgraphError, match=text):
        cg.embedding(table, ids)
    with pytest.raises(cg.CgraphError, match=text):
        cg.forward(cg.embedding(table, cg.variable("ids", np.shape(ids))), E=np.ones((3, 2)), ids=ids)


def test_trap_52_the_mean_of_tokens_does_not_depend_on_batch_mates() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    both = cg.forward(cg.mean_pool(cg.variable("x", (2, 3, 4)), [[1, 1, 0], [1, 1, 1]]), x=x).values[-1]
    alone = cg.forward(cg.mean_pool(cg.variable("x", (1, 2, 4)), [[1, 1]]), x=x[:1, :2]).values[-1]
    assert both[0].tolist() == alone[0].tolist()


def test_trap_66_nan_stays_nan_in_the_value() -> None:
    x = cg.variable("x")
    for node in (cg.relu(x), cg.maximum(x, 1.0), cg.clip(x, 0, 1), cg.max(cg.stack([x, x]))):
        assert np.isnan(cg.forward(node, x=np.nan).values[-1])


def test_trap_29_the_chapters_own_chain_from_6_42_to_6_43_is_a_minus_y() -> None:
    """At z = 40 and y = 0 the factors are inf and 0; on logits the product is right."""
    z = cg.variable("z")
    assert gradients(cg.sigmoid_cross_entropy(z, 0.0), z=40.0).gradient["z"] == pytest.approx(1.0, rel=1e-15)


def test_trap_29_the_composed_chain_warns_and_its_rewriting_is_right() -> None:
    z = cg.variable("z")
    composed = cg.binary_cross_entropy(cg.sigmoid(z).named("a"), 0.0).named("L")
    with pytest.warns(IndeterminateWarning, match="on the edge from z to a .*simplify"):
        gradients(composed, z=800.0)  # at 40 the factors are inf and 4e-18
    assert gradients(cg.simplify(composed), z=800.0).gradient["z"] == pytest.approx(1.0, rel=1e-15)


def test_trap_9_a_root_of_a_square_at_0_is_0_with_a_warning_that_names_the_edge() -> None:
    with pytest.warns(IndeterminateWarning, match="on the edge from x to v1"):
        assert gradients(cg.parse("y = sqrt(x*x)"), x=0.0).gradient["x"] == 0.0


def test_trap_30_binary_cross_entropy_in_single_precision_keeps_its_slope() -> None:
    z = cg.variable("z")
    fwd = cg.forward(cg.sigmoid_cross_entropy(z, 1.0), z=-50.0, world=cg.worlds.NumpyWorld(np.float32))
    gradient = cg.backward(fwd).gradient["z"]
    assert gradient == -1.0
    assert gradient.dtype == np.float32


def test_trap_31_nothing_is_clipped_by_an_epsilon_that_single_precision_rounds_away() -> None:
    p = cg.variable("p")
    for dtype in (np.float32, np.float64):
        near = np.nextafter(dtype(1), dtype(0))
        fwd = cg.forward(cg.binary_cross_entropy(p, 0.0), p=near, world=cg.worlds.NumpyWorld(dtype))
        assert np.isfinite(fwd.values[-1])
        assert cg.backward(fwd).gradient["p"] == pytest.approx(1 / float(1 - near), rel=1e-6)


def test_trap_38_a_square_as_a_product_has_two_edges_with_locals_3_and_3() -> None:
    bwd = gradients(cg.parse("y = x*x"), x=3.0)
    assert bwd.gradient["x"] == 6.0
    assert [bwd.edge("y", "x", position=i).local for i in (0, 1)] == [3.0, 3.0]
    assert len(viz.draw(bwd).drawing.edges) == 2


@pytest.mark.parametrize("formula", ["y = x - x", "y = x/x"])
def test_trap_39_what_cancels_has_no_slope(formula: str) -> None:
    assert gradients(cg.parse(formula), x=3.0).gradient["x"] == 0.0


def test_trap_40_a_shared_sum_that_is_squared() -> None:
    assert gradients(cg.parse("b = a + a; c = b*b"), a=1.0).gradient["a"] == 8.0


def test_trap_41_one_node_in_two_terms() -> None:
    assert gradients(cg.parse("y = 3*x; z = 2*y + 5*y"), x=2.0).gradient["x"] == 21.0


def test_trap_42_a_second_backward_call_changes_nothing() -> None:
    fwd = cg.forward(cg.parse("y = (3*x)**2"), x=2.0)
    assert [cg.backward(fwd).gradient["x"] for _ in range(3)] == [36.0, 36.0, 36.0]


def test_trap_43_gradients_do_not_share_a_buffer() -> None:
    bwd = gradients(cg.parse("y = a + b; z = y + a", {"a": 2, "b": 2}).output.sum(), a=[1.0, 1.0], b=[1.0, 1.0])
    assert bwd.gradient["a"].tolist() == [2.0, 2.0]
    assert bwd.gradient["b"].tolist() == [1.0, 1.0]


def test_trap_63_unused_leaves_have_gradient_0_and_are_named() -> None:
    used, unused = cg.variable("used"), cg.parameter("unused", [1.0, 2.0])
    graph = cg.Graph([(used * 2).named("L"), unused])
    bwd = cg.backward(cg.forward(graph, used=1.0), of="L")
    assert bwd.gradient["unused"].tolist() == [0.0, 0.0]
    assert [n.name for n in bwd.unused] == ["unused"]


def test_trap_63_a_loss_that_is_a_leaf_has_gradient_1() -> None:
    assert gradients(cg.variable("x"), x=5.0).gradient["x"] == 1.0


def test_trap_63_no_gradient_flows_to_a_constant_and_none_is_drawn() -> None:
    bwd = gradients((cg.variable("x") * cg.constant(2.0, name="two")).named("y"), x=1.0)
    assert [e.operand.name for e in bwd.edges] == ["x"]
    drawn = {e.name: e.flows for e in viz.draw(bwd).drawing.edges}
    assert drawn == {"x->y": True, "two->y": False}


@pytest.mark.slow
def test_trap_65_a_deep_chain_meets_no_recursion_limit() -> None:
    node = x = cg.variable("x")
    for _ in range(DEEP):
        node = node + 1.0
    limit = sys.getrecursionlimit()
    assert limit < DEEP
    assert gradients(node, x=0.0).gradient["x"] == 1.0
    assert cg.forward(pickle.loads(pickle.dumps(node)), x=0.0).values[-1] == DEEP  # noqa: S301 - our own bytes
    assert copy.deepcopy(node) is node
    assert repr(node) == "<add(…, 1)>"
    assert cg.forward(cg.grad(node, x)).values[-1] == 1.0
    assert len(viz.draw(node, fold=False).drawing.boxes) == DEEP + 1
    del node
    gc.collect()


def test_trap_67_an_array_that_changes_after_the_forward_pass_changes_nothing() -> None:
    x, values = cg.variable("x", 2), np.array([1.0, 2.0])
    fwd = cg.forward(cg.sum(x * x), x=values)
    values[:] = 100.0
    assert cg.backward(fwd).gradient["x"].tolist() == [2.0, 4.0]


def test_trap_68_figure_6_17() -> None:
    bwd = figure_6_17()
    assert [bwd.forward[n] for n in "deL"] == [2.0, 5.0, -10.0]
    assert [bwd.gradient[n] for n in "abc"] == [-2.0, -4.0, 5.0]
    locals_ = {(e.result.name, e.operand.name): float(e.local) for e in bwd.edges}
    assert locals_ == {("L", "e"): -2, ("L", "c"): 5, ("e", "a"): 1, ("e", "d"): 1, ("d", "b"): 2}


def test_trap_69_the_worked_unit_of_section_6_1() -> None:
    w, x = cg.constant([0.2, 0.3, 0.9]), cg.variable("x", 3)
    z = (w @ x + 0.5).named("z")
    fwd = cg.forward(cg.sigmoid(z).named("y"), x=[0.5, 0.6, 0.1])
    assert fwd["z"] == pytest.approx(0.87, rel=1e-15)
    assert round(float(fwd["y"]), 2) == 0.70


@pytest.mark.parametrize("formula", ["y = relu(x)", "y = abs(x)", "y = maximum(x, 0)"])
def test_trap_70_a_kink_is_not_differentiable_rather_than_wrong(formula: str) -> None:
    report = cg.check_gradient(gradients(cg.parse(formula), x=0.0))
    assert [s.verdict for s in report.slopes if s.ours != s.difference] in ([], ["not differentiable here"])
    assert report.failures == ()


def test_trap_70_a_gradient_that_is_wrong_is_called_wrong() -> None:
    wrong = build(TABLE["tanh"].replaced(rules=(lambda w, z, x: 1 - z,)), cg.variable("x"))
    report = cg.check_gradient(gradients(wrong, x=0.3))
    assert [s.verdict for s in report.slopes] == ["WRONG"]
    assert not report.agrees


def test_trap_71_the_checker_works_in_double_precision_and_leaves_its_input_as_it_was() -> None:
    x, values = cg.variable("x", 3), np.array([0.1, -2.0, 3.0], dtype=np.float32)
    fwd = cg.forward(cg.sum(cg.tanh(x) * x), {x: values}, world=cg.worlds.NumpyWorld("float32"))
    before = fwd["x"].copy()
    report = cg.check_gradient(cg.backward(fwd))
    assert report.agrees
    assert len(report.slopes) == 3
    assert (fwd["x"] == before).all()
    assert (values == np.array([0.1, -2.0, 3.0], dtype=np.float32)).all()


def test_the_checker_compares_every_element_of_every_leaf_of_a_net() -> None:
    model = cg.nn.MLP([2, 3, 1], "tanh", seed=0)
    loss = cg.nn.sigmoid_cross_entropy_loss(model(cg.variable("X", (2, 2))), cg.constant([[0.0], [1.0]]))
    report = cg.check_gradient(gradients(loss, X=[[0.5, -1.0], [2.0, 0.25]]))
    assert len(report.slopes) == 4 + 6 + 3 + 3 + 1
    assert report.agrees
    assert "17 agrees, 0 WRONG" in str(report)


def test_each_of_the_71_traps_has_a_test_under_its_number() -> None:
    in_table = {int(case.split()[0]) for case in TRAPS}
    by_name = {int(found[1]) for name in globals() if (found := re.match(r"test_trap_(\d+)_", name))}
    assert in_table | by_name == set(range(1, 72))

"""Graphs on which other engines gave wrong derivatives: sharing, fan-out, second calls, depth, precision.

The numbers are those of the catalogue of traps; the traps of single ops stand beside the tests of their families.
"""

from __future__ import annotations

import copy
import gc
import pickle
import sys
from dataclasses import replace

import numpy as np
import pytest

import cgraph as cg
import viz
from cgraph.chapter import figure_6_17
from cgraph.errors import IndeterminateWarning
from cgraph.node import build
from cgraph.ops import TABLE

DEEP = 20_000


def gradients(root: cg.Node | cg.Graph, **values: object) -> cg.Backward:
    return cg.backward(cg.forward(root, **values))


def test_trap_29_the_chapters_own_chain_from_6_42_to_6_43_is_a_minus_y() -> None:
    """At z = 40 and y = 0 the factors are inf and 0; on logits the product is right."""
    z = cg.variable("z")
    assert gradients(cg.sigmoid_cross_entropy(z, 0.0), z=40.0).gradient["z"] == pytest.approx(1.0, rel=1e-15)


def test_trap_29_the_composed_chain_warns_and_its_rewriting_is_right() -> None:
    z = cg.variable("z")
    composed = cg.binary_cross_entropy(cg.sigmoid(z).named("a"), 0.0).named("L")
    with pytest.warns(IndeterminateWarning, match="on the edge from z to a .*simplify"):
        gradients(composed, z=40.0)
    assert gradients(cg.simplify(composed), z=40.0).gradient["z"] == pytest.approx(1.0, rel=1e-15)


def test_trap_9_a_root_of_a_square_at_0_is_0_with_a_warning_that_names_the_edge() -> None:
    with pytest.warns(IndeterminateWarning, match="on the edge from x to v1"):
        assert gradients(cg.parse("y = sqrt(x*x)"), x=0.0).gradient["x"] == 0.0


def test_trap_30_binary_cross_entropy_in_single_precision_keeps_its_slope() -> None:
    z = cg.variable("z")
    fwd = cg.forward(cg.sigmoid_cross_entropy(z, 1.0), z=-50.0, world=cg.NumpyWorld(np.float32))
    gradient = cg.backward(fwd).gradient["z"]
    assert gradient == -1.0
    assert gradient.dtype == np.float32


def test_trap_31_nothing_is_clipped_by_an_epsilon_that_single_precision_rounds_away() -> None:
    p = cg.variable("p")
    for dtype in (np.float32, np.float64):
        near = np.nextafter(dtype(1), dtype(0))
        fwd = cg.forward(cg.binary_cross_entropy(p, 0.0), p=near, world=cg.NumpyWorld(dtype))
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
    assert len(viz.draw(node).drawing.boxes) == DEEP + 1
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
    wrong = build(replace(TABLE["tanh"], rules=(lambda w, z, x: 1 - z,)), cg.variable("x"))
    report = cg.check_gradient(gradients(wrong, x=0.3))
    assert [s.verdict for s in report.slopes] == ["WRONG"]
    assert not report.agrees


def test_trap_71_the_checker_works_in_double_precision_and_leaves_its_input_as_it_was() -> None:
    x, values = cg.variable("x", 3), np.array([0.1, -2.0, 3.0], dtype=np.float32)
    fwd = cg.forward(cg.sum(cg.tanh(x) * x), {x: values}, world=cg.NumpyWorld("float32"))
    before = fwd["x"].copy()
    report = cg.check_gradient(cg.backward(fwd))
    assert report.agrees
    assert len(report.slopes) == 3
    assert (fwd["x"] == before).all()
    assert (values == np.array([0.1, -2.0, 3.0], dtype=np.float32)).all()


def test_the_checker_compares_every_element_of_every_leaf_of_a_net() -> None:
    model = cg.nn.MLP([2, 3, 1], "tanh", seed=0)
    loss = cg.nn.sigmoid_cross_entropy(model(cg.variable("X", (2, 2))), cg.constant([[0.0], [1.0]]))
    report = cg.check_gradient(gradients(loss, X=[[0.5, -1.0], [2.0, 0.25]]))
    assert len(report.slopes) == 4 + 6 + 3 + 3 + 1
    assert report.agrees
    assert "17 agrees, 0 WRONG" in str(report)

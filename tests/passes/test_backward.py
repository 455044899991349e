"""The backward pass: upstream, local and downstream on every edge, sums at every fan-out."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from expressions import Case, cases, central_difference
from hypothesis import given, settings

import cgraph as cg
from cgraph.errors import GradientError, NameUnknownError, ShapeError, ValueRefusedError
from cgraph.passes.backward import gradients

LONG = 100_000


def chapter(**values: float) -> cg.Backward:
    root = cg.parse("d = 2*b; e = a + d; L = c*e").output
    return cg.backward(cg.forward(root, **({"a": 3, "b": 1, "c": -2} | values)))


# The chapter's example -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name, gradient", [("a", -2), ("b", -4), ("c", 5), ("d", -2), ("e", -2), ("L", 1)]
)  # Fig. 6.17
def test_every_gradient_of_figure_6_17(name: str, gradient: float) -> None:
    assert chapter().gradient[name] == gradient


@pytest.mark.parametrize(
    "operand, result, upstream, local, downstream",
    [
        ("c", "L", 1, 5, 5),
        ("e", "L", 1, -2, -2),
        ("a", "e", -2, 1, -2),
        ("d", "e", -2, 1, -2),
        ("b", "d", -2, 2, -4),
    ],
)
def test_every_edge_of_figure_6_17(operand: str, result: str, upstream: float, local: float, downstream: float) -> None:
    edge = chapter().edge(result, operand)
    assert (edge.upstream, edge.local, edge.downstream) == (upstream, local, downstream)


def test_edges_come_in_the_order_of_the_backward_pass() -> None:
    bwd = chapter()
    edges = [(bwd.graph.name(e.operand), bwd.graph.name(e.result)) for e in bwd.edges]
    assert edges == [("c", "L"), ("e", "L"), ("a", "e"), ("d", "e"), ("b", "d")]


def test_nothing_flows_to_a_constant() -> None:
    bwd = chapter()
    with pytest.raises(NameUnknownError, match="no gradient flows along an edge from 2 to d"):
        bwd.edge("d", "2")
    assert "2" not in set(bwd.gradient)
    assert bwd.gradient["2"] == 0.0


def test_a_node_in_the_middle_can_be_differentiated() -> None:
    root = cg.parse("d = 2*b; e = a + d; L = c*e").output
    bwd = cg.backward(cg.forward(root, a=3, b=1, c=-2), of="e")
    assert (bwd.gradient["a"], bwd.gradient["b"], bwd.gradient["c"]) == (1.0, 2.0, 0.0)
    assert [n.name for n in bwd.unused] == ["c"]
    assert bwd.of.name == "e"


# Fan-out and several edges -------------------------------------------------------------------------------------------
def at(build: Any, **values: float) -> cg.Backward:
    leaves = {name: cg.variable(name) for name in values}
    return cg.backward(cg.forward(build(**leaves), values))


def test_a_square_has_two_edges_with_locals_3_and_3() -> None:
    bwd = at(lambda x: (x * x).named("z"), x=3.0)
    edges = [bwd.edge("z", "x", position=p) for p in (0, 1)]
    assert [(e.position, e.upstream, e.local, e.downstream) for e in edges] == [(0, 1, 3, 3), (1, 1, 3, 3)]
    assert bwd.gradient["x"] == 6.0


def test_several_edges_between_two_nodes_need_a_position() -> None:
    bwd = at(lambda x: (x * x).named("z"), x=3.0)
    with pytest.raises(NameUnknownError, match=r"2 edges go from x to z.*choose a position: 0, 1"):
        bwd.edge("z", "x")
    with pytest.raises(NameUnknownError, match="no gradient flows"):
        bwd.edge("z", "x", position=2)


def _squared_double(a: cg.Node) -> cg.Node:
    b = a + a
    return b * b


def _reused_upstream(a: cg.Node, b: cg.Node) -> cg.Node:
    y = a + b
    return y + a


FAN_OUT: dict[str, Any] = {
    "x − x": (lambda x: x - x, {"x": 3.0}, {"x": 0.0}),
    "x / x": (lambda x: x / x, {"x": 3.0}, {"x": 0.0}),
    "x + x + x": (lambda x: x + x + x, {"x": 3.0}, {"x": 3.0}),
    "x * x * x": (lambda x: x * x * x, {"x": 3.0}, {"x": 27.0}),
    "x ** x": (lambda x: x**x, {"x": 2.0}, {"x": 4 * (1 + np.log(2))}),
    "2y + 5y of y = 3x": (lambda x: 2 * (3 * x) + 5 * (3 * x), {"x": 2.0}, {"x": 21.0}),
    "(a + a)²": (_squared_double, {"a": 1.0}, {"a": 8.0}),
    "(a + b) + a": (_reused_upstream, {"a": 1.0, "b": 1.0}, {"a": 2.0, "b": 1.0}),
    "d·(a + d) of d = ab": (lambda a, b: (a * b) * (a + a * b), {"a": 3.0, "b": 1.0}, {"a": 12.0, "b": 27.0}),
}


@pytest.mark.parametrize("build, values, gradients", FAN_OUT.values(), ids=FAN_OUT.keys())
def test_gradients_are_summed_at_every_fan_out(build: Any, values: Any, gradients: Any) -> None:
    bwd = at(build, **values)
    assert {n: float(bwd.gradient[n]) for n in gradients} == pytest.approx(gradients)


def test_more_than_two_operands_share_one_edge_each() -> None:
    x, y, z = cg.variables("x y z")
    bwd = cg.backward(cg.forward(cg.table()["mul"](x, y, z, x), x=2.0, y=3.0, z=5.0))
    assert [(e.position, e.local) for e in bwd.edges] == [(0, 30), (1, 20), (2, 12), (3, 30)]
    assert (bwd.gradient["x"], bwd.gradient["y"], bwd.gradient["z"]) == (60.0, 20.0, 12.0)


def test_a_second_call_changes_nothing() -> None:
    fwd = cg.forward(cg.parse("y = 3*x; L = y*y").output, x=2.0)
    first = cg.backward(fwd)
    before = {n: float(first.gradient[n]) for n in first.gradient}
    second = cg.backward(fwd)
    assert first.gradient["x"] == second.gradient["x"] == 36.0
    assert {n: float(first.gradient[n]) for n in first.gradient} == before
    assert first.edges == second.edges


def test_the_gradient_of_a_leaf_by_itself_is_one() -> None:
    assert at(lambda x: x, x=3.0).gradient["x"] == 1.0


def test_an_unused_leaf_has_gradient_zero_and_is_reported() -> None:
    x, y = cg.variable("x"), cg.variable("y", (2, 3))
    fwd = cg.forward([x * x, y.sum()], x=3.0, y=np.ones((2, 3)))
    bwd = cg.backward(fwd, of=fwd.graph.outputs[0])
    assert bwd.unused == (y,)
    assert bwd.gradient["y"].tolist() == [[0, 0, 0], [0, 0, 0]]


# Broadcasting --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "left, right",
    [((2, 3), (3,)), ((2, 1), (1, 3)), ((2, 3), ()), ((1, 3), (4, 2, 3)), ((1, 1), (2, 3)), ((1,), ()), ((0, 3), (3,))],
)
def test_gradients_have_the_shape_of_their_operand(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    x, y = cg.variable("x", left), cg.variable("y", right)
    a, b = np.full(left, 2.0), np.full(right, 3.0)
    bwd = cg.backward(cg.forward(cg.sum(x * y), x=a, y=b))
    size = np.prod(np.broadcast_shapes(left, right))
    for leaf, own, other in ((x, left, 3.0), (y, right, 2.0)):
        copies = size / np.prod(own) if np.prod(own) else 0
        assert bwd.gradient[leaf].shape == own
        assert bwd.gradient[leaf].tolist() == np.full(own, other * copies).tolist()


def test_the_mean_over_two_axes_gives_each_element_its_share() -> None:
    x = cg.variable("x", (2, 3, 4))
    bwd = cg.backward(cg.forward(cg.sum(cg.mean(x, axis=(1, 2))), x=np.zeros((2, 3, 4))))
    assert bwd.gradient["x"] == pytest.approx(np.full((2, 3, 4), 1 / 12))


def test_the_mean_of_a_named_dimension_divides_by_its_size() -> None:
    x = cg.variable("x", ("m", 2))
    mean = cg.mean(x * x)
    for m in (1, 4):
        value = np.arange(2.0 * m).reshape(m, 2)
        assert cg.backward(cg.forward(mean, x=value)).gradient["x"] == pytest.approx(2 * value / value.size)


def test_the_product_of_a_matrix_with_its_own_transpose() -> None:
    x = cg.variable("x", (1, 2))
    bwd = cg.backward(cg.forward(cg.sum(x @ x.T), x=[[1.0, 2.0]]))
    assert bwd.gradient["x"].tolist() == [[2.0, 4.0]]


def test_a_stack_of_matrices_sums_the_gradient_of_what_all_share() -> None:
    A, B = cg.variable("A", (4, 2, 3)), cg.variable("B", (3, 2))
    bwd = cg.backward(cg.forward(cg.sum(A @ B), A=np.ones((4, 2, 3)), B=np.ones((3, 2))))
    assert bwd.gradient["B"].tolist() == np.full((3, 2), 8.0).tolist()


def test_a_transposed_and_reshaped_matrix_gives_its_gradient_back_in_place() -> None:
    x = cg.variable("x", (3, 2))
    bwd = cg.backward(cg.forward(cg.sum(x.T.reshape(2, 3) * np.arange(6).reshape(2, 3)), x=np.zeros((3, 2))))
    assert bwd.gradient["x"].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_the_local_gradient_of_a_linear_map_between_arrays_is_none() -> None:
    X, W = cg.variable("X", (2, 3)), cg.variable("W", (3, 2))
    bwd = cg.backward(cg.forward(cg.sum((X @ W).named("z")), X=np.ones((2, 3)), W=np.ones((3, 2))))
    edge = bwd.edge("z", "W")
    assert edge.local is None
    assert edge.upstream.shape == (2, 2)
    assert edge.downstream.shape == (3, 2)


# Where a pass starts -------------------------------------------------------------------------------------------------
def test_only_a_scalar_has_a_gradient() -> None:
    fwd = cg.forward((cg.variable("x", 3) * 2).named("y"), x=np.ones(3))
    with pytest.raises(GradientError) as caught:
        cg.backward(fwd)
    assert "y has shape [3]" in str(caught.value)
    assert "only a scalar has a gradient" in str(caught.value)
    assert "test_backward.py" in str(caught.value)
    assert "cg.sum" in str(caught.value)


def test_an_upstream_gradient_can_be_given() -> None:
    fwd = cg.forward(cg.variable("x", 3) * 2, x=np.ones(3))
    assert cg.backward(fwd, upstream=[1, 10, 100]).gradient["x"].tolist() == [2, 20, 200]


@pytest.mark.parametrize("upstream", [1.0, np.ones(2), np.ones((1, 3))])
def test_an_upstream_gradient_of_another_shape_is_refused(upstream: Any) -> None:
    fwd = cg.forward(cg.variable("x", 3) * 2, x=np.ones(3))
    with pytest.raises(ShapeError, match="the upstream gradient has shape"):
        cg.backward(fwd, upstream=upstream)


def test_an_upstream_gradient_that_is_no_number_is_refused() -> None:
    fwd = cg.forward(cg.variable("x") * 2, x=1)
    with pytest.raises(ValueRefusedError, match="the upstream gradient is given"):
        cg.backward(fwd, upstream="1")


def test_several_outputs_need_a_choice_of_one() -> None:
    x = cg.variable("x")
    fwd = cg.forward([x * 2, x * 3], x=1)
    with pytest.raises(cg.CgraphError, match="2 outputs"):
        cg.backward(fwd)
    assert cg.backward(fwd, of="v2").gradient["x"] == 3.0


def test_an_unknown_node_is_refused() -> None:
    with pytest.raises(NameUnknownError, match="no node named 'q'"):
        _ = chapter().gradient["q"]


def test_a_chain_of_100_000_nodes_is_differentiated() -> None:
    node = x = cg.variable("x")
    one = cg.constant(1)
    for _ in range(LONG):
        node = node + one
    bwd = cg.backward(cg.forward(node, x=0.0))
    assert bwd.gradient[x] == 1.0
    assert len(bwd.edges) == LONG


def test_a_graph_with_two_to_the_60_paths_is_differentiated_edge_by_edge() -> None:
    node = x = cg.variable("x")
    for _ in range(60):
        node = node + node
    assert cg.backward(cg.forward(node, x=1.0)).gradient[x] == 2.0**60


# Laws ----------------------------------------------------------------------------------------------------------------
@settings(max_examples=60)
@given(cases())
def test_the_gradient_agrees_with_central_differences(case: Case) -> None:
    bwd = cg.backward(cg.forward(case.root, case.feed))
    for leaf, value in case.feed.items():
        direction = np.random.default_rng(1).uniform(-1, 1, value.shape)
        slope = float((bwd.gradient[leaf] * direction).sum())
        assert slope == pytest.approx(central_difference(case, leaf, direction), rel=1e-5, abs=1e-6)


@settings(max_examples=40)
@given(cases())
def test_the_backward_pass_is_linear_in_the_upstream_gradient(case: Case) -> None:
    fwd = cg.forward(case.root, case.feed)
    one, two, both = (cg.backward(fwd, upstream=u) for u in (1.5, -4.0, -2.5))
    for leaf in case.feed:
        assert both.gradient[leaf] == pytest.approx(one.gradient[leaf] + two.gradient[leaf], rel=1e-12, abs=1e-12)


@settings(max_examples=40)
@given(cases())
def test_every_edge_multiplies_and_every_node_sums(case: Case) -> None:
    bwd = cg.backward(cg.forward(case.root, case.feed))
    arriving: dict[cg.Node, Any] = {case.root: np.float64(1)}
    for edge in bwd.edges:
        assert edge.upstream is bwd.gradient[edge.result]
        assert edge.downstream.shape == edge.operand.shape
        if edge.local is not None and np.shape(edge.upstream * edge.local) == edge.operand.shape:
            assert edge.downstream == pytest.approx(edge.upstream * edge.local)
        arriving[edge.operand] = arriving.get(edge.operand, 0) + edge.downstream
    assert all(bwd.gradient[node] == pytest.approx(total) for node, total in arriving.items())


@settings(max_examples=40)
@given(cases())
def test_gradients_without_edges_are_those_with_edges(case: Case) -> None:
    fwd = cg.forward(case.root, case.feed)
    with_edges, without = cg.backward(fwd).gradient, gradients(fwd)
    assert list(without) == list(with_edges)
    for leaf in case.feed:
        np.testing.assert_array_equal(without[leaf], with_edges[leaf])


@settings(max_examples=40)
@given(cases())
def test_the_chain_rule_holds_for_a_function_of_the_result(case: Case) -> None:
    inner = cg.forward(case.root, case.feed)
    outer = cg.forward(cg.tanh(case.root), case.feed)
    factor = 1 - np.tanh(inner[case.root]) ** 2
    for leaf in case.feed:
        expected = cg.backward(inner, upstream=factor).gradient[leaf]
        assert cg.backward(outer).gradient[leaf] == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_the_collector_runs_again_after_a_pass_and_after_one_that_fails() -> None:
    x = cg.variable("x", 2)
    assert gc.isenabled()
    fwd = cg.forward(x * x, x=[1.0, 2.0])
    assert gc.isenabled()
    with pytest.raises(GradientError):
        cg.backward(fwd)
    assert gc.isenabled()
    gc.disable()
    try:
        cg.forward(x * x, x=[1.0, 2.0])
        assert not gc.isenabled()  # it was the user who paused it
    finally:
        gc.enable()


def test_a_gradient_reaches_what_the_root_depends_on() -> None:
    x, y = cg.variables("x y")
    gradient = cg.backward(cg.forward([x * 2, y], x=1.0, y=2.0), of="v1").gradient
    assert gradient.reaches(x)
    assert gradient.reaches("v1")
    assert not gradient.reaches(y)
    assert not gradient.reaches(cg.variable("z"))

"""Gradients as graphs: the same numbers, of any order, sharing the graph that they came from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from expressions import Case, cases, value
from hypothesis import given, settings

import cgraph as cg
from cgraph.errors import GradientError, NameUnknownError

LONG = 100_000


def at(node: cg.Node, **values: Any) -> Any:
    used = set(cg.Graph(node).names)
    return cg.forward(node, {n: v for n, v in values.items() if n in used})[node]


def test_the_gradients_of_the_chapters_example_are_nodes() -> None:
    graph = cg.parse("d = 2*b; e = a + d; L = c*e")
    gradients = cg.grad(graph, ["a", "b", "c"])
    assert all(isinstance(g, cg.Node) for g in gradients)
    assert [float(at(g, a=3, b=1, c=-2)) for g in gradients] == [-2.0, -4.0, 5.0]


def test_one_name_gives_one_node_and_a_list_gives_a_list() -> None:
    a, b = cg.variables("a b")
    assert isinstance(cg.grad(a * b, a), cg.Node)
    assert isinstance(cg.grad(a * b, "a"), cg.Node)
    assert [g.name for g in cg.grad(a * b, [a, b])] == ["b", "a"]
    assert [g.name for g in cg.grad(a * b, (b,))] == ["a"]


@settings(max_examples=60)
@given(cases())
def test_the_gradient_as_a_graph_has_the_numbers_of_the_numeric_pass(case: Case) -> None:
    bwd = cg.backward(cg.forward(case.root, case.feed))
    for leaf in case.feed:
        gradient = cg.grad(case.root, leaf)
        fed = {n: v for n, v in case.feed.items() if n in cg.Graph(gradient)}
        assert gradient.shape == leaf.shape
        assert cg.forward(gradient, fed)[gradient] == pytest.approx(bwd.gradient[leaf], rel=1e-9, abs=1e-11)


@settings(max_examples=25)
@given(cases(largest=4))
def test_second_derivatives_agree_with_central_differences_of_the_first(case: Case) -> None:
    leaf, value_ = next(iter(case.feed.items()))
    gradient = cg.grad(case.root, leaf)
    total = cg.sum(gradient * np.random.default_rng(2).uniform(0.5, 1.5, leaf.shape))
    if leaf not in cg.Graph(total):
        return  # the expression is linear in it
    slopes = Case(total, {n: v for n, v in case.feed.items() if n in cg.Graph(total)})
    second = cg.backward(cg.forward(total, slopes.feed)).gradient[leaf]
    step, direction = 1e-5, np.random.default_rng(3).uniform(-1, 1, leaf.shape)
    name = str(leaf.name)
    there, back = (value(slopes, **{name: value_ + sign * step * direction}) for sign in (1, -1))
    assert float((second * direction).sum()) == pytest.approx((there - back) / (2 * step), rel=2e-4, abs=2e-4)


@pytest.mark.parametrize("order, expected", [*enumerate([16.0, 32.0, 48.0, 48.0, 24.0])])
def test_every_order_of_the_fourth_power(order: int, expected: float) -> None:
    x = cg.variable("x")
    node = x**4
    for _ in range(order):
        node = cg.grad(node, x)
    assert at(node, x=2.0) == pytest.approx(expected)


@pytest.mark.parametrize("order, expected", [*enumerate([0.0, 0.0, 0.0, 0.0, 24.0])])
def test_every_order_of_the_fourth_power_at_zero(order: int, expected: float) -> None:
    x = cg.variable("x")
    node = x**4
    for _ in range(order):
        node = cg.grad(node, x)
    assert at(node, x=0.0) == expected


def test_the_orders_of_the_hyperbolic_tangent() -> None:
    x = cg.variable("x")
    first = cg.grad(cg.tanh(x), x)
    second = cg.grad(first, x)
    third = cg.grad(second, x)
    t = np.tanh(0.7)
    expected = [1 - t**2, -2 * t * (1 - t**2), (6 * t**2 - 2) * (1 - t**2)]
    assert [float(at(n, x=0.7)) for n in (first, second, third)] == pytest.approx(expected)


def test_the_second_derivatives_of_cross_entropy_are_those_of_softmax() -> None:
    x = cg.variable("x", 3)
    logits, target = np.array([0.5, -1.0, 2.0]), np.array([0.0, 1.0, 0.0])
    gradient = cg.grad(cg.softmax_cross_entropy(x, target), x)
    p = np.exp(logits) / np.exp(logits).sum()
    for i, row in enumerate(np.diag(p) - np.outer(p, p)):
        hessian_row = cg.grad(cg.sum(gradient * np.eye(3)[i]), x)
        assert at(hessian_row, x=logits) == pytest.approx(row)


def test_mixed_derivatives_commute() -> None:
    x, y = cg.variables("x y")
    f = cg.exp(x * y) * cg.tanh(x + y**2)
    one, other = cg.grad(cg.grad(f, x), y), cg.grad(cg.grad(f, y), x)
    assert at(one, x=0.3, y=-0.7) == pytest.approx(at(other, x=0.3, y=-0.7), rel=1e-12)


def test_the_gradient_by_a_node_in_the_middle() -> None:
    graph = cg.parse("d = 2*b; e = a + d; L = c*e")
    assert at(cg.grad(graph, "e"), c=-2) == -2.0
    assert at(cg.grad(graph, graph["d"]), c=-2) == -2.0


def test_the_gradient_is_a_graph_on_the_users_own_nodes() -> None:
    graph = cg.parse("d = 2*b; e = a + d; L = c*e")
    assert cg.grad(graph, "c") is graph["e"]
    assert cg.grad(graph, "a") is graph["c"]


def test_a_graph_and_its_gradient_share_their_nodes() -> None:
    x = cg.variable("x")
    activation = cg.tanh(cg.exp(x) * 2).named("a")
    gradient = cg.grad(activation, x)
    both = cg.Graph([activation, gradient])
    assert sum(n.op is not None and n.op.name == "tanh" for n in both) == 1
    assert sum(n.op is not None and n.op.name == "exp" for n in both) == 1


def test_named_dimensions_stay_named_in_a_gradient() -> None:
    X, w = cg.variable("X", ("m", 3)), cg.variable("w", 3)
    loss = cg.mean((X @ w) ** 2)
    gradient = cg.grad(loss, X)
    assert gradient.shape == ("m", 3)
    random = np.random.default_rng(0)
    for m in (1, 5):
        x, v = random.normal(size=(m, 3)), random.normal(size=3)
        assert at(gradient, X=x, w=v) == pytest.approx(2 / m * np.outer(x @ v, v))


def test_the_gradient_by_a_parameter_uses_its_value() -> None:
    w, x = cg.parameter("w", 3.0), cg.variable("x")
    assert at(cg.grad(w * w * x, w), x=2.0) == 12.0


@pytest.mark.parametrize(
    "build",
    [
        lambda x, y: y * y,
        lambda x, y: cg.functions()["greater_equal"](x, 0) + y,
        lambda x, y: cg.sum(y * cg.functions()["size"](x)),
    ],
)
def test_a_gradient_by_what_nothing_flows_to_is_refused(build: Any) -> None:
    x, y = cg.variables("x y")
    graph = cg.Graph(build(x, y))
    with pytest.raises((GradientError, NameUnknownError)) as caught:
        cg.grad(graph, x)
    assert "<x>" in str(caught.value) or "x" in str(caught.value).split()


def test_a_gradient_of_what_is_no_scalar_is_refused() -> None:
    x = cg.variable("x", 3)
    with pytest.raises(GradientError, match="only a scalar has a gradient"):
        cg.grad(x * 2, x)


def test_a_gradient_by_an_unknown_name_is_refused() -> None:
    with pytest.raises(NameUnknownError, match="no node named 'q'"):
        cg.grad(cg.variable("x") * 2, "q")


def test_the_gradient_of_a_chain_of_100_000_nodes_is_a_graph() -> None:
    node = x = cg.variable("x")
    one = cg.constant(1)
    for _ in range(LONG):
        node = node + one
    gradient = cg.grad(node * x, x)
    assert cg.forward(gradient, x=2.0)[gradient] == 2.0 * 2.0 + LONG


def test_the_gradient_graph_of_a_long_chain_that_does_not_simplify() -> None:
    node = x = cg.variable("x")
    for _ in range(LONG // 10):  # each link gives some ten nodes of gradient
        node = cg.tanh(node)
    gradient = cg.grad(node, x)
    numeric = cg.backward(cg.forward(node, x=0.5)).gradient[x]
    assert at(gradient, x=0.5) == pytest.approx(numeric, rel=1e-9)

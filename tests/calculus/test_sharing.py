"""Gradients as nodes, simplified while they are built: as small and as right as when they are simplified afterwards."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph.calculus.derivatives import as_pass
from cgraph.calculus.sharing import SharingWorld
from cgraph.ops import TABLE
from cgraph.passes.backward import backward


def chain(links: int) -> tuple[cg.Node, list[cg.Node]]:
    w, x, b = cg.variables("w x b")
    node = x
    for _ in range(links):
        node = cg.tanh(w * node + b)
    return node, [w, x, b]


def added(node: cg.Node, gradients: list[cg.Node]) -> int:
    """The nodes of the gradients that are not in the graph already."""
    return len(cg.Graph([node, *gradients])) - len(cg.Graph(node))


@pytest.mark.parametrize("links", [200, 10_000])
def test_a_link_of_tanh_adds_four_nodes(links: int) -> None:
    # The slope and its product with the upstream gradient, which the first link does not need; a product for w; a
    # product for x. And once the sums for w and for b
    node, leaves = chain(links)
    assert added(node, cg.grad(node, leaves)) == 4 * links - 1 + 2


def test_the_terms_of_a_fan_out_are_one_sum_and_its_numbers_one_number() -> None:
    x, y = cg.variables("x y")
    gradient = cg.grad(x * y + cg.sin(x) + cg.exp(x) + x + x, x)
    assert gradient.op is TABLE["add"]
    assert [n.value for n in cg.Graph(gradient).leaves if n.kind == "constant"] == [2]
    assert len([n for n in cg.Graph(gradient) if n.op is TABLE["add"]]) <= 2
    assert cg.forward(gradient, x=0.0, y=5.0).values[-1] == 5 + 1 + 1 + 2


def test_the_rule_of_a_sum_is_one_for_all_its_terms() -> None:
    # so that it is read once: with a rule a position, the derivative of a sum of n terms would read n of n operands
    rules = {TABLE["add"].rule(position) for position in range(1_000)}
    assert len(rules) == 1


def test_the_second_derivative_of_a_long_chain_grows_with_its_length() -> None:
    sizes = []
    for links in (200, 400):
        node, leaves = chain(links)
        (first,) = cg.grad(node, leaves[:1])
        sizes.append(added(first, cg.grad(first, leaves[:1])))
    assert sizes[0] < 20 * 200 and sizes[1] < 2.1 * sizes[0]


GRAPHS: dict[str, Callable[..., cg.Node]] = {
    "the chapter's": lambda x, y: x * (x + 2 * y),
    "a quotient": lambda x, y: cg.tanh(x / y) * cg.exp(-x) / (1 + cg.exp(-y)),
    "the same power twice": lambda x, y: x**3 + (x**3) * y,
    "a fan-out": lambda x, y: cg.sigmoid(x * y) * x * x - y,
    "attributes": lambda x, y: cg.leaky_relu(x, slope=0.25) * cg.leaky_relu(y, slope=0.5),
    "three factors": lambda x, y: cg.mul(x, y, x + y),
    "columns and rows": lambda x, y: cg.sum(cg.tanh(x * np.ones((2, 1)) + y * np.arange(3.0))),
    "a matrix product": lambda x, y: cg.sum(cg.softmax((x * np.eye(3)) @ (y * np.arange(6.0).reshape(3, 2)))[0] ** 2),
}


@pytest.mark.parametrize("build", GRAPHS.values(), ids=GRAPHS)
def test_what_is_simplified_while_it_is_built_is_as_small_and_as_right_as_what_is_simplified_afterwards(
    build: Callable[..., Any],
) -> None:
    x, y = cg.variables("x y")
    node = build(x, y)
    graph = cg.Graph(node)
    found = cg.grad(node, [x, y])
    plain = backward(as_pass(graph)).gradient
    afterwards = cg.simplify([plain[x], plain[y]], keep=graph.index)
    assert added(node, found) <= added(node, afterwards)
    point = {x: 0.7, y: -1.3}
    numbers = cg.backward(cg.forward(node, point)).gradient
    values = cg.forward(found, point)
    for leaf, gradient in zip((x, y), found, strict=True):
        assert values[gradient] == pytest.approx(numbers[leaf], rel=1e-12)


def test_a_gradient_shares_the_nodes_of_its_graph_and_computes_nothing_twice() -> None:
    x = cg.variable("x")
    e = cg.exp(x).named("e")
    (gradient,) = cg.grad(e * e, [x])
    graph = cg.Graph([e * e, gradient])
    assert e in graph
    computed = [(n.op, n.operands) for n in cg.Graph(gradient).nodes if n.op is not None]
    assert len(computed) == len(set(computed))


def test_a_rule_that_is_used_often_is_read_once() -> None:
    node, _ = chain(5)
    graph = cg.Graph(node)
    world = SharingWorld(graph)
    calls = 0
    rule = TABLE["tanh"].rule(0)
    assert rule is not None

    def counted(w: Any, z: Any, x: Any) -> Any:
        nonlocal calls
        calls += 1
        return rule(w, z, x)

    tanhs = [n for n in graph.nodes if n.op is TABLE["tanh"]]
    locals_ = [world.local(counted, n, [n.operands[0]], n.attrs) for n in tanhs]
    assert calls == 1
    point = {"w": 0.5, "x": 0.3, "b": 0.1}
    values = cg.forward([*locals_, node], point)
    for tanh, local in zip(tanhs, locals_, strict=True):
        assert values[local] == pytest.approx(1 - values[tanh] ** 2, rel=1e-15)


def test_the_nodes_of_a_gradient_bear_the_line_that_asked_for_it() -> None:
    node, leaves = chain(3)
    gradients = cg.grad(node, leaves)
    fresh = [n for n in cg.Graph(gradients).nodes if n not in cg.Graph(node)]
    assert fresh
    for n in fresh:
        assert n.where.startswith("test_sharing.py, line ")
        assert n.where.endswith("gradients = cg.grad(node, leaves)")


def test_the_constants_of_a_rule_bear_the_line_of_the_gradient_that_reads_it_again() -> None:
    y, z = cg.log1p(cg.variable("y")), cg.log1p(cg.variable("z"))
    first = cg.grad(y, "y")
    again = cg.grad(z, "z")
    for gradient, line in ((first, 'first = cg.grad(y, "y")'), (again, 'again = cg.grad(z, "z")')):
        constants = [n for n in cg.Graph(gradient).nodes if n.kind == "constant"]
        assert [float(n.value) for n in constants] == [1.0]  # 1 / (1 + x)
        assert constants[0].where.endswith(line)


def test_the_nodes_of_a_gradient_have_the_shape_to_which_they_broadcast() -> None:
    x, y = cg.variable("x", (2, 1)), cg.variable("y", 3)
    gradients = cg.grad(cg.sum(cg.tanh(x * y) * y), [x, y])
    for node in cg.Graph(gradients).nodes:
        if node.op is not None and node.op.elementwise:
            assert node.shape == np.broadcast_shapes(*(operand.shape for operand in node.operands))
    values = cg.forward(gradients, {x: [[0.5], [-1.0]], y: [1.0, 2.0, -3.0]})
    assert [values[g].shape for g in gradients] == [(2, 1), (3,)]


def test_operators_of_this_package_bear_the_line_that_called_it() -> None:
    normal = cg.layer_norm(cg.variable("x", 1), 1.0, 0.0)
    for node in cg.Graph(normal).nodes:
        assert node.where.endswith('normal = cg.layer_norm(cg.variable("x", 1), 1.0, 0.0)')


def test_the_collector_runs_again_after_a_gradient_and_after_one_that_is_refused() -> None:
    x, y = cg.variables("x y")
    cg.grad(x * x, x)
    assert gc.isenabled()
    with pytest.raises(cg.errors.GradientError):
        cg.grad(cg.Graph([x * cg.floor(y)]), y)
    assert gc.isenabled()


@pytest.mark.slow
def test_a_chain_of_100_000_nodes_is_differentiated_and_freed_without_recursion() -> None:
    w, x = cg.variables("w x")
    node = x
    for _ in range(100_000):
        node = w * node
    by_w, by_x = cg.grad(node, [w, x])
    fwd = cg.forward([by_w, by_x], w=1.00001, x=1.0)  # of w**100000 * x
    assert fwd[by_w] == pytest.approx(100_000 * 1.00001**99_999, rel=1e-9)
    assert fwd[by_x] == pytest.approx(1.00001**100_000, rel=1e-9)
    watched = weakref.ref(by_w)
    del node, by_w, by_x, fwd
    assert watched() is None


def test_a_sum_with_a_pole_sends_nothing_into_a_branch_that_is_not_taken() -> None:
    x = cg.variable("x")
    node = cg.where(cg.greater(x, 0), x * (1 / x + 1), 3 * x)  # at 0 the local derivative 1/x + 1 is infinite
    assert cg.forward(cg.grad(node, x), x=0.0).values[-1] == 3.0

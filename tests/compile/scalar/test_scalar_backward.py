"""The backward pass of a tape, written for all nodes of one op at once, against the pass that goes node by node."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from random_scalars import random_graph

import cgraph as cg
from cgraph.compile.scalar import backward as scalar_backward

pytestmark = pytest.mark.filterwarnings("ignore::cgraph.errors.IndeterminateWarning")


def compare(graph: cg.Graph, feed: dict[Any, float], wanted: list[Any]) -> Any:
    """The gradients of a program against those of `backward`; the program."""
    bwd = cg.backward(cg.forward(graph, feed))
    program = cg.compile(graph, gradients=wanted, backend="scalar-numpy")
    found = program({k: v for k, v in feed.items() if graph[k].kind == "variable"})[1:]
    want = [bwd.gradient[x] for x in wanted]
    np.testing.assert_allclose(found, want, rtol=1e-12, atol=1e-300)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(want))
    return program


@pytest.mark.parametrize("recipes", [0, 3, 256])
def test_random_graphs_whether_numbers_are_known_or_stand_in_slots(
    recipes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scalar_backward, "RECIPES", recipes)
    for seed in range(60):
        graph, generator = random_graph(seed), np.random.default_rng(seed)
        fwd = cg.forward(graph, {x: generator.uniform(-1, 1) for x in graph.inputs if x.value is None})
        if not all(abs(v) < 1e100 for v in map(float, fwd.values)):
            continue
        bwd = cg.backward(fwd)
        wanted = [x for x in graph.nodes if bwd.gradient.reaches(x)]  # results too, and the output itself
        feed = {x: fwd[x] for x in graph.inputs if x.value is None}
        found = cg.compile(graph, gradients=wanted, backend="scalar-numpy")(feed)[1:]
        for node, got in zip(wanted, found, strict=True):
            np.testing.assert_allclose(got, bwd.gradient[node], rtol=1e-6, atol=1e-9, err_msg=f"{seed} {node!r}")


@pytest.mark.parametrize("recipes", [0, 3, 256])
def test_random_graphs_full_of_numbers(recipes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scalar_backward, "RECIPES", recipes)
    for seed in range(40):
        generator = random.Random(seed)
        x, y = cg.variables("x y")
        nodes = [x, y, *(cg.constant(round(generator.uniform(-2, 2), 1)) for _ in range(6))]
        for _ in range(30):
            one, other = generator.choices(nodes, k=2)
            nodes.append(generator.choice([one + other, one - other, one * other, cg.tanh(one), cg.add(one, other, x)]))
        compare(cg.Graph(cg.add(*map(cg.tanh, nodes))), {"x": 0.3, "y": -0.6}, [x, y])


def test_gradients_that_are_numbers_are_not_computed() -> None:
    x, y, z = cg.variables("x y z")
    lines = {
        x + y + x - z: 0,
        (x + y) * 2.0 - (z - x) * -3.0: 0,
        (x - y) * 2.0 + z * x: 1,  # z + 2: the other gradients are 2, -2, and x
    }
    for line, operations in lines.items():
        graph = cg.Graph(line)
        alone = cg.compile(graph, backend="scalar-numpy").bind().plan.flops
        program = compare(graph, {"x": 0.3, "y": 0.7, "z": -2.0}, ["x", "y", "z"])
        assert program.plan.flops == alone + operations, line


@pytest.mark.slow
def test_a_sum_of_thousands_passes_its_gradient_on_to_each_term_and_is_read_as_one_of_two() -> None:
    leaves = cg.variables(" ".join(f"x{i}" for i in range(3000)))
    graph = cg.Graph(cg.tanh(cg.add(*leaves, 0.5, leaves[7])) * leaves[0])
    feed = {x: 1e-3 * (i % 7 - 3) for i, x in enumerate(leaves)}
    program = compare(graph, feed, [leaves[0], leaves[7], leaves[-1]])
    assert program.plan.flops == 3001 + 2 + 4  # the value; the slope, two products, and a sum for x0 and for x7


def test_zeros_of_both_signs_are_two_numbers() -> None:
    x, y = cg.variables("x y")
    compare(cg.Graph(x * 0.0 + y * -0.0), {"x": 1.0, "y": 1.0}, ["x", "y"])


def test_an_operand_that_is_there_twice_gets_both_shares() -> None:
    x, y = cg.variables("x y")
    for line in (x * x, x + x, x / x * y, x**x + y, cg.add(x, y, x, x * y, x), (x * x) * (x * x) + y):
        compare(cg.Graph(line), {n.name: v for n, v in ((x, 1.5), (y, -0.4)) if n in cg.Graph(line)}, ["x"])


def test_nothing_flows_below_a_comparison() -> None:
    x, y = cg.variables("x y")
    line = cg.where((x * y + x) * y > 0.1, x * x, y) * x + cg.tanh(cg.sign(x * y) * y)
    for point in ({"x": 1.5, "y": -0.4}, {"x": 1.5, "y": 0.4}):
        compare(cg.Graph(line), point, ["x", "y"])


def test_attributes_and_numbers_tell_nodes_of_one_op_apart() -> None:
    x = cg.variable("x")
    slopes = [cg.leaky_relu(-x, slope=s) for s in (0.1, 0.2, 0.1)]
    powers = [x**k for k in (0, 1, 2, 3, 0.5, -1)]
    fractions = [x / 2.0, 2.0 / x, x / 4.0, 4.0 / x]
    compare(cg.Graph(cg.add(*slopes, *powers, *fractions)), {"x": 1.7}, ["x"])


def test_what_stands_beside_the_output_and_after_it_gets_no_gradient() -> None:
    w, x = cg.parameter("w", 2.0), cg.variable("x")
    loss = cg.square(w * x) + w
    program = cg.compile(loss, gradients=[w], updates={w: w - cg.tanh(loss * x)}, backend="scalar-numpy")
    value, slope = program(x=0.5)
    assert float(value) == 3.0 and float(slope) == 2 * 2.0 * 0.25 + 1
    assert program.values["w"] == pytest.approx(2.0 - np.tanh(1.5))


@pytest.mark.parametrize("length", [1, 2, 1000])
def test_what_passes_a_gradient_on_writes_nothing(length: int) -> None:
    """A chain of sums: one gradient serves all of them."""
    x, node = cg.variable("x"), cg.variable("start")
    graph_start = node
    for _ in range(length):
        node = node + 1.0
    root = cg.tanh(node * x)
    program = compare(cg.Graph(root), {"x": 1e-3, "start": 0.5}, [graph_start])
    assert program.plan.flops == length + 2 + 2  # the value; the slope and one product

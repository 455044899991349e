"""From tensors to neurons: the same numbers, and for the net of Fig. 6.18 the same graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph import nn, notation
from cgraph.graph.node import Node, build
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from cgraph.rewriting.unroll import element_name
from viz.figures.graphs import figure_6_18

# What chooses elements by values that are no neurons, and the helper whose result is an operand's size
IDS = {"take": 1, "scatter_add": 1, "one_hot": 0}


def net() -> tuple[nn.Sequential, Node]:
    """The net of Fig. 6.18 as matrices, with its values, and its loss."""
    values = figure_6_18().graph
    W1 = np.array([[values[f"w[1]{j}{i}"].value for j in (1, 2)] for i in (1, 2)])
    W2 = np.array([[values[f"w[2]1{j}"].value] for j in (1, 2)])
    model = nn.MLP([2, 2, 1], ["relu", "sigmoid"], seed=0).with_values(
        {"W[1]": W1, "b[1]": [values["b[1]1"].value, values["b[1]2"].value], "W[2]": W2, "b[2]": [0.125]}
    )
    X, Y = cg.variable("X", ("m", 2)), cg.constant([[1.0]], name="y")
    return model, cg.binary_cross_entropy(model(X), Y).mean().named("L")


def shape_of(graph: cg.Graph) -> list[tuple[Any, ...]]:
    """All that a graph is: each node with its op, its operands by name, and what it holds."""
    return [
        (
            graph.name(n),
            n.op and n.op.name,
            tuple(map(graph.name, n.operands)),
            None if n.value is None else float(n.value),
        )
        for n in graph
    ]


def test_the_two_layer_net_unrolled_is_figure_6_18() -> None:
    _, loss = net()
    bwd = cg.unroll(cg.backward(cg.forward(loss, X=[[1.0, 0.5]])))
    figure = figure_6_18()
    assert shape_of(bwd.graph) == shape_of(figure.graph)
    assert [tuple(map(float, e[3:6])) for e in bwd.edges] == [tuple(map(float, e[3:6])) for e in figure.edges]


def test_without_numbers_the_sizes_of_named_dimensions_are_given() -> None:
    _, loss = net()
    assert shape_of(cg.unroll(loss, {"m": 1})) == shape_of(figure_6_18().graph)
    with pytest.raises(cg.errors.MissingValueError, match=r"named dimension 'm'.*Fix: give sizes="):
        cg.unroll(loss)


def flat(graph: cg.Graph, values: Any, node: Node) -> list[float]:
    return [float(values[n.name]) for n in graph if n.name and n.name.split("(")[0].rstrip("0123456789_") == node.name]


@pytest.mark.parametrize("row", [r for r in TABLE.values() if r.name != "size"], ids=lambda r: r.name)
def test_every_op_has_the_values_and_the_gradients_of_its_tensor(row: Op) -> None:
    rng = np.random.default_rng(3)
    if row.elementwise:
        count = row.arity or 3
        cases: list[Any] = [(((2, 3), (3,), (2, 1), ())[:count], {})]
    else:
        cases = list(row.examples)
    noise = 1e-12 if row.name in ("adjugate", "inv", "solve", "det") else 1e-14  # other formulas than LAPACK's
    for shapes, attrs in cases:
        feed: dict[str, Any] = {}
        operands: list[Node] = []
        for place, shape in enumerate(shapes):
            if isinstance(shape, list):
                operands.append(cg.constant(shape))
                continue
            name = "pqr"[place]
            feed[name] = rng.uniform(0.2, 0.9, size=shape)
            if row.name in ("arccosh", "solve", "inv"):
                feed[name] = feed[name] + (1 if row.name == "arccosh" else 2 * np.eye(shape[-1]) if not place else 0)
            if row.name == "softmax_cross_entropy" and place:  # targets are distributions
                feed[name] = feed[name] / feed[name].sum(axis=-1, keepdims=True)
            operands.append(cg.variable(name, shape))
        node = build(row, *operands, **attrs)
        weights = rng.normal(size=node.shape)
        total = cg.sum(cg.constant(weights) * node).named("L")
        bwd = cg.backward(cg.forward(total, feed))
        neurons = cg.unroll(bwd)
        assert all(n.shape == () for n in neurons.graph)
        assert float(neurons.forward["L"]) == pytest.approx(float(bwd.forward["L"]), rel=1e-13, abs=1e-15)
        for leaf in bwd.graph.inputs:
            for index in np.ndindex(*(int(d) for d in leaf.shape)):
                name = element_name(leaf, leaf.shape, index, unit_first=row.name == "matmul" and leaf.name == "q")
                found = neurons.gradient[name] if name in neurons.graph else 0.0
                assert float(found) == pytest.approx(float(bwd.gradient[leaf][index]), rel=1e-12, abs=noise), name


def test_a_batch_keeps_its_examples_apart_in_round_brackets() -> None:
    model = nn.MLP([3, 2, 2], "tanh", seed=1)
    X, Y = cg.variable("X", ("m", 3)), cg.variable("Y", ("m", 2))
    feed = {"X": np.random.default_rng(0).normal(size=(3, 3)), "Y": np.eye(2)[[0, 1, 1]]}
    bwd = cg.backward(cg.forward(nn.softmax_cross_entropy_loss(model(X), Y), feed))
    neurons = cg.unroll(bwd)
    assert float(neurons.forward["L"]) == pytest.approx(float(bwd.forward["L"]), rel=1e-14)
    assert neurons.forward["x(2)3"] == feed["X"][1, 2]
    assert neurons.forward["a[1](3)2"] == pytest.approx(bwd.forward["a[1]"][2, 1], rel=1e-14)
    for i, j in np.ndindex(3, 2):
        assert neurons.gradient[f"w[1]{j + 1}{i + 1}"] == pytest.approx(bwd.gradient["W[1]"][i, j], rel=1e-12)
    assert notation.latex(notation.name("a[1](3)2")) == "a^{[1](3)}_{2}"


def test_rows_of_an_embedding_are_those_that_the_ids_choose() -> None:
    E, ids = cg.parameter("E", np.arange(8.0).reshape(4, 2)), cg.variable("ids", 3)
    loss = (cg.embedding(E, ids) ** 2).sum().named("L")
    with pytest.raises(cg.errors.MissingValueError, match=r"ids chooses rows.*Fix: unroll a forward pass"):
        cg.unroll(loss)
    neurons = cg.unroll(cg.backward(cg.forward(loss, ids=[2, 0, 2])))
    assert neurons.gradient["e31"] == 2 * 2 * 4.0  # row 2, used twice
    assert neurons.gradient["e12"] == 2 * 1.0
    assert "e21" not in neurons.graph and "e41" not in neurons.graph


def test_a_column_of_weights_on_the_left_has_the_unit_first_already() -> None:
    W, x = cg.parameter("W", [[1.0, 2.0], [3.0, 4.0]]), cg.variable("x", 2)
    assert cg.unroll((W @ x).named("h"))["w12"].value == 2.0
    assert cg.unroll((x @ W).named("h"))["w12"].value == 3.0


def test_ten_elements_and_more_have_their_numbers_apart() -> None:
    graph = cg.unroll(cg.variable("X", (2, 11)).sum())
    assert "x2_11" in graph and "x1_1" in graph


def test_what_is_too_large_or_no_scalar_is_refused() -> None:
    X = cg.variable("X", (400, 400))
    with pytest.raises(cg.errors.ValueRefusedError, match=r"160000 scalar nodes.*at most 100000"):
        cg.unroll(X.sum())
    bwd = cg.backward(cg.forward(cg.variable("v", 2) * 2.0, v=[1, 2]), upstream=[1, 1])
    with pytest.raises(cg.errors.ValueRefusedError, match=r"no scalar.*Fix: unroll the forward pass"):
        cg.unroll(bwd)

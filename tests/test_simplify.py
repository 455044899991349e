"""Small rewrites: fewer nodes, the same values, and the names that users gave."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from expressions import Case, cases
from hypothesis import given, settings

import cgraph as cg

LONG = 100_000
x = cg.variable("x")
X = cg.variable("X", (2, 3))


def simplified(node: cg.Node) -> cg.Node:
    return cg.simplify([node])[0]


KEPT: dict[str, tuple[Any, cg.Node]] = {
    "x + 0": (x + 0, x),
    "0 + x": (0 + x, x),
    "x − 0": (x - 0, x),
    "x * 1": (x * 1, x),
    "1 * x": (1 * x, x),
    "x / 1": (x / 1, x),
    "x ** 1": (x**1, x),
    "−(−x)": (cg.functions()["neg"](-x), x),
    "several at once": (((x + 0) * 1) / 1 - 0, x),
    "X + 0": (X + 0, X),
    "X * ones": (X * np.ones((2, 3)), X),
    "(x * −1) * −1": ((x * -1) * -1, x),
}


@pytest.mark.parametrize("node, kept", KEPT.values(), ids=KEPT.keys())
def test_what_changes_nothing_is_left_out(node: cg.Node, kept: cg.Node) -> None:
    assert simplified(node) is kept


@pytest.mark.parametrize("node, number", [(cg.constant(2) * 3 + 1, 7), (cg.constant(3.0) ** 2, 9), (x * 0, 0)], ids=str)
def test_arithmetic_on_constants_is_done(node: cg.Node, number: float) -> None:
    result = simplified(node)
    assert result.kind == "constant"
    assert result.value == number


def test_a_product_with_minus_one_is_a_sign() -> None:
    result = simplified(x * -1)
    assert result.op is cg.functions()["neg"].row  # type: ignore[attr-defined]
    assert result.operands == (x,)


@pytest.mark.parametrize("node", [x * np.ones(3), x + np.zeros((2, 1)), x * np.zeros(3), X * np.ones((2, 2, 3))])
def test_what_broadcasts_keeps_its_shape(node: cg.Node) -> None:
    result = simplified(node)
    assert result.shape == node.shape
    feed = {n: np.full(n.shape, 2.0) for n in (x, X) if n in cg.Graph(result)}
    expected = cg.forward(node, {n: np.full(n.shape, 2.0) for n in (x, X) if n in cg.Graph(node)})[node]
    assert cg.forward(result, feed)[result].tolist() == expected.tolist()


def test_named_nodes_stay() -> None:
    named = (x * 1).named("y")
    assert simplified(named) is named
    unit = cg.constant(1.0, "one")
    assert simplified(x * unit).op is not None


def test_a_name_stays_when_what_is_below_it_changes() -> None:
    result = simplified(((x + 0) * 2).named("y"))
    assert result.name == "y"
    assert result.operands[0] is x


def test_what_cannot_be_simplified_is_the_same_node() -> None:
    node = cg.tanh(x * 2) + x
    assert simplified(node) is node


def test_shared_nodes_stay_shared() -> None:
    shared = cg.tanh(x + 0)
    first, second = cg.simplify([shared * 2, shared * 3])
    assert first.operands[0] is second.operands[0]


def test_a_simplified_node_knows_the_line_that_built_the_first_one() -> None:
    node = cg.tanh(x + 0)
    assert simplified(node).where == node.where


@pytest.mark.parametrize("shape", [("m",), (4,)])
def test_the_size_of_a_named_dimension_stays_open(shape: Any) -> None:
    size = simplified(cg.functions()["size"](cg.variable("v", shape)))
    assert (size.kind == "constant") == (shape == (4,))


@settings(max_examples=60)
@given(cases())
def test_simplifying_changes_no_value_and_adds_no_node(case: Case) -> None:
    dressed = cg.functions()["neg"](-(case.root * 1 + 0)) / 1
    result = simplified(dressed)
    feed = {n: v for n, v in case.feed.items() if n in cg.Graph(result)}
    assert cg.forward(result, feed)[result] == pytest.approx(cg.forward(case.root, case.feed)[case.root], rel=1e-13)
    assert len(cg.Graph(result)) <= len(cg.Graph(case.root))


def test_a_chain_of_100_000_nodes_is_simplified() -> None:
    node, zero = x, cg.constant(0)
    for _ in range(LONG):
        node = node + zero
    assert simplified(node) is x

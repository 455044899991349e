"""Graphs for networkx: both edges of a square, and what each node carries."""

from __future__ import annotations

import networkx

import cgraph as cg

LONG = 100_000


def chain(length: int = LONG) -> cg.Node:
    node, one = cg.variable("x"), cg.constant(1)
    for _ in range(length):
        node = node + one
    return node


def test_to_networkx_keeps_both_edges_of_a_square_with_their_positions() -> None:
    x = cg.variable("x")
    result = cg.to_networkx((x * x).named("z"))
    assert isinstance(result, networkx.MultiDiGraph)
    assert sorted(result.edges(data="position")) == [("x", "z", 0), ("x", "z", 1)]


def test_to_networkx_carries_op_kind_and_shape() -> None:
    X, w = cg.variable("X", ("m", 2)), cg.parameter("w", [1.0, 2.0])
    result = cg.to_networkx((X @ w).named("z"))
    assert dict(result.nodes["z"]) == {"op": "matmul", "kind": "op", "shape": ("m",)}
    assert dict(result.nodes["X"]) == {"op": None, "kind": "variable", "shape": ("m", 2)}
    assert list(result.edges(data="position")) == [("X", "z", 0), ("w", "z", 1)]
    assert networkx.is_directed_acyclic_graph(result)


def test_a_long_chain_goes_to_networkx() -> None:
    result = cg.to_networkx(chain(LONG // 5))
    assert result.number_of_edges() == 2 * LONG // 5

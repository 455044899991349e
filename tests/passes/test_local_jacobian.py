"""The local Jacobian of an edge, in numbers and in symbols."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph.errors import GradientError


def at(node: cg.Node, **values: Any) -> Any:
    used = set(cg.Graph(node).names)
    return cg.forward(node, {n: v for n, v in values.items() if n in used})[node]


X2 = np.array([[0.3, -0.7, 1.1], [0.2, 0.5, -0.4]])


LOCAL: dict[str, Any] = {
    "softmax": (cg.softmax, 0),
    "matmul left": (lambda x: x @ np.array([[1.0], [2.0], [3.0]]), 0),
    "tanh": (cg.tanh, 0),
    "broadcast": (lambda x: x * np.ones((4, 2, 3)), 0),
    "mean": (lambda x: cg.mean(x, axis=0), 0),
}


@pytest.mark.parametrize("build, position", LOCAL.values(), ids=LOCAL.keys())
def test_a_local_jacobian_in_numbers_is_that_of_the_node_alone(build: Any, position: int) -> None:
    x = cg.variable("x", (2, 3))
    node = build(x).named("z")
    bwd = cg.backward(cg.forward(cg.sum(cg.exp(node)), x=X2))
    expected = at(cg.jacobian(node, x), x=X2)
    assert bwd.edge("z", "x").jacobian() == pytest.approx(expected)


def test_a_local_jacobian_in_symbols() -> None:
    x = cg.variable("x", 2)
    bwd = cg.backward(cg.forward(cg.sum(cg.matmul(x, np.eye(2) * 3).named("z")), world=cg.worlds.SYMPY))
    assert bwd.edge("z", "x").jacobian().tolist() == [[3, 0], [0, 3]]


def test_a_local_jacobian_of_nodes_is_refused() -> None:
    x = cg.variable("x", 2)
    bwd = cg.backward(cg.forward(cg.sum(cg.exp(x)), {x: x}, world=cg.worlds.GRAPH))
    with pytest.raises(GradientError, match=r"use cg\.jacobian"):
        bwd.edges[0].jacobian()

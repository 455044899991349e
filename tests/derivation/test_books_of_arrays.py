"""Derivations of arrays: an op's gradient is the linear map that its row states, in the notation of books."""

from __future__ import annotations

import re

import pytest
from sparse import sparse

import cgraph as cg
from cgraph.graph.node import build
from cgraph.ops import TABLE


def built(name, given, attrs):
    """A node of a row, whose operands are variables of shapes, and constants where an example has numbers."""
    leaves = [cg.variable(f"x{i}", s) if isinstance(s, tuple) else cg.constant(s) for i, s in enumerate(given)]
    return build(TABLE[name], *leaves, **attrs)


def mapped(node, position):
    return node.op.map(position, [x.shape for x in node.operands], node.attrs)


SHAPED = [
    (name, given, dict(attrs), position)
    for name, row in TABLE.items()
    if not row.elementwise
    for given, attrs in row.examples
    for position, shape in enumerate(given)
    if isinstance(shape, tuple) and mapped(built(name, given, attrs), position)
]


@pytest.mark.parametrize(("name", "given", "attrs", "position"), sparse(SHAPED, 9))
def test_a_gradient_of_arrays_is_written_without_ops_that_nobody_called(name, given, attrs, position):
    node = built(name, given, attrs)
    L = node.named("L") if node.shape == () else cg.sum(cg.exp(node)).named("L")
    text = cg.derive(L, f"x{position}").text
    called = {n.op.name for n in cg.Graph(L).nodes if n.op is not None}
    strange = {row for row in TABLE if "_" in row} - called
    assert [row for row in strange if re.search(rf"(?<!\w){row.replace('_', ' ')}\(", text)] == []
    assert "= \n" not in f"{text}\n" and " 1 · " not in text and not text.endswith("= ")


BOOKS = {
    "one example": (("z", (3,)), "softmax(z) − y", cg.softmax_cross_entropy),
    "a mean": (("x", (4,)), "(1/4) · 1₄", lambda x, y: cg.mean(x)),
    "a sum": (("X", (2, 3)), "1_(2×3)", lambda x, y: cg.sum(x)),
    "a product": (("x", (3,)), "y", lambda x, y: x @ y),
}


@pytest.mark.parametrize("name", BOOKS)
def test_the_line_that_books_print_ends_the_derivation(name):
    (leaf, shape), printed, made = BOOKS[name]
    x, y = cg.variable(leaf, shape), cg.variable("y", shape)
    last = cg.derive(made(x, y).named("L"), leaf).text.splitlines()[-1]
    assert last.split(" = ")[-1] == printed


def test_a_layers_weight_has_its_transposed_input():
    X, W, Y = cg.variable("X", ("m", 2)), cg.variable("W", (2, 3)), cg.variable("Y", ("m", 3))
    text = cg.derive(cg.mean(cg.softmax_cross_entropy((X @ W).named("Z"), Y)).named("L"), "W").text
    assert "∂L/∂W = ∂L/∂Z · ∂Z/∂W = Xᵀ · ∂L/∂Z" in text
    assert "(softmax(Z) − Y)" in text

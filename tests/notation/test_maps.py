"""The formula on an edge between arrays is the map: read back as it is written, it gives the Jacobian."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from every_op import Kind, kinds, numbers
from sparse import sparse
from written_maps import evaluated

import cgraph as cg
import viz
from cgraph import notation
from cgraph.graph.node import CONSTANT, build
from cgraph.notation import Math, Sym, text
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from cgraph.passes.backward import backward

STRUCTURAL = [row for row in TABLE.values() if not row.elementwise]
STEP = 1e-5


def said(kind: Kind, position: int) -> str:
    """The map as it is written, with the operands' names."""
    names: list[Math] = [
        notation.constant(x.value) if x.kind == CONSTANT else Sym(str(x.name)) for x in kind.node.operands
    ]
    return text(notation.row(*[math for _, math in notation.linear_map(kind.node, position, names, Sym("z"))]))


def values(kind: Kind) -> list[Any]:
    return [np.asarray(x.value if x.kind == CONSTANT else kind.feed[x], float) for x in kind.node.operands]


def by_differences(kind: Kind, operands: list[Any], position: int) -> Any:
    """The Jacobian by central differences, result by operand, of what NumPy computes."""

    def moved(place: int, by: float) -> Any:
        changed = [np.array(x) for x in operands]
        changed[position].flat[place] += by
        return np.ravel(kind.row.numpy(*changed, **kind.node.attrs))

    columns = [(moved(i, STEP) - moved(i, -STEP)) / (2 * STEP) for i in range(operands[position].size)]
    return np.stack(columns, axis=1) if columns else np.zeros((int(np.prod(kind.node.shape)), 0))


def wrong(kind: Kind) -> list[str]:
    """The maps of an op that are not its Jacobian when they are read."""
    found, operands = [], values(kind)
    if kind.row.kinked is not None and np.any(kind.row.kinked(*operands, **kind.node.attrs)):
        return []  # there a convention decides, and no map is the Jacobian
    z = np.asarray(kind.row.numpy(*operands, **kind.node.attrs))
    arrays = {**dict(zip("xyuv", operands, strict=False)), "z": z}
    for position, operand in enumerate(operands):
        written = said(kind, position)
        assert bool(written) == (kind.row.rule(position) is not None)
        if not written:
            continue
        units = np.eye(z.size).reshape(z.size, *z.shape)
        read = [evaluated(written, {**arrays, "·": unit}, operand) for unit in units]
        assert {np.shape(one) for one in read} <= {operand.shape}, (kind.words, written, np.shape(read[0]))
        rows = np.reshape(np.array(read), (z.size, -1))
        if not np.allclose(rows, by_differences(kind, operands, position), rtol=1e-6, atol=1e-7):
            found.append(f"{kind.words}, operand {position}: {written}")
    return found


def examples(row: Op) -> list[Kind]:
    """The examples of the row, in which each axis has another size."""
    found = []
    for sizes, attrs in row.examples:
        operands = [np.array(s) if isinstance(s, list) else cg.variable("xyuv"[i], s) for i, s in enumerate(sizes)]
        node = build(row, *operands, **attrs)
        leaves = tuple(x for x in operands if isinstance(x, cg.Node))
        found.append(Kind(row, node, leaves, {leaf: numbers(row, leaf, node) for leaf in leaves}))
    return found


@pytest.mark.parametrize("row", STRUCTURAL, ids=lambda row: row.name)
def test_the_map_that_is_written_is_the_jacobian_in_every_shape(row: Op) -> None:
    assert [words for kind in (*kinds(row), *examples(row)) for words in wrong(kind)] == []


@pytest.mark.parametrize("row", sparse((r for r in TABLE.values() if r.elementwise), 4), ids=lambda row: row.name)
def test_the_map_of_an_elementwise_op_is_a_product_and_the_sum_over_its_broadcast(row: Op) -> None:
    for kind in kinds(row):
        fwd = cg.forward(kind.node, kind.feed)
        edges = {e.position: e for e in backward(fwd, upstream=np.ones(fwd[kind.node].shape)).edges}
        operands = [np.asarray(fwd[x]) for x in kind.node.operands]
        for position, edge in edges.items():
            parts = notation.elementwise_map(kind.node, position, Sym("F", italic=True), False)
            written = text(notation.row(*[math for _, math in parts])).removeprefix(" ⊙ F") or "· ⊙ F"
            local = np.broadcast_to(edge.local, fwd[kind.node].shape)
            units = np.eye(local.size).reshape(local.size, *local.shape)
            read = [evaluated(written, {"·": unit, "F": local}, operands[position]) for unit in units]
            assert {np.shape(one) for one in read} == {operands[position].shape}, written
            differences = by_differences(kind, operands, position)
            assert np.allclose(np.reshape(read, (local.size, -1)), differences, rtol=1e-5, atol=1e-6), written


def test_the_words_on_the_edges_of_a_net_are_its_maps() -> None:
    X, W, b = cg.variable("X", ("m", 2)), cg.parameter("W[1]", np.ones((2, 3))), cg.parameter("b", np.ones(3))
    z = (X @ W + b).named("z")
    a = cg.sigmoid(z).named("a")
    L = cg.mean((cg.softmax(a).named("p") - 2 * a)[:, 1:3].named("q")).named("L")
    drawing = viz.draw(L, detail="full").drawing
    said = {e.name: ["".join(text(m) for _, m in label) for label in (e.local, e.downstream)] for e in drawing.edges}
    assert said["W[1]->v1"] == ["Xᵀ ·", "∂L/∂W[1] = Xᵀ · ∂L/∂v1"]
    assert said["X->v1"] == ["· W[1]ᵀ", "∂L/∂X = ∂L/∂v1 · W[1]ᵀ"]
    assert said["b->z"] == ["Σ₀ ·", "∂L/∂b = Σ₀ ∂L/∂z"]
    assert said["z->a"] == [" ⊙ a ⊙ (1 − a)", "∂L/∂z = ∂L/∂a ⊙ a ⊙ (1 − a)"]
    assert said["a->p"] == ["·_i (diag(p_i) − p_i p_iᵀ)", "(∂L/∂p)_i · (diag(p_i) − p_i p_iᵀ)"]
    assert said["a->v2"] == ["2 ·", "2 · ∂L/∂v2"]
    assert said["v2->v3"] == ["−1 ·", "∂L/∂v2 = −1 · ∂L/∂v3"]
    assert said["v3->q"] == ["scatter · at [:, 1:3]", "∂L/∂v3 = scatter ∂L/∂q at [:, 1:3]"]
    assert said["q->L"] == ["(1/(2 m)) · 1_(m×2)", "(1/(2 m)) · ∂L/∂L · 1_(m×2)"]

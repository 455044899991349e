"""Every op of the table in every shape that it takes, found by asking its own shape rule: cases of whole kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np

import cgraph as cg
from cgraph.errors import CgraphError
from cgraph.graph.node import build
from cgraph.ops.op import Op

ONE = [(), (1,), (2,), (1, 1), (2, 2), (1, 3), (2, 3), (1, 2, 1), (2, 1, 2)]
TWO = [(), (1,), (2,), (1, 2), (2, 2), (2, 1, 2)]
THREE = [(), (1,), (2,), (2, 2)]
SCALARS = [(), (2,), (1, 2)]  # of elementwise ops, which broadcast
CHOICES: Mapping[str, list[Any]] = {  # what is tried for an attribute of this name; the shape rule takes or refuses it
    "axis": [None, 0, 1, -1, (0,), (-1,), (0, 1), (-2, -1), (0, 2), ()],
    "keepdims": [False, True],
    "ddof": [0, 1],
    "ties": ["first", "split"],
    "shape": [(), (1,), (-1,), (1, -1), (2,), (2, 2), (2, 1, 2)],
    "axes": [None, (1, 0), (-1, 0), (2, 0, 1)],
    "width": [0, 1, ((1, 0),), ((0, 1), (1, 0))],
    "classes": [1, 2, 3],
    "size": [1, 2, (1, 2)],
    "stride": [1, 2],
    "dilation": [1, 2],
    "ignore": [None, 1],
    "subscripts": [",->", "i,->i", "i,i->", "i,i->i", "i,j->ij", "i,j->i", "ij,j->i", "ij,jk->ki", "i,i,i->"],
    "key": [
        *((), 0, -1, (0, 0), (0, -1), (0, 0, 1), slice(None), slice(0, 1), slice(None, None, -1), None, ..., (..., 0)),
        *((None, 0), [0], [0, 0], ([0], [0]), (0, [0, 0]), (slice(None), 0), (0, slice(0, 1)), ([[0]],)),
    ],
}  # fmt: skip


class Kind(NamedTuple):
    """One op on leaves of some shapes: its node, and values for the leaves, among which there are no ties."""

    row: Op
    node: cg.Node
    leaves: tuple[cg.Node, ...]
    feed: dict[cg.Node, Any]

    @property
    def words(self) -> str:
        """What a failure is called."""
        shapes = ", ".join(str(x.shape) for x in self.node.operands)
        return f"{self.row.name}({shapes}; {dict(self.node.attrs)})"

    @property
    def form(self) -> tuple[Any, ...]:
        """What kinds of one row have in common that differ in sizes alone."""
        ranks = tuple(len(x.shape) for x in self.node.operands)
        return ranks, len(self.node.shape), self.node.attrs.get("keepdims"), self.node.attrs.get("ties")

    @property
    def total(self) -> cg.Node:
        """A scalar whose gradient is another one in each element of the result."""
        weights = np.reshape(1.0 + np.arange(int(np.prod(self.node.shape))), self.node.shape)
        return cg.sum(self.node * weights)


@cache
def kinds(row: Op) -> tuple[Kind, ...]:
    """Every combination of shapes and attributes that the shape rule of a row takes."""
    given = {} if row.elementwise else {a: CHOICES.get(a, [d]) for a, d in row.defaults.items()}
    made = (
        _kind(row, shapes, dict(zip(given, values, strict=True)))
        for shapes in _shapes(row)
        for values in product(*given.values())
    )
    found = {kind.words: kind for kind in made if kind is not None}
    assert found, f"no shapes for {row.name}: give choices for its attributes"
    return tuple(found.values())


def few(row: Op) -> tuple[Kind, ...]:
    """One of each form: the smallest, which is where an axis is all there is."""
    found: dict[Any, Kind] = {}
    for kind in kinds(row):
        found.setdefault(kind.form, kind)
    return tuple(found.values())


def _shapes(row: Op) -> Iterator[tuple[tuple[int, ...], ...]]:
    for count in [row.arity] if row.arity else [2, 3]:
        sizes = SCALARS if row.elementwise else {1: ONE, 2: TWO}.get(count, THREE)
        yield from product(*[sizes] * count)


def _kind(row: Op, shapes: tuple[tuple[int, ...], ...], attrs: dict[str, Any]) -> Kind | None:
    ids = row.ids.place if row.ids is not None else -1
    operands = [np.zeros(s) if i == ids else cg.variable("xyuv"[i], s) for i, s in enumerate(shapes)]
    try:
        node = build(row, *operands, **attrs)
    except CgraphError:
        return None
    leaves = tuple(x for x in operands if isinstance(x, cg.Node))
    return Kind(row, node, leaves, {leaf: numbers(row, leaf, node) for leaf in leaves})


def numbers(row: Op, leaf: cg.Node, node: cg.Node) -> Any:
    """Numbers in the domain of every op, no two equal: rows of targets sum to 1, arccosh begins at 1."""
    size = int(np.prod(leaf.shape))
    values = 0.31 + 0.37 * np.arange(size) / size + 0.05 * "xyuv".index(str(leaf.name)) + (row.name == "arccosh")
    if size == 4 and len(leaf.shape) == 2:
        values[3] *= 1.7  # no singular matrix
    shaped = np.reshape(values, leaf.shape)
    if row.check is not None and leaf is node.operands[-1] and not row.elementwise:
        shaped = shaped / shaped.sum(axis=-1, keepdims=True)
    return shaped

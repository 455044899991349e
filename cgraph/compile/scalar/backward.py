"""The backward pass of a tape, written down for all nodes of one op at once.

What the chain rule writes for one op is read once, from a backward pass through that op alone (a `Recipe`), and is then
written for all nodes of the op as arrays. Only the sums at fan-outs are put together here, in the order of `backward`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any

import numpy as np

from cgraph.compile.scalar.recipes import Kind, Recipe, as_bytes, read
from cgraph.compile.scalar.world import Slot, Tape
from cgraph.graph.node import Node
from cgraph.ops import TABLE
from cgraph.ops.op import NONE
from cgraph.passes.forward import Forward

RECIPES = 256  # that know numbers; what is met after so many has its numbers in slots
_ADD = TABLE["add"]


def gradients(fwd: Forward, root: Node, wanted: Sequence[Node], tape: Tape) -> list[int | None]:
    """The slots of the gradients of `root` by some nodes, written on the tape of a pass; None where nothing flows."""
    index = fwd.graph.index
    return _Pass(fwd, index[root], tape).written([index[node] for node in wanted])


class _Pass:
    """The arrays of one backward pass: of nodes, by their places in the graph, and of edges, in the order of results.

    `slots` are the values of nodes (-1 for numbers), `kind` says which of the `recipes` is theirs (-1: none), `starts`
    are their first edges; `result` and `source` are the ends of edges, `taken` the slots of their operands.
    """

    def __init__(self, fwd: Forward, root: int, tape: Tape) -> None:
        self.tape, self.root, self.values = tape, root, fwd.values
        self.nodes, place = fwd.graph.nodes[: root + 1], fwd.graph.index.__getitem__
        counts = np.array([len(n.operands) for n in self.nodes], np.int32)
        self.slots = np.array([v.number if v.__class__ is Slot else -1 for v in self.values[: root + 1]], np.int32)
        self.starts = np.cumsum(counts, dtype=np.int32) - counts
        self.counts, self.result = counts, np.repeat(np.arange(root + 1, dtype=np.int32), counts)
        self.source = np.array([place(x) for n in self.nodes for x in n.operands], np.int32)
        self.taken = self.slots[self.source]
        self.kinds: dict[Kind, int] = {}
        self.recipes: list[Recipe] = []
        self.kind = self._kinds()

    # Kinds -----------------------------------------------------------------------------------------------------------
    def _recipe(self, kind: Kind) -> int:
        """The number of a kind, of which the recipe is read when it is met first."""
        if kind not in self.kinds:
            self.kinds[kind] = len(self.recipes)
            self.recipes.append(read(kind, self.tape))
        return self.kinds[kind]

    def _kinds(self) -> Any:
        """The kind of each node: most have operands in slots, as many as their row says, and no attributes."""
        ops = [n.op for n in self.nodes]
        rows = {row: number for number, row in enumerate(dict.fromkeys(ops))}
        row_of = np.array([rows[row] for row in ops], np.int32)
        arity = np.array([0 if row is None else -1 if row.defaults else row.arity or 2 for row in rows])
        plain = (arity[row_of] == self.counts) & (self.slots >= 0)
        plain[self.result[self.taken < 0]] = False
        kind = np.full(len(ops), -1, np.int32)
        for row, number in rows.items():
            ours = plain & (row_of == number)
            if row is not None and ours.any():
                kind[ours] = self._recipe(Kind(row, (), (None,) * (row.arity or 2)))
        for place in np.flatnonzero(~plain & (self.counts > 0) & (self.slots >= 0)).tolist():
            kind[place] = self._special(place)
        return kind

    def _special(self, place: int) -> int:
        """The kind of a node with numbers among its operands, with attributes, or with any number of operands."""
        node, start = self.nodes[place], int(self.starts[place])
        operands: list[bytes | None] = [None] * len(node.operands)
        for position, slot in enumerate(self.taken[start : start + len(operands)].tolist()):
            if slot < 0 and node.op is not _ADD:
                number = self.values[self.source[start + position]]
                if len(self.recipes) < RECIPES:
                    operands[position] = as_bytes.pack(number)
                else:
                    self.taken[start + position] = self.tape.slot(number)
        assert node.op is not None
        return self._recipe(Kind(node.op, tuple(node.attrs.items()), tuple(operands)))

    def _by_kind(self) -> Iterator[tuple[Recipe, Any]]:
        """Each recipe with the places of its nodes."""
        order = np.argsort(self.kind, kind="stable")
        bounds = np.searchsorted(self.kind[order], np.arange(len(self.recipes) + 1))
        for recipe, (start, end) in zip(self.recipes, pairwise(bounds.tolist()), strict=True):
            yield recipe, order[start:end]

    # What flows ------------------------------------------------------------------------------------------------------
    def _edges(self) -> Any:
        """The edges along which something flows, from the root down."""
        flows = np.zeros(len(self.source), bool)
        for recipe, nodes in self._by_kind():
            for position, flow in enumerate(recipe.flows):
                flows[self.starts[nodes] + position] = flow is not None
        flows &= self.slots[self.source] >= 0
        counts = self.counts[::-1]
        edges = np.arange(len(flows)) + np.repeat(self.starts[::-1] - np.cumsum(counts) + counts, counts)
        edges = edges[flows[edges]]
        reached = bytearray(self.root + 1)
        reached[self.root] = 1
        for result, source in zip(self.result[edges].tolist(), self.source[edges].tolist(), strict=True):
            if reached[result]:
                reached[source] = 1
        return edges[np.frombuffer(reached, bool)[self.result[edges]]]

    def _known(self, edges: Any) -> dict[int, Any]:
        """The gradients that are numbers, by place: what follows from the root's 1. Their nodes' recipes know them."""
        left = np.bincount(self.source[edges], minlength=self.root + 1).tolist()
        known: dict[int, Any] = {self.root: 1.0}
        sums: dict[int, Any] = {}
        kinds, waiting, limit = list(self.kinds), [-self.root], len(self.recipes) + RECIPES
        while waiting and len(self.recipes) < limit:
            place = -heappop(waiting)
            if self.kind[place] < 0:
                continue
            kind = kinds[self.kind[place]]._replace(upstream=as_bytes.pack(known[place]))
            self.kind[place] = self._recipe(kind)
            for position, flow in enumerate(self.recipes[self.kind[place]].flows):
                source = int(self.source[self.starts[place] + position])
                if flow is None or flow.__class__ is Slot or self.slots[source] < 0:
                    continue
                sums[source] = sums[source] + flow if source in sums else flow
                left[source] -= 1
                if not left[source]:
                    known[source] = sums[source]
                    heappush(waiting, -source)
        return known

    # Writing ---------------------------------------------------------------------------------------------------------
    def written(self, wanted: Sequence[int]) -> list[int | None]:
        """The slots of the gradients by the nodes at some places."""
        edges = self._edges()
        known = self._known(edges)
        gradient = np.full(self.root + 1, -1, np.int32)  # its slot, for each node
        gradient[list(known)] = [self.tape.slot(number) for number in known.values()]
        edges = edges[gradient[self.source[edges]] < 0]
        edges = edges[np.argsort(self.source[edges], kind="stable")]
        many = np.bincount(self.source[edges], minlength=self.root + 1)
        # the slots of a node stand after those of all nodes above it: first the sums of its gradient, then its steps
        sums = np.maximum(many - 1, 0)
        new = sums + np.array([*(len(r.steps) for r in self.recipes), 0])[self.kind]
        first = len(self.tape) + np.cumsum(new[::-1])[::-1] - new
        lines = np.zeros((4, int(new.sum())), np.int32)  # the kinds and the operands of all new slots
        columns = [(r, nodes, self._columns(r, nodes, (first + sums)[nodes])) for r, nodes in self._by_kind()]
        down, same = self._down(columns)
        self._sum(edges, many, first, gradient, down, same, lines)
        for recipe, nodes, places in columns:
            places[0] = gradient[nodes]
            for at, kind, *operands in recipe.steps:
                _write(lines, places[at] - len(self.tape), kind, [places[x] for x in operands])
        self.tape.extend(lines)
        return [int(gradient[at]) if at <= self.root and gradient[at] >= 0 else None for at in wanted]

    def _columns(self, recipe: Recipe, nodes: Any, first: Any) -> dict[int, Any]:
        """The slots, for each of some nodes, that those of a recipe's own tape stand for."""
        columns: dict[int, Any] = dict(recipe.literals)
        *operands, result = recipe.places
        for position, at in enumerate(operands):
            if at is not None:
                columns[at] = self.taken[self.starts[nodes] + position]
        if result is not None:
            columns[result] = self.slots[nodes]
        return columns | {at: first + step for step, (at, *_) in enumerate(recipe.steps)}

    def _down(self, columns: Any) -> tuple[Any, Any]:
        """For each edge the slot of what flows down, and whether that is the upstream gradient itself."""
        down, same = np.full(len(self.source), -1, np.int32), np.zeros(len(self.source), bool)
        for recipe, nodes, places in columns:
            for position, flow in enumerate(recipe.flows):
                edges = self.starts[nodes] + position
                if flow.__class__ is not Slot:
                    down[edges] = -1 if flow is None else self.tape.slot(flow)
                elif flow.number:
                    down[edges] = places[flow.number]
                else:
                    same[edges] = True
        return down, same

    def _sum(self, edges: Any, many: Any, first: Any, gradient: Any, down: Any, same: Any, lines: Any) -> None:
        """Find the gradients and write their sums; edges stand in the order of their sources."""
        source, result = self.source[edges], self.result[edges]
        rank = np.arange(len(edges)) - (np.cumsum(many) - many)[source]
        single, passed = many[source] == 1, same[edges]
        gradient[source] = np.where(single, down[edges], (first + many - 2)[source])
        above = np.arange(self.root + 1)  # the node whose gradient is that of a node too
        above[source[single & passed]] = result[single & passed]
        while (above != above[above]).any():
            above = above[above]
        gradient[:] = gradient[above]
        down[edges[passed]] = gradient[result[passed]]
        later = np.flatnonzero(rank)
        own = first[source[later]] + rank[later] - 1
        before = np.where(rank[later] == 1, down[edges[later - 1]], own - 1)
        _write(lines, own - len(self.tape), self.tape.kind_of(_ADD, NONE), [before, down[edges[later]], before])


def _write(lines: Any, at: Any, kind: int, operands: Sequence[Any]) -> None:
    lines[0, at] = kind
    for line, slots in zip(lines[1:], operands, strict=True):
        line[at] = slots

"""The same part of a model many times in a row: one box that says how often."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence

import numpy as np

from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from viz.graphs.words.blocks import attributes, leaf, longest_row
from viz.graphs.words.groups import Groups
from viz.graphs.words.units import LEAST, Fold, in_order, owners

Unit = Node | Fold


def with_repeats(graph: Graph, found: Sequence[Fold], known: Groups) -> tuple[Fold, ...]:
    """The folds, those that compute the same three times or more in a row as one, with what stands between two."""
    if len(found) < LEAST:
        return tuple(found)
    order = in_order(graph, found) or []
    codes = _Codes(graph, found, order, known)
    numbers = np.array(codes.numbers, dtype=int)
    together: list[Fold] = []
    taken: set[Unit] = set()
    waiting = [(0, len(numbers))]
    while waiting:
        low, high = waiting.pop()
        row = longest_row(numbers[low:high]) or longest_row(numbers[low:high], LEAST - 1)  # with one before it
        if row is None:
            continue
        start, period, times = low + row[0], row[1], row[2]
        if start - period >= low and codes.alike(start - period, start, period):
            start, times = start - period, times + 1  # the first one takes its operands from elsewhere
        units = order[start : start + period * times]
        if times >= LEAST and any(isinstance(unit, Fold) for unit in units[:period]):
            together.append(_one(graph, units, period, times))
            taken.update(units)
        waiting += [(low, start), (start + period * times, high)]
    kept = [*(fold for fold in found if fold not in taken), *together]
    place = {n: i for i, unit in enumerate(order) for n in (unit.nodes if isinstance(unit, Fold) else (unit,))}
    return tuple(sorted(kept, key=lambda fold: place[fold.nodes[0]]))


def _one(graph: Graph, units: Sequence[Unit], period: int, times: int) -> Fold:
    """A row as one fold."""
    folds = [unit for unit in units if isinstance(unit, Fold)]

    def nodes(of: Sequence[Unit]) -> tuple[Node, ...]:
        inside = (n for unit in of for n in (unit.nodes if isinstance(unit, Fold) else (unit,)))
        return tuple(sorted(inside, key=graph.index.__getitem__))

    name = f"{folds[0].name} to {folds[-1].name}"
    return Fold(name, nodes(units), nodes(units[:period]), times, folds[0].group)


class _Codes:
    """What is the same in two units that compute the same from the same units before them."""

    def __init__(self, graph: Graph, found: Sequence[Fold], order: Sequence[Unit], known: Groups) -> None:
        self.graph, self.order, self.known = graph, order, known
        self.outputs = set(graph.outputs)
        self.owner = owners(found)
        self.place: dict[Unit, int] = {unit: i for i, unit in enumerate(order)}
        self.inner = {n: i for fold in found for i, n in enumerate(fold.nodes)}
        shapes: dict[Hashable, int] = {}
        self.loose = [shapes.setdefault(self.of_units(i, 1), len(shapes)) for i in range(len(order))]
        self.shared = self._shared()
        codes: dict[Hashable, int] = {}
        self.numbers = [codes.setdefault(self._strict(i), len(codes)) for i in range(len(order))]

    def nodes(self, place: int) -> tuple[Node, ...]:
        unit = self.order[place]
        return unit.nodes if isinstance(unit, Fold) else (unit,)

    def of_units(self, start: int, count: int) -> Hashable:
        """What some units compute, wherever their operands come from: those are numbered as they are met."""
        if start < 0:
            return None
        places = range(start, start + count)
        inside = {n: i for i, n in enumerate(n for p in places for n in self.nodes(p))}
        outside: dict[Node, int] = {}
        kinds = tuple([isinstance(self.order[p], Fold) for p in places])

        def operand(x: Node) -> Hashable:
            return ("in", inside[x]) if x in inside else ("out", outside.setdefault(x, len(outside)))

        return kinds, tuple([self._code(node, [operand(x) for x in node.operands]) for node in inside])

    def _code(self, node: Node, operands: Sequence[Hashable]) -> Hashable:
        if node.op is None:
            return leaf(node)
        return node.op.name, attributes(node), node.shape, node in self.outputs, *operands

    def _shared(self) -> set[Node]:
        """What three units or more that compute the same take from outside: one and the same thing for all."""
        takers: dict[Node, Counter[int]] = defaultdict(Counter)
        for place, loose in enumerate(self.loose):
            unit = self.order[place]
            for x in {x for n in self.nodes(place) for x in n.operands if self._unit(x) is not unit}:
                takers[x][loose] += 1
        return {x for x, counts in takers.items() if max(counts.values()) >= LEAST}

    def _unit(self, node: Node) -> Unit:
        return self.owner.get(node, node)

    def alike(self, one: int, other: int, count: int) -> bool:
        """Whether some units compute the same, but for what they take from single units before them."""
        return all(self._strict(one + i, i) == self._strict(other + i, i) for i in range(count))

    def _strict(self, place: int, near: int | None = None) -> Hashable:
        """What a unit computes, from which of the units before it, no further away than `near`, in which layer."""
        unit = self.order[place]
        above = self.known.of.get(unit) if isinstance(unit, Node) else unit.group.parent if unit.group else None

        def operand(x: Node) -> Hashable:
            other = self._unit(x)
            if other is unit:
                return "in", self.inner[x]
            if x in self.shared:
                return "same", self.graph.index[x]
            back = place - self.place[other]
            return ("back", back, self.inner.get(x, 0)) if near is None or back <= near else "before"

        return self.loose[place], above, tuple(operand(x) for n in self.nodes(place) for x in n.operands)

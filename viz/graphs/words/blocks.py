"""Blocks: the same stretch of a graph, or the same few stretches, three times or more in a row."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT, OP, Node
from viz.graphs.words.units import LEAST, Fold

LONGEST = 64  # stretches in one block


def blocks(graph: Graph) -> list[Fold]:
    """The same stretch, or the same few stretches, three times or more in a row."""
    stretches = _stretches(graph)
    known: dict[Hashable, int] = {}
    codes = np.array([known.setdefault(_shape_of(graph, *s), len(known)) for s in stretches], dtype=int)
    found, waiting = [], [(0, len(codes))]
    while waiting:
        low, high = waiting.pop()
        row = longest_row(codes[low:high])
        if row is not None:
            start, period, times = row
            units = stretches[low + start : low + start + period * times]
            nodes = tuple(n for _, unit in units for n in unit)
            first = tuple(n for _, unit in units[:period] for n in unit)
            start_op = next(n for n in first if n.kind == OP)
            found.append(Fold(f"{graph.name(start_op)} to {graph.name(nodes[-1])}", nodes, first, times))
            waiting += [(low, low + start), (low + start + period * times, high)]
    return found


def _stretches(graph: Graph) -> list[tuple[Node, tuple[Node, ...]]]:
    """The ops between one node that everything passes through and the next, with leaves that only they use."""
    last = {graph.index[n]: len(graph) for n in graph.outputs}
    first_use: dict[Node, int] = {}
    for place, node in enumerate(graph.nodes):
        for operand in node.operands:
            last[graph.index[operand]] = max(last.get(graph.index[operand], 0), place)
            first_use.setdefault(operand, place)
    found: list[tuple[Node, tuple[Node, ...]]] = []
    since: list[Node] = []
    reach, door = -1, None  # how far the values of this stretch are used; the node that all came through
    for node in graph.nodes:
        if node.kind != OP:
            continue
        place = graph.index[node]
        since.append(node)
        alone = reach <= place  # nothing but this node goes on
        if alone and door is not None:
            start = graph.index[since[0]]
            inner = [x for n in since for x in n.operands if x.kind != OP]
            own = [x for x in inner if last[graph.index[x]] <= place and first_use[x] >= start]
            found.append((door, (*dict.fromkeys(own), *since)))
        if alone:
            door, since, reach = node, [], last.get(place, -1)
        else:
            reach = max(reach, last.get(place, -1))
    return found


def _shape_of(graph: Graph, door: Node, unit: Sequence[Node]) -> Hashable:
    """What is the same in two stretches that compute the same: ops, attributes, shapes and who is whose operand."""
    place = {n: i for i, n in enumerate(unit)}

    def code(x: Node) -> Hashable:
        return "door" if x is door else place[x] if x in place else ("outside", graph.index[x])

    return tuple(
        (n.op.name, attributes(n), n.shape, *map(code, n.operands)) if n.op is not None else leaf(n) for n in unit
    )


def attributes(node: Node) -> str:
    """What is the same in two ops with the same attributes."""
    return repr(sorted(node.attrs.items())) if node.attrs else ""


def leaf(node: Node) -> Hashable:
    """What is the same in two leaves; constants must have the same value."""
    value = np.asarray(node.value).tobytes() if node.kind == CONSTANT and node.value is not None else None
    return node.kind, node.shape, value


def longest_row(codes: NDArray[Any], least: int = LEAST) -> tuple[int, int, int] | None:
    """(start, period, times) of the repetition that covers most; of two, the one with the shorter period."""
    best, covered = None, 0
    for period in range(1, min(LONGEST, len(codes) // least) + 1):
        same = np.concatenate(([False], codes[period:] == codes[:-period], [False]))
        edges = np.flatnonzero(np.diff(same.astype(np.int8)))
        starts, lengths = edges[::2], edges[1::2] - edges[::2]
        times = lengths // period + 1
        times[times < least] = 0
        if len(times) and int(times.max()) * period > covered:
            at = int(times.argmax())
            best, covered = (int(starts[at]), period, int(times[at])), int(times[at]) * period
    return best

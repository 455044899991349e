"""Which nodes of a large graph go into one box: those of a layer, blocks one after the other, copies side by side.

Layers are read from names: z[1], W[1] and b[1] are of layer 1, `encoder.W` of the scope `encoder`. Blocks are the
stretches between nodes that everything passes through; where the same block stands three times or more in a row, the
row is one box. Copies are nodes that have the same ops below them and the same users above.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgraph.graph.graph import Graph
from cgraph.graph.names import layer_of, scope_of
from cgraph.graph.node import CONSTANT, OP, Node
from cgraph.ops.op import Op

LAYERS, BLOCKS, COPIES = "layers", "blocks", "copies"
WAYS = (LAYERS, BLOCKS, COPIES)
LEAST = 3  # so many times must a block or a copy be there
LONGEST = 64  # stretches in one block


@dataclass(frozen=True, eq=False)  # a fold is equal only to itself, as a node is
class Fold:
    """Nodes that are drawn as one box: `first` is the one unit that stands there `times` times."""

    name: str
    nodes: tuple[Node, ...]
    first: tuple[Node, ...]
    times: int


def folds(graph: Graph, how: str | None) -> tuple[Fold, ...]:
    """What to fold in one of the ways; for None, in the first way that halves the number of boxes or does better."""
    ways = {LAYERS: _layers, BLOCKS: _blocks, COPIES: _copies}
    for way in WAYS if how is None else (how,):
        found = _without_cycles(graph, ways[way](graph))
        if how is not None or 2 * (sum(len(f.nodes) for f in found) - len(found)) >= len(graph):
            return found
    return ()


def owners(found: Iterable[Fold]) -> dict[Node, Fold]:
    """The fold of each node that is in one."""
    return {node: fold for fold in found for node in fold.nodes}


# Layers --------------------------------------------------------------------------------------------------------------
def _layers(graph: Graph) -> list[Fold]:
    """By the layer or the scope in the names; an unnamed node is of the layer that all its users are of."""
    users = _users(graph)
    key: dict[Node, str | None] = {}
    for node in reversed(graph.nodes):
        if node.name is not None:
            layer = layer_of(node.name)
            key[node] = f"layer {layer}" if layer else scope_of(node.name)
        else:
            above = {key[u] for u in users[node]}
            key[node] = above.pop() if len(above) == 1 and node not in graph.outputs else None
    members: dict[str, list[Node]] = defaultdict(list)
    for node in graph.nodes:
        name = key[node]
        if name is not None:
            members[name].append(node)
    return [Fold(name, tuple(nodes), tuple(nodes), 1) for name, nodes in members.items() if len(nodes) > 1]


def _users(graph: Graph) -> dict[Node, list[Node]]:
    users: dict[Node, list[Node]] = {n: [] for n in graph.nodes}
    for node in graph.nodes:
        for operand in node.operands:
            users[operand].append(node)
    return users


# Blocks --------------------------------------------------------------------------------------------------------------
def _blocks(graph: Graph) -> list[Fold]:
    """The same stretch, or the same few stretches, three times or more in a row."""
    stretches = _stretches(graph)
    known: dict[Hashable, int] = {}
    codes = np.array([known.setdefault(_shape_of(graph, *s), len(known)) for s in stretches], dtype=int)
    found, waiting = [], [(0, len(codes))]
    while waiting:
        low, high = waiting.pop()
        row = _longest_row(codes[low:high])
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
        unit = [*since, node]
        alone = reach <= place  # nothing but this node goes on
        if alone and door is not None:
            start = graph.index[unit[0]]
            inner = [x for n in unit for x in n.operands if x.kind != OP]
            own = [x for x in inner if last[graph.index[x]] <= place and first_use[x] >= start]
            found.append((door, (*dict.fromkeys(own), *unit)))
        if alone:
            door, since, reach = node, [], last.get(place, -1)
        else:
            since, reach = unit, max(reach, last.get(place, -1))
    return found


def _shape_of(graph: Graph, door: Node, unit: Sequence[Node]) -> Hashable:
    """What is the same in two stretches that compute the same: ops, attributes, shapes and who is whose operand."""
    place = {n: i for i, n in enumerate(unit)}

    def code(x: Node) -> Hashable:
        return "door" if x is door else place[x] if x in place else ("outside", graph.index[x])

    return tuple(
        (n.op.name, _attributes(n), n.shape, *map(code, n.operands)) if n.op is not None else _leaf(n) for n in unit
    )


def _attributes(node: Node) -> str:
    return repr(sorted(node.attrs.items())) if node.attrs else ""


def _leaf(node: Node) -> Hashable:
    """What is the same in two leaves; constants must have the same value."""
    value = np.asarray(node.value).tobytes() if node.kind == CONSTANT and node.value is not None else None
    return node.kind, node.shape, value


def _longest_row(codes: NDArray[Any]) -> tuple[int, int, int] | None:
    """(start, period, times) of the repetition that covers most; of two, the one with the shorter period."""
    best, covered = None, 0
    for period in range(1, min(LONGEST, len(codes) // LEAST) + 1):
        same = np.concatenate(([False], codes[period:] == codes[:-period], [False]))
        edges = np.flatnonzero(np.diff(same.astype(np.int8)))
        starts, lengths = edges[::2], edges[1::2] - edges[::2]
        times = lengths // period + 1
        times[times < LEAST] = 0
        if len(times) and int(times.max()) * period > covered:
            at = int(times.argmax())
            best, covered = (int(starts[at]), period, int(times[at])), int(times[at]) * period
    return best


def _symmetric(row: Op) -> bool:
    return row.commutes or row.symmetric


# Copies --------------------------------------------------------------------------------------------------------------
def _copies(graph: Graph) -> list[Fold]:
    """Nodes that no look below or above them tells apart."""
    known: dict[Hashable, int] = {}
    below: dict[Node, int] = {}
    for node in graph.nodes:
        operands = [below[x] for x in node.operands]
        if node.op is not None:
            operands = sorted(operands) if _symmetric(node.op) else operands
            look: Hashable = (node.op.name, _attributes(node), node.shape, *operands)
        else:
            look = _leaf(node)
        below[node] = known.setdefault(look, len(known))
    used: dict[Node, set[Hashable]] = defaultdict(set)
    above: dict[Node, int] = {}
    for node in reversed(graph.nodes):
        outside = node if node in graph.outputs else None
        look = (below[node], frozenset(used[node]), outside)
        above[node] = known.setdefault(look, len(known))
        symmetric = node.op is not None and _symmetric(node.op)
        for position, operand in enumerate(node.operands):
            used[operand].add((above[node], 0 if symmetric else position))
    members: dict[int, list[Node]] = defaultdict(list)
    for node in graph.nodes:
        members[above[node]].append(node)
    return [
        Fold(f"{graph.name(nodes[0])} to {graph.name(nodes[-1])}", tuple(nodes), (nodes[0],), len(nodes))
        for nodes in members.values()
        if len(nodes) >= LEAST
    ]


# Order ---------------------------------------------------------------------------------------------------------------
def _without_cycles(graph: Graph, found: list[Fold]) -> tuple[Fold, ...]:
    """The folds in the order of the graph, without those that would depend on themselves through a node outside."""
    kept = list(found)
    while kept:
        order = in_order(graph, kept)
        if order is not None:
            return tuple(unit for unit in order if isinstance(unit, Fold))
        kept.pop()
    return ()


def in_order(graph: Graph, found: Sequence[Fold]) -> list[Node | Fold] | None:
    """Nodes and folds, operands first; None when there is a cycle."""
    owner = owners(found)
    units: dict[Node | Fold, set[Node | Fold]] = {}
    for node in graph.nodes:
        unit = owner.get(node, node)
        below = units.setdefault(unit, set())
        below |= {other for x in node.operands if (other := owner.get(x, x)) is not unit}
    users: dict[Node | Fold, list[Node | Fold]] = {unit: [] for unit in units}
    waiting = {unit: len(below) for unit, below in units.items()}
    for unit, below in units.items():
        for other in below:
            users[other].append(unit)
    place = {unit: i for i, unit in enumerate(units)}
    ready = [unit for unit, count in waiting.items() if not count][::-1]
    order: list[Node | Fold] = []
    while ready:
        unit = ready.pop()
        order.append(unit)
        for user in sorted(users[unit], key=place.__getitem__, reverse=True):
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    return order if len(order) == len(units) else None

"""Which layer each box stands in, and which layers hold the words of edges.

Layers are numbered along the graph. Boxes stand in the even ones: inputs in layer 0, whatever uses them, and an op as
near to its inputs as it can be, or as near to its users where more lines lead there. The words of an edge stand in
one of the layers between its ends: in the odd one beside its box, or, when it is long, over boxes of other layers,
where that makes the picture less wide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

NEW = 24.0  # what a layer of its own costs besides the length of its words


class Edge(Protocol):
    """What a layout needs to know of an edge."""

    @property
    def id(self) -> str:
        """Its name, that of no other edge."""
        ...

    @property
    def tail(self) -> str:
        """The box where it begins."""
        ...

    @property
    def head(self) -> str:
        """The box where it ends."""
        ...


class Extent(NamedTuple):
    """How much room something takes: along the graph's direction and across it.

    `meets` is the part of that breadth that edges meet, where it is not all of it.
    """

    along: float
    across: float
    meets: float = 0.0

    @property
    def side(self) -> float:
        """The breadth that edges meet."""
        return self.meets or self.across


def layers(boxes: Sequence[str], edges: Sequence[Edge], last: Sequence[str] = ()) -> dict[str, int]:
    """The even number of each box's layer. `boxes` come operands first; those of `last` stand in a last layer."""
    operands: dict[str, list[str]] = {box: [] for box in boxes}
    users: dict[str, list[str]] = {box: [] for box in boxes}
    for edge in edges:
        operands[edge.head].append(edge.tail)
        users[edge.tail].append(edge.head)
    layer: dict[str, int] = {}
    for box in boxes:
        layer[box] = 2 + max((layer[x] for x in operands[box]), default=-2)
    for box in reversed(boxes):
        inside = [x for x in operands[box] if operands[x]]
        if operands[box] and len(users[box]) > len(inside):
            layer[box] = min(layer[user] for user in users[box]) - 2
    end = max((n for box, n in layer.items() if box not in last), default=-2) + 2
    return layer | dict.fromkeys(last, end)


def words_in(
    layer: Mapping[str, int], edges: Sequence[Edge], boxes: Mapping[str, Extent], words: Mapping[str, Extent]
) -> dict[str, int]:
    """The number of the layer in which the words of each edge stand; `words` has the edges that have some."""
    along: dict[int, float] = defaultdict(float)
    across: dict[int, float] = defaultdict(float)
    for box, extent in boxes.items():
        along[layer[box]] = max(along[layer[box]], extent.along)
        across[layer[box]] += extent.across
    found: dict[str, int] = {}
    said = [edge for edge in edges if edge.id in words]
    for edge in sorted(said, key=lambda e: (layer[e.head] - layer[e.tail] > 2, -words[e.id].along)):
        need = words[edge.id]
        places = range(layer[edge.tail] + 1, layer[edge.head])
        place = min(places, key=lambda p: (_wider(need.along, along[p]), across[p], p))
        along[place] = max(along[place], need.along)
        across[place] += need.across
        found[edge.id] = place
    return found


def _wider(need: float, has: float) -> float:
    """How much wider a layer becomes that has words of so much length besides what it has."""
    return max(0.0, need - has) if has else need + NEW

"""Which layer each box stands in, and which layers hold the words of edges.

Layers are numbered along the graph. Boxes stand in the even ones: inputs in layer 0, whatever uses them, and an op as
near to its inputs as it can be, or as near to its users where more lines lead there. The words of an edge stand in
one of the layers between its ends: in the odd one beside its box, or, when it is long, over boxes of other layers,
where that makes the picture less wide.

What stands in a frame is laid out in layers of its own, and in what is around it the frame is one thing of that length:
whatever it uses stands before it and whatever uses it after it. Inputs that are in a frame stand in its first layer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from viz.graphs.words.drawing import Frame
from viz.graphs.words.levels import in_turn, levels

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


def layers(
    boxes: Sequence[str], edges: Sequence[Edge], last: Sequence[str] = (), frames: Sequence[Frame] = ()
) -> dict[str, int]:
    """The even number of each box's layer. `boxes` come operands first; those of `last` stand in a last layer."""
    start: dict[str, int] = {}
    length: dict[str, int] = {}  # of frames
    within = levels(boxes, [(edge.tail, edge.head) for edge in edges], frames)
    for level in reversed(within):  # the inner before the outer ones
        items = in_turn(level.items, level.links)[0] if frames else level.items
        own = _layers(items, level.links, length)
        start |= own
        if level.frame is not None:
            length[level.frame] = max(layer + length.get(item, 0) for item, layer in own.items())
    for level in within[1:]:
        first = start[str(level.frame)]
        start.update({item: start[item] + first for item in level.items})
    layer = {box: start[box] for box in boxes}
    end = max((n for box, n in layer.items() if box not in last), default=-2) + 2
    return layer | dict.fromkeys(last, end)


def _layers(items: Sequence[str], links: Sequence[tuple[str, str]], length: Mapping[str, int]) -> dict[str, int]:
    """The layers of what stands side by side in one frame, where some of it has a length."""
    operands: dict[str, list[str]] = {item: [] for item in items}
    users: dict[str, list[str]] = {item: [] for item in items}
    for tail, head in links:
        operands[head].append(tail)
        users[tail].append(head)
    layer: dict[str, int] = {}
    for item in items:
        layer[item] = 2 + max((layer[x] + length.get(x, 0) for x in operands[item]), default=-2)
    for item in reversed(items):
        inside = [x for x in operands[item] if operands[x]]
        if operands[item] and len(users[item]) > len(inside):
            layer[item] = min(layer[user] for user in users[item]) - 2 - length.get(item, 0)
    return layer


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

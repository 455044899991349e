"""Long graphs in rows, as text wraps: which boxes stand in which row, and the lines that lead from one to the next.

An edge that goes on in a later row is cut: it leaves its row at the right through a *port*, runs back below the row and
enters the next one at the left through another. Inputs stand in the row that uses them first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from viz.graphs.places.borders import Framed
from viz.graphs.places.channels import ASIDE, TRACK
from viz.graphs.places.grid import Grid
from viz.graphs.places.layers import Edge, Extent, layers
from viz.graphs.places.ranks import STROKES, Ranks, ranks, spans
from viz.graphs.words.drawing import Frame, left
from viz.ink.strokes import Point
from viz.ink.turns import rounded

CROSSING = 0.12  # what a line from one row to the next costs, in lengths of a row
THROUGH = 0.25  # what it costs to end a row in the middle of a layer of a net or a step of time
BELOW = 16.0  # free space between a row and the lines that run below it


class Part(NamedTuple):
    """A part of an edge that lies in one row."""

    id: str
    tail: str
    head: str


@dataclass(frozen=True)
class Row:
    """What stands in one row: boxes and ports with their extents, parts of edges, and the ports at its two sides."""

    boxes: Mapping[str, Extent]
    parts: tuple[Part, ...]
    comes: tuple[str, ...]
    goes: tuple[str, ...]
    frames: tuple[Frame, ...] = ()

    def ranks(self, words: Mapping[str, Extent], goes: Sequence[str] = (), *, free: bool = False) -> Ranks:
        """Its ranks, with the words of the edges that end in it; `goes` is the order of the ports at its end.

        Those at its start stand as they are written, or are `free`.
        """
        own = {p.id: words[p.id] for p in self.parts if p.id in words and p.head not in self.goes}
        return ranks(self.boxes, self.parts, own, goes or self.goes, self.comes if free else (), self.frames)

    def wants(self, grid: Grid) -> list[str]:
        """The ports at the end of the row before it in the order in which their lines come into this one."""
        comes = sorted((part for part in self.parts if part.tail in self.comes), key=lambda p: grid.places[p.tail][1])
        return [f"{part.id}<{int(part.tail.rpartition('>')[2]) - 1}" for part in comes]


def cut(
    boxes: Mapping[str, Extent],
    edges: Sequence[Edge],
    words: Mapping[str, Extent],
    count: int,
    frames: Sequence[Frame] = (),
    together: Sequence[Frame] = (),
) -> list[Row]:
    """The boxes in at most so many rows of about the same length; `words` is the room for the words of edges.

    A frame is in one row, and so is what stands `together`, where that makes no row much longer.
    """
    layer = layers(list(boxes), edges, (), frames)
    home = _homes(boxes, edges, words, layer, count, frames, together)
    rows = max(home.values(), default=0) + 1
    parts: list[list[Part]] = [[] for _ in range(rows)]
    comes: list[dict[str, int]] = [{} for _ in range(rows)]  # ports, with the places of the boxes that they stand for
    goes: list[list[str]] = [[] for _ in range(rows)]
    place = {box: i for i, box in enumerate(boxes)}
    for edge in edges:
        here, there = home[edge.tail], home[edge.head]
        for row in range(here, there + 1):
            tail, head = edge.tail, edge.head
            if row > here:
                tail = f"{edge.id}>{row}"
                comes[row][tail] = place[edge.tail]
            if row < there:
                head = f"{edge.id}<{row}"
                goes[row].append(head)
            parts[row].append(Part(edge.id, tail, head))
    found = []
    for row in range(rows):
        inside = {**comes[row], **{box: place[box] for box in boxes if home[box] == row}}
        names = [*sorted(inside, key=inside.__getitem__), *goes[row]]
        extents = {name: boxes.get(name, Extent(0.0, STROKES)) for name in names}
        found.append(Row(extents, tuple(parts[row]), tuple(comes[row]), tuple(goes[row]), left(frames, extents)))
    return found


def _homes(
    boxes: Mapping[str, Extent],
    edges: Sequence[Edge],
    words: Mapping[str, Extent],
    layer: Mapping[str, int],
    count: int,
    frames: Sequence[Frame],
    together: Sequence[Frame],
) -> dict[str, int]:
    """The row of each box."""
    length = [0.0] * (max(layer.values(), default=0) // 2 + 1)
    gap = [0.0] * len(length)  # before each layer
    for box, extent in boxes.items():
        length[layer[box] // 2] = max(length[layer[box] // 2], extent.along)
    for edge in edges:
        if layer[edge.head] - layer[edge.tail] == 2 and edge.id in words:
            gap[layer[edge.head] // 2] = max(gap[layer[edge.head] // 2], words[edge.id].along)
    rest = [a + b for a, b in zip(length, gap, strict=True)][1:]
    allowed = places_to_cut(layer, frames)
    crossing, through = _crossing(edges, layer, len(rest)), _through(together, layer, len(rest))
    costs = [CROSSING * lines + THROUGH * groups for lines, groups in zip(crossing, through, strict=True)]
    cuts = _cuts(rest, _inputs(boxes, edges, layer, len(rest)), costs, allowed, count)
    home = {box: bisect_right(cuts, layer[box] // 2 - 1) for box in boxes}
    first: dict[str, int] = {}
    for edge in edges:
        first[edge.tail] = min(first.get(edge.tail, count), home[edge.head])
    entered = {edge.head for edge in edges} | {box for frame in frames for box in frame.boxes}
    return {box: row if box in entered else first.get(box, 0) for box, row in home.items()}


def _inputs(boxes: Mapping[str, Extent], edges: Sequence[Edge], layer: Mapping[str, int], count: int) -> list[float]:
    """The length of the longest input that each layer of ops is the first to use."""
    first: dict[str, int] = {}
    for edge in edges:
        if not layer[edge.tail]:
            first[edge.tail] = min(first.get(edge.tail, count), layer[edge.head] // 2 - 1)
    found = [0.0] * count
    for box, place in first.items():
        found[place] = max(found[place], boxes[box].along)
    return found


def _crossing(edges: Sequence[Edge], layer: Mapping[str, int], count: int) -> list[int]:
    """How many lines lead over the start of each layer of ops; an input stands where it is used first."""
    begins = {box: place // 2 for box, place in layer.items() if place}
    for edge in edges:
        if not layer[edge.tail]:
            begins[edge.tail] = min(begins.get(edge.tail, count + 1), layer[edge.head] // 2)
    found = [0] * count
    for edge in edges:
        for place in range(begins[edge.tail], layer[edge.head] // 2):
            found[place] += 1
    return found


def _through(together: Sequence[Frame], layer: Mapping[str, int], count: int) -> list[int]:
    """How many layers of a net go on over the start of each layer of ops; inputs stand where they are used."""
    found = [0] * count
    for first, last in spans(left(together, {box for box, place in layer.items() if place}), layer).values():
        for place in range(first // 2, last // 2):
            found[place] += 1
    return found


def places_to_cut(layer: Mapping[str, int], frames: Sequence[Frame]) -> list[int]:
    """The layers of ops with which a row may begin: not those that go through a frame."""
    allowed = set(range(1, max(layer.values(), default=0) // 2))
    for first, last in spans(frames, layer).values():
        allowed.difference_update(range(first // 2, last // 2))
    return sorted(allowed)


def _cuts(
    lengths: Sequence[float], inputs: Sequence[float], costs: Sequence[float], allowed: Sequence[int], count: int
) -> list[int]:
    """The layers of ops with which rows begin but for the first: of about one length, few lines between them.

    `inputs` is the length of those that stand before each layer where a row begins with it.
    """
    ends = [0.0, *accumulate(lengths)]
    each = ends[-1] / count or 1.0
    cuts: list[int] = []
    for row in range(1, count):
        start = cuts[-1] if cuts else 0
        places = [p for p in allowed[: len(allowed) - (count - 1 - row)] if p > start]
        if not places:
            break

        def cost(place: int, start: int = start, target: float = row * each) -> tuple[float, int]:
            more = (max(inputs[start:place]) - max(inputs[place:])) / 2
            return abs(ends[place] + more - target) / each + costs[place], place

        cuts.append(min(places, key=cost))
    return cuts


# The rows below each other --------------------------------------------------------------------------------------------
def below(rows: Sequence[Row], grids: Sequence[Grid]) -> Grid:
    """The rows one below the other, with the lines from the ports of each to those of the next."""
    most = max((len(row.goes) for row in rows), default=0)
    left = 2 * ASIDE + most * TRACK
    top, width = 0.0, 0.0
    places: dict[str, Point] = {}
    words: dict[str, Point] = {}
    curves: dict[str, list[Point]] = {}
    frames: dict[str, Framed] = {}
    waiting: dict[str, tuple[Point, float, float]] = {}  # an edge's port, its lane at the right, and that below the row
    for row, grid in zip(rows, grids, strict=True):
        shift = left if most else 0.0
        places |= {n: (x + shift, y + top) for n, (x, y) in grid.places.items()}
        words |= {n: (x + shift, y + top) for n, (x, y) in grid.words.items()}
        moved = {n: [(x + shift, y + top) for x, y in curve] for n, curve in grid.curves.items()}
        comes = sorted((part.id for part in row.parts if part.tail in row.comes), key=lambda n: moved[n][0][1])
        for place, id_ in enumerate(comes):
            (_, lane, gutter), end = waiting[id_], moved[id_][0]
            out = curves[id_][-1]
            back = left - ASIDE - TRACK * (place + 1)
            curves[id_] += rounded([out, (lane, out[1]), (lane, gutter), (back, gutter), (back, end[1]), end])
            curves[id_] += moved.pop(id_)[1:]
        curves |= moved
        frames |= {n: frame.moved(shift, top) for n, frame in grid.frames.items()}
        length, breadth = grid.size
        bottom = top + breadth
        goes = sorted((part.id for part in row.parts if part.head in row.goes), key=lambda n: curves[n][-1][1])
        for place, id_ in enumerate(reversed(goes)):
            out = curves[id_][-1]
            waiting[id_] = out, shift + length + ASIDE + TRACK * place, bottom + BELOW + TRACK * place
        top = bottom + 2 * BELOW + TRACK * max(len(goes) - 1, 0)
        width = max(width, shift + length + (2 * ASIDE + TRACK * len(goes) if goes else 0.0))
    return Grid((width, bottom), places, curves, words, frames)

"""Gates whose names stand beside them, where edges leave: the room that they take together, and where the name stands.

Distances are along the graph's direction and across it. A gate stands where its room begins; its name is in the rest,
between two of the edges that leave it or beside them all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from viz.graphs.places.grid import CORNER, Grid
from viz.graphs.places.layers import Extent
from viz.graphs.places.measure import REACH, Measured
from viz.ink.lines import PlacedLine, SetLine
from viz.ink.strokes import BETWEEN, Point, Size
from viz.ink.turns import straight

APART = 1.5  # between a gate and its name
OVER = 8.0  # how far a name may reach beyond its room: so long at least the edges that leave it are straight
CLEAR = BETWEEN + 3.5  # between the middle of an edge and a name


def rooms(sizes: Measured, level: bool) -> dict[str, Size]:
    """The room of each box with the name that stands beside it."""
    return {id_: _room(size, sizes.beside.get(id_), level) for id_, size in sizes.boxes.items()}


def _room(gate: Size, name: SetLine | None, level: bool) -> Size:
    if name is None:
        return gate
    along, across = _extent(name, level)
    own = gate[:2] if level else gate[1::-1]
    free = 2 * CLEAR + across
    between = max(gate.leave - 1, 0) * free + 2 * (CLEAR + across)
    outside = 2 * (_meets(gate, level) / 2 - CORNER + CLEAR + across)
    need = min(between, outside) if gate.leave else across
    room = own[0] + _beside(gate, along), max(own[1], need)
    return Size(*(room if level else room[::-1]), False, gate.enter, gate.leave)


def _beside(gate: Size, along: float) -> float:
    """How much room along the graph a name takes beside its gate."""
    return APART + along if not gate.leave else max(APART + along - OVER, 0.0)


def extent(room: Size, gate: Size, level: bool) -> Extent:
    """The room of a box in a rank; edges meet the gate, not its room."""
    size = room[:2] if level else room[1::-1]
    return Extent(*size) if room is gate else Extent(*size, _meets(gate, level))


def _meets(gate: Size, level: bool) -> float:
    """How broad a gate is for edges that keep away from its corners; a circle has none."""
    if gate.round:
        return 2 * (max(REACH * gate.width - BETWEEN, 0.0) + CORNER)
    return gate.height if level else gate.width


def _extent(name: SetLine, level: bool) -> tuple[float, float]:
    height = name.ascent + name.descent
    return (name.width, height) if level else (height, name.width)


def moved(sizes: Measured, grid: Grid, level: bool) -> dict[str, Point]:
    """The middle of each box: that of its room, or where a gate stands in its own."""
    found = dict(grid.places)
    for id_, name in sizes.beside.items():
        along, across = grid.places[id_]
        found[id_] = along - _beside(sizes.boxes[id_], _extent(name, level)[0]) / 2, across
    return found


def line(curve: Sequence[Point], tail: Point | None) -> list[Point]:
    """The middle of an edge; where it leaves a room that a gate has with its name, from the `tail` of the gate on."""
    if tail is None:
        return list(curve)
    start = tail[0], curve[0][1]
    return [start, *straight(start, curve[0]), *curve[1:]]


def names(sizes: Measured, grid: Grid, level: bool) -> dict[str, PlacedLine]:
    """Each name that stands beside its gate, where no edge that leaves the gate crosses it."""
    leaving: dict[str, list[float]] = defaultdict(list)
    for edge in sizes.drawing.edges:
        leaving[edge.tail].append(grid.curves[edge.id][0][1])
    found = {}
    for id_, name in sizes.beside.items():
        room, (middle, across) = _room(sizes.boxes[id_], name, level), grid.places[id_]
        length, breadth = room[:2] if level else room[1::-1]
        along, wide = _extent(name, level)
        start = middle + length / 2 - _beside(sizes.boxes[id_], along) + APART
        place = _free(sorted(leaving[id_]), wide, across - breadth / 2, across + breadth / 2, first=level)
        found[id_] = PlacedLine(name, *((start, place + name.ascent) if level else (place, start + name.ascent)))
    return found


def _free(taken: Sequence[float], wide: float, low: float, high: float, *, first: bool) -> float:
    """Where something so wide begins between two lines: beside the first or the last of them, or where most is free."""
    if not taken:
        return (low + high - wide) / 2
    before, after = taken[0] - CLEAR - wide, taken[-1] + CLEAR
    outside = [place for place in (before, after) if low - 1e-6 <= place <= high - wide + 1e-6]
    if outside:
        return outside[0 if first else -1]
    start, end = max(pairwise(taken), key=lambda gap: gap[1] - gap[0])
    return (start + end - wide) / 2

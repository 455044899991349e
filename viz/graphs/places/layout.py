"""One layout for all pictures of a pass: where boxes, strokes and labels stand.

Sizes come from the words of the whole picture, forward and backward, so a picture that shows one pass only has
everything in the same place. Distances are in points, x to the right and y down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from viz.graphs.places import gates, layered
from viz.graphs.places.across import AROUND, BESIDE, across, crossings
from viz.graphs.places.borders import NEXT, Framed
from viz.graphs.places.channels import TRACK
from viz.graphs.places.grid import Grid, gridded
from viz.graphs.places.layers import Extent
from viz.graphs.places.measure import Measured, Words, inside, lines_of, measured, roomy
from viz.graphs.places.ranks import TitleRoom
from viz.graphs.places.rows import BELOW, below, cut
from viz.graphs.words.drawing import OUTSIDE, BoxText, Drawing, EdgeText, Frame
from viz.ink.lines import PlacedLine, SetLine, stacked
from viz.ink.strokes import BETWEEN, Point, Size, both
from viz.ink.themes import Theme

CLEAR = 4.5  # between a stroke and its words
BESIDE_WORDS = 2.0  # free space before and after the words of an edge
MANY = 400  # boxes and edges of a drawing for which one way is tried alone, without words on edges the layered layout
MOST = 800  # boxes and edges that Graphviz is asked to place
LAYERED = "layered"
CHANNEL = 25.0  # the length of a channel, as is usual
MARGIN = 12.0  # around the whole picture
TITLE_PAD = 5.0  # between the corner of a frame and its title


class PlacedBox(NamedTuple):
    """A box at its place, by its centre."""

    box: BoxText
    x: float
    y: float
    width: float
    height: float
    lines: tuple[PlacedLine, ...]

    @property
    def rect(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom)."""
        return self.x - self.width / 2, self.y - self.height / 2, self.x + self.width / 2, self.y + self.height / 2


class PlacedEdge(NamedTuple):
    """An edge at its place: its forward and its backward stroke, each up to its arrow's tip, and its labels.

    A stroke is two points for a straight line, or cubic Bézier points (four, then three more a piece).
    """

    edge: EdgeText
    forth: tuple[Point, ...]
    back: tuple[Point, ...]
    local: PlacedLine | None = None
    downstream: PlacedLine | None = None


class PlacedFrame(NamedTuple):
    """A frame at its place, and its title, which no stroke crosses."""

    frame: Frame
    left: float
    top: float
    right: float
    bottom: float
    title: PlacedLine


@dataclass(frozen=True, repr=False)
class Layout:
    """Everything at its place, from (0, 0) to (width, height). The outer frames come before those that are in them."""

    width: float
    height: float
    boxes: tuple[PlacedBox, ...]
    edges: tuple[PlacedEdge, ...]
    frames: tuple[PlacedFrame, ...] = ()

    def __repr__(self) -> str:
        return f"<layout of {len(self.boxes)} boxes, {self.width:g}×{self.height:g}>"


def lay_out(
    drawing: Drawing, theme: Theme, rankdir: str, engine_name: str | None, time_limit: float, rows: int = 1
) -> Layout:
    """Place a drawing, with Graphviz or, when it is large, with the layered layout.

    Raises LayoutError when there is no engine or it takes too long.
    """
    return arranged(measured(drawing, theme), rankdir, engine_name, time_limit, rows).layout()


class Arranged(NamedTuple):
    """A drawing whose width and height are known; its strokes and words are placed when it is asked for its layout."""

    size: tuple[float, float]
    layout: Callable[[], Layout]


def arranged(sizes: Measured, rankdir: str, engine_name: str | None, time_limit: float, rows: int = 1) -> Arranged:
    """Arrange what was measured, in so many rows."""
    drawing = sizes.drawing
    count = len(drawing.boxes) + len(drawing.edges)
    if engine_name == LAYERED or (engine_name is None and count > (MOST if sizes.words or drawing.frames else MANY)):
        sizes = roomy(inside(sizes), rankdir == "LR")
        return _done(_in_layers(drawing, sizes.boxes, sizes.lines, rankdir))
    level = rankdir == "LR"
    sizes = roomy(sizes, level)
    boxes, words = _extents(sizes, level)
    slots = {e.id: e.slot for e in drawing.edges}
    is_round = {id_ for id_, size in sizes.boxes.items() if size.round and id_ not in sizes.beside}
    titles = _rooms(sizes, level)
    parts = cut(boxes, drawing.edges, words, rows, drawing.frames, drawing.together)
    grids: list[Grid] = []
    wanted: list[str] = []
    for row in reversed(parts):  # each hands its lines on in the order in which the next one has them
        found = row.ranks(words, wanted)
        places = across(found, slots, titles, engine_name, time_limit)
        crossed = crossings(found, slots, places.middle) if row.comes else 0
        if crossed:
            other = row.ranks(words, wanted, free=True)
            freed = across(other, slots, titles, engine_name, time_limit)
            if crossings(other, slots, freed.middle) < crossed:
                found, places = other, freed
        grids.append(gridded(found, row.parts, is_round, places, titles))
        wanted = row.wants(grids[-1])
    grid = below(parts, grids[::-1])
    return Arranged(_size(grid, level), lambda: _drawn(sizes, grid, level))


def large(drawing: Drawing) -> bool:
    """Whether a drawing is too large for several ways to be compared."""
    return len(drawing.boxes) + len(drawing.edges) > MANY


def _done(layout: Layout) -> Arranged:
    return Arranged((layout.width, layout.height), lambda: layout)


def _size(grid: Grid, level: bool) -> tuple[float, float]:
    """The width and the height of a whole grid with its margin."""
    length, breadth = (round(side + 2 * MARGIN, 2) for side in grid.size)
    return (length, breadth) if level else (breadth, length)


def estimated(sizes: Measured, rankdir: str, rows: int) -> tuple[tuple[float, float], int]:
    """The width and the height that `arranged` is likely to need, and how many lines lead from row to row."""
    level = rankdir == "LR"
    boxes, words = _extents(roomy(sizes, level), level)
    titles = _rooms(sizes, level)
    lengths, breadth, lines = [0.0], 0.0, 0
    for row in cut(boxes, sizes.drawing.edges, words, rows, sizes.drawing.frames, sizes.drawing.together):
        found = row.ranks(words)
        along, side = [0.0] * found.count, [0.0] * found.count
        for node, extent in found.extents.items():
            rank = found.rank[node]
            along[rank] = max(along[rank], extent.along)
            side[rank] += extent.across + BESIDE
        for frame, (first, last) in found.spans.items():
            along[first] += NEXT + titles[frame].before
            along[last] += NEXT
            for rank in range(first, last + 1):
                side[rank] += 2 * AROUND + titles[frame].beside
        lengths.append(sum(along) + CHANNEL * (found.count - 1))
        breadth += max(side, default=0.0) + (2 * BELOW + TRACK * len(row.goes) if row.goes else 0.0)
        lines += len(row.goes)
    size = max(lengths) + 2 * MARGIN, breadth + 2 * MARGIN
    return size if level else size[::-1], lines


def _extents(sizes: Measured, level: bool) -> tuple[dict[str, Extent], dict[str, Extent]]:
    """The room of boxes and that of words."""
    boxes = {id_: gates.extent(room, sizes.boxes[id_], level) for id_, room in gates.rooms(sizes, level).items()}
    return boxes, {id_: _extent(_words_size(lines, level), level) for id_, lines in sizes.words.items()}


def reworded(layout: Layout, drawing: Drawing, theme: Theme) -> Layout:
    """The same places with the words of another drawing of the same graph, which have room there."""
    lines = lines_of(drawing, theme)
    words = {b.id: b for b in drawing.boxes}
    edges = {e.id: e for e in drawing.edges}
    boxes = tuple(_reworded(p, words[p.box.id], lines[p.box.id]) for p in layout.boxes)
    return replace(layout, boxes=boxes, edges=tuple(p._replace(edge=edges[p.edge.id]) for p in layout.edges))


def _reworded(placed: PlacedBox, box: BoxText, lines: Sequence[SetLine]) -> PlacedBox:
    """A box with other words; its name stands where it stood."""
    beside = tuple(line for line in placed.lines if line.line.role == OUTSIDE)
    within = [line for line in lines if not (beside and line.role == OUTSIDE)]
    return placed._replace(box=box, lines=(*stacked(within, (placed.x, placed.y), box.round), *beside))


def _in_layers(drawing: Drawing, boxes: Mapping[str, Size], lines: Mapping[str, list[SetLine]], rankdir: str) -> Layout:
    """A large drawing: straight strokes without words on them."""
    (width, height), centres, forth, back = layered.positions(boxes, drawing.edges, rankdir, MARGIN)
    placed = [
        PlacedBox(b, x, y, *boxes[b.id][:2], stacked(lines[b.id], (x, y), b.round))
        for b, (x, y) in zip(drawing.boxes, centres, strict=True)
    ]
    strokes = map(PlacedEdge, drawing.edges, forth, back)
    return Layout(round(width + 2 * MARGIN, 2), round(height + 2 * MARGIN, 2), tuple(placed), tuple(strokes))


def _extent(size: Size, level: bool) -> Extent:
    return Extent(size.width, size.height) if level else Extent(size.height, size.width)


def _words_size(words: Words, level: bool) -> Size:
    """The room for the words of an edge on both sides of its strokes."""
    heights = [line.ascent + line.descent for line in words if line]
    width = max(line.width for line in words if line)
    if level:
        return Size(width + 2 * BESIDE_WORDS, 2 * (max(heights) + BETWEEN + CLEAR) + 2.0)
    return Size(2 * (width + BETWEEN + CLEAR) + 2.0, max(heights) + 2 * BESIDE_WORDS)


def _drawn(sizes: Measured, grid: Grid, level: bool) -> Layout:
    """Everything at its place; the grid's (along, across) is (x, y) from left to right and (y, x) top down."""

    def at(point: Point) -> Point:
        x, y = point if level else point[::-1]
        return round(x + MARGIN, 2), round(y + MARGIN, 2)

    drawing, middles = sizes.drawing, gates.moved(sizes, grid, level)
    places = {b.id: at(middles[b.id]) for b in drawing.boxes}
    names = {
        id_: name._replace(x=round(name.x + MARGIN, 2), y=round(name.y + MARGIN, 2))
        for id_, name in gates.names(sizes, grid, level).items()
    }
    boxes = tuple(
        PlacedBox(b, *places[b.id], *sizes.boxes[b.id][:2], _lines(b, sizes.lines[b.id], places[b.id], names.get(b.id)))
        for b in drawing.boxes
    )
    edges = []
    for edge in drawing.edges:
        ends = [(places[end], sizes.boxes[end]) for end in (edge.tail, edge.head)]
        curve = gates.line(grid.curves[edge.id], middles[edge.tail] if edge.tail in names else None)
        strokes = both([at(p) for p in curve], *ends)
        above, below = sizes.words.get(edge.id, (None, None))
        centre = at(grid.words[edge.id]) if edge.id in grid.words else None
        edges.append(PlacedEdge(edge, *strokes, *_beside(above, below, centre, level)))
    frames = tuple(_framed(f, sizes.titles[f.id], grid.frames[f.id], level) for f in drawing.frames)
    return Layout(*_size(grid, level), boxes, tuple(edges), frames)


def _lines(box: BoxText, stack: Sequence[SetLine], place: Point, beside: PlacedLine | None) -> tuple[PlacedLine, ...]:
    """The lines of a box, and the one beside it."""
    return (*stacked(stack, place, box.round), *([beside] if beside else []))


def _rooms(sizes: Measured, level: bool) -> dict[str, TitleRoom]:
    """The room for the title of each frame: in its first corner, at its top."""
    found = {}
    for id_, title in sizes.titles.items():
        width, height = title.width + 2 * TITLE_PAD, title.ascent + title.descent + TITLE_PAD
        found[id_] = TitleRoom(length=width, beside=height) if level else TitleRoom(breadth=width, before=height)
    return found


def _framed(frame: Frame, title: SetLine, place: Framed, level: bool) -> PlacedFrame:
    """A frame at its place on the grid, its title in the room for it."""
    corners = [point if level else point[::-1] for point in (place.near, place.far)]
    (left, top), (right, bottom) = [(round(x + MARGIN, 2), round(y + MARGIN, 2)) for x, y in corners]
    start = left if level else round(place.title + MARGIN, 2)
    line = PlacedLine(title, start + TITLE_PAD, top + TITLE_PAD + title.ascent)
    return PlacedFrame(frame, left, top, right, bottom, line)


def _beside(
    above: SetLine | None, below: SetLine | None, centre: Point | None, level: bool
) -> tuple[PlacedLine | None, PlacedLine | None]:
    """The labels of an edge, on both sides of its straight middle."""
    if centre is None:
        return None, None
    x, y = centre
    gap = BETWEEN + CLEAR
    if not level:
        return (
            PlacedLine(above, x + gap, y + (above.ascent - above.descent) / 2) if above else None,
            PlacedLine(below, x - gap - below.width, y + (below.ascent - below.descent) / 2) if below else None,
        )
    return (
        PlacedLine(above, x - above.width / 2, y - gap - above.descent) if above else None,
        PlacedLine(below, x - below.width / 2, y + gap + below.ascent) if below else None,
    )

"""One layout for all pictures of a pass: where boxes, strokes and labels stand.

Sizes come from the words of the whole picture, forward and backward, so a picture that shows one pass only has
everything in the same place. Distances are in points, x to the right and y down.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from viz import engine, layered
from viz.annotate import BoxText, Drawing, EdgeText, Label
from viz.dot import Size, skeleton
from viz.style import Theme
from viz.typeset import Box, Glyph, Rule, typeset

Point = tuple[float, float]
PAD_X, PAD_Y, LINE_GAP = 9.0, 7.0, 5.0
INSET = 3.0  # between the two borders of an output
AROUND = 8.0  # free space that the skeleton keeps on both sides of a box, so that no stroke runs along its border
BETWEEN = 2.8  # half the distance between the forward and the backward stroke
CLEAR = 4.5  # between a stroke and its label
SLOT = 15.0  # the least height of a box for each edge that enters it
MOST = 800  # nodes and edges that Graphviz is asked to place; more go to the layered layout
LAYERED = "layered"


@dataclass(frozen=True)
class Line:
    """One line of words, set: its runs by role with their offsets, its size."""

    role: str
    width: float
    ascent: float
    descent: float
    runs: tuple[tuple[str, tuple[Glyph | Rule, ...]], ...]


@dataclass(frozen=True)
class PlacedLine:
    """A line at its place: the left end of its baseline."""

    line: Line
    x: float
    y: float

    @property
    def rect(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom)."""
        return self.x, self.y - self.line.ascent, self.x + self.line.width, self.y + self.line.descent


@dataclass(frozen=True)
class PlacedBox:
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


@dataclass(frozen=True)
class PlacedEdge:
    """An edge at its place: its centre line as cubic Bézier points (4, then 3 more each), and its labels."""

    edge: EdgeText
    curve: tuple[Point, ...]
    value: PlacedLine | None
    local: PlacedLine | None
    downstream: PlacedLine | None


@dataclass(frozen=True)
class Layout:
    """Everything at its place, from (0, 0) to (width, height)."""

    width: float
    height: float
    boxes: tuple[PlacedBox, ...]
    edges: tuple[PlacedEdge, ...]


def lay_out(drawing: Drawing, theme: Theme, rankdir: str, engine_name: str | None, time_limit: float) -> Layout:
    """Place a drawing, with Graphviz or, when it is large, with the layered layout.

    Raises LayoutError when there is no engine or it takes too long.
    """
    enter, leave = Counter(e.head for e in drawing.edges), Counter(e.tail for e in drawing.edges)
    lines = {b.id: [set_line(role, label, _size_of(role, theme)) for role, label in b.lines] for b in drawing.boxes}
    boxes = {b.id: _box_size(b, lines[b.id], enter[b.id], leave[b.id]) for b in drawing.boxes}
    labels = {
        e.id: tuple(
            set_line(role, words, theme.label_size) if words else None
            for role, words in (("value", e.value), ("local", e.local), ("backward", e.downstream))
        )
        for e in drawing.edges
        if e.value or e.local or e.downstream
    }
    places = {id_: _label_size(lines, rankdir) for id_, lines in labels.items()}
    roomy = {id_: _roomy(size, rankdir) for id_, size in boxes.items()}
    if engine_name == LAYERED or (engine_name is None and len(boxes) + len(drawing.edges) > MOST):
        answer = layered.positions(roomy, drawing.edges, rankdir)
        return _placed(drawing, answer, boxes, lines, {}, rankdir)
    answer = engine.positions(skeleton(roomy, places, drawing.edges, rankdir), engine_name, time_limit)
    leaving = _leaving(drawing, answer, boxes, rankdir)
    if engine_name == LAYERED or (engine_name is None and len(boxes) + len(drawing.edges) > MOST):
        answer = layered.positions(roomy, drawing.edges, rankdir)
        return _placed(drawing, answer, boxes, lines, {}, rankdir)
    answer = engine.positions(skeleton(roomy, places, drawing.edges, rankdir, leaving), engine_name, time_limit)
    return _placed(drawing, answer, boxes, lines, labels, rankdir)


def _leaving(drawing: Drawing, answer: dict[str, Any], boxes: dict[str, Size], rankdir: str) -> dict[str, int]:
    """At which place in its box each edge begins: in the order of where a first layout led them."""
    across = 1 if rankdir == "LR" else 0
    sign = -1.0 if rankdir == "LR" else 1.0
    places = {o["name"]: o["pos"].split(",") for o in answer.get("objects", []) if "pos" in o}
    by_tail: dict[str, list[tuple[float, str]]] = {}
    for edge in drawing.edges:
        first = places[edge.id if edge.id in places else edge.head]
        if boxes[edge.tail].leave > 1 and not boxes[edge.tail].round:
            by_tail.setdefault(edge.tail, []).append((sign * float(first[across]), edge.id))
    return {id_: slot for group in by_tail.values() for slot, (_, id_) in enumerate(sorted(group))}


def _roomy(size: Size, rankdir: str) -> Size:
    if size.round:
        return replace(size, width=size.width + 2 * AROUND, height=size.height + 2 * AROUND)
    if rankdir == "LR":
        return replace(size, width=size.width + 2 * AROUND)
    return replace(size, height=size.height + 2 * AROUND)


def _size_of(role: str, theme: Theme) -> float:
    return theme.title_size if role == "name" else theme.value_size


def set_line(role: str, label: Label, size: float) -> Line:
    """A label's runs set one after the other."""
    x, ascent, descent = 0.0, 0.0, 0.0
    runs = []
    for run_role, math in label:
        box: Box = typeset(math, size)
        runs.append((run_role, box.moved(x, 0.0)))
        x += box.width
        ascent, descent = max(ascent, box.ascent), max(descent, box.descent)
    return Line(role, x, ascent, descent, tuple(runs))


def _box_size(box: BoxText, lines: list[Line], enter: int, leave: int) -> Size:
    width = max((line.width for line in lines), default=0.0)
    height = sum(line.ascent + line.descent for line in lines) + LINE_GAP * (len(lines) - 1)
    if box.round:
        side = max((width**2 + (height * 0.7) ** 2) ** 0.5, height) + 12.0
        return Size(side, side, round=True)
    border = 2 * INSET if box.output else 0.0
    return Size(
        max(width + 2 * PAD_X, 26.0) + border,
        max(height + 2 * PAD_Y, enter * SLOT, leave * SLOT) + border,
        enter=enter,
        leave=leave,
    )


def _label_size(words: tuple[Line | None, ...], rankdir: str) -> Size:
    heights = [line.ascent + line.descent for line in words if line]
    width = max(line.width for line in words if line)
    if rankdir == "LR":
        return Size(width + 18.0, 2 * (max(heights) + BETWEEN + CLEAR) + 4.0)
    return Size(2 * (width + BETWEEN + CLEAR) + 6.0, max(heights) + 12.0)


def _placed(
    drawing: Drawing,
    answer: dict[str, Any],
    boxes: dict[str, Size],
    lines: dict[str, list[Line]],
    labels: dict[str, tuple[Line | None, ...]],
    rankdir: str,
) -> Layout:
    left, bottom, right, top = (float(v) for v in answer["bb"].split(","))
    margin = 12.0

    def at(pair: str) -> Point:
        x, y = pair.split(",")[:2]
        return round(float(x) - left + margin, 2), round(top - float(y) + margin, 2)

    places = {o["name"]: at(o["pos"]) for o in answer.get("objects", []) if "pos" in o}
    curves: dict[str, list[Point]] = {
        e["id"]: [at(p) for p in e["pos"].split() if p[0] not in "es"] for e in answer.get("edges", [])
    }
    placed_boxes = tuple(
        PlacedBox(b, *places[b.id], boxes[b.id].width, boxes[b.id].height, _stacked(lines[b.id], places[b.id]))
        for b in drawing.boxes
    )
    placed_edges = []
    for edge in drawing.edges:
        value, above, below = labels.get(edge.id, (None, None, None))
        pieces = [curves[f"{edge.id}.{part}"] for part in range(2 if edge.id in labels else 1)]
        curve = _joined(*pieces) if len(pieces) == 2 else pieces[0]
        curve = _up_to(curve[::-1], places[edge.tail], boxes[edge.tail])[::-1]
        curve = _up_to(curve, places[edge.head], boxes[edge.head])
        centre = places.get(edge.id)
        flowing, _ = _beside(value, None, centre, rankdir)
        placed_edges.append(PlacedEdge(edge, tuple(curve), flowing, *_beside(above, below, centre, rankdir)))
    width, height = right - left + 2 * margin, top - bottom + 2 * margin
    return Layout(round(width, 2), round(height, 2), placed_boxes, tuple(placed_edges))


def _stacked(lines: list[Line], centre: Point) -> tuple[PlacedLine, ...]:
    """The lines of a box, one below the other, centred."""
    x, y = centre
    top = y - (sum(line.ascent + line.descent for line in lines) + LINE_GAP * (len(lines) - 1)) / 2
    placed = []
    for line in lines:
        placed.append(PlacedLine(line, x - line.width / 2, top + line.ascent))
        top += line.ascent + line.descent + LINE_GAP
    return tuple(placed)


def _beside(
    above: Line | None, below: Line | None, centre: Point | None, rankdir: str
) -> tuple[PlacedLine | None, PlacedLine | None]:
    """The labels of an edge, on both sides of its straight middle."""
    if centre is None:
        return None, None
    x, y = centre
    gap = BETWEEN + CLEAR
    if rankdir == "TB":
        return (
            PlacedLine(above, x + gap, y + (above.ascent - above.descent) / 2) if above else None,
            PlacedLine(below, x - gap - below.width, y + (below.ascent - below.descent) / 2) if below else None,
        )
    return (
        PlacedLine(above, x - above.width / 2, y - gap - above.descent) if above else None,
        PlacedLine(below, x - below.width / 2, y + gap + below.ascent) if below else None,
    )


def _up_to(curve: list[Point], centre: Point, size: Size) -> list[Point]:
    """A curve that ends beside a box, with a straight piece up to the box itself."""
    end, before = curve[-1], next((p for p in curve[-2::-1] if p != curve[-1]), centre)
    for toward in ((end[0] + end[0] - before[0], end[1] + end[1] - before[1]), centre):
        hit = _entry(end, toward, centre, size)
        if hit is not None:
            step = (hit[0] - end[0]) / 3, (hit[1] - end[1]) / 3
            return [*curve, (end[0] + step[0], end[1] + step[1]), (hit[0] - step[0], hit[1] - step[1]), hit]
    return curve


def _entry(start: Point, toward: Point, centre: Point, size: Size) -> Point | None:
    """Where the ray from `start` meets a box (or circle); None when it misses it or enters it past its middle."""
    dx, dy = toward[0] - start[0], toward[1] - start[1]
    length = (dx * dx + dy * dy) ** 0.5
    if length < 1e-9:
        return None
    dx, dy = dx / length, dy / length
    x, y = centre[0] - start[0], centre[1] - start[1]
    if size.round:
        along, across = x * dx + y * dy, x * dy - y * dx
        inside = (size.width / 2) ** 2 - across**2
        reach = along - inside**0.5 if inside > (size.width / 4) ** 2 else -1.0
    else:
        half_x, half_y = size.width / 2, size.height / 2
        near_x = (x - half_x * (1 if dx > 0 else -1)) / dx if abs(dx) > 1e-9 else -float("inf")
        near_y = (y - half_y * (1 if dy > 0 else -1)) / dy if abs(dy) > 1e-9 else -float("inf")
        reach = max(near_x, near_y)
        at_x, at_y = dx * reach - x, dy * reach - y
        if abs(at_x) > half_x + 0.01 or abs(at_y) > half_y + 0.01:
            return None
    if reach < 0 or reach > 6 * AROUND:
        return None
    return start[0] + dx * reach, start[1] + dy * reach


def _joined(first: list[Point], second: list[Point]) -> list[Point]:
    """One curve through a label's place: in, straight across, out; without a kink at the joints."""
    start, end = first[-1], second[0]
    across = [
        (start[0] + (end[0] - start[0]) / 3, start[1] + (end[1] - start[1]) / 3),
        (start[0] + 2 * (end[0] - start[0]) / 3, start[1] + 2 * (end[1] - start[1]) / 3),
    ]
    level = abs(end[0] - start[0]) > abs(end[1] - start[1])
    first, second = list(first), list(second)
    first[-2] = (first[-2][0], start[1]) if level else (start[0], first[-2][1])
    second[1] = (second[1][0], end[1]) if level else (end[0], second[1][1])
    return [*first, *across, *second]

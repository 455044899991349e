"""One layout for all pictures of a pass: where boxes, strokes and labels stand.

Sizes come from the words of the whole picture, forward and backward, so a picture that shows one pass only has
everything in the same place. Distances are in points, x to the right and y down.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from math import hypot
from typing import Any, NamedTuple

from cgraph.notation import number, row
from viz.graphs.places import engine, layered
from viz.graphs.places.dot import skeleton
from viz.graphs.words.drawing import BoxText, Drawing, EdgeText
from viz.graphs.words.heat import Heat
from viz.ink.lines import GAP, Label, PlacedLine, SetLine, set_line, stack_height, stacked
from viz.ink.strokes import AROUND, BETWEEN, Point, Size, both, joined
from viz.ink.themes import Theme

PAD_X, PAD_Y = 9.0, 7.0
ROUND_PAD = 3.5  # between a circle and the corners of its words
INSET = 3.0  # between the two borders of an output
CLEAR = 4.5  # between a stroke and its label
SLOT = 15.0  # the least height of a box for each edge that enters it
MOST = 800  # nodes and edges that Graphviz is asked to place; more go to the layered layout
LAYERED = "layered"
MARGIN = 12.0  # around the whole picture
SCALE_SIZE = 0.85  # of a value's size: the number beside a heat map


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
    value: PlacedLine | None = None
    local: PlacedLine | None = None
    downstream: PlacedLine | None = None


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
    known: dict[tuple[str, Label], SetLine] = {}
    lines = {b.id: _lines(drawing, b, known, theme) for b in drawing.boxes}
    boxes = {b.id: _box_size(b, lines[b.id], enter[b.id], leave[b.id]) for b in drawing.boxes}
    if engine_name == LAYERED or (engine_name is None and len(boxes) + len(drawing.edges) > MOST):
        return _in_layers(drawing, boxes, lines, rankdir)
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
    answer = engine.positions(skeleton(roomy, places, drawing.edges, rankdir), engine_name, time_limit)
    leaving = _leaving(drawing, answer, boxes, rankdir)
    if leaving:
        answer = engine.positions(skeleton(roomy, places, drawing.edges, rankdir, leaving), engine_name, time_limit)
    return _placed(drawing, answer, boxes, lines, labels, rankdir)


def reworded(layout: Layout, drawing: Drawing, theme: Theme) -> Layout:
    """The same places with the words of another drawing of the same graph, which have room there."""
    known: dict[tuple[str, Label], SetLine] = {}
    words = {b.id: b for b in drawing.boxes}
    edges = {e.id: e for e in drawing.edges}
    boxes = tuple(
        p._replace(box=words[p.box.id], lines=stacked(_lines(drawing, words[p.box.id], known, theme), (p.x, p.y)))
        for p in layout.boxes
    )
    return replace(layout, boxes=boxes, edges=tuple(p._replace(edge=edges[p.edge.id]) for p in layout.edges))


def _lines(drawing: Drawing, box: BoxText, known: dict[tuple[str, Label], SetLine], theme: Theme) -> list[SetLine]:
    """The lines of a box, with room for its heat map below its value."""
    lines = [_set_once(known, role, label, theme) for role, label in box.lines]
    room = drawing.heat.room(box.id) if drawing.heat and not box.round else None
    if drawing.heat is not None and room is not None:
        place = next((i for i, line in enumerate(lines) if line.role in ("gradient", "badge")), len(lines))
        lines.insert(place, _heat_line(drawing.heat, box.id, room, theme))
    return lines


def _heat_line(heat: Heat, id_: str, room: tuple[float, float], theme: Theme) -> SetLine:
    """The room of a heat map, and below it the number that has the full colour, where that is the array's own.

    That number has the same room whatever it is, so that values and gradients have one layout.
    """
    width, height = room
    if id_ not in heat.own:
        return SetLine("heat", width, height, 0.0, ())
    words, widest = (
        set_line("heat", (("shape", row("±", number(x, 2))),), SCALE_SIZE * theme.value_size)
        for x in (heat.own[id_], 8.8e-88)
    )
    width = max(width, widest.width)
    start = (width - words.width) / 2
    runs = tuple((role, tuple(m._replace(x=m.x + start) for m in marks)) for role, marks in words.runs)
    return SetLine("heat", width, height + GAP / 2 + widest.ascent, 0.0, runs)


def _set_once(known: dict[tuple[str, Label], SetLine], role: str, label: Label, theme: Theme) -> SetLine:
    line = known.get((role, label))
    if line is None:
        line = known[role, label] = set_line(role, label, _size_of(role, theme))
    return line


def _in_layers(drawing: Drawing, boxes: dict[str, Size], lines: dict[str, list[SetLine]], rankdir: str) -> Layout:
    """A large drawing: straight strokes without words on them."""
    (width, height), centres, forth, back = layered.positions(boxes, drawing.edges, rankdir)
    placed = [
        PlacedBox(b, x + MARGIN, y + MARGIN, *boxes[b.id][:2], stacked(lines[b.id], (x + MARGIN, y + MARGIN)))
        for b, (x, y) in zip(drawing.boxes, centres, strict=True)
    ]
    strokes = [
        PlacedEdge(
            e,
            ((a + MARGIN, b + MARGIN), (c + MARGIN, d + MARGIN)),
            ((p + MARGIN, q + MARGIN), (r + MARGIN, s + MARGIN)),
        )
        for e, (a, b, c, d), (p, q, r, s) in zip(drawing.edges, forth, back, strict=True)
    ]
    return Layout(round(width + 2 * MARGIN, 2), round(height + 2 * MARGIN, 2), tuple(placed), tuple(strokes))


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
        return size._replace(width=size.width + 2 * AROUND, height=size.height + 2 * AROUND)
    if rankdir == "LR":
        return size._replace(width=size.width + 2 * AROUND)
    return size._replace(height=size.height + 2 * AROUND)


def _size_of(role: str, theme: Theme) -> float:
    return theme.title_size if role == "name" else theme.value_size


def _box_size(box: BoxText, lines: list[SetLine], enter: int, leave: int) -> Size:
    width = max((line.width for line in lines), default=0.0)
    height = stack_height(lines)
    if box.round:
        side = 2 * _radius(lines, height) + 2 * ROUND_PAD
        return Size(side, side, round=True)
    border = 2 * INSET if box.output else 0.0
    return Size(
        max(width + 2 * PAD_X, 26.0) + border,
        max(height + 2 * PAD_Y, enter * SLOT, leave * SLOT) + border,
        enter=enter,
        leave=leave,
    )


def _radius(lines: list[SetLine], height: float) -> float:
    """The radius of the circle about the middle of some stacked lines that holds them all."""
    top, reach = -height / 2, 0.0
    for line in lines:
        bottom = top + line.ascent + line.descent
        reach = max(reach, hypot(line.width / 2, max(-top, bottom)))
        top = bottom + GAP
    return reach


def _label_size(words: tuple[SetLine | None, ...], rankdir: str) -> Size:
    heights = [line.ascent + line.descent for line in words if line]
    width = max(line.width for line in words if line)
    if rankdir == "LR":
        return Size(width + 18.0, 2 * (max(heights) + BETWEEN + CLEAR) + 4.0)
    return Size(2 * (width + BETWEEN + CLEAR) + 6.0, max(heights) + 26.0)


def _placed(
    drawing: Drawing,
    answer: dict[str, Any],
    boxes: dict[str, Size],
    lines: dict[str, list[SetLine]],
    labels: dict[str, tuple[SetLine | None, ...]],
    rankdir: str,
) -> Layout:
    left, bottom, right, top = (float(v) for v in answer["bb"].split(","))

    def at(pair: str) -> Point:
        x, y = pair.split(",")[:2]
        return round(float(x) - left + MARGIN, 2), round(top - float(y) + MARGIN, 2)

    places = {o["name"]: at(o["pos"]) for o in answer.get("objects", []) if "pos" in o}
    curves: dict[str, list[Point]] = {
        e["id"]: [at(p) for p in e["pos"].split() if p[0] not in "es"] for e in answer.get("edges", [])
    }
    placed_boxes = tuple(
        PlacedBox(b, *places[b.id], boxes[b.id].width, boxes[b.id].height, stacked(lines[b.id], places[b.id]))
        for b in drawing.boxes
    )
    placed_edges = []
    for edge in drawing.edges:
        value, above, below = labels.get(edge.id, (None, None, None))
        pieces = [curves[f"{edge.id}.{part}"] for part in range(2 if edge.id in labels else 1)]
        line = joined(*pieces) if len(pieces) == 2 else pieces[0]
        ends = [(places[end], boxes[end]) for end in (edge.tail, edge.head)]
        centre = places.get(edge.id)
        flowing, _ = _beside(value, None, centre, rankdir)
        placed_edges.append(PlacedEdge(edge, *both(line, *ends), flowing, *_beside(above, below, centre, rankdir)))
    width, height = right - left + 2 * MARGIN, top - bottom + 2 * MARGIN
    return Layout(round(width, 2), round(height, 2), placed_boxes, tuple(placed_edges))


def _beside(
    above: SetLine | None, below: SetLine | None, centre: Point | None, rankdir: str
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

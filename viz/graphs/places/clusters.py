"""A layout with frames: Graphviz keeps boxes together in clusters, one in the other, with room for their titles."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from cgraph.errors import LayoutError
from viz.graphs.places import engine
from viz.graphs.places.dot import clusters
from viz.graphs.places.grid import Grid
from viz.graphs.words.drawing import Drawing, EdgeText, Frame
from viz.ink.strokes import Point, Size, joined, up_to

POINTS = 72.0
AROUND = 8.0  # free space on both sides of a box, so that no stroke runs along its border
FRAME_MARGIN = 10.0  # between a frame and what is in it

Rect = tuple[float, float, float, float]


class TitleRoom(NamedTuple):
    """The room that a frame keeps for its title, at its top or `below`, at its bottom."""

    width: float
    height: float
    below: bool = False


NO_FRAMES: Mapping[Frame, TitleRoom] = MappingProxyType({})


def skeleton(
    boxes: dict[str, Size],
    labels: dict[str, Size],
    edges: Sequence[EdgeText],
    rankdir: str,
    leaving: dict[str, int] | None = None,
    frames: Mapping[Frame, TitleRoom] = NO_FRAMES,
    newrank: bool = False,
) -> str:
    """The DOT that Graphviz lays out. An edge with a label runs through a box that holds the label's place.

    `leaving` says, once it is known, at which place in its box each edge begins; without it Graphviz chooses.
    `frames` are clusters, each with the room for its title; with `newrank` they are ranked with all other nodes, which
    gives longer ways, but loses no edge of a record to its neighbour.
    """
    import graphviz

    graph = graphviz.Digraph("skeleton")
    graph.attr(rankdir=rankdir, splines="true", nodesep="0.14", ranksep="0.54", outputorder="nodesfirst")
    graph.attr("node", shape="box", fixedsize="true", label="", fontsize="1", margin="0")
    graph.attr("edge", arrowhead="none")
    into, out = ("w", "e") if rankdir == "LR" else ("n", "s")
    for name, size in boxes.items():
        inches = {"width": f"{size.width / POINTS:.4f}", "height": f"{size.height / POINTS:.4f}"}
        if size.round:
            graph.node(name, shape="circle", **inches)
        elif size.enter > 1 or (leaving and size.leave > 1):
            fields = ["|".join(f"<{side}{i}>" for i in range(n)) for side, n in (("h", size.enter), ("t", size.leave))]
            graph.node(name, label=f"{{{{{fields[0]}}}|{{{fields[1]}}}}}", shape="record", **inches)
        else:
            graph.node(name, **inches)
    for name, size in labels.items():
        graph.node(name, width=f"{size.width / POINTS:.4f}", height=f"{size.height / POINTS:.4f}")
    for edge in edges:
        head, tail = f"{edge.head}:{into}", f"{edge.tail}:{out}"
        if boxes[edge.head].round:
            head = edge.head
        elif boxes[edge.head].enter > 1:
            head = f"{edge.head}:h{edge.slot}:{into}"
        if boxes[edge.tail].round or (boxes[edge.tail].leave > 1 and not leaving):
            tail = edge.tail
        elif leaving and edge.id in leaving:
            tail = f"{edge.tail}:t{leaving[edge.id]}:{out}"
        if edge.id in labels:
            graph.edge(tail, f"{edge.id}:{into}", id=f"{edge.id}.0", weight="2")
            graph.edge(f"{edge.id}:{out}", head, id=f"{edge.id}.1", weight="2")
        else:
            graph.edge(tail, head, id=f"{edge.id}.0")
    if newrank:
        graph.attr(newrank="true")
    titles = {frame: _room(room) for frame, room in frames.items()}
    graph.body += clusters(titles, _inside(frames, labels, edges))
    return str(graph.source)


def _inside(frames: Iterable[Frame], labels: Container[str], edges: Iterable[EdgeText]) -> dict[str, list[str]]:
    """The boxes in each frame, and the labels of the edges between them."""
    frames = list(frames)
    of_box = {box: frame.id for frame in frames for box in frame.boxes}
    above = {frame.id: frame.parent for frame in frames}
    inside = {frame.id: list(frame.boxes) for frame in frames}
    for edge in edges:
        around = _around(of_box.get(edge.tail), above)
        common = next((id_ for id_ in _around(of_box.get(edge.head), above) if id_ in around), None)
        if common is not None and edge.id in labels:
            inside[common].append(edge.id)
    return inside


def _room(room: TitleRoom) -> str:
    """A title of a frame without words."""
    size = f'FIXEDSIZE="TRUE" WIDTH="{room.width:.0f}" HEIGHT="{room.height:.0f}"'
    label = f'<<TABLE BORDER="0" CELLBORDER="0" {size}><TR><TD></TD></TR></TABLE>>'
    side = "b" if room.below else "t"
    return f"label={label} labelloc={side} labeljust=l margin={FRAME_MARGIN:.0f}"


def _around(id_: str | None, above: Mapping[str, str | None]) -> list[str]:
    """A frame and those that it stands in, the innermost first."""
    found = []
    while id_ is not None:
        found.append(id_)
        id_ = above[id_]
    return found


@dataclass(frozen=True)
class Clustered:
    """Everything at its place, and the corners of each frame, in the grid's (along, across)."""

    grid: Grid
    corners: Mapping[str, tuple[Point, Point]]


def clustered(
    drawing: Drawing,
    boxes: Mapping[str, Size],
    words: Mapping[str, Size],
    rankdir: str,
    rooms: Mapping[Frame, TitleRoom],
    engine_name: str | None,
    time_limit: float,
) -> Clustered:
    """Place boxes, words and frames. Raises LayoutError."""
    for newrank in (False, True):
        try:
            return _clustered(drawing, boxes, words, rankdir, rooms, engine_name, time_limit, newrank)
        except LayoutError as error:
            if newrank or "lost" not in str(error):
                raise
    raise AssertionError("unreachable")


def _clustered(
    drawing: Drawing,
    boxes: Mapping[str, Size],
    words: Mapping[str, Size],
    rankdir: str,
    rooms: Mapping[Frame, TitleRoom],
    engine_name: str | None,
    time_limit: float,
    newrank: bool,
) -> Clustered:
    roomy = {id_: _roomy(size, rankdir) for id_, size in boxes.items()}
    places = {id_: Size(size.width + 16.0, size.height) for id_, size in words.items()}
    if rankdir == "TB":
        places = {id_: Size(size.width, size.height + 16.0) for id_, size in words.items()}
    dot = skeleton(roomy, places, drawing.edges, rankdir, None, rooms, newrank)
    answer = engine.positions(dot, engine_name, time_limit)
    leaving = _leaving(drawing, answer, boxes, rankdir)
    if leaving:
        dot = skeleton(roomy, places, drawing.edges, rankdir, leaving, rooms, newrank)
        answer = engine.positions(dot, engine_name, time_limit)
    return _read(drawing, answer, boxes, words, rankdir == "LR")


def _read(
    drawing: Drawing, answer: dict[str, Any], boxes: Mapping[str, Size], words: Container[str], level: bool
) -> Clustered:
    """Graphviz's answer as a grid."""
    left, bottom, right, top = (float(v) for v in answer["bb"].split(","))

    def at(pair: str) -> Point:
        x, y = pair.split(",")[:2]
        return float(x) - left, top - float(y)

    def turned(point: Point) -> Point:
        return point if level else point[::-1]

    places = {o["name"]: at(o["pos"]) for o in answer.get("objects", []) if "pos" in o}
    curves = {e["id"]: [at(p) for p in e["pos"].split() if p[0] not in "es"] for e in answer.get("edges", [])}
    lines: dict[str, list[Point]] = {}
    for edge in drawing.edges:
        pieces = [curves[f"{edge.id}.{part}"] for part in range(2 if edge.id in words else 1)]
        line = joined(*pieces) if len(pieces) == 2 else pieces[0]
        line = up_to(line[::-1], places[edge.tail], boxes[edge.tail])[::-1]
        lines[edge.id] = [turned(p) for p in up_to(line, places[edge.head], boxes[edge.head])]
    corners = {}
    for o in answer.get("objects", []):
        if "bb" in o:
            x0, y0, x1, y1 = o["bb"].split(",")
            corners[o["name"].removeprefix("cluster_")] = turned(at(f"{x0},{y1}")), turned(at(f"{x1},{y0}"))
    middles = {id_: turned(p) for id_, p in places.items()}
    size = turned((right - left, top - bottom))
    return Clustered(Grid(size, middles, lines, {e.id: middles[e.id] for e in drawing.edges if e.id in words}), corners)


def _roomy(size: Size, rankdir: str) -> Size:
    if size.round:
        return size._replace(width=size.width + 2 * AROUND, height=size.height + 2 * AROUND)
    if rankdir == "LR":
        return size._replace(width=size.width + 2 * AROUND)
    return size._replace(height=size.height + 2 * AROUND)


def _leaving(drawing: Drawing, answer: dict[str, Any], boxes: Mapping[str, Size], rankdir: str) -> dict[str, int]:
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

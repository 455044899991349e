"""Large graphs: the shape of a screen, everything apart, every stroke from its box to its box."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from functools import lru_cache
from itertools import pairwise

import pytest
from large_graphs import KINDS
from project import ROOT, SUPPORT
from sparse import sparse

import cgraph as cg
import viz
from cgraph.graph.node import Node
from viz.graphs.picture import Picture
from viz.graphs.places import layered
from viz.graphs.places.layout import PlacedBox, PlacedEdge
from viz.ink.strokes import Point

SIZES = (400, 1000, 10_000)
CASES = sparse([(kind, SIZES[0], way) for kind in KINDS for way in ("LR", "TB")], every=5) + [
    pytest.param(kind, count, way, marks=pytest.mark.slow)
    for count in SIZES[1:]
    for kind in KINDS
    for way in ("LR", "TB")
]


@lru_cache(maxsize=4)
def drawn(kind: str, count: int, direction: str) -> Picture:
    """A large graph with every node in a box of its own."""
    return viz.draw(KINDS[kind](count), fold=False, direction=direction, detail="outline", engine="layered")


@pytest.mark.parametrize(("kind", "count", "direction"), CASES)
def test_a_large_graph_has_the_shape_of_a_screen_and_all_its_boxes_stand_apart(kind, count, direction):
    picture = drawn(kind, count, direction)
    assert len(picture.layout.boxes) == len(picture.drawing.boxes)
    assert 0.5 <= picture.layout.width / picture.layout.height <= 2.0
    assert touching(picture.layout.boxes) == []
    for box in picture.layout.boxes:
        left, top, right, bottom = box.rect
        assert 0 <= left < right <= picture.layout.width
        assert 0 <= top < bottom <= picture.layout.height


@pytest.mark.parametrize(("kind", "count", "direction"), CASES)
def test_every_stroke_of_a_large_graph_ends_at_its_boxes_and_stays_on_the_picture(kind, count, direction):
    picture = drawn(kind, count, direction)
    boxes = {b.box.id: b for b in picture.layout.boxes}
    side = direction == "TB"
    for edge in picture.layout.edges:
        tail, head = boxes[edge.edge.tail], boxes[edge.edge.head]
        for stroke, start, end in ((edge.forth, tail, head), (edge.back, head, tail)):
            assert beside(stroke[0], start) < 0.02
            assert beside(stroke[-1], end) < 0.02
            assert all(0 <= x <= picture.layout.width and 0 <= y <= picture.layout.height for x, y in stroke)
        assert edge.forth[0][side] == pytest.approx(tail.rect[2 + side], abs=0.02)  # out at the far side,
        assert edge.forth[-1][side] == pytest.approx(head.rect[side], abs=0.02)  # in at the near one


@pytest.mark.parametrize(("kind", "count", "direction"), CASES)
def test_a_stroke_between_two_rows_runs_around_all_boxes(kind, count, direction):
    picture = drawn(kind, count, direction)
    where = cells(picture.layout.boxes)
    between = [edge for edge in picture.layout.edges if len(edge.forth) > 2]
    for edge in between[:: max(1, len(between) // 300)]:
        ends = {edge.edge.tail, edge.edge.head}
        assert [b.box.id for b in crossed(edge, where) if b.box.id not in ends] == []


@pytest.mark.parametrize("kind", sparse(KINDS, every=5))
def test_a_large_graph_is_placed_in_a_number_of_steps_that_grows_as_it_does(kind):
    few, many = (steps_of(KINDS[kind](count)) for count in (500, 2_000))
    assert many / few < 4.6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", sparse([3, 10, 100], every=3))
def test_the_layout_of_large_graphs_takes_small_ones_too(kind, count):
    picture = drawn(kind, count, "LR")
    assert touching(picture.layout.boxes) == []
    assert all(
        beside(e.forth[-1], next(b for b in picture.layout.boxes if b.box.id == e.edge.head)) < 0.02
        for e in picture.layout.edges
    )


def test_circles_of_a_large_graph_are_met_on_their_border():
    picture = viz.draw(KINDS["ladder"](300), style="circuit", detail="hover", engine="layered", fold=False)
    boxes = {b.box.id: b for b in picture.layout.boxes}
    assert any(b.box.round for b in boxes.values())
    for edge in picture.layout.edges:
        for point, box in ((edge.forth[-1], boxes[edge.edge.head]), (edge.back[-1], boxes[edge.edge.tail])):
            assert beside(point, box) < 0.05


def test_a_graph_without_edges_and_one_with_a_single_box_are_placed():
    for outputs in ([cg.variable("x")], list(cg.variables("a b c d"))):
        picture = viz.draw(cg.Graph(outputs), engine="layered")
        assert touching(picture.layout.boxes) == []


@pytest.mark.parametrize("kind", ["chain", "tree", "dag"])
def test_a_graph_of_too_many_boxes_for_several_ways_goes_to_the_layered_layout_where_its_edges_have_no_words(kind):
    picture = viz.draw(KINDS[kind](250), detail="hover")
    assert 0.5 <= picture.layout.width / picture.layout.height <= 2.0


def test_the_picture_of_a_large_graph_has_the_same_bytes_in_every_process():
    code = "import sys, viz; from large_graphs import dag; sys.stdout.write(viz.draw(dag(300)).svg())"
    path = os.pathsep.join(filter(None, (str(SUPPORT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": path}
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env=environment, cwd=ROOT
    ).stdout
    assert found.decode() == viz.draw(KINDS["dag"](300)).svg()


# What the tests measure ----------------------------------------------------------------------------------------------
def touching(boxes: tuple[PlacedBox, ...]) -> list[tuple[str, str]]:
    """Pairs of boxes that are on each other."""
    found = set()
    for near in cells(boxes).values():
        for i, a in enumerate(near):
            for b in near[:i]:
                apart = (
                    a.rect[2] <= b.rect[0] or b.rect[2] <= a.rect[0] or a.rect[3] <= b.rect[1] or b.rect[3] <= a.rect[1]
                )
                if not apart:
                    found.add((b.box.id, a.box.id))
    return sorted(found)


CELL = 60.0


def cells(boxes: tuple[PlacedBox, ...]) -> dict[tuple[int, int], list[PlacedBox]]:
    """The boxes in each square of a grid."""
    found = defaultdict(list)
    for box in boxes:
        left, top, right, bottom = (int(side // CELL) for side in box.rect)
        for column in range(left, right + 1):
            for row in range(top, bottom + 1):
                found[column, row].append(box)
    return found


def beside(point: Point, box: PlacedBox) -> float:
    """How far a point is from the border of a box."""
    x, y = abs(point[0] - box.x), abs(point[1] - box.y)
    if box.box.round:
        return abs((x * x + y * y) ** 0.5 - box.width / 2)
    out, over = x - box.width / 2, y - box.height / 2
    return max(abs(max(out, over)), 0.0)


def crossed(edge: PlacedEdge, where: dict[tuple[int, int], list[PlacedBox]]) -> set[PlacedBox]:
    """The boxes that the polygon of a stroke's points runs through: its pieces are level and upright."""
    found = set()
    for stroke in (edge.forth, edge.back):
        for (x0, y0), (x1, y1) in pairwise(stroke):
            left, right, top, bottom = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
            for column in range(int(left // CELL), int(right // CELL) + 1):
                for row in range(int(top // CELL), int(bottom // CELL) + 1):
                    found |= {
                        b
                        for b in where.get((column, row), ())
                        if b.rect[0] < right and left < b.rect[2] and b.rect[1] < bottom and top < b.rect[3]
                    }
    return found


def steps_of(node: Node) -> int:
    """How many calls the layout of a graph makes: a number, so that no clock decides."""
    made: list[tuple] = []
    take = layered.positions

    class TakenError(Exception):
        pass

    def taken(*given):
        made.append(given)
        raise TakenError

    layered.positions = taken
    try:
        viz.draw(node, fold=False, engine="layered", detail="outline")
    except TakenError:
        pass
    finally:
        layered.positions = take
    count = 0

    def counted(frame, event, arg):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        take(*made[0])
    finally:
        sys.setprofile(before)
    return count

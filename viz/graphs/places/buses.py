"""Strokes between the rows of a large graph: from their box into a lane below its row, and on to the other.

All edges of one box to the next row share a lane there. An edge to a later row goes on in a lane beside the rows, and
in the last one above its row; so none of them runs through a row that it only passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from viz.graphs.places.sections import ALONG, BESIDE, LANE, Array, Sheet, lanes
from viz.ink.strokes import Point
from viz.ink.turns import rounded

OUT, IN, APART, TIMES = 8.0, 12.0, 2.5, 8  # of an upright piece: how far from its column, and so many beside each other


class Frame(NamedTuple):
    """Where columns begin along, where the middles of rows are across, where lanes run, and the size of all.

    `below` has the lanes below rows by row and box, `beside` those beside all rows by their box.
    """

    start: Array
    middle: Array
    below: Mapping[tuple[int, int], float]
    beside: Mapping[int, float]
    size: tuple[float, float]


class Way(NamedTuple):
    """The way of an edge between two rows: out to a lane, perhaps beside the rows to another, and into its head.

    `out`, `into` and `beside` are places along, `below` and `above` those of the lanes across.
    """

    out: float
    below: float
    beside: float | None
    above: float
    into: float

    def corners(self, start: Point, end: Point) -> list[Point]:
        """Where it turns, its ends included."""
        found = [start, (self.out, start[1]), (self.out, self.below)]
        if self.beside is not None:
            found += [(self.beside, self.below), (self.beside, self.above)]
        return [*found, (self.into, self.above), (self.into, end[1]), end]


def framed(of: Sheet, tails: Array, heads: Array, around: float) -> Frame:
    """The places of columns, rows and lanes, with so much free space before them; the size is without it."""
    rows, count = int(of.row[-1]) + 1, len(of.section)
    below, beside = lanes(of, tails, heads)
    margin = LANE * len(beside)
    breadth = np.zeros(rows)
    np.maximum.at(breadth, of.row, of.breadth)
    kept = np.bincount(below // count, minlength=rows)[:rows]
    gutter = np.where(np.arange(rows) < rows - 1, 2 * BESIDE + LANE * kept, 0.0)
    top = np.cumsum(breadth + gutter) - breadth - gutter + around
    first = np.cumsum(of.columns.length + ALONG) - of.columns.length - ALONG  # as if all stood in one row
    begins = np.searchsorted(of.row[of.columns.section], np.arange(rows))
    start = first - first[begins][of.row[of.columns.section]] + around + margin + ALONG / 2
    place = np.arange(len(below)) - (np.cumsum(kept) - kept)[below // count]
    at = (top + breadth)[below // count] + BESIDE + LANE * (place + 0.5)
    keys = zip((below // count).tolist(), (below % count).tolist(), strict=True)
    length = float(np.bincount(of.row, weights=of.length).max()) + margin
    return Frame(
        start,
        top + breadth / 2,
        dict(zip(keys, at.tolist(), strict=True)),
        {box: around + margin - LANE * (i + 0.5) for i, box in enumerate(beside.tolist())},
        (length, float((top + breadth)[-1]) - around),
    )


def way(of: Sheet, frame: Frame, tail: int, head: int, place: int) -> Way:
    """The way of an edge; `place` is one of a few beside each other."""
    columns, rows, shift = of.columns, of.row[of.section], APART * (place % TIMES)
    here, there = int(rows[tail]), int(rows[head])
    first, last = columns.of[tail], columns.of[head]
    out = float(frame.start[first] + columns.length[first]) + OUT + shift
    far = there > here + 1
    below = frame.below[here, tail]
    above = frame.below[there - 1, tail] if far else below
    return Way(out, below, frame.beside[tail] if far else None, above, float(frame.start[last]) - IN - shift)


def routed(along: Way, ends: Sequence[float], aside: float) -> list[Point]:
    """A stroke on its way, `aside` from the middle; `ends` are those of the stroke itself, x0, y0, x1, y1."""
    x0, y0, x1, y1 = ends
    start, *rest = _moved(along.corners((x0, y0 + aside), (x1, y1 + aside)), aside)
    return [start, *rounded([start, *rest])]


def _moved(corners: Sequence[Point], aside: float) -> list[Point]:
    """A way of level and upright lines, moved aside: to the left of its direction where that is positive."""
    sides = [
        (aside * ((y1 > y0) - (y1 < y0)), -aside * ((x1 > x0) - (x1 < x0))) for (x0, y0), (x1, y1) in pairwise(corners)
    ]
    before, after = [(0.0, 0.0), *sides], [*sides, (0.0, 0.0)]
    return [(x + a + c, y + b + d) for (x, y), (a, b), (c, d) in zip(corners, before, after, strict=True)]

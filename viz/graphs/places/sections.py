"""Large graphs in sections, as text wraps: their order is cut into sections of about the same number of boxes, and the
sections stand in rows, such that the whole has the shape of a screen.

A chain becomes lines of text, a tree a page of its subtrees: nodes that stand together in a graph's order depend on
each other, and edges lead on to later sections alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

ALONG, ACROSS = 46.0, 10.0  # free space between columns, and between boxes of a column
SCREEN = 1.6  # the ratio of a screen, for which a graph is as large as may be
WIDEST = 1.9  # the ratio that is kept to where that can be, in both directions
LANE = 9.0  # the room of the two strokes of an edge between two rows
BESIDE = 12.0  # between a row and the nearest lane
STEPS = 1.3  # from one number of sections that is tried to the next
MOST = 4.0  # so many sections at most, in square roots of the number of boxes
RATHER, WHOLE = 0.97, 0.6  # more sections must make a picture smaller by so much; several rather than one
NEAR = 3  # an input stands in the section of its first user, where that comes so soon
FURTHER = 1.5  # where all rows of one number of sections need so much more room than the best, no more are tried
SHARES = (0.7, 0.85, 1.0, 1.2, 1.5)  # of the number of rows that is right where all sections are alike

Array: TypeAlias = NDArray[Any]


class Columns(NamedTuple):
    """The columns of all sections: which one each box stands in, their lengths along, and what section each is of."""

    of: Array
    length: Array
    section: Array


class Sheet(NamedTuple):
    """Boxes in columns, these in sections, these in rows: the row of each section, its length and its breadth."""

    columns: Columns
    section: Array
    row: Array
    length: Array
    breadth: Array

    def crossing(self, tails: Array, heads: Array) -> Array:
        """Which edges lead from one row to another."""
        rows = self.row[self.section]
        return np.flatnonzero(rows[tails] != rows[heads])


def sheet(layer: Array, tails: Array, heads: Array, sizes: Array, level: bool) -> Sheet:
    """The sections and rows in which a graph is largest on a screen. `sizes` are along and across."""
    wanted, place = SCREEN if level else 1 / SCREEN, _places(len(sizes), tails, heads)
    best: tuple[tuple[bool, float], Sheet] | None = None
    for count in _counts(len(sizes)):
        least = float("inf")
        for tried in _in_rows(place * count // len(sizes), layer, sizes, wanted):
            bare = _judged(_bare(tried), wanted)[1]
            least = min(least, bare)
            if best is not None and not best[0][0] and bare >= _enough(*best):
                continue  # lanes make it no smaller
            found = _judged(extent(tried, tails, heads), wanted)
            if best is None or found < (best[0][0], _enough(*best)):
                best = found, tried
        if best is not None and not best[0][0] and least > FURTHER * best[0][1]:
            break
    assert best is not None
    return best[1]


def _enough(judged: tuple[bool, float], of: Sheet) -> float:
    """How small a picture with more sections must be to be rather taken."""
    return (RATHER if len(of.row) > 1 else WHOLE) * judged[1]


def _judged(extent: tuple[float, float], wanted: float) -> tuple[bool, float]:
    """Whether a shape is none for a screen, and the size of the screen that would hold it: what is less is better."""
    length, breadth = extent
    return not 1 / WIDEST <= length / breadth <= WIDEST, max(length / wanted, breadth)


def _counts(boxes: int) -> Iterator[int]:
    """The numbers of sections that are tried."""
    count, last = 1.0, 0
    while last < min(boxes, MOST * boxes**0.5):
        if int(count) != last:
            last = min(int(count), boxes)
            yield last
        count *= STEPS


def _places(boxes: int, tails: Array, heads: Array) -> Array:
    """The place of each box in the order that is cut: of an input that stands just before its first user, that one."""
    place, first = np.arange(boxes), np.full(boxes, boxes)
    np.minimum.at(first, tails, heads)
    inputs = np.bincount(heads, minlength=boxes) == 0
    return np.where(inputs & (first - place <= NEAR), np.minimum(first, boxes - 1), place)


def _in_rows(section: Array, layer: Array, sizes: Array, wanted: float) -> Iterator[Sheet]:
    """Sections in about as many rows as are right where all are alike."""
    section = np.unique(section, return_inverse=True)[1]  # without those that are empty
    count = int(section.max()) + 1
    columns, length, breadth = _measured(section, layer, sizes)
    total = float(length.sum())
    alike = (total / (wanted * float(breadth.mean()))) ** 0.5
    for rows in sorted({min(max(round(share * alike), 1), count) for share in SHARES}):
        yield Sheet(columns, section, _rows(length, total / rows), length, breadth)


def _measured(section: Array, layer: Array, sizes: Array) -> tuple[Columns, Array, Array]:
    """The columns of sections, and how long and how broad each section is with the free space around it."""
    depth = int(layer.max()) + 1
    keys, of = np.unique(section * depth + layer, return_inverse=True)
    length, home = np.zeros(len(keys)), keys // depth
    np.maximum.at(length, of, sizes[:, 0])
    across = np.bincount(of, weights=sizes[:, 1] + ACROSS)
    breadth = np.zeros(int(home[-1]) + 1)
    np.maximum.at(breadth, home, across)
    return Columns(of, length, home), np.bincount(home, weights=length + ALONG), breadth


def _rows(length: Array, wide: float) -> Array:
    """The row of each section, where rows are filled up to a length."""
    ends = np.cumsum(length)
    row, start, count = np.empty(len(length), dtype=int), 0, 0
    while start < len(length):
        before = ends[start] - length[start]
        stop = max(int(np.searchsorted(ends, before + wide * 1.001, side="right")), start + 1)
        row[start:stop] = count
        start, count = stop, count + 1
    return row


def _bare(of: Sheet) -> tuple[float, float]:
    """How long and how broad a sheet is without lanes."""
    breadth = np.zeros(int(of.row[-1]) + 1)
    np.maximum.at(breadth, of.row, of.breadth)
    between = 2 * BESIDE * (len(breadth) - 1)
    return float(np.bincount(of.row, weights=of.length).max()), float(breadth.sum()) + between


def extent(of: Sheet, tails: Array, heads: Array) -> tuple[float, float]:
    """How long and how broad a sheet is, with the lanes between its rows and beside them."""
    below, beside = lanes(of, tails, heads)
    length, breadth = _bare(of)
    return length + LANE * len(beside), breadth + LANE * len(below)


def lanes(of: Sheet, tails: Array, heads: Array) -> tuple[Array, Array]:
    """The lanes that edges need: those below rows, each as row * count + box, and those beside them, each by its box.

    All edges of one box share a lane. An edge to the next row has one below its own; an edge to a later one goes on
    beside the rows, and on the last lane above that row.
    """
    crossing = of.crossing(tails, heads)
    rows, count = of.row[of.section], len(of.section)
    tail = tails[crossing]
    here, there = rows[tail], rows[heads[crossing]]
    far = there > here + 1
    below = np.concatenate([here, there[far] - 1]) * count + np.concatenate([tail, tail[far]])
    return _distinct(below), _distinct(tail[far])


def _distinct(of: Array) -> Array:
    """Each number once, in ascending order."""
    found = np.sort(of)
    return found[np.concatenate(([True], found[1:] != found[:-1]))] if len(found) else found

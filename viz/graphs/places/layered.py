"""A layered layout of our own for large graphs: fast, with straight strokes, in the shape of a screen.

Layers by the longest path from the inputs, an order within each by sweeps of barycentres (Sugiyama, Tagawa and Toda
1981), in sections that stand in rows. What Graphviz would need minutes for takes less than a second; Graphviz draws
small graphs better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from viz.graphs.places.buses import Frame, framed, routed, way
from viz.graphs.places.sections import ACROSS, Array, Sheet, sheet
from viz.graphs.words.drawing import EdgeText
from viz.ink.strokes import BETWEEN, Point, Size

SWEEPS = 8
STEEPEST = 4.0  # how much further apart, across, the two strokes of a steep edge may be than those of a level one
CORNER = 1.0  # no stroke ends nearer to a corner of its box


class Placed(NamedTuple):
    """The size of the whole, the centres of the boxes, and the forward and backward strokes of the edges."""

    size: tuple[float, float]
    centres: list[list[float]]
    forth: list[tuple[Point, ...]]
    back: list[tuple[Point, ...]]


def positions(boxes: Mapping[str, Size], edges: Sequence[EdgeText], rankdir: str, margin: float) -> Placed:
    """Where everything stands, with a margin around it, which the size is without.

    The boxes, one or more, come operands first, as in a graph.
    """
    number = {name: i for i, name in enumerate(boxes)}
    tails = np.array([number[e.tail] for e in edges], dtype=int)
    heads = np.array([number[e.head] for e in edges], dtype=int)
    level = rankdir == "LR"
    sizes = np.array([s[:2] if level else s[1::-1] for s in boxes.values()])
    of = sheet(_layers(len(boxes), tails, heads), tails, heads, sizes, level)
    frame = framed(of, tails, heads, margin)
    across = _ordered(of.columns.of, tails, heads, sizes[:, 1]) + frame.middle[of.row[of.section]]
    centres = np.round(np.stack([(frame.start + of.columns.length / 2)[of.columns.of], across]), 2)
    shape = Shape(sizes, centres, np.array([s.round for s in boxes.values()], dtype=bool))
    slots = np.array([e.slot for e in edges], dtype=float)
    forth, back = _strokes(of, frame, shape, (tails, heads, slots), BETWEEN if level else -BETWEEN)
    if level:
        return Placed(frame.size, centres.T.tolist(), forth, back)
    swapped = [[tuple([(x, y) for y, x in stroke]) for stroke in strokes] for strokes in (forth, back)]
    return Placed(frame.size[::-1], centres[::-1].T.tolist(), *swapped)


class Shape(NamedTuple):
    """The sizes of boxes along and across, their middles, and which are round."""

    sizes: Array
    centres: Array
    round: Array

    def border(self, box: Array, side: int, across: Array) -> Array:
        """Where the border of each box is along, before its middle (-1) or after it (1), at a place across."""
        half = self.sizes[box] / 2
        inset = np.sqrt(np.maximum(1 - ((across - self.centres[1][box]) / half[:, 1]) ** 2, 0.0))
        reach: Array = self.centres[0][box] + side * half[:, 0] * np.where(self.round[box], inset, 1.0)
        return reach

    def within(self, box: Array, across: Array, corner: float) -> Array:
        """A place across on the side of each box, so far from its corners; at a circle, as far from its ends."""
        reach = np.maximum(self.sizes[box, 1] / 2 - corner, 0.0)
        middle = self.centres[1][box]
        return np.clip(across, middle - reach, middle + reach)


class Ways(NamedTuple):
    """The edges of a layout: the boxes at their ends and, across, where they leave and where they enter."""

    tails: Array
    heads: Array
    leave: Array
    enter: Array

    def ends(self, shape: Shape, which: Array | slice, corner: float, aside: Array | float) -> list[list[float]]:
        """Where strokes begin and where they end when they are moved aside: x0, y0, x1, y1 of each."""
        tails, heads = self.tails[which], self.heads[which]
        start = shape.within(tails, self.leave[which], corner) + aside
        end = shape.within(heads, self.enter[which], corner) + aside
        found = shape.border(tails, 1, start), start, shape.border(heads, -1, end), end
        strokes: list[list[float]] = np.round(np.stack(found, axis=1), 2).tolist()
        return strokes


def _strokes(
    of: Sheet, frame: Frame, shape: Shape, edges: tuple[Array, Array, Array], aside: float
) -> tuple[list[tuple[Point, ...]], list[tuple[Point, ...]]]:
    """The two strokes of each edge: straight ones in a row, ways around the rows between two of them."""
    tails, heads, slots = edges
    enter = np.maximum(np.bincount(heads, minlength=len(of.section)), 1)[heads]
    along, across = shape.centres
    ways = Ways(tails, heads, across[tails], across[heads] + ((slots + 0.5) / enter - 0.5) * shape.sizes[heads, 1])
    rise = (ways.enter - ways.leave) / np.maximum(along[heads] - along[tails], 1e-9)
    least = np.minimum(shape.sizes[tails, 1], shape.sizes[heads, 1]) / 2 - CORNER
    apart = np.minimum(BETWEEN * np.minimum(np.hypot(1.0, rise), STEEPEST), least)
    away, room = np.sign(aside) * apart, CORNER + apart
    forth: list[tuple[Point, ...]] = [((a, b), (c, d)) for a, b, c, d in ways.ends(shape, slice(None), room, -away)]
    back: list[tuple[Point, ...]] = [((c, d), (a, b)) for a, b, c, d in ways.ends(shape, slice(None), room, away)]
    between = of.crossing(tails, heads)
    ends = [ways.ends(shape, between, CORNER + BETWEEN, side) for side in (-aside, aside)]
    for place, (i, there, here) in enumerate(zip(between.tolist(), *ends, strict=True)):
        along_lanes = way(of, frame, int(tails[i]), int(heads[i]), place)
        forth[i] = tuple(routed(along_lanes, there, aside))
        back[i] = tuple(routed(along_lanes, here, -aside)[::-1])
    return forth, back


def _layers(count: int, tails: Array, heads: Array) -> Array:
    """The longest path from the inputs to each node; inputs stand one layer before the first that uses them."""
    layer = [0] * count
    operands: list[list[int]] = [[] for _ in range(count)]
    users: list[list[int]] = [[] for _ in range(count)]
    for tail, head in zip(tails.tolist(), heads.tolist(), strict=True):
        operands[head].append(tail)
        users[tail].append(head)
    for node in range(count):  # operands come first
        layer[node] = 1 + max((layer[x] for x in operands[node]), default=-1)
    for node in range(count):
        if not operands[node] and users[node]:
            layer[node] = min(layer[x] for x in users[node]) - 1
    return np.array(layer, dtype=int)


def _ordered(column: Array, tails: Array, heads: Array, breadth: Array) -> Array:
    """The places of nodes across their columns, after sweeps that draw each node to the mean of its neighbours."""
    count = len(breadth)
    across = _stacked(np.zeros(count), column, breadth)
    for sweep in range(SWEEPS):
        ends, others = (heads, tails) if sweep % 2 == 0 else (tails, heads)
        degree = np.bincount(ends, minlength=count)
        mean = np.bincount(ends, weights=across[others], minlength=count) / np.maximum(degree, 1)
        across = _stacked(np.where(degree > 0, mean, across), column, breadth)
    return across


def _stacked(wanted: Array, column: Array, breadth: Array) -> Array:
    """The boxes of each column side by side in the order that they want, centred about 0."""
    order = np.lexsort((wanted, column))
    steps = breadth[order] + ACROSS
    ends = np.cumsum(steps)
    totals = np.bincount(column[order], weights=steps)
    places = np.empty(len(breadth))
    places[order] = ends - steps / 2 - (np.cumsum(totals) - totals / 2)[column[order]]
    return places

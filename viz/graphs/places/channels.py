"""The channels between ranks, in which strokes change their place across.

A piece of an edge leaves its rank, turns once, runs across on a track, turns once more and goes on. Pieces whose ways
across overlap have tracks of their own, in the order in which they cross least (a channel router's left edge
algorithm: Hashimoto and Stevens 1971).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import dist
from typing import NamedTuple

from viz.ink.strokes import Point

TRACK = 10.0  # between the tracks of a channel
ASIDE = 6.0  # between a track and the end of its channel
LEAST = 6.0  # the length of a channel in which nothing turns, besides that of arrow heads
ARROWS = 10.0  # more of it, beside a box, for arrow heads
RADIUS = 9.0  # of a turn
SIFTS = 3  # how often each piece is put where it crosses least
LEVEL = 0.5  # so little is no turn
ROUND = 0.5523  # how far the control points of a quarter of a circle stand out


class Piece(NamedTuple):
    """A piece of an edge in a channel: where it enters and where it leaves, across."""

    start: float
    end: float

    @property
    def turns(self) -> bool:
        """Whether it changes its place."""
        return abs(self.end - self.start) > LEVEL

    @property
    def span(self) -> tuple[float, float]:
        """From where to where it runs across."""
        return min(self.start, self.end), max(self.start, self.end)


@dataclass(frozen=True)
class Channel:
    """The room between two ranks: that of arrow heads or borders at its ends, and the tracks of edges that turn."""

    before: float
    after: float
    track: Mapping[str, int]

    @property
    def room(self) -> float:
        """The length of its tracks."""
        return 2 * ASIDE + TRACK * max(self.track.values()) if self.track else LEAST

    @property
    def length(self) -> float:
        """The length of all of it."""
        return self.before + self.room + self.after


def tracks(pieces: Sequence[Piece]) -> list[int]:
    """The track of each piece, counted along the graph; -1 for one that is straight."""
    spans = [(piece.span[0] - TRACK, piece.span[1] + TRACK) for piece in pieces]
    order: list[int] = []
    for i in [i for i, piece in enumerate(pieces) if piece.turns] * SIFTS:
        if i in order:
            order.remove(i)
        (start, end), (low, high) = pieces[i], spans[i]
        cost, best, place = 0, 0, 0  # of the places among the others, from the last
        for k, j in enumerate(reversed(order), 1):
            (other_start, other_end), (other_low, other_high) = pieces[j], spans[j]
            cost += (low < other_start < high) + (other_low < end < other_high)  # or close beside each other
            cost -= (other_low < start < other_high) + (low < other_end < high)
            if cost < best:
                best, place = cost, k
        order.insert(len(order) - place, i)
    found = [-1] * len(pieces)
    for at, i in enumerate(order):
        low, high = pieces[i].span
        near = [found[j] for j in order[:at] if spans[j][0] < high and low < spans[j][1]]
        found[i] = 1 + max(near, default=-1)
    return found


def turned(start: Point, end: Point, along: float) -> list[Point]:
    """The curve of a piece between two points (along, across), with its way across at `along`.

    Cubic pieces without their first point, which is `start`.
    """
    (x0, y0), (x1, y1) = start, end
    if abs(y1 - y0) <= LEVEL:
        return straight(start, end)
    way = 1.0 if y1 > y0 else -1.0
    radius = min(RADIUS, along - x0, x1 - along)
    if abs(y1 - y0) < 2 * radius:  # one soft bend
        half = min(along - x0, x1 - along, max(radius, abs(y1 - y0)))
        first, last = (along - half, y0), (along + half, y1)
        return [*straight(start, first), (along, y0), (along, y1), last, *straight(last, end)]
    first, last, r = (along - radius, y0), (along + radius, y1), radius * (1 - ROUND)
    above, below = (along, y0 + way * radius), (along, y1 - way * radius)
    return [
        *straight(start, first),
        *((along - r, y0), (along, y0 + way * r), above),
        *straight(above, below),
        *((along, y1 - way * r), (along + r, y1), last),
        *straight(last, end),
    ]


def rounded(corners: Sequence[Point]) -> list[Point]:
    """The curve along level and upright lines from corner to corner, with round turns; without its first point."""
    curve: list[Point] = []
    here = corners[0]
    for corner, after in pairwise(corners[1:]):
        radius = min(RADIUS, dist(here, corner) / 2, dist(corner, after) / 2)
        if radius < LEVEL:
            continue
        start, end = _toward(corner, here, radius), _toward(corner, after, radius)
        curve += straight(here, start)
        curve += [_toward(corner, here, radius * (1 - ROUND)), _toward(corner, after, radius * (1 - ROUND)), end]
        here = end
    return [*curve, *straight(here, corners[-1])]


def _toward(start: Point, end: Point, distance: float) -> Point:
    share = distance / dist(start, end)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def straight(start: Point, end: Point) -> list[Point]:
    """A straight piece of a curve, without its first point; nothing where that is its end."""
    (x0, y0), (x1, y1) = start, end
    if dist(start, end) < LEVEL:
        return []
    return [(x0 + (x1 - x0) / 3, y0 + (y1 - y0) / 3), (x0 + 2 * (x1 - x0) / 3, y0 + 2 * (y1 - y0) / 3), end]

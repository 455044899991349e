"""The channels between ranks, in which strokes change their place across.

A piece of an edge leaves its rank, turns once, runs across on a track, turns once more and goes on. Pieces whose ways
across overlap have tracks of their own, in the order in which they cross least (a channel router's left edge
algorithm: Hashimoto and Stevens 1971).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from viz.ink.strokes import Point
from viz.ink.turns import LEVEL, RADIUS, ROUND, straight

TRACK = 10.0  # between the tracks of a channel
ASIDE = 6.0  # between a track and the end of its channel
LEAST = 6.0  # the length of a channel in which nothing turns, besides that of arrow heads
ARROWS = 10.0  # more of it, beside a box, for arrow heads
SIFTS = 3  # how often each piece is put where it crosses least


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
        half = radius
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

"""The borders of frames: how far out they stand, what may come near them, and the room for their titles.

Coordinates are (along, across). Lines enter a frame through its first border and leave it through its last, as edges
run; no line crosses one at a side. A title stands inside its frame, where no line crosses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from viz.graphs.places.across import AROUND, Across
from viz.graphs.places.channels import Channel
from viz.graphs.places.ranks import Ranks, TitleRoom
from viz.ink.strokes import BETWEEN, Point

NEXT = 8.0  # between a border and the box or the border inside it
OUTSIDE = 4.0  # the least between a border and an edge that passes outside
ASIDE = 4.0  # between a border and the channel beside it
CLEAR = 4.5  # between a title and a stroke
ROUNDED = 0.01  # no sum of distances is as exact

Ends = Mapping[str, "tuple[float, float]"]


class Framed(NamedTuple):
    """Two corners of a frame, and where its title begins across."""

    near: Point
    far: Point
    title: float

    def moved(self, along: float, across: float) -> Framed:
        """The same elsewhere."""
        (a, b), (c, d) = self.near, self.far
        return Framed((a + along, b + across), (c + along, d + across), self.title + across)


# Across ---------------------------------------------------------------------------------------------------------------
def limits(ranks: Ranks, found: Across, titles: Mapping[str, TitleRoom]) -> dict[str, tuple[float, float]]:
    """From where to where across each passing edge may go: in the frames that it is in, and beside the others."""
    free: dict[str, tuple[float, float]] = {}
    for node, rank in ranks.rank.items() if ranks.frames else ():
        low, high = -float("inf"), float("inf")
        for id_, (first, last) in ranks.spans.items():
            start, stop = found.bands[id_]
            if node in ranks.boxes or not first <= rank <= last:
                continue
            if id_ in ranks.inside.get(node, ()):
                low, high = max(low, start + titles[id_].beside + AROUND), min(high, stop - AROUND)
            elif found.middle[node] < start:
                high = min(high, start - OUTSIDE)
            else:
                low = max(low, stop + OUTSIDE)
        free[node] = low, high
    return free


def titled(
    ranks: Ranks, ends: Ends, found: Across, titles: Mapping[str, TitleRoom]
) -> tuple[Ends, Across, dict[str, float]]:
    """Where the title of each frame begins across, with everything moved on where a frame is too narrow for it."""
    while True:
        places: dict[str, float] = {}
        for id_, (low, high) in found.bands.items():
            breadth = titles[id_].breadth
            places[id_] = _gap(low, _entering(ranks, ends, found, id_) if breadth else [], breadth)
            more = places[id_] + breadth - high
            if more > 0:  # from here on it has room beyond all its lines, so this happens once for a frame
                ends, found = _widened(ranks, ends, found, id_, more + ROUNDED)
                break
        else:
            return ends, found, places


def _widened(ranks: Ranks, ends: Ends, found: Across, frame: str, more: float) -> tuple[Ends, Across]:
    """A frame that is so much broader; all that stands beyond it moves on, with the lines that meet it."""
    low, edge = found.bands[frame]
    moved = {node: more if at > edge else 0.0 for node, at in found.middle.items()}
    ends = {id_: (a + moved[ranks.chains[id_][0]], b + moved[ranks.chains[id_][-1]]) for id_, (a, b) in ends.items()}
    bands = {id_: (a + more if a > edge else a, b + more if b > edge else b) for id_, (a, b) in found.bands.items()}
    bands[frame] = low, edge + more
    return ends, Across({node: at + moved[node] for node, at in found.middle.items()}, bands)


def _entering(ranks: Ranks, ends: Ends, found: Across, frame: str) -> list[float]:
    """Where lines cross the first border of a frame, across."""
    rank, _ = ranks.spans[frame]
    nodes = ((id_, chain, n) for id_, chain in ranks.chains.items() for n in chain[1:] if ranks.rank[n] == rank)
    return sorted(
        ends[id_][1] if node == chain[-1] else found.middle[node]
        for id_, chain, node in nodes
        if frame in ranks.inside.get(node, ())
    )


def _gap(low: float, crossed: Sequence[float], breadth: float) -> float:
    """Where the first gap of a breadth begins between lines, or after the last of them."""
    aside = BETWEEN + CLEAR
    starts = [low, *(at + aside for at in crossed)]
    stops = [*(at - aside for at in crossed), float("inf")]
    return next(a for a, b in zip(starts, stops, strict=True) if b - a >= breadth)


# Along ----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Borders:
    """How far the borders of each frame stand before its first rank and after its last."""

    before: Mapping[str, float]
    after: Mapping[str, float]


def borders(
    ranks: Ranks, lengths: Sequence[float], channels: Sequence[Channel], titles: Mapping[str, TitleRoom]
) -> tuple[Borders, list[Channel], tuple[float, float]]:
    """Where borders stand, channels with room for them, and the room before the first rank and after the last."""
    spans = ranks.spans
    inner: dict[str, list[str]] = {frame.id: [] for frame in ranks.frames}
    for frame in ranks.frames:
        if frame.parent is not None:
            inner[frame.parent].append(frame.id)
    first = [0.0, *(channel.after for channel in channels)]  # the room before and after each rank
    last = [*(channel.before for channel in channels), 0.0]
    before: dict[str, float] = {}
    after: dict[str, float] = {}
    for frame in reversed(ranks.frames):
        id_, (start, end) = frame.id, spans[frame.id]
        opens = (before[f] + NEXT for f in inner[id_] if spans[f][0] == start)
        before[id_] = max(NEXT, channels[start - 1].after if start else 0.0, *opens) + titles[id_].before
        closes = (after[f] + NEXT for f in inner[id_] if spans[f][1] == end)
        after[id_] = max(NEXT, channels[end].before if end < len(channels) else 0.0, *closes)
        middle = sum(lengths[start : end + 1]) + sum(c.room for c in channels[start:end])
        length = before[id_] + middle + sum(first[start + 1 : end + 1]) + sum(last[start:end]) + after[id_]
        after[id_] += max(0.0, titles[id_].length - length)
        first[start] = max(first[start], before[id_] + ASIDE)
        last[end] = max(last[end], after[id_] + ASIDE)
    wider = [replace(channel, before=last[i], after=first[i + 1]) for i, channel in enumerate(channels)]
    return Borders(before, after), wider, (first[0], last[-1])

"""Ranks at their places along the graph, and the curve of each edge through them.

Coordinates are (along, across). A curve is level where it passes a rank and turns in the channels between them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType

from viz.graphs.places.across import Across
from viz.graphs.places.borders import Ends, Framed, borders, limits, titled
from viz.graphs.places.channels import ARROWS, ASIDE, TRACK, Channel, Piece, tracks, turned
from viz.graphs.places.layers import Edge
from viz.graphs.places.measure import REACH
from viz.graphs.places.ranks import Ranks, TitleRoom
from viz.ink.strokes import BETWEEN, Point
from viz.ink.turns import LEVEL

PORT = 15.0  # the distance of edges side by side at a box, where there is room
SWEEPS = 3
CLOSE = 4.0  # the least free space between two nodes of a rank
ANYWHERE = -float("inf"), float("inf")
CORNER = 9.0  # no edge is nearer than this to a corner of its box


@dataclass(frozen=True)
class Grid:
    """Everything at its place: the middles of boxes, the curves of edges, the middles of their words, and frames."""

    size: tuple[float, float]
    places: Mapping[str, Point]
    curves: Mapping[str, list[Point]]
    words: Mapping[str, Point]
    frames: Mapping[str, Framed] = field(default_factory=dict)


def gridded(
    ranks: Ranks,
    edges: Sequence[Edge],
    is_round: Container[str],
    found: Across,
    titles: Mapping[str, TitleRoom] = MappingProxyType({}),
) -> Grid:
    """The places of all, where `found` says where each node stands across; `titles` has the rooms of frames' titles."""
    top = min(low for low, _ in _reach(ranks, found))
    found = Across(
        {n: y - top for n, y in found.middle.items()}, {f: (a - top, b - top) for f, (a, b) in found.bands.items()}
    )
    breadth = max(high for _, high in _reach(ranks, found))
    free = limits(ranks, found, titles)
    middle = found.middle
    ends: Ends = _ends(ranks, edges, is_round, middle)
    for sweep in range(SWEEPS):
        middle = _straightened(ranks, ends, middle, free, late=sweep % 2 == 0)
        ends = _ends(ranks, edges, is_round, middle)
    lengths = [0.0] * ranks.count
    for node, extent in ranks.extents.items():
        lengths[ranks.rank[node]] = max(lengths[ranks.rank[node]], extent.along)
    title: Mapping[str, float] = {}
    if ranks.frames:
        ends, found, title = titled(ranks, ends, Across(middle, found.bands), titles)
        middle, breadth = found.middle, max(high for _, high in _reach(ranks, found))
    channels = _channels(ranks, ends, middle)
    around, channels, (lead, trail) = borders(ranks, lengths, channels, titles)
    starts = [lead]
    for length, channel in zip(lengths, channels, strict=False):
        starts.append(starts[-1] + length + channel.length)
    centre = {n: (starts[r] + lengths[r] / 2, middle[n]) for n, r in ranks.rank.items()}
    half = {n: e.along / 2 for n, e in ranks.extents.items()}
    curves = {}
    for id_, chain in ranks.chains.items():
        tail, head = chain[0], chain[-1]
        start, stop = ends[id_]
        ys = [start, *(middle[n] for n in chain[1:-1]), stop]
        x = centre[tail][0] + half[tail] * _inset(start - middle[tail], half[tail], tail in is_round)
        curve = [(x, start)]
        for place, (node, _) in enumerate(pairwise(chain)):
            rank = ranks.rank[node]
            channel = channels[rank]
            before = starts[rank] + lengths[rank] + channel.before
            after = starts[rank + 1] - channel.after
            along = before + ASIDE + TRACK * channel.track[id_] if id_ in channel.track else (before + after) / 2
            _go_on(curve, (before, ys[place]))
            if abs(ys[place + 1] - ys[place]) > LEVEL:
                curve += turned(curve[-1], (after, ys[place + 1]), along)
        x = centre[head][0] - half[head] * _inset(stop - middle[head], half[head], head in is_round)
        _go_on(curve, (x, stop))
        curves[id_] = curve
    words = {id_: centre[node] for id_, node in ranks.words.items()}
    frames = {
        id_: Framed(
            (starts[first] - around.before[id_], found.bands[id_][0]),
            (starts[last] + lengths[last] + around.after[id_], found.bands[id_][1]),
            title[id_],
        )
        for id_, (first, last) in ranks.spans.items()
    }
    size = starts[-1] + lengths[-1] + trail, breadth
    return Grid(size, {n: p for n, p in centre.items() if n in ranks.boxes}, curves, words, frames)


def _reach(ranks: Ranks, found: Across) -> Iterator[tuple[float, float]]:
    """From where to where across each node and each frame reaches."""
    yield from found.bands.values()
    for node, extent in ranks.extents.items():
        yield found.middle[node] - extent.across / 2, found.middle[node] + extent.across / 2


def _inset(aside: float, radius: float, is_round: bool) -> float:
    """How far out the border of a box is beside its middle, as a share of half its length."""
    return (1 - (aside / radius) ** 2) ** 0.5 if is_round else 1.0


def _go_on(curve: list[Point], end: Point) -> None:
    """Make a curve longer, level to where it came."""
    (x0, y0), (x1, _) = curve[-1], end
    if len(curve) >= 4 and curve[-4][1] == y0 == curve[-3][1]:  # its last piece is level as well
        x0 = curve[-4][0]
        del curve[-3:]
    curve += [(x0 + (x1 - x0) / 3, y0), (x0 + 2 * (x1 - x0) / 3, y0), (x1, y0)]


# Where edges meet their boxes ----------------------------------------------------------------------------------------
def _ends(
    ranks: Ranks, edges: Sequence[Edge], is_round: Container[str], middle: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """Where each edge leaves its tail and where it enters its head, across: as near as can be to where it aims."""
    entering: dict[str, list[str]] = defaultdict(list)
    leaving: dict[str, list[str]] = defaultdict(list)
    for edge in edges:  # in the order of their operands
        entering[edge.head].append(edge.id)
        leaving[edge.tail].append(edge.id)
    stop: dict[str, float] = {}
    for head, ids in entering.items():
        wanted = [middle[ranks.chains[id_][-2]] for id_ in ids]
        stop.update(zip(ids, _side(wanted, middle[head], ranks.extents[head].side, head in is_round), strict=True))
    start: dict[str, float] = {}
    for tail, ids in leaving.items():
        aims = {id_: stop[id_] if len(ranks.chains[id_]) == 2 else middle[ranks.chains[id_][1]] for id_ in ids}
        order = sorted(ids, key=aims.__getitem__)
        places = _side([aims[id_] for id_ in order], middle[tail], ranks.extents[tail].side, tail in is_round)
        start.update(zip(order, places, strict=True))
    return {edge.id: (start[edge.id], stop[edge.id]) for edge in edges}


def _side(wanted: Sequence[float], middle: float, breadth: float, is_round: bool) -> list[float]:
    """Places on the side of a box, in this order and apart, as near as can be to those that are wanted."""
    reach = max(REACH * breadth - BETWEEN, 0.0) if is_round else max(breadth / 2 - CORNER, 0.0)
    apart = min(PORT, 2 * reach / (len(wanted) - 1)) if len(wanted) > 1 else 0.0
    return spread(wanted, apart, middle - reach, middle + reach)


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Numbers in ascending order, at least so far apart and within bounds, with the least sum of squares to `wanted`.

    Neighbours that are too near are pooled about their mean (Ayer et al. 1955).

    >>> spread([5.0, 5.0, 9.0], 2.0, 0.0, 10.0)
    [4.0, 6.0, 9.0]
    """
    pools: list[tuple[float, int]] = []  # the sum and the number of those that were pooled
    for i, place in enumerate(wanted):
        total, count = place - i * apart, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            total, count = total + pools[-1][0], count + pools[-1][1]
            pools.pop()
        pools.append((total, count))
    most = high - (len(wanted) - 1) * apart
    flat = [min(max(total / count, low), most) for total, count in pools for _ in range(count)]
    return [place + i * apart for i, place in enumerate(flat)]


# Straight ways -------------------------------------------------------------------------------------------------------
def _straightened(
    ranks: Ranks, ends: Ends, middle: Mapping[str, float], limits: Mapping[str, tuple[float, float]], *, late: bool
) -> dict[str, float]:
    """The same order with fewer bends: an edge turns once where there is room, as `late` as may be or as early."""
    places = dict(middle)
    rows: list[list[str]] = [[] for _ in range(ranks.count)]
    for node in sorted(places, key=places.__getitem__):
        rows[ranks.rank[node]].append(node)
    beside = {
        row[i]: (row[i - 1] if i else None, row[i + 1] if i + 1 < len(row) else None)
        for row in rows
        for i in range(len(row))
    }

    def free(node: str, place: float) -> bool:
        need = ranks.extents[node].across / 2
        above, below = beside[node]
        low, high = limits.get(node, ANYWHERE)
        if above is not None:
            low = max(low, places[above] + ranks.extents[above].across / 2 + CLOSE)
        if below is not None:
            high = min(high, places[below] - ranks.extents[below].across / 2 - CLOSE)
        return low <= place - need and place + need <= high

    for id_, chain in ranks.chains.items():
        passed, (start, stop) = chain[1:-1], ends[id_]
        from_start = [free(node, start) for node in passed]
        to_stop = [free(node, stop) for node in passed]
        turns = range(len(passed), -1, -1) if late else range(len(passed) + 1)
        for turn in turns:
            if all(from_start[:turn]) and all(to_stop[turn:]):
                places.update({node: start if i < turn else stop for i, node in enumerate(passed)})
                break
    return places


# Channels ------------------------------------------------------------------------------------------------------------
def _channels(ranks: Ranks, ends: Ends, middle: Mapping[str, float]) -> list[Channel]:
    pieces: list[dict[str, Piece]] = [{} for _ in range(ranks.count - 1)]
    before, after = [0.0] * (ranks.count - 1), [0.0] * (ranks.count - 1)
    for id_, chain in ranks.chains.items():
        start, stop = ends[id_]
        ys = [start, *(middle[n] for n in chain[1:-1]), stop]
        first = ranks.rank[chain[0]]
        for place, (y0, y1) in enumerate(pairwise(ys)):
            pieces[first + place][id_] = Piece(y0, y1)
        before[first] = after[first + len(chain) - 2] = ARROWS
    found = []
    for here, gone, come in zip(pieces, before, after, strict=True):
        lanes = dict(zip(here, tracks(list(here.values())), strict=True))
        found.append(Channel(gone, come, {id_: lane for id_, lane in lanes.items() if lane >= 0}))
    return found

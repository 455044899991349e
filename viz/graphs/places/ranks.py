"""From layers to ranks: every edge as a chain of pieces from one rank to the next.

A rank is a layer in which something stands. Where an edge passes a rank it has a node there: its words, or room for its
two strokes. So no stroke can run through a box, and no words can stand on a stroke.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from viz.graphs.places.layers import Edge, Extent, layers, words_in
from viz.graphs.words.drawing import Frame

STROKES = 9.0  # the room across that the two strokes of an edge take where they pass


class Passing(NamedTuple):
    """Where an edge passes a rank."""

    edge: str
    rank: int

    @property
    def id(self) -> str:
        """Its name, that of no box."""
        return f"{self.edge}.{self.rank}"


class TitleRoom(NamedTuple):
    """What the title of a frame needs: how long and how broad the frame is at least, and a strip inside of it.

    The strip is `before` its first rank or `beside` its ranks, at the first side.
    """

    length: float = 0.0
    breadth: float = 0.0
    before: float = 0.0
    beside: float = 0.0


@dataclass(frozen=True)
class Ranks:
    """What stands in each rank.

    `rank` is that of each box; `chains` has, for each edge, the nodes that it passes, its tail and its head included;
    `words` says at which of these its words stand. `extents` is the size of every node. `first` are the boxes of the
    first rank in their order, but for those that are `free` in it, and `last` is the order of a last rank where that
    is asked. `spans` has the first and the last rank of each of the `frames`, and `inside` the frames that a node is
    in, the innermost first: an edge is in the frames of both its ends wherever it passes them.
    """

    count: int
    rank: Mapping[str, int]
    chains: Mapping[str, tuple[str, ...]]
    words: Mapping[str, str]
    extents: Mapping[str, Extent]
    boxes: frozenset[str]
    first: tuple[str, ...]
    free: tuple[str, ...]
    last: tuple[str, ...]
    frames: tuple[Frame, ...]
    spans: Mapping[str, tuple[int, int]]
    inside: Mapping[str, tuple[str, ...]]


def ranks(
    boxes: Mapping[str, Extent],
    edges: Sequence[Edge],
    words: Mapping[str, Extent],
    last: Sequence[str] = (),
    free: Sequence[str] = (),
    frames: Sequence[Frame] = (),
) -> Ranks:
    """The ranks of boxes and edges; `words` has the room for the words of each edge that has some.

    `last` are boxes that stand in a last rank in this order; those in the first stand in the order of `boxes`, but for
    the `free` ones, which stand in that rank in any order.
    """
    layer = layers(list(boxes), edges, last, frames)
    spots = words_in(layer, edges, boxes, words)
    number = {place: i for i, place in enumerate(sorted({*layer.values(), *spots.values()}))}
    rank = {box: number[place] for box, place in layer.items()}
    extents = dict(boxes)
    chains: dict[str, tuple[str, ...]] = {}
    said: dict[str, str] = {}
    for edge in edges:
        between = [Passing(edge.id, r) for r in range(rank[edge.tail] + 1, rank[edge.head])]
        for passing in between:
            rank[passing.id] = passing.rank
            extents[passing.id] = Extent(0.0, STROKES)
            if edge.id in spots and passing.rank == number[spots[edge.id]]:
                extents[passing.id] = words[edge.id]
                said[edge.id] = passing.id
        chains[edge.id] = (edge.tail, *(p.id for p in between), edge.head)
    span = spans(frames, rank)
    inside = _inside(frames, rank, span, chains)
    return Ranks(
        len(number),
        rank,
        chains,
        said,
        extents,
        frozenset(boxes),
        _first([box for box in boxes if not layer[box] and box not in free], inside),
        tuple(free),
        tuple(last),
        tuple(frames),
        span,
        inside,
    )


def spans(frames: Sequence[Frame], place: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """From where to where each frame reaches with all that is in it; the outer ones come before the inner ones."""
    found: dict[str, tuple[int, int]] = {}
    reach: dict[str | None, list[int]] = {frame.id: [place[box] for box in frame.boxes] for frame in frames}
    for frame in reversed(frames):
        own = reach[frame.id]
        found[frame.id] = min(own), max(own)
        reach.setdefault(frame.parent, []).extend(found[frame.id])
    return dict(reversed(found.items()))


def _inside(
    frames: Sequence[Frame],
    rank: Mapping[str, int],
    span: Mapping[str, tuple[int, int]],
    chains: Mapping[str, tuple[str, ...]],
) -> dict[str, tuple[str, ...]]:
    """The frames of each node that is in some, the innermost first."""
    around: dict[str | None, tuple[str, ...]] = {None: ()}
    inside: dict[str, tuple[str, ...]] = {}
    for frame in frames:
        around[frame.id] = (frame.id, *around[frame.parent])
        inside |= dict.fromkeys(frame.boxes, around[frame.id])
    for tail, *passed, head in chains.values() if frames else ():
        both = inside.get(tail, ()), inside.get(head, ())
        for node in passed if any(both) else ():
            here = (tuple(f for f in ends if span[f][0] <= rank[node] <= span[f][1]) for ends in both)
            inside[node] = max(here, key=len)  # the other one has the outer ones of these
    return inside


def _first(boxes: Sequence[str], inside: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The boxes of the first rank in their order, those of a frame where the first of them stands."""
    place: dict[str, int] = {}
    for i, box in enumerate(boxes):
        for name in (box, *inside.get(box, ())):
            place.setdefault(name, i)
    return tuple(sorted(boxes, key=lambda box: [place[name] for name in (*inside.get(box, ())[::-1], box)]))

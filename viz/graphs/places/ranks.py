"""From layers to ranks: every edge as a chain of pieces from one rank to the next.

A rank is a layer in which something stands. Where an edge passes a rank it has a node there: its words, or room for its
two strokes. So no stroke can run through a box, and no words can stand on a stroke.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from viz.graphs.places.layers import Edge, Extent, layers, words_in

STROKES = 9.0  # the room across that the two strokes of an edge take where they pass


class Passing(NamedTuple):
    """Where an edge passes a rank."""

    edge: str
    rank: int

    @property
    def id(self) -> str:
        """Its name, that of no box."""
        return f"{self.edge}.{self.rank}"


@dataclass(frozen=True)
class Ranks:
    """What stands in each rank.

    `rank` is that of each box; `chains` has, for each edge, the nodes that it passes, its tail and its head included;
    `words` says at which of these its words stand. `extents` is the size of every node, `first` the boxes of the first
    rank in their order.
    """

    count: int
    rank: Mapping[str, int]
    chains: Mapping[str, tuple[str, ...]]
    words: Mapping[str, str]
    extents: Mapping[str, Extent]
    boxes: frozenset[str]
    first: tuple[str, ...]


def ranks(
    boxes: Mapping[str, Extent],
    edges: Sequence[Edge],
    words: Mapping[str, Extent],
    last: Sequence[str] = (),
    first: Sequence[str] = (),
) -> Ranks:
    """The ranks of boxes and edges; `words` has the room for the words of each edge that has some.

    `last` are boxes that stand in a last rank, `first` is the order of the first rank, by default that of `boxes`.
    """
    layer = layers(list(boxes), edges, last)
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
    return Ranks(
        len(number), rank, chains, said, extents, frozenset(boxes), tuple(first or (b for b in boxes if not layer[b]))
    )

"""The order of nodes in their ranks and their places across: found by Graphviz, which keeps each frame together."""

from __future__ import annotations

import os
from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from viz.graphs.places import engine
from viz.graphs.places.clusters import clusters
from viz.graphs.places.ranks import Ranks, TitleRoom

POINTS = 72.0
BESIDE = 9.0  # free space between nodes of a rank, in points
PADDED = 8.0  # what Graphviz adds to the height of a title
AROUND = 10.0  # between a frame and what is in it
BEFORE, AFTER = "before", "after"  # points before the first rank and after the last, which keep boxes in order


class Across(NamedTuple):
    """The middle of each node across, and from where to where each frame reaches, in points."""

    middle: dict[str, float]
    bands: dict[str, tuple[float, float]]


def across(
    ranks: Ranks, slots: Mapping[str, int], titles: Mapping[str, TitleRoom], engine_name: str | None, time_limit: float
) -> Across:
    """The places across of all. `slots` says which operand of its head each edge is; `titles` are those of frames.

    Where no two nodes share a rank there is nothing to find. Raises LayoutError when there is no engine or it takes
    too long.
    """
    aside = bool(ranks.frames)
    if engine_name is None and engine.VARIABLE not in os.environ and not aside and len(ranks.extents) == ranks.count:
        return Across(dict.fromkeys(ranks.extents, 0.0), {})
    middle, bands = {}, {}
    for found in engine.positions(skeleton(ranks, slots, titles), engine_name, time_limit)["objects"]:
        if "bb" in found:
            x0, y0, x1, y1 = map(float, found["bb"].split(","))
            bands[found["name"].removeprefix("cluster_")] = (-y1, -y0) if aside else (x0, x1)
        elif "pos" in found and found["name"] not in (BEFORE, AFTER):
            x, y = map(float, found["pos"].split(","))
            middle[found["name"]] = -y if aside else x
    return Across(middle, bands)


def crossings(ranks: Ranks, slots: Mapping[str, int], middle: Mapping[str, float]) -> int:
    """How often edges cross each other between one rank and the next, by the order of their ends."""
    pieces: list[list[tuple[float, tuple[float, int]]]] = [[] for _ in range(ranks.count)]
    for id_, chain in ranks.chains.items():
        for tail, head in pairwise(chain):
            stop = middle[head], slots[id_] if head == chain[-1] else 0
            pieces[ranks.rank[tail]].append((middle[tail], stop))
    count = 0
    for between in pieces:
        seen: list[tuple[float, int]] = []
        for _, stop in sorted(between):
            count += len(seen) - bisect_right(seen, stop)
            insort(seen, stop)
    return count


def skeleton(ranks: Ranks, slots: Mapping[str, int], titles: Mapping[str, TitleRoom]) -> str:
    """The DOT that Graphviz lays out, top down: a box of its breadth for each node, without words.

    Where there are frames it is from left to right, for then a title may take room at one side of its frame. It is
    written here, for importing a package that writes DOT takes longer than Graphviz; names are our own ids.
    """
    aside = bool(ranks.frames)
    side, thin, first = ("height", "width", "w") if aside else ("width", "height", "n")
    lines = [
        "digraph skeleton {",
        f"nodesep={BESIDE / POINTS:.4f} outputorder=nodesfirst ranksep=0.1 splines=none",
        *(["rankdir=LR newrank=true"] if aside else []),
        f'node [fixedsize=true fontsize=1 {thin}=0.1 label="" margin=0 shape=box]',
    ]
    entering = Counter(chain[-1] for chain in ranks.chains.values())
    for name, extent in ranks.extents.items():
        record = ""
        if entering[name] > 1:
            record = f'label="{{{{{"|".join(f"<h{i}>" for i in range(entering[name]))}}}}}" shape=record '
        lines.append(f'"{name}" [{record}{side}={extent.across / POINTS:.4f}]')
    lines.append(f"{BEFORE} [ordering=out {side}=0.01]")
    lines += [f'{BEFORE} -> "{name}" [weight=0]' for name in ranks.first]
    if ranks.free:
        names = " ".join(f'"{name}"' for name in (*ranks.free, *ranks.first[:1]))
        lines.append(f"{{rank=same {names}}}")
    if len(ranks.last) > 1:
        lines.append(f"{AFTER} [ordering=in {side}=0.01]")
        lines += [f'"{name}" -> {AFTER} [weight=0]' for name in ranks.last]
    for id_, chain in ranks.chains.items():
        for tail, head in pairwise(chain):
            port = f":h{slots[id_]}:{first}" if head == chain[-1] and entering[head] > 1 else ""
            inside = (tail != chain[0]) + (head != chain[-1])  # an edge is straightest in its middle
            lines.append(f'"{tail}" -> "{head}"{port} [weight={(1, 2, 8)[inside]}]')
    if aside:
        lines += [f'{{rank=same "{one}" "{other}"}}' for one, other in _ties(ranks)]
        lines += _clusters(ranks, titles)
    return "\n".join([*lines, "}", ""])


def _ties(ranks: Ranks) -> Iterator[tuple[str, str]]:
    """Pairs of nodes of one rank which tie a part of the graph to the others, where no edge does."""
    beside: dict[str, list[str]] = {name: [] for name in ranks.extents}
    for chain in ranks.chains.values():
        for tail, head in pairwise(chain):
            beside[tail].append(head)
            beside[head].append(tail)
    tied: dict[int, str] = {}  # by rank, a node of what has its place
    seen: set[str] = set()
    for name in sorted(ranks.extents, key=ranks.rank.__getitem__):
        if name in seen:
            continue
        part = [name]
        seen.add(name)
        for node in part:  # it grows
            more = [x for x in beside[node] if x not in seen]
            seen.update(more)
            part += dict.fromkeys(more)
        if ranks.rank[name]:
            yield from ((tied[ranks.rank[x]], x) for x in part[:1] if ranks.rank[x] in tied)
        for node in part:
            tied.setdefault(ranks.rank[node], node)


def _clusters(ranks: Ranks, titles: Mapping[str, TitleRoom]) -> list[str]:
    own: dict[str, list[str]] = {frame.id: [] for frame in ranks.frames}
    for node, around in ranks.inside.items():
        if around:
            own[around[0]].append(f'"{node}"')
    return clusters({frame: _room(titles[frame.id]) for frame in ranks.frames}, own)


def _room(title: TitleRoom) -> str:
    """A title without words, which takes its room at the first side of its frame."""
    size = f'FIXEDSIZE="TRUE" WIDTH="1" HEIGHT="{max(title.beside - PADDED, 1.0):.0f}"'
    label = f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" {size}><TR><TD></TD></TR></TABLE>>'
    return f"label={label} labelloc=t margin={AROUND:.0f}"

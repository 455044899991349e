"""Frames as a tree: what stands side by side in each, and which frames can be drawn around what is in them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from viz.graphs.words.drawing import Drawing, Frame


class Level(NamedTuple):
    """What stands side by side in a frame, or (None) in none: boxes and frames, and the links between them."""

    frame: str | None
    items: list[str]
    links: list[tuple[str, str]]


def levels(boxes: Iterable[str], edges: Iterable[tuple[str, str]], frames: Sequence[Frame]) -> list[Level]:
    """What is in no frame, and then what is in each, the outer before the inner ones; boxes in their order.

    An edge links the two that it leads to and from in the innermost frame around both its ends.
    """
    above = {frame.id: frame.parent for frame in frames} | {box: f.id for f in frames for box in f.boxes}
    found = {None: Level(None, [], [])} | {frame.id: Level(frame.id, [], []) for frame in frames}
    seen: set[str] = set()
    for box in boxes:
        item: str | None = box
        while item is not None and item not in seen:  # a frame stands where the first of its boxes does
            seen.add(item)
            found[above.get(item)].items.append(item)
            item = above.get(item)
    for ends in edges:
        tails, heads = ([end, *_around(end, above)] for end in ends)
        while tails and heads and tails[-1] == heads[-1]:
            del tails[-1], heads[-1]
        if tails and heads:
            found[above.get(tails[-1])].links.append((tails[-1], heads[-1]))
    return list(found.values())


def _around(item: str, above: Mapping[str, str | None]) -> list[str]:
    """The frames that something stands in, the innermost first."""
    found = []
    frame = above.get(item)
    while frame is not None:
        found.append(frame)
        frame = above[frame]
    return found


def in_turn(items: Sequence[str], links: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """The items in an order in which every link leads on, and those that are on a cycle or behind one."""
    missing = dict.fromkeys(items, 0)
    leads: dict[str, list[str]] = {item: [] for item in items}
    for tail, head in links:
        missing[head] += 1
        leads[tail].append(head)
    turn = [item for item, count in missing.items() if not count]
    for item in turn:  # it grows
        for head in leads[item]:
            missing[head] -= 1
            if not missing[head]:
                turn.append(head)
    return turn, [item for item, count in missing.items() if count]


def untorn(boxes: Sequence[str], edges: Sequence[tuple[str, str]], frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """The frames between whose boxes nothing from outside has to stand; the boxes of the others are in what is around.

    Folds can tear a frame: one box for a node that comes before what is in it and for another that comes after.
    """
    kept = tuple(frames)
    while True:
        torn: set[str] = set()
        for level in levels(boxes, edges, kept):
            _, behind = in_turn(level.items, level.links)
            inside = set(behind)
            _, both = in_turn(behind, [(b, a) for a, b in level.links if a in inside and b in inside])
            torn |= set(both).intersection(frame.id for frame in kept)
        if not torn:
            return kept
        kept = _without(kept, torn)


def with_fewer(drawing: Drawing) -> Iterator[Drawing]:
    """A drawing with all its frames, and then each time without the outermost ones, as long as there are any."""
    while drawing.frames:
        yield drawing
        outermost = {frame.id for frame in drawing.frames if frame.parent is None}
        drawing = replace(drawing, frames=_without(drawing.frames, outermost))


def _without(frames: Sequence[Frame], torn: Container[str]) -> tuple[Frame, ...]:
    above = {frame.id: frame.parent for frame in frames}
    own = {frame.id: list(frame.boxes) for frame in frames}

    def beyond(id_: str | None) -> str | None:
        while id_ is not None and id_ in torn:
            id_ = above[id_]
        return id_

    for frame in frames:
        into = beyond(frame.parent)
        if frame.id in torn and into is not None:
            own[into] += frame.boxes
    return tuple(f._replace(boxes=tuple(own[f.id]), parent=beyond(f.parent)) for f in frames if f.id not in torn)

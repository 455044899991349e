"""The part of a graph near a node."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from viz.graphs.words.drawing import Drawing, left
from viz.graphs.words.named import Named, box_of
from viz.ink.lines import clean

End = TypeVar("End", Node, str)
DEEPEST = 1_000_000


def near(graph: Graph, of: Named, depth: int, without: Container[Node]) -> set[Node]:
    """The drawn nodes that are at most so many edges from one, upwards or downwards or both in turn.

    Raises NameUnknownError, ValueRefusedError for a depth that is none, and for a node that is not drawn.
    """
    _check(of, depth)
    middle = graph[of]
    if middle in without:
        raise ValueRefusedError(
            f"{clean(graph.name(middle))} has no box",
            why="it is written in the boxes that use it",
            fix="name one of these",
        )
    edges = [(x, n) for n in graph.nodes if n not in without for x in n.operands if x not in without]
    return _within(middle, depth, edges)


def boxes_near(drawing: Drawing, graph: Graph, of: Named, depth: int) -> Drawing:
    """The part of a folded drawing that is at most so many edges from a box. Raises as `near` does."""
    _check(of, depth)
    middle = box_of(drawing, graph, of, "around")
    shown = _within(middle, depth, [(e.tail, e.head) for e in drawing.edges])
    boxes = tuple(b for b in drawing.boxes if b.id in shown)
    edges = tuple(e for e in drawing.edges if e.tail in shown and e.head in shown)
    frames, together = left(drawing.frames, shown), left(drawing.together, shown)
    return replace(
        drawing,
        boxes=boxes,
        edges=edges,
        frames=frames,
        together=together,
        part=part_of(graph, of, depth, len(boxes), len(drawing.boxes)),
    )


def part_of(graph: Graph, of: Named, depth: int, shown: int, all_: int) -> str:
    """What the caption of a part says of the rest."""
    name = of if isinstance(of, str) else graph.name(of)
    return f"The part around {clean(name)}: {shown} of {all_} boxes, {depth} edge{'s' * (depth != 1)} deep."


def _check(of: Any, depth: Any) -> None:
    if isinstance(depth, bool) or not isinstance(depth, int) or not 0 <= depth <= DEEPEST:
        raise ValueRefusedError(
            f"depth is {depth!r}", why="it is how many edges around= goes from its node", fix="give one such as depth=2"
        )
    if not isinstance(of, (str, Node)):
        raise ValueRefusedError(f"around is {type(of).__name__}", fix="give a node of the graph, or its name")


def _within(middle: End, depth: int, edges: Sequence[tuple[End, End]]) -> set[End]:
    """All that is at most so many edges from one, whichever way they run."""
    beside: dict[End, list[End]] = {}
    for tail, head in edges:
        beside.setdefault(tail, []).append(head)
        beside.setdefault(head, []).append(tail)
    found, ring = {middle}, [middle]
    for _ in range(depth):
        ring = [x for x in dict.fromkeys(x for end in ring for x in beside.get(end, ())) if x not in found]
        found.update(ring)
        if not ring:
            break
    return found

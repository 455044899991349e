"""What is highlighted of a drawing: some nodes, or all that is on the ways from one to another; the rest is dimmed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any, TypeAlias

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from viz.graphs.words.drawing import Drawing
from viz.graphs.words.named import Named, box_of

Highlight: TypeAlias = "Named | tuple[Named, ...] | Iterable[Named | tuple[Named, ...]]"
ARROWS = ("->", "→")


def highlighted(drawing: Drawing, graph: Graph, what: Highlight) -> Drawing:
    """A drawing in which all but some nodes, and the edges between them, is dimmed.

    Raises NameUnknownError for a node that there is not, ValueRefusedError where no path is.
    """
    several = [what] if isinstance(what, (str, Node, tuple)) else list(_iterated(what))
    bright: set[str] = set()
    for one in several:
        bright |= _bright(drawing, graph, one)
    if not bright:
        raise ValueRefusedError("nothing is highlighted", fix='name what is, such as highlight="a" or ("a", "L")')
    dim = {b.id for b in drawing.boxes} - bright
    dim |= {e.id for e in drawing.edges if not (e.tail in bright and e.head in bright)}
    return replace(drawing, look=replace(drawing.look, dimmed=frozenset(dim)))


def _iterated(what: Any) -> Iterable[Any]:
    if not isinstance(what, Iterable):
        raise ValueRefusedError(
            f"a highlight of {type(what).__name__}", fix='give a node, its name, a path ("a", "L"), or a list of them'
        )
    return what


def _bright(drawing: Drawing, graph: Graph, one: Any) -> set[str]:
    """The boxes of one highlight: a node, or all that lies on the ways from one to the next."""
    stops = one if isinstance(one, tuple) else _spelled_path(graph, one) if isinstance(one, str) else (one,)
    ids = [box_of(drawing, graph, stop, "a highlight") for stop in stops]
    found = set(ids)
    for (tail, head), names in zip(pairwise(ids), pairwise(stops), strict=True):
        between = _reached(drawing, tail, forward=True) & _reached(drawing, head, forward=False)
        if not between:
            start, end = (n if isinstance(n, str) else graph.name(n) for n in names)
            raise ValueRefusedError(
                f"there is no path from {start} to {end}",
                why="a path follows the forward edges of the picture",
                fix=f'give them the other way round, ("{end}", "{start}")'
                if _reached(drawing, head, forward=True) & _reached(drawing, tail, forward=False)
                else "name nodes of which one uses the other",
            )
        found |= between
    return found


def _spelled_path(graph: Graph, written: str) -> tuple[str, ...]:
    """A name as it is; `a->L` and `∂L/∂a` as the path that they say."""
    if written in graph.names:
        return (written,)
    for arrow in ARROWS:
        if arrow in written:
            return tuple(part.strip() for part in written.split(arrow))
    top, slash, bottom = written.partition("/∂")
    return (bottom, top[1:]) if slash and top.startswith("∂") else (written,)


def _reached(drawing: Drawing, start: str, *, forward: bool) -> set[str]:
    """All boxes on a way that begins, or ends, at one."""
    ways: dict[str, list[str]] = {}
    for edge in drawing.edges:
        tail, head = (edge.tail, edge.head) if forward else (edge.head, edge.tail)
        ways.setdefault(tail, []).append(head)
    found, waiting = {start}, [start]
    while waiting:
        for there in ways.get(waiting.pop(), ()):
            if there not in found:
                found.add(there)
                waiting.append(there)
    return found

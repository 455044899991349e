"""The box of a node: by the node, by its name, or by the name of what it is folded into."""

from __future__ import annotations

from typing import Any, TypeAlias

from cgraph.errors import ValueRefusedError, did_you_mean
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from viz.graphs.words.drawing import Drawing
from viz.ink.lines import clean

Named: TypeAlias = "Node | str"


def box_of(drawing: Drawing, graph: Graph, of: Any, what: str) -> str:
    """The id of the box of a node or a name. Raises NameUnknownError, and ValueRefusedError for what has no box."""
    folded = {b.name: b.id for b in drawing.boxes if b.kind == "folded"}
    if isinstance(of, str) and of in folded:
        return folded[of]
    if not isinstance(of, (str, Node)):
        raise ValueRefusedError(f"{what} of {type(of).__name__}", fix="give a node of the graph, or its name")
    node = graph[of]
    id_ = f"n{graph.position(node)}"
    if not any(b.id == id_ for b in drawing.boxes):
        raise ValueRefusedError(
            f"{clean(graph.name(node))} has no box of its own in this picture",
            why="it is folded into another, written in one, or not near enough",
            fix=did_you_mean(of, folded, "name another node, or draw all of them: fold=False"),
        )
    return id_

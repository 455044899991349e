"""One net at three zooms: a box a layer, a box a tensor, a box a neuron."""

from __future__ import annotations

from typing import Any, TypeAlias

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from cgraph.passes.backward import Backward
from cgraph.passes.forward import Forward
from cgraph.rewriting.unroll import unroll
from viz.graphs.words.fold import LAYERS
from viz.models import Described, described

ZOOMS = ("layers", "tensors", "neurons")
Subjects: TypeAlias = "Graph | Forward | Backward"


def zoomed(of: Any, zoom: str | None, fold: str | bool | None) -> tuple[Subjects, str | bool | None]:
    """What is drawn, and how it is folded, for a node, a graph, a pass or a model at a zoom.

    Raises ValueRefusedError for what cannot be drawn, and for a zoom that there is not.
    """
    if zoom is not None and zoom not in ZOOMS:
        raise ValueRefusedError(f"there is no zoom {zoom!r}", fix=f"choose one of {', '.join(ZOOMS)}")
    if isinstance(of, (Graph, Forward, Backward)):
        subject: Subjects = of
    elif isinstance(of, Node):
        subject = Graph(of)
    elif callable(of) and isinstance(of, Described):
        subject = graph_of(of)
    else:
        raise ValueRefusedError(
            f"{type(of).__name__} cannot be drawn", fix="give a node, a graph, a pass, or a model such as nn.MLP"
        )
    if zoom == "neurons":
        return (unroll(subject, {"m": 1}) if isinstance(subject, Graph) else unroll(subject)), fold
    return subject, LAYERS if zoom == "layers" else fold


def graph_of(model: Any) -> Graph:
    """The graph of a model's output on a variable X, of as many columns as the model takes."""
    return Graph(model(described(model).input))

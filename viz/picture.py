"""The public face of viz: `viz.draw(...)` and the picture that it gives."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cgraph.backward import Backward
from cgraph.errors import OutputError, ValueRefusedError
from cgraph.forward import Forward
from cgraph.graph import Graph
from cgraph.node import Node
from viz import dot, export, paint
from viz.annotate import annotate
from viz.drawing import OUTLINE, Drawing, clean
from viz.engine import TIME_LIMIT
from viz.layout import Layout, lay_out
from viz.style import Theme, theme_named

if TYPE_CHECKING:
    from cgraph.proof import Report

SHOWS = (paint.FORWARD, paint.BACKWARD, paint.BOTH)
DIRECTIONS = {"LR": "left to right", "TB": "top down"}


@dataclass(frozen=True)
class Picture:
    """A picture of a graph or of a pass: `.svg()`, `.dot`, `.save("figure.svg")`; notebooks show it by themselves.

    `caption` stands below it, `description` is its alternative text.
    """

    drawing: Drawing
    layout: Layout
    theme: Theme
    show: str
    caption: str
    description: str
    direction: str

    @property
    def dot(self) -> str:
        """The graph as DOT with readable labels, good by itself in any Graphviz."""
        return dot.readable(self.drawing, self.caption, self.direction, self.theme)

    @property
    def folded(self) -> tuple[str, ...]:
        """What stands in each box that holds many nodes; `viz.draw(..., fold=False)` draws them all."""
        return self.drawing.folded

    def svg(self) -> str:
        """The picture as SVG text: no fonts and nothing else from outside, the same bytes on every machine."""
        return paint.svg(self.layout, self.theme, self.show, self.caption, self.description, self.drawing)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture as the file's ending says: .svg, .png, .dot, or .pdf (extra `pdf`).

        An existing file is replaced only when the new one is complete. Raises OutputError, MissingPackageError.
        """
        ending = Path(path).suffix.lower()
        if ending == ".svg":
            content = self.svg().encode()
        elif ending in (".dot", ".gv"):
            content = self.dot.encode()
        elif ending == ".png":
            content = export.png(self.svg())
        elif ending == ".pdf":
            content = export.pdf(self.svg())
        else:
            raise OutputError(
                f"{os.fspath(path)} has no ending that says what to write", fix="end it in .svg, .png, .pdf or .dot"
            )
        return export.write(path, content)

    def _repr_svg_(self) -> str:
        return self.svg()


def draw(
    of: Node | Graph | Forward | Backward,
    *,
    show: str | None = None,
    style: str = "textbook",
    detail: str | None = None,
    theme: str = "textbook",
    direction: str = "LR",
    caption: str | None = None,
    proof: Report | None = None,
    fold: str | bool | None = None,
    engine: str | None = None,
    time_limit: float = TIME_LIMIT,
) -> Picture:
    """A picture of a graph (with symbolic gradients), of a forward pass, or of a backward pass.

    of          a node, a graph, or a pass
    show        "forward", "backward" or "both": a backward pass shows both by default; the layout is the same
    style       "textbook" (d = 2b in a box) or "circuit" (unnamed ops in circles)
    detail      "full", "formula", "number", "hover" or "outline": how much is written; by default it follows from
                the size, and what is not written stands in the titles (on hover)
    theme       "textbook", "dark" or "print"
    direction   "LR" (left to right) or "TB" (top down)
    proof       the report of cg.prove on the same graph: marks the derivatives that are proved
    fold        "layers" (by names such as z[1] or encoder.W), "blocks" (one after the other) or "copies" (side by side)
                puts many nodes into one box; False draws every node; by default more than 300 boxes are folded, in the
                first way that halves them. `picture.folded` says what was folded
    engine      the Graphviz to use, or "layered" for the layout of large graphs (without words on edges); Graphviz
                has `time_limit` seconds

    Raises LayoutError when the layout takes too long or there is no engine, ValueRefusedError for other choices.
    """
    if not isinstance(of, (Node, Graph, Forward, Backward)):
        raise ValueRefusedError(f"{type(of).__name__} cannot be drawn", fix="give a node, a graph or a pass")
    graph = Graph(of) if isinstance(of, Node) else of
    if show is None:
        show = paint.FORWARD if isinstance(graph, Forward) else paint.BOTH
    for what, given, allowed in (("pass", show, SHOWS), ("direction", direction, tuple(DIRECTIONS))):
        if given not in allowed:
            raise ValueRefusedError(f"there is no {what} {given!r} to show", fix=f"choose one of {', '.join(allowed)}")
    if isinstance(graph, Forward) and show != paint.FORWARD:
        raise ValueRefusedError(
            "the backward pass was not computed", why="this is a forward pass", fix="draw cg.backward(fwd)"
        )
    chosen = theme_named(theme)
    drawing = annotate(graph, style, detail, proof, fold)
    layout = lay_out(drawing, chosen, direction, engine, time_limit)
    title = _caption(drawing, show) if caption is None else clean(caption)
    if drawing.folded:
        title += f"\n{_folded(drawing)}"
    return Picture(drawing, layout, chosen, show, title, _description(drawing, show), direction)


def _folded(drawing: Drawing) -> str:
    few = "; ".join(drawing.folded[:3]) + ("; ..." if len(drawing.folded) > 3 else "")
    return f"Folded: {few}. fold=False draws every node."


def _caption(drawing: Drawing, show: str) -> str:
    if not drawing.has_values:
        return f"Computation graph of {drawing.root}" + (" with its gradients" if drawing.has_gradients else "")
    passes = {"forward": "forward pass", "backward": "backward pass", "both": "forward pass and backward pass"}[show]
    return f"Computation graph of {drawing.root}: {passes}"


def _description(drawing: Drawing, show: str) -> str:
    """Alternative text: every node and, where gradients are shown, every edge, in words."""
    if drawing.detail == OUTLINE:
        return f"A graph of {len(drawing.boxes)} boxes and {len(drawing.edges)} edges; each says its own in its title."
    hide = show == paint.FORWARD
    sentences = ["; ".join(t for t in b.title.split("\n") if not (hide and t.startswith("∂"))) for b in drawing.boxes]
    if not hide:
        sentences += ["; ".join(e.title.split("\n")) for e in drawing.edges]
    else:
        sentences.append("edges: " + ", ".join(e.name for e in drawing.edges))
    return ". ".join(sentences) + "."

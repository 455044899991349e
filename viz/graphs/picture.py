"""The public face of viz: `viz.draw(...)` and the picture that it gives."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.passes.backward import Backward
from cgraph.passes.forward import Forward
from viz.diagnosis.diagnose import Diagnosis
from viz.graphs.badges import badged
from viz.graphs.formats import frames, mermaid, tikz
from viz.graphs.formats.stepper import DIGITS, page, page_theme
from viz.graphs.paint import paint
from viz.graphs.places import dot
from viz.graphs.places.engine import TIME_LIMIT
from viz.graphs.places.layout import Layout, lay_out
from viz.graphs.words.annotate import annotate
from viz.graphs.words.drawing import OUTLINE, Drawing
from viz.graphs.words.heat import GRADIENT, Heat, heat
from viz.graphs.words.steps import Walk, walk
from viz.graphs.words.subject import Subject, hidden
from viz.graphs.zoom import zoomed
from viz.ink import files
from viz.ink.lines import clean
from viz.ink.themes import Theme, theme_named

if TYPE_CHECKING:
    from cgraph.proof import Report

SHOWS = (paint.FORWARD, paint.BACKWARD, paint.BOTH)
DIRECTIONS = {"LR": "left to right", "TB": "top down"}


@dataclass(frozen=True)
class Picture:
    """A picture of a graph or of a pass: `.svg()`, `.dot`, `.save("figure.svg")`; notebooks show it by themselves.

    `caption` stands below it, `description` is its alternative text.
    """

    of: Graph | Forward | Backward
    style: str
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
        return "\n".join(self.parts())

    def parts(self, characters: str = "") -> list[str]:
        """The SVG in parts, an element each, with the outlines of further `characters`, for a file of many pictures."""
        return paint.parts(self.layout, self.theme, self.show, self.caption, self.description, self.drawing, characters)

    def characters(self) -> set[str]:
        """The characters of which the picture has the outlines."""
        return paint.characters(self.layout, self.theme, self.show, self.caption, self.drawing)

    def html(self) -> str:
        """A page of its own that walks the passes step by step and computes again when an input is changed."""
        subject, theme = self._subject, page_theme(self.theme)
        svg = paint.svg(self.layout, theme, self.show, self.caption, self.description, self.drawing, DIGITS)
        return page(subject, self.drawing, svg, self.caption, self.theme)

    def tex(self) -> str:
        """The picture as TikZ in a LaTeX document of its own, for plain pdflatex."""
        return tikz.document(self.layout, self.theme, self.show, self.caption)

    def mermaid(self) -> str:
        """The graph as a Mermaid flowchart, for Markdown."""
        return mermaid.flowchart(self.drawing, self.show, self.direction)

    def frames(self) -> list[str]:
        """The picture after each step of the passes, as SVG texts; nothing moves from one to the next."""
        return frames.frames(self.svg(), self.steps())

    def animation(self) -> str:
        """All steps in one SVG that plays by itself."""
        return frames.animation(self.svg(), self.steps())

    def steps(self) -> Walk:
        """The steps of the passes, each with its sentence."""
        return walk(self._subject, self.drawing)

    @property
    def _subject(self) -> Subject:
        if self.drawing.heat is not None:
            raise ValueRefusedError(
                "a coloured picture has no steps",
                why="its colours show all numbers at once",
                fix="draw it without colour=, or show steps of training in colour with viz.film",
            )
        if self.drawing.folded or self.drawing.detail == OUTLINE:
            raise ValueRefusedError(
                f"a picture of {len(self.drawing.boxes)} boxes, some of them for many nodes, has no steps",
                why="a step computes one node",
                fix='draw a smaller graph, or all of this one: viz.draw(..., fold=False, detail="hover")',
            )
        graph = self.of if isinstance(self.of, Graph) else self.of.graph
        return Subject(self.of, self.style, self.drawing.detail, hidden(graph, self.style))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture as the file's ending says: .svg, .png, .pdf (extra `pdf`), .html, .dot, .tex or .mmd.

        An existing file is replaced only when the new one is complete. Raises OutputError, MissingPackageError.
        """
        ending = Path(path).suffix.lower()
        if ending not in FORMATS:
            raise files.no_ending(path, FORMATS)
        return files.write(path, FORMATS[ending](self))

    def save_animation(self, path: str | os.PathLike[str]) -> Path:
        """Write all steps as one SVG that plays by itself. Raises OutputError."""
        return files.write(path, self.animation().encode())

    def save_frames(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write each step as a numbered SVG for slides: 001.svg, 002.svg, ... Raises OutputError."""
        made = self.frames()
        return [files.write(Path(folder) / f"{i:03}.svg", svg.encode()) for i, svg in enumerate(made, 1)]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": f"<picture: {self.caption}>"}

    def _repr_svg_(self) -> str:
        return self.svg()


FORMATS: dict[str, Callable[[Picture], bytes]] = {
    ".svg": lambda picture: picture.svg().encode(),
    ".png": lambda picture: files.png(picture.svg()),
    ".pdf": lambda picture: files.pdf(picture.svg()),
    ".html": lambda picture: picture.html().encode(),
    ".dot": lambda picture: picture.dot.encode(),
    ".gv": lambda picture: picture.dot.encode(),
    ".tex": lambda picture: picture.tex().encode(),
    ".mmd": lambda picture: picture.mermaid().encode(),
}


def draw(
    of: Any,
    *,
    show: str | None = None,
    style: str = "textbook",
    detail: str | None = None,
    theme: str = "textbook",
    direction: str = "LR",
    caption: str | None = None,
    proof: Report | None = None,
    zoom: str | None = None,
    fold: str | bool | None = None,
    colour: str | None = None,
    limit: float | None = None,
    diagnosis: Diagnosis | None = None,
    engine: str | None = None,
    time_limit: float = TIME_LIMIT,
) -> Picture:
    """A picture of a graph (with symbolic gradients), of a forward pass, of a backward pass, or of a model.

    of          a node, a graph, a pass, or a model such as nn.MLP([2, 2, 1], seed=0)
    show        "forward", "backward" or "both": a backward pass shows both by default; the layout is the same
    style       "textbook" (d = 2b in a box) or "circuit" (unnamed ops in circles)
    detail      "full", "formula", "number", "hover" or "outline": how much is written; by default it follows from
                the size, and what is not written stands in the titles (on hover)
    theme       "textbook", "dark" or "print"
    direction   "LR" (left to right) or "TB" (top down)
    proof       the report of cg.prove on the same graph: marks the derivatives that are proved
    zoom        "layers" (a box a layer), "tensors" or "neurons" (a box a number, as cg.unroll makes them)
    fold        "layers" (by names such as z[1] or encoder.W), "blocks" (one after the other) or "copies" (side by side)
                puts many nodes into one box; False draws every node; by default more than 300 boxes are folded, in the
                first way that halves them. `picture.folded` says what was folded
    colour      "value" or "gradient": the numbers as colour, of an array as a small heat map (svg, png and pdf);
                `limit` is the size that has the full colour, by default the largest that is computed or trained
    diagnosis   viz.diagnose of the same pass: a badge on each box of which it has a finding
    engine      the Graphviz to use, or "layered" for the layout of large graphs (without words on edges); Graphviz
                has `time_limit` seconds

    Raises LayoutError when the layout takes too long or there is no engine, ValueRefusedError for other choices.
    """
    graph, fold = zoomed(of, zoom, fold)
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
    if diagnosis is not None:
        drawing = badged(drawing, graph if isinstance(graph, Graph) else graph.graph, diagnosis)
    if colour is not None:
        drawing = coloured(drawing, heat(graph, colour, limit), show)
    layout = lay_out(drawing, chosen, direction, engine, time_limit)
    title = _caption(drawing, show) if caption is None else clean(caption)
    if drawing.folded:
        title += f"\n{_folded(drawing)}"
    return Picture(graph, style, drawing, layout, chosen, show, title, described(drawing, show), direction)


def coloured(drawing: Drawing, heat: Heat, show: str) -> Drawing:
    """A drawing with its numbers as colour. Raises ValueRefusedError where the numbers, and so their signs, are not."""
    if drawing.detail == OUTLINE or (heat.what == GRADIENT and show == paint.FORWARD):
        what = "an outline" if drawing.detail == OUTLINE else "the forward pass alone"
        raise ValueRefusedError(
            f"{what} has no colour by {heat.what}",
            why="its numbers are not shown, and nothing is said by colour alone",
            fix='draw it with detail="hover"' if drawing.detail == OUTLINE else 'choose colour="value"',
        )
    return replace(drawing, heat=heat)


def _folded(drawing: Drawing) -> str:
    few = "; ".join(drawing.folded[:3]) + (f"; and {len(drawing.folded) - 3} more" if len(drawing.folded) > 3 else "")
    return f"Folded: {few}. fold=False draws every node."


def _caption(drawing: Drawing, show: str) -> str:
    if not drawing.has_values:
        return f"Computation graph of {drawing.root}" + (" with its gradients" if drawing.has_gradients else "")
    passes = {"forward": "forward pass", "backward": "backward pass", "both": "forward pass and backward pass"}[show]
    return f"Computation graph of {drawing.root}: {passes}"


def described(drawing: Drawing, show: str) -> str:
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

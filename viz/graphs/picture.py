"""A picture of a graph or of a pass, and the formats that it is written in."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cgraph import quoting
from cgraph.errors import ValueRefusedError
from viz.asked import NO_PROOFS, Passes, Proofs, Subjects
from viz.graphs.paint import paint
from viz.graphs.paint.legend import as_list, foot, room
from viz.graphs.places.layout import Layout
from viz.graphs.places.snug import snug
from viz.graphs.words.drawing import OUTLINE, Drawing
from viz.graphs.words.subject import Subject
from viz.ink import files
from viz.ink.page import Fit
from viz.ink.themes import Theme

if TYPE_CHECKING:  # what one format alone needs is imported there
    from viz.graphs.formats.tikz import Below
    from viz.graphs.words.steps import Walk

TOP_DOWN = "TB"
PHONE = "358px"  # the room for a picture on a screen of 390 pixels
NARROWER = 0.9  # than the other layout, to be worth its place in the file


@dataclass(frozen=True, repr=False)
class Picture:
    """A picture of a graph or of a pass: `.svg()`, `.dot`, `.save("figure.svg")`; notebooks show it by themselves.

    `caption` stands below it, `description` is its alternative text; `fit` says how large its text is on its page, and
    what had to give. `again` draws the same with other choices: `picture.again(direction="TB")`.
    """

    passes: Passes
    style: str
    drawing: Drawing
    layout: Layout
    theme: Theme
    show: str
    caption: str
    description: str
    direction: str
    proofs: Proofs = NO_PROOFS
    fit: Fit | None = None
    again: Callable[..., Picture] | None = field(default=None, compare=False)
    narrow: Callable[[Drawing, str], Layout] | None = field(default=None, compare=False)  # top down, on some width
    framed: Callable[[], Picture] | None = field(default=None, compare=False)  # with a frame around each layer

    @property
    def of(self) -> Subjects:
        """The graph or the pass that is drawn."""
        return self.passes.of

    @property
    def dot(self) -> str:
        """The graph as DOT with readable labels, good by itself in any Graphviz."""
        from viz.graphs.places import dot

        return dot.readable(self.drawing, self.caption, self.direction, self.theme)

    @property
    def folded(self) -> tuple[str, ...]:
        """What stands in each box that holds many nodes; `viz.draw(..., fold=False)` draws them all.

        Where boxes should have been folded and there was nothing to fold, why, and what would help.
        """
        return self.drawing.folded or ((f"nothing: {self.drawing.nothing}",) if self.drawing.nothing else ())

    def svg(self) -> str:
        """The picture as SVG text: no fonts and nothing else from outside, the same bytes on every machine."""
        return "\n".join(self.parts())

    def parts(self, characters: str = "") -> list[str]:
        """The SVG in parts, an element each, with the outlines of further `characters`, for a file of many pictures."""
        page = self.fit.page if self.fit is not None and self.fit.page.asked else None
        room = None if page is None else (page.width, page.height)
        words = self.caption, self.description
        return paint.parts(self._shown, self.theme, self.show, *words, self.drawing, characters, room)

    @property
    def _shown(self) -> Layout:
        """The layout as it is painted: without gradients, boxes keep no room for them."""
        return self._without_gradients(self.layout)

    def _without_gradients(self, layout: Layout) -> Layout:
        return snug(layout) if self.show == paint.FORWARD and self.drawing.detail != OUTLINE else layout

    def characters(self) -> set[str]:
        """The characters of which the picture has the outlines."""
        return paint.characters(self._shown, self.theme, self.show, self.caption, self.drawing)

    def html(self) -> str:
        """A page of its own that walks the passes step by step and computes again when an input is changed.

        Where there are scopes it has a frame around each layer, which a click closes and opens; where it is large, they
        are closed at first. Of a picture that is folded, or has names alone, a page to look at: it is zoomed and
        searched, and names appear as one zooms in.
        """
        if self.framed is not None:
            return replace(self.framed(), framed=None).html()
        from viz.graphs.formats import pages, stepper, viewer

        large = self._large
        subject, theme = None if large else self._subject, pages.page_theme(self.theme)
        more = "" if large else stepper.GLYPHS

        def painted(layout: Layout) -> str:
            return paint.alone(layout, theme, self.show, self.caption, self.description, self.drawing, more)

        svg = painted(self._shown)
        legend, title = as_list(self.drawing, theme, self.show), paint.name(self.caption, self.drawing)
        if subject is None:
            return viewer.page(self.drawing, svg, title, self.theme, legend)
        narrow = self._narrow
        phone = "" if narrow is None else painted(narrow)
        return stepper.page(subject, self.drawing, svg, title, self.theme, self.show, legend, phone)

    @property
    def _narrow(self) -> Layout | None:
        """The layout top down for the screen of a phone, where it is narrower."""
        if self.narrow is None or self.direction == TOP_DOWN:
            return None
        found = self._without_gradients(self.narrow(self.drawing, PHONE))
        return found if found.width < NARROWER * self.layout.width else None

    @property
    def _large(self) -> bool:
        """Whether boxes stand for more than one node, or have names alone, so that there are no steps."""
        return bool(self.drawing.folded) or self.drawing.detail == OUTLINE

    def tex(self) -> str:
        """The picture as TikZ in a LaTeX document of its own, for plain pdflatex."""
        from viz.graphs.formats import tikz

        return tikz.document(self._shown, self.theme, self.show, self._name, self.drawing, self._below)

    def tikz(self) -> str:
        """The picture as a `tikzpicture` with its styles, to be \\input into a document that loads tikz."""
        from viz.graphs.formats import tikz

        return tikz.picture(self._shown, self.theme, self.show, self._name, self.drawing, self._below)

    @property
    def _name(self) -> str:
        return self.caption or f"Computation graph of {self.drawing.root}"

    @property
    def _below(self) -> Below:
        """The caption and the legend as TikZ takes them."""
        from viz.graphs.formats.tikz import Below, Sample

        below = foot(self.drawing, self.theme, self.show, self.caption, self.layout.width)
        caption, rows = below.levels()
        legend = (tuple(Sample(e.role, room(e.role), e.words, line.width) for e, line in row) for row in below.legend)
        height = below.height if below.lines else 0.0
        words = zip(caption, below.caption_words, strict=True)
        return Below(below.width, height, tuple(words), tuple(zip(rows, legend, strict=True)))

    def mermaid(self) -> str:
        """The graph as a Mermaid flowchart, for Markdown."""
        from viz.graphs.formats import mermaid

        return mermaid.flowchart(self.drawing, self.show, self.direction)

    def frames(self) -> list[str]:
        """The picture after each step of the passes, as SVG texts; nothing moves from one to the next."""
        from viz.graphs.formats import frames

        return frames.frames(self.svg(), self.steps())

    def animation(self) -> str:
        """All steps in one SVG that plays by itself."""
        from viz.graphs.formats import frames

        return frames.animation(self.svg(), self.steps())

    def steps(self) -> Walk:
        """The steps of the passes, each with its sentence."""
        from viz.graphs.words.steps import walk

        return walk(self._subject, self.drawing)

    @property
    def _subject(self) -> Subject:
        if self.drawing.heat is not None:
            raise ValueRefusedError(
                "a coloured picture has no steps",
                why="its colours show all numbers at once",
                fix="draw it without colour=, or show steps of training in colour with viz.film",
            )
        if self._large:
            raise ValueRefusedError(
                f"a picture of {len(self.drawing.boxes)} boxes, some of them for many nodes, has no steps",
                why="a step computes one node",
                fix='draw a smaller graph, or all of this one: viz.draw(..., fold=False, detail="hover")',
            )
        drawing, shown = self.drawing, {b.id for b in self.drawing.boxes}
        without = {n for i, n in enumerate(self.passes.graph.nodes) if f"n{i}" not in shown}
        return Subject(self.passes, self.style, drawing.detail, without, self.proofs, drawing.digits)

    def save(self, path: str | os.PathLike[str], *, dpi: float | None = None) -> Path:
        """Write the picture as the file's ending says: .svg, .png, .pdf (extra `pdf`), .html, .dot, .tex, .tikz or
        .mmd.

        `dpi` are the dots to the inch of a .png, 144 by default. An existing file is replaced only when the new one is
        complete. Raises OutputError, MissingPackageError, ValueRefusedError for dots that there cannot be.
        """
        return files.save(path, self, FORMATS, dpi)

    def save_animation(self, path: str | os.PathLike[str]) -> Path:
        """Write all steps as one SVG that plays by itself. Raises OutputError."""
        return files.write(path, self.animation().encode())

    def save_frames(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write each step as a numbered SVG for slides: 001.svg, 002.svg, ... Raises OutputError."""
        made = self.frames()
        return [files.write(Path(folder) / f"{i:03}.svg", svg.encode()) for i, svg in enumerate(made, 1)]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": repr(self)}

    def _repr_svg_(self) -> str:
        return self.svg()

    def __repr__(self) -> str:
        return f"<picture: {quoting.shortened(self.caption, 400, 'and more')}>"


FORMATS: dict[str, Callable[[Picture], bytes]] = {
    **files.images(Picture.svg),
    ".html": lambda picture: picture.html().encode(),
    ".dot": lambda picture: picture.dot.encode(),
    ".gv": lambda picture: picture.dot.encode(),
    ".tex": lambda picture: picture.tex().encode(),
    ".tikz": lambda picture: picture.tikz().encode(),
    ".mmd": lambda picture: picture.mermaid().encode(),
}

"""A schematic as a picture that saves itself, as those of `viz.draw` do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cgraph import quoting
from viz.ink import files
from viz.ink.lines import clean
from viz.ink.page import Fit, page_of
from viz.ink.themes import Theme, ThemeLike, theme_named
from viz.schematics import paint
from viz.schematics.fit import fitted
from viz.schematics.pieces import Schematic
from viz.schematics.scene import Scene


@dataclass(frozen=True, repr=False)
class SchematicPicture:
    """A schematic, laid out: `.svg()`, `.save("net.svg")`; notebooks show it by themselves.

    `caption` stands below it, `description` is its alternative text; `fit` says how large its text is on its page, and
    what had to give.
    """

    scene: Scene
    theme: Theme
    caption: str
    description: str
    fit: Fit

    def svg(self) -> str:
        """The picture as SVG text: no fonts and nothing else from outside, the same bytes on every machine."""
        page = self.fit.page if self.fit.page.asked else None
        return paint.svg(self.scene, self.theme, self.caption, self.description, page)

    def save(self, path: str | os.PathLike[str], *, dpi: float | None = None) -> Path:
        """Write the picture as the file's ending says: .svg, .png of `dpi` dots to the inch, or .pdf (extra `pdf`).

        An existing file is replaced only when the new one is complete. Raises OutputError, MissingPackageError.
        """
        return files.save(path, self.svg(), files.IMAGES, dpi)

    def _repr_svg_(self) -> str:
        return self.svg()

    def __repr__(self) -> str:
        return f"<picture: {quoting.shortened(self.caption, 400, 'and more')}>"


def picture(
    panels: Schematic | Sequence[Schematic],
    width: str | float | None = None,
    height: str | float | None = None,
    smallest: float | None = None,
    *,
    theme: ThemeLike = "textbook",
    caption: str = "",
    description: str = "",
) -> SchematicPicture:
    """The picture of a schematic, or of several side by side, on a page as `viz.draw` takes it.

    Raises ValueRefusedError for an unknown theme and for what is no length.
    """
    chosen, words = theme_named(theme), clean(caption)
    every = [panels] if isinstance(panels, Schematic) else list(panels)
    scene, fit = fitted(every, chosen, words, page_of(width, height, smallest))
    return SchematicPicture(scene, chosen, words, clean(description) or _description(scene), fit)


def _description(scene: Scene) -> str:
    """Alternative text: what is drawn, from left to right, and what joins it."""
    pieces = ", ".join(dict.fromkeys(paint.said(p) for p in scene.pieces))
    joined = [*scene.strokes, *(t.stroke for t in scene.turns if t.stroke is not None)]
    strokes = ", ".join(f"{paint.said(s.tail)} to {paint.said(s.head)}" for s in joined)
    return f"Drawn: {pieces}." + (f" Strokes: {strokes}." if strokes else "")

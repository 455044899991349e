"""A schematic as a picture that saves itself, as those of `viz.draw` do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from viz.ink import files
from viz.ink.lines import clean
from viz.ink.themes import Theme, ThemeLike, theme_named
from viz.schematics import paint
from viz.schematics.layout import lay_out
from viz.schematics.pieces import Schematic
from viz.schematics.scene import Scene


@dataclass(frozen=True)
class SchematicPicture:
    """A schematic, laid out: `.svg()`, `.save("net.svg")`; notebooks show it by themselves.

    `caption` stands below it, `description` is its alternative text.
    """

    scene: Scene
    theme: Theme
    caption: str
    description: str

    def svg(self) -> str:
        """The picture as SVG text: no fonts and nothing else from outside, the same bytes on every machine."""
        return paint.svg(self.scene, self.theme, self.caption, self.description)

    def save(self, path: str | os.PathLike[str], *, dpi: float | None = None) -> Path:
        """Write the picture as the file's ending says: .svg, .png of `dpi` dots to the inch, or .pdf (extra `pdf`).

        An existing file is replaced only when the new one is complete. Raises OutputError, MissingPackageError.
        """
        return files.save(path, self.svg(), files.IMAGES, dpi)

    def _repr_svg_(self) -> str:
        return self.svg()


def picture(
    panels: Schematic | Sequence[Schematic], *, theme: ThemeLike = "textbook", caption: str = "", description: str = ""
) -> SchematicPicture:
    """The picture of a schematic, or of several side by side. Raises ValueRefusedError for an unknown theme."""
    chosen = theme_named(theme)
    scene = lay_out([panels] if isinstance(panels, Schematic) else list(panels), chosen)
    return SchematicPicture(scene, chosen, clean(caption), clean(description) or _description(scene))


def _description(scene: Scene) -> str:
    """Alternative text: what is drawn, from left to right, and what joins it."""
    pieces = ", ".join(dict.fromkeys(paint.said(p) for p in scene.pieces))
    strokes = ", ".join(f"{paint.said(s.tail)} to {paint.said(s.head)}" for s in scene.strokes)
    return f"Drawn: {pieces}." + (f" Strokes: {strokes}." if strokes else "")

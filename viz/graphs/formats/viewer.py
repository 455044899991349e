"""The page of a picture that has no steps, because it is large or folded: to be looked at, zoomed, and searched."""

from __future__ import annotations

from html import escape
from string import Template

from viz.graphs.formats.stepper import file_of, theme_choice, variables
from viz.graphs.words.drawing import Drawing
from viz.ink.themes import Theme

LINES = 12  # of what is folded that are said at first


def page(drawing: Drawing, svg: str, caption: str, theme: Theme, legend: str) -> str:
    """The page as HTML text: no network, no fonts, nothing from outside.

    `svg` is the picture without its caption and legend, painted with `page_theme`. It opens as large as there is room
    for it; the names in boxes appear when they are large enough to be read.
    """
    chosen, themes = theme_choice(theme)
    size = f' role="group" data-size="{theme.title_size:g}"'
    return Template(file_of("large.html")).substitute(
        theme=escape(chosen),
        title=escape(caption),
        style=variables(theme) + file_of("stepper.css"),
        svg=svg.replace(' role="img"', size, 1),
        themes=themes,
        legend=legend,
        about=escape("\n".join(_about(drawing))),
        script=Template(file_of("large.js")).safe_substitute(modules=file_of("view.js")),
    )


def _about(drawing: Drawing) -> list[str]:
    """What the picture is of, before a box is chosen."""
    lines = [f"{len(drawing.boxes)} boxes, {len(drawing.edges)} edges. Click one."]
    if drawing.nothing:
        lines.append(f"Nothing is folded: {drawing.nothing}")
    more = len(drawing.folded) - LINES
    return [
        *lines,
        *(f"Folded: {line}" for line in drawing.folded[:LINES]),
        *([f"and {more} more"] if more > 0 else []),
    ]

"""The page of a picture that has no steps, because it is large or folded: to be looked at, zoomed, and searched."""

from __future__ import annotations

from html import escape

from viz.graphs.formats import pages
from viz.graphs.words.drawing import Drawing
from viz.ink.themes import Theme

LOOK = " data-whole"  # it opens as large as there is room for it
LINES = 12  # of what is folded that are said at first


def page(drawing: Drawing, svg: str, caption: str, theme: Theme, legend: str) -> str:
    """The page as HTML text: no network, no fonts, nothing from outside.

    `svg` is the picture without its caption and legend, painted with `pages.page_theme`. It opens as large as there is
    room for it; the names in boxes appear when they are large enough to be read.
    """
    chosen, themes = pages.theme_choice(theme)
    return pages.page(
        "large",
        caption,
        pages.grouped(svg, f' data-size="{theme.title_size:g}"'),
        theme,
        chosen,
        ("view", "keys"),
        themes=themes,
        legend=legend,
        about=escape("\n".join(_about(drawing))),
        look=LOOK,
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

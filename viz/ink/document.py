"""The one SVG document of all pictures: its size, its title and description, its outlines, its background."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from viz.ink.font import outline
from viz.ink.lines import clean
from viz.ink.pen import number


def document(
    size: tuple[float, float],
    caption: str,
    description: str,
    characters: Iterable[str],
    background: str,
    body: Sequence[str],
    scale: float = 1.0,
) -> list[str]:
    """A document in parts: its tag, title, description, outlines and background, the body's parts, its end.

    `size` is in points, which are points in every format. `characters` are those whose outlines the body uses,
    `background` is the element that fills it. It is shown `scale` times as large.
    """
    width, height = map(number, size)
    shown = (number(scale * side) for side in size)
    place = f'width="{next(shown)}pt" height="{next(shown)}pt" viewBox="0 0 {width} {height}"'
    defs = "".join(f'<path id="g{ord(c):x}" d="{outline(c)}"/>' for c in sorted(set(characters)))
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" {place} role="img" aria-label="{safe(caption)}">',
        f"<title>{safe(caption)}</title>",
        f"<desc>{safe(description)}</desc>",
        f"<defs>{defs}</defs>",
        background,
        *body,
        "</svg>\n",
    ]


def background(colour: str, role: str = "") -> str:
    """The element that fills the whole document; with a role, a page can find it."""
    marked = f' data-role="{role}"' if role else ""
    return f'<rect width="100%" height="100%" fill="{colour}"{marked}/>'


def safe(words: str) -> str:
    """Words as an element or an attribute may have them."""
    return escape(clean(words))

"""SVG text for glyphs, strokes and rectangles: what paint and the legend share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape
from itertools import groupby
from math import hypot

from viz.ink.font import metrics, outline
from viz.ink.lines import BREAK, TAGGED, PlacedLine, SetLine
from viz.ink.strokes import ARROW, HALF, Point, with_arrow
from viz.ink.strokes import bar as across
from viz.ink.themes import Theme, colour_of
from viz.ink.typeset import Field, Glyph, Letters, Mark, Rule

CASING = 1.6  # how far the casing of a stroke reaches beyond it
DASHES = "5.5 3.2"
FIELD = "#757575"  # the border of a field to write in
HAIR, TAG_RADIUS = 0.25, 3.0  # of a tag: half its stroke, and its corners


def number(value: float, digits: int = 2) -> str:
    """A number without needless digits.

    >>> number(1.50), number(-0.001)
    ('1.5', '0')
    """
    shown = f"{value:.2f}" if digits == 2 else f"{value:.{digits}f}"
    if shown[-1] != "0":
        return shown
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return "0" if shown in ("-0", "") else shown


def point(p: Point) -> str:
    """A point of a path."""
    return f"{number(p[0])} {number(p[1])}"


def rect(left: float, top: float, right: float, bottom: float, radius: float, pen: str) -> str:
    """A rectangle with round corners."""
    box = f'x="{number(left)}" y="{number(top)}" width="{number(right - left)}" height="{number(bottom - top)}"'
    return f'<rect {box} rx="{radius:g}" {pen}/>'


def line(placed: PlacedLine, theme: Theme) -> str:
    """A line of words at its place: a group for each of its rows, in it one for each role and each quantity."""
    plates = iter(placed.line.tags)
    rows: list[list[str]] = [[]]
    for role, marks in placed.line.runs:
        if role == BREAK[0]:
            rows.append([])
        elif marks:
            plate = tag(next(plates), placed, theme) if role == TAGGED else ""
            fill = f'fill="{colour_of(role, theme)}" data-role="{role}"'
            rows[-1].append(f"<g {fill}>{plate}{_run(marks, placed.x, placed.y)}</g>")
    return "".join(f'<g data-label="{placed.line.role}">{"".join(runs)}</g>' for runs in rows if runs)


def tag(plate: Rule, placed: PlacedLine, theme: Theme) -> str:
    """The tag behind what is local on a line."""
    left, top = placed.x + plate.x + HAIR, placed.y + plate.y + HAIR
    pen = f'fill="{theme.tag}" stroke="{theme.local}" stroke-width="{number(2 * HAIR)}" data-role="tag"'
    return rect(left, top, left + plate.width - 2 * HAIR, top + plate.height - 2 * HAIR, TAG_RADIUS, pen)


def _run(marks: Iterable[Mark], x: float, y: float) -> str:
    parts = []
    for key, group in groupby(marks, lambda m: m.key if isinstance(m, Glyph) else ""):
        drawn = list(group)
        ink = glyphs(drawn, x, y)
        if key:
            inked = [m for m in drawn if isinstance(m, Glyph)]
            width = max(m.x + metrics(m.char)[0] * m.size for m in inked) - min(m.x for m in inked)
            ink = f'<g data-number="{key}" data-width="{number(width)}">{ink}</g>'
        parts.append(ink)
    return "".join(parts)


def glyphs(marks: Iterable[Mark], x: float, y: float) -> str:
    """Glyphs and rules with their origin at (x, y)."""
    parts = []
    for m in marks:
        if isinstance(m, Glyph):
            if outline(m.char):
                scale = _scale(m.size)
                place = f"matrix({scale} 0 0 {scale} {number(x + m.x)} {number(y + m.y)})"
                parts.append(f'<use href="#g{ord(m.char):x}" transform="{place}"/>')
        elif isinstance(m, Letters):
            parts.append(_letters(m, x, y))
        elif isinstance(m, Field):
            left, top = x + m.x, y + m.y
            pen = f'fill="none" stroke="{FIELD}" stroke-width="0.8" data-role="field"'
            parts.append(rect(left, top, left + m.width, top + m.height, 2.0, pen))
        else:
            size = f'width="{number(m.width)}" height="{number(m.height)}"'
            parts.append(f'<rect x="{number(x + m.x)}" y="{number(y + m.y)}" {size}/>')
    return "".join(parts)


@lru_cache(maxsize=64)
def _scale(size: float) -> str:
    """The scale of glyphs of a size, of which a picture has a few."""
    return number(size / 1000, 5)


def _letters(m: Letters, x: float, y: float) -> str:
    """Letters that a font of the reader's has to draw, in the middle of the room that is kept for them."""
    place = f'x="{number(x + m.x + m.width / 2)}" y="{number(y + m.y)}" text-anchor="middle"'
    return f'<text {place} font-family="serif" font-size="{number(m.size)}">{escape(m.text)}</text>'


def stroke(curve: Sequence[Point], colour: str, role: str, width: float, dashed: bool = False, casing: str = "") -> str:
    """A stroke with its arrow head; with the colour of a casing, strokes that it crosses are seen to pass below it."""
    dashes = f' stroke-dasharray="{DASHES}"' if dashed else ""
    pen = f'stroke="{colour}" stroke-width="{number(width)}"{dashes}'
    if len(curve) == 2:
        return f'<path data-role="{role}" d="{_straight(*curve[0], *curve[1])}" fill="{colour}" {pen}/>'
    shortened, (tip, left, right) = with_arrow(curve)
    d = f"M{point(shortened[0])}C" + " ".join(point(q) for q in shortened[1:])
    arrow = f"M{point(tip)}L{point(left)} {point(right)}Z"
    around = f'stroke="{casing}" stroke-width="{number(width + 2 * CASING)}" data-role="casing"'
    below = f'<path d="{d}" fill="none" {around}/>' if casing else ""
    return f'<g data-role="{role}">{below}<path d="{d}" fill="none" {pen}/><path d="{arrow}" fill="{colour}"/></g>'


def bar(stroke: Sequence[Point], theme: Theme) -> str:
    """The bar across a stroke along which no gradient comes back."""
    start, end = across(stroke)
    look = f'stroke="{theme.backward}" stroke-width="2.2" fill="none" data-role="bar"'
    return f'<path d="M{point(start)}L{point(end)}" {look}/>'


def _straight(x0: float, y0: float, x1: float, y1: float) -> str:
    """A straight stroke and its arrow head as one path, for pictures with many of them."""
    length = hypot(x1 - x0, y1 - y0) or 1.0
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    fx, fy, sx, sy = x1 - ux * ARROW, y1 - uy * ARROW, uy * HALF, ux * HALF
    head = f"M{x1:.1f} {y1:.1f}L{fx - sx:.1f} {fy + sy:.1f}L{fx + sx:.1f} {fy - sy:.1f}Z"
    return f"M{x0:.1f} {y0:.1f}L{fx:.1f} {fy:.1f}{head}"


def characters(lines: Iterable[SetLine]) -> set[str]:
    """The characters of some lines that leave ink."""
    found = {m.char for line in lines for _, run in line.runs for m in run if isinstance(m, Glyph)}
    return {char for char in found if outline(char)}

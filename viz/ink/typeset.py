"""Formulas set in glyphs: a tree of `cgraph.notation` becomes a box of placed glyphs and rules.

The glyphs are STIX Two Math's outlines, which the package `ziamath` brings, so a picture needs no font on any
machine and has the same bytes on all of them. Distances are in ems of the given size; y grows downwards, and 0 is the
baseline.
"""

from __future__ import annotations

import importlib.util
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

from cgraph.errors import missing_package
from cgraph.notation import Frac, Grid, Group, Hat, Math, Named, Script, Sym

FONT = "STIXTwoMath-Regular.ttf"
AXIS = 0.258  # the height above the baseline of fraction bars and of the middle of + and =
RULE = 0.055
SPACES = {"rel": 0.25, "bin": 0.2, "thin": 0.12, "": 0.0}
LINE, COLUMN = 1.04, 0.55  # of a matrix: from one row to the next, and between columns
SMALL = 0.78  # the size of scripts
MISSING = "□"  # what stands for a character that the font lacks


class Glyph(NamedTuple):
    """One glyph, placed: its character, the left end of its baseline, its size; the quantity that it is part of."""

    char: str
    x: float
    y: float
    size: float
    key: str = ""


class Rule(NamedTuple):
    """A filled rectangle, such as a fraction bar."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Box:
    """A formula that is set: its width, its height above and its depth below the baseline, its marks."""

    width: float
    ascent: float
    descent: float
    marks: tuple[Glyph | Rule, ...]

    @property
    def height(self) -> float:
        """Ascent and descent together."""
        return self.ascent + self.descent

    def moved(self, x: float, y: float) -> tuple[Glyph | Rule, ...]:
        """The marks with the box's origin at (x, y)."""
        return moved(self.marks, x, y)


def moved(marks: Sequence[Glyph | Rule], x: float, y: float) -> tuple[Glyph | Rule, ...]:
    """Marks at another place."""
    return tuple(
        Glyph(m.char, m.x + x, m.y + y, m.size, m.key)
        if isinstance(m, Glyph)
        else Rule(m.x + x, m.y + y, m.width, m.height)
        for m in marks
    )


@lru_cache(maxsize=4096)
def typeset(math: Math, size: float) -> Box:
    """A formula as a box of glyphs; `size` is the em in points."""
    if isinstance(math, Named):
        box = typeset(math.math, size)
        if not math.key:
            return box
        marks = tuple(m._replace(key=math.key) if isinstance(m, Glyph) else m for m in box.marks)
        return Box(box.width, box.ascent, box.descent, marks)
    if isinstance(math, Sym):
        return _characters(math, size)
    if isinstance(math, Group):
        return _beside([typeset(part, size) for part in math.parts])
    if isinstance(math, Script):
        return _script(math, size)
    if isinstance(math, Frac):
        return _fraction(math, size)
    if isinstance(math, Grid):
        return _matrix(math, size)
    return _hat(math, size)


def _characters(sym: Sym, size: float) -> Box:
    space = SPACES[sym.space] * size
    x, ascent, descent = space, 0.0, 0.0
    marks: list[Glyph | Rule] = []
    for char in sym.text:
        drawn, em, rise = _small(char, size) or (italic(char) if sym.italic else char, size, 0.0)
        width, low, high = metrics(drawn)
        marks.append(Glyph(drawn, x, -rise, em))
        x += width * em
        ascent, descent = max(ascent, high * em + rise), max(descent, -low * em - rise)
    return Box(x + space, ascent, descent, tuple(marks))


def _small(char: str, size: float) -> tuple[str, float, float] | None:
    """A raised or lowered character that the font lacks, such as ᵀ: the letter, its size, and how high it stands."""
    if has(char):
        return None
    kind, _, code = unicodedata.decomposition(char).partition(" ")
    rises = {"<super>": 0.38, "<sub>": -0.2}
    return (chr(int(code, 16)), size * SMALL, size * rises[kind]) if kind in rises and " " not in code else None


def italic(char: str) -> str:
    """The italic mathematical letter of a letter."""
    code = ord(char)
    if char == "h":
        return "ℎ"
    for first, last, start in (("A", "Z", 0x1D434), ("a", "z", 0x1D44E), ("α", "ω", 0x1D6FC)):
        if first <= char <= last:
            return chr(start + code - ord(first))
    return char


def _beside(boxes: list[Box]) -> Box:
    x = 0.0
    marks: list[Glyph | Rule] = []
    for box in boxes:
        marks += box.moved(x, 0.0)
        x += box.width
    return Box(x, max((b.ascent for b in boxes), default=0.0), max((b.descent for b in boxes), default=0.0), (*marks,))


def _script(math: Script, size: float) -> Box:
    base = typeset(math.base, size)
    x = base.width + 0.03 * size
    width, ascent, descent = x, base.ascent, base.descent
    marks = list(base.marks)
    if math.sup is not None:
        sup = typeset(math.sup, size * SMALL)
        rise = max(0.38 * size, base.ascent - 0.32 * size)
        marks += sup.moved(x, -rise)
        width, ascent = x + sup.width, max(ascent, rise + sup.ascent)
    if math.sub is not None:
        sub = typeset(math.sub, size * SMALL)
        drop = 0.2 * size if math.sup is None else 0.27 * size
        marks += sub.moved(x, drop)
        width, descent = max(width, x + sub.width), max(descent, drop + sub.descent)
    return Box(width + 0.03 * size, ascent, descent, tuple(marks))


def _fraction(math: Frac, size: float) -> Box:
    top, bottom = typeset(math.top, size * 0.92), typeset(math.bottom, size * 0.92)
    width = max(top.width, bottom.width) + 0.14 * size
    gap = 0.13 * size
    up = AXIS * size + gap + top.descent
    down = -AXIS * size + gap + RULE * size + bottom.ascent
    marks = (
        *top.moved((width - top.width) / 2, -up),
        Rule(0.0, -AXIS * size, width, RULE * size),
        *bottom.moved((width - bottom.width) / 2, down),
    )
    side = 0.07 * size
    inner = Box(width, up + top.ascent, down + bottom.descent, marks)
    return Box(width + 2 * side, inner.ascent, inner.descent, inner.moved(side, 0.0))


def _matrix(math: Grid, size: float) -> Box:
    """Entries in columns, each centred, with a bracket of three rules on either side; the middle is on the axis.

    Rows are as far apart as `LINE` says, whatever stands in them, so that other numbers have room there.
    """
    cells = [[typeset(entry, size) for entry in line] for line in math.rows]
    widths = [max(line[j].width for line in cells) for j in range(len(cells[0]))]
    arm, thick, pad, gap = 0.2 * size, RULE * size, 0.2 * size, COLUMN * size
    height = (LINE * len(cells) + 0.12) * size
    top = -AXIS * size - height / 2
    marks: list[Glyph | Rule] = []
    for i, line in enumerate(cells):
        x = pad + arm / 2
        for cell, width in zip(line, widths, strict=True):
            marks += cell.moved(x + (width - cell.width) / 2, top + (LINE * i + 0.86) * size)
            x += width + gap
    end = 2 * pad + arm + sum(widths) + gap * (len(widths) - 1)
    left, right = (
        [Rule(at, y, arm, thick) for y in (top, top + height - thick)] + [Rule(bar, top, thick, height)]
        for at, bar in ((0.0, 0.0), (end - arm, end - thick))
    )
    inner = Box(end, -top, top + height, (*left, *marks, *right))
    return Box(end + 0.12 * size, inner.ascent, inner.descent, inner.moved(0.06 * size, 0.0))


def _hat(math: Hat, size: float) -> Box:
    base = typeset(math.base, size)
    width, low, high = metrics("ˆ")
    x = (base.width - width * size) / 2 + 0.06 * size
    y = -(base.ascent - low * size + 0.04 * size)
    return Box(base.width, -y + high * size, base.descent, (*base.marks, Glyph("ˆ", x, y, size)))


# The font ------------------------------------------------------------------------------------------------------------
@cache
def _font() -> Any:
    """The math font of ziamath."""
    from ziafont.font import Font

    return Font(font_file())


def font_file() -> str:
    """The file of the math font. Importing its package itself would cost 0.15 s."""
    package = importlib.util.find_spec("ziamath")
    if package is None or not package.submodule_search_locations:
        raise missing_package("ziamath", "plots", "setting formulas")
    return os.path.join(package.submodule_search_locations[0], "fonts", FONT)


@cache
def _glyph(char: str) -> Any:
    font = _font()
    found = font.glyph(char)
    return found if found.index or char == MISSING else font.glyph(MISSING)


@cache
def has(char: str) -> bool:
    """Whether the font has a character; in place of others stands a box."""
    return bool(_font().glyph(char).index)


@cache
def metrics(char: str) -> tuple[float, float, float]:
    """(advance, lowest, highest point) of a character, in ems."""
    glyph, em = _glyph(char), _font().info.layout.unitsperem
    return glyph.advance() / em, glyph.path.bbox.ymin / em, glyph.path.bbox.ymax / em


@cache
def outline(char: str) -> str:
    """The SVG path of a character, 1000 units to the em, on the baseline at the origin."""
    glyph = _glyph(char)
    scale = 1000 / glyph.DFLT_SIZE_PT
    path = glyph.svgpath(x0=0, y0=0, scale_factor=scale)
    return "" if path is None else _shortened(path.attrib["d"])


def _shortened(path: str) -> str:
    """The same path with whole units and no needless spaces."""
    out: list[str] = []
    for token in path.split():
        if token.isalpha():
            out.append(token)
        else:
            value = str(round(float(token)))
            out.append(value if not out or out[-1].isalpha() or value.startswith("-") else f" {value}")
    return "".join(out)

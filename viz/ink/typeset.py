"""Formulas set in glyphs: a tree of `cgraph.notation` becomes a box of placed glyphs and rules.

The glyphs are STIX Two Math's outlines, which the package `ziamath` brings, so a picture needs no font on any
machine and has the same bytes on all of them. Distances are in ems of the given size; y grows downwards, and 0 is the
baseline.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple, TypeAlias

from cgraph.notation import Blank, Frac, Grid, Group, Hat, Math, Named, Script, Sym
from viz.ink.font import has, metrics

AXIS = 0.258  # the height above the baseline of fraction bars and of the middle of + and =
RULE = 0.055
SPACES = {"rel": 0.25, "bin": 0.2, "thin": 0.12, "": 0.0}
LINE, COLUMN = 1.04, 0.55  # of a matrix: from one row to the next, and between columns
SMALL = 0.78  # the size of scripts
LETTERS = (1.0, 0.3)  # how high and how deep letters of the reader's fonts are, in ems
PICTURES = 0x1F000  # from here on characters are pictures, most of them wider than an em
ABOVE = {"hat": "ˆ", "tilde": "˜", "bar": "¯", "dot": "˙"}


class Glyph(NamedTuple):
    """One glyph, placed: its character, the left end of its baseline, its size; the quantity that it is part of."""

    char: str
    x: float
    y: float
    size: float
    key: str = ""


class Letters(NamedTuple):
    """Letters that the font lacks, set by the reader's own fonts in a width that is kept for them.

    They stand together, because letters of one script join and may run from right to left.
    """

    text: str
    x: float
    y: float
    size: float
    width: float


class Rule(NamedTuple):
    """A filled rectangle, such as a fraction bar."""

    x: float
    y: float
    width: float
    height: float


class Field(NamedTuple):
    """An empty rectangle to write in: its left, its top, its width and its height."""

    x: float
    y: float
    width: float
    height: float


Mark: TypeAlias = "Glyph | Rule | Letters | Field"


@dataclass(frozen=True)
class Box:
    """A formula that is set: its width, its height above and its depth below the baseline, its marks."""

    width: float
    ascent: float
    descent: float
    marks: tuple[Mark, ...]

    @property
    def height(self) -> float:
        """Ascent and descent together."""
        return self.ascent + self.descent

    def moved(self, x: float, y: float) -> tuple[Mark, ...]:
        """The marks with the box's origin at (x, y)."""
        return moved(self.marks, x, y)


def moved(marks: Sequence[Mark], x: float, y: float) -> tuple[Mark, ...]:
    """Marks at another place."""
    return tuple(
        Glyph(m.char, m.x + x, m.y + y, m.size, m.key) if isinstance(m, Glyph) else m._replace(x=m.x + x, y=m.y + y)
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
    if isinstance(math, Blank):
        return _blank(math, size)
    return _hat(math, size)


def _characters(sym: Sym, size: float) -> Box:
    space = SPACES[sym.space] * size
    x, ascent, descent = space, 0.0, 0.0
    marks: list[Mark] = []
    for lacking, run in groupby(sym.text, _lacking):
        if lacking:
            letters = "".join(run)
            width = size * max(sum(map(_width, letters)), 0.3)
            marks.append(Letters(letters, x, 0.0, size, width))
            x += width
            ascent, descent = max(ascent, LETTERS[0] * size), max(descent, LETTERS[1] * size)
            continue
        x, ascent, descent = _glyphs(run, sym.italic, size, marks, (x, ascent, descent))
    return Box(x + space, ascent, descent, tuple(marks))


def _glyphs(
    run: Iterable[str], slanted: bool, size: float, marks: list[Mark], so_far: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Sets characters of the font after others: where they end, how high and how deep the line is then."""
    x, ascent, descent = so_far
    for char in run:
        drawn, em, rise = _small(char, size) or (italic(char) if slanted else char, size, 0.0)
        width, low, high = metrics(drawn)
        marks.append(Glyph(drawn, x, -rise, em))
        x += width * em
        ascent, descent = max(ascent, high * em + rise), max(descent, -low * em - rise)
    return x, ascent, descent


def _lacking(char: str) -> bool:
    """Whether neither the font has a character nor it is a small form of one that it has."""
    return not has(char) and _small(char, 1.0) is None


def _width(char: str) -> float:
    """How wide a character is at most, in ems, as far as that is known without its font."""
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0.0
    if ord(char) >= PICTURES:
        return 1.35
    return 1.05 if unicodedata.east_asian_width(char) in "WF" else 0.75


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
    marks: list[Mark] = []
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
        prime = isinstance(math.sup, Sym) and set(math.sup.text) == {"′"}  # which stands high by itself
        sup = typeset(math.sup, size * (1.0 if prime else SMALL))
        rise = max(0.0, base.ascent - 0.7 * size) if prime else max(0.38 * size, base.ascent - 0.32 * size)
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
    marks: list[Mark] = []
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


def _blank(math: Blank, size: float) -> Box:
    """A field about the axis, with its answer in the middle."""
    up = math.height / 2 + AXIS * size
    inside = Box(0.0, 0.0, 0.0, ()) if math.inside is None else typeset(math.inside, size)
    down = (inside.ascent - inside.descent) / 2 - AXIS * size  # of its baseline
    answer = inside.moved((math.width - inside.width) / 2, down)
    return Box(math.width, up, math.height - up, (Field(0.0, -up, math.width, math.height), *answer))


def _hat(math: Hat, size: float) -> Box:
    base = typeset(math.base, size)
    mark = ABOVE[math.mark]
    width, low, high = metrics(mark)
    x = (base.width - width * size) / 2 + 0.06 * size
    y = -(base.ascent - low * size + 0.04 * size)
    return Box(base.width, -y + high * size, base.descent, (*base.marks, Glyph(mark, x, y, size)))

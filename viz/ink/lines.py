"""Lines of words: what is written, set in glyphs by role, stacked, and put at its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from cgraph.notation import Math
from viz.ink.strokes import Point
from viz.ink.typeset import Box, Glyph, Rule, typeset

Run: TypeAlias = "tuple[str, Math]"  # (role, what is written)
Label: TypeAlias = "tuple[Run, ...]"
GAP = 5.0  # between the lines of a stack
TAGGED = "local"  # the role of words that stand on a tag, so that they are told apart without colour
TAG_X, TAG_Y = 2.6, 1.4  # how far a tag reaches beyond its words


class SetLine(NamedTuple):
    """One line of words, set: its runs by role with their offsets, its size, and the tags behind some of its runs."""

    role: str
    width: float
    ascent: float
    descent: float
    runs: tuple[tuple[str, tuple[Glyph | Rule, ...]], ...]
    tags: tuple[Rule, ...] = ()


class PlacedLine(NamedTuple):
    """A line at its place: the left end of its baseline."""

    line: SetLine
    x: float
    y: float

    @property
    def rect(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom)."""
        return self.x, self.y - self.line.ascent, self.x + self.line.width, self.y + self.line.descent


def set_line(role: str, label: Label, size: float) -> SetLine:
    """A label's runs set one after the other; what is local stands on a tag, which is part of the line."""
    x, ascent, descent = 0.0, 0.0, 0.0
    runs, tags = [], []
    for run_role, math in label:
        box: Box = typeset(math, size)
        aside, above = (TAG_X, TAG_Y) if run_role == TAGGED and box.marks else (0.0, 0.0)
        runs.append((run_role, box.moved(x + aside, 0.0)))
        if aside:
            tags.append(Rule(x, -box.ascent - above, box.width + 2 * aside, box.ascent + box.descent + 2 * above))
        x += box.width + 2 * aside
        ascent, descent = max(ascent, box.ascent + above), max(descent, box.descent + above)
    return SetLine(role, x, ascent, descent, tuple(runs), tuple(tags))


def stack_height(lines: Sequence[SetLine]) -> float:
    """How high some lines are, one below the other."""
    return sum(line.ascent + line.descent for line in lines) + GAP * (len(lines) - 1)


def stacked(lines: Sequence[SetLine], centre: Point) -> tuple[PlacedLine, ...]:
    """The lines one below the other, each centred, all about a point."""
    x, y = centre
    top = y - stack_height(lines) / 2
    placed = []
    for line in lines:
        placed.append(PlacedLine(line, x - line.width / 2, top + line.ascent))
        top += line.ascent + line.descent + GAP
    return tuple(placed)


_NOT_IN_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(words: str) -> str:
    """Words without the characters that XML and DOT cannot hold.

    >>> clean("a" + chr(0) + "b")
    'a\N{REPLACEMENT CHARACTER}b'
    """
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", words)

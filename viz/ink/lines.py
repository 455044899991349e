"""Lines of words: what is written, set in glyphs by role, stacked, and put at its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, groupby
from math import hypot
from typing import NamedTuple, TypeAlias

from cgraph.notation import EQUALS, Group, Math, Sym
from viz.ink.strokes import Point
from viz.ink.typeset import Box, Mark, Rule, moved, typeset

Run: TypeAlias = "tuple[str, Math]"  # (role, what is written)
Label: TypeAlias = "tuple[Run, ...]"
NARROWER = 0.85  # a label is broken where that leaves at most so much of its width
GAP = 5.0  # between the lines of a stack
TAGGED = "local"  # the role of words that stand on a tag, so that they are told apart without colour
TAG_X, TAG_Y = 2.6, 1.4  # how far a tag reaches beyond its words
LEADING = 3.0  # between the rows of a label
BREAK: Run = ("break", Sym(""))  # where a label goes on in its next row


class SetLine(NamedTuple):
    """One line of words, set: its runs by role with their offsets, its size, and the tags behind some of its runs."""

    role: str
    width: float
    ascent: float
    descent: float
    runs: tuple[tuple[str, tuple[Mark, ...]], ...]
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


@lru_cache(maxsize=8192)
def set_line(role: str, label: Label, size: float) -> SetLine:
    """A label's runs set one after the other; at a break it goes on in a row below, each row centred.

    What is local stands on a tag, which is part of the line.
    """
    rows = [_set_row(role, row, size) for row in rows_of(label)]
    if len(rows) == 1:
        return rows[0]
    width = max(row.width for row in rows)
    runs: list[tuple[str, tuple[Mark, ...]]] = []
    tags: list[Rule] = []
    y = 0.0  # of the baseline
    for row, above in zip(rows, [None, *rows], strict=False):
        y += above.descent + LEADING + row.ascent if above else 0.0
        runs += [(BREAK[0], ())] if above else []
        x = (width - row.width) / 2
        runs += [(name, moved(marks, x, y)) for name, marks in row.runs]
        tags += [tag._replace(x=tag.x + x, y=tag.y + y) for tag in row.tags]
    return SetLine(role, width, rows[0].ascent, y + rows[-1].descent, tuple(runs), tuple(tags))


def _set_row(role: str, label: Label, size: float) -> SetLine:
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


def rows_of(label: Label) -> list[Label]:
    """The rows of a label, which breaks divide."""
    rows: list[list[Run]] = [[]]
    for run in label:
        if run == BREAK:
            rows.append([])
        else:
            rows[-1].append(run)
    return [tuple(row) for row in rows]


@lru_cache(maxsize=4096)
def wrapped(label: Label, size: float) -> Label:
    """The same label in two rows, broken before one of its signs of equality, where that makes it narrower.

    Of several places the one is taken that leaves the wider row narrowest.
    """
    parts = [
        (i, role, part)
        for i, (role, math) in enumerate(label)
        for part in (math.parts if isinstance(math, Group) else (math,))
    ]
    places = [i for i, (_, _, part) in enumerate(parts) if part == EQUALS and i]
    if not places or BREAK in label:
        return label
    widths = [typeset(part, size).width for _, _, part in parts]
    ends = [0.0, *accumulate(widths)]
    wider, place = min((max(ends[i], ends[-1] - ends[i]), i) for i in places)
    if wider >= NARROWER * ends[-1]:
        return label
    return (*_together(parts[:place]), BREAK, *_together(parts[place:]))


def _together(parts: Sequence[tuple[int, str, Math]]) -> Iterator[Run]:
    """Parts of the same run as one run again."""
    for (_, role), same in groupby(parts, key=lambda part: part[:2]):
        maths = tuple(math for *_, math in same)
        yield role, maths[0] if len(maths) == 1 else Group(maths)


def stack_height(lines: Sequence[SetLine]) -> float:
    """How high some lines are, one below the other."""
    return sum(line.ascent + line.descent for line in lines) + GAP * (len(lines) - 1)


def circle(lines: Sequence[SetLine]) -> tuple[float, float]:
    """The radius of the least circle that holds lines one below the other, and its middle, from theirs down.

    A wide last line, such as a gradient's, wants the middle of the circle; above the middle of the stack there is room.
    """
    ends: list[tuple[float, float, float]] = []
    top = -stack_height(lines) / 2
    for line in lines:
        bottom = top + line.ascent + line.descent
        ends.append((line.width / 2, top, bottom))
        top = bottom + GAP

    def radius(middle: float) -> float:
        return max((hypot(x, max(middle - above, below - middle)) for x, above, below in ends), default=0.0)

    low, high = (ends[0][1], ends[-1][2]) if len(ends) > 1 else (0.0, 0.0)
    while high - low > 0.01:  # a third less each time: the radius falls, and then it rises
        one, other = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, other) if radius(one) <= radius(other) else (one, high)
    middle = round((low + high) / 2, 2)
    return radius(middle), middle


def stacked(lines: Sequence[SetLine], centre: Point, round_: bool = False) -> tuple[PlacedLine, ...]:
    """The lines one below the other, each centred, all about a point; of a circle, where they have most room."""
    x, y = centre
    if round_:
        y -= circle(lines)[1]
    if len(lines) == 1:  # a large picture has thousands of them
        (line,) = lines
        return (PlacedLine(line, x - line.width / 2, y - (line.ascent + line.descent) / 2 + line.ascent),)
    top = y - stack_height(lines) / 2
    placed = []
    for line in lines:
        placed.append(PlacedLine(line, x - line.width / 2, top + line.ascent))
        top += line.ascent + line.descent + GAP
    return tuple(placed)


_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")  # what XML has takes 13 ms to compile


def clean(words: str) -> str:
    """Words without the characters that XML and DOT cannot hold.

    >>> clean("a" + chr(0) + "b")
    'a\N{REPLACEMENT CHARACTER}b'
    """
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", words)

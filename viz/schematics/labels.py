"""Room for the labels beside strokes: each stands close to its own stroke and clear of everything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import hypot
from typing import TypeAlias

from cgraph.notation import Sym
from viz.ink.lines import PlacedLine, set_line
from viz.ink.themes import Theme
from viz.schematics.pieces import ABOVE, BELOW, PASS, Note
from viz.schematics.scene import BETWEEN, PlacedPiece, PlacedStroke, Point, Rect, Text
from viz.schematics.sizing import LEADING

CLEAR = 4.0  # between a label and its own stroke
FREE = (12.0, 9.0, 6.0, 3.5)  # between a label and everything else: as much as there is room for
ALONG = (0.5, 0.42, 0.58, 0.35, 0.65, 0.29, 0.71, 0.24, 0.76, 0.2, 0.8)  # where on the stroke a label may stand
Segment: TypeAlias = tuple[Point, Point]


def place_notes(
    strokes: Sequence[Sequence[PlacedStroke]], pieces: Sequence[PlacedPiece], theme: Theme
) -> tuple[list[Text], set[int]]:
    """The labels of all strokes, gap by gap, and the gaps in which they found no room.

    The labels of a gap stand at the same part of their strokes when that has room, so that they are level.
    """
    rects = [p.rect for p in pieces] + [t.rect for p in pieces for t in p.inside]
    placed: list[Text] = []
    crowded: set[int] = set()
    for gap, group in enumerate(strokes):
        wanted = [(stroke, note) for stroke in group for note in stroke.stroke.notes]
        found = _together(wanted, group, rects, theme)
        if found is None:
            crowded.add(gap)
            continue
        placed += [text for texts in found for text in texts]
        rects += [text.rect for texts in found for text in texts]
    return placed, crowded


def _together(
    wanted: Sequence[tuple[PlacedStroke, Note]], group: Sequence[PlacedStroke], rects: Sequence[Rect], theme: Theme
) -> list[list[Text]] | None:
    """All labels of a gap: at one part of their strokes, else each where it has room; None when one has none."""
    for free in FREE:
        for part in ALONG:
            found = _placed(wanted, [part], free, group, rects, theme)
            if found is not None:
                return found
    return _placed(wanted, ALONG, FREE[-1], group, rects, theme)


def _placed(
    wanted: Sequence[tuple[PlacedStroke, Note]],
    parts: Sequence[float],
    free: float,
    group: Sequence[PlacedStroke],
    rects: Sequence[Rect],
    theme: Theme,
) -> list[list[Text]] | None:
    taken: list[Rect] = []
    found: list[list[Text]] = []
    for stroke, note in wanted:
        others = [line for other in group if other is not stroke for line in other.lines()]
        for texts in _candidates(stroke, note, parts, theme):
            area = _around(texts)
            if (
                not any(_meet(area, r, FREE[-1]) for r in rects)
                and not any(_meet(area, r, free) for r in taken)
                and not any(crosses(line, area, free) for line in others)
                and not any(crosses(line, area, CLEAR - 1.5) for line in stroke.lines())
            ):
                found.append(texts)
                taken.append(area)
                break
        else:
            return None
    return found


def _candidates(stroke: PlacedStroke, note: Note, parts: Sequence[float], theme: Theme) -> Iterator[list[Text]]:
    (x0, y0), (x1, y1) = stroke.start, stroke.end
    length = hypot(x1 - x0, y1 - y0) or 1.0
    nx, ny = -(y1 - y0) / length, (x1 - x0) / length  # points down
    large = note.role == "matrix" or stroke.stroke.role == PASS
    sizes = [theme.title_size if large and not isinstance(x, Sym) else theme.label_size for x in note.lines]
    set_lines = [
        set_line(note.role, ((note.role, label),), size) for label, size in zip(note.lines, sizes, strict=True)
    ]
    width = max(line.width for line in set_lines)
    height = sum(line.ascent + line.descent for line in set_lines) + LEADING * (len(set_lines) - 1)
    away = abs(nx) * width / 2 + abs(ny) * height / 2 + CLEAR + (BETWEEN if stroke.stroke.role == PASS else 0.0)
    for part in parts:
        for side in (note.side,) if note.side else (ABOVE, BELOW):
            x = x0 + part * (x1 - x0) + side * nx * away
            y = y0 + part * (y1 - y0) + side * ny * away - height / 2
            texts = []
            for label, line in zip(note.lines, set_lines, strict=True):
                texts.append(Text(label, PlacedLine(line, x - line.width / 2, y + line.ascent), note.role))
                y += line.ascent + line.descent + LEADING
            yield texts


def _around(texts: Sequence[Text]) -> Rect:
    lefts, tops, rights, bottoms = zip(*(t.rect for t in texts), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _meet(a: Rect, b: Rect, gap: float) -> bool:
    return a[0] < b[2] + gap and b[0] < a[2] + gap and a[1] < b[3] + gap and b[1] < a[3] + gap


def crosses(line: Segment, rect: Rect, gap: float) -> bool:
    """Whether a straight line comes nearer to a rectangle than `gap` (Liang and Barsky 1984).

    >>> crosses(((0, 0), (10, 0)), (4, 1, 6, 3), 0.5), crosses(((0, 0), (10, 0)), (4, 1, 6, 3), 1.5)
    (False, True)
    """
    (x0, y0), (x1, y1) = line
    left, top, right, bottom = rect[0] - gap, rect[1] - gap, rect[2] + gap, rect[3] + gap
    low, high = 0.0, 1.0
    for start, step, least, most in ((x0, x1 - x0, left, right), (y0, y1 - y0, top, bottom)):
        if abs(step) < 1e-9:
            if not least < start < most:
                return False
            continue
        near, far = sorted(((least - start) / step, (most - start) / step))
        low, high = max(low, near), min(high, far)
    return low < high

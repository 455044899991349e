"""Exercises on sheets of paper: which way each is laid out so that all fit at their true size, and the pages as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from cgraph.errors import ValueRefusedError, did_you_mean
from cgraph.notation import Sym
from viz.asked import Passes
from viz.graphs.paint import paint
from viz.graphs.paint.legend import foot
from viz.graphs.places.engine import TIME_LIMIT
from viz.graphs.places.fit import Page, fitted, smallest_of
from viz.graphs.places.layout import Layout, reworded
from viz.graphs.places.measure import measured
from viz.graphs.words.drawing import Drawing
from viz.ink import pen
from viz.ink.document import background, document
from viz.ink.lines import PlacedLine, SetLine, set_line
from viz.ink.themes import Theme
from viz.ink.typeset import Glyph
from viz.worksheets.blanks import Asked, Field, emptied, fields, with_fields

MILLIMETRE = 72 / 25.4
PAPERS = {"A4": (210.0, 297.0), "A3": (297.0, 420.0), "letter": (215.9, 279.4)}  # millimetres
MARGIN = 15 * MILLIMETRE
FIELD = Field(18.2 * MILLIMETRE, 7.0 * MILLIMETRE)
LEAST = 9.0  # points: the smallest text
SIZES = {"title_size": 12.5, "value_size": 12.0, "label_size": 12.0, "caption_size": 11.0}
LARGER = (1.45, 1.2, 1.0)  # times as large as they must be, the first that fits
HEAD, LINE, APART = 34.0, 15.0, 10.0  # of a page: its head, a line of words, free space
WORKING = 26 * MILLIMETRE  # free height from which on it is squared for working
SQUARE = 5 * MILLIMETRE


class Placed(NamedTuple):
    """An exercise at its place on its page: its words in lines, its picture, and the room that it has."""

    drawing: Drawing
    layout: Layout
    words: tuple[SetLine, ...]
    room: tuple[float, float]

    @property
    def free(self) -> float:
        """The height that nothing needs."""
        return self.room[1] - LINE * len(self.words) - self.layout.height - APART


@dataclass(frozen=True)
class Sheet:
    """One page: its exercises as they are placed, with their answers, on paper of a size in points."""

    size: tuple[float, float]
    title: str
    number: str
    task: str
    asked: Asked
    theme: Theme
    exercises: tuple[Placed, ...]

    def svg(self, answers: bool) -> str:
        """The page, filled in or not."""
        width, height = self.size
        title = f"{self.title}: answers" if answers else self.title
        drawn = [e if answers else emptied_exercise(e, self.theme) for e in self.exercises]
        lines = list(self._head(title, answers))
        body, words = [], []
        top = MARGIN + HEAD
        for placed in drawn:
            words += [PlacedLine(line, MARGIN, top + LINE * (i + 0.8)) for i, line in enumerate(placed.words)]
            y = top + LINE * len(placed.words)
            left = MARGIN + (placed.room[0] - placed.layout.width) / 2
            if placed.free >= WORKING:
                body += _squared(y + placed.layout.height + APART / 2, top + placed.room[1] - APART, width)
            else:
                y += max(0.0, placed.free) / 2
            picture = paint.body(placed.layout, self.theme, self.asked.show, placed.drawing, 0.0)
            body += [f'<g transform="translate({pen.number(left)} {pen.number(y)})" data-role="exercise">', *picture, "</g>"]
            top += placed.room[1]
        legend = foot(drawn[0].drawing, self.theme, self.asked.show, "", width - 2 * MARGIN)
        body += legend.paint(width, height - MARGIN - legend.height, self.theme)
        body += [pen.line(line, self.theme) for line in (*lines, *words)]
        used = set().union(*(paint.characters(p.layout, self.theme, self.asked.show, "", p.drawing) for p in drawn))
        used |= pen.characters([*legend.lines, *(line.line for line in (*lines, *words))])
        said = f"{title}. {self.number}. " + " ".join(_said(p, answers) for p in drawn)
        ground = background(self.theme.background, "background")
        return "\n".join(document(self.size, title, said, used, ground, body))

    def _head(self, title: str, answers: bool) -> Iterator[PlacedLine]:
        width = self.size[0]
        left = _line(title, 14.0, self.theme)
        yield PlacedLine(left, MARGIN, MARGIN + 12.0)
        right = _line(self.number if answers else f"Name {'_' * 24}  {self.number}".strip(), 11.0, self.theme)
        yield PlacedLine(right, width - MARGIN - right.width, MARGIN + 12.0)


def _said(placed: Placed, answers: bool) -> str:
    nodes = ". ".join("; ".join(b.title.split("\n")) for b in placed.drawing.boxes)
    return f"{nodes}." if not answers else f"{nodes}. Filled in."


def emptied_exercise(placed: Placed, theme: Theme) -> Placed:
    """The same places with empty fields, which are as large."""
    drawing = emptied(placed.drawing)
    layout = reworded(placed.layout, drawing, theme)

    def again(line: PlacedLine | None, role: str, label: object) -> PlacedLine | None:
        return None if line is None else line._replace(line=set_line(role, label, theme.label_size))  # type: ignore[arg-type]

    edges = tuple(
        p._replace(
            local=again(p.local, "local", p.edge.local), downstream=again(p.downstream, "backward", p.edge.downstream)
        )
        for p in layout.edges
    )
    return placed._replace(drawing=drawing, layout=replace(layout, edges=edges))


def _squared(top: float, bottom: float, width: float) -> list[str]:
    """Squared paper for working, between two heights."""
    right, count = width - MARGIN, int((bottom - top) // SQUARE)
    columns = int((right - MARGIN) // SQUARE)
    left, low = MARGIN + (right - MARGIN - columns * SQUARE) / 2, top + count * SQUARE
    ends = [(left, top + i * SQUARE, left + columns * SQUARE, top + i * SQUARE) for i in range(count + 1)]
    ends += [(left + i * SQUARE, top, left + i * SQUARE, low) for i in range(columns + 1)]
    d = "".join(f"M{pen.number(a)} {pen.number(b)}L{pen.number(c)} {pen.number(e)}" for a, b, c, e in ends)
    return [f'<g data-role="working"><path d="{d}" fill="none" stroke="#c9c9c9" stroke-width="0.5"/></g>']


# What fits -----------------------------------------------------------------------------------------------------------
def sheets(
    pages: Sequence[Sequence[Passes]],
    choices: Sequence[Asked],
    style: str,
    theme: Theme,
    paper: str,
    title: str,
    numbers: Sequence[str],
    task: str | None,
) -> list[Sheet]:
    """The pages, all laid out in one way: the first of the choices that fits, with fields as large as may be.

    Raises ValueRefusedError when none fits, and for paper that there is not.
    """
    if paper not in PAPERS:
        raise ValueRefusedError(f"there is no paper {paper!r}", fix=did_you_mean(paper, PAPERS, f"choose {', '.join(PAPERS)}"))
    short, long = (side * MILLIMETRE for side in PAPERS[paper])
    best = 0.0
    for asked in choices:
        words = task if task is not None else asked.task
        for larger in LARGER:
            for size in ((short, long), (long, short)):
                made: list[Sheet] = []
                for page, number in zip(pages, numbers, strict=True):
                    found, share = _page(page, asked, style, theme, size, larger, words)
                    best = max(best, share * larger)
                    if found is None:
                        break
                    made.append(Sheet(size, title, number, words, asked, sized(theme, larger), found))
                if len(made) == len(pages):
                    return made
    count = len(pages[0])
    raise ValueRefusedError(
        f"{'an exercise' if count == 1 else f'{count} exercises'} on one page of {paper}",
        why=f"its fields would be {18 * best:.0f} mm wide and its smallest text {LEAST * best:.1f} points, "
        f"too small to write in and to read",
        fix="take fewer exercises a sheet, a smaller graph, "
        + ("paper='A3', " if paper != "A3" else "")
        + "or fewer blanks, such as blanks='gradient'",
    )


def sized(theme: Theme, larger: float) -> Theme:
    """The theme in the sizes of a sheet."""
    return replace(theme, **{name: round(larger * size, 2) for name, size in SIZES.items()})  # type: ignore[arg-type]


def _page(
    page: Sequence[Passes], asked: Asked, style: str, theme: Theme, size: tuple[float, float], larger: float, task: str
) -> tuple[tuple[Placed, ...] | None, float]:
    """The exercises of one page, or None, and which share of their size they could have at most."""
    theme = sized(theme, larger)
    width = size[0] - 2 * MARGIN
    height = (size[1] - 2 * MARGIN - HEAD - 34.0) / len(page)
    placed: list[Placed] = []
    for i, passes in enumerate(page):
        words = f"{i + 1}. {task}" if len(page) > 1 else task
        lines = tuple(_broken(words, theme, width))
        room = width, height - LINE * len(lines) - APART
        drawing = with_fields(passes, style, asked, theme, Field(larger * FIELD.width, larger * FIELD.height))
        smallest = smallest_of(measured(drawing, theme))
        enough = Page(room[0], room[1], smallest, "on a sheet")
        found = fitted(drawing, theme, ("LR", "TB"), enough, lambda d, s: s, None, TIME_LIMIT)
        share = min(room[0] / found.layout.width, room[1] / found.layout.height, 1.0)
        if share < 1.0 or smallest < LEAST:
            return None, min(share, smallest / LEAST)
        placed.append(Placed(found.drawing, found.layout, lines, (width, height)))
    return tuple(placed), 1.0


def _line(words: str, size: float, theme: Theme) -> SetLine:
    return set_line("words", (("words", Sym(words)),), size)


def _broken(words: str, theme: Theme, width: float) -> Iterator[SetLine]:
    """Words in lines no wider than this, where their spaces allow it."""
    kept = ""
    for word in words.split():
        longer = f"{kept} {word}".strip()
        if kept and _line(longer, theme.caption_size, theme).width > width:
            yield _line(kept, theme.caption_size, theme)
            longer = word
        kept = longer
    if kept:
        yield _line(kept, theme.caption_size, theme)


def smallest(sheet: Sheet) -> tuple[float, float]:
    """The size of the smallest letter of a sheet's pictures, and the width of its narrowest field, in points."""
    letters = [g.size for e in sheet.exercises for line in _lines(e) for _, run in line.runs for g in run if isinstance(g, Glyph)]
    return min(letters), min((f.width for e in sheet.exercises for f in fields(e.drawing)), default=0.0)


def _lines(placed: Placed) -> Iterator[SetLine]:
    for box in placed.layout.boxes:
        yield from (line.line for line in box.lines)
    for edge in placed.layout.edges:
        yield from (label.line for label in (edge.local, edge.downstream) if label)

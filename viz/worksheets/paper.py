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
from viz.graphs.places.fit import fitted, smallest_text
from viz.graphs.places.layout import MARGIN as AROUND
from viz.graphs.places.layout import Layout, reworded
from viz.graphs.places.measure import measured
from viz.graphs.words.drawing import Drawing
from viz.ink import pen
from viz.ink.document import background, document
from viz.ink.lines import Label, PlacedLine, SetLine, set_line
from viz.ink.page import Page, smallest_of
from viz.ink.themes import Theme
from viz.worksheets.blanks import Asked, FieldSize, emptied, fields, with_fields

MILLIMETRE = 72 / 25.4
PAPERS = {"A4": (210.0, 297.0), "A3": (297.0, 420.0), "letter": (215.9, 279.4)}  # millimetres
MARGIN = 10 * MILLIMETRE
FIELD = FieldSize(18.05 * MILLIMETRE, 6.2 * MILLIMETRE)
LEAST, LEAST_FIELD = 9.0, 18 * MILLIMETRE  # the smallest text, and the narrowest field
SIZES = {"title_size": 11.6, "value_size": 11.6, "label_size": 11.6, "caption_size": 11.0}
LARGER = (1.45, 1.0)  # times as large as they must be: the distances between them are not
MOST = 1.45
TEXT = 11.0  # points of sentences
HEAD, FOOT, LINE, APART = 30.0, 32.0, 15.0, 10.0  # of a page: its head and its legend, a line of words, free space
WORKING = 26 * MILLIMETRE  # free height from which on it is squared for working
SQUARE = 5 * MILLIMETRE


class Placed(NamedTuple):
    """An exercise at its place on its page: its words in lines, its picture, and the room that it has."""

    drawing: Drawing
    layout: Layout
    words: tuple[SetLine, ...]
    room: tuple[float, float]
    scale: float

    @property
    def free(self) -> float:
        """The height that nothing needs."""
        return self.room[1] - LINE * len(self.words) - self.height - APART

    @property
    def height(self) -> float:
        """The height of the picture without the free space around it."""
        return self.scale * (self.layout.height - 2 * AROUND)


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
            y = top + LINE * len(placed.words) + APART / 2
            left = MARGIN + (placed.room[0] - placed.scale * placed.layout.width) / 2
            if placed.free >= WORKING:
                body += _squared(y + placed.height + APART, top + placed.room[1] - APART, width)
            else:
                y += max(0.0, placed.free) / 2
            picture = paint.body(placed.layout, self.theme, self.asked.show, placed.drawing, 0.0)
            place = f"translate({pen.number(left)} {pen.number(y - placed.scale * AROUND)})"
            body += [f'<g transform="{place} scale({placed.scale:g})" data-role="exercise">', *picture, "</g>"]
            top += placed.room[1]
        small = replace(self.theme, caption_size=SIZES["caption_size"])
        legend = foot(drawn[0].drawing, small, self.asked.show, "", width - 2 * MARGIN)
        body += legend.paint(width, height - MARGIN - legend.height + 8.0, small)
        body += [pen.line(line, self.theme) for line in (*lines, *words)]
        used = set().union(*(paint.characters(p.layout, self.theme, self.asked.show, "", p.drawing) for p in drawn))
        used |= pen.characters([*legend.lines, *(line.line for line in (*lines, *words))])
        said = f"{title}. {self.number}. " + " ".join(_said(p, answers) for p in drawn)
        ground = background(self.theme.background, "background")
        return "\n".join(document(self.size, title, said, used, ground, body))

    def _head(self, title: str, answers: bool) -> Iterator[PlacedLine]:
        width = self.size[0]
        left = _line(title, 14.0)
        yield PlacedLine(left, MARGIN, MARGIN + 12.0)
        right = _line(self.number if answers else f"Name {'_' * 24}  {self.number}".strip(), TEXT)
        yield PlacedLine(right, width - MARGIN - right.width, MARGIN + 12.0)


def _said(placed: Placed, answers: bool) -> str:
    nodes = ". ".join("; ".join(b.title.split("\n")) for b in placed.drawing.boxes)
    return f"{nodes}." if not answers else f"{nodes}. Filled in."


def emptied_exercise(placed: Placed, theme: Theme) -> Placed:
    """The same places with empty fields, which are as large."""
    drawing = emptied(placed.drawing)
    layout = reworded(placed.layout, drawing, theme)

    def again(line: PlacedLine | None, role: str, label: Label) -> PlacedLine | None:
        return None if line is None else line._replace(line=set_line(role, label, theme.label_size))

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
        raise ValueRefusedError(
            f"there is no paper {paper!r}", fix=did_you_mean(paper, PAPERS, f"choose {', '.join(PAPERS)}")
        )
    short, long = (side * MILLIMETRE for side in PAPERS[paper])
    best = 0.0
    for asked in choices:
        words = task if task is not None else asked.task
        ways = [(larger, size) for larger in LARGER for size in ((short, long), (long, short))]
        firsts = [_page(pages[0], asked, style, theme, size, larger, words) for larger, size in ways]
        shares = dict(zip(ways, map(_share, firsts), strict=True))
        best = max(best, *shares.values())
        for way in sorted((w for w in ways if shares[w] >= 1.0), key=lambda w: shares[w], reverse=True):
            larger, size = way
            found = [_page(page, asked, style, theme, size, larger, words) for page in pages]
            if all(_share(page) >= 1.0 for page in found):
                own = sized(theme, larger)
                return [
                    Sheet(size, title, number, words, asked, own, page)
                    for page, number in zip(found, numbers, strict=True)
                ]
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
) -> tuple[Placed, ...]:
    """The exercises of one page, each as large as its room lets it be."""
    theme = sized(theme, larger)
    width = size[0] - 2 * MARGIN
    height = (size[1] - 2 * MARGIN - HEAD - (FOOT if asked.show == paint.BOTH else 0.0)) / len(page)
    placed: list[Placed] = []
    for i, passes in enumerate(page):
        words = f"{i + 1}. {task}" if len(page) > 1 else task
        lines = tuple(_broken(words, width))
        room = width + 2 * AROUND, height - LINE * len(lines) - APART + 2 * AROUND  # which is free
        drawing = with_fields(passes, style, asked, theme, FieldSize(larger * FIELD.width, larger * FIELD.height))
        least = smallest_text(measured(drawing, theme))
        enough = Page(room[0], room[1], least, "on a sheet")
        found = fitted(drawing, theme, ("LR", "TB"), enough, lambda d, s: s, None, TIME_LIMIT)
        layout = found.layout()
        inked = [side - 2 * AROUND for side in (layout.width, layout.height)]
        scale = min((room[0] - 2 * AROUND) / inked[0], (room[1] - 2 * AROUND) / inked[1], MOST / larger)
        placed.append(Placed(found.drawing, layout, lines, (width, height), round(scale, 4)))
    return tuple(placed)


def _share(page: Sequence[Placed]) -> float:
    """How large the smallest letter and the narrowest field are, as a multiple of what they must be."""
    letters, field = smallest(page)
    return min(letters / LEAST, field / LEAST_FIELD if field else letters / LEAST)


def _line(words: str, size: float) -> SetLine:
    return set_line("words", (("words", Sym(words)),), size)


def _broken(words: str, width: float) -> Iterator[SetLine]:
    """Words in lines no wider than this, where their spaces allow it."""
    kept = ""
    for word in words.split():
        longer = f"{kept} {word}".strip()
        if kept and _line(longer, TEXT).width > width:
            yield _line(kept, TEXT)
            longer = word
        kept = longer
    if kept:
        yield _line(kept, TEXT)


def smallest(exercises: Sequence[Placed]) -> tuple[float, float]:
    """The size of the smallest letter of some exercises, and the width of their narrowest field, in points."""
    letters = [e.scale * smallest_of(_lines(e)) for e in exercises]
    widths = [e.scale * f.width for e in exercises for f in fields(e.drawing)]
    return min(letters), min(widths, default=0.0)


def _lines(placed: Placed) -> Iterator[SetLine]:
    for box in placed.layout.boxes:
        yield from (line.line for line in box.lines)
    for edge in placed.layout.edges:
        yield from (label.line for label in (edge.local, edge.downstream) if label)

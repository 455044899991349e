"""A picture that fits its page: of several ways to lay it out, the one whose text is largest at the asked width.

What can give is tried in this order: words in two rows, also in boxes; another direction; rows, as text wraps; less
detail. A picture that is read in one row stays in one row. Sizes are estimated before anything is placed, and the few
best are placed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from viz.graphs.places.layers import layers
from viz.graphs.places.layout import Arranged, Layout, arranged, estimated, large
from viz.graphs.places.measure import Measured, measured
from viz.graphs.places.rows import places_to_cut
from viz.graphs.words.drawing import Drawing
from viz.graphs.words.wrapped import in_rows
from viz.ink.lines import SetLine
from viz.ink.page import SHEET, SQUARE, WIDEST, Fit, Page, smallest_of, worth
from viz.ink.themes import Theme

PLACED = 3  # so many ways are placed and compared
NEARLY = 1.15  # by how much sizes may be estimated wrong
ROWS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25)  # that are tried
LINE = 0.25  # what each line from row to row costs besides the first, in points of text
SHORTEST = 2  # layers of a row


class Judged(NamedTuple):
    """How good a way is: whether it is one row that is read and has a good shape, which comes first, and its worth."""

    enough: bool
    value: float
    text: float = 0.0
    ratio: float = 0.0


class Fitted(NamedTuple):
    """A drawing with its words as they are broken, in its direction; its places are found when they are asked for."""

    drawing: Drawing
    layout: Callable[[], Layout]
    direction: str
    fit: Fit

    def that_gave(self, *more: str) -> Fitted:
        """The same, with more that had to give."""
        return self._replace(fit=replace(self.fit, gave=(*self.fit.gave, *more)))


@dataclass(frozen=True)
class Way:
    """One way to lay a drawing out."""

    form: int
    direction: str
    rows: int

    @property
    def cost(self) -> float:
        """How far it is from one straight line with words in one row each, in points of text."""
        turned = 1.2 if self.direction == "TB" else 0.0
        return 0.3 * self.form + turned + (0.5 + 0.3 * self.rows if self.rows > 1 else 0.0)

    @property
    def gave(self) -> tuple[str, ...]:
        """What gave, in words."""
        said = ["", "words in two rows", "words in two rows, in boxes too"][self.form]
        turned = "top down" if self.direction == "TB" else ""
        rows = f"in {self.rows} rows" if self.rows > 1 else ""
        return tuple(filter(None, (said, turned, rows)))


Whole = Callable[[Drawing, "tuple[float, float]"], "tuple[float, float]"]


def fitted(
    drawing: Drawing,
    theme: Theme,
    directions: Sequence[str],
    page: Page,
    whole: Whole,
    engine: str | None,
    time_limit: float,
) -> Fitted:
    """A drawing at its best places.

    `whole` is the size of a picture with what stands below it. Raises LayoutError.
    """
    forms = [drawing]
    if not large(drawing):
        forms += [in_rows(drawing, theme, boxes=False), in_rows(drawing, theme, boxes=True)]
    sizes = [measured(form, theme) for form in forms]
    ways = list(_ways(sizes, directions))
    glyphs = list(map(smallest_text, sizes))
    lines: Counter[Way] = Counter()  # that lead from row to row

    def judged(way: Way, size: tuple[float, float], wrong: float = 1.0) -> Judged:
        width, height = whole(forms[way.form], size)
        easy, least = (
            glyphs[way.form] * min(page.width / width, (page.height or page.width / shape) / height)
            for shape in (SQUARE, SHEET)
        )
        cost = way.cost + LINE * max(0, lines[way] - way.rows + 1)
        ratio = width / height
        shaped = page.height is not None or SQUARE <= wrong * ratio <= wrong**2 * WIDEST
        enough = way.rows == 1 and way.direction == directions[0] and shaped and wrong * least >= page.smallest
        return Judged(enough, worth(easy, least, ratio, page) - cost, least, ratio)

    guesses = dict.fromkeys(ways, Judged(False, float("inf")))
    if len(ways) > 1:
        sketches = {way: estimated(sizes[way.form], way.direction, way.rows) for way in ways}
        lines.update({way: count for way, (_, count) in sketches.items()})
        guesses = {way: judged(way, size, NEARLY) for way, (size, _) in sketches.items()}
    best: tuple[Judged, Way, Arranged] | None = None
    for likely in (True, False):  # to be read in one row
        some = sorted((w for w in ways if guesses[w].enough == likely), key=lambda w: guesses[w].value, reverse=True)
        for way in some[:PLACED]:
            if best is not None and best[0] >= guesses[way]:
                break  # the others are likely to be no better
            tried = arranged(sizes[way.form], way.direction, engine, time_limit, way.rows)
            found = judged(way, tried.size)
            if best is None or found > best[0]:
                best = found, way, tried
    assert best is not None
    (_, _, text, ratio), way, chosen = best
    return Fitted(forms[way.form], chosen.layout, way.direction, Fit(page, text, ratio, way.gave))


def _ways(sizes: Sequence[Measured], directions: Sequence[str]) -> Iterator[Way]:
    drawing = sizes[0].drawing
    if large(drawing):
        yield Way(0, directions[0], 1)
        return
    layer = layers([box.id for box in drawing.boxes], drawing.edges, (), drawing.frames)
    most = max(1, max(layer.values(), default=0) // (2 * SHORTEST))
    most = min(most, 1 + len(places_to_cut(layer, drawing.frames)))
    for direction in directions:
        for form in range(len(sizes)):
            if form and sizes[form].drawing == sizes[form - 1].drawing:
                continue
            for rows in [n for n in ROWS if n <= most and (n == 1 or direction == "LR")]:
                yield Way(form, direction, rows)


def smallest_text(sizes: Measured) -> float:
    """The size of the smallest glyph, in points of the drawing."""
    lines: list[SetLine | None] = [line for stack in sizes.lines.values() for line in stack]
    lines += [line for words in sizes.words.values() for line in words]
    return smallest_of([*lines, *sizes.beside.values()])

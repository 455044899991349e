"""A picture that fits its page: of several ways to lay it out, the one whose text is largest at the asked width.

What can give is tried in this order: words in two rows, also in boxes; another direction; rows, as text wraps; less
detail. Sizes are estimated before anything is placed, and the few best are placed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import log2
from typing import NamedTuple

from cgraph.errors import ValueRefusedError
from viz.graphs.places.layers import layers
from viz.graphs.places.layout import Arranged, Layout, arranged, estimated, large
from viz.graphs.places.measure import Measured, measured
from viz.graphs.places.rows import places_to_cut
from viz.graphs.words.drawing import Drawing
from viz.graphs.words.wrapped import in_rows
from viz.ink.lines import SetLine
from viz.ink.themes import Theme
from viz.ink.typeset import Glyph

UNITS = {"cm": 72 / 2.54, "mm": 72 / 25.4, "in": 72.0, "pt": 1.0, "px": 0.75}  # in points
SMALLEST = 6.0  # points
MOST_TEXT = 100.0  # points
COMFORT = 8.0  # points: larger text is not better
WIDEST, SQUARE, SHEET = 2.4, 1.0, 0.65  # ratios of width to height: as wide as may be, as high as is well, as a sheet
HIGH = 1.0  # how bad it is to be higher than wide, where to be too wide is 1
SMALL = 8.0  # how bad it is for text to be a point too small
PLACED = 3  # so many ways are placed and compared
ROWS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25)  # that are tried
LINE = 0.25  # what each line from row to row costs besides the first, in points of text
SHORTEST = 2  # layers of a row


@dataclass(frozen=True)
class Page:
    """Where a picture goes: its width and, where there is a limit, its height, and its smallest text, all in points."""

    width: float
    height: float | None
    smallest: float
    name: str
    asked: bool = True


def page_of(width: str | float | None, height: str | float | None, smallest: float | None) -> Page:
    """The page of a width such as "16cm", "slide" or "column"; a number is in points.

    Raises ValueRefusedError for what is no length.

    >>> page_of("8.4cm", None, None).width
    238.1...
    """
    if smallest is not None and (isinstance(smallest, bool) or not 0 < float(smallest) <= MOST_TEXT):
        raise ValueRefusedError(
            f"smallest text of {smallest!r} points", why=f"that is a number up to {MOST_TEXT:g}", fix="give smallest=6"
        )
    if width == "slide":
        least = 12 * UNITS["px"] if smallest is None else float(smallest)
        return Page(1280 * UNITS["px"], 720 * UNITS["px"], least, "on a slide")
    least = SMALLEST if smallest is None else float(smallest)
    named = {None: "16cm", "page": "16cm", "column": "8.4cm"}
    asked = named.get(width, width) if width is None or isinstance(width, str) else width
    points = length(asked, "width")
    name = f"at a width of {points / UNITS['cm']:.3g} cm"
    return Page(points, None if height is None else length(height, "height"), least, name, width is not None)


def length(given: str | float | None, what: str) -> float:
    """A length in points. Raises ValueRefusedError."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(cm|mm|in|pt|px)?\s*", str(given))
    points = float(found[1]) * UNITS[found[2] or "pt"] if found else 0.0
    if not 10 <= points <= 100_000:
        raise ValueRefusedError(
            f"{given!r} is no {what} of a picture",
            fix=f'give a length such as {what}="16cm", "160mm", "6.3in", "454pt" or "800px"'
            + (', or "page", "column" or "slide"' if what == "width" else ""),
        )
    return points


@dataclass(frozen=True)
class Fit:
    """How a picture fits its page: the size of its smallest text there in points, its ratio, and what had to give."""

    page: Page
    smallest: float
    ratio: float
    gave: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether its smallest text is large enough."""
        return self.smallest >= self.page.smallest - 1e-9

    def __str__(self) -> str:
        said = f"{self.page.name} its smallest text has {self.smallest:.1f} pt"
        if not self.fits:
            said += f", less than {self.page.smallest:g}: draw a part of it, fold it, or give it more width"
        return "; ".join((said, *self.gave))


class Fitted(NamedTuple):
    """A drawing with its words as they are broken, at its places, in its direction."""

    drawing: Drawing
    layout: Layout
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
    glyphs = list(map(smallest_of, sizes))
    lines: Counter[Way] = Counter()  # that lead from row to row

    def judged(way: Way, size: tuple[float, float]) -> tuple[float, float, float]:
        width, height = whole(forms[way.form], size)
        easy, least = (
            glyphs[way.form] * min(page.width / width, (page.height or page.width / shape) / height)
            for shape in (SQUARE, SHEET)
        )
        worth = _worth(easy, least, width / height, page) - way.cost - LINE * max(0, lines[way] - way.rows + 1)
        return worth, least, width / height

    guesses = dict.fromkeys(ways, float("inf"))
    if len(ways) > 1:
        sketches = {way: estimated(sizes[way.form], way.direction, way.rows) for way in ways}
        lines.update({way: count for way, (_, count) in sketches.items()})
        guesses = {way: judged(way, size)[0] for way, (size, _) in sketches.items()}
        ways.sort(key=guesses.__getitem__, reverse=True)
    best: tuple[tuple[float, float, float], Way, Arranged] | None = None
    for way in ways[:PLACED]:
        if best is not None and best[0][0] >= guesses[way]:
            break  # the others are likely to be no better
        tried = arranged(sizes[way.form], way.direction, engine, time_limit, way.rows)
        found = judged(way, tried.size)
        if best is None or found[0] > best[0][0]:
            best = found, way, tried
    assert best is not None
    (_, text, ratio), way, chosen = best
    return Fitted(forms[way.form], chosen.layout(), way.direction, Fit(page, text, ratio, way.gave))


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


def _worth(easy: float, least: float, ratio: float, page: Page) -> float:
    """How good a picture is: the size of its text, as far as that is read more easily, less for a bad shape.

    `easy` is that size where the picture is no higher than wide, `least` where it is no higher than a sheet.
    """
    shape = max(0.0, log2(ratio / WIDEST), HIGH * log2(SQUARE / ratio)) if page.height is None else 0.0
    return min(easy, COMFORT) - SMALL * max(0.0, page.smallest - least) - 4 * shape


def smallest_of(sizes: Measured) -> float:
    """The size of the smallest glyph, in points of the drawing."""
    lines: list[SetLine | None] = [line for stack in sizes.lines.values() for line in stack]
    lines += [line for words in sizes.words.values() for line in words]
    glyphs = (g.size for line in lines if line for _, run in line.runs for g in run if isinstance(g, Glyph))
    return min(glyphs, default=SMALLEST)

"""Where a picture goes, and how well it fits there: what pictures of graphs and of nets have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import log2

from cgraph.errors import ValueRefusedError
from viz.ink.lines import SetLine
from viz.ink.typeset import Glyph

UNITS = {"cm": 72 / 2.54, "mm": 72 / 25.4, "in": 72.0, "pt": 1.0, "px": 0.75}  # in points
SMALLEST = 6.0  # points
MOST_TEXT = 100.0  # points
COMFORT = 8.0  # points: larger text is not better
WIDEST, SQUARE, SHEET = 2.4, 1.0, 0.65  # ratios of width to height: as wide as may be, as high as is well, as a sheet
HIGH = 1.0  # how bad it is to be higher than wide, where to be too wide is 1
SMALL = 8.0  # how bad it is for text to be a point too small


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
    fix: str = "draw a part of it, fold it, or give it more width"

    @property
    def fits(self) -> bool:
        """Whether its smallest text is large enough."""
        return self.smallest >= self.page.smallest - 1e-9

    def __str__(self) -> str:
        said = f"{self.page.name} its smallest text has {self.smallest:.1f} pt"
        if not self.fits:
            said += f", less than {self.page.smallest:g}: {self.fix}"
        return "; ".join((said, *self.gave))


def worth(easy: float, least: float, ratio: float, page: Page) -> float:
    """How good a picture is: the size of its text, as far as that is read more easily, less for a bad shape.

    `easy` is that size where the picture is no higher than wide, `least` where it is no higher than a sheet.
    """
    shape = max(0.0, log2(ratio / WIDEST), HIGH * log2(SQUARE / ratio)) if page.height is None else 0.0
    return min(easy, COMFORT) - SMALL * max(0.0, page.smallest - least) - 4 * shape


def smallest_of(lines: Iterable[SetLine | None]) -> float:
    """The size of the smallest glyph of some lines, in points of the drawing."""
    glyphs = (g.size for line in lines if line for _, run in line.runs for g in run if isinstance(g, Glyph))
    return min(glyphs, default=SMALLEST)

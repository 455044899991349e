"""A schematic that fits its page: of several ways to lay it out, the one whose text is largest at the asked width.

What can give: the gaps between columns, and rows. Panels stand side by side or one below the other; a single one goes
on in the next row.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from viz.ink.page import COMFORT, SHEET, SQUARE, WIDEST, Fit, Page, smallest_of, worth
from viz.ink.themes import Theme
from viz.schematics.layout import lay_out
from viz.schematics.paint import size_of
from viz.schematics.pieces import Schematic
from viz.schematics.scene import Scene

SQUEEZED = {
    1.0: 0.0,
    0.75: 0.4,
    0.6: 0.6,
    0.5: 0.7,
}  # what is left of the gaps between columns, and its cost in points of text
MOST_ROWS = 4
ROW = 0.8  # what a row costs, in points of text
FIX = "show fewer units, or give it more width"


def fitted(panels: Sequence[Schematic], theme: Theme, caption: str, page: Page) -> tuple[Scene, Fit]:
    """The panels at their best places, and how they fit."""
    most = len(panels) if len(panels) > 1 else min(MOST_ROWS, max(1, (len(panels[0].columns) - 1) // 2))
    best: tuple[float, Scene, Fit] | None = None
    for rows, squeezed in product(sorted({1, most, *range(1, most if len(panels) == 1 else 1)}), SQUEEZED):
        scene = lay_out(panels, theme, squeezed, rows)
        width, height = size_of(scene, theme, caption)
        glyph = smallest_of(t.placed.line for t in (*scene.texts, *(t for p in scene.pieces for t in p.inside)))
        easy, least = (
            glyph * min(page.width / width, (page.height or page.width / shape) / height) for shape in (SQUARE, SHEET)
        )
        gave = (["gaps are narrower"] if squeezed < 1 else []) + ([f"in {rows} rows"] if rows > 1 else [])
        fit = Fit(page, least, width / height, tuple(gave), FIX)
        value = worth(easy, least, width / height, page) - SQUEEZED[squeezed] - ROW * (rows - 1)
        if best is None or value > best[0]:
            best = value, scene, fit
        if least >= COMFORT and width / height <= WIDEST:
            break  # what is tried next has to give more
    assert best is not None
    return best[1:]

"""Heat maps as SVG: the cells of one colour are one path, and a bar marks each negative one."""

from __future__ import annotations

from typing import Any

import numpy as np

from viz.graphs.words.heat import TINTS, Heat, cell_side, colour
from viz.ink.colours import ink
from viz.ink.pen import number
from viz.ink.themes import Theme

BAR = (0.22, 0.42, 0.56, 0.16)  # the bar of a negative cell: left, top, width, height, in cells


def heat_map(heat: Heat, id_: str, left: float, top: float, theme: Theme) -> str:
    """The cells of a box's heat map with its upper left corner at (left, top)."""
    cells = heat.cells[id_]
    tints = np.vectorize(lambda value: heat.tint(value, id_), otypes=[int])(cells)
    return painted(tints, left, top, cell_side(*cells.shape), theme, np.isnan(cells))


def painted(tints: Any, left: float, top: float, side: float, theme: Theme, unknown: Any = None) -> str:
    """Rows of tints as cells; those that are unknown are grey."""
    areas: dict[str, list[str]] = {}
    rows, columns = tints.shape
    for i in range(rows):
        y = top + i * side
        start = 0
        for j in range(1, columns + 1):  # cells beside each other of one colour are one rectangle
            here = _colour(tints, unknown, i, start, theme)
            if j == columns or _colour(tints, unknown, i, j, theme) != here:
                areas.setdefault(here, []).append(_area(left + start * side, y, (j - start) * side, side))
                start = j
    bars: dict[str, list[str]] = {}
    for i, j in np.argwhere(tints < 0):
        x, y, w, h = (part * side for part in BAR)
        mark = ink(colour(int(tints[i, j]), theme))
        bars.setdefault(mark, []).append(_area(left + j * side + x, top + i * side + y, w, h))
    frame = f'width="{number(columns * side)}" height="{number(rows * side)}" fill="none" stroke="{theme.border}"'
    return (
        '<g data-role="heat" shape-rendering="crispEdges">'
        + "".join(f'<path fill="{fill}" d="{"".join(areas[fill])}"/>' for fill in areas)
        + "</g>"
        + "".join(f'<path data-role="negative" fill="{fill}" d="{"".join(bars[fill])}"/>' for fill in bars)
        + f'<rect x="{number(left)}" y="{number(top)}" {frame} stroke-width="0.8"/>'
    )


def scale(left: float, top: float, side: float, theme: Theme) -> str:
    """The strip of the legend: the colours from the most negative to the most positive."""
    return painted(np.arange(-TINTS, TINTS + 1, TINTS // 4)[None], left, top, side, theme)


def _colour(tints: Any, unknown: Any, i: int, j: int, theme: Theme) -> str:
    return theme.constant_border if unknown is not None and unknown[i, j] else colour(int(tints[i, j]), theme)


def _area(x: float, y: float, width: float, height: float) -> str:
    return f"M{number(x)} {number(y)}h{number(width)}v{number(height)}h{number(-width)}z"

"""The cells of heat maps as areas of one colour, and the bars of negative ones: what all formats draw."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from viz.graphs.words.heat import TINTS, Heat, colour
from viz.ink.colours import ink
from viz.ink.themes import Theme

STRIP = np.arange(-TINTS, TINTS + 1, TINTS // 4)[None]  # of the legend
BAR = (0.22, 0.42, 0.56, 0.16)  # the bar of a negative cell: left, top, width, height, in cells


class Patch(NamedTuple):
    """Areas of one colour: (left, top, width, height) of each. The bars of negative cells are `negative`."""

    colour: str
    areas: tuple[tuple[float, float, float, float], ...]
    negative: bool = False


def patches(tints: Any, left: float, top: float, side: float, theme: Theme, unknown: Any = None) -> list[Patch]:
    """Rows of tints as cells, those of one colour together, and after them the bars; what is unknown is grey."""
    areas: dict[str, list[tuple[float, float, float, float]]] = {}
    rows, columns = tints.shape
    for i in range(rows):
        y = top + i * side
        start = 0
        for j in range(1, columns + 1):  # cells beside each other of one colour are one rectangle
            here = _colour(tints, unknown, i, start, theme)
            if j == columns or _colour(tints, unknown, i, j, theme) != here:
                areas.setdefault(here, []).append((left + start * side, y, (j - start) * side, side))
                start = j
    bars: dict[str, list[tuple[float, float, float, float]]] = {}
    for i, j in np.argwhere(tints < 0):
        x, y, w, h = (part * side for part in BAR)
        mark = ink(colour(int(tints[i, j]), theme))
        bars.setdefault(mark, []).append((left + j * side + x, top + i * side + y, w, h))
    cells = [Patch(fill, tuple(found)) for fill, found in areas.items()]
    return cells + [Patch(fill, tuple(found), True) for fill, found in bars.items()]


def tints_of(heat: Heat, id_: str) -> tuple[Any, Any]:
    """The tints of a box's cells, and which of them are unknown."""
    cells = heat.cells[id_]
    return np.vectorize(lambda value: heat.tint(value, id_), otypes=[int])(cells), np.isnan(cells)


def _colour(tints: Any, unknown: Any, i: int, j: int, theme: Theme) -> str:
    return theme.constant_border if unknown is not None and unknown[i, j] else colour(int(tints[i, j]), theme)

"""Heat maps as SVG: the cells of one colour are one path, and a bar marks each negative one."""

from __future__ import annotations

from typing import Any

from viz.graphs.words.heat import Heat, cell_side
from viz.graphs.words.patches import STRIP, patches, tints_of
from viz.ink.pen import number
from viz.ink.themes import Theme


def heat_map(heat: Heat, id_: str, left: float, top: float, theme: Theme) -> str:
    """The cells of a box's heat map with its upper left corner at (left, top)."""
    tints, unknown = tints_of(heat, id_)
    return painted(tints, left, top, cell_side(*tints.shape), theme, unknown)


def painted(tints: Any, left: float, top: float, side: float, theme: Theme, unknown: Any = None) -> str:
    """Rows of tints as SVG, in a frame."""
    rows, columns = tints.shape
    cells, bars = [], []
    for patch in patches(tints, left, top, side, theme, unknown):
        path = "".join(_area(*area) for area in patch.areas)
        if patch.negative:
            bars.append(f'<path data-role="negative" fill="{patch.colour}" d="{path}"/>')
        else:
            cells.append(f'<path fill="{patch.colour}" d="{path}"/>')
    frame = f'width="{number(columns * side)}" height="{number(rows * side)}" fill="none" stroke="{theme.border}"'
    return (
        f'<g data-role="heat" shape-rendering="crispEdges">{"".join(cells)}</g>{"".join(bars)}'
        f'<rect x="{number(left)}" y="{number(top)}" {frame} stroke-width="0.8"/>'
    )


def scale(left: float, top: float, side: float, theme: Theme) -> str:
    """The strip of the legend: the colours from the most negative to the most positive."""
    return painted(STRIP, left, top, side, theme)


def _area(x: float, y: float, width: float, height: float) -> str:
    return f"M{number(x)} {number(y)}h{number(width)}v{number(height)}h{number(-width)}z"

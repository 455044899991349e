"""Level and upright lines with round turns, as curves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import dist

from viz.ink.strokes import Point

RADIUS = 9.0  # of a turn
LEVEL = 0.5  # so little is no turn
ROUND = 0.5523  # how far the control points of a quarter of a circle stand out


def rounded(corners: Sequence[Point]) -> list[Point]:
    """The curve along level and upright lines from corner to corner, with round turns; without its first point."""
    curve: list[Point] = []
    here = corners[0]
    for corner, after in pairwise(corners[1:]):
        radius = min(RADIUS, dist(here, corner) / 2, dist(corner, after) / 2)
        if radius < LEVEL:
            continue
        start, end = _toward(corner, here, radius), _toward(corner, after, radius)
        curve += straight(here, start)
        curve += [_toward(corner, here, radius * (1 - ROUND)), _toward(corner, after, radius * (1 - ROUND)), end]
        here = end
    return [*curve, *straight(here, corners[-1])]


def _toward(start: Point, end: Point, distance: float) -> Point:
    share = distance / dist(start, end)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def straight(start: Point, end: Point) -> list[Point]:
    """A straight piece of a curve, without its first point; nothing where that is its end."""
    (x0, y0), (x1, y1) = start, end
    if dist(start, end) < LEVEL:
        return []
    return [(x0 + (x1 - x0) / 3, y0 + (y1 - y0) / 3), (x0 + 2 * (x1 - x0) / 3, y0 + 2 * (y1 - y0) / 3), end]

"""The geometry of strokes: an edge's centre line, and the two strokes beside it, each up to the borders of its boxes.

A curve is a list of points: two for a straight line, else cubic Bézier pieces (four points, then three more each).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

Point: TypeAlias = "tuple[float, float]"
End: TypeAlias = "tuple[Point, Size]"  # the box at an end of a curve: its centre and its size
BETWEEN = 2.8  # half the distance between the forward and the backward stroke
ARROW, HALF = 7.5, 3.0  # length and half width of an arrow head
BAR, BAR_BEFORE = 4.5, 2.5  # half the length of a bar across a stroke, and how far before the arrow head it is
NOTHING = 0.02  # points: a piece of a curve that is shorter is only a rounded number


class Size(NamedTuple):
    """The size of a box, in points; `enter` and `leave` are how many edges do so side by side."""

    width: float
    height: float
    round: bool = False
    enter: int = 1
    leave: int = 1


def both(centre_line: list[Point], tail: End, head: End) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """The forward and the backward stroke of an edge, each ending at its arrow's tip on the border of a box."""
    beside = [_on_borders(_moved(centre_line, side), tail, head) for side in (-BETWEEN, BETWEEN)]
    return tuple(beside[0]), tuple(beside[1][::-1])


def _on_borders(curve: list[Point], tail: End, head: End) -> list[Point]:
    """A curve that is cut, or made longer, to end just on the borders of its boxes."""
    for centre, size in (head, tail):
        while len(curve) > 4 and _inside(curve[-4], centre, size):
            del curve[-3:]
        if _inside(curve[-1], centre, size):
            low, high = 0.0, 1.0
            for _ in range(24):
                middle = (low + high) / 2
                inside = _inside(_split(curve[-4:], middle)[3], centre, size)
                low, high = (low, middle) if inside else (middle, high)
            curve[-4:] = _split(curve[-4:], low)
        else:
            (x0, y0), (x1, y1) = curve[-4], curve[-1]
            hit = _entry((x1, y1), (2 * x1 - x0, 2 * y1 - y0), centre, size)
            if hit is not None:
                curve[-3:] = _line(curve[-4], hit)
        curve.reverse()
    return curve


def _line(start: Point, end: Point) -> list[Point]:
    """A straight piece: the three points that continue a curve which has come to its start."""
    step = (end[0] - start[0]) / 3, (end[1] - start[1]) / 3
    return [(start[0] + step[0], start[1] + step[1]), (end[0] - step[0], end[1] - step[1]), end]


def _inside(point: Point, centre: Point, size: Size) -> bool:
    x, y = abs(point[0] - centre[0]), abs(point[1] - centre[1])
    if size.round:
        return math.hypot(x, y) < size.width / 2 - 1e-6
    return x < size.width / 2 - 1e-6 and y < size.height / 2 - 1e-6


def _entry(start: Point, toward: Point, centre: Point, size: Size) -> Point | None:
    """Where the ray from `start` meets a box (or circle); None when it misses it or enters it past its middle."""
    dx, dy = toward[0] - start[0], toward[1] - start[1]
    length = (dx * dx + dy * dy) ** 0.5
    if length < 1e-9:
        return None
    dx, dy = dx / length, dy / length
    x, y = centre[0] - start[0], centre[1] - start[1]
    if size.round:
        along, across = x * dx + y * dy, x * dy - y * dx
        inside = (size.width / 2) ** 2 - across**2
        reach = along - inside**0.5 if inside > (size.width / 4) ** 2 else -1.0
    else:
        half_x, half_y = size.width / 2, size.height / 2
        near_x = (x - half_x * (1 if dx > 0 else -1)) / dx if abs(dx) > 1e-9 else -float("inf")
        near_y = (y - half_y * (1 if dy > 0 else -1)) / dy if abs(dy) > 1e-9 else -float("inf")
        reach = max(near_x, near_y)
        at_x, at_y = dx * reach - x, dy * reach - y
        if abs(at_x) > half_x + 0.01 or abs(at_y) > half_y + 0.01:
            return None
    if reach < 0 or reach > 48.0:
        return None
    return start[0] + dx * reach, start[1] + dy * reach


def _moved(curve: Sequence[Point], distance: float) -> list[Point]:
    """A curve moved sideways, piece by piece (Tiller and Hanson 1984); to the right of its direction when positive."""
    moved: list[Point] = []
    fine = _refined(curve)
    for i in range(0, len(fine) - 1, 3):
        p = fine[i : i + 4]
        a, b = _normal(p[0], p[1], p[3]), _normal(p[2], p[3], p[3], p[0])
        piece = [(q[0] + n[0] * distance, q[1] + n[1] * distance) for q, n in zip(p, (a, a, b, b), strict=True)]
        moved += piece if not moved else piece[1:]
    return moved


def _refined(curve: Sequence[Point]) -> list[Point]:
    """The same curve in more pieces where it bends, so that a moved copy keeps its distance."""
    fine: list[Point] = [curve[0]]
    for i in range(0, len(curve) - 1, 3):
        rest = list(curve[i : i + 4])
        if all(math.dist(rest[0], point) < NOTHING for point in rest):
            continue  # it has no direction to be moved aside from
        for parts in range(_pieces(rest), 1, -1):
            first = _split(rest, 1 / parts)
            rest = _split(rest[::-1], 1 - 1 / parts)[::-1]
            fine += first[1:]
        fine += rest[1:]
    return fine if len(fine) > 1 else list(curve)


def _pieces(p: Sequence[Point]) -> int:
    around = math.dist(p[0], p[1]) + math.dist(p[1], p[2]) + math.dist(p[2], p[3])
    return 1 if around < 1.002 * math.dist(p[0], p[3]) + 0.01 else 4


def _normal(start: Point, end: Point, *others: Point) -> Point:
    """The unit normal of a direction; of the first other point where the two are one."""
    for far in (end, *others):
        dx, dy = far[0] - start[0], far[1] - start[1]
        if far is not end and len(others) == 2:
            dx, dy = start[0] - others[1][0], start[1] - others[1][1]
        length = math.hypot(dx, dy)
        if length > 0.01:
            return -dy / length, dx / length
    return 0.0, 1.0


def with_arrow(curve: Sequence[Point]) -> tuple[list[Point], tuple[Point, Point, Point]]:
    """The curve cut short where its arrow head begins, and the head's three corners."""
    tip = curve[-1]
    piece = _without_end(curve[-4:], ARROW - 0.8)
    end = piece[3]
    length = math.dist(end, tip) or 1.0
    ux, uy = (tip[0] - end[0]) / length, (tip[1] - end[1]) / length
    foot = tip[0] - ux * ARROW, tip[1] - uy * ARROW
    left = foot[0] - uy * HALF, foot[1] + ux * HALF
    right = foot[0] + uy * HALF, foot[1] - ux * HALF
    return [*curve[:-4], *piece], (tip, left, right)


def bar(stroke: Sequence[Point]) -> tuple[Point, Point]:
    """The ends of a short line across a stroke, just before its arrow head: nothing comes back along it."""
    x1, y1 = stroke[-1]
    away = ARROW + BAR_BEFORE
    x0, y0 = _without_end(stroke[-4:], away)[3] if len(stroke) > 2 else stroke[0]
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    x, y = x1 - min(away, length) * ux, y1 - min(away, length) * uy
    return (x - BAR * uy, y + BAR * ux), (x + BAR * uy, y - BAR * ux)


def _without_end(p: Sequence[Point], away: float) -> list[Point]:
    """A piece of a curve up to where it is so far away from its end."""
    low, high = 0.0, 1.0
    if _pieces(p) == 1:
        low = high = max(0.0, 1 - away / (math.dist(p[0], p[-1]) or 1.0))
    for _ in range(0 if low else 30):
        middle = (low + high) / 2
        low, high = (middle, high) if math.dist(_split(p, middle)[3], p[-1]) > away else (low, middle)
    return _split(p, low)


def _split(p: Sequence[Point], t: float) -> list[Point]:
    """The first part of a cubic Bézier curve, up to t (de Casteljau).

    It is written out, for a picture asks for it thousands of times.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = p
    ax, ay, bx, by, cx, cy = (
        x0 + (x1 - x0) * t,
        y0 + (y1 - y0) * t,
        x1 + (x2 - x1) * t,
        y1 + (y2 - y1) * t,
        x2 + (x3 - x2) * t,
        y2 + (y3 - y2) * t,
    )
    dx, dy, ex, ey = ax + (bx - ax) * t, ay + (by - ay) * t, bx + (cx - bx) * t, by + (cy - by) * t
    return [(x0, y0), (ax, ay), (dx, dy), (dx + (ex - dx) * t, dy + (ey - dy) * t)]

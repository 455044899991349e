"""What touches what on a picture: its words, boxes and strokes as rectangles and points."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from viz.layout import Layout
from viz.paint import BACKWARD, FORWARD, strokes
from viz.picture import Picture

Rect = tuple[float, float, float, float]


def labels(picture: Picture) -> dict[str, Rect]:
    """The rectangles of all words that stand beside edges."""
    found = {}
    for placed in picture.layout.edges:
        pair = ("value",) if picture.show == FORWARD else ("local", "downstream")
        for role in pair:
            line = getattr(placed, role)
            if line is not None:
                found[f"{role} of {placed.edge.name} ({placed.edge.slot})"] = line.rect
    return found


def boxes(layout: Layout) -> dict[str, Rect]:
    return {f"box {b.box.name}": b.rect for b in layout.boxes}


def polylines(picture: Picture) -> dict[str, np.ndarray]:
    """Points along each stroke that is painted, half a point apart or closer."""
    found = {}
    for placed in picture.layout.edges:
        forth, back = strokes(placed)
        drawn = {"forward": forth}
        if placed.edge.flows and picture.show != FORWARD:
            drawn["backward"] = back
        for role, curve in drawn.items():
            t = np.linspace(0, 1, 200)[:, None]
            pieces = []
            for i in range(0, len(curve) - 1, 3):
                p = np.array(curve[i : i + 4])
                pieces.append(
                    (1 - t) ** 3 * p[0] + 3 * (1 - t) ** 2 * t * p[1] + 3 * (1 - t) * t**2 * p[2] + t**3 * p[3]
                )
            found[f"{role} stroke {placed.edge.name} ({placed.edge.slot})"] = np.concatenate(pieces)
    return found


def overlap(a: Rect, b: Rect, gap: float = 0.0) -> bool:
    return a[0] < b[2] + gap and b[0] < a[2] + gap and a[1] < b[3] + gap and b[1] < a[3] + gap


def collisions(picture: Picture, gap: float = 0.5) -> list[str]:
    """Every pair that touches: words with words, boxes or strokes; boxes with boxes; strokes with other boxes."""
    words, rects, lines = labels(picture), boxes(picture.layout), polylines(picture)
    found = [f"{a} and {b}" for (a, r), (b, s) in combinations({**words, **rects}.items(), 2) if overlap(r, s, gap)]
    ends = {
        name: {e.edge.tail, e.edge.head}
        for name in lines
        for e in picture.layout.edges
        if name.endswith(f"stroke {e.edge.name} ({e.edge.slot})")
    }
    ids = {f"box {b.box.name}": b.box.id for b in picture.layout.boxes}
    for name, points in lines.items():
        for other, (left, top, right, bottom) in {**words, **rects}.items():
            if other in ids and ids[other] in ends[name]:
                continue
            x, y = points[:, 0], points[:, 1]
            if np.any((x > left - gap) & (x < right + gap) & (y > top - gap) & (y < bottom + gap)):
                found.append(f"{name} and {other}")
    width, height = picture.layout.width, picture.layout.height
    for name, (left, top, right, bottom) in {**words, **rects}.items():
        if left < 0 or top < 0 or right > width or bottom > height:
            found.append(f"{name} leaves the canvas")
    for name, points in lines.items():
        if points.min() < 0 or points[:, 0].max() > width or points[:, 1].max() > height:
            found.append(f"{name} leaves the canvas")
    return found


def spills(picture: Picture) -> list[str]:
    """Lines of words that leave their own box, or touch each other in it."""
    found = []
    for placed in picture.layout.boxes:
        left, top, right, bottom = placed.rect
        for line in placed.lines:
            a, b, c, d = line.rect
            if placed.box.round:
                radius = placed.width / 2
                corners = [(x - placed.x, y - placed.y) for x in (a, c) for y in (b, d)]
                inside = all(x * x + y * y <= radius**2 for x, y in corners)
            else:
                inside = left + 2 < a and c < right - 2 and top + 2 < b and d < bottom - 2
            if not inside:
                found.append(f"{line.line.role} leaves {placed.box.name}")
        for one, two in combinations(placed.lines, 2):
            if overlap(one.rect, two.rect):
                found.append(f"{one.line.role} and {two.line.role} in {placed.box.name}")
    return found


__all__ = ["BACKWARD", "FORWARD", "collisions", "labels", "spills"]

"""What touches what on a schematic: its words, pieces and strokes as rectangles and points along lines."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np

from viz.schematics import Circle, SchematicPicture
from viz.schematics.scene import PlacedPiece, Scene

PAPER = 2.5  # the least way from the corners of a unit's name to the middle of its ring
Rect = tuple[float, float, float, float]


def overlap(a: Rect, b: Rect, gap: float) -> bool:
    return a[0] < b[2] + gap and b[0] < a[2] + gap and a[1] < b[3] + gap and b[1] < a[3] + gap


def points(start: tuple[float, float], end: tuple[float, float]) -> np.ndarray:
    """Points on a line, a quarter of a point apart or closer."""
    count = 2 + int(4 * np.hypot(end[0] - start[0], end[1] - start[1]))
    return np.linspace(start, end, count)


def passes(line: np.ndarray, rect: Rect, gap: float) -> bool:
    x, y = line[:, 0], line[:, 1]
    left, top, right, bottom = rect
    return bool(np.any((x > left - gap) & (x < right + gap) & (y > top - gap) & (y < bottom + gap)))


def through(line: np.ndarray, piece: PlacedPiece, gap: float) -> bool:
    """Whether a line enters a piece: a circle as a circle."""
    if isinstance(piece.piece, Circle):
        return bool(np.any(np.hypot(line[:, 0] - piece.x, line[:, 1] - piece.y) < piece.width / 2 + gap))
    return passes(line, piece.rect, gap)


def labels(scene: Scene) -> dict[str, Rect]:
    """The words that stand outside of pieces: beside strokes, around cells, at the head and the foot."""
    found = {f"{i} {t.placed.line.role} {t.role}": t.rect for i, t in enumerate(scene.texts)}
    for i, piece in enumerate(scene.pieces):
        for j, text in enumerate(piece.inside):
            if text.role in ("mark", "shape", "note"):
                found[f"label {j} of piece {i}"] = text.rect
    return found


def collisions(picture: SchematicPicture, gap: float = 1.0) -> list[str]:
    """Every pair that touches: words with words, pieces or strokes; pieces with pieces; strokes with other pieces."""
    scene = picture.scene
    words = labels(scene)
    pieces = {f"piece {i}": p for i, p in enumerate(scene.pieces)}
    found = [f"{a} and {b}" for (a, r), (b, s) in combinations(words.items(), 2) if overlap(r, s, gap)]
    found += [f"{a} and {b}" for a, r in words.items() for b, p in pieces.items() if overlap(r, p.rect, gap)]
    stacked = 0.0  # the parts of a vector that stand on each other share a border
    for (a, p), (b, q) in combinations(pieces.items(), 2):
        if overlap(p.rect, q.rect, stacked - 0.01):
            found.append(f"{a} and {b}")
    for i, stroke in enumerate(scene.strokes):
        for start, end in stroke.lines():
            line = points(start, end)
            found += [f"stroke {i} and {name}" for name, rect in words.items() if passes(line, rect, gap)]
            found += [
                f"stroke {i} and {name}"
                for name, piece in pieces.items()
                if through(line, piece, -0.5 if piece in (stroke.tail, stroke.head) else gap)
            ]
    for i, turn in enumerate(scene.turns):
        ends = () if turn.stroke is None else (turn.stroke.tail, turn.stroke.head)
        lines = [points(*line) for line in pairwise(turn.corners)]
        found += [f"turn {i} and {name}" for line in lines for name, rect in words.items() if passes(line, rect, gap)]
        found += [
            f"turn {i} and {name}"
            for line in lines
            for name, piece in pieces.items()
            if through(
                line, piece, -0.5 if any(np.hypot(piece.x - end.x, piece.y - end.y) < 0.1 for end in ends) else gap
            )
        ]
        found += [
            f"turn {i} and stroke {j}"
            for (x0, y0), (x1, y1) in pairwise(turn.corners)
            for j, stroke in enumerate(scene.strokes)
            for straight in stroke.lines()
            if passes(points(*straight), (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)), gap)
        ]
    for name, (left, top, right, bottom) in {**words, **{n: p.rect for n, p in pieces.items()}}.items():
        if left < 4 or top < 4 or right > scene.width - 4 or bottom > scene.height - 4:
            found.append(f"{name} leaves the canvas")
    return found + spills(scene)


def spills(scene: Scene) -> list[str]:
    """Words that leave their own circle, box or cell, or touch each other in it."""
    found = []
    for i, placed in enumerate(scene.pieces):
        inner = [t for t in placed.inside if t.role not in ("mark", "shape", "note")]
        left, top, right, bottom = placed.rect
        for text in inner:
            a, b, c, d = text.rect
            if isinstance(placed.piece, Circle):
                inside = all(
                    np.hypot(x - placed.x, y - placed.y) < placed.width / 2 - PAPER for x in (a, c) for y in (b, d)
                )
            else:
                inside = left - 0.01 <= a and c <= right + 0.01 and top - 4 <= b and d <= bottom + 4
            if not inside:
                found.append(f"the label of piece {i} leaves it")
        found += [f"labels in piece {i}" for s, t in combinations(inner, 2) if overlap(s.rect, t.rect, 0.0)]
    return found

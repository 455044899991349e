"""What touches what on a picture: its words, boxes and strokes as rectangles and points."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, pairwise
from math import hypot

import numpy as np
from scipy.spatial import KDTree

from viz.graphs.paint.paint import BACKWARD, FORWARD
from viz.graphs.picture import Picture
from viz.graphs.places.layout import Layout, PlacedBox
from viz.graphs.places.measure import INSET
from viz.graphs.words.drawing import OUTSIDE

Rect = tuple[float, float, float, float]
RING, PAPER = 1.3, 2.5  # how broad a ring is, and the least clear paper between it and what stands in it
PARAMETER = np.linspace(0, 1, 100)[:, None]
BERNSTEIN = np.hstack(
    [(1 - PARAMETER) ** 3, 3 * (1 - PARAMETER) ** 2 * PARAMETER, 3 * (1 - PARAMETER) * PARAMETER**2, PARAMETER**3]
)


def labels(picture: Picture) -> dict[str, Rect]:
    """The rectangles of all words that stand beside edges and gates, and of the titles of frames."""
    found = {f"title of frame {f.frame.id} {f.frame.name}": f.title.rect for f in picture.layout.frames}
    found |= {f"name of {b.box.name}": n.rect for b in picture.layout.boxes for n in b.lines if n.line.role == OUTSIDE}
    for placed in picture.layout.edges:
        for role in () if picture.show == FORWARD else ("local", "downstream"):
            line = getattr(placed, role)
            if line is not None:
                found[f"{role} of {placed.edge.name} ({placed.edge.slot})"] = line.rect
    return found


def boxes(layout: Layout) -> dict[str, Rect]:
    return {f"box {b.box.name}": b.rect for b in layout.boxes}


def points_of(curve: list[tuple[float, float]]) -> np.ndarray:
    """Points along a curve of Bézier pieces, a hundred to the piece."""
    ends = np.asarray(curve, dtype=float)
    if len(ends) == 2:
        return ends[0] + PARAMETER * (ends[1] - ends[0])
    pieces = np.stack([ends[i : i + 4] for i in range(0, len(ends) - 1, 3)])
    return np.einsum("tk,pkx->ptx", BERNSTEIN, pieces).reshape(-1, 2)


def polylines(picture: Picture) -> dict[str, tuple[np.ndarray, set[str]]]:
    """Points along each stroke that is painted, and the boxes at its ends."""
    found = {}
    for placed in picture.layout.edges:
        drawn = {"forward": placed.forth}
        if placed.edge.flows and picture.show != FORWARD:
            drawn["backward"] = placed.back
        for role, curve in drawn.items():
            ends = {placed.edge.tail, placed.edge.head}
            found[f"{role} stroke {placed.edge.name} ({placed.edge.slot})"] = points_of(curve), ends
    return found


def overlap(a: Rect, b: Rect, gap: float = 0.0) -> bool:
    return a[0] < b[2] + gap and b[0] < a[2] + gap and a[1] < b[3] + gap and b[1] < a[3] + gap


def collisions(picture: Picture, gap: float = 0.5) -> list[str]:
    """Every pair that touches: words with words, boxes or strokes; boxes with boxes; strokes with boxes.

    A stroke may touch the boxes at its ends, but not enter them by more than a point.
    """
    words, rects, lines = labels(picture), boxes(picture.layout), polylines(picture)
    all_rects = {**words, **rects}
    names, grid = list(all_rects), np.array(list(all_rects.values())).reshape(-1, 4)
    low, high = grid[:, :2], grid[:, 2:]
    near = np.all((low[:, None] < high[None] + gap) & (low[None] < high[:, None] + gap), axis=2)
    found = [f"{names[i]} and {names[j]}" for i, j in np.argwhere(np.triu(near, 1))]
    ids = {f"box {b.box.name}": b.box for b in picture.layout.boxes}
    width, height = picture.layout.width, picture.layout.height
    for name, (points, ends) in lines.items():
        first, last = points.min(axis=0) - gap, points.max(axis=0) + gap
        for i in np.flatnonzero(np.all((low < last) & (high > first), axis=1)):
            box = ids.get(names[i])
            margin = -1.0 if box is not None and box.id in ends else gap
            if box is not None and box.round:
                centre, radius = (low[i] + high[i]) / 2, (high[i] - low[i])[0] / 2
                inside = np.hypot(*(points - centre).T) < radius + margin
            else:
                inside = np.all((points > low[i] - margin) & (points < high[i] + margin), axis=1)
            if inside.any():
                found.append(f"{name} and {names[i]}")
        if points.min() < 0 or points[:, 0].max() > width or points[:, 1].max() > height:
            found.append(f"{name} leaves the canvas")
    for name, (left, top, right, bottom) in all_rects.items():
        if left < 0 or top < 0 or right > width or bottom > height:
            found.append(f"{name} leaves the canvas")
    return found + astray(picture)


def within(inner: Rect, outer: Rect) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def astray(picture: Picture) -> list[str]:
    """What is not on its own side of a frame: boxes, words and frames are in it or out of it, and no border is on them.

    A stroke may cross a border.
    """
    layout, found = picture.layout, []
    rects = {f.frame.id: (f.left, f.top, f.right, f.bottom) for f in layout.frames}
    parent = {f.frame.id: f.frame.parent for f in layout.frames}
    of_box = {box: f.frame.id for f in layout.frames for box in f.frame.boxes}

    def around(id_: str | None) -> list[str]:
        ids = []
        while id_ is not None:
            ids.append(id_)
            id_ = parent[id_]
        return ids

    inside = {f"box {b.box.name}": (b.rect, around(of_box.get(b.box.id))) for b in layout.boxes}
    inside |= {f"frame {f.frame.id}": (rects[f.frame.id], around(f.frame.parent)) for f in layout.frames}
    inside |= {f"title of {f.frame.id}": (f.title.rect, around(f.frame.id)) for f in layout.frames}
    for name, (rect, frames) in inside.items():
        for id_, outer in rects.items():
            if name != f"frame {id_}" and (not within(rect, outer) if id_ in frames else overlap(rect, outer)):
                apart = name.startswith("frame ") and id_ not in frames and within(outer, rect)  # an outer one of it
                if not apart:
                    found.append(f"{name} is on the wrong side of frame {id_}")
    for name, rect in labels(picture).items():
        if any(overlap(rect, outer) and not within(rect, outer) for outer in rects.values()):
            found.append(f"{name} is on a frame's border")
    drawn = {f.id for f in picture.drawing.frames}
    return found + [f"frame {id_} is not placed" for id_ in sorted(drawn - set(rects))]


def off_frames(picture: Picture, least: float = 4.0, most: float = 0.2) -> list[str]:
    """Strokes that do not keep to the borders of frames: each crosses those around one of its ends, once and straight.

    Nearer than `least` to a border it runs at about a right angle, the cosine being at most `most`; frames around both
    of its ends or around neither it does not cross.
    """
    layout, found = picture.layout, []
    inside: dict[str, set[str]] = {f.frame.id: set(f.frame.boxes) for f in layout.frames}
    for frame in reversed(layout.frames):
        if frame.frame.parent is not None:
            inside[frame.frame.parent] |= inside[frame.frame.id]
    for name, (points, ends) in polylines(picture).items():
        even, way = _steps(points, 0.5)
        for f in layout.frames:
            x, y = even[:, 0], even[:, 1]
            depth = np.minimum(np.minimum(x - f.left, f.right - x), np.minimum(y - f.top, f.bottom - y))
            crossed = int(np.count_nonzero(np.diff(depth > 0)))
            if crossed != len(ends & inside[f.frame.id]) % 2:
                found.append(f"{name} crosses the border of {f.frame.id} {crossed} times")
            level = np.minimum(abs(y - f.top), abs(y - f.bottom)) < np.minimum(abs(x - f.left), abs(x - f.right))
            if np.any((abs(depth) < least) & (abs(way[np.arange(len(x)), np.where(level, 0, 1)]) > most)):
                found.append(f"{name} runs on the border of {f.frame.id}")
    return found


def together(picture: Picture, least: float = 4.0, straight: float = 0.5) -> list[str]:
    """Every pair of strokes of two edges that run beside each other nearer than `least`, and do not just cross.

    Two strokes cross where the sine of the angle between them is more than `straight`.
    """
    lines = {name: _steps(points) for name, (points, _) in polylines(picture).items()}
    found = []
    for (one, (a, along)), (two, (b, across)) in combinations(lines.items(), 2):
        if one.split(" stroke ")[1] == two.split(" stroke ")[1] or not _near(a, b, least):
            continue
        (p, u), (q, v) = _close(a, along, b, least), _close(b, across, a, least)
        near = KDTree(p).sparse_distance_matrix(KDTree(q), least, output_type="ndarray")
        i, j = (near[n][near["v"] < least] for n in "ij")
        if len(i) and (np.abs(u[i, 0] * v[j, 1] - u[i, 1] * v[j, 0]) < straight).all():
            found.append(f"{one} and {two}")
    return found


def crossings(curves: Iterable[np.ndarray]) -> np.ndarray:
    """Where lines cross each other, given as points along each; where one begins or ends does not count."""
    lines = [_thinned(points) for points in curves]
    found = []
    for one, two in combinations(lines, 2):
        if not _near(one, two, 0.0):
            continue
        p, r = one[:-1, None], np.diff(one, axis=0)[:, None]
        q, s = two[None, :-1], np.diff(two, axis=0)[None]
        across = r[..., 0] * s[..., 1] - r[..., 1] * s[..., 0]
        with np.errstate(divide="ignore", invalid="ignore"):  # lines that run side by side
            t = ((q - p)[..., 0] * s[..., 1] - (q - p)[..., 1] * s[..., 0]) / across
            u = ((q - p)[..., 0] * r[..., 1] - (q - p)[..., 1] * r[..., 0]) / across
        met = (t >= 0) & (t < 1) & (u >= 0) & (u < 1)
        hits = (p + np.where(met, t, 0.0)[..., None] * r)[met]
        ends = np.stack([one[0], one[-1], two[0], two[-1]])
        apart = np.hypot(*(hits[:, None] - ends[None]).transpose(2, 0, 1)) > 1.0
        found += [hit for hit, far in zip(hits, apart, strict=True) if far.all()]
    return np.array(found).reshape(-1, 2)


def _thinned(points: np.ndarray, least: float = 0.05) -> np.ndarray:
    """The corners of a line: points in the middle of straight pieces are left out."""
    kept = [points[0]]
    for here, after in pairwise(points[1:]):
        (ax, ay), (bx, by) = here - kept[-1], after - here
        if abs(ax * by - ay * bx) > least * (np.hypot(ax, ay) * np.hypot(bx, by)) ** 0.5 * 0.2:
            kept.append(here)
    return np.array([*kept, points[-1]])


def _steps(points: np.ndarray, step: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Points along a line, so far apart, and its direction in each."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.arange(0.0, length[-1], step)
    even = np.stack([np.interp(at, length, points[:, i]) for i in (0, 1)], axis=1)
    way = np.gradient(even, axis=0)
    return even, way / np.maximum(np.hypot(*way.T), 1e-9)[:, None]


def _close(a: np.ndarray, way: np.ndarray, b: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """The points of a line that are in or near the rectangle around another."""
    inside = np.all((a > b.min(axis=0) - least) & (a < b.max(axis=0) + least), axis=1)
    return a[inside], way[inside]


def _near(a: np.ndarray, b: np.ndarray, least: float) -> bool:
    return bool(np.all(a.min(axis=0) < b.max(axis=0) + least) and np.all(b.min(axis=0) < a.max(axis=0) + least))


def off_borders(picture: Picture, least: float = 0.1) -> list[str]:
    """Ends of strokes that are not on the borders of their boxes."""
    boxes = {b.box.id: b for b in picture.layout.boxes}
    found = []
    for placed in picture.layout.edges:
        tail, head = boxes[placed.edge.tail], boxes[placed.edge.head]
        for end, box in (
            (placed.forth[0], tail),
            (placed.forth[-1], head),
            (placed.back[0], head),
            (placed.back[-1], tail),
        ):
            far = outside(end, box)
            if abs(far) > least:
                found.append(f"{placed.edge.name} ends {far:.2f} from {box.box.name}")
    return found


def outside(point: tuple[float, float], box: PlacedBox) -> float:
    """How far a point is outside of a box; negative inside."""
    x, y = abs(point[0] - box.x), abs(point[1] - box.y)
    if box.box.round:
        return hypot(x, y) - box.width / 2
    return max(x - box.width / 2, y - box.height / 2)


def spills(picture: Picture) -> list[str]:
    """Lines of words that leave their own box, come near its ring, or touch each other in it."""
    found = []
    for placed in picture.layout.boxes:
        left, top, right, bottom = placed.rect
        for line in placed.lines:
            if line.line.role == OUTSIDE:
                continue
            a, b, c, d = line.rect
            if placed.box.round:
                radius = placed.width / 2 - (INSET if placed.box.output else 0.0) - RING / 2 - PAPER
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


__all__ = [
    "BACKWARD",
    "FORWARD",
    "collisions",
    "crossings",
    "labels",
    "off_borders",
    "off_frames",
    "spills",
    "together",
]

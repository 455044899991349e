"""Where everything of a schematic stands: rows and columns first, then the labels beside the strokes.

When the labels of a gap find no room, the gap is made wider and the layout begins again, so a label never touches
anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from math import hypot

from cgraph.notation import Math
from viz.ink.lines import PlacedLine
from viz.ink.themes import Theme
from viz.schematics.labels import place_notes
from viz.schematics.pieces import BIAS, Block, Circle, Column, Dots, Link, Schematic, Stroke, Words
from viz.schematics.scene import PlacedPiece, PlacedStroke, Point, Scene, Text, Turn, bounds
from viz.schematics.sizing import LEADING, absolute, centred, extent, set_label, sized

CLOSE = 2.0  # between the end of a stroke and its piece
FOOT, HEAD, SIDE = 20.0, 16.0, 12.0  # below the lowest piece, above a column, between words at the foot
MARGIN, PANELS = 15.0, 46.0
BETWEEN_ROWS, LANE = 36.0, 16.0  # between two rows, and beside them for the lines that lead from one to the next
REPEATED = 0.12  # what a column that stands again costs, in lengths of the panel
NARROWEST = 18.0  # the width of a gap in which a stroke is seen


def lay_out(panels: Sequence[Schematic], theme: Theme, squeeze: float = 1.0, rows: int = 1) -> Scene:
    """The panels side by side, on one axis, their tags on one line below; in rows, one below the other.

    A single panel is cut into so many rows. `squeeze` is what is left of the gaps between columns.
    """
    if rows == 1:
        return _framed(_beside(panels, theme, squeeze))
    if len(panels) > 1:
        return _framed(_below([_beside([panel], theme, squeeze) for panel in panels], centred=True))
    return _framed(_in_rows(panels[0], theme, squeeze, rows))


def _beside(panels: Sequence[Schematic], theme: Theme, squeeze: float) -> Scene:
    scenes = [_panel(panel, theme, squeeze)[0] for panel in panels]
    parts: list[Scene] = []
    x, bottom = 0.0, max(bounds(scene)[3] for scene in scenes)
    for panel, scene in zip(panels, scenes, strict=True):
        left, _, right, _ = bounds(scene)
        part = scene.moved(x - left, 0.0)
        if panel.tag is not None:
            tag = set_label(panel.tag, theme.value_size)
            at = PlacedLine(tag, x + (right - left - tag.width) / 2, bottom + 26.0)
            part = replace(part, texts=(*part.texts, Text(panel.tag, at, "tag")))
        parts.append(part)
        x += right - left + PANELS
    return _together(parts)


def _below(scenes: Sequence[Scene], *, centred: bool) -> Scene:
    """Scenes one below the other."""
    widest, y, parts = max(bounds(s)[2] - bounds(s)[0] for s in scenes), 0.0, []
    for scene in scenes:
        left, top, right, low = bounds(scene)
        parts.append(scene.moved((widest - right + left) / 2 - left if centred else -left, y - top))
        y += low - top + BETWEEN_ROWS
    return _together(parts)


def _in_rows(panel: Schematic, theme: Theme, squeeze: float, rows: int) -> Scene:
    """A panel that goes on in further rows, each joined to the next by a line around it."""
    _, columns = _panel(panel, theme, squeeze)
    parts = split(panel, [_middle(column) for column in columns], rows)
    found = [_panel(part, theme, squeeze) for part, _ in parts]
    whole = _below([scene for scene, _ in found], centred=False)
    left, _, right, _ = bounds(whole)
    turns, y, placed = [], 0.0, []
    for scene, made in found:
        x0, top, _, low = bounds(scene)
        placed.append([[p.moved(-x0, y - top) for p in column] for column in made])
        y += low - top + BETWEEN_ROWS
    heights = [bounds(scene)[3] - bounds(scene)[1] for scene, _ in found]
    y = 0.0
    for row, (_, stroke) in enumerate(parts[:-1]):
        y += heights[row] + BETWEEN_ROWS
        lanes, gutter = (left - LANE, right + LANE), y - BETWEEN_ROWS / 2
        turns.append(_turn(placed[row][-1], placed[row + 1][0], stroke, lanes, gutter))
    return replace(whole, turns=tuple(turns))


def _turn(
    tails: Sequence[PlacedPiece], heads: Sequence[PlacedPiece], stroke: Stroke | None, lanes: Point, gutter: float
) -> Turn:
    """The line from the last column of a row to the first one of the next."""
    if stroke is not None:
        tail, head = tails[stroke.tail], heads[stroke.head]
        (x0, y0), (x1, y1) = (_port(p, side) for p, side in ((tail, 1.0), (head, -1.0)))
        x0 += tail.width / 2 if isinstance(tail.piece, Circle) else CLOSE
        x1 -= head.width / 2 + CLOSE / 2 if isinstance(head.piece, Circle) else CLOSE
        placed = PlacedStroke(stroke, tail, head, (x0, y0), (x1, y1))
    else:
        x0, x1 = max(absolute(p)[2] for p in tails) + LANE / 2, min(absolute(p)[0] for p in heads) - LANE / 2
        y0, y1 = (sum(p.y for p in pieces) / len(pieces) for pieces in (tails, heads))
        placed = None
    left, right = lanes
    return Turn(((x0, y0), (right, y0), (right, gutter), (left, gutter), (left, y1), (x1, y1)), placed)


def split(panel: Schematic, middles: Sequence[float], rows: int) -> list[tuple[Schematic, Stroke | None]]:
    """The rows of a panel, and the stroke in which each goes on; without one its last column stands again in the next.

    `middles` are the places of its columns: rows are of about one length, and end at a single stroke where one is near.
    """
    length, start, found = middles[-1] - middles[0], 0, []
    for row in range(1, rows):
        places = range(start + 1, len(panel.columns) - 1)
        if not places:
            break
        target = middles[0] + length * row / rows

        def cost(place: int, target: float = target) -> float:
            single = len(panel.links[place].strokes) == 1
            at = (middles[place] + middles[place + 1]) / 2 if single else middles[place]
            return abs(at - target) / length + (0.0 if single else REPEATED)

        end = min(places, key=cost)
        strokes = panel.links[end].strokes
        single = strokes[0] if len(strokes) == 1 else None
        found.append((Schematic(panel.columns[start : end + 1], panel.links[start:end]), single))
        start = end + 1 if single else end
    return [*found, (Schematic(panel.columns[start:], panel.links[start:], panel.tag), None)]


def _together(parts: Sequence[Scene]) -> Scene:
    return Scene(
        0.0,
        0.0,
        tuple(p for part in parts for p in part.pieces),
        tuple(s for part in parts for s in part.strokes),
        tuple(t for part in parts for t in part.texts),
        tuple(t for part in parts for t in part.turns),
    )


def _framed(scene: Scene) -> Scene:
    """A scene with a margin around all that is painted."""
    left, top, right, low = bounds(scene)
    moved = scene.moved(MARGIN - left, MARGIN - top)
    return replace(moved, width=right - left + 2 * MARGIN, height=low - top + 2 * MARGIN)


# One panel -----------------------------------------------------------------------------------------------------------
def _panel(panel: Schematic, theme: Theme, squeeze: float = 1.0) -> tuple[Scene, list[list[PlacedPiece]]]:
    """A panel with its axis at 0, and its columns."""
    widths, stretch = [min(link.width, max(squeeze * link.width, NARROWEST)) for link in panel.links], 1.0
    for _ in range(12):
        columns = _columns(panel, widths, stretch, theme, squeeze)
        strokes = [_strokes(link, columns[i], columns[i + 1]) for i, link in enumerate(panel.links)]
        every = [p for column in columns for p in column]
        texts, crowded = place_notes(strokes, every, theme)
        steep = {i for i, group in enumerate(strokes) if squeeze < 1 and _run_over(group, columns[i], columns[i + 1])}
        if not (crowded or steep):
            break
        widths = [w * 1.18 if i in crowded | steep else w for i, w in enumerate(widths)]
        stretch *= 1.08 if crowded else 1.0
    scene = Scene(0.0, 0.0, tuple(every), tuple(s for group in strokes for s in group), tuple(texts))
    return replace(scene, texts=(*texts, *_heads_and_feet(panel, columns, scene, theme))), columns


def _run_over(strokes: Sequence[PlacedStroke], tails: Sequence[PlacedPiece], heads: Sequence[PlacedPiece]) -> bool:
    """Whether strokes of a gap run over a circle beside the ones that they join: they are too steep."""
    circles = [p for p in (*tails, *heads) if isinstance(p.piece, Circle)]
    return any(
        _distance((p.x, p.y), s.start, s.end) < p.width / 2 + CLOSE
        for s in strokes
        for p in circles
        if p is not s.tail and p is not s.head
    )


def _distance(point: Point, start: Point, end: Point) -> float:
    """How far a point is from a straight line between two others."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    x, y = point[0] - start[0], point[1] - start[1]
    along = min(max((x * dx + y * dy) / (dx * dx + dy * dy or 1.0), 0.0), 1.0)
    return hypot(x - along * dx, y - along * dy)


def _columns(
    panel: Schematic, widths: Sequence[float], stretch: float, theme: Theme, squeeze: float
) -> list[list[PlacedPiece]]:
    measured = [_alike([sized(piece, theme) for piece in column.pieces]) for column in panel.columns]
    levels = _levels(panel.columns, measured, stretch)
    centres = _centres(panel, measured, widths, theme, SIDE * squeeze)
    placed = []
    for column, pieces, x in zip(panel.columns, measured, centres, strict=True):
        ys = levels[column.grid or id(column)]
        half = max((p.width for p in pieces), default=0.0) / 2
        shift = {"centre": 0.0, "left": -1.0, "right": 1.0}[column.align]
        placed.append(
            [p.moved(x + shift * (half - p.width / 2), ys[row]) for p, row in zip(pieces, column.places(), strict=True)]
        )
    return placed


def _alike(pieces: list[PlacedPiece]) -> list[PlacedPiece]:
    """The boxes of a column in one width."""
    width = max((p.width for p in pieces if isinstance(p.piece, Block)), default=0.0)
    return [replace(p, width=width) if isinstance(p.piece, Block) else p for p in pieces]


def _levels(
    columns: Sequence[Column], measured: Sequence[Sequence[PlacedPiece]], stretch: float
) -> dict[str | int, dict[int, float]]:
    """The height of each row of each grid; rows without dots are even, and those that all
    columns of a grid have are centred on the axis.
    """
    heights: dict[str | int, dict[int, tuple[float, float]]] = {}
    dotted: set[tuple[str | int, int]] = set()
    gaps: dict[str | int, float] = {}
    shared: dict[str | int, set[int]] = {}
    for column, pieces in zip(columns, measured, strict=True):
        key = column.grid or id(column)
        rows = heights.setdefault(key, {})
        for row, piece in zip(column.places(), pieces, strict=True):
            _, top, _, bottom = extent(piece)
            high, low = rows.get(row, (0.0, 0.0))
            rows[row] = max(high, -top), max(low, bottom)
            if isinstance(piece.piece, Dots):
                dotted.add((key, row))
        gaps[key] = max(gaps.get(key, 0.0), column.gap)
        shared[key] = shared.get(key, set(column.places())) & set(column.places())
    levels: dict[str | int, dict[int, float]] = {}
    for key, rows in heights.items():
        tall = [size for row, size in rows.items() if (key, row) not in dotted] or list(rows.values())
        even = max(high for high, _ in tall), max(low for _, low in tall)
        y, found = 0.0, {}
        for row in sorted(rows):
            high, low = rows[row] if (key, row) in dotted else even
            found[row] = y + high
            y += high + low + gaps[key] * (stretch if gaps[key] > 8 else 1.0)
        inner = [found[row] for row in shared[key] or rows]
        middle = (min(inner) + max(inner)) / 2
        levels[key] = {row: at - middle for row, at in found.items()}
    return levels


def _centres(
    panel: Schematic, measured: Sequence[Sequence[PlacedPiece]], widths: Sequence[float], theme: Theme, side: float
) -> list[float]:
    """The middle of each column: its gap's width from the one before, more where words are less than `side` apart."""
    sides = [_half_widths(pieces) for pieces in measured]
    spoken = [[_width(h, theme) for h in c.heading] for c in panel.columns]
    centres = [0.0]
    for i, (left, right) in enumerate(pairwise(panel.columns)):
        apart = sides[i][1] + widths[i] + sides[i + 1][0]
        if spoken[i] and spoken[i + 1]:
            apart = max(apart, max(spoken[i]) / 2 + side + max(spoken[i + 1]) / 2)
        for row in range(max(len(left.foot), len(right.foot), len(panel.links[i].foot))):
            a, link, b = (_foot_width(part, row, theme) for part in (left, panel.links[i], right))
            if link:
                # the words of a link stand in the middle of the gap
                lean = (sides[i][1] - sides[i + 1][0]) / 2
                apart = max(apart, 2 * (a / 2 + side + link / 2 - lean), 2 * (b / 2 + side + link / 2 + lean))
            elif a and b:
                apart = max(apart, a / 2 + side + b / 2)
        centres.append(centres[-1] + apart)
    return centres


def _half_widths(pieces: Sequence[PlacedPiece]) -> Point:
    """How far a column reaches left and right of its middle."""
    half = max((p.width for p in pieces), default=0.0) / 2
    extents = [extent(p) for p in pieces]
    return max([half, *(-e[0] for e in extents)]), max([half, *(e[2] for e in extents)])


def _foot_width(part: Column | Link, row: int, theme: Theme) -> float:
    found = part.foot[row] if row < len(part.foot) else None
    return _width(found, theme) if found is not None else 0.0


def _width(label: Math, theme: Theme) -> float:
    return set_label(label, theme.label_size).width


def _heads_and_feet(
    panel: Schematic, columns: Sequence[Sequence[PlacedPiece]], scene: Scene, theme: Theme
) -> list[Text]:
    _, _, _, bottom = bounds(scene)
    texts: list[Text] = []
    height = theme.label_size + LEADING
    middles = [_middle(column) for column in columns]
    for column, pieces, x in zip(panel.columns, columns, middles, strict=True):
        top = min(absolute(p)[1] for p in pieces) - HEAD
        for i, label in enumerate(reversed(column.heading)):
            texts.append(centred(label, x, top - i * height, theme.label_size, "heading"))
        texts += _feet(column.foot, x, bottom, theme)
    for i, link in enumerate(panel.links):
        left = max(p.rect[2] for p in columns[i])
        right = min(p.rect[0] for p in columns[i + 1])
        texts += _feet(link.foot, (left + right) / 2, bottom, theme)
    return texts


def _feet(foot: Iterable[Math | None], x: float, bottom: float, theme: Theme) -> list[Text]:
    height = theme.label_size + LEADING + 2.0
    return [
        centred(label, x, bottom + FOOT + row * height, theme.label_size, "caption")
        for row, label in enumerate(foot)
        if label is not None
    ]


def _middle(pieces: Sequence[PlacedPiece]) -> float:
    return (min(p.rect[0] for p in pieces) + max(p.rect[2] for p in pieces)) / 2


# Strokes -------------------------------------------------------------------------------------------------------------
def _strokes(link: Link, tails: Sequence[PlacedPiece], heads: Sequence[PlacedPiece]) -> list[PlacedStroke]:
    return [_stroke(s, tails[s.tail], heads[s.head]) for s in sorted(link.strokes, key=lambda s: s.role != BIAS)]


def _stroke(stroke: Stroke, tail: PlacedPiece, head: PlacedPiece) -> PlacedStroke:
    start, end = _port(tail, 1.0), _port(head, -1.0)
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = hypot(dx, dy) or 1.0
    ux, uy = dx / length, dy / length
    off_tail = tail.width / 2 if isinstance(tail.piece, Circle) else CLOSE
    off_head = head.width / 2 + CLOSE / 2 if isinstance(head.piece, Circle) else CLOSE
    return PlacedStroke(
        stroke,
        tail,
        head,
        (start[0] + ux * off_tail, start[1] + uy * off_tail),
        (end[0] - ux * off_head, end[1] - uy * off_head),
    )


def _port(piece: PlacedPiece, side: float) -> Point:
    """Where strokes aim at: the middle of a circle, the middle of a box's side."""
    if isinstance(piece.piece, Circle):
        return piece.x, piece.y
    gap = 4.0 if isinstance(piece.piece, Words) else 0.0
    reach = piece.width / 2
    for label in piece.inside:  # the size of a matrix stands beside it: strokes end before it
        left, top, right, bottom = label.rect
        if top - gap < piece.y < bottom + gap:
            reach = max(reach, (right - piece.x + CLOSE) if side > 0 else (piece.x - left + CLOSE))
    return piece.x + side * (reach + gap), piece.y

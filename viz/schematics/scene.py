"""A schematic that is laid out: pieces, strokes and labels at their places.

Distances are in points, x to the right and y down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import hypot
from typing import TypeAlias

from cgraph.notation import Math
from viz.ink.lines import PlacedLine
from viz.schematics.pieces import PASS, Piece, Stroke

BETWEEN = 3.2  # half the distance between a forward stroke and the backward stroke beside it

Point: TypeAlias = tuple[float, float]
Rect: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True)
class Text:
    """A label at its place; `label` is the record that its glyphs were set from."""

    label: Math
    placed: PlacedLine
    role: str

    @property
    def rect(self) -> Rect:
        """(left, top, right, bottom) of its ink."""
        return self.placed.rect

    def moved(self, dx: float, dy: float) -> Text:
        """The same label elsewhere."""
        return replace(self, placed=self.placed._replace(x=self.placed.x + dx, y=self.placed.y + dy))


@dataclass(frozen=True)
class PlacedPiece:
    """A piece at its place, by its centre, with its own labels; those of cells stand row by row in `inside`."""

    piece: Piece
    x: float
    y: float
    width: float
    height: float
    inside: tuple[Text, ...] = ()

    @property
    def rect(self) -> Rect:
        """(left, top, right, bottom) of its outline."""
        return self.x - self.width / 2, self.y - self.height / 2, self.x + self.width / 2, self.y + self.height / 2

    def moved(self, dx: float, dy: float) -> PlacedPiece:
        """The same piece elsewhere."""
        inside = tuple(t.moved(dx, dy) for t in self.inside)
        return replace(self, x=self.x + dx, y=self.y + dy, inside=inside)


@dataclass(frozen=True)
class PlacedStroke:
    """A straight stroke at its place, and the names of what it joins."""

    stroke: Stroke
    tail: PlacedPiece
    head: PlacedPiece
    start: Point
    end: Point

    def moved(self, dx: float, dy: float) -> PlacedStroke:
        """The same stroke elsewhere."""
        start, end = (self.start[0] + dx, self.start[1] + dy), (self.end[0] + dx, self.end[1] + dy)
        return replace(self, tail=self.tail.moved(dx, dy), head=self.head.moved(dx, dy), start=start, end=end)

    def lines(self) -> tuple[tuple[Point, Point], ...]:
        """The lines that are painted: one, or for a pass the forward line and the backward line."""
        if self.stroke.role != PASS:
            return ((self.start, self.end),)
        (x0, y0), (x1, y1) = self.start, self.end
        length = hypot(x1 - x0, y1 - y0) or 1.0
        nx, ny = (y1 - y0) / length * BETWEEN, -(x1 - x0) / length * BETWEEN
        return ((x0 + nx, y0 + ny), (x1 + nx, y1 + ny)), ((x1 - nx, y1 - ny), (x0 - nx, y0 - ny))


@dataclass(frozen=True)
class Turn:
    """How a row of a schematic goes on in the next one: the corners of its line, and the stroke that it is.

    Without a stroke the last column of the row stands again at the start of the next.
    """

    corners: tuple[Point, ...]
    stroke: PlacedStroke | None = None

    def moved(self, dx: float, dy: float) -> Turn:
        """The same line elsewhere."""
        stroke = None if self.stroke is None else self.stroke.moved(dx, dy)
        return Turn(tuple((x + dx, y + dy) for x, y in self.corners), stroke)


@dataclass(frozen=True)
class Scene:
    """Everything at its place, from (0, 0) to (width, height)."""

    width: float
    height: float
    pieces: tuple[PlacedPiece, ...]
    strokes: tuple[PlacedStroke, ...]
    texts: tuple[Text, ...]
    turns: tuple[Turn, ...] = ()

    def moved(self, dx: float, dy: float) -> Scene:
        """The same elsewhere."""
        return replace(
            self,
            pieces=tuple(p.moved(dx, dy) for p in self.pieces),
            strokes=tuple(s.moved(dx, dy) for s in self.strokes),
            texts=tuple(t.moved(dx, dy) for t in self.texts),
            turns=tuple(t.moved(dx, dy) for t in self.turns),
        )


def bounds(scene: Scene) -> Rect:
    """(left, top, right, bottom) of all that is painted."""
    rects = [p.rect for p in scene.pieces] + [t.rect for t in scene.texts]
    rects += [t.rect for p in scene.pieces for t in p.inside]
    rects += [(x, y, x, y) for turn in scene.turns for x, y in turn.corners]
    lefts, tops, rights, bottoms = zip(*rects, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)

"""What a schematic is made of: a declaration without a position, a font or a colour.

A `Schematic` is columns from left to right with a link in each gap. A column is a stack of pieces; a link is the
strokes from the pieces of one column to those of the next. Labels are the trees of `cgraph.notation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from cgraph.notation import Math, Named, Sym, text

INPUT, HIDDEN, OUTPUT, OP, BIAS, WEIGHT, FLOW, FAN, PASS = (
    *("input", "hidden", "output", "op", "bias"),
    *("weight", "flow", "fan", "pass"),
)
ABOVE, BELOW, EITHER = -1, 1, 0


_DOTS = Named(Sym("⋮"), "…")


@dataclass(frozen=True)
class Circle:
    """A circle: a unit of a layer, an op of a neural unit, or a bias's source (`role` says which)."""

    label: Math
    role: str = HIDDEN


@dataclass(frozen=True)
class Dots:
    """The pieces of a column that are not drawn."""

    label: Math = _DOTS
    role: str = "ellipsis"


@dataclass(frozen=True)
class Words:
    """Lines of words without a border."""

    lines: tuple[Math, ...]
    role: str = "words"

    @property
    def label(self) -> Math:
        """All lines as one."""
        return one_line(self.lines)


@dataclass(frozen=True)
class Block:
    """Lines of words in a rounded box; `role` "parameter" fills it as a trainable matrix."""

    lines: tuple[Math, ...]
    role: str = "block"

    @property
    def label(self) -> Math:
        """All lines as one."""
        return one_line(self.lines)


@dataclass(frozen=True)
class Cells:
    """A matrix or a vector as small cells, row by row; a cell without a label is empty, `None` is left out.

    `solid` are the (row, column) that are drawn inverse, such as the 1 of a one-hot vector; `shaded` those that are
    filled as trainable. `title` stands in the middle of the cells. `across` and `down` are the sizes that stand above
    and left of it, `marks` small labels above columns, `row_marks` left of rows, `note` a line below.
    """

    rows: tuple[tuple[Math | None, ...], ...]
    label: Math
    solid: frozenset[tuple[int, int]] = frozenset()
    shaded: frozenset[tuple[int, int]] = frozenset()
    across: Math | None = None
    down: Math | None = None
    marks: tuple[tuple[int, Math], ...] = ()
    row_marks: tuple[tuple[int, Math], ...] = ()
    note: Math | None = None
    title: Math | None = None
    size: float = 15.0
    role: str = "cells"


Piece: TypeAlias = "Circle | Dots | Words | Block | Cells"


@dataclass(frozen=True)
class Column:
    """A stack of pieces, with lines of words above it and in the common rows of words at the foot.

    Columns of the same `grid` share their rows, piece by piece (or as `rows` say), so that their pieces are level.
    """

    pieces: tuple[Piece, ...]
    heading: tuple[Math, ...] = ()
    foot: tuple[Math | None, ...] = ()
    grid: str = ""
    rows: tuple[int, ...] = ()
    gap: float = 16.0
    align: str = "centre"

    def places(self) -> tuple[int, ...]:
        """The row of each piece in its grid."""
        return self.rows or tuple(range(len(self.pieces)))


@dataclass(frozen=True)
class Note:
    """Lines of words beside a stroke: above it, below it, or on the side that has room."""

    lines: tuple[Math, ...]
    side: int = EITHER
    role: str = WEIGHT


@dataclass(frozen=True)
class Stroke:
    """A stroke from a piece of one column to a piece of the next, by their places in the columns.

    `role` "weight" and "bias" are the weights of a layer, "flow" and the thinner "fan" lead on what is there, "pass" is
    a forward stroke with a backward stroke beside it.
    """

    tail: int
    head: int
    role: str = WEIGHT
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Link:
    """All strokes of one gap, its words at the foot, and its least width in points."""

    strokes: tuple[Stroke, ...] = ()
    foot: tuple[Math | None, ...] = ()
    width: float = 64.0


@dataclass(frozen=True)
class Schematic:
    """Columns from left to right and the links between them, one fewer; `tag` such as (a) stands below."""

    columns: tuple[Column, ...]
    links: tuple[Link, ...] = field(default=())
    tag: Math | None = None

    def then(self, link: Link, *more: Column | Link | Schematic) -> Schematic:
        """This schematic, continued to the right: a link, then columns and links or another schematic."""
        columns, links = list(self.columns), [*self.links, link]
        for part in more:
            if isinstance(part, Link):
                links.append(part)
            elif isinstance(part, Column):
                columns.append(part)
            else:
                columns += part.columns
                links += part.links
        return Schematic(tuple(columns), tuple(links), self.tag)


def one_line(lines: Sequence[Math]) -> Math:
    """Lines as one line of words, for titles."""
    return Sym(" ".join(text(line) for line in lines))


def each(tails: Sequence[int], heads: Sequence[int], role: str = FLOW) -> tuple[Stroke, ...]:
    """One stroke from each tail to the head beside it.

    >>> [(s.tail, s.head) for s in each((2, 3), (0, 1))]
    [(2, 0), (3, 1)]
    """
    return tuple(Stroke(tail, head, role) for tail, head in zip(tails, heads, strict=True))


def all_to_all(tails: Sequence[int], heads: Sequence[int], role: str = WEIGHT) -> tuple[Stroke, ...]:
    """A stroke from every tail to every head.

    >>> len(all_to_all((0, 1, 2), (0, 1)))
    6
    """
    return tuple(Stroke(tail, head, role) for tail in tails for head in heads)

"""How large each piece is, and how its own labels stand in it and around it."""

from __future__ import annotations

from math import hypot

from cgraph.notation import Math
from viz.ink.lines import PlacedLine, SetLine, set_line
from viz.ink.page import smallest_of
from viz.ink.themes import Theme
from viz.schematics.pieces import Block, Cells, Circle, Dots, Piece, Words
from viz.schematics.scene import PlacedPiece, Rect, Text

RADIUS, LARGEST = 18.0, 19.3  # of a circle, and of one whose name is long
INSIDE = 0.82  # of a circle's breadth: for its name
CLEAR = 3.0  # from the corners of a circle's name to the middle of its ring
SCRIPT = 9.75  # the least size of the scripts of a unit's name, where a circle has room for it
LEADING = 4.0  # between lines of words
PAD_X, PAD_Y = 9.0, 7.0
SMALLEST = 8.0  # the least size of a label that must fit into a circle or a cell


def set_label(label: Math, size: float) -> SetLine:
    """A label as a line of glyphs."""
    return set_line("label", (("label", label),), size)


def _fitted(label: Math, size: float, width: float) -> SetLine:
    """A label set so small that it fits into a width."""
    line = set_label(label, size)
    return line if line.width <= width else set_label(label, max(size * width / line.width, SMALLEST))


def _named(label: Math, size: float) -> SetLine:
    """The name of a unit, in a larger circle where its scripts can then be read."""
    usual = _fitted(label, size, 2 * RADIUS * INSIDE)
    if not usual.runs or smallest_of([usual]) >= SCRIPT:
        return usual
    own = smallest_of([set_label(label, size)])
    larger = _fitted(label, size * max(SCRIPT / own, 1.0), 2 * LARGEST * INSIDE)
    return larger if smallest_of([larger]) >= SCRIPT - 0.005 else usual


def centred(label: Math, x: float, y: float, size: float, role: str) -> Text:
    """A label whose baseline is centred on a point."""
    line = set_label(label, size)
    return Text(label, PlacedLine(line, x - line.width / 2, y), role)


def _in_middle(label: Math, line: SetLine, x: float, y: float, role: str) -> Text:
    """A label whose ink is centred on a point."""
    return Text(label, PlacedLine(line, x - line.width / 2, y + (line.ascent - line.descent) / 2), role)


def sized(piece: Piece, theme: Theme) -> PlacedPiece:
    """A piece at (0, 0) with its labels."""
    if isinstance(piece, Circle):
        line = _named(piece.label, theme.title_size)
        text = _in_middle(piece.label, line, 0.0, 0.0, piece.role)
        radius = max(RADIUS, line.width / 2 / INSIDE, hypot(line.width, line.ascent + line.descent) / 2 + CLEAR)
        return PlacedPiece(piece, 0.0, 0.0, 2 * radius, 2 * radius, (text,))
    if isinstance(piece, Dots):
        line = set_label(piece.label, theme.title_size)
        return PlacedPiece(piece, 0.0, 0.0, line.width, 14.0, (_in_middle(piece.label, line, 0.0, 0.0, piece.role),))
    if isinstance(piece, Cells):
        return _cells(piece, theme)
    return _worded(piece, theme)


def _worded(piece: Words | Block, theme: Theme) -> PlacedPiece:
    size = theme.title_size if piece.role in ("parameter", "sign") else theme.value_size
    lines = [set_label(label, size) for label in piece.lines]
    step = size + LEADING
    pad_x, pad_y = (PAD_X, PAD_Y) if isinstance(piece, Block) else (0.0, 0.0)
    height = step * len(lines) - LEADING + 2 * pad_y
    width = max(line.width for line in lines) + 2 * pad_x
    if isinstance(piece, Block):
        width = max(width, height)
    top = -height / 2 + pad_y
    texts = []
    for i, (label, line) in enumerate(zip(piece.lines, lines, strict=True)):
        middle = top + i * step + size / 2
        texts.append(Text(label, PlacedLine(line, -line.width / 2, middle + 0.27 * size), piece.role))
    return PlacedPiece(piece, 0.0, 0.0, width, height, tuple(texts))


def _cells(piece: Cells, theme: Theme) -> PlacedPiece:
    columns = max(len(row) for row in piece.rows)
    width, height = piece.size * columns, piece.size * len(piece.rows)
    small = theme.label_size - 2.0
    texts: list[Text] = []
    for r, row in enumerate(piece.rows):
        for c, label in enumerate(row):
            if label is not None:
                x, y = (c + 0.5) * piece.size - width / 2, (r + 0.5) * piece.size - height / 2
                line = _fitted(label, small, piece.size * 0.8)
                middle = PlacedLine(line, x - line.width / 2, y + 0.33 * small)  # digits and dots on one baseline
                texts.append(Text(label, middle, "solid" if (r, c) in piece.solid else "cell"))
    if piece.title is not None:
        texts.append(_in_middle(piece.title, set_label(piece.title, theme.title_size + 4), 0.0, 0.0, "parameter"))
    top = -height / 2 - 5.0
    marks = [centred(label, (c + 0.5) * piece.size - width / 2, top - 1.0, small, "mark") for c, label in piece.marks]
    texts += marks
    if piece.across is not None:
        above = min([t.rect[1] for t in marks], default=top) - 5.0 if marks else top - 1.0
        texts.append(centred(piece.across, 0.0, above, theme.label_size, "shape"))
    left = -width / 2 - 6.0
    for r, label in piece.row_marks:
        line = set_label(label, small)
        y = (r + 0.5) * piece.size - height / 2
        texts.append(Text(label, PlacedLine(line, left - line.width, y + (line.ascent - line.descent) / 2), "mark"))
    if piece.down is not None:
        line = set_label(piece.down, theme.label_size)
        at = min([t.rect[0] for t in texts if t.role == "mark" and t.rect[2] < -width / 2], default=left + 4.0) - 6.0
        texts.append(_in_middle(piece.down, line, at - line.width / 2, 0.0, "shape"))
    if piece.note is not None:
        line = set_label(piece.note, theme.label_size)
        texts.append(Text(piece.note, PlacedLine(line, -line.width / 2, height / 2 + 5.0 + line.ascent), "note"))
    return PlacedPiece(piece, 0.0, 0.0, width, height, tuple(texts))


def extent(piece: PlacedPiece) -> Rect:
    """How far a piece with all its labels reaches from its centre."""
    left, top, right, bottom = absolute(piece)
    return left - piece.x, top - piece.y, right - piece.x, bottom - piece.y


def absolute(piece: PlacedPiece) -> Rect:
    """How far a piece with all its labels reaches."""
    rects = [piece.rect, *(t.rect for t in piece.inside)]
    lefts, tops, rights, bottoms = zip(*rects, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)

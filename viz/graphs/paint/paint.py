"""A layout as SVG: boxes, strokes and glyphs, each element with what it stands for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import escape

from viz.graphs.paint.cells import heat_map
from viz.graphs.paint.legend import BACKWARD, BOTH, FORWARD, LEAST, NOTHING, Foot, foot
from viz.graphs.places.layout import Layout, PlacedBox, PlacedEdge, PlacedFrame
from viz.graphs.places.measure import INSET
from viz.graphs.words.drawing import OUTLINE, OUTSIDE, Drawing
from viz.graphs.words.heat import Heat, cell_side, written_on
from viz.graphs.words.look import read_on
from viz.ink import pen
from viz.ink.document import background, document
from viz.ink.lines import PlacedLine
from viz.ink.pen import number, rect
from viz.ink.themes import Theme

__all__ = ["BACKWARD", "BOTH", "FORWARD", "alone", "body", "name", "parts"]
BORDER = 1.3
BADGE_X, BADGE_Y = 4.0, 1.5  # how far the plate of a badge reaches beyond its words


def alone(layout: Layout, theme: Theme, show: str, caption: str, description: str, drawing: Drawing, more: str) -> str:
    """The picture of a layout without caption and legend below it, for a page that has its own.

    The outlines of the characters `more` are in the file as well, for the other numbers that a page writes.
    """
    painted = body(layout, theme, show, drawing, 0.0)
    used, size = {*_characters(layout, NOTHING), *more}, (layout.width, layout.height)
    return "\n".join(document(size, name(caption, drawing), description, used, _ground(theme, drawing), painted))


def parts(
    layout: Layout,
    theme: Theme,
    show: str,
    caption: str,
    description: str,
    drawing: Drawing,
    more: str = "",
    room: tuple[float, float | None] | None = None,
) -> list[str]:
    """The picture in parts: its tag, title, description, outlines, background and group, then an element each.

    With `room`, a width and perhaps a height in points, it is as large as there is room for it.
    """
    below = foot(drawing, theme, show, caption, layout.width)
    width, height = _size(drawing, below, layout.width, layout.height)
    left = (width - layout.width) / 2
    painted = [*body(layout, theme, show, drawing, left), *below.paint(width, layout.height, theme)]
    used = {*_characters(layout, below), *more}
    scale = 1.0 if room is None else min(room[0] / width, (room[1] or float("inf")) / height)
    return document((width, height), name(caption, drawing), description, used, _ground(theme, drawing), painted, scale)


def name(caption: str, drawing: Drawing) -> str:
    """What a reader that cannot see calls the picture, which has a name without a caption too."""
    return caption or f"Computation graph of {drawing.root}"


def _ground(theme: Theme, drawing: Drawing) -> str:
    return background("none" if drawing.look.transparent else theme.background, "background")


def body(layout: Layout, theme: Theme, show: str, drawing: Drawing, left: float) -> list[str]:
    """All edges and boxes of a picture, so far from the left."""
    plain, look = _ascii if drawing.detail == OUTLINE else str, drawing.look
    return [
        f'<g transform="translate({number(left)} 0)" data-role="graph">',
        *(_frame(f, theme) for f in layout.frames),
        *(plain(_edge(e, _cased(look.theme(e.edge.id, theme), drawing), show)) for e in layout.edges),
        *(plain(_box(b, look.theme(b.box.id, theme), show, drawing)) for b in layout.boxes),
        "</g>",
    ]


def _cased(theme: Theme, drawing: Drawing) -> Theme:
    """The theme of an edge, whose strokes have no casing where there is no background."""
    return replace(theme, background="none") if drawing.look.transparent else theme


def size_of(drawing: Drawing, theme: Theme, show: str, caption: str, size: tuple[float, float]) -> tuple[float, float]:
    """The width and the height of a picture with its caption and its legend, where `size` is that of its graph."""
    return _size(drawing, foot(drawing, theme, show, caption, size[0]), *size)


def _size(drawing: Drawing, below: Foot, width: float, height: float) -> tuple[float, float]:
    least = below.width if drawing.heat is None else max(below.width, LEAST)  # frames of a film are all as wide
    return max(width, least + 24.0), height + below.height


def characters(layout: Layout, theme: Theme, show: str, caption: str, drawing: Drawing) -> set[str]:
    """The characters of a picture that leave ink."""
    return _characters(layout, foot(drawing, theme, show, caption, layout.width))


def _characters(layout: Layout, below: Foot) -> set[str]:
    words = [*(line.line for b in layout.boxes for line in b.lines), *below.lines]
    words += [label.line for e in layout.edges for label in (e.local, e.downstream) if label]
    words += [f.title.line for f in layout.frames]
    return pen.characters(words)


def _ascii(part: str) -> str:
    """A part with references for what is not ASCII: one ∂ in a text of many megabytes doubles its memory."""
    return part if part.isascii() else part.encode("ascii", "xmlcharrefreplace").decode("ascii")


# Boxes ---------------------------------------------------------------------------------------------------------------
def _box(placed: PlacedBox, theme: Theme, show: str, drawing: Drawing) -> str:
    box, heat = placed.box, drawing.heat
    own = drawing.look.fill(box.id, theme)
    fill = own or (heat.fill(box.id, theme) if heat else None)
    words = read_on(own, theme) if own else written_on(fill, theme) if fill else theme
    lines = [line for line in placed.lines if not (show == FORWARD and line.line.role == "gradient")]
    title = box.title
    if show == FORWARD:
        title = "\n".join(t for t in title.split("\n") if not t.startswith("∂"))
    return (
        f'<g data-id="{box.id}" data-node="{escape(box.name)}" data-role="{box.kind}"><title>{escape(title)}</title>'
        + "".join(_outlines(placed, theme, fill))
        + "".join(_line(line, box.id, theme, words, heat) for line in lines)
        + "</g>"
    )


def _line(line: PlacedLine, id_: str, theme: Theme, words: Theme, heat: Heat | None) -> str:
    """A line of a box: words in their own theme, a badge on its plate, or a heat map."""
    left, top, right, _ = line.rect
    if line.line.role == "heat" and heat is not None:
        rows, columns = heat.cells[id_].shape
        middle = (left + right - columns * cell_side(rows, columns)) / 2
        return heat_map(heat, id_, middle, top, theme) + pen.line(line, theme)
    if line.line.role == OUTSIDE:
        return pen.line(line, theme)
    if line.line.role == "badge":
        return _plate(line.rect, theme) + pen.line(line, theme)
    return pen.line(line, words)


def _outlines(placed: PlacedBox, theme: Theme, heated: str | None = None) -> Iterator[str]:
    """The shape of a box, filled with the colour of its number where it has one.

    A trainable one has a heavier border and a constant a lighter one: grey print says it too.
    """
    box = placed.box
    left, top, right, bottom = placed.rect
    fill = heated or (theme.trainable if box.kind == "parameter" else theme.box)
    border = theme.constant_border if box.kind == "constant" else theme.border
    weight = {"parameter": 1.8, "constant": 1.0}.get(box.kind, BORDER)
    look = f'fill="{fill}" stroke="{border}" stroke-width="{weight}"'
    if box.kind == "folded":
        look += ' stroke-dasharray="5 3"'
    inner = f'fill="none" stroke="{border}"'
    if box.round:
        yield _circle(placed, 0.0, look)
        yield from [_circle(placed, INSET, inner)] * box.output
    else:
        yield rect(left, top, right, bottom, 7.0, look)
    if box.output and not box.round:
        yield rect(left + INSET, top + INSET, right - INSET, bottom - INSET, 5.0, inner)


def _circle(placed: PlacedBox, inset: float, look: str) -> str:
    return f'<circle cx="{number(placed.x)}" cy="{number(placed.y)}" r="{number(placed.width / 2 - inset)}" {look}/>'


def _plate(words: tuple[float, float, float, float], theme: Theme) -> str:
    left, top, right, bottom = words
    fill = f'fill="{theme.text}" data-role="badge"'
    return rect(left - BADGE_X, top - BADGE_Y, right + BADGE_X, bottom + BADGE_Y, 4.0, fill)


# Frames --------------------------------------------------------------------------------------------------------------
def _frame(placed: PlacedFrame, theme: Theme) -> str:
    """A dashed line around the boxes of a layer, below all that stands in it."""
    frame, left, top, right, bottom, title = placed
    name = escape(frame.name)
    look = f'fill="none" stroke="{theme.faint}" stroke-width="0.9" stroke-dasharray="2 3"'
    return (
        f'<g data-id="{frame.id}" data-frame="{name}" data-role="frame"><title>{name}</title>'
        f"{rect(left, top, right, bottom, 10.0, look)}{pen.line(title, theme)}</g>"
    )


# Edges ---------------------------------------------------------------------------------------------------------------
def _edge(placed: PlacedEdge, theme: Theme, show: str) -> str:
    edge = placed.edge
    flags = (' data-zero="true"' if edge.zero else "") + (' data-proved="true"' if edge.proved else "")
    flags += ' data-indeterminate="true"' if edge.undetermined else ""
    spelled = escape(edge.name)
    title = spelled if show == FORWARD else escape("\n".join([edge.title, *edge.jacobian]))
    colour, width = (theme.constant_border, 0.9) if show == BACKWARD else (theme.forward, 1.5)
    parts = [
        f'<g data-id="{edge.id}" data-edge="{spelled}" data-position="{edge.slot}" data-role="edge"{flags}>',
        f"<title>{title}</title>",
        pen.stroke(placed.forth, colour, "forward", width, casing=theme.background),
    ]
    if edge.held and show != FORWARD:
        parts.append(pen.bar(placed.forth, theme))
    if edge.flows and show != FORWARD:
        colour, width = (theme.pale, 0.8) if edge.zero else (theme.backward, 1.4)
        parts.append(pen.stroke(placed.back, colour, "backward", width, True, theme.background))
        parts += [pen.line(label, theme) for label in (placed.local, placed.downstream) if label]
    return "".join([*parts, "</g>"])

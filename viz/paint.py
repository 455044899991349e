"""A layout as SVG: boxes, strokes and glyphs, each element with what it stands for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from cgraph.notation import Sym
from viz.annotate import HOVER, NUMBER, Drawing
from viz.layout import BETWEEN, INSET, Layout, Line, PlacedBox, PlacedEdge, PlacedLine, Point, set_line
from viz.style import Theme
from viz.typeset import Glyph, Rule, outline

ARROW, HALF = 7.5, 3.0  # length and half width of an arrow head
FORWARD, BACKWARD, BOTH = "forward", "backward", "both"
LEGEND_GAP = 22.0


def svg(layout: Layout, theme: Theme, show: str, caption: str, description: str, drawing: Drawing) -> str:
    """The picture of a layout; `show` is which pass: forward, backward or both."""
    trainable = any(b.box.kind == "parameter" for b in layout.boxes)
    legend = _legend(theme, drawing, show, trainable)
    words = set_line("caption", (("caption", Sym(caption)),), theme.caption_size)
    legend_width = sum(width for width, _ in legend) + LEGEND_GAP * max(len(legend) - 1, 0)
    width = max(layout.width, legend_width + 24.0, words.width + 24.0)
    shift = (width - layout.width) / 2
    height = layout.height + 30.0 + (24.0 if legend else 0.0)
    body = [
        *(_edge(e, theme, show) for e in layout.edges),
        *(_box(b, theme, show) for b in layout.boxes),
    ]
    foot = [
        f'<g data-role="caption">{_line(PlacedLine(words, (width - words.width) / 2, layout.height + 14.0), theme)}</g>'
    ]
    x = (width - legend_width) / 2
    for entry_width, draw in legend:
        foot.append(f'<g data-role="legend">{draw(x, layout.height + 38.0)}</g>')
        x += entry_width + LEGEND_GAP
    defs = "".join(f'<path id="g{ord(c):x}" d="{outline(c)}"/>' for c in sorted(_characters(layout, words, legend)))
    size = f'width="{_n(width)}" height="{_n(height)}" viewBox="0 0 {_n(width)} {_n(height)}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(caption)}">',
            f"<title>{escape(caption)}</title>",
            f"<desc>{escape(description)}</desc>",
            f"<defs>{defs}</defs>",
            f'<rect width="100%" height="100%" fill="{theme.background}"/>',
            f'<g transform="translate({_n(shift)} 0)">',
            *body,
            "</g>",
            *foot,
            "</svg>\n",
        ]
    )


# Boxes and words -----------------------------------------------------------------------------------------------------
def _box(placed: PlacedBox, theme: Theme, show: str) -> str:
    box = placed.box
    left, top, right, bottom = placed.rect
    fill = theme.trainable if box.kind == "parameter" else theme.box
    border = theme.constant_border if box.kind == "constant" else theme.border
    pen = f'fill="{fill}" stroke="{border}" stroke-width="1.3"'
    if box.round:
        shapes = [f'<circle cx="{_n(placed.x)}" cy="{_n(placed.y)}" r="{_n(placed.width / 2)}" {pen}/>']
    else:
        shapes = [_rect(left, top, right, bottom, 7.0, pen)]
    if box.output and not box.round:
        shapes.append(
            _rect(left + INSET, top + INSET, right - INSET, bottom - INSET, 5.0, f'fill="none" stroke="{border}"')
        )
    lines = [line for line in placed.lines if _shown(line.line.role, show)]
    title = "\n".join(t for t in box.title.split("\n") if show != FORWARD or not t.startswith("∂"))
    return (
        f'<g data-node="{escape(box.name)}" data-role="{box.kind}"><title>{escape(title)}</title>'
        + "".join(shapes)
        + "".join(_line(line, theme) for line in lines)
        + "</g>"
    )


def _shown(role: str, show: str) -> bool:
    return not (show == FORWARD and role == "gradient")


def _rect(left: float, top: float, right: float, bottom: float, radius: float, pen: str) -> str:
    box = f'x="{_n(left)}" y="{_n(top)}" width="{_n(right - left)}" height="{_n(bottom - top)}"'
    return f'<rect {box} rx="{_n(radius)}" {pen}/>'


def _line(placed: PlacedLine, theme: Theme) -> str:
    return "".join(
        f'<g fill="{_colour(role, theme)}" data-role="{role}">{_marks(marks, placed.x, placed.y)}</g>'
        for role, marks in placed.line.runs
        if marks
    )


def _colour(role: str, theme: Theme) -> str:
    return {
        "value": theme.forward,
        "gradient": theme.backward,
        "backward": theme.backward,
        "local": theme.local,
        "shape": theme.faint,
        "caption": theme.faint,
    }.get(role, theme.text)


def _marks(marks: Iterable[Glyph | Rule], x: float, y: float) -> str:
    parts = []
    for m in marks:
        if isinstance(m, Glyph):
            if outline(m.char):
                place = f"matrix({_n(m.size / 1000, 5)} 0 0 {_n(m.size / 1000, 5)} {_n(x + m.x)} {_n(y + m.y)})"
                parts.append(f'<use href="#g{ord(m.char):x}" transform="{place}"/>')
        else:
            parts.append(f'<rect x="{_n(x + m.x)}" y="{_n(y + m.y)}" width="{_n(m.width)}" height="{_n(m.height)}"/>')
    return "".join(parts)


# Strokes -------------------------------------------------------------------------------------------------------------
def _edge(placed: PlacedEdge, theme: Theme, show: str) -> str:
    edge = placed.edge
    parts = []
    forth, back = strokes(placed)
    if show == BACKWARD:
        parts.append(_stroke(forth, theme.constant_border, theme.constant_border, "forward", 'stroke-width="0.9"'))
    else:
        parts.append(_stroke(forth, theme.forward, theme.forward, "forward", 'stroke-width="1.5"'))
    if edge.flows and show != FORWARD:
        colour, pen = (theme.pale, "0.8") if edge.zero else (theme.backward, "1.4")
        parts.append(_stroke(back, colour, colour, "backward", f'stroke-width="{pen}" stroke-dasharray="5.5 3.2"'))
        parts += [_line(label, theme) for label in (placed.local, placed.downstream) if label]
    elif placed.value and show == FORWARD:
        parts.append(_line(placed.value, theme))
    title = edge.title if show != FORWARD else edge.name
    return (
        f'<g data-edge="{escape(edge.name)}" data-position="{edge.slot}"'
        f"{' data-zero=' + chr(34) + 'true' + chr(34) if edge.zero else ''}><title>{escape(title)}</title>"
        + "".join(parts)
        + "</g>"
    )


def strokes(placed: PlacedEdge) -> tuple[list[Point], list[Point]]:
    """The forward and the backward stroke: the edge's curve moved to either side, each ending at its arrow's tip."""
    return _moved(placed.curve, -BETWEEN), _moved(placed.curve, BETWEEN)[::-1]


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
        for parts in range(_pieces(rest), 1, -1):
            first = _split(rest, 1 / parts)
            rest = _split(rest[::-1], 1 - 1 / parts)[::-1]
            fine += first[1:]
        fine += rest[1:]
    return fine


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


def _stroke(curve: list[Point], line: str, head: str, role: str, pen: str) -> str:
    shortened, (tip, left, right) = _with_arrow(curve)
    d = f"M{_p(shortened[0])}C" + " ".join(_p(q) for q in shortened[1:])
    arrow = f"M{_p(tip)}L{_p(left)} {_p(right)}Z"
    return (
        f'<g data-role="{role}"><path d="{d}" fill="none" stroke="{line}" {pen}/><path d="{arrow}" fill="{head}"/></g>'
    )


def _with_arrow(curve: list[Point]) -> tuple[list[Point], tuple[Point, Point, Point]]:
    """The curve cut short where its arrow head begins, and the head's three corners."""
    tip = curve[-1]
    p = curve[-4:]
    low, high = 0.0, 1.0
    if _pieces(p) == 1:
        low = high = max(0.0, 1 - (ARROW - 0.8) / (math.dist(p[0], tip) or 1.0))
    for _ in range(0 if low else 30):
        middle = (low + high) / 2
        q = _split(p, middle)[3]
        low, high = (middle, high) if math.dist(q, tip) > ARROW - 0.8 else (low, middle)
    piece = _split(p, low)
    end = piece[3]
    length = math.dist(end, tip) or 1.0
    ux, uy = (tip[0] - end[0]) / length, (tip[1] - end[1]) / length
    foot = tip[0] - ux * ARROW, tip[1] - uy * ARROW
    left = foot[0] - uy * HALF, foot[1] + ux * HALF
    right = foot[0] + uy * HALF, foot[1] - ux * HALF
    return [*curve[:-4], *piece], (tip, left, right)


def _split(p: Sequence[Point], t: float) -> list[Point]:
    """The first part of a cubic Bézier curve, up to t (de Casteljau)."""

    def between(a: Point, b: Point) -> Point:
        return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t

    a, b, c = between(p[0], p[1]), between(p[1], p[2]), between(p[2], p[3])
    d, e = between(a, b), between(b, c)
    return [p[0], a, d, between(d, e)]


# Legend --------------------------------------------------------------------------------------------------------------
def _legend(theme: Theme, drawing: Drawing, show: str, trainable: bool) -> list[tuple[float, _Entry]]:
    if show == FORWARD or not drawing.has_gradients:
        return []
    entries = [
        ("value", "forward: value" if drawing.has_values else "forward"),
        ("backward", "upstream · local = downstream gradient"),
        ("local", "local gradient"),
    ]
    if drawing.detail in (NUMBER, HOVER) and drawing.has_values:
        entries.append(("boxes", "in each box: value, then gradient"))
    if trainable:
        entries.append(("trainable", "trainable"))
    made = [_Entry(words, theme, role) for role, words in entries]
    return [(entry.width, entry) for entry in made]


class _Entry:
    """One sample of the legend with its words."""

    def __init__(self, words: str, theme: Theme, role: str) -> None:
        self.theme, self.role = theme, role
        self.line: Line = set_line("legend", ((role, Sym(words)),), theme.caption_size - 1)
        self.sample = {"local": 0.0, "boxes": 0.0, "trainable": 20.0}.get(role, 30.0)
        self.width = self.sample + self.line.width

    def __call__(self, x: float, y: float) -> str:
        words = _line(PlacedLine(self.line, x + self.sample, y), self.theme)
        if not self.sample:
            return words
        level = y - 3.5
        if self.role == "trainable":
            pen = f'fill="{self.theme.trainable}" stroke="{self.theme.border}"'
            return _rect(x, level - 5.5, x + 14, level + 5.5, 3.0, pen) + words
        curve = [(x, level), (x + 8, level), (x + 16, level), (x + 24, level)]
        if self.role == "backward":
            colour = self.theme.backward
            return (
                _stroke(curve[::-1], colour, colour, "sample", 'stroke-width="1.4" stroke-dasharray="5.5 3.2"') + words
            )
        return _stroke(curve, self.theme.forward, self.theme.forward, "sample", 'stroke-width="1.5"') + words


def _characters(layout: Layout, caption: Line, legend: list[tuple[float, _Entry]]) -> set[str]:
    lines = [line.line for b in layout.boxes for line in b.lines]
    lines += [label.line for e in layout.edges for label in (e.value, e.local, e.downstream) if label]
    lines += [caption, *(entry.line for _, entry in legend)]
    marks = (m for line in lines for _, run in line.runs for m in run)
    return {m.char for m in marks if isinstance(m, Glyph) and outline(m.char)}


def _n(value: float, digits: int = 2) -> str:
    shown = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if shown in ("-0", "") else shown


def _p(point: Point) -> str:
    return f"{_n(point[0])} {_n(point[1])}"

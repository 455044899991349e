"""A schematic's scene as SVG: every element says what it stands for, and its glyphs come from the label it names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cgraph.notation import Sym, text
from viz.ink import pen
from viz.ink.caption import broken, caption_line
from viz.ink.document import background, document, safe
from viz.ink.lines import PlacedLine, SetLine, clean
from viz.ink.page import Page
from viz.ink.pen import glyphs
from viz.ink.pen import number as short
from viz.ink.themes import Theme
from viz.ink.turns import rounded
from viz.schematics.pieces import BIAS, FAN, PASS, WEIGHT, Block, Cells, Circle
from viz.schematics.scene import PlacedPiece, PlacedStroke, Point, Scene, Text, Turn

ROW, LEAST = 19.0, 240.0  # of a caption: from line to line, and the width for which it is never broken


def size_of(scene: Scene, theme: Theme, caption: str) -> Point:
    """The width and the height of a picture with its caption."""
    foot = _foot(scene, theme, caption)
    below = ROW * len(foot) + 9.0 if foot else 0.0
    return max([scene.width, *(line.width + 24.0 for line in foot)]), scene.height + below


def _foot(scene: Scene, theme: Theme, caption: str) -> list[SetLine]:
    """The caption in lines as wide as the scene."""
    return [caption_line(words, theme) for words in broken(caption, theme, max(scene.width - 24.0, LEAST))]


def svg(scene: Scene, theme: Theme, caption: str, description: str, page: Page | None = None) -> str:
    """The picture: strokes first, then pieces and labels, the caption below; on a page as large as there is room."""
    width, height = size_of(scene, theme, caption)
    scale = 1.0 if page is None else min(page.width / width, (page.height or float("inf")) / height)
    shift = (width - scene.width) / 2
    foot = [
        PlacedLine(line, (width - line.width) / 2, scene.height + 8.0 + ROW * i)
        for i, line in enumerate(_foot(scene, theme, caption))
    ]
    texts = [*scene.texts, *(t for p in scene.pieces for t in p.inside)]
    used = pen.characters([*(t.placed.line for t in texts), *(p.line for p in foot)])
    body = [
        f'<g transform="translate({short(shift)} 0)">',
        *(_stroke(s, theme) for s in scene.strokes),
        *(_turn(t, theme) for t in scene.turns),
        *(_piece(p, theme) for p in scene.pieces),
        *(_text(t, theme) for t in scene.texts),
        "</g>",
        *(_text(Text(Sym(caption), line, "caption"), theme) for line in foot),
    ]
    return "\n".join(document((width, height), caption, description, used, background(theme.background), body, scale))


def said(piece: PlacedPiece) -> str:
    """What a piece says, in words."""
    return clean(text(piece.piece.label)).strip()


# Labels --------------------------------------------------------------------------------------------------------------
def _text(placed: Text, theme: Theme) -> str:
    words = safe(text(placed.label).strip())
    marks = "".join(pen.tag(plate, placed.placed, theme) for plate in placed.placed.line.tags)
    marks += "".join(glyphs(run, placed.placed.x, placed.placed.y) for _, run in placed.placed.line.runs)
    return (
        f'<g fill="{ink(placed.role, theme)}" data-role="{placed.role}" data-label="{words}">'
        f"<title>{words}</title>{marks}</g>"
    )


def ink(role: str, theme: Theme) -> str:
    """The colour of a label: grey for biases and for what only explains, inverse on solid cells."""
    grey = (BIAS, "shape", "caption", "mark", "note", "cell")
    by_role = {
        "solid": theme.background,
        "local": theme.local,
        "backward": theme.backward,
        **dict.fromkeys(grey, theme.faint),
    }
    return by_role.get(role, theme.text)


# Pieces --------------------------------------------------------------------------------------------------------------
def _piece(placed: PlacedPiece, theme: Theme) -> str:
    piece = placed.piece
    if isinstance(piece, Circle):
        shape = _circle(placed, piece.role, theme)
    elif isinstance(piece, Block):
        fill = theme.trainable if piece.role == "parameter" else theme.box
        shape = pen.rect(*placed.rect, 7.0, f'fill="{fill}" stroke="{theme.border}" stroke-width="1.3"')
    elif isinstance(piece, Cells):
        return _cells(placed, piece, theme)
    else:
        shape = ""
    words = "".join(_text(t, theme) for t in placed.inside)
    return _group(placed, piece.role, shape + words)


def _group(placed: PlacedPiece, role: str, content: str) -> str:
    name = safe(said(placed))
    return f'<g data-node="{name}" data-role="{role}"><title>{name}</title>{content}</g>'


def _circle(placed: PlacedPiece, role: str, theme: Theme) -> str:
    border, width = {
        BIAS: (theme.constant_border, "1.3"),
        "input": (theme.border, "1.3"),
    }.get(role, (theme.forward, "1.7"))
    place = f'cx="{short(placed.x)}" cy="{short(placed.y)}" r="{short(placed.width / 2)}"'
    return f'<circle {place} fill="{theme.box}" stroke="{border}" stroke-width="{width}"/>'


def _cells(placed: PlacedPiece, piece: Cells, theme: Theme) -> str:
    left, top, right, bottom = placed.rect
    parts = [pen.rect(*placed.rect, 0.0, f'fill="{theme.box}"')]
    for cells, fill in ((piece.shaded, theme.trainable), (piece.solid, theme.text)):
        for r0, c0, r1, c1 in patches(cells):
            x, y = left + c0 * piece.size, top + r0 * piece.size
            patch = x, y, x + (c1 - c0) * piece.size, y + (r1 - r0) * piece.size
            parts.append(pen.rect(*patch, 0.0, f'fill="{fill}"'))
    lines = [f"M{short(x)} {short(top)}V{short(bottom)}" for x in _steps(left, right, piece.size)]
    lines += [f"M{short(left)} {short(y)}H{short(right)}" for y in _steps(top, bottom, piece.size)]
    if lines and piece.title is None:
        parts.append(f'<path d="{"".join(lines)}" fill="none" stroke="{theme.constant_border}" stroke-width="0.7"/>')
    parts.append(pen.rect(*placed.rect, 0.0, f'fill="none" stroke="{theme.border}" stroke-width="1.3"'))
    of_cells = [t for t in placed.inside if t.role in ("cell", "solid")]
    for r, row in enumerate(piece.rows):
        count = sum(label is not None for label in row)
        mine, of_cells = of_cells[:count], of_cells[count:]
        if mine:
            words = safe(" ".join(text(t.label).strip() for t in mine))
            inside = "".join(_text(t, theme) for t in mine)
            parts.append(f'<g data-row="{r + 1}" data-label="{words}"><title>{words}</title>{inside}</g>')
    around = [t for t in placed.inside if t.role not in ("cell", "solid")]
    return _group(placed, piece.role, "".join(parts) + "".join(_text(t, theme) for t in around))


def patches(cells: Iterable[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    """Cells as rectangles (first row, first column, last row + 1, last column + 1), so that no seam shows.

    >>> patches([(0, 0), (0, 1), (1, 0), (1, 1), (3, 1)])
    [(0, 0, 2, 2), (3, 1, 4, 2)]
    """
    found: list[tuple[int, int, int, int]] = []
    runs: list[tuple[int, int, int]] = []
    for r, c in sorted(cells):
        if runs and runs[-1][0] == r and runs[-1][2] == c:
            runs[-1] = (r, runs[-1][1], c + 1)
        else:
            runs.append((r, c, c + 1))
    for r, first, last in runs:
        above = next((i for i, p in enumerate(found) if p[1:] == (first, r, last)), None)
        if above is None:
            found.append((r, first, r + 1, last))
        else:
            found[above] = (found[above][0], first, r + 1, last)
    return found


def _steps(low: float, high: float, size: float) -> Sequence[float]:
    return [low + i * size for i in range(1, round((high - low) / size))]


# Strokes -------------------------------------------------------------------------------------------------------------
def _stroke(placed: PlacedStroke, theme: Theme) -> str:
    role = placed.stroke.role
    ends = f"{said(placed.tail)}->{said(placed.head)}"
    notes = [text(line).strip() for note in placed.stroke.notes for line in note.lines]
    title = safe(f"{ends}: {', '.join(notes)}" if notes else ends)
    colour, width = {
        **dict.fromkeys((WEIGHT, FAN), (theme.border, 0.9)),
        BIAS: (theme.constant_border, 0.9),
        PASS: (theme.forward, 1.5),
    }.get(role, (theme.border, 1.3))
    forward, *backward = placed.lines()
    lines = [pen.stroke(_curve(*forward), colour, "forward", width)]
    lines += [pen.stroke(_curve(*line), theme.backward, "backward", 1.4, dashed=True) for line in backward]
    return f'<g data-edge="{safe(ends)}" data-role="{role}"><title>{title}</title>{"".join(lines)}</g>'


def _turn(turn: Turn, theme: Theme) -> str:
    """The line on which a row goes on in the next: a stroke of the net, or a fainter one to what stands there again."""
    curve = [turn.corners[0], *rounded(turn.corners)]
    if turn.stroke is None:
        line = pen.stroke(curve, theme.faint, "forward", 1.3)
        return f'<g data-role="turn"><title>goes on in the next row</title>{line}</g>'
    ends = safe(f"{said(turn.stroke.tail)}->{said(turn.stroke.head)}")
    line = pen.stroke(curve, theme.border, "forward", 1.3)
    return f'<g data-edge="{ends}" data-role="{turn.stroke.stroke.role}"><title>{ends}</title>{line}</g>'


def _curve(start: Point, end: Point) -> list[Point]:
    """A straight line as the cubic curve that pens draw."""
    (x0, y0), (x1, y1) = start, end
    return [(x0 + (x1 - x0) * t / 3, y0 + (y1 - y0) * t / 3) for t in range(4)]

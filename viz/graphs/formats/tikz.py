"""A picture as TikZ: the same places and the same words, set by LaTeX in the fonts of the reader's own document.

Nodes have names, and the look of everything is a style, so that an author can draw on and change it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cgraph import quoting
from cgraph.notation import Group, Math, Named, Sym, latex, number
from viz.graphs.places.layout import Layout, PlacedBox, PlacedEdge, PlacedFrame
from viz.graphs.words.drawing import OUTSIDE, BoxText, Drawing, Frame
from viz.graphs.words.heat import Heat, cell_side, written_on
from viz.graphs.words.look import read_on
from viz.graphs.words.patches import STRIP, patches, tints_of
from viz.ink.lines import TAGGED, Label, PlacedLine, rows_of
from viz.ink.strokes import Point, bar
from viz.ink.themes import Theme

_COLOURS = ("text", "border", "box", "trainable", "forward", "backward", "local", "tag", "proof", "faint", "pale")
WIDER = 1.07  # how much wider words are in the fonts of LaTeX than in ours, about
_ROLES = {
    **{"value": "forward", "gradient": "backward", "backward": "backward", "local": "local", "proof": "proof"},
    **{"shape": "faint", "caption": "faint"},
}
FORWARD, ALONE = "forward", "backward"  # pictures of one pass
GAP = 22.0  # between the words of a legend


class Sample(NamedTuple):
    """A sample of the legend: its role, the room that it takes, its words, and how wide they are in our own fonts."""

    role: str
    room: float
    words: str
    width: float


class Below(NamedTuple):
    """What stands below a picture: lines of the caption and rows of the legend, each with its distance from above."""

    width: float
    height: float
    caption: tuple[tuple[float, str], ...]
    legend: tuple[tuple[float, tuple[Sample, ...]], ...]


_HEAD = r"""% {caption}
% In your own document: \usepackage{{tikz}}, then \input this file. Colours and styles that you have defined before are
% kept, such as \tikzset{{forward/.style={{draw=red, ->}}}}, and so are \cgraphsize and \cgraphnamesize, the sizes of
% words, in proportion to which the picture is drawn. Its nodes have names, for strokes and words of your own.
\ifdefined\cgraphunit\else\newdimen\cgraphunit\fi
\providecommand\cgraphsize{{\normalsize}}
\providecommand\cgraphnamesize{{\large}}
\providecommand\cgraphstyle[2]{{\pgfkeysifdefined{{/tikz/#1/.@cmd}}{{}}{{\tikzset{{#1/.style={{#2}}}}}}}}
\providecommand\cgraphtag[1]{{{{\fboxsep=1.5\cgraphunit\fboxrule=.4pt%
  \fcolorbox{{cglocal}}{{cgtag}}{{\color{{cglocal}}$#1$}}}}}}
{{\cgraphsize\global\cgraphunit={em:.6f}em}}
"""
_STYLES = (
    ("cgraph", r"x=\cgraphunit, y=-\cgraphunit, >=latex, inner sep=0pt, font=\cgraphsize"),
    ("cgraph box", r"draw=cgborder, fill=cgbox, text=cgtext, line width=1.1\cgraphunit, align=center"),
    ("cgraph op", r"cgraph box, rounded corners=6\cgraphunit"),
    ("cgraph circle", r"cgraph box, circle"),
    ("cgraph leaf", r"cgraph box, rounded corners=6\cgraphunit"),
    ("cgraph variable", "cgraph leaf"),
    ("cgraph parameter", r"cgraph leaf, fill=cgtrainable, line width=1.7\cgraphunit"),
    ("cgraph constant", r"cgraph leaf, draw=cgfaint, line width=.8\cgraphunit"),
    ("cgraph folded", "cgraph op, dashed"),
    ("cgraph output", r"double, double distance=2\cgraphunit"),
    ("forward", r"draw=cgforward, line width=1.3\cgraphunit, ->"),
    ("backward", r"draw=cgbackward, line width=1.2\cgraphunit, dashed, ->"),
    ("zero", r"draw=cgpale, line width=.7\cgraphunit"),
    ("cgraph bar", r"draw=cgbackward, line width=2.2\cgraphunit"),
    ("edge", r"draw=cgfaint, line width=.8\cgraphunit, ->"),
    (
        "cgraph tag",
        r"fill=cgtag, draw=cglocal, line width=.4pt, rounded corners=2.5\cgraphunit, inner sep=2\cgraphunit",
    ),
    ("local", "text=cglocal, align=center, cgraph tag"),
    ("downstream", "text=cgbackward, align=center"),
    ("cgraph name", r"text=cgtext, align=center, font=\cgraphnamesize"),
    ("cgraph words", "align=center"),
    (
        "cgraph frame",
        r"draw=cgfaint, line width=.8\cgraphunit, densely dotted, rounded corners=9\cgraphunit",
    ),
    ("cgraph frame title", "text=cgfaint, anchor=base west"),
    ("cgraph heat", r"draw=cgborder, line width=.8\cgraphunit"),
    ("cgraph scale", "text=cgfaint, anchor=base, scale=.85"),
    ("cgraph caption", "text=cgfaint, anchor=base"),
    ("cgraph legend", "anchor=base west"),
    ("cgraph dimmed", "opacity=.24"),
)


def document(layout: Layout, theme: Theme, show: str, name: str, drawing: Drawing, below: Below) -> str:
    """A LaTeX document of one page, as large as the picture, for plain pdflatex."""
    return rf"""\documentclass{{article}}
\usepackage{{tikz}}
\pagestyle{{empty}}
\begin{{document}}
\setbox0=\hbox{{%
{picture(layout, theme, show, name, drawing, below)}}}
\pdfpagewidth=\wd0 \pdfpageheight=\ht0 \hoffset=-1in \voffset=-1in
\shipout\box0
\end{{document}}
"""


def picture(layout: Layout, theme: Theme, show: str, name: str, drawing: Drawing, below: Below) -> str:
    """The `tikzpicture` with the styles that it needs, to be \\input into a document that loads tikz."""
    over = max(0.0, (below.width + 24.0 - layout.width) / 2)
    height = layout.height + below.height
    names = node_names(drawing.boxes, drawing.frames)
    body = [line for frame in layout.frames for line in _frame(frame, names[frame.frame.id])]
    body += [line for edge in layout.edges for line in _edge(edge, show, names, drawing)]
    body += [line for box in layout.boxes for line in _box(box, show, names[box.box.id], theme, drawing)]
    body += _foot(below, layout.width / 2, layout.height, theme)
    head = _HEAD.format(caption=_comment(name), em=1 / theme.value_size)
    colours = [rf"\providecolor{{cg{name}}}{{HTML}}{{{getattr(theme, name).lstrip('#').upper()}}}" for name in _COLOURS]
    styles = [rf"\cgraphstyle{{{name}}}{{{look}}}" for name, look in _STYLES]
    lines = [
        *(f"{line}%" for line in (*colours, *styles)),
        r"\begin{tikzpicture}[cgraph]",
        rf"  \path ({-over:.1f},0) rectangle ({layout.width + over:.1f},{height:.1f});",
        *(f"  {line}" for line in body),
        r"\end{tikzpicture}%",
    ]
    return head.replace("}\n", "}%\n").replace("\\fi\n", "\\fi%\n") + "\n".join(lines) + "\n"


def node_names(boxes: Sequence[BoxText], frames: Sequence[Frame] = ()) -> dict[str, str]:
    """A name that TikZ allows for each box, made from its own: `w[1]11` is w-1-11. No two are the same.

    That of the frame around a layer is frame-encoder-layer-1.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    named: tuple[BoxText | Frame, ...] = (*boxes, *frames)
    for box in named:
        whole = f"frame-{box.name}" if isinstance(box, Frame) else box.name
        plain = re.sub("[^A-Za-z0-9]+", "-", whole).strip("-")
        name = plain if re.match("[A-Za-z]", plain) else f"n-{plain}".rstrip("-")
        if name in taken:
            name = f"{name}-{box.id}"
        while name in taken:
            name += "-"
        taken.add(name)
        found[box.id] = name
    return found


# Boxes and edges -----------------------------------------------------------------------------------------------------
def _frame(placed: PlacedFrame, name: str) -> list[str]:
    """The dashed line around a layer that is open, a node as boxes are, and its title."""
    frame, left, top, right, bottom, title = placed
    size = rf"minimum width={right - left:.1f}\cgraphunit, minimum height={bottom - top:.1f}\cgraphunit"
    return [
        rf"\node[cgraph frame, {size}] ({name}) at {_at(((left + right) / 2, (top + bottom) / 2))} {{}};",
        rf"\node[cgraph frame title] at {_at((title.x, title.y))} {{{prose(frame.title)}}};",
    ]


def _box(placed: PlacedBox, show: str, name: str, theme: Theme, drawing: Drawing) -> list[str]:
    box, heat = placed.box, drawing.heat
    kind = "circle" if box.round else box.kind
    look = [f"cgraph {kind}", *(["cgraph output"] if box.output else [])]
    own = drawing.look.fill(box.id, theme)
    heated = heat.fill(box.id, theme) if heat and not own else None
    words = read_on(own, theme) if own else written_on(heated, theme) if heated else theme
    if own or heated:
        look.append(f"fill={_mixed(own or heated or theme.box)}, text={_mixed(words.text)}")
    if box.round:
        look.append(rf"minimum size={placed.width:.1f}\cgraphunit")
    else:
        look.append(rf"minimum width={placed.width:.1f}\cgraphunit, minimum height={placed.height:.1f}\cgraphunit")
    look += ["cgraph dimmed"] if box.id in drawing.look.dimmed else []
    lines = [
        (role, label) for role, label in box.lines if not (show == FORWARD and role == "gradient") and role != OUTSIDE
    ]
    rows = [_row(role, row, words, theme) for role, label in lines for row in rows_of(label)]
    mapped = heat is not None and not box.round and heat.room(box.id) is not None
    cells = list(_cells(placed, lines, words, theme, heat)) if heat and mapped else []
    inside = "" if mapped else r"\\[-.12em]".join(rows)
    node = rf"\node[{', '.join(look)}] ({name}) at {_at((placed.x, placed.y))} {{{inside}}};"
    return [node, *cells, *_beside_gate(placed, theme, drawing)]


def _row(role: str, row: Label, words: Theme, theme: Theme) -> str:
    formula = f"${_runs(row, words, theme)}$"
    return rf"{{\cgraphnamesize {formula}}}" if role == "name" else formula


def _cells(
    placed: PlacedBox, lines: Sequence[tuple[str, Label]], words: Theme, theme: Theme, heat: Heat
) -> Iterator[str]:
    """The words of a box with a heat map, each line where it stands, and the map with the number of its full colour."""
    labels, shown, id_ = iter(lines), {role for role, _ in lines}, placed.box.id
    for line in placed.lines:
        left, top, right, bottom = line.rect
        middle = (left + right) / 2
        if line.line.role == "heat":
            tints, unknown = tints_of(heat, id_)
            side, (rows, columns) = cell_side(*tints.shape), tints.shape
            start = middle - columns * side / 2
            for patch in patches(tints, start, top, side, theme, unknown):
                areas = " ".join(f"{_at((x, y))} rectangle +({w:.2f},{h:.2f})" for x, y, w, h in patch.areas)
                yield rf"\fill[fill={_mixed(patch.colour)}] {areas};"
            yield rf"\draw[cgraph heat] {_at((start, top))} rectangle +({columns * side:.2f},{rows * side:.2f});"
            if id_ in heat.own:
                yield rf"\node[cgraph scale] at {_at((middle, bottom))} {{$\pm {latex(number(heat.own[id_], 2))}$}};"
        elif line.line.role != OUTSIDE and line.line.role in shown:
            role, label = next(labels)
            inside = r"\\".join(_row(role, row, words, theme) for row in rows_of(label))
            yield rf"\node[cgraph words] at {_middle(line)} {{{inside}}};"


def _beside_gate(placed: PlacedBox, theme: Theme, drawing: Drawing) -> Iterator[str]:
    """The name of what a gate computes, where it stands."""
    dimmed = ", cgraph dimmed" if placed.box.id in drawing.look.dimmed else ""
    places = [line for line in placed.lines if line.line.role == OUTSIDE]
    for (_, label), line in zip([x for x in placed.box.lines if x[0] == OUTSIDE], places, strict=True):
        rows = r"\\".join(f"${_runs(row, theme, theme)}$" for row in rows_of(label))
        yield rf"\node[cgraph name{dimmed}] at {_middle(line)} {{{rows}}};"


def _edge(placed: PlacedEdge, show: str, names: Mapping[str, str], drawing: Drawing) -> list[str]:
    edge = placed.edge
    dimmed = ", cgraph dimmed" if edge.id in drawing.look.dimmed else ""
    said = f"% {names[edge.tail]} to {names[edge.head]}"
    lines = [rf"\draw[{'edge' if show == ALONE else 'forward'}{dimmed}] {_path(placed.forth)}; {said}"]
    labels: list[tuple[str, PlacedLine | None, Label]] = []
    if edge.held and show != FORWARD:
        lines.append(rf"\draw[cgraph bar{dimmed}] {' -- '.join(map(_at, bar(placed.forth)))};")
    if edge.flows and show != FORWARD:
        zero = ", zero" if edge.zero else ""
        lines.append(rf"\draw[backward{zero}{dimmed}] {_path(placed.back)};")
        labels = [("local", placed.local, edge.local), ("downstream", placed.downstream, edge.downstream)]
    return lines + [
        rf"\node[{style}{dimmed}] at {_middle(line)} {{{_label(label, style)}}};"
        for style, line, label in labels
        if line is not None and label
    ]


def _label(label: Label, style: str) -> str:
    """The words of an edge; what is local in the words of another has a tag of its own."""
    tagged = "" if style == "local" else TAGGED  # the node of what is local is the tag itself
    rows = [
        " ".join(rf"\cgraphtag{{{_math(math)}}}" if role == tagged else _math(math) for role, math in row)
        for row in rows_of(label)
    ]
    return r"\\".join(f"${row}$" for row in rows)


def _runs(label: Label, words: Theme, theme: Theme) -> str:
    """The words of a line of a box, each run in its colour; on a colour of the author's own, in that which is read."""

    def ink(role: str) -> str:
        name = _ROLES.get(role, "text")
        own = getattr(words, name)
        return rf"\color{{cg{name}}}" if own == getattr(theme, name) else rf"\color[HTML]{{{own.lstrip('#').upper()}}}"

    return "".join(rf"{{{ink(role)}{_math(math)}}}" for role, math in label)


def _math(math: Math) -> str:
    """A formula; words of several letters are words, not a product, and a number with its sign is one thing."""
    if isinstance(math, Sym) and not math.italic and re.search(r"[^\W\d_]\S|\s\S", math.text):
        return rf"\mbox{{{prose(math.text)}}}"
    if isinstance(math, Sym) and math.text == ", ":  # after which a minus is a sign, and no operator
        return ", "
    if isinstance(math, Sym) and math.text.endswith(" "):
        return rf"{{{latex(math)}}}\;"
    if isinstance(math, Group):
        return " ".join(filter(None, map(_math, math.parts)))
    if isinstance(math, Named) and not math.key.startswith("+"):  # which has its sign as an operator
        return f"{{{_math(math.math)}}}"
    return _math(math.math) if isinstance(math, Named) else latex(math)


# Caption and legend --------------------------------------------------------------------------------------------------
def _foot(below: Below, middle: float, top: float, theme: Theme) -> Iterator[str]:
    for y, words in below.caption:
        yield rf"\node[cgraph caption] at {_at((middle, top + y))} {{{prose(words)}}};"
    for i, (y, row) in enumerate(below.legend):
        left = middle - (sum(s.room + WIDER * s.width for s in row) + GAP * (len(row) - 1)) / 2
        for j, sample in enumerate(row):  # each after the last one, whose words are as wide as LaTeX sets them
            at = [_at((left, top + y)), f"cgraph-{i}-{j - 1}.base east"][j > 0]
            gap = GAP * (j > 0)
            yield from _sample(sample.role, at, gap, theme)
            colour = "local" if sample.role == TAGGED else f"text=cg{_ROLES.get(sample.role, 'text')}"
            place = _beside(at, gap + sample.room)
            yield rf"\node[cgraph legend, {colour}] (cgraph-{i}-{j}) at {place} {{{prose(sample.words)}}};"


def _beside(at: str, x: float, y: float = 0.0) -> str:
    """A place so far to the right of, and above, a point or an anchor."""
    return rf"([xshift={x:.1f}\cgraphunit, yshift={y:.1f}\cgraphunit]{at.strip('()')})"


def _sample(role: str, at: str, gap: float, theme: Theme) -> Iterator[str]:
    styles = {"value": "forward", "held": "forward", "backward": "backward", "zero": "backward, zero"}
    if role in styles:
        ends = [_beside(at, x, 3.5) for x in (gap, gap + 24.0)]
        yield rf"\draw[{styles[role]}] {' -- '.join(ends if styles[role] == 'forward' else ends[::-1])};"
        if role == "held":
            yield rf"\draw[cgraph bar] {' -- '.join(_beside(at, gap + 14.0, y) for y in (-1.0, 8.0))};"
    elif role in ("trainable", "folded"):
        style = "parameter" if role == "trainable" else "folded"
        size = r"minimum width=14\cgraphunit, minimum height=11\cgraphunit, rounded corners=2.5\cgraphunit"
        yield rf"\node[cgraph {style}, {size}] at {_beside(at, gap + 7.0, 3.5)} {{}};"
    elif role == "heat":
        for patch in patches(STRIP, gap, 0.0, 10.0, theme):
            areas = " ".join(f"{_beside(at, x, 8.5 - y)} rectangle +({w:.2f},{h:.2f})" for x, y, w, h in patch.areas)
            yield rf"\fill[fill={_mixed(patch.colour)}] {areas};"
        yield rf"\draw[cgraph heat] {_beside(at, gap, 8.5)} rectangle +({10 * STRIP.size},10);"


# Text ----------------------------------------------------------------------------------------------------------------
def prose(words: str) -> str:
    """Words as LaTeX sets text; every character that is not plain is set as mathematics."""
    return "".join(c if re.match(r"[A-Za-z0-9 .,:;()'/!?]", c) else _sign(c) for c in words)


def _sign(c: str) -> str:
    dashes = {"—": "---", "–": "--", "“": "``", "”": "''", "’": "'", "-": "-"}
    return dashes.get(c) or rf"\ensuremath{{{quoting.latex(c)}}}"


def _comment(words: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in words)


def _mixed(colour: str) -> str:
    """A colour as xcolor takes it without a name."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"{{rgb,255:red,{red};green,{green};blue,{blue}}}"


def _path(points: Sequence[Point]) -> str:
    if len(points) == 2:
        return f"{_at(points[0])} -- {_at(points[1])}"
    parts = [_at(points[0])]
    for i in range(1, len(points), 3):
        a, b, end = points[i : i + 3]
        parts.append(f".. controls {_at(a)} and {_at(b)} .. {_at(end)}")
    return " ".join(parts)


def _middle(placed: PlacedLine) -> str:
    left, top, right, bottom = placed.rect
    return _at(((left + right) / 2, (top + bottom) / 2))


def _at(point: Point) -> str:
    return f"({point[0]:.1f},{point[1]:.1f})"

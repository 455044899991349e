"""A picture as TikZ: the same places and the same words, set by LaTeX in the reader's own document."""

from __future__ import annotations

from collections.abc import Sequence

from cgraph.notation import latex
from viz.graphs.places.layout import Layout, PlacedBox, PlacedEdge
from viz.graphs.places.measure import INSET
from viz.ink.lines import Label, PlacedLine, rows_of
from viz.ink.strokes import Point
from viz.ink.themes import Theme

_COLOURS = ("text", "border", "box", "trainable", "forward", "backward", "local", "faint", "pale")
_ROLES = {"value": "forward", "gradient": "backward", "backward": "backward", "local": "local", "shape": "faint"}


def document(layout: Layout, theme: Theme, show: str, caption: str) -> str:
    """A LaTeX document of one page, as large as the picture; the `tikzpicture` in it can stand in any other."""
    colours = "\n".join(
        rf"\definecolor{{cg{name}}}{{HTML}}{{{getattr(theme, name).lstrip('#').upper()}}}" for name in _COLOURS
    )
    body = [line for edge in layout.edges for line in _edge(edge, show)]
    body += [line for box in layout.boxes for line in _box(box, show)]
    picture = "\n".join(f"  {line}" for line in body)
    return rf"""% {_comment(caption)}
% Compile with pdflatex, or copy the colours and the tikzpicture into a document that loads tikz.
\documentclass{{article}}
\usepackage{{tikz}}
{colours}
\pagestyle{{empty}}
\begin{{document}}
\setbox0=\hbox{{%
\begin{{tikzpicture}}[x=1bp, y=-1bp, line width=0.7bp, inner sep=0]
  \path[use as bounding box] (0,0) rectangle ({layout.width:.1f},{layout.height:.1f});
{picture}
\end{{tikzpicture}}}}
\pdfpagewidth=\wd0 \pdfpageheight=\ht0 \hoffset=-1in \voffset=-1in
\shipout\box0
\end{{document}}
"""


def _box(placed: PlacedBox, show: str) -> list[str]:
    box = placed.box
    left, top, right, bottom = placed.rect
    fill = "cgtrainable" if box.kind == "parameter" else "cgbox"
    if box.round:
        lines = [rf"\filldraw[draw=cgborder, fill={fill}] {_at((placed.x, placed.y))} circle ({placed.width / 2:.1f});"]
    else:
        pen = rf"draw=cgborder, fill={fill}, rounded corners=5bp"
        lines = [rf"\filldraw[{pen}] {_at((left, top))} rectangle {_at((right, bottom))};"]
        if box.output:
            inner = (left + INSET, top + INSET), (right - INSET, bottom - INSET)
            lines.append(rf"\draw[cgborder, rounded corners=4bp] {_at(inner[0])} rectangle {_at(inner[1])};")
    words = [line for line in placed.lines if line.line.role != "heat"]  # colours are in SVG, PNG and PDF only
    for line, (role, label) in zip(words, box.lines, strict=True):
        if not (show == "forward" and role == "gradient"):
            lines.append(_words(line, label))
    return lines


def _edge(placed: PlacedEdge, show: str) -> list[str]:
    edge = placed.edge
    colour = "cgborder" if show == "backward" else "cgforward"
    lines = [rf"\draw[->, >=latex, {colour}] {_path(placed.forth)};"]
    if edge.flows and show != "forward":
        colour = "cgpale" if edge.zero else "cgbackward"
        lines.append(rf"\draw[->, >=latex, dashed, {colour}] {_path(placed.back)};")
        for line, label in ((placed.local, edge.local), (placed.downstream, edge.downstream)):
            lines += [_words(line, label)] if line is not None and label else []
    return lines


def _words(placed: PlacedLine, label: Label) -> str:
    """A line of words, as wide as it is in our own glyphs, so that it touches nothing here either."""
    left, top, right, bottom = placed.rect
    rows = [
        "".join(rf"{{\color{{cg{_ROLES.get(role, 'text')}}}{latex(math)}}}" for role, math in row)
        for row in rows_of(label)
    ]
    runs = rows[0]
    if len(rows) > 1:
        runs = r"\begin{array}{c}\displaystyle " + r"\\ \displaystyle ".join(rows) + r"\end{array}"
    middle = _at(((left + right) / 2, (top + bottom) / 2))
    return rf"\node at {middle} {{\resizebox{{{right - left:.1f}bp}}{{!}}{{$\displaystyle {runs}$}}}};"


def _comment(words: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in words)


def _path(points: Sequence[Point]) -> str:
    if len(points) == 2:
        return f"{_at(points[0])} -- {_at(points[1])}"
    parts = [_at(points[0])]
    for i in range(1, len(points), 3):
        a, b, end = points[i : i + 3]
        parts.append(f".. controls {_at(a)} and {_at(b)} .. {_at(end)}")
    return " ".join(parts)


def _at(point: Point) -> str:
    return f"({point[0]:.1f},{point[1]:.1f})"

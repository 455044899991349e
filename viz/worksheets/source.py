"""Worksheets as LaTeX for plain pdflatex: the same places, words in the fonts of LaTeX, to be changed by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from viz.graphs.formats import tikz
from viz.graphs.formats.tikz import Below, prose
from viz.worksheets.blanks import scaled
from viz.worksheets.paper import HEAD, LINE, MARGIN, SQUARE, TEXT, WORKING, Placed, Sheet, emptied_exercise

_HEAD = r"""\documentclass{{article}}
\usepackage[paperwidth={width:.2f}bp,paperheight={height:.2f}bp,margin={margin:.2f}bp,noheadfoot]{{geometry}}
\usepackage{{fix-cm}}
\usepackage{{tikz}}
\pagestyle{{empty}}
\parindent=0pt \parskip=0pt \topskip=0pt \lineskip=.45em \raggedbottom
% The size of an exercise, in which all of it is drawn: that of its numbers and of its names
\newcommand\sized[2]{{\def\cgraphsize{{\fontsize{{#1bp}}{{#1bp}}\selectfont}}%
  \def\cgraphnamesize{{\fontsize{{#2bp}}{{#2bp}}\selectfont}}}}
% What stands before each exercise, and squares to work on, of a width and a height
\newcommand\exercise[1]{{{{\fontsize{{{caption}bp}}{{{line}bp}}\selectfont #1\par}}}}
\newcommand\working[2]{{\centerline{{\tikz\draw[step=5mm, black!22, line width=.4pt] (0,0) grid (#1,#2);}}}}
\begin{{document}}
"""


def document(pages: Sequence[Sheet], answers: bool) -> str:
    """The pages, filled in or not, each exercise as a `tikzpicture`."""
    first = pages[0]
    head = _HEAD.format(
        width=first.size[0],
        height=first.size[1],
        margin=MARGIN,
        caption=TEXT,
        line=LINE,
    )
    return head + "\\clearpage\n".join("".join(_page(page, answers)) for page in pages) + "\\end{document}\n"


def _page(page: Sheet, answers: bool) -> Iterator[str]:
    title = prose(f"{page.title}: answers" if answers else page.title)
    right = prose(page.number) if answers else rf"Name \rule{{40mm}}{{.4pt}}\quad {prose(page.number)}"
    yield rf"\hbox to \hsize{{\Large {title}\hfil\normalsize {right}}}" + "\n"
    yield rf"\vskip {HEAD - 14:.1f}bp" + "\n"
    for i, placed in enumerate(page.exercises):
        own = placed if answers else emptied_exercise(placed, page.theme)
        number = f"{i + 1}. " if len(page.exercises) > 1 else ""
        yield rf"\vbox to {placed.room[1] - 8:.1f}bp{{%" + "\n"
        yield rf"\exercise{{{number}{prose(page.task)}}}" + "\n"
        yield from _picture(own, page)
        yield "}\n"


def _picture(placed: Placed, page: Sheet) -> Iterator[str]:
    nothing = Below(0.0, 0.0, (), ())
    drawing = scaled(placed.drawing, placed.scale)
    words = {b.id: b for b in drawing.boxes}, {e.id: e for e in drawing.edges}
    layout = replace(
        placed.layout,
        boxes=tuple(p._replace(box=words[0][p.box.id]) for p in placed.layout.boxes),
        edges=tuple(p._replace(edge=words[1][p.edge.id]) for p in placed.layout.edges),
    )
    drawn = tikz.picture(layout, page.theme, page.asked.show, "exercise", drawing, nothing)
    yield "\\vss\n"
    sizes = (placed.scale * size for size in (page.theme.value_size, page.theme.title_size))
    yield rf"\sized{{{next(sizes):.2f}}}{{{next(sizes):.2f}}}" + "\n"
    yield f"\\centerline{{%\n{drawn}}}\n"
    yield "\\vss\n"
    if placed.free >= WORKING:
        columns = int(placed.room[0] // SQUARE)
        rows = int((placed.free - 14.0) // SQUARE)
        yield rf"\working{{{5 * columns}mm}}{{{5 * rows}mm}}" + "\n"
        yield "\\vss\n"

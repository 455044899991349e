"""Drawings as DOT with words: pure text, tested without rendering, and good by itself in any Graphviz."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from cgraph.graph.names import MARKS
from cgraph.notation import Blank, Frac, Grid, Group, Hat, Math, Named, Script, Sym, text
from viz.graphs.places.clusters import clusters
from viz.graphs.words.drawing import Drawing
from viz.graphs.words.look import read_on
from viz.ink.lines import Label
from viz.ink.themes import TEXTBOOK, Theme, colour_of

ABOVE = {mark: letter for letter, mark in MARKS.items()}


def readable(drawing: Drawing, caption: str, rankdir: str = "LR", theme: Theme = TEXTBOOK) -> str:
    """The DOT with words: formulas as HTML-like labels, the chain rule of an edge as its tooltip."""
    import graphviz

    graph = graphviz.Digraph("cgraph")
    graph.attr(rankdir=rankdir, label=f"<{escape(caption)}>", fontname="serif", nodesep="0.3", ranksep="0.5")
    graph.attr("node", fontname="serif", shape="box", style="rounded,filled", color=theme.border)
    graph.attr("edge", fontname="serif", color=theme.forward, fontsize="11")
    whole = theme
    for box in drawing.boxes:
        theme = drawing.look.theme(box.id, whole)
        own = drawing.look.fill(box.id, theme)
        fill = own or (theme.trainable if box.kind == "parameter" else theme.box)
        graph.node(
            box.id,
            label=_table([line for _, line in box.lines], read_on(own, theme) if own else theme),
            fillcolor=fill,
            tooltip=_tooltip(box.title),
            peripheries="2" if box.output and drawing.edges else "1",
            color=theme.constant_border if box.kind == "constant" else theme.border,
            shape="circle" if box.round else "box",
        )
    for edge in drawing.edges:
        lines = [line for line in (edge.local, edge.downstream) if line]
        theme = drawing.look.theme(edge.id, whole)
        label = _table(lines, theme) if lines else ""
        dimmed = {"color": theme.forward} if edge.id in drawing.look.dimmed else {}
        said = _tooltip(edge.title)
        held = {"arrowhead": "normaltee"} if edge.held else {}  # as the bar before an arrow head
        graph.edge(edge.tail, edge.head, label=label, tooltip=said, labeltooltip=said, **dimmed, **held)
    look = f'style="rounded,dashed" color="{whole.faint}" fontcolor="{whole.faint}" fontname="serif" labeljust=l'
    titles = {frame: f"label=<{escape(frame.title) or ' '}> {look}" for frame in drawing.frames}
    graph.body += clusters(titles, {frame.id: frame.boxes for frame in drawing.frames})
    return str(graph.source)


def _tooltip(title: str) -> str:
    import graphviz

    return str(graphviz.escape("; ".join(title.split("\n"))))


def _table(lines: Sequence[Label], theme: Theme) -> str:
    """An HTML-like label with one row a line."""
    rows = "".join(f"<TR><TD>{_cells(line, theme)}</TD></TR>" for line in lines)
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{rows}</TABLE>>'


def _cells(line: Label, theme: Theme) -> str:
    return "".join(
        f'<FONT COLOR="{colour_of(role, theme) if role != "badge" else theme.text}">{markup(math)}</FONT>'
        for role, math in line
    )


def markup(math: Math) -> str:
    """HTML-like markup of a formula: <I>, <SUP> and <SUB>, fractions with a slash."""
    if isinstance(math, Named):
        return markup(math.math)
    if isinstance(math, Sym):
        space = " " if math.space in ("rel", "bin") else ""
        words = f"{space}{escape(math.text)}{space}" or " "
        return f"<I>{words}</I>" if math.italic else words
    if isinstance(math, Group):
        return "".join(map(markup, math.parts))
    if isinstance(math, Frac):
        return f"{markup(math.top)}/{markup(math.bottom)}"
    if isinstance(math, (Grid, Blank)):
        return escape(text(math))
    if isinstance(math, Hat):
        return f"{markup(math.base)}{ABOVE[math.mark]}"
    assert isinstance(math, Script)
    sup = f"<SUP>{markup(math.sup)}</SUP>" if math.sup is not None else ""
    sub = f"<SUB>{markup(math.sub)}</SUB>" if math.sub is not None else ""
    return markup(math.base) + sup + sub

"""A drawing whose long words go on in a second row."""

from __future__ import annotations

from dataclasses import replace

from viz.graphs.words.drawing import BoxText, Drawing, EdgeText
from viz.ink.lines import set_line, wrapped
from viz.ink.themes import Theme


def in_rows(drawing: Drawing, theme: Theme, *, boxes: bool) -> Drawing:
    """The same drawing with formulas over numbers: the words of edges and, if wanted, gradients in boxes.

    Only what makes its edge or its box less wide is broken.
    """
    wrapped_boxes = tuple(_box(box, theme) for box in drawing.boxes) if boxes else drawing.boxes
    return replace(drawing, boxes=wrapped_boxes, edges=tuple(_edge(edge, theme.label_size) for edge in drawing.edges))


def _box(box: BoxText, theme: Theme) -> BoxText:
    def width(role: str) -> float:
        size = theme.title_size if role == "name" else theme.value_size
        return max((set_line(r, label, size).width for r, label in box.lines if (r == role)), default=0.0)

    others = max(width(role) for role, _ in box.lines if role != "gradient")
    if width("gradient") <= others:
        return box
    lines = ((r, wrapped(label, theme.value_size) if r == "gradient" else label) for r, label in box.lines)
    return box._replace(lines=tuple(lines))


def _edge(edge: EdgeText, size: float) -> EdgeText:
    below = wrapped(edge.downstream, size)
    room = set_line("backward", below, size).width
    local = edge.local if set_line("local", edge.local, size).width <= room else wrapped(edge.local, size)
    if set_line("local", local, size).width >= set_line("backward", edge.downstream, size).width:
        below = edge.downstream
    return edge._replace(local=local, downstream=below)

"""Boxes as high as what stands in them, where a picture leaves gradients out for which its layout keeps room.

Nothing else moves: a picture of the forward pass has everything where a picture of both passes has it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from viz.graphs.places.grid import CORNER
from viz.graphs.places.layout import Layout, PlacedBox
from viz.graphs.places.measure import INSET, PAD_Y
from viz.graphs.words.drawing import OUTSIDE
from viz.ink.lines import stack_height, stacked


def snug(layout: Layout) -> Layout:
    """A layout whose boxes have no gradients and no room for them: lower about their middles, the lines in those."""
    meets: dict[str, list[float]] = defaultdict(list)  # where edges meet each box, from its middle down
    boxes = {placed.box.id: placed for placed in layout.boxes}
    for edge in layout.edges:
        for end, point in ((edge.edge.tail, edge.forth[0]), (edge.edge.head, edge.forth[-1])):
            meets[end].append(abs(point[1] - boxes[end].y))
    return replace(layout, boxes=tuple(_snug(placed, meets[placed.box.id]) for placed in layout.boxes))


def _snug(placed: PlacedBox, meets: list[float]) -> PlacedBox:
    if placed.box.round:  # a circle is as wide as it is high: its words stay where there is room for them
        return placed._replace(lines=tuple([line for line in placed.lines if line.line.role != "gradient"]))
    lines = [line.line for line in placed.lines if line.line.role not in ("gradient", OUTSIDE)]
    beside = (line for line in placed.lines if line.line.role == OUTSIDE)
    height = placed.height
    if len(lines) < len(placed.lines):
        need = stack_height(lines) + 2 * PAD_Y + (2 * INSET if placed.box.output else 0.0)
        height = min(height, max([need, *(2 * (at + CORNER) for at in meets)]))
    return placed._replace(height=height, lines=(*stacked(lines, (placed.x, placed.y)), *beside))

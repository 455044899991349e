"""The words of a drawing, set and measured once: how large its boxes are, and what stands beside its edges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from cgraph.notation import Sym, number, row
from viz.graphs.words.drawing import OUTLINE, OUTSIDE, BoxText, Drawing
from viz.graphs.words.heat import Heat
from viz.ink.lines import GAP, Label, SetLine, circle, set_line, stack_height
from viz.ink.strokes import BETWEEN, Size
from viz.ink.themes import Theme

PAD_X, PAD_Y = 6.0, 6.0
ROUND_PAD = 3.5  # between the middle of a ring and the corners of its words
INSET = 3.0  # between the two borders of an output
SCALE_SIZE = 0.85  # of a value's size: the number beside a heat map
ROUND_APART = 11.0  # the least distance of edges side by side at a circle
REACH = 0.4  # of a circle's breadth: how far from its middle, on both sides, an edge may end
SLOT = 15.0  # the least height of a box for each edge that enters it
BUNDLE = 6  # of an outline: for so many edges at most

Words: TypeAlias = "tuple[SetLine | None, SetLine | None]"  # local, downstream


@dataclass(frozen=True)
class Measured:
    """A drawing with the sizes of its boxes, their lines, the words of edges that have some, and titles of frames.

    `beside` are the names of gates that stand outside of them, which is not in `lines`.
    """

    drawing: Drawing
    boxes: Mapping[str, Size]
    lines: Mapping[str, list[SetLine]]
    words: Mapping[str, Words]
    titles: Mapping[str, SetLine] = field(default_factory=dict)
    beside: Mapping[str, SetLine] = field(default_factory=dict)


def measured(drawing: Drawing, theme: Theme) -> Measured:
    """Set and measure everything that is written on a drawing."""
    enter, leave = Counter(e.head for e in drawing.edges), Counter(e.tail for e in drawing.edges)
    lines, beside = outside(lines_of(drawing, theme))
    most = BUNDLE if drawing.detail == OUTLINE else len(drawing.edges)
    boxes = {b.id: _box_size(b, lines[b.id], min(enter[b.id], most), min(leave[b.id], most)) for b in drawing.boxes}

    def line(role: str, words: Label) -> SetLine | None:
        return set_line(role, words, theme.label_size) if words else None

    words = {
        e.id: (line("local", e.local), line("backward", e.downstream)) for e in drawing.edges if e.local or e.downstream
    }
    titles = {f.id: set_line("title", (("frame title", Sym(f.title)),), theme.caption_size) for f in drawing.frames}
    return Measured(drawing, boxes, lines, words, titles, beside)


def outside(lines: Mapping[str, list[SetLine]]) -> tuple[dict[str, list[SetLine]], dict[str, SetLine]]:
    """The lines that stand in boxes, and those that stand beside them."""
    beside = {id_: line for id_, stack in lines.items() for line in stack if line.role == OUTSIDE}
    within = {id_: [line for line in lines[id_] if line.role != OUTSIDE] for id_ in beside}
    return {**lines, **within}, beside


def inside(sizes: Measured) -> Measured:
    """The same with every name in its box, for layouts that have no room beside it."""
    if not sizes.beside:
        return sizes
    lines = {**sizes.lines, **{id_: [name, *sizes.lines[id_]] for id_, name in sizes.beside.items()}}
    boxes = {
        b.id: _box_size(b, lines[b.id], sizes.boxes[b.id].enter, sizes.boxes[b.id].leave) for b in sizes.drawing.boxes
    }
    return replace(sizes, boxes=boxes, lines=lines, beside={})


def roomy(sizes: Measured, level: bool) -> Measured:
    """The same with boxes high enough for the edges that enter or leave them at their sides; top down, wide enough."""
    return replace(sizes, boxes={id_: _roomy(size, level) for id_, size in sizes.boxes.items()})


def _roomy(size: Size, level: bool) -> Size:
    need = max(size.enter, size.leave) * SLOT
    if size.round or need <= (size.height if level else size.width):
        return size
    return size._replace(height=need) if level else size._replace(width=need)


def lines_of(drawing: Drawing, theme: Theme) -> dict[str, list[SetLine]]:
    """The lines of each box, with room for its heat map below its value."""
    known: dict[tuple[str, Label], SetLine] = {}
    return {box.id: _lines(drawing, box, known, theme) for box in drawing.boxes}


def _lines(drawing: Drawing, box: BoxText, known: dict[tuple[str, Label], SetLine], theme: Theme) -> list[SetLine]:
    lines = [_set_once(known, role, label, theme) for role, label in box.lines]
    room = drawing.heat.room(box.id) if drawing.heat and not box.round else None
    if drawing.heat is not None and room is not None:
        place = next((i for i, line in enumerate(lines) if line.role in ("gradient", "badge")), len(lines))
        lines.insert(place, _heat_line(drawing.heat, box.id, room, theme))
    return lines


def _heat_line(heat: Heat, id_: str, room: tuple[float, float], theme: Theme) -> SetLine:
    """The room of a heat map, and below it the number that has the full colour, where that is the array's own.

    That number has the same room whatever it is, so that values and gradients have one layout.
    """
    width, height = room
    if id_ not in heat.own:
        return SetLine("heat", width, height, 0.0, ())
    words, widest = (
        set_line("heat", (("shape", row("±", number(x, 2))),), SCALE_SIZE * theme.value_size)
        for x in (heat.own[id_], 8.8e-88)
    )
    width = max(width, widest.width)
    start = (width - words.width) / 2
    runs = tuple((role, tuple(m._replace(x=m.x + start) for m in marks)) for role, marks in words.runs)
    return SetLine("heat", width, height + GAP / 2 + widest.ascent, 0.0, runs)


def _set_once(known: dict[tuple[str, Label], SetLine], role: str, label: Label, theme: Theme) -> SetLine:
    line = known.get((role, label))
    if line is None:
        line = known[role, label] = set_line(
            role, label, theme.title_size if role in ("name", OUTSIDE) else theme.value_size
        )
    return line


def _box_size(box: BoxText, lines: list[SetLine], enter: int, leave: int) -> Size:
    width = max((line.width for line in lines), default=0.0)
    height = stack_height(lines)
    border = 2 * INSET if box.output else 0.0
    if box.round:
        beside = (ROUND_APART * (max(enter, leave) - 1) / 2 + BETWEEN) / REACH
        side = max(2 * circle(lines)[0] + 2 * ROUND_PAD, beside) + border
        return Size(side, side, True, enter, leave)
    return Size(
        max(width + 2 * PAD_X, 26.0) + border,
        height + 2 * PAD_Y + border,
        enter=enter,
        leave=leave,
    )

"""What stands below a picture: its caption in lines, and the legend that explains its strokes and marks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import Any, NamedTuple

from cgraph.notation import Sym, number, text
from viz.graphs.paint.cells import scale
from viz.graphs.words.drawing import HOVER, NUMBER, Drawing
from viz.ink import pen
from viz.ink.caption import broken, caption_line
from viz.ink.lines import PlacedLine, SetLine, set_line
from viz.ink.themes import Theme

FORWARD, BACKWARD, BOTH = "forward", "backward", "both"
GAP, ROW, CAPTION_ROW = 22.0, 20.0, 18.0
LEAST = 420.0  # the width that captions and legends may take below a narrow picture
SAMPLE = 30.0  # the room of a stroke of the legend


class Entry(NamedTuple):
    """A sample of the legend, and what it means."""

    role: str
    words: str


@dataclass(frozen=True)
class Foot:
    """The caption and the legend, broken into rows for a width."""

    caption: tuple[SetLine, ...]
    legend: tuple[tuple[tuple[Entry, SetLine], ...], ...]
    caption_words: tuple[str, ...] = ()

    @property
    def width(self) -> float:
        """The width of the widest row."""
        return max([line.width for line in self.caption] + [_width(row) for row in self.legend], default=0.0)

    @property
    def height(self) -> float:
        """The height of all rows, with the free space around them."""
        return CAPTION_ROW * len(self.caption) + ROW * len(self.legend) + 12.0

    @property
    def lines(self) -> list[SetLine]:
        """All its lines of words."""
        return [*self.caption, *(line for row in self.legend for _, line in row)]

    def levels(self) -> tuple[list[float], list[float]]:
        """How far below the picture the lines of the caption stand, and the rows of the legend."""
        caption = [14.0 + CAPTION_ROW * i for i in range(len(self.caption))]
        first = 18.0 + CAPTION_ROW * len(self.caption)
        return caption, [first + ROW * i for i in range(len(self.legend))]

    def paint(self, width: float, top: float, theme: Theme) -> list[str]:
        """The rows as SVG, centred in a width."""
        parts = []
        caption, rows = self.levels()
        for line, below in zip(self.caption, caption, strict=True):
            placed = PlacedLine(line, (width - line.width) / 2, top + below)
            parts.append(f'<g data-role="caption"><title>caption</title>{pen.line(placed, theme)}</g>')
        for row, below in zip(self.legend, rows, strict=True):
            y = top + below
            x = (width - _width(row)) / 2
            for entry, line in row:
                parts.append(
                    f'<g data-role="legend"><title>legend</title>{sample(entry.role, x, y, theme)}'
                    f"{pen.line(PlacedLine(line, x + room(entry.role), y), theme)}</g>"
                )
                x += room(entry.role) + line.width + GAP
        return parts


NOTHING = Foot((), ())


def foot(drawing: Drawing, theme: Theme, show: str, caption: str, width: float) -> Foot:
    """The caption and the legend of a picture of this width."""
    width = max(width - 24.0, LEAST)
    shown = [
        (e, set_line("legend", ((_words_role(e.role), Sym(e.words)),), theme.caption_size - 1))
        for e in entries(drawing, show)
    ]
    rows: list[list[tuple[Entry, SetLine]]] = []
    for entry in shown:
        if rows and _width((*rows[-1], entry)) <= width:
            rows[-1].append(entry)
        else:
            rows.append([entry])
    words_below = tuple(broken(caption, theme, width))
    return Foot(tuple(caption_line(words, theme) for words in words_below), tuple(map(tuple, rows)), words_below)


def entries(drawing: Drawing, show: str) -> list[Entry]:
    """What needs a word: only what is on the picture."""
    if not drawing.look.legend:
        return []
    folded = [Entry("folded", "stands for several nodes")] if drawing.folded else []
    if drawing.heat is not None:
        limit = text(number(drawing.heat.limit))
        words = f"{drawing.heat.what} from −{limit} to {limit}, or beyond"
        if drawing.heat.own:
            numbers = f"; of single numbers ±{limit}" if drawing.heat.single else ""
            words = f"{drawing.heat.what}, each array on its own scale, ± below it{numbers}"
        words += "; a bar is a minus sign"
        folded.append(Entry("heat", words))
    if show == FORWARD or not drawing.has_gradients:
        return folded
    found = [] if show == BACKWARD else [Entry("value", "forward: value" if drawing.has_values else "forward")]
    found.append(Entry("backward", "backward: upstream · local = downstream"))
    if any(e.zero for e in drawing.edges) or (drawing.heat is not None and drawing.heat.zeros):
        found.append(Entry("zero", "gradient 0"))
    if any(e.held for e in drawing.edges):
        found.append(Entry("held", "no gradient passes the bar"))
    if any(e.undetermined for e in drawing.edges):
        found.append(Entry("boxes", "(0·∞): indeterminate, set to 0"))
    if any(e.local for e in drawing.edges):
        found.append(Entry("local", "local derivative"))
    if drawing.detail in (NUMBER, HOVER) and drawing.has_values:
        found.append(Entry("boxes", "in a box: ∂ gradient" if show == BACKWARD else "in a box: value, ∂ gradient"))
    if any(b.kind == "parameter" for b in drawing.boxes):
        found.append(Entry("trainable", "trainable"))
    if drawing.has_proofs:
        found.append(Entry("proof", "✓ proved by SymPy: on an edge its op's rule, in a box its gradient"))
    return [*found, *folded]


def as_list(drawing: Drawing, theme: Theme, show: str) -> str:
    """The legend as a list of HTML: what is there at some inputs or steps alone says on what it waits."""
    flags = {"zero": {"zero": True}, "open": {"undetermined": True}, "proved": {"proved": True}}
    none: dict[str, Any] = {"zero": False, "undetermined": False, "proved": False}

    def of(**changed: bool) -> list[Entry]:
        edges = tuple(e._replace(**{**none, **changed}) for e in drawing.edges)
        bare = tuple(b._replace(lines=tuple(line for line in b.lines if line[0] != "gradient")) for b in drawing.boxes)
        return entries(replace(drawing, edges=edges, boxes=bare), show)

    always = of()
    waits = {e: name for name, flag in flags.items() for e in of(**flag) if e not in always}
    items = (_item(e, waits.get(e, ""), theme) for e in of(zero=True, undetermined=True, proved=True))
    listed = "".join(items)
    return f'<ul class="legend" aria-label="legend">{listed}</ul>' if listed else ""


def _item(entry: Entry, waits: str, theme: Theme) -> str:
    width = room(entry.role)
    drawn = sample(entry.role, 0.0, 10.5, theme)
    shown = f'<svg width="{width:g}" height="14" aria-hidden="true">{drawn}</svg>' if width else ""
    hidden = f' data-needs="{waits}" hidden' if waits else ""
    words = f'<span data-role="{entry.role}">{escape(entry.words)}</span>'
    return f"<li{hidden}>{shown}{words}</li>"


def _words_role(role: str) -> str:
    return "backward" if role in ("zero", "held") else role


def room(role: str) -> float:
    """The room that the sample of an entry takes before its words."""
    return {
        "value": SAMPLE,
        "backward": SAMPLE,
        "zero": SAMPLE,
        "held": SAMPLE,
        "trainable": 20.0,
        "folded": 20.0,
        "heat": 98.0,
    }.get(role, 0.0)


def _width(row: tuple[tuple[Entry, SetLine], ...]) -> float:
    return sum(room(entry.role) + line.width for entry, line in row) + GAP * (len(row) - 1)


def sample(role: str, x: float, y: float, theme: Theme) -> str:
    """The sample of an entry, at the beginning of its line of words."""
    level = y - 3.5
    there = [(x, level), (x + 8.0, level), (x + 16.0, level), (x + 24.0, level)]
    if role == "value":
        return pen.stroke(there, theme.forward, "sample", 1.5)
    if role == "backward":
        return pen.stroke(there[::-1], theme.backward, "sample", 1.4, dashed=True)
    if role == "zero":
        return pen.stroke(there[::-1], theme.pale, "sample", 0.8, dashed=True)
    if role == "held":
        return pen.stroke(there, theme.forward, "sample", 1.5) + pen.bar(there, theme)
    if role == "heat":
        return scale(x, level - 5.0, 10.0, theme)
    if role in ("trainable", "folded"):
        look = f'fill="{theme.trainable if role == "trainable" else theme.box}" stroke="{theme.border}"'
        dashes = ' stroke-dasharray="4 2.5"' if role == "folded" else ' stroke-width="1.8"'
        return pen.rect(x, level - 5.5, x + 14, level + 5.5, 3.0, look + dashes)
    return ""

"""An author's choices on a drawing: labels and colours of boxes, what is highlighted, which part is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.notation import Sym
from viz.graphs.words.drawing import DIGITS, OUTSIDE, BoxText, Drawing
from viz.graphs.words.highlight import Highlight, highlighted
from viz.graphs.words.look import Look
from viz.graphs.words.named import Named, box_of
from viz.ink.colours import hexadecimal
from viz.ink.lines import clean

DEPTH, MOST_DIGITS = 2, 15


@dataclass(frozen=True)
class Choices:
    """What an author chose for a picture, as `viz.draw` takes it; what there is not is refused at once."""

    highlight: Highlight | None = None
    colours: Mapping[Any, str] | None = None
    labels: Mapping[Any, str] | None = None
    legend: bool = True
    transparent: bool = False
    digits: int = DIGITS
    around: Named | None = None
    depth: int | None = None

    def __post_init__(self) -> None:
        digits = self.digits
        if isinstance(digits, bool) or not isinstance(digits, int) or not 1 <= digits <= MOST_DIGITS:
            raise ValueRefusedError(
                f"numbers of {digits!r} digits", why=f"that is a number from 1 to {MOST_DIGITS}", fix="give digits=4"
            )
        for what, value in (("legend", self.legend), ("transparent", self.transparent)):
            if not isinstance(value, bool):
                raise ValueRefusedError(f"{what} is {value!r}", fix=f"give {what}=True or {what}=False")
        if self.depth is not None and self.around is None:
            raise ValueRefusedError(
                "depth without around",
                why="it is how many edges a picture goes from a node",
                fix='add around="z[3]", or fold="layers" for layers of that depth; a leaf called depth goes in a dict',
            )

    @property
    def part(self) -> tuple[Named, int] | None:
        """The node about which the picture is, and how many edges it goes from there."""
        return None if self.around is None else (self.around, DEPTH if self.depth is None else self.depth)

    def on(self, drawing: Drawing, graph: Graph) -> Drawing:
        """A drawing as it was chosen. Raises NameUnknownError, ValueRefusedError."""
        drawing = replace(drawing, look=Look(legend=self.legend, transparent=self.transparent))
        if self.labels:
            drawing = labelled(drawing, graph, self.labels)
        if self.colours:
            drawing = filled(drawing, graph, self.colours)
        return drawing if self.highlight is None else highlighted(drawing, graph, self.highlight)


def labelled(drawing: Drawing, graph: Graph, labels: Mapping[Any, str]) -> Drawing:
    """A drawing with words of the author's own in some boxes. Raises NameUnknownError, ValueRefusedError."""
    words: dict[str, str] = {}
    for of, label in _items(labels, "labels", '{"a": "weight"}'):
        if not isinstance(label, str):
            raise ValueRefusedError(f"the label of {of} is {type(label).__name__}", fix="give text")
        words[box_of(drawing, graph, of, "a label")] = clean(" ".join(label.split()))
    boxes = tuple(_labelled(b, words[b.id]) if b.id in words else b for b in drawing.boxes)
    return replace(drawing, boxes=boxes)


def _labelled(box: BoxText, label: str) -> BoxText:
    """A box with another heading, a gate with another name beside it; its title says both."""
    heading, *others = box.title.split("\n")
    own = (("name", Sym(label)),)
    beside = box.round or any(role == OUTSIDE for role, _ in box.lines)
    if beside:
        lines = ((OUTSIDE, own), *(line for line in box.lines if line[0] != OUTSIDE))
    else:
        lines = tuple((role, own if role == "name" else line) for role, line in box.lines)
    return box._replace(lines=lines, title="\n".join([f"{label}: {heading}", *others]))


def filled(drawing: Drawing, graph: Graph, colours: Mapping[Any, str]) -> Drawing:
    """A drawing in which some boxes have colours of the author's own. Raises NameUnknownError, ValueRefusedError."""
    fills = {
        box_of(drawing, graph, of, "a colour"): hexadecimal(colour, f"the box {of}")
        for of, colour in _items(colours, "colours", '{"a": "#ffd54f"}')
    }
    return replace(drawing, look=replace(drawing.look, fills=fills))


def _items(given: Any, what: str, example: str) -> Iterable[tuple[Any, Any]]:
    if not isinstance(given, Mapping):
        raise ValueRefusedError(f"{what} of {type(given).__name__}", fix=f"give them by node, such as {what}={example}")
    return given.items()

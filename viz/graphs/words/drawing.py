"""The records of what is written on a picture: a `Drawing` is text with roles, without positions, fonts or colours."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from viz.graphs.words.heat import Heat
from viz.graphs.words.look import PLAIN, Look
from viz.ink.lines import Label

FULL, FORMULA, NUMBER, HOVER, OUTLINE = "full", "formula", "number", "hover", "outline"
NOT_DETERMINED = "indeterminate: 0 met ∞ on this edge, and the factors do not determine the product"
DETAILS = (FULL, FORMULA, NUMBER, HOVER, OUTLINE)
STYLES = ("textbook", "circuit")
OUTSIDE = "outside"  # the role of the line of a box that stands outside of it, where edges leave
DIGITS = 3  # of numbers, as they are written by default


class BoxText(NamedTuple):
    """A node as it is drawn. `lines` are labels by role (name, shape, value, gradient, badge), from top to bottom.

    A line `outside` is the name of what a gate computes: it stands outside, where its edges leave.
    `kind` is the node's kind, or "folded" for a box that stands for many nodes.
    """

    id: str
    name: str
    kind: str
    round: bool
    output: bool
    lines: tuple[tuple[str, Label], ...]
    title: str


class EdgeText(NamedTuple):
    """An edge as it is drawn, from operand to result, with its labels.

    `local` and `downstream` are what flows back; what flows forward is the value in the box where it begins.
    `undetermined` says that 0 met ∞ there, `held` that derivatives take its value for a constant; `jacobian` are the
    lines of the local Jacobian of arrays, where it is small.
    """

    id: str
    tail: str
    head: str
    slot: int
    name: str
    local: Label
    downstream: Label
    flows: bool
    zero: bool
    proved: bool
    title: str
    undetermined: bool = False
    jacobian: tuple[str, ...] = ()
    held: bool = False


class Frame(NamedTuple):
    """A dashed line with a title around the boxes of a layer that is open, by their ids.

    `boxes` are those that stand in no frame inside it; `parent` is the id of the frame that it stands in.
    """

    id: str
    name: str
    title: str
    boxes: tuple[str, ...]
    parent: str | None


def nested(frames: Iterable[Frame]) -> Iterator[tuple[Frame, bool]]:
    """Each frame twice: with True where it begins, and with False where it ends, those that are in it in between."""
    within: dict[str | None, list[Frame]] = {}
    for frame in frames:
        within.setdefault(frame.parent, []).append(frame)
    waiting = [(frame, True) for frame in reversed(within.get(None, []))]
    while waiting:
        frame, begins = waiting.pop()
        yield frame, begins
        if begins:
            waiting += [(frame, False), *((inner, True) for inner in reversed(within.get(frame.id, [])))]


def left(frames: Sequence[Frame], shown: Container[str]) -> tuple[Frame, ...]:
    """The frames around those of their boxes that are shown; those around none are left out."""
    kept: list[Frame] = []
    needed: set[str | None] = set()
    for frame in reversed(frames):  # the inner before the outer ones
        boxes = tuple(box for box in frame.boxes if box in shown)
        if boxes or frame.id in needed:
            needed.add(frame.parent)
            kept.append(frame._replace(boxes=boxes))
    return tuple(kept[::-1])


@dataclass(frozen=True, repr=False)
class Drawing:
    """All that is written on a picture. `folded` says, a line a box, what stands in the boxes that hold many nodes.

    `heat` are the numbers that are shown as colour, where a picture has them; `look` is what its author chose; `part`
    says of which part of a graph it is; `digits` are those of its numbers. `frames` are around boxes, the outer
    before the inner ones; `together` are the layers in which no row should end, with frames or without. `nothing` says
    why nothing is folded that was asked to be, and what would help.
    """

    boxes: tuple[BoxText, ...]
    edges: tuple[EdgeText, ...]
    root: str
    has_values: bool
    has_gradients: bool
    detail: str
    folded: tuple[str, ...] = ()
    heat: Heat | None = None
    look: Look = PLAIN
    part: str = ""
    digits: int = DIGITS
    frames: tuple[Frame, ...] = ()
    nothing: str = ""
    together: tuple[Frame, ...] = ()

    def __repr__(self) -> str:
        return f"<drawing of {len(self.boxes)} boxes and {len(self.edges)} edges>"

    @property
    def has_proofs(self) -> bool:
        """Whether anything is marked as proved."""
        return any(e.proved for e in self.edges) or any(
            run_role == "proof" for b in self.boxes for _, label in b.lines for run_role, _ in label
        )


def detail_for(count: int) -> str:
    """How much is written in a picture of so many nodes: an outline has names and signs, the rest is in the titles."""
    return next((d for most, d in ((8, FULL), (15, FORMULA), (40, NUMBER), (300, HOVER)) if count <= most), OUTLINE)

"""The record of one symptom, and the words that all symptoms share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cgraph import notation
from cgraph.graph.node import Node
from cgraph.quoting import terminal

DEAD, SATURATED = "dead ReLU", "saturated"
VANISHING, EXPLODING = "vanishing gradient", "exploding gradient"
NOT_FINITE, ZERO, UNUSED = "not finite", "zero gradient", "unused"
INDETERMINATE = "indeterminate"
KINDS = (NOT_FINITE, INDETERMINATE, DEAD, SATURATED, VANISHING, EXPLODING, ZERO, UNUSED)
SPELLED_OUT = 12  # so many units or names are listed; of more, how many


@dataclass(frozen=True)
class Finding:
    """One symptom: what it is, at which node, in which units, with which numbers, why it matters and what to try.

    `kind` is one of `viz.symptoms.finding.KINDS`, `name` the node's name in its graph, `where` the line that built it.
    `units` are counted from 1 along the last axis, as in the names w[1]ji; `names` are the leaves or nodes concerned.
    """

    kind: str
    node: Node = field(repr=False)
    name: str
    what: str
    why: str
    fix: str
    units: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """The line that built the node."""
        return self.node.where

    @property
    def badge(self) -> str:
        """The symptom in a word or two, for a box of a picture."""
        if not self.units or not self.node.shape:
            return self.kind
        many = "s" if self.kind == DEAD and len(self.units) > 1 else ""
        return f"{len(self.units)} {self.kind}{many}"

    def __str__(self) -> str:
        lines = f"{self.kind}: {self.name} (at {self.where})", self.what, f"why: {self.why}", f"try: {self.fix}"
        return "\n  ".join(map(terminal, lines))


def shown(value: float) -> str:
    """A number as pictures write it."""
    return notation.plain(value)


def listed(names: Sequence[object]) -> str:
    """Some names in a sentence.

    >>> listed([1]), listed([1, 2, 5])
    ('1', '1, 2 and 5')
    """
    few = [str(name) for name in names[:SPELLED_OUT]]
    if len(names) > len(few):
        return f"{', '.join(few)} and {len(names) - len(few)} more"
    return " and ".join([", ".join(few[:-1]), few[-1]] if len(few) > 1 else few)

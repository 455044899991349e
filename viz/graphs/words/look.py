"""What an author chose for a picture beyond its words: what is dimmed, the colours of boxes, legend, background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from viz.ink.colours import contrast, ink
from viz.ink.themes import WORDS, Theme, faded


@dataclass(frozen=True)
class Look:
    """`dimmed` are the ids of boxes and edges that are not highlighted, `fills` the colours of boxes by their ids."""

    dimmed: frozenset[str] = frozenset()
    fills: Mapping[str, str] = field(default_factory=dict)
    legend: bool = True
    transparent: bool = False

    def theme(self, id_: str, theme: Theme) -> Theme:
        """The theme in which a box or an edge is painted."""
        return faded(theme) if id_ in self.dimmed else theme

    def fill(self, id_: str, theme: Theme) -> str | None:
        """The colour that a box was given; None for all others, and for those that are dimmed."""
        return None if id_ in self.dimmed else self.fills.get(id_)


PLAIN = Look()


def read_on(fill: str, theme: Theme) -> Theme:
    """A theme whose words are read on a colour: those that are not become black or white."""

    def on(colour: str) -> str:
        return colour if colour.startswith("#") and contrast(colour, fill) >= WORDS else ink(fill)

    return replace(
        theme,
        text=on(theme.text),
        forward=on(theme.forward),
        backward=on(theme.backward),
        local=on(theme.local),
        proof=on(theme.proof),
        faint=on(theme.faint),
    )

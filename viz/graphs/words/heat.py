"""Numbers as colour, from blue below 0 to orange above, and the cells of small heat maps, each on a scale of its own.

Colour alone means nothing: size is lightness as well, so that it is read in grey, and each negative cell has a bar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import floor, log10
from typing import Any

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT, VARIABLE, Node
from cgraph.passes.backward import Backward
from cgraph.passes.forward import Forward
from viz.ink.colours import ink, mixed
from viz.ink.themes import Theme

VALUE, GRADIENT = "value", "gradient"
COLOURS = (VALUE, GRADIENT)
MOST_CELLS = 32  # on a side; a larger array is drawn in blocks
ROOM, LEAST_CELL, MOST_CELL = 96.0, 3.0, 13.0  # points: the longer side of a heat map, and the side of a cell
TINTS = 16  # of each sign


@dataclass(frozen=True)
class Heat:
    """What is coloured: of each box, by its id, the numbers as rows of cells; one number colours the whole box.

    `what` is "value" or "gradient", `limit` the number that has the full colour, as all beyond it have. `zeros` says
    that a frame of the same film has zero gradients, which the legend of all explains. `own` are the limits of arrays
    that have scales of their own, by the ids of their boxes: the others have the limit.
    """

    what: str
    limit: float
    cells: Mapping[str, Any]
    zeros: bool = False
    own: Mapping[str, float] = field(default_factory=dict)

    def room(self, id_: str) -> tuple[float, float] | None:
        """The width and height of a box's heat map; None where it has none."""
        cells = self.cells.get(id_)
        if cells is None or np.ndim(cells) == 0:
            return None
        rows, columns = cells.shape
        side = cell_side(rows, columns)
        return columns * side, rows * side

    @property
    def single(self) -> bool:
        """Whether a box of one number has a colour."""
        return any(np.ndim(cells) == 0 for cells in self.cells.values())

    def tint(self, value: float, id_: str = "") -> int:
        """A number of a box as one of the colours of the scale, from -TINTS to TINTS."""
        share = value / self.own.get(id_, self.limit)
        return 0 if np.isnan(share) else int(np.rint(np.clip(share, -1, 1) * TINTS))

    def fill(self, id_: str, theme: Theme) -> str | None:
        """The colour of a box that stands for one number; None for all others."""
        number = self.cells.get(id_)
        if number is None or np.ndim(number) or not np.isfinite(number):
            return None
        return colour(self.tint(float(number)), theme)


def heat(of: Graph | Forward | Backward, what: str, limit: float | None = None) -> Heat:
    """The colours of a pass in numbers. Raises ValueRefusedError for another, and for a limit that is none.

    Without a limit each array has its own: its largest size, rounded up to two digits; that of boxes with one number is
    the largest of these, of what is computed or trained. A gradient's picture leaves out the root, whose gradient is 1
    by definition.
    """
    if what not in COLOURS:
        raise ValueRefusedError(f"there is no colour by {what!r}", fix=f"choose one of {', '.join(COLOURS)}")
    numbers = shown_numbers(of, what)
    graph = of if isinstance(of, Graph) else of.graph
    own: dict[str, float] = {}
    if limit is None:
        own = {f"n{graph.position(n)}": limit_of({n: value}) for n, value in numbers.items() if np.ndim(value)}
        limit = limit_of({n: value for n, value in numbers.items() if not np.ndim(value)} or numbers)
    elif not (np.isfinite(limit) and limit > 0):
        raise ValueRefusedError(
            f"the limit of colours is {limit!r}",
            why="it is the number that has the full colour",
            fix="give a number above 0",
        )
    cells = {f"n{graph.position(n)}": grid(n, value) for n, value in numbers.items()}
    return Heat(what, float(limit), cells, own=own)


def shown_numbers(of: Graph | Forward | Backward, what: str) -> dict[Node, Any]:
    """The numbers that a picture colours, by node. Raises ValueRefusedError when the pass has none."""
    fwd = of.forward if isinstance(of, Backward) else of
    missing = isinstance(fwd, Graph) or not fwd.world.numeric
    if missing or (what == GRADIENT and not isinstance(of, Backward)):
        fix = "cg.backward(cg.forward(...))" if what == GRADIENT else "cg.forward(...)"
        raise ValueRefusedError(f"there are no {what}s to colour", why="they were not computed", fix=f"draw {fix}")
    assert isinstance(fwd, Forward)
    nodes = [n for n in fwd.graph.nodes if n.kind != CONSTANT]
    if what == VALUE:
        return {n: fwd[n] for n in nodes}
    assert isinstance(of, Backward)
    return {n: of.gradient[n] for n in nodes if of.gradient.reaches(n) and n is not of.of}


def limit_of(*passes: Mapping[Node, Any]) -> float:
    """The limit for the numbers of some passes: the largest size but for inputs, rounded up to two digits.

    >>> limit_of({})
    1.0
    """
    every = [(n, value) for numbers in passes for n, value in numbers.items()]
    made = [value for n, value in every if n.kind != VARIABLE] or [value for _, value in every]
    sizes = [np.abs(value)[np.isfinite(value)].max(initial=0.0) for value in map(np.atleast_1d, made)]
    most = float(max(sizes, default=0.0))
    if most == 0:
        return 1.0
    unit = 10.0 ** (floor(log10(most)) - 1)
    return float(f"{np.ceil(most / unit - 1e-9) * unit:.3g}")


def grid(node: Node, values: Any) -> Any:
    """Numbers as rows of cells, in the shape of the value: a row an example, of a stack one matrix below another.

    A vector is a row, or a column of as many numbers as there are examples. Of more than 32 in a row or column, the
    largest of each block.
    """
    array = np.asarray(values, dtype=float)
    if array.ndim == 0:
        return array
    alone = array.ndim == 1 and isinstance(node.shape[-1], str)
    cells = array.reshape((-1, 1) if alone else (-1, array.shape[-1])) if array.size else np.zeros((1, 1))
    for axis in (0, 1):
        cells = _blocks(cells, axis)
    return cells


def _blocks(cells: Any, axis: int) -> Any:
    """At most 32 along an axis: of each block the number of the largest size, with its sign."""
    count = cells.shape[axis]
    size = -(-count // MOST_CELLS)
    if size == 1:
        return cells
    parts = np.array_split(cells, range(size, count, size), axis=axis)
    best = [np.expand_dims(np.argmax(np.abs(p), axis=axis), axis) for p in parts]
    return np.concatenate([np.take_along_axis(p, b, axis) for p, b in zip(parts, best, strict=True)], axis=axis)


def cell_side(rows: int, columns: int) -> float:
    """The side of a cell in points."""
    return min(max(ROOM / max(rows, columns), LEAST_CELL), MOST_CELL)


# Colours -------------------------------------------------------------------------------------------------------------
def colour(tint: int, theme: Theme) -> str:
    """A colour of the scale, from that of a box at 0 to the theme's full colour of the sign."""
    end = theme.positive if tint > 0 else theme.negative
    share = abs(tint) / TINTS
    return mixed(theme.box, end, share)


def written_on(fill: str, theme: Theme) -> Theme:
    """A theme whose words are all of the ink that is read on a colour."""
    words = ink(fill)
    return replace(theme, text=words, forward=words, backward=words, local=words, proof=words, faint=words)

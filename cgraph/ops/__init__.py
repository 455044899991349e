"""THE TABLE: every op is one row, here and nowhere else. This room knows no node, no pass and no SymPy."""

from __future__ import annotations

import copyreg
from collections.abc import Callable

from cgraph.errors import ValueRefusedError
from cgraph.ops import (
    activations,
    elementwise,
    extremes,
    indexing,
    linear,
    matrices,
    nets,
    reductions,
    shaping,
    sorting,
    special,
    windows,
)
from cgraph.ops.op import Op

FAMILIES = (
    elementwise,
    special,
    activations,
    reductions,
    extremes,
    sorting,
    linear,
    matrices,
    shaping,
    indexing,
    windows,
    nets,
)
TABLE: dict[str, Op] = {row.name: row for family in FAMILIES for row in family.ROWS}


def row_named(name: str) -> Op:
    """The row of the table with this name."""
    return TABLE[name]


def _travelling(row: Op) -> tuple[Callable[[str], Op], tuple[str]]:
    """A row travels as its name: functions do not."""
    if TABLE.get(row.name) is not row:
        raise ValueRefusedError(
            f"{row.name} cannot be pickled",
            why="it is an op of your own: the table, by whose names ops are pickled, does not have it",
            fix="build the graph anew where it is needed",
        )
    return row_named, (row.name,)


copyreg.pickle(Op, _travelling)

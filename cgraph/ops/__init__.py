"""THE TABLE: every op is one row, here and nowhere else. This room knows no node, no pass and no SymPy."""

from __future__ import annotations

import copyreg

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
)
from cgraph.ops.row import Row

FAMILIES = (elementwise, activations, reductions, extremes, linear, matrices, shaping, indexing, nets)
TABLE: dict[str, Row] = {row.name: row for family in FAMILIES for row in family.ROWS}


def row_named(name: str) -> Row:
    """The row of the table with this name."""
    return TABLE[name]


copyreg.pickle(Row, lambda row: (row_named, (row.name,)))  # a row travels as its name: functions do not

"""THE TABLE: every op is one row, here and nowhere else. This room knows no node, no pass and no SymPy."""

from __future__ import annotations

import copyreg

from cgraph.ops import activations, elementwise, linear, nets, reductions, shaping
from cgraph.ops.row import Row

TABLE: dict[str, Row] = {
    row.name: row
    for row in (*elementwise.ROWS, *activations.ROWS, *reductions.ROWS, *linear.ROWS, *shaping.ROWS, *nets.ROWS)
}


def row_named(name: str) -> Row:
    """The row of the table with this name."""
    return TABLE[name]


copyreg.pickle(Row, lambda row: (row_named, (row.name,)))  # a row travels as its name: functions do not

"""Ops of programs alone, which no graph has: a column of ones beside an input, and a bias beside its matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cgraph.ops.op import Attrs, structural
from cgraph.shapes import Shape


def _one_more_column(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    rows, columns = operands[0]
    return attrs, (rows, int(columns) + 1)


def _one_more_row(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    rows, columns = operands[0]
    return attrs, (int(rows) + 1, columns)


def _with_ones(xp: Any, x: Any) -> Any:
    return xp.concatenate([x, xp.ones((len(x), 1), x.dtype)], axis=1)


WITH_ONES = structural("with_ones", "[x 1]", _with_ones, ("", None), infer=_one_more_column, examples=())
BOTH = structural("both", "[W; b]", lambda xp, W, b: xp.vstack([W, b]), *[("", None)] * 2,
                  infer=_one_more_row, examples=())  # fmt: skip

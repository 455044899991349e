"""What targets of a loss must be: labels from 0 to 1, rows of probabilities. The tolerance leaves room for float32."""

from __future__ import annotations

from typing import Any

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.quoting import decimal

TOLERANCE = 1e-4


def labels(y: Any) -> None:
    """Refuse labels that are no probabilities, with the first one and its position."""
    value = np.asarray(y)
    wrong = ~((value >= -TOLERANCE) & (value <= 1 + TOLERANCE))
    if wrong.any():
        place = tuple(map(int, np.argwhere(wrong)[0]))
        raise ValueRefusedError(
            f"the label {decimal(value[place])}{f' at position {place}' if place else ''}",
            why="a label is the probability of the class 1, from 0 to 1",
            fix="give 0 and 1, for example (y + 1)/2 for labels -1 and 1",
        )


def distributions(y: Any) -> None:
    """Refuse rows that are no distribution over the classes, with the first one and its place."""
    value = np.asarray(y)
    if value.dtype.kind == "f" and value.size:  # mostly they are, and short rows are summed quickest so
        sums = np.einsum("...k->...", value)
        if np.abs(sums - 1).max() <= TOLERANCE and value.min() >= -TOLERANCE:
            return
    wrong = ~(np.abs(value.sum(axis=-1) - 1) <= TOLERANCE) | ~(value >= -TOLERANCE).all(axis=-1)
    if wrong.any():
        place = tuple(map(int, np.argwhere(wrong)[0]))
        row = value[place]
        shown = ", ".join(decimal(p) for p in row[:6]) + (", ..." if row.size > 6 else "")
        raise ValueRefusedError(
            f"the target [{shown}]{f' in row {place}' if place else ''} is no distribution",
            why=f"its probabilities must not be negative and must sum to 1; they sum to {decimal(row.sum())}",
            fix="give distributions such as one-hot rows, or class ids",
        )

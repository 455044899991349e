"""Whether a plane separates two classes of points, decided exactly, with a proof of the answer that can be checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import gcd, lcm
from typing import Any

import numpy as np

from cgraph.errors import ShapeError
from cgraph.nn.textbook.unit import Perceptron, Unit, labelled
from cgraph.shapes import show

Point = tuple[Fraction, ...]
Share = tuple[Point, Fraction]  # a point and its weight in a convex combination


@dataclass(frozen=True)
class Certificate:
    """A point that both classes reach: one convex combination of the points labelled 1, one of those labelled 0.

    A plane with all ones on one side and all zeros on the other would have this point on both.
    """

    ones: tuple[Share, ...]
    zeros: tuple[Share, ...]

    @property
    def point(self) -> Point:
        """The point that they have in common."""
        return _combined(self.ones)

    def holds(self) -> bool:
        """Whether the weights are positive and sum to 1, and both combinations are the same point: exact arithmetic."""
        proper = all(sum(w for _, w in side) == 1 and all(w > 0 for _, w in side) for side in (self.ones, self.zeros))
        return proper and _combined(self.ones) == _combined(self.zeros)

    def __str__(self) -> str:
        sides = (" + ".join(f"{w}·{_shown(p)}" for p, w in side) for side in (self.ones, self.zeros))
        return " = ".join((*sides, _shown(self.point)))


@dataclass(frozen=True)
class Separability:
    """Whether 1 and 0 are linearly separable, with a witness (w, b) if they are and a certificate if not.

    The witness satisfies w·x + b > 0 for every point labelled 1 and < 0 for every other.
    """

    separable: bool
    w: Point | None = None
    b: Fraction | None = None
    certificate: Certificate | None = None

    @property
    def unit(self) -> Unit | None:
        """The witness as a perceptron, its weights rounded to floats, or None."""
        return Perceptron([float(v) for v in self.w], float(self.b)) if self.w and self.b is not None else None

    def __bool__(self) -> bool:
        return self.separable

    def __str__(self) -> str:
        if self.w is not None:
            return f"linearly separable: w = {_shown(self.w)}, b = {self.b}"
        return f"not linearly separable: {self.certificate}"


def is_linearly_separable(X: Any, y: Any = None) -> Separability:
    """Whether some w, b have w·x + b > 0 for the points X [m×n] labelled 1, and < 0 for those labelled 0.

    `y` [m] holds the labels. Without it, X is the truth table of a function of n inputs: its 2ⁿ outputs for 00, 01,
    10, 11. Decided in exact arithmetic by the simplex method: the result is true or false, and holds the proof. (A
    step at w·x + b > 0, as in SLP3 Eq. 6.7, separates the same sets.)
    Raises ShapeError when X and y do not fit or a table has no 2ⁿ entries, ValueRefusedError for other labels.

    >>> print(is_linearly_separable([0, 0, 0, 1]))
    linearly separable: w = (2, 2), b = -3
    >>> print(is_linearly_separable([0, 1, 1, 0]))
    not linearly separable: 1/2·(0, 1) + 1/2·(1, 0) = 1/2·(0, 0) + 1/2·(1, 1) = (1/2, 1/2)
    """
    points, labels = labelled(*(_truth_table(X) if y is None else (X, y)))
    exact: list[Point] = [tuple(map(Fraction, row)) for row in points.tolist()]
    ones, zeros = ([p for p, label in zip(exact, labels, strict=True) if label == side] for side in (1, 0))
    if not ones or not zeros:
        return Separability(True, (Fraction(0),) * points.shape[1], Fraction(1 if ones else -1))
    weights, plane = _common_point(ones, zeros)
    if weights is None:
        return Separability(True, *_shortest(plane))
    shares = [(p, w) for p, w in zip(ones + zeros, weights, strict=True)]
    left, right = (tuple(s for s in part if s[1]) for part in (shares[: len(ones)], shares[len(ones) :]))
    return Separability(False, certificate=Certificate(left, right))


def _truth_table(outputs: Any) -> tuple[Any, Any]:
    values = np.asarray(outputs)
    inputs = max(values.size.bit_length() - 1, 0)
    if values.ndim != 1 or values.size != 2**inputs or inputs < 1:
        raise ShapeError(
            f"a truth table of the shape {show(values.shape)}",
            why="a function of n inputs has an output for each of the 2ⁿ rows of its table",
            fix="give 2, 4, 8, ... outputs, or points X and labels y",
        )
    return list(product((0, 1), repeat=inputs)), values


def _common_point(ones: Sequence[Point], zeros: Sequence[Point]) -> tuple[list[Fraction] | None, list[Fraction]]:
    """Weights of a point common to both convex hulls, or None and then a separating plane [w..., b].

    The first phase of the simplex method on Σ αᵢxᵢ - Σ βⱼxⱼ = 0, Σ αᵢ = Σ βⱼ = 1, α ≥ 0, β ≥ 0. Where it has no
    solution, its dual prices u, p, q (by Farkas' lemma) satisfy u·x + p ≤ 0 for ones, q ≤ u·x for zeros, p + q > 0.
    """
    size, count = len(ones[0]), len(ones) + len(zeros)
    scales = [lcm(*(p[k].denominator for p in (*ones, *zeros))) for k in range(size)]
    rows = [[int(p[k] * s) for p in ones] + [-int(p[k] * s) for p in zeros] for k, s in enumerate(scales)]
    rows += [[1] * len(ones) + [0] * len(zeros), [0] * len(ones) + [1] * len(zeros)]
    height = size + 2
    table = np.zeros((height + 1, count + height + 1), dtype=object)
    table[:height, :count] = rows
    table[:height, count : count + height] = np.eye(height, dtype=int)
    table[size:height, -1] = 1
    table[height, :count] = -table[:height, :count].sum(axis=0)
    table[height, -1] = -2
    basis, scale = _simplex(table, count)
    if table[height, -1]:
        prices = [1 - Fraction(int(c), scale) for c in table[height, count : count + height]]
        u, p, q = [v * s for v, s in zip(prices[:size], scales, strict=True)], prices[size], prices[size + 1]
        return None, [*(-v for v in u), (q - p) / 2]
    weights = [Fraction(0)] * count
    for row, column in enumerate(basis):
        if column < count:
            weights[column] = Fraction(int(table[row, -1]), scale)
    return weights, []


def _simplex(table: Any, columns: int) -> tuple[list[int], int]:
    """Pivot until no reduced cost is negative; the true table is the integers here divided by the scale returned.

    Integer pivots (Edmonds, 1967; Bareiss, 1968) divide without a remainder; Bland's rule (1977) never cycles.
    """
    height, scale = len(table) - 1, 1
    basis = list(range(columns, columns + height))
    while True:
        falling = np.flatnonzero(table[height, :columns] < 0)
        if not len(falling):
            return basis, scale
        enter = int(falling[0])
        usable = [i for i in range(height) if table[i, enter] > 0]
        leave = min(usable, key=lambda i: (Fraction(int(table[i, -1]), int(table[i, enter])), basis[i]))
        pivot, row = table[leave, enter], table[leave].copy()
        table[:] = (table * pivot - np.outer(table[:, enter], row)) // scale
        table[leave] = row
        basis[leave], scale = enter, int(pivot)


def _shortest(plane: Sequence[Fraction]) -> tuple[Point, Fraction]:
    """The same plane in whole numbers without a common factor."""
    whole = [int(v * lcm(*(x.denominator for x in plane))) for v in plane]
    *w, b = (Fraction(v, gcd(*whole)) for v in whole)
    return tuple(w), b


def _combined(shares: Sequence[Share]) -> Point:
    return tuple(sum((w * v for w, v in zip([s[1] for s in shares], column, strict=True)), Fraction(0))
                 for column in zip(*(s[0] for s in shares), strict=True))  # fmt: skip


def _shown(point: Point) -> str:
    return f"({', '.join(map(str, point))})"

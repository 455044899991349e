"""Input normalisation: each feature with mean 0 and variance 1, by the statistics of the training set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.graph.node import Node, as_array, constant
from cgraph.graph.scope import scope
from cgraph.nn.init import Array
from cgraph.shapes import show


@dataclass(frozen=True)
class Normalise:
    """A layer (X - mean) / std with the mean [d] and the standard deviation [d] of a training set (SLP3 Section 6.6.5).

    Make it with `Normalise.fit(X)`; put it first in a model, or use `transform` on arrays. Both are constants, so
    that dev and test data are normalised by the training set and nothing flows to them.
    """

    mean: Node
    std: Node

    @classmethod
    def fit(cls, X: Any, ddof: int = 0) -> Normalise:
        """The statistics of X [m×d], variances divided by m - ddof; a feature that never changes is divided by 1.

        Raises ShapeError when X is no matrix, ValueRefusedError for NaN, infinities, no rows, and m - ddof below 1.

        >>> Normalise.fit([[3.0, 7.0], [5.0, 7.0]]).transform([[3.0, 7.0], [6.0, 8.0]])
        array([[-1.,  0.],
               [ 2.,  1.]])
        """
        rows = _matrix(X)
        if isinstance(ddof, bool) or not isinstance(ddof, int) or not 0 <= ddof < max(len(rows), 1):
            raise ValueRefusedError(
                f"normalising {len(rows)} row(s) with ddof={ddof!r}",
                why="variances are sums of squares divided by the number of rows less ddof",
                fix="give ddof=0 (the population's variance) or 1 (the sample's) and at least ddof + 1 rows",
            )
        low, high = rows.min(axis=0), rows.max(axis=0)
        # A constant feature is itself exactly, where its mean in floats may be one bit off and divide noise by noise.
        same = low == high
        mean = np.where(same, low, rows.mean(axis=0))
        deviation = np.where(same, 1.0, rows.std(axis=0, ddof=ddof))
        return cls(constant(mean, "mean"), constant(deviation, "std"))

    @property
    def parameters(self) -> tuple[Node, ...]:
        """None: the statistics come from the training set and stay."""
        return ()

    def replaced(self, new: Mapping[Node, Node]) -> Normalise:
        """The same layer: it has no parameters."""
        return self

    def transform(self, X: Any) -> Array:
        """The normalised rows of an array X [m×d].

        Raises ShapeError when X has another number of features, ValueRefusedError for NaN and infinities.
        """
        rows = _matrix(X)
        if rows.shape[1:] != self.mean.shape:
            raise ShapeError(
                f"X has the shape {show(rows.shape)}",
                why=f"the statistics are those of {self.mean.shape[0]} feature(s)",
                fix="give the features of the training set, in its order",
            )
        normal: Array = (rows - self.mean.value) / self.std.value
        return normal

    def __call__(self, x: Node, /) -> Node:
        with scope("normalise"):
            return (x - self.mean) / self.std


def _matrix(X: Any) -> Array:
    rows: Array = as_array(X, "X")
    if rows.ndim != 2:
        raise ShapeError(f"X has the shape {show(rows.shape)}", why="its rows are examples", fix="give X two axes")
    if not rows.size:
        raise ValueRefusedError(f"X has the shape {show(rows.shape)}", why="nothing has no mean", fix="give rows")
    wrong = np.argwhere(~np.isfinite(rows))
    if len(wrong):
        row, column = map(int, wrong[0])
        raise ValueRefusedError(
            f"X is {rows[row, column]} in row {row}, column {column}",
            why="one value that is not finite would spoil its whole feature",
            fix="leave such rows out, or fill them in",
        )
    return rows

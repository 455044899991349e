"""Mini-batches in the order in which scikit-learn draws them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import shuffle

Array: TypeAlias = NDArray[np.float64]


def dense(X: Any) -> Array:
    """An array from an array or a sparse matrix."""
    array: Array = X.toarray() if hasattr(X, "toarray") else X
    return array


class MiniBatches:
    """The mini-batches of one epoch after the other: the order of each is the order of the one before, shuffled.

    A sparse X is made dense one mini-batch at a time.

    >>> batches = MiniBatches(np.eye(3), np.ones((3, 1)), 2, np.random.RandomState(0))
    >>> [len(Y) for X, Y in batches]
    [2, 1]
    """

    def __init__(self, X: Any, Y: Array, size: int, random_state: np.random.RandomState) -> None:
        self.X, self.Y, self.size, self.random_state = X, Y, size, random_state
        self.order, self.used = np.arange(len(Y)), True

    @property
    def steps(self) -> int:
        """How many mini-batches an epoch has."""
        return -(-len(self.order) // self.size)

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        if self.used:  # a look at the first batch alone uses no order up
            self.order, self.used = shuffle(self.order, random_state=self.random_state), False
        for start in range(0, len(self.order), self.size):
            rows = self.order[start : start + self.size]
            yield dense(self.X[rows]), self.Y[rows]
        self.used = True

"""Where mini-batches come from: arrays that are shuffled, or anything that hands out batches one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol, TypeAlias

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.train.checks import Array, examples, same_width
from cgraph.train.model import arrays_of

Batch: TypeAlias = tuple[Any, Array]


class Source(Protocol):
    """Batches for epoch after epoch. `first` shows the shapes, `steps` is how many an epoch has, where it is known."""

    first: Batch
    steps: int | None

    def epoch(self, rng: np.random.Generator, /) -> Iterator[Batch]:
        """The batches of one epoch; all that is random comes from the generator."""


def source(data: Any, batch_size: int) -> Source:
    """The source for what `fit` was given. Raises ShapeError and ValueRefusedError for what cannot be trained on.

    A pair (X, Y) of arrays is shuffled and cut; a function of a generator gives the batches of an epoch; any other
    iterable gives the same batches in each epoch, and an iterator those of one. A function or an iterable is asked
    once more than there are epochs, for its first batch alone, whose shapes the graph is built for.
    """
    streamed = isinstance(data, Iterable) and not isinstance(data, (Sequence, np.ndarray, dict))
    if callable(data) or streamed:
        return Stream(data)
    return Arrays(*examples("the training data", data), batch_size)


@dataclass
class Arrays:
    """Arrays in memory, in an order that is drawn anew for each epoch; the last batch may be short."""

    X: Any
    Y: Array
    size: int

    def __post_init__(self) -> None:
        self.first = self.X, self.Y
        self.steps: int | None = -(-len(self.Y) // self.size)

    def order(self, rng: np.random.Generator) -> Any:
        """The numbers of all rows in the order of an epoch."""
        return rng.permutation(len(self.Y))

    def epoch(self, rng: np.random.Generator, /) -> Iterator[Batch]:
        order = self.order(rng)
        for start in range(0, len(order), self.size):
            yield rows_of(self.X, order[start : start + self.size]), self.Y[order[start : start + self.size]]


@dataclass
class Stream:
    """Batches that need not fit in memory together; each is checked when it comes."""

    data: Callable[[np.random.Generator], Iterable[Batch]] | Iterable[Batch]
    steps: int | None = None

    def __post_init__(self) -> None:
        self.ahead: list[Any] = []
        batches = self._batches(np.random.default_rng(0))
        for batch in batches:
            self.first = examples("batch 1 of the training data", batch)
            if batches is self.data:  # an iterator gives each batch once: the one that was looked at comes again
                self.ahead = [batch]
            return
        raise _no_batches(1)

    def _batches(self, rng: np.random.Generator) -> Iterator[Any]:
        return iter(self.data(rng) if callable(self.data) else self.data)

    def epoch(self, rng: np.random.Generator, /) -> Iterator[Batch]:
        ahead, self.ahead = self.ahead, []
        count = 0
        for count, batch in enumerate(chain(ahead, self._batches(rng)), start=1):
            X, Y = examples(f"batch {count} of the training data", batch)
            like(X, self.first[0], f"batch {count}")
            same_width(Y, self.first[1], f"Y of batch {count}", "the first batch")
            yield X, Y
        if not count:
            raise _no_batches(2)
        self.steps = count


def _no_batches(epoch: int) -> ValueRefusedError:
    return ValueRefusedError(
        "the training data gives no batches" + ("" if epoch == 1 else " any more"),
        why="it is empty" if epoch == 1 else "an iterator hands out its batches once, and this is another epoch",
        fix="give a function of a generator that returns the batches of an epoch: lambda rng: batches()",
    )


def rows_of(X: Any, rows: Any) -> Any:
    """Some rows of X, in the form that X has: an array, a tuple or a dict of arrays."""
    if isinstance(X, dict):
        return {name: array[rows] for name, array in X.items()}
    return tuple(array[rows] for array in X) if isinstance(X, tuple) else X[rows]


def like(X: Any, first: Any, what: str) -> None:
    """Refuse inputs of other names or other widths than those of the training data. Raises ShapeError."""
    ours, theirs = arrays_of(X), arrays_of(first)
    if ours.keys() != theirs.keys():
        raise ShapeError(
            f"{what} has the inputs {', '.join(ours)}",
            why=f"the training data has {', '.join(theirs)}",
            fix="give X in the same form, with the same names",
        )
    for name, array in ours.items():
        same_width(array, theirs[name], f"{name} of {what}", "the training data")

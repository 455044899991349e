"""The interpolated trigram: what a neural language model is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgraph.errors import ValueRefusedError
from cgraph.train.checks import Array, whole

Ids = NDArray[np.int64]
MOST = 12  # buckets of contexts: never seen, once, 2 or 3 times, 4 to 7, ...


@dataclass(frozen=True)
class Trigram:
    """P(w | u, v) = λ0/V + λ1 P(w) + λ2 P(w | v) + λ3 P(w | u, v), the parts counted, the weights λ tuned by EM.

    There is a row of weights for each bucket of contexts, by how often u, v was seen (Jelinek and Mercer, 1980).
    """

    V: int
    counts: tuple[_Counts, ...] = field(repr=False)
    weights: Array  # [buckets×4]

    @classmethod
    def of(cls, texts: Sequence[Any], held_out: Sequence[Any], V: int, *, iterations: int = 50) -> Trigram:
        """Count in texts (lists of ids from 0 to V - 1), then tune the weights on held-out texts.

        Raises ValueRefusedError for ids out of range, and texts too short for a trigram.

        >>> model = Trigram.of([[0, 1, 2, 0, 1, 2, 0, 1]], [[0, 1, 2, 0]], V=3)
        >>> model.perplexity([[0, 1, 2, 0, 1]]) < 1.01
        True
        """
        V = whole("V", V)
        grams = _trigrams(texts, V)
        counts = tuple(_Counts.of(grams[:, 2 - n :], V) for n in range(3))
        model = cls(V, counts, np.full((MOST, 4), 0.25))
        held = _trigrams(held_out, V)
        parts, bucket = model._parts(held), model._bucket(held)
        weights = model.weights
        for _ in range(iterations):
            shares = weights[bucket] * parts
            shares /= shares.sum(axis=1, keepdims=True)
            sums = np.stack([np.bincount(bucket, weights=column, minlength=MOST) for column in shares.T], axis=1)
            sums += np.eye(4)[0] * 1e-9  # a bucket without held-out examples: the uniform distribution
            weights = sums / sums.sum(axis=1, keepdims=True)
        weights = 0.999 * weights + 0.001 * np.eye(4)[0]  # no word is impossible
        return cls(V, counts, weights)

    def probabilities(self, grams: Ids) -> Array:
        """P(w | u, v) of each row (u, v, w) of ids [n×3]."""
        result: Array = (self.weights[self._bucket(grams)] * self._parts(grams)).sum(axis=1)
        return result

    def perplexity(self, texts: Sequence[Any]) -> float:
        """e to the mean of -log P(w | u, v) over all trigrams of texts (SLP3 Eq. 3.14).

        Raises ValueRefusedError as `of` does.
        """
        return float(np.exp(-np.log(self.probabilities(_trigrams(texts, self.V))).mean()))

    def _parts(self, grams: Ids) -> Array:
        """1/V, P(w), P(w | v), P(w | u, v) of each row [n×4]; 0 after a context that was never seen."""
        parts = [np.full(len(grams), 1 / self.V)]
        for n, counts in enumerate(self.counts):
            parts.append(counts.whole(grams[:, 2 - n :]) / np.maximum(counts.context(grams[:, 2 - n : 2]), 1))
        return np.stack(parts, axis=1)

    def _bucket(self, grams: Ids) -> NDArray[np.intp]:
        seen = self.counts[2].context(grams[:, :2])
        return np.minimum(np.ceil(np.log2(seen + 1)), MOST - 1).astype(np.intp)


@dataclass(frozen=True)
class _Counts:
    """How often each n-gram was seen, and each context of one, by their numbers in base V."""

    V: int
    grams: tuple[Ids, Ids]
    contexts: tuple[Ids, Ids]

    @classmethod
    def of(cls, rows: Ids, V: int) -> _Counts:
        return cls(V, _count(_number(rows, V)), _count(_number(rows[:, :-1], V)))

    def whole(self, rows: Ids) -> Ids:
        return _seen(self.grams, _number(rows, self.V))

    def context(self, rows: Ids) -> Ids:
        return _seen(self.contexts, _number(rows, self.V))


def _number(rows: Ids, V: int) -> Ids:
    result = np.zeros(len(rows), dtype=np.int64)
    for column in rows.T:
        result = result * V + column
    return result


def _count(numbers: Ids) -> tuple[Ids, Ids]:
    found, counts = np.unique(numbers, return_counts=True)
    return found, counts


def _seen(table: tuple[Ids, Ids], numbers: Ids) -> Ids:
    found, counts = table
    place = np.minimum(np.searchsorted(found, numbers), len(found) - 1)
    return np.where(found[place] == numbers, counts[place], 0)


def _trigrams(texts: Sequence[Any], V: int) -> Ids:
    """Every three ids in a row, of each text for itself [n×3]."""
    rows = []
    for text in texts:
        ids = np.asarray(text)
        if ids.ndim != 1 or (ids.size and not (ids.dtype.kind in "iu" and 0 <= ids.min() <= ids.max() < V)):
            raise ValueRefusedError(
                "a text whose tokens are no ids",
                why=f"ids are whole numbers from 0 to {V - 1}",
                fix="use vocabulary.ids",
            )
        if len(ids) >= 3:
            rows.append(np.lib.stride_tricks.sliding_window_view(ids.astype(np.int64), 3))
    if not rows:
        raise ValueRefusedError(
            "texts without a trigram", why="each has fewer than three tokens", fix="give longer ones"
        )
    return np.concatenate(rows)

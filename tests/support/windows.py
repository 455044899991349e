"""Sliding windows place by place, in plain loops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

Places = Sequence[int]


def places(
    shape: Places, size: Places, stride: Places, dilation: Places
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Of each place in each window: where it stands among the windows, and which place of the last axes it is."""
    ends = shape[len(shape) - len(size) :]
    counts = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(ends, size, stride, dilation, strict=True)]
    for at in np.ndindex(*counts, *size):
        window, inside = at[: len(size)], at[len(size) :]
        yield at, tuple(p * s + o * d for p, o, s, d in zip(window, inside, stride, dilation, strict=True))


def seen_by_windows(x: Any, size: Places, stride: Places, dilation: Places) -> Any:
    """What each window sees."""
    every = list(places(x.shape, size, stride, dilation))
    seen = np.full((*x.shape[: x.ndim - len(size)], *(1 + np.array([at for at, _ in every]).max(axis=0))), np.nan)
    for at, place in every:
        seen[(..., *at)] = x[(..., *place)]
    return seen


def added_by_windows(g: Any, shape: Places, size: Places, stride: Places, dilation: Places) -> Any:
    """What each window says, added up where it sees."""
    whole = np.zeros(shape)
    for at, place in places(shape, size, stride, dilation):
        whole[(..., *place)] += g[(..., *at)]
    return whole

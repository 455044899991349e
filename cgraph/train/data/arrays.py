"""Examples as arrays: pairs of inputs and targets, splits, one-hot targets, and XOR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.nn.init import generator
from cgraph.shapes import show
from cgraph.train.checks import Array, whole


class Examples(NamedTuple):
    """A pair of read-only arrays, one row an example: inputs X [m×d] and targets Y [m×k]."""

    X: Array
    Y: Array


@dataclass(frozen=True)
class Split:
    """A data set in two parts without a common example: `train` to fit, `test` to measure."""

    train: Examples
    test: Examples


def split_rows(count: int, *shares: float, seed: int) -> list[NDArray[np.intp]]:
    """The numbers 0 to count - 1 in random parts: one for each share, from 0 to 1, and the rest.

    Raises ValueRefusedError when nothing is left for a part.

    >>> [len(part) for part in split_rows(10, 0.2, 0.1, seed=0)]
    [2, 1, 7]
    """
    sizes = [round(count * share) for share in shares]
    if min([count - sum(sizes), *sizes]) < 1:
        raise ValueRefusedError(
            f"{count} examples in parts of {', '.join(f'{share:g}' for share in shares)} and the rest",
            why="each part needs an example",
            fix="give shares above 0 that leave some, or more examples",
        )
    return list(np.split(generator(seed).permutation(count), np.cumsum(sizes)))


def one_hot_rows(ids: Any, classes: int) -> Array:
    """Rows [m×classes] with a 1 in the column of each id, from class ids [m] counted from 0 (SLP3 Section 6.5).

    Raises ValueRefusedError for an id that is negative, too large or no integer, ShapeError for ids of two axes.

    >>> one_hot_rows([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    classes = whole("the number of classes", classes)
    array = np.asarray(ids)
    if array.ndim != 1:
        raise ShapeError(f"ids of shape {show(array.shape)}", why="one id an example is a list", fix="use ids.ravel()")
    if array.size and array.dtype.kind not in "iu":
        raise ValueRefusedError(f"ids of type {array.dtype}", why="a class id is an integer", fix="use integers from 0")
    wrong = np.flatnonzero((array < 0) | (array >= classes))
    if len(wrong):
        raise ValueRefusedError(
            f"id {array[wrong[0]]} at position {wrong[0]} is no class",
            why=f"{classes} classes have the ids 0 to {classes - 1}",
            fix="give ids counted from 0, or more classes",
        )
    result = np.zeros((len(array), classes))
    result[np.arange(len(array)), array.astype(int)] = 1.0
    return result


def xor() -> Examples:
    """The four rows of exclusive or: X [4×2], Y [4×1] (SLP3 Fig. 6.4).

    >>> xor().Y.ravel()
    array([0., 1., 1., 0.])
    """
    return frozen(np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[0.0], [1.0], [1.0], [0.0]]))


def frozen(X: Array, Y: Array) -> Examples:
    """Copies of both, read-only."""
    X, Y = X.copy(), Y.copy()
    X.flags.writeable = Y.flags.writeable = False
    return Examples(X, Y)

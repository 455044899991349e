"""What training refuses before it starts, so that nothing fails an hour later."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.node import as_array
from cgraph.shapes import show

Array: TypeAlias = NDArray[np.float64]


def whole(what: str, number: Any) -> int:
    """A whole number of at least 1. Raises ValueRefusedError otherwise."""
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < 1:
        raise ValueRefusedError(f"{what} is {number!r}", why="it counts something", fix="give an integer from 1 up")
    return int(number)


def rows(what: str, values: Any) -> Array:
    """Finite numbers, one row an example: at least two axes and one row.

    Raises ShapeError, ValueRefusedError.
    """
    array: Array = as_array(values, what)
    if array.ndim < 2:
        raise ShapeError(
            f"{what} has shape {show(array.shape)}",
            why="the first axis is the examples, the others are what belongs to one of them",
            fix="use .reshape(-1, 1) for one number an example, or cg.train.one_hot(ids, classes) for classes",
        )
    if not array.size:
        raise ValueRefusedError(f"{what} has shape {show(array.shape)}", why="it is empty", fix="give some examples")
    finite = np.isfinite(array)
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueRefusedError(
            f"{what}[{', '.join(map(str, place))}] is {array[place]}",
            why="one such number spoils every parameter",
            fix="leave that example out, or fill the gap in",
        )
    return array


def examples(what: str, data: Any) -> tuple[Array, Array]:
    """A pair (X, Y) with one row of each for every example. Raises ShapeError, ValueRefusedError."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise ValueRefusedError(
            f"{what} is a {type(data).__name__}", why="it is no pair of arrays", fix="give (X, Y), a row an example"
        )
    X, Y = rows(f"X of {what}", data[0]), rows(f"Y of {what}", data[1])
    if len(X) != len(Y):
        raise ShapeError(
            f"{what} has {len(X)} rows of X and {len(Y)} of Y",
            why="row i of Y is the target of row i of X",
            fix="give both the same number of rows",
        )
    return X, Y


def same_width(array: Array, like: Array, what: str) -> None:
    """Refuse a devset whose rows have another shape than those of the training data. Raises ShapeError."""
    if array.shape[1:] != like.shape[1:]:
        raise ShapeError(
            f"{what} of the devset has shape {show(array.shape)}",
            why=f"{what} of the training data has shape {show(like.shape)}",
            fix="give both the same columns",
        )

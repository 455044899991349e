"""What training refuses before it starts, so that nothing fails an hour later."""

from __future__ import annotations

from math import inf, isfinite
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.graph.node import as_array
from cgraph.shapes import is_integer, show

Array: TypeAlias = NDArray[np.float64]


def whole(what: str, number: Any) -> int:
    """A whole number of at least 1. Raises ValueRefusedError otherwise."""
    if not is_integer(number) or number < 1:
        raise ValueRefusedError(f"{what} is {number!r}", why="it counts something", fix="give an integer from 1 up")
    return int(number)


def between(
    what: str, number: Any, low: float, high: float = inf, *, above: bool = False, below: bool = False, why: str = ""
) -> float:
    """A finite number from `low` to `high`; `above` and `below` leave the end itself out.

    Raises ValueRefusedError otherwise.
    """
    real = (
        isinstance(number, (int, float, np.integer, np.floating)) and not isinstance(number, bool) and isfinite(number)
    )
    if not real or not low <= number <= high or (above and number == low) or (below and number == high):
        start = ("above zero" if above else "from 0 up") if low == 0 else f"{'above' if above else 'from'} {low:g}"
        end = "" if high == inf else f" and {'below' if below else 'at most'} {high:g}"
        raise ValueRefusedError(f"{what} is {number!r}", why=why, fix=f"give a number {start}{end}")
    return float(number)


def rows(what: str, values: Any) -> Array:
    """Finite numbers, one row an example: at least two axes and one row, or one integer (an id) an example.

    Raises ShapeError, ValueRefusedError.
    """
    array: Array = as_array(values, what, None)
    if array.ndim < (2 if array.dtype.kind == "f" else 1):
        raise ShapeError(
            f"{what} has shape {show(array.shape)}",
            why="the first axis is the examples, the others are what belongs to one of them",
            fix="use .reshape(-1, 1) for a number an example, or cg.train.data.one_hot_rows(ids, classes) for classes",
        )
    if not array.size:
        raise ValueRefusedError(f"{what} has shape {show(array.shape)}", why="it is empty", fix="give some examples")
    known = np.isfinite(array)
    if not known.all():
        place = tuple(int(i) for i in np.argwhere(~known)[0])
        raise ValueRefusedError(
            f"{what}[{', '.join(map(str, place))}] is {array[place]}",
            why="one such number spoils every parameter",
            fix="leave that example out, or fill the gap in",
        )
    return array


def inputs(what: str, X: Any) -> Any:
    """An array of rows, or a tuple or a dict of such arrays with equally many rows.

    Raises ShapeError, ValueRefusedError.
    """
    if not isinstance(X, (tuple, dict)):
        return rows(what, X)
    parts = X if isinstance(X, dict) else dict(enumerate(X, start=1))
    arrays = {name: rows(f"{what}[{name!r}]", array) for name, array in parts.items()}
    if not arrays:
        raise ValueRefusedError(f"{what} is an empty {type(X).__name__}", why="it has no arrays", fix="give some")
    if len({len(a) for a in arrays.values()}) > 1:
        raise ShapeError(
            f"the arrays of {what} have {', '.join(str(len(a)) for a in arrays.values())} rows",
            why="row i of each belongs to example i",
            fix="give all the same number of rows",
        )
    return arrays if isinstance(X, dict) else tuple(arrays.values())


def count(X: Any) -> int:
    """How many examples X has, an array or a tuple or a dict of arrays."""
    return len(next(iter(X.values())) if isinstance(X, dict) else X[0] if isinstance(X, tuple) else X)


def examples(what: str, data: Any) -> tuple[Any, Array]:
    """A pair (X, Y) with one row of each for every example. Raises ShapeError, ValueRefusedError."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise ValueRefusedError(
            f"{what} is a {type(data).__name__}", why="it is no pair of arrays", fix="give (X, Y), a row an example"
        )
    X, Y = inputs(f"X of {what}", data[0]), rows(f"Y of {what}", data[1])
    if count(X) != len(Y):
        raise ShapeError(
            f"{what} has {count(X)} rows of X and {len(Y)} of Y",
            why="row i of Y is the target of row i of X",
            fix="give both the same number of rows",
        )
    return X, Y


def same_width(array: Array, like: Array, what: str, theirs: str) -> None:
    """Refuse rows of another shape than those of the training data. Raises ShapeError."""
    if array.shape[1:] != like.shape[1:]:
        raise ShapeError(
            f"{what} has shape {show(array.shape)}",
            why=f"that of {theirs} has shape {show(like.shape)}",
            fix="give both the same columns",
        )

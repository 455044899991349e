"""What a model says, and how often it is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from cgraph.errors import ShapeError
from cgraph.passes import forward
from cgraph.shapes import show
from cgraph.train.checks import Array, rows
from cgraph.train.model import Model, output_of


def predict(model: Model, X: Any) -> Array:
    """The model's output on the rows of X [m×d], such as logits [m×k].

    Raises ShapeError when X has another number of columns than the model has inputs, ValueRefusedError for NaN.

    >>> import cgraph as cg
    >>> predict(cg.nn.MLP([2, 4, 1], seed=0), [[0, 0], [0, 1]]).shape
    (2, 1)
    """
    values = rows("X", X)
    x, output = output_of(model, values)
    result: Array = forward(output, {x: values})[output]
    return result


def accuracy(scores: Any, targets: Any, threshold: float = 0.0) -> float:
    """The share of rows that are right: scores [m×k], targets [m×k] one-hot, or both [m×1] for yes and no.

    With k classes the largest score of a row is its answer. With one column a score above `threshold` is a yes:
    0 for logits; give 0.5 when the scores are probabilities.
    Raises ShapeError when the shapes differ, ValueRefusedError for no rows and for NaN.

    >>> accuracy([[2.0, 1.0], [0.0, 3.0]], [[1, 0], [1, 0]]), accuracy([[-0.2], [1.5]], [[0], [1]])
    (0.5, 1.0)
    """
    scores, targets = rows("the scores", scores), rows("the targets", targets)
    if scores.shape != targets.shape:
        raise ShapeError(
            f"scores {show(scores.shape)} and targets {show(targets.shape)}",
            why="each score is compared with the target at its place",
            fix="make targets with cg.train.one_hot(ids, classes), or Y.reshape(-1, 1) for yes and no",
        )
    if scores.shape[-1] == 1:
        right = (scores > threshold) == (targets > 0.5)
    else:
        right = scores.argmax(axis=-1) == targets.argmax(axis=-1)
    return float(np.mean(right))

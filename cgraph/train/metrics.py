"""How often a model is right, and how."""

from __future__ import annotations

from math import exp
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.shapes import show
from cgraph.train.checks import Array, rows

Average: TypeAlias = Literal["macro", "micro", "binary"] | None


def answers(scores: Any, threshold: float = 0.0) -> NDArray[np.intp]:
    """The class that each row of scores [m×k] says, as ids [m]: that of the largest; with one column 1 or 0.

    With one column a score above `threshold` is a yes: 0 for logits; give 0.5 when the scores are probabilities.
    Raises ShapeError, ValueRefusedError for no rows and for NaN.

    >>> answers([[2.0, 1.0], [0.0, 3.0]]), answers([[-0.2], [1.5]])
    (array([0, 1]), array([0, 1]))
    """
    scores = rows("the scores", scores)
    if scores.shape[-1] == 1:
        return np.asarray(scores[..., 0] > threshold, np.intp)
    largest: NDArray[np.intp] = scores.argmax(axis=-1)
    return largest


def accuracy(scores: Any, targets: Any, threshold: float = 0.0) -> float:
    """The share of rows that are right: scores [m×k], targets [m×k] one-hot or ids [m], or both [m×1] for yes and no.

    With k classes the largest score of a row is its answer. With one column a score above `threshold` is a yes:
    0 for logits; give 0.5 when the scores are probabilities.
    Raises ShapeError when the shapes differ, ValueRefusedError for no rows, for NaN and for an id that is no class.

    >>> accuracy([[2.0, 1.0], [0.0, 3.0]], [[1, 0], [1, 0]]), accuracy([[-0.2], [1.5]], [[0], [1]])
    (0.5, 1.0)
    """
    said, true, _ = _said_and_true(scores, targets, threshold)
    return float(np.mean(said == true))


def confusion_matrix(scores: Any, targets: Any, threshold: float = 0.0) -> NDArray[np.intp]:
    """How many rows of each true class (row) were said to be of each class (column): [k×k] (SLP3 Fig. 4.4).

    Scores and targets as for `accuracy`; with one column the classes are no and yes.
    Raises as `accuracy` does.

    >>> confusion_matrix([[2.0, 1.0], [0.0, 3.0]], [0, 0])
    array([[1, 1],
           [0, 0]])
    """
    said, true, classes = _said_and_true(scores, targets, threshold)
    counts = np.bincount((true * classes + said).ravel(), minlength=classes * classes)
    return counts.reshape(classes, classes)


def precision(scores: Any, targets: Any, average: Average = "macro", threshold: float = 0.0) -> Any:
    """Of the rows that were said to be of a class, the share that are; 0 for a class that was never said.

    `average`: "macro" is the mean over the classes that occur, "micro" counts all rows together, "binary" is the
    class 1 (yes), None gives one number a class [k] (SLP3 Eq. 4.20, Fig. 4.6).
    Raises as `accuracy` does, and ValueRefusedError for another average.

    >>> precision([[2.0, 1.0], [0.0, 3.0]], [0, 0], average=None)
    array([1., 0.])
    """
    counts = confusion_matrix(scores, targets, threshold)
    return _averaged(counts, counts.diagonal(), counts.sum(axis=0), average)


def recall(scores: Any, targets: Any, average: Average = "macro", threshold: float = 0.0) -> Any:
    """Of the rows that are of a class, the share that were said to be; 0 for a class without rows (SLP3 Eq. 4.21).

    `average` as for `precision`. Raises as `precision` does.

    >>> recall([[2.0, 1.0], [0.0, 3.0]], [0, 0], average=None)
    array([0.5, 0. ])
    """
    counts = confusion_matrix(scores, targets, threshold)
    return _averaged(counts, counts.diagonal(), counts.sum(axis=1), average)


def f1(scores: Any, targets: Any, average: Average = "macro", threshold: float = 0.0) -> Any:
    """The harmonic mean of precision and recall, 2PR/(P + R), of each class; 0 where both are 0 (SLP3 Eq. 4.22).

    `average` as for `precision`. Raises as `precision` does.

    >>> f1([[2.0, 1.0], [0.0, 3.0]], [0, 0], average=None).round(3)
    array([0.667, 0.   ])
    """
    counts = confusion_matrix(scores, targets, threshold)
    return _averaged(counts, 2 * counts.diagonal(), counts.sum(axis=0) + counts.sum(axis=1), average)


def perplexity(logits: Any, targets: Any) -> float:
    """e to the mean cross-entropy of softmax(logits) [m×k] against targets [m×k] one-hot, or ids [m] (SLP3 Eq. 3.14).

    Raises as `accuracy` does.

    >>> round(perplexity([[0.0, 0.0, 0.0, 0.0]], [2]), 12)  # a guess among four
    4.0
    """
    _, true, _ = _said_and_true(logits, targets, 0.0)
    z = np.asarray(logits, float)
    shifted = z - z.max(axis=-1, keepdims=True)
    right = np.take_along_axis(shifted, true[..., None], axis=-1)[..., 0]
    return exp(float(np.mean(np.log(np.exp(shifted).sum(axis=-1)) - right)))


def _said_and_true(scores: Any, targets: Any, threshold: float) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """The answers, the true classes, and how many classes there are; one column has two, no and yes."""
    scores, targets = rows("the scores", scores), rows("the targets", targets)
    classes = max(2, scores.shape[-1])
    if targets.shape == scores.shape:
        yes_or_no = scores.shape[-1] == 1
        true = (targets[..., 0] > 0.5).astype(np.intp) if yes_or_no else np.asarray(targets.argmax(axis=-1))
    elif targets.dtype.kind in "iu" and targets.shape == scores.shape[:-1]:
        true = _class_ids(targets, classes)
    else:
        raise ShapeError(
            f"scores {show(scores.shape)} and targets {show(targets.shape)}",
            why="each row of scores has a row of targets of the same width, or one class id",
            fix="make targets with cg.train.data.one_hot_rows(ids, classes), or Y.reshape(-1, 1) for yes and no",
        )
    return answers(scores, threshold), true, classes


def _class_ids(ids: Array, classes: int) -> NDArray[np.intp]:
    wrong = np.argwhere((ids < 0) | (ids >= classes))
    if len(wrong):
        place = tuple(map(int, wrong[0]))
        raise ValueRefusedError(
            f"id {ids[place]} at position {place} of the targets is no class",
            why=f"{classes} classes have the ids 0 to {classes - 1}",
            fix="give ids counted from 0, or scores with more columns",
        )
    return ids.astype(np.intp)


def _averaged(counts: Any, hits: Any, of: Any, average: Average) -> Any:
    each = np.divide(hits, of, out=np.zeros(len(hits)), where=of > 0)
    if average is None:
        return each
    if average == "micro":
        return float(hits.sum() / of.sum())
    if average == "macro":
        occurs = counts.sum(axis=0) + counts.sum(axis=1) > 0  # a class that nobody speaks of says nothing
        return float(each[occurs].mean())
    if average == "binary" and len(each) == 2:
        return float(each[1])
    raise ValueRefusedError(
        f"the average is {average!r}",
        why="it says how the classes become one number" if average != "binary" else f"there are {len(each)} classes",
        fix='give "macro", "micro", None for each class, or, with two classes, "binary"',
    )

"""Handwritten digits, from scikit-learn."""

from __future__ import annotations

from cgraph.errors import missing_package
from cgraph.nn.init import generator
from cgraph.train.data.arrays import Split, frozen, one_hot_rows


def digits(seed: int = 0) -> Split:
    """Handwritten digits: 1,347 to train, 450 to test; X [m×64] pixels of 8×8 from 0 to 1, Y [m×10] one-hot.

    The seed decides which example goes where. Source: UCI, "Optical Recognition of Handwritten Digits", the copy
    inside scikit-learn.
    Raises MissingPackageError without scikit-learn.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise missing_package("scikit-learn", "data", "cg.train.data.digits") from None
    X, ids = load_digits(return_X_y=True)
    order = generator(seed).permutation(len(X))
    X, Y = X[order] / 16.0, one_hot_rows(ids[order], 10)
    tests = 450
    return Split(train=frozen(X[tests:], Y[tests:]), test=frozen(X[:tests], Y[:tests]))

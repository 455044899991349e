"""The regressor."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d
from sklearn.utils.validation import validate_data

from cgraph.functions.table import table
from cgraph.graph.node import Node
from cgraph.sklearn.estimator import Array, Estimator


class MLPRegressor(RegressorMixin, Estimator):  # type: ignore[misc]  # scikit-learn has no types
    """A feedforward net that predicts numbers: its outputs are linear, its loss is half the squared error.

    Parameters and attributes are those of `MLPClassifier` (but `classes_`); early stopping looks at R². For several
    outputs the loss is the sum over them, whose gradient is the one that scikit-learn descends; the loss that
    scikit-learn reports is their mean.

    >>> X = np.linspace(-1, 1, 40).reshape(-1, 1)
    >>> net = MLPRegressor(16, "tanh", learning_rate_init=0.02, max_iter=2000, tol=1e-6, random_state=0)
    >>> bool(net.fit(X, X.ravel() ** 2).score(X, X.ravel() ** 2) > 0.99)
    True
    """

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on these rows, from where the calls before have come. Raises as `fit` does."""
        return self._epoch(X, y, sample_weight)

    def _validated(self, X: Any, y: Any, first: bool, going: bool) -> tuple[Any, Array]:
        X, y = validate_data(
            self, X, y, accept_sparse="csr", dtype=np.float64, multi_output=True, y_numeric=True, reset=first
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        self.out_activation_ = "identity"
        self._column = y.ndim == 1
        return X, y.reshape(len(y), -1).astype(np.float64)

    def _losses(self, outputs: Node, targets: Node) -> Node:
        return table()["square"](outputs - targets).sum(axis=1) / 2

    def _score(self, outputs: Array, targets: Array, weights: Array) -> float:
        return float(r2_score(targets, outputs, sample_weight=weights))

    def predict(self, X: Any) -> Array:
        """The number of each row of X [m×d], [m], or the numbers [m×k]."""
        outputs = self._outputs(X)
        return outputs.ravel() if self._column else outputs

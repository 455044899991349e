"""The classifier."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target, unique_labels
from sklearn.utils.validation import check_is_fitted, validate_data

from cgraph.errors import ValueRefusedError
from cgraph.functions.table import table
from cgraph.graph.node import Node, short
from cgraph.sklearn.estimator import Array, Estimator


class MLPClassifier(ClassifierMixin, Estimator):  # type: ignore[misc]  # scikit-learn has no types
    """A feedforward net that classifies: softmax over the classes, or a sigmoid for two classes and for each label.

    Parameters, with scikit-learn's defaults: `hidden_layer_sizes` (one number or several, () for logistic
    regression), `activation` ("identity", "logistic", "tanh", "relu"), `solver` ("adam", or "sgd" with `momentum` and
    `nesterovs_momentum`), `alpha` (the penalty α/2 Σ W² on the sum of a mini-batch's losses), `batch_size` ("auto":
    200 or all rows), `learning_rate_init`, for "sgd" `learning_rate` ("constant", "invscaling" with `power_t`,
    "adaptive": a fifth of it when nothing gets better), `max_iter` (epochs), `random_state` (None draws anew each
    time), `tol` and `n_iter_no_change` (when to stop), `early_stopping` with `validation_fraction` (stop by the
    accuracy on rows that are held out), `warm_start` (`fit` goes on with the net that there is), `verbose` (progress
    on stderr), `beta_1`, `beta_2` and `epsilon` of Adam.

    Attributes after `fit`: `model_` (the net, a `nn.Sequential`), `step_` (one step of training, a `Graph`),
    `coefs_`, `intercepts_`, `classes_`, `n_features_in_`, `feature_names_in_`, `n_iter_`, `n_layers_`, `n_outputs_`,
    `out_activation_`, `loss_`, `loss_curve_`, `best_loss_`, `validation_scores_`, `best_validation_score_`.

    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], ["same", "other", "other", "same"]
    >>> net = MLPClassifier(4, "tanh", learning_rate_init=0.1, max_iter=1000, random_state=0).fit(X, y)
    >>> net.predict(X).tolist()
    ['same', 'other', 'other', 'same']
    >>> net.predict_proba(X).shape, net.classes_.tolist()
    ((4, 2), ['other', 'same'])
    """

    classes_: Any

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Train for one epoch on these rows, from where the calls before have come.

        `classes` are all classes that may come; the first call needs them. Raises as `fit` does.

        >>> net = MLPClassifier(3, random_state=0).partial_fit([[0.0], [1.0]], [0, 1], classes=[0, 1, 2])
        >>> net.partial_fit([[2.0]], [2]).predict_proba([[2.0]]).shape
        (1, 3)
        """
        if _check_partial_fit_first_call(self, classes):
            self._labels = LabelBinarizer().fit(y if type_of_target(y).startswith("multilabel") else classes)
        return self._epoch(X, y, sample_weight)

    def _validated(self, X: Any, y: Any, first: bool, going: bool) -> tuple[Any, Array]:
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=np.float64, multi_output=True, reset=first)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if going:
            self._refuse_other_classes(y)
        else:
            self._labels = LabelBinarizer().fit(y)
        self.classes_ = self._labels.classes_
        self.out_activation_ = "softmax" if self._labels.y_type_ == "multiclass" else "logistic"
        return X, self._labels.transform(y).astype(np.float64)

    def _refuse_other_classes(self, y: Any) -> None:
        known, given = set(self._labels.classes_), set(unique_labels(y))
        if given <= known if not self.warm_start else given == known:
            return
        raise ValueRefusedError(
            f"y has the classes {short(sorted(given))}",
            why=f"the net was made for {short(sorted(known))}"
            + (", and warm_start needs the same classes in each call" if self.warm_start else ""),
            fix="give partial_fit all classes that may come in the first call, or call fit with warm_start=False",
        )

    def _losses(self, outputs: Node, targets: Node) -> Node:
        if self.out_activation_ == "softmax":
            return table()["softmax_cross_entropy"](outputs, targets)
        return table()["sigmoid_cross_entropy"](outputs, targets).sum(axis=1)

    def _score(self, outputs: Array, targets: Array, weights: Array) -> float:
        """The accuracy: the share of the rows all of whose labels are right."""
        best = outputs.argmax(axis=1)[:, None] == np.arange(outputs.shape[1])
        decided = best if self.out_activation_ == "softmax" else outputs > 0
        return float(np.average((decided == targets).all(axis=1), weights=weights))

    def _strata(self, rows: Array) -> Array | None:
        return rows[:, 0] if rows.shape[1] == 2 else None

    def predict(self, X: Any) -> Any:
        """The class of each row of X [m×d], or its labels [m×k] of 0 and 1."""
        outputs = self._outputs(X)
        return self._labels.inverse_transform(outputs)

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, in the order of `classes_` [m×k], or of each label."""
        outputs = self._outputs(X)
        if outputs.shape[1] > 1:
            return outputs
        return np.hstack([1.0 - outputs, outputs])

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithm of `predict_proba`, computed from the logits: finite for whatever probability."""
        check_is_fitted(self)
        if self.out_activation_ == "softmax":
            return self._outputs(X, "log_softmax")
        logs = self._outputs(X, "log_sigmoid")
        return logs if logs.shape[1] > 1 else np.hstack([self._outputs(X, "neg", "log_sigmoid"), logs])

"""What the two estimators share: their parameters, and training by mini-batches."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from cgraph.nn import Activation, Sequential, weight_decay
from cgraph.sklearn.batches import MiniBatches, dense
from cgraph.sklearn.settings import check, first_model, hidden_sizes, optimizer
from cgraph.sklearn.standing import Standing
from cgraph.sklearn.stopping import Stopping
from cgraph.train import predict

Array: TypeAlias = NDArray[np.float64]
OUTPUTS = {"softmax": "softmax", "logistic": "sigmoid"}  # the table's names of the activations
LARGEST = 200  # rows of a mini-batch, when its size is left to us


class Estimator(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """A feedforward net behind scikit-learn's interface; a subclass says what the targets are and what the loss is."""

    model_: Sequential
    step_: Graph
    n_iter_: int
    out_activation_: str

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @abstractmethod
    def _validated(self, X: Any, y: Any, first: bool, going: bool) -> tuple[Any, Array]:
        """X and the targets [m×k], checked; sets what the estimator learns from y alone, and `out_activation_`.

        X is the `first` that it sees, or has the features of those before. What it learned from y stays if `going` on.
        """

    @abstractmethod
    def _losses(self, outputs: Node, targets: Node) -> Node:
        """The loss of each row [m], from the outputs before their activation [m×k] and the targets [m×k]."""

    @abstractmethod
    def _score(self, outputs: Array, targets: Array, weights: Array) -> float:
        """What early stopping looks at, from the outputs before their activation: the higher, the better."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train a new net on X [m×d], dense or sparse, and y [m] or [m×k]; a row of weight 0 takes no part.

        With `warm_start` the net of the last call is trained on, with an optimiser that begins anew.
        Raises ValueRefusedError (a ValueError) for a parameter out of its range, scikit-learn's ValueError for data
        that it would refuse too, and DivergedError when the loss is no longer finite. Warns with ConvergenceWarning
        when `max_iter` epochs were not enough.
        """
        going = bool(self.warm_start) and hasattr(self, "_standing")
        self._train(X, y, sample_weight, first=not going, going=going)
        if not self._standing.stopping.stopped:
            warnings.warn(
                f"training has not converged in {self.n_iter_} epochs: give a larger max_iter or tol",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _epoch(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """One epoch on these rows, from where the calls before have come; the optimiser goes on too."""
        if self.early_stopping:
            raise ValueRefusedError(
                "partial_fit with early_stopping=True",
                why="one epoch stops nowhere",
                fix="use fit, or early_stopping=False",
            )
        self._train(X, y, sample_weight, first=not hasattr(self, "_standing"), going=True, epochs=1)
        return self

    def _train(
        self, X: Any, y: Any, sample_weight: Any, *, first: bool, going: bool, epochs: int | None = None
    ) -> None:
        """Train for at most so many epochs (`max_iter` of them, with an optimiser that begins anew, for None)."""
        check(self)
        sizes, _ = hidden_sizes(self.hidden_layer_sizes), optimizer(self, self.learning_rate_init, {})
        X, Y = self._validated(X, y, first, going)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        random_state = check_random_state(self.random_state)
        widths = [X.shape[1], *sizes, Y.shape[1]]
        if first:
            stopping = Stopping(self.tol, self.n_iter_no_change, by_metric=self.early_stopping)
            self._standing = Standing(first_model(widths, self.activation, random_state), stopping)
        standing = self._standing
        if first or epochs is None:
            standing.anew(self)
        _refuse_other_widths(standing.model, widths)
        rows = np.column_stack([Y, weights])
        X, rows, dev = self._parts(X[weights > 0], rows[weights > 0], random_state)
        size = LARGEST if self.batch_size == "auto" else int(self.batch_size)
        self.n_iter_ = standing.run(
            self,
            MiniBatches(X, rows, size, random_state),
            self._loss,
            lambda outputs, rows: self._score(outputs, rows[:, :-1], rows[:, -1]),
            dev,
            self.max_iter if epochs is None else epochs,
        )
        self._keep(standing)

    def _loss(self, model: Sequential, outputs: Node, rows: Node) -> Node:
        """(Σ wᵢ lossᵢ + α/2 Σ W²) / Σ wᵢ, where each row holds the targets and, last, its weight."""
        targets, weights = rows[:, :-1].named("targets"), rows[:, -1].named("weights")
        losses = (weights * self._losses(outputs, targets)).sum()
        return ((losses + weight_decay(model, float(self.alpha))) / weights.sum()).named("L")

    def _parts(self, X: Any, rows: Array, random_state: np.random.RandomState) -> tuple[Any, Array, Any]:
        """The X and the rows that are trained on and, for early stopping, the devset that is held out."""
        if not self.early_stopping:
            return X, rows, None
        X, held_out, rows, held_rows = train_test_split(
            X, rows, random_state=random_state, test_size=self.validation_fraction, stratify=self._strata(rows)
        )
        if len(held_rows) < 2:
            raise ValueRefusedError(
                f"early stopping holds out {len(held_rows)} row",
                why="a score needs two",
                fix="give a larger validation_fraction, or more rows",
            )
        return X, rows, (dense(held_out), held_rows)

    def _strata(self, rows: Array) -> Array | None:
        """What is to have the same shares in both parts."""
        return None

    def _keep(self, standing: Standing) -> None:
        """Set what was learned."""
        stopping = standing.stopping
        if self.early_stopping and stopping.model is not None:
            standing.model = stopping.model
        last = [] if self.out_activation_ == "identity" else [Activation(OUTPUTS[self.out_activation_])]
        assert standing.step is not None
        self.model_, self.step_ = Sequential([standing.model, *last]), standing.step
        self.n_outputs_, self.n_layers_ = len(self.intercepts_[-1]), len(self.coefs_) + 1
        self.loss_curve_ = [epoch.loss for epoch in standing.history]
        self.loss_ = self.loss_curve_[-1]
        self.best_loss_ = None if self.early_stopping else min(self.loss_curve_)
        self.validation_scores_ = [epoch.metric for epoch in standing.history] if self.early_stopping else None
        self.best_validation_score_ = stopping.best if self.early_stopping else None

    @property
    def coefs_(self) -> list[Array]:
        """The weights W[1] [d×dh], W[2], ... of the fitted net, read-only."""
        return [p.value for p in self.model_.parameters if len(p.shape) == 2]

    @property
    def intercepts_(self) -> list[Array]:
        """The biases b[1] [dh], b[2], ... of the fitted net, read-only."""
        return [p.value for p in self.model_.parameters if len(p.shape) == 1]

    def _outputs(self, X: Any, *activations: str) -> Array:
        """The outputs of the fitted net [m×k], or those with other activations than its own."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=False)
        model = self.model_
        if activations:
            model = Sequential([*model.layers[:-1], *map(Activation, activations)])
        return predict(model, dense(X))


def _refuse_other_widths(model: Sequential, widths: Sequence[int]) -> None:
    """Refuse to train a net on for other numbers of features, hidden units or outputs than it has."""
    shapes = [p.shape for p in model.parameters if len(p.shape) == 2]
    has = [shapes[0][0], *(columns for _, columns in shapes)]
    if has != list(widths):
        raise ValueRefusedError(
            f"a net of {'-'.join(map(str, has))} units is to be trained on as one of {'-'.join(map(str, widths))}",
            why="warm_start and partial_fit go on with the net that there is",
            fix="give the same hidden_layer_sizes and targets, or call fit with warm_start=False",
        )

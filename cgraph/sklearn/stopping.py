"""When training has converged, by scikit-learn's rule."""

from __future__ import annotations

from math import inf

from cgraph.nn import Sequential
from cgraph.train import Epoch


class Stopping:
    """A callback of `train.fit`: stops when more than `patience` epochs in a row were no better than the best by `tol`.

    Better is a lower loss or, with `by_metric`, a higher metric on the devset; `best` is it (the loss with its sign
    changed), and `model` the model of that epoch.

    >>> from cgraph.nn import MLP
    >>> stopping = Stopping(tol=0.1, patience=1)
    >>> [stopping(Epoch(i, loss), MLP([1, 1], seed=0)) for i, loss in enumerate([3.0, 2.0, 1.95, 1.95], start=1)]
    [False, False, False, True]
    """

    def __init__(self, tol: float, patience: float, *, by_metric: bool = False) -> None:
        self.tol, self.patience, self.by_metric = tol, patience, by_metric
        self.best, self.waited, self.stopped = -inf, 0, False
        self.model: Sequential | None = None

    def again(self) -> None:
        """Wait anew, for better than the best so far."""
        self.waited, self.stopped = 0, False

    def __call__(self, done: Epoch, model: Sequential) -> bool:
        now = done.metric if self.by_metric and done.metric is not None else -done.loss
        self.waited = self.waited + 1 if now < self.best + self.tol else 0
        if now > self.best:
            self.best, self.model = now, model
        self.stopped = self.waited > self.patience
        return self.stopped

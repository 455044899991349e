"""Training: optimisers whose updates are nodes, the loop, data and metrics."""

from __future__ import annotations

from cgraph.train import data
from cgraph.train.data import one_hot
from cgraph.train.diverged import DivergedError
from cgraph.train.history import Epoch
from cgraph.train.loop import Fit, fit
from cgraph.train.metrics import accuracy, predict
from cgraph.train.model import Model, Optimizer
from cgraph.train.optimizers import SGD

__all__ = [
    "SGD",
    "DivergedError",
    "Epoch",
    "Fit",
    "Model",
    "Optimizer",
    "accuracy",
    "data",
    "fit",
    "one_hot",
    "predict",
]

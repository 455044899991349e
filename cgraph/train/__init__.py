"""Training: optimisers whose updates are nodes, the loop, data and metrics."""

from __future__ import annotations

from cgraph.train import data
from cgraph.train.data import one_hot
from cgraph.train.diverged import DivergedError
from cgraph.train.evaluation import Score, evaluate, predict
from cgraph.train.files.saving import load, save
from cgraph.train.history import Epoch
from cgraph.train.loop import Fit, fit
from cgraph.train.metrics import accuracy, answers, confusion_matrix, f1, perplexity, precision, recall
from cgraph.train.model import Model, Optimizer
from cgraph.train.optimizers import SGD, Adagrad, Adam, AdamW, Descent, Momentum, Nesterov, RMSProp
from cgraph.train.schedules import CosineDecay, ExponentialDecay, Schedule, StepDecay, WarmUp
from cgraph.train.search import Search, Trial, search
from cgraph.train.trigram import Trigram
from cgraph.train.updates import Updates, clip_by_norm

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "CosineDecay",
    "Descent",
    "DivergedError",
    "Epoch",
    "ExponentialDecay",
    "Fit",
    "Model",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSProp",
    "Schedule",
    "Score",
    "Search",
    "StepDecay",
    "Trial",
    "Trigram",
    "Updates",
    "WarmUp",
    "accuracy",
    "answers",
    "clip_by_norm",
    "confusion_matrix",
    "data",
    "evaluate",
    "f1",
    "fit",
    "load",
    "one_hot",
    "perplexity",
    "precision",
    "predict",
    "recall",
    "save",
    "search",
]

"""Training: optimisers whose updates are nodes, the loop, what is saved; rooms of data, metrics and schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cgraph.errors import unknown_attribute
from cgraph.train import data, grid, metrics, optimizers, schedules, updates, wrapped
from cgraph.train.diverged import DivergedError
from cgraph.train.evaluation import Score, classify, evaluate, predict
from cgraph.train.files.saving import load, save
from cgraph.train.grid import search
from cgraph.train.history import Epoch
from cgraph.train.loop import Fit, fit
from cgraph.train.model import Model, Optimizer
from cgraph.train.optimizers import SGD, Adagrad, Adam, AdamW, Momentum, Nesterov, RMSProp
from cgraph.train.trigram import Trigram

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "DivergedError",
    "Epoch",
    "Fit",
    "Model",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSProp",
    "Score",
    "Trigram",
    "classify",
    "data",
    "evaluate",
    "fit",
    "load",
    "metrics",
    "optimizers",
    "predict",
    "save",
    "schedules",
    "search",
]

_ELSEWHERE = {
    "DataLoader": "train.fit(..., batch_size=32)",
    "Trainer": "train.fit",
    "clip_grad_norm": "train.updates.clip_by_norm, or the max_norm= of an optimiser",
    **dict.fromkeys(("EMA", "AveragedModel"), "train.wrapped.Averaged"),
    "ReduceLROnPlateau": "train.schedules.Plateau",
    "OneCycleLR": "train.schedules.OneCycle",
    "lr_scheduler": "train.schedules",
    "optim": "train: SGD, Adam and others are here",
    **{
        name: f"train.{room.__name__.rpartition('.')[2]}.{name}"
        for room in (data, grid, metrics, optimizers, schedules, updates, wrapped)
        for name, value in vars(room).items()
        if getattr(value, "__module__", "").startswith(room.__name__) and not name.startswith("_")
    },
}


if not TYPE_CHECKING:  # for which all names would be known

    def __getattr__(name: str) -> Any:
        """Where a name is that others have, or that was meant."""
        raise unknown_attribute("cgraph.train", name, __all__, _ELSEWHERE)


def __dir__() -> list[str]:
    return sorted(__all__)

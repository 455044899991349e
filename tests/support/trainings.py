"""A short training that tests run again and again, also in processes of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from cgraph import nn, train


def blobs(rows: int = 60, seed: int = 0) -> train.data.Examples:
    """Three clouds of points in the plane, one a class."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, 3, rows)
    centres = np.array([[0.0, 2.0], [2.0, -1.0], [-2.0, -1.0]])
    return train.data.Examples(centres[ids] + rng.normal(size=(rows, 2)) / 2, train.data.one_hot_rows(ids, 3))


def net(**options: Any) -> nn.Sequential:
    return nn.MLP([2, 5, 3], "tanh", seed=1, **options)


def quick(epochs: int = 3, model: Any = None, data: Any = None, **options: Any) -> Any:
    """A short training with all that has a state: moments, a schedule, masks, a devset, early stopping."""
    optimizer = train.AdamW(train.schedules.WarmUp(0.05, total=10), max_norm=1.0)
    model, data = model or net(dropout=0.3), blobs() if data is None else data
    settings = {"batch_size": 7, "devset": blobs(20, 5), "seed": 3, **options}
    return train.fit(
        model, data, nn.softmax_cross_entropy_loss, settings.pop("optimizer", optimizer), epochs, **settings
    )

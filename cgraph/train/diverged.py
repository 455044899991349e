"""The error of a training that left the numbers: where it began, and the last good model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cgraph.errors import TrainingError
from cgraph.passes.forward import Forward

if TYPE_CHECKING:
    from cgraph.train.history import Epoch


class DivergedError(TrainingError):
    """A loss or a parameter is no longer a finite number.

    `model` is the model with the last values that gave a finite loss, `history` the epochs that were finished.
    """

    def __init__(self, step: str, fwd: Forward, model: Any, history: tuple[Epoch, ...]) -> None:
        self.model, self.history = model, history
        super().__init__(
            f"training diverged in {step}",
            where=_first_not_finite(fwd),
            why="the steps are too large, and each makes the next one larger",
            fix="use a smaller learning rate; error.model is the last good model",
        )


def _first_not_finite(fwd: Forward) -> str:
    """The first node of the pass that is not finite: its name, what computes it, and the line that built it."""
    for node, value in zip(fwd.graph.nodes, fwd.values, strict=True):
        if not np.isfinite(value).all():
            found = np.asarray(value)[~np.isfinite(value)][0]
            made = node.op.name if node.op else node.kind
            return f"{fwd.graph.name(node)} ({made}), the first node with {found}; {node.where}"
    return "no node"

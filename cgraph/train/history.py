"""What training records of each epoch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """One epoch: its number from 1, the mean loss over its examples, and the metric on the devset (None without)."""

    number: int
    loss: float
    metric: float | None = None

    @property
    def text(self) -> str:
        """Such as `loss 0.1234, dev 0.975`."""
        return f"loss {self.loss:.4f}" + ("" if self.metric is None else f", dev {self.metric:.3f}")

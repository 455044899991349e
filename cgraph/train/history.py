"""What training records of each epoch."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf


def perplexity_of(loss: float) -> float:
    """e to a mean cross-entropy in nats; infinite where a float is too small for it."""
    return exp(loss) if loss < 709 else inf


@dataclass(frozen=True)
class Epoch:
    """One epoch: its number from 1, the mean loss over its examples, the metric and the mean loss on the devset.

    Without a devset the last two are None.
    """

    number: int
    loss: float
    metric: float | None = None
    dev_loss: float | None = None

    @property
    def perplexity(self) -> float | None:
        """e to the loss on the devset, for a cross-entropy in nats (SLP3 Eq. 3.14); None without a devset."""
        return None if self.dev_loss is None else perplexity_of(self.dev_loss)

    @property
    def text(self) -> str:
        """Such as `loss 0.1234, dev 0.975`; without a metric it is the loss on the devset."""
        dev = self.metric if self.metric is not None else self.dev_loss
        return f"loss {self.loss:.4f}" + ("" if dev is None else f", dev {dev:.3f}")

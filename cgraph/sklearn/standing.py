"""Where the training of an estimator stands between calls: what `warm_start` and `partial_fit` go on from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from cgraph.nn import Sequential
from cgraph.sklearn.batches import MiniBatches
from cgraph.sklearn.settings import InverseScaling, optimizer
from cgraph.sklearn.stopping import Stopping
from cgraph.train import Epoch, fit
from cgraph.train.schedules import Rate

SMALLEST, SHARE = 1e-6, 5.0  # an adaptive rate is divided by SHARE until it is as small as that


@dataclass
class Standing:
    """A net with logits, the optimiser's `state`, when to stop, the rate of the next step, and what was reached."""

    model: Sequential
    stopping: Stopping
    rate: float = 0.0
    seen: int = 0  # rows, each as often as it was trained on
    state: Mapping[str, Any] = field(default_factory=dict)
    history: list[Epoch] = field(default_factory=list)
    step: Graph | None = None

    def anew(self, estimator: Any) -> None:
        """The optimiser begins again; the net and what was reached stay."""
        self.rate, self.state = float(estimator.learning_rate_init), {}

    def run(
        self,
        estimator: Any,
        batches: MiniBatches,
        loss: Callable[[Sequential, Node, Node], Node],
        metric: Callable[[Any, Any], float],
        dev: Any,
        epochs: int,
    ) -> int:
        """Train for so many epochs, or until nothing gets better; how many were made.

        Where the learning rate is adaptive, what no longer gets better is trained on with a fifth of it.
        """
        made = 0
        while made < epochs:
            model = self.model
            run = fit(
                model,
                batches,
                lambda outputs, rows, model=model: loss(model, outputs, rows),  # type: ignore[misc]
                optimizer(estimator, self._rate(estimator, batches, made), self.state),
                epochs - made,
                devset=dev,
                progress=bool(estimator.verbose),
                metric=metric,
                callbacks=[self.stopping],
            )
            self.model, self.step, self.state = run.model, run.step, self._own(estimator, run.state)
            self.history += run.history
            self.seen += len(batches.order) * len(run.history)
            made += len(run.history)
            if self.stopping.stopped:
                if estimator.solver != "sgd" or estimator.learning_rate != "adaptive" or self.rate <= SMALLEST:
                    break
                self.rate /= SHARE
                self.stopping.again()
        return made

    def _rate(self, estimator: Any, batches: MiniBatches, made: int) -> Rate:
        if estimator.solver != "sgd" or estimator.learning_rate != "invscaling":
            return self.rate
        fresh = not self.state and self.seen > 0
        return InverseScaling(self.rate, estimator.power_t, batches.steps, len(batches.order), self.seen, fresh)

    def _own(self, estimator: Any, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """Of the optimiser's state what the next step needs: steps are counted by Adam, and `seen` counts rows."""
        return {name: value for name, value in state.items() if name != "t" or estimator.solver == "adam"}

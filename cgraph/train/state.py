"""Where a training stands: all that changes from step to step, and all that has to be kept to go on from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cgraph.graph.node import Node
from cgraph.train.history import Epoch


@dataclass(frozen=True)
class Best:
    """The epoch with the lowest loss on the devset so far, and the values of the parameters after it."""

    number: int
    dev_loss: float
    values: Mapping[Node, Any]


@dataclass
class State:
    """`values` of all leaves that change, `before` those of a step earlier; `steps` were made in this `epoch`.

    Both are copies that nobody writes to: the program of the step has values of its own. `parameters` are the leaves
    that make the model: its parameters, then its state.

    `order` shuffles and `noise` draws masks: two generators, so that the order of the data can be drawn again
    from `began`, the state of `order` at the beginning of the epoch.
    """

    values: Mapping[Node, Any]
    before: Mapping[Node, Any]
    parameters: tuple[Node, ...]
    order: np.random.Generator
    noise: np.random.Generator
    began: Mapping[str, Any]
    epoch: int = 1
    steps: int = 0
    total: float = 0.0
    rows: int = 0
    history: list[Epoch] = field(default_factory=list)
    best: Best | None = None
    stopped: bool = False

    @classmethod
    def first(cls, leaves: Iterable[Node], parameters: tuple[Node, ...], rng: np.random.Generator) -> State:
        """The state before the first step."""
        values = {leaf: leaf.value for leaf in leaves}
        return cls(values, values, parameters, rng, rng.spawn(1)[0], rng.bit_generator.state)

    def start_epoch(self) -> None:
        """Remember from where the order of this epoch is drawn."""
        self.began = self.order.bit_generator.state

    def advance(self, losses: Any, before: Mapping[Node, Any], new: Mapping[Node, Any], rows: int) -> None:
        """Steps were made on so many rows each, with these losses [n]; `before` are the values before the last one.

        The losses are added one after the other, so that the sum does not depend on how many came at once.
        """
        self.before, self.values = before, new
        of_steps = np.multiply(losses, rows, dtype=float)
        self.total = float(np.add.accumulate(np.concatenate(([self.total], of_steps)))[-1])
        self.steps, self.rows = self.steps + len(losses), self.rows + rows * len(losses)

    def finish_epoch(self, metric: float | None, dev_loss: float | None) -> Epoch:
        """All steps of the epoch were made, and the devset was measured; the next one begins."""
        done = Epoch(self.epoch, self.total / self.rows, metric, dev_loss)
        self.history.append(done)
        if dev_loss is not None and (self.best is None or dev_loss < self.best.dev_loss):
            self.best = Best(done.number, dev_loss, self.of(self.parameters))
        self.epoch, self.steps, self.total, self.rows = self.epoch + 1, 0, 0.0, 0
        self.began = self.order.bit_generator.state
        return done

    def waited(self, patience: int | None) -> bool:
        """Whether the loss on the devset has not fallen for so many epochs."""
        return patience is not None and self.best is not None and len(self.history) - self.best.number >= patience

    def of(self, leaves: Iterable[Node]) -> dict[Node, Any]:
        """The values of some leaves."""
        return {leaf: self.values[leaf] for leaf in leaves}

"""Optimisers around an optimiser: one step for several batches, and the running average of what it finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.functions.table import table
from cgraph.graph.node import Node, parameter
from cgraph.train.checks import between, whole
from cgraph.train.model import Optimizer
from cgraph.train.updates import Updates


@dataclass(frozen=True)
class Accumulated:
    """One step of an optimiser for `batches` many: their gradients' mean, as of a batch so many times as large.

    Between its steps nothing moves but the sum; batches that are left over at the end of an epoch count in the next.
    Raises ValueRefusedError for a number of batches below 1.

    >>> import cgraph as cg
    >>> w = cg.parameter("w", 3.0)
    >>> Accumulated(cg.train.SGD(0.5), 4).updates([w], [cg.grad(w * w, w)]).state
    (<sum(w)>, <batches>)
    """

    optimizer: Optimizer
    batches: int

    def __post_init__(self) -> None:
        whole("batches", self.batches)

    def updates(self, parameters: Sequence[Node], gradients: Sequence[Node]) -> Updates:
        """Where a step is due those of the optimiser, and the sums begin anew; otherwise all stays."""
        op = table()
        sums = [parameter(f"sum({w.name})", np.zeros([int(d) for d in w.shape])) for w in parameters]
        made = parameter("batches", 0.0)
        count = made + 1.0
        due = op["greater_equal"](count, float(self.batches)).named("due")
        so_far = [s + g for s, g in zip(sums, gradients, strict=True)]
        inner = self.optimizer.updates(parameters, [total / float(self.batches) for total in so_far])
        moved = {leaf: op["where"](due, new, leaf).named(f"{leaf.name}' if due") for leaf, new in inner.new.items()}
        kept = {s: op["where"](due, 0.0, total).named(f"{s.name}'") for s, total in zip(sums, so_far, strict=True)}
        kept[made] = op["where"](due, 0.0, count).named("batches'")
        return Updates({**moved, **kept}, (*inner.state, *kept), inner.told)


@dataclass(frozen=True)
class Averaged:
    """An optimiser, and beside it the exponential average of each parameter: a' = δ a + (1 - δ) W', first a' = W'.

    The training goes on from W'; `average(run)` gives the model of the averages (Polyak and Juditsky 1992; δ as in
    PyTorch's `get_ema_multi_avg_fn`).
    Raises ValueRefusedError for a decay δ that is not from 0 to below 1.

    >>> import cgraph as cg
    >>> data, loss = cg.train.data.xor(), cg.nn.sigmoid_cross_entropy_loss
    >>> steady = Averaged(cg.train.SGD(1.0), decay=0.9)
    >>> run = cg.train.fit(cg.nn.MLP([2, 4, 1], "tanh", seed=0), data, loss, steady, 500, batch_size=4)
    >>> cg.train.classify(steady.average(run), data.X)
    array([0, 1, 1, 0])
    """

    optimizer: Optimizer
    decay: float = 0.999

    def __post_init__(self) -> None:
        between("the decay", self.decay, 0, 1, below=True)

    def updates(self, parameters: Sequence[Node], gradients: Sequence[Node]) -> Updates:
        """Those of the optimiser, and the new averages."""
        op, inner = table(), self.optimizer.updates(parameters, gradients)
        first = parameter("first", 1.0)
        averages = {}
        for w in parameters:
            a, new = parameter(f"average({w.name})", w.value), inner.new[w]
            running = self.decay * a + (1 - self.decay) * new
            averages[a] = op["where"](first, new, running).named(f"{a.name}'")
        averages[first] = (first * 0.0).named("first'")
        return Updates({**inner.new, **averages}, (*inner.state, *averages), inner.told)

    def average(self, run: Any) -> Any:
        """The model of a finished training with the averages in the place of its parameters.

        Raises ValueRefusedError for a training with another optimiser.
        """
        found = {str(p.name): run.state.get(f"average({p.name})") for p in run.model.parameters}
        if any(value is None for value in found.values()):
            raise ValueRefusedError(
                "a training without averages", why="its optimiser keeps none", fix="fit with this one"
            )
        return run.model.with_values(found)

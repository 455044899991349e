"""The training loop. The whole step, loss and updates, is one graph; an epoch runs it on each mini-batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np

from cgraph.calculus import grad
from cgraph.errors import ValueRefusedError
from cgraph.graph import Graph
from cgraph.nn.init import generator
from cgraph.node import Node, variable
from cgraph.train.batches import Batch, Source, like, source
from cgraph.train.checkpoint import Keeper, data_digest, graph_digest, text_digest
from cgraph.train.checks import examples, same_width, whole
from cgraph.train.container import StrPath
from cgraph.train.diverged import DivergedError
from cgraph.train.evaluation import Evaluation, Metric
from cgraph.train.history import Epoch
from cgraph.train.metrics import accuracy
from cgraph.train.model import Inputs, Model, Optimizer, noise_of
from cgraph.train.noise import Noise
from cgraph.train.progress import Report, shown
from cgraph.train.state import State
from cgraph.train.step import Step, finite

M = TypeVar("M", bound=Model)
Callback: TypeAlias = Callable[[Epoch, Any], Any]


@dataclass(frozen=True)
class Fit(Generic[M]):
    """What `fit` returns: the trained `model`, the `history` (one `Epoch` each), and `step`, the graph of one step.

    The outputs of `step` are the loss and the new value of each parameter, then of each leaf of the optimiser's state.
    `kept` is the epoch whose parameters the model has: the best one with early stopping, otherwise the last.
    """

    model: M
    history: tuple[Epoch, ...] = field(repr=False)
    step: Graph
    kept: Epoch


def fit(
    model: M,
    data: Any,
    loss: Callable[[Node, Node], Node],
    optimizer: Optimizer,
    epochs: int,
    *,
    batch_size: int = 32,
    devset: tuple[Any, Any] | None = None,
    seed: int | np.random.Generator = 0,
    progress: bool | None = None,
    metric: Metric | None = accuracy,
    patience: int | None = None,
    callbacks: Sequence[Callback] = (),
    checkpoint: StrPath | None = None,
    every: int | None = None,
    resume: bool = False,
) -> Fit[M]:
    """Train a model on (X [m×d], Y [m×k]) by mini-batches that are shuffled anew in each epoch.

    `data` is a pair of arrays, where X may be a tuple or a dict of several (the model is called on all of them) and
    integers may be ids, Y [m] too; or a function of a generator that returns the batches (X, Y) of an epoch; or any
    iterable of batches. The last batch of an epoch may be short.
    `loss` makes a scalar node from the model's output and the targets; after each epoch its mean over `devset` and
    `metric` of the outputs and targets there are measured (metric=None: the loss only, and no outputs are kept).
    With `patience`, training stops when so many epochs have not lowered the loss on the devset, and the model is that
    of the best epoch. Each callback is called with the epoch and the model after it; if one returns True, training
    stops. The same seed gives the same bits. `progress=True` shows a bar on stderr. The model that is handed in stays
    as it is.
    The whole training is written to the file `checkpoint` after each epoch, or after `every` so many steps; with
    `resume` it goes on from that file, if there is one, and ends with the same bits as if it had never stopped.
    Values are written when they have given a finite loss, so that a checkpoint is always of a good model.
    Raises ValueRefusedError and ShapeError for data that cannot be trained on, DivergedError (a TrainingError) when
    a loss or a parameter is no longer finite, with the last good model as `error.model`, and CheckpointError for a
    checkpoint that is damaged or of another training.

    >>> import cgraph as cg
    >>> model = cg.nn.MLP([2, 4, 1], "tanh", seed=0)
    >>> run = fit(model, cg.train.data.xor(), cg.nn.sigmoid_cross_entropy, cg.train.SGD(1.0), 500, batch_size=4)
    >>> accuracy(cg.train.predict(run.model, cg.train.data.xor().X), cg.train.data.xor().Y)
    1.0
    """
    epochs, batch_size, rng = whole("epochs", epochs), whole("batch_size", batch_size), generator(seed)
    if not model.parameters:
        raise ValueRefusedError("the model has no parameters", why="there is nothing to train", fix="give it a layer")
    batches = source(data, batch_size)
    dev = _devset(devset, batches.first, patience)
    training = Training.of(model, batches, loss, optimizer, dev, metric)
    state = State.first(training.step.new, model.parameters, rng)
    settings = {} if checkpoint is None else {"batch size": batch_size, **training.settings(state, dev)}
    keeper = Keeper.of(checkpoint, every, resume, settings)
    keeper.resume(state)
    with shown(epochs, progress) as report:
        while state.epoch <= epochs and not state.stopped:
            training.run_epoch(state, report, keeper)
            done = training.finish_epoch(state)
            report.epoch(done)
            state.stopped = state.waited(patience) or _told(callbacks, done, model, state)
            keeper.take(state)
    keeper.write()
    kept = state.best if patience is not None else None
    values, number = (kept.values, kept.number) if kept else (state.values, state.history[-1].number)
    return Fit(_with(model, values), tuple(state.history), training.step.graph, state.history[number - 1])


@dataclass
class Training:
    """What stays the same from step to step: the data, the step as a graph, how the devset is measured."""

    model: Any
    batches: Source
    leaves: Inputs
    target: Node
    step: Step
    noise: Noise
    evaluate: Evaluation | None

    @classmethod
    def of(
        cls, model: Any, batches: Source, loss: Any, optimizer: Optimizer, dev: Batch | None, metric: Metric | None
    ) -> Training:
        """Build the graphs."""
        X, Y = batches.first
        leaves, target = Inputs.like(X), variable("Y", ("m", *Y.shape[1:]))
        draws = noise_of(model)
        objective = loss(leaves.output(model, **({"training": True} if draws else {})), target)
        updates = optimizer.updates(model.parameters, grad(objective, model.parameters))
        step = Step(objective, updates.new)
        noise = Noise.of(step.graph, draws)
        evaluate = None
        if dev is not None:
            output = leaves.output(model)
            evaluate = Evaluation(leaves, target, output, loss(output, target), dev, metric)
        return cls(model, batches, leaves, target, step, noise, evaluate)

    def settings(self, state: State, dev: Batch | None) -> dict[str, Any]:
        """What must be the same for a training to go on: the graph of its step, its data, its seed."""
        return {
            "step (the model, the loss or the optimiser)": graph_digest(self.step.graph),
            "training data": data_digest(self.batches.first),
            "devset": None if dev is None else data_digest(dev),
            "seed": text_digest(str(state.began)),
        }

    def run_epoch(self, state: State, report: Report, keeper: Keeper) -> None:
        """The steps of an epoch, one after the other, but for those that the state has behind it."""
        state.start_epoch()
        for X, Y in islice(self.batches.epoch(state.order), state.steps, None):
            batch = {**self.leaves.feed(X), self.target: Y, **self.noise(state.noise, len(Y))}
            loss, new = self._stepped(state, batch)
            keeper.write()
            state.advance(loss, new, len(Y))
            keeper.stepped(state)
            report.step(state.epoch, state.steps, self.batches.steps, state.total / state.rows)

    def _stepped(self, state: State, batch: dict[Node, Any]) -> tuple[float, dict[Node, Any]]:
        place = f"epoch {state.epoch}, step {state.steps + 1}"
        try:
            loss, new = self.step(state.values, batch)
        except ValueRefusedError as error:
            raise ValueRefusedError(
                f"in {place}: {error.what}", where=error.where, why=error.why, fix=error.fix
            ) from error
        known = bool(np.isfinite(loss))
        if not (known and finite(new)):
            good = _with(self.model, state.values if known else state.before)
            raise DivergedError(place, self.step.trace(state.values, batch), good, tuple(state.history))
        return loss, new

    def finish_epoch(self, state: State) -> Epoch:
        """Measure the devset and write the epoch into the history."""
        metric, dev_loss = (None, None) if self.evaluate is None else self.evaluate(state.of(self.model.parameters))
        return state.finish_epoch(metric, dev_loss)


def _told(callbacks: Sequence[Callback], done: Epoch, model: Any, state: State) -> bool:
    """Call every callback; whether one of them says that training is to stop."""
    if not callbacks:
        return False
    now = _with(model, state.values)
    told = [callback(done, now) for callback in callbacks]  # each is called, whatever the others say
    return any(said is True for said in told)


def _with(model: M, values: Any) -> M:
    return model.with_values({str(p.name): values[p] for p in model.parameters})


def _devset(devset: tuple[Any, Any] | None, first: Batch, patience: int | None) -> Batch | None:
    if patience is not None:
        whole("patience", patience)
    if devset is None:
        if patience is not None:
            raise ValueRefusedError(
                "patience without a devset",
                why="early stopping waits for the loss on the devset to fall",
                fix="give devset=(X, Y), examples that are not trained on",
            )
        return None
    X, Y = examples("the devset", devset)
    like(X, first[0], "the devset")
    same_width(Y, first[1], "Y of the devset", "the training data")
    return X, Y

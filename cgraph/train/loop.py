"""The training loop. The whole step, loss and updates, is one program; an epoch is a few calls of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np

from cgraph.calculus.derivatives import grad
from cgraph.errors import IndeterminateWarning, ValueRefusedError
from cgraph.files import StrPath
from cgraph.graph.answers import refuse_activated_twice
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node, variable
from cgraph.nn.init import generator
from cgraph.train.batches import Arrays, Batch, Source, like, source
from cgraph.train.checks import examples, same_width, whole
from cgraph.train.diverged import DivergedError
from cgraph.train.evaluation import Evaluation, Metric
from cgraph.train.files.checkpoint import Keeper, data_digest, graph_digest, text_digest
from cgraph.train.history import Epoch
from cgraph.train.metrics import accuracy
from cgraph.train.model import Inputs, Model, Optimizer, noise_of, state_of
from cgraph.train.noise import Noise
from cgraph.train.progress import Progress, shown
from cgraph.train.state import State
from cgraph.train.step import TrainingStep, finite
from cgraph.train.updates import Told

M = TypeVar("M", bound=Model)
Callback: TypeAlias = Callable[[Epoch, Any], Any]
PACE = 8  # steps of the first call
PART = 0.05  # seconds that a call of many steps takes about, so that the bar moves and a key stops the training


@dataclass(frozen=True)
class Fit(Generic[M]):
    """What `fit` returns: the trained `model`, the `history` (one `Epoch` each), and `step`, the graph of one step.

    The outputs of `step` are the loss and the new value of each parameter, then of each leaf of the optimiser's state,
    then of each leaf of the model's own, such as running means.
    `kept` is the epoch whose parameters the model has: the best one with early stopping, otherwise the last.
    `state` has the values of the optimiser's own leaves after the last step, by name: moments, the number of steps.
    """

    model: M
    history: tuple[Epoch, ...] = field(repr=False)
    step: Graph
    kept: Epoch
    state: Mapping[str, Any] = field(repr=False)


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
    backend: str = "auto",
    dtype: str = "float64",
    threads: int | None = None,
    simplify: bool = True,
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
    `resume` it goes on from that file, if there is one, and ends with the same bits as if it had never stopped. Of a
    training that had stopped early, the `patience` and the callbacks that are given now decide whether it goes on.
    Values are written when they have given a finite loss, so that a checkpoint is always of a good model.
    The step is compiled, and computes in `dtype`, "float64" or "float32". `backend="native"` makes it C, "numpy" needs
    no compiler; "auto" takes C where there is a compiler and an epoch is so long that compiling pays. The two round
    differently: a checkpoint goes on with the backend that it began with. `threads` is for matrix products (None: as
    they are). SGD without decay or clipping moves only those rows of an embedding that a batch used; other optimisers
    compute the whole table. With `simplify=False` the loss is differentiated and computed as it is written (see
    `cg.grad`).
    Warns by one IndeterminateWarning at the end when 0 met ∞ in gradients outside of masks (`Program.indeterminate`).
    Raises ValueRefusedError and ShapeError for data that cannot be trained on, DivergedError (a TrainingError) when
    a loss or a parameter is no longer finite, with the last good model as `error.model`, and CheckpointError for a
    checkpoint that is damaged or of another training.

    >>> import cgraph as cg
    >>> model = cg.nn.MLP([2, 4, 1], "tanh", seed=0)
    >>> run = fit(model, cg.train.data.xor(), cg.nn.sigmoid_cross_entropy_loss, cg.train.SGD(1.0), 500, batch_size=4)
    >>> accuracy(cg.train.predict(run.model, cg.train.data.xor().X), cg.train.data.xor().Y)
    1.0
    """
    epochs, batch_size, rng = whole("epochs", epochs), whole("batch_size", batch_size), generator(seed)
    if not model.parameters:
        raise ValueRefusedError("the model has no parameters", why="there is nothing to train", fix="give it a layer")
    batches = source(data, batch_size)
    dev = _devset(devset, batches.first, patience)
    training = Training.of(model, batches, loss, optimizer, dev, metric, (backend, dtype, threads, simplify))
    moving = (*model.parameters, *state_of(model))
    state = State.first(training.step.new, moving, rng)
    settings = {} if checkpoint is None else {"batch size": batch_size, **training.settings(state, dev)}
    keeper = Keeper.of(checkpoint, every, resume, settings)
    rows = len(batches.first[1])
    rows = min(batch_size, rows) if isinstance(batches, Arrays) else rows
    training.step.choose(keeper.resume(state), rows, batches.steps)
    keeper.settings = {**settings, "backend": training.step.backend}
    training.step.load(state.values)
    if state.stopped:  # in the run that made the file: what is given now decides anew
        state.stopped = state.waited(patience) or _told(callbacks, state.history[-1], model, state)
    with shown(epochs, progress) as bar:
        while state.epoch <= epochs and not state.stopped:
            training.run_epoch(state, bar, keeper)
            done = training.finish_epoch(state)
            bar.epoch(done)
            state.stopped = state.waited(patience) or _told(callbacks, done, model, state)
            keeper.take(state)
    keeper.write()
    if training.step.indeterminate:
        _warn(training.step.indeterminate)
    kept = state.best if patience is not None else None
    values, number = (kept.values, kept.number) if kept else (state.values, state.history[-1].number)
    own = {str(leaf.name): value for leaf, value in state.values.items() if leaf not in moving}
    return Fit(_with(model, values), tuple(state.history), training.step.graph, state.history[number - 1], own)


@dataclass
class Training:
    """What stays the same from step to step: the data, the step as a graph, how the devset is measured."""

    model: Any
    batches: Source
    leaves: Inputs
    target: Node
    step: TrainingStep
    noise: Noise
    evaluate: Evaluation | None
    stacks: dict[Node, Any]  # the data as the program reads it, when it is in memory
    told: Mapping[Node, Told]  # leaves of the optimiser whose values come from the epochs so far
    pace: int  # how many steps are made in one call

    @classmethod
    def of(
        cls,
        model: Any,
        batches: Source,
        loss: Any,
        optimizer: Optimizer,
        dev: Batch | None,
        metric: Metric | None,
        how: tuple[str, str, int | None, bool],
    ) -> Training:
        """Build the graphs."""
        X, Y = batches.first
        leaves, target = Inputs.like(X), variable("Y", ("m", *Y.shape[1:]))
        draws = noise_of(model)
        trained, moved = leaves.trained(model)
        objective = loss(trained, target)
        refuse_activated_twice(objective)
        updates = optimizer.updates(model.parameters, grad(objective, model.parameters, how[-1]))
        step = TrainingStep(objective, {**updates.new, **moved}, *how)
        noise = Noise.of(step.graph, draws)
        evaluate = None
        if dev is not None:
            output = leaves.output(model)
            evaluate = Evaluation(leaves, target, output, loss(output, target), dev, metric, *how[1:])
        stacks = step.stacked({**leaves.feed(X), target: Y}) if isinstance(batches, Arrays) else {}
        return cls(model, batches, leaves, target, step, noise, evaluate, stacks, updates.told, PACE)

    def settings(self, state: State, dev: Batch | None) -> dict[str, Any]:
        """What must be the same for a training to go on: the graph of its step, its data, its seed."""
        return {
            "step (the model, the loss or the optimiser)": graph_digest(self.step.graph),
            "training data": data_digest(self.batches.first),
            "devset": None if dev is None else data_digest(dev),
            "seed": text_digest(str(state.began)),
            "dtype": self.step.dtype,
            **({} if self.step.backend == "auto" else {"backend": self.step.backend}),
        }

    def run_epoch(self, state: State, progress: Progress, keeper: Keeper) -> None:
        """The steps of an epoch but for those that the state has behind it."""
        state.start_epoch()
        if isinstance(self.batches, Arrays) and self.noise.of_rows:
            self._run_parts(self.batches, state, progress, keeper)
            return
        for X, Y in islice(self.batches.epoch(state.order), state.steps, None):
            batch = {**self.leaves.feed(X), self.target: Y, **self.noise(state.noise, len(Y))}
            self._one(state, batch, len(Y))
            self._made(1, state, progress, keeper)

    def _run_parts(self, data: Arrays, state: State, progress: Progress, keeper: Keeper) -> None:
        """The steps of an epoch on rows of arrays, many in one call of the program."""
        order, size, rows = data.order(state.order), data.size, len(data.Y)
        while state.rows < rows:
            whole_ones = (rows - state.rows) // size
            count = int(min(max(whole_ones, 1), keeper.room, self.pace))
            part = order[state.rows : state.rows + count * size].reshape(count, -1)
            began = monotonic()
            drawn = self.noise.of_parts(state.noise, part, rows, self.step.dtype)
            self._many(state, part, {**self.stacks, **drawn})
            self.pace = self.pace * 2 if monotonic() - began < PART else max(self.pace // 2, 1)
            self._made(count, state, progress, keeper)

    def _made(self, count: int, state: State, progress: Progress, keeper: Keeper) -> None:
        """Steps were made with finite losses: what waited for that is written, and what is due is taken."""
        keeper.write()
        keeper.stepped(state, count)
        progress.step(state.epoch, state.steps, self.batches.steps, state.total / state.rows)

    def _many(self, state: State, part: Any, stacks: dict[Node, Any]) -> None:
        """Steps on the rows of each line of `part`; when something is wrong, once more one by one, to say where."""
        try:
            losses = [self.step.many(part[:-1], stacks)] if len(part) > 1 else []
            before = self.step.values() if losses else state.values
            losses.append(self.step.many(part[-1:], stacks))
        except ValueRefusedError:
            losses = [np.array([np.nan])]
        new = self.step.values()
        if np.isfinite(np.concatenate(losses)).all() and finite(new):
            state.advance(np.concatenate(losses), before, new, part.shape[1])
            return
        self.step.load(state.values)
        for rows in part:
            self._one(state, {leaf: stack[rows] for leaf, stack in stacks.items()}, len(rows))

    def _one(self, state: State, batch: dict[Node, Any], rows: int) -> None:
        place = f"epoch {state.epoch}, step {state.steps + 1}"
        try:
            loss = self.step(batch)
        except ValueRefusedError as error:
            raise ValueRefusedError(
                f"in {place}: {error.what}", where=error.where, why=error.why, fix=error.fix
            ) from error
        new, known = self.step.values(), bool(np.isfinite(loss))
        if not (known and finite(new)):
            good = _with(self.model, state.values if known else state.before)
            raise DivergedError(place, self.step.trace(state.values, batch), good, tuple(state.history))
        state.advance([loss], state.values, new, rows)

    def finish_epoch(self, state: State) -> Epoch:
        """Measure the devset and write the epoch into the history."""
        metric, dev_loss = (None, None) if self.evaluate is None else self.evaluate(state.of(state.parameters))
        done = state.finish_epoch(metric, dev_loss)
        if self.told:
            told = {leaf: np.asarray(after(state.history), float) for leaf, after in self.told.items()}
            state.values = {**state.values, **told}
            self.step.load(state.values)
        return done


def _told(callbacks: Sequence[Callback], done: Epoch, model: Any, state: State) -> bool:
    """Call every callback; whether one of them says that training is to stop."""
    if not callbacks:
        return False
    now = _with(model, state.values)
    told = [callback(done, now) for callback in callbacks]  # each is called, whatever the others say
    return any(said is True for said in told)


def _warn(count: int) -> None:
    what = f"0·∞ in {count} product(s) of the chain rule, at least: gradients were set to 0 there and may be others"
    fix = "cg.simplify(loss) rewrites what saturates; cg.backward of one batch names the edge"
    warnings.warn(f"{what}. Fix: {fix}", IndeterminateWarning, stacklevel=3)


def _with(model: M, values: Any) -> M:
    return model.with_values({str(leaf.name): values[leaf] for leaf in (*model.parameters, *state_of(model))})


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

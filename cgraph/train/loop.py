"""The training loop. The whole step, loss and updates, is one graph; an epoch runs it on each mini-batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np

from cgraph.calculus import grad
from cgraph.errors import ValueRefusedError
from cgraph.graph import Graph
from cgraph.nn.init import generator
from cgraph.node import Node, variable
from cgraph.passes import forward
from cgraph.train.checks import Array, examples, same_width, whole
from cgraph.train.diverged import DivergedError
from cgraph.train.history import Epoch
from cgraph.train.metrics import accuracy
from cgraph.train.model import Model, Optimizer, output_of
from cgraph.train.progress import shown

M = TypeVar("M", bound=Model)
Values: TypeAlias = Mapping[Node | str, Any]


@dataclass(frozen=True)
class Fit(Generic[M]):
    """What `fit` returns: the trained `model`, the `history` (one `Epoch` each), and `step`, the graph of one step.

    The outputs of `step` are the loss and the new value of each parameter.
    """

    model: M
    history: tuple[Epoch, ...] = field(repr=False)
    step: Graph


def fit(
    model: M,
    data: tuple[Any, Any],
    loss: Callable[[Node, Node], Node],
    optimizer: Optimizer,
    epochs: int,
    *,
    batch_size: int = 32,
    devset: tuple[Any, Any] | None = None,
    seed: int | np.random.Generator = 0,
    progress: bool | None = None,
    metric: Callable[[Array, Array], float] = accuracy,
) -> Fit[M]:
    """Train a model on (X [m×d], Y [m×k]) by mini-batches that are shuffled anew in each epoch.

    `loss` makes a scalar node from the model's output and the targets; `metric` measures the output on `devset`
    after each epoch. The last batch of an epoch may be short. The same seed gives the same bits. `progress=True`
    shows a bar on stderr. The model that is handed in stays as it is.
    Raises ValueRefusedError and ShapeError for data that cannot be trained on, and DivergedError (a TrainingError)
    when a loss or a parameter is no longer finite, with the last good model as `error.model`.

    >>> import cgraph as cg
    >>> model = cg.nn.MLP([2, 4, 1], "tanh", seed=0)
    >>> run = fit(model, cg.train.data.xor(), cg.nn.sigmoid_cross_entropy, cg.train.SGD(1.0), 500, batch_size=4)
    >>> accuracy(cg.train.predict(run.model, cg.train.data.xor().X), cg.train.data.xor().Y)
    1.0
    """
    X, Y = examples("the training data", data)
    dev = _devset(devset, X, Y)
    epochs, batch_size, rng = whole("epochs", epochs), whole("batch_size", batch_size), generator(seed)
    if not model.parameters:
        raise ValueRefusedError("the model has no parameters", why="there is nothing to train", fix="give it a layer")

    x, output = output_of(model, X)
    y = variable("Y", ("m", *Y.shape[1:]))
    objective = loss(output, y)
    updates = optimizer.updates(model.parameters, grad(objective, model.parameters))
    step = Graph([objective, *updates])
    scores = Graph(output)

    values: Values = {p: p.value for p in model.parameters}
    before = values  # those of the step before: the last known to give a finite loss
    history: list[Epoch] = []
    with shown(epochs, progress) as report:
        for number in range(1, epochs + 1):
            total, order = 0.0, rng.permutation(len(X))
            for start in range(0, len(X), batch_size):
                rows = order[start : start + batch_size]
                batch: Values = {leaf: array[rows] for leaf, array in ((x, X), (y, Y)) if leaf in step}
                fwd = forward(step, {**values, **batch})
                new: Values = {p: fwd[update] for p, update in zip(values, updates, strict=True)}
                finite = bool(np.isfinite(fwd[objective]))
                if not (finite and all(np.isfinite(v).all() for v in new.values())):
                    place, good = f"epoch {number}, step {start // batch_size + 1}", values if finite else before
                    raise DivergedError(place, fwd, _with(model, good), tuple(history))
                before, values = values, new
                total += float(fwd[objective]) * len(rows)
            measured = None if dev is None else float(metric(forward(scores, {**values, x: dev[0]})[output], dev[1]))
            history.append(Epoch(number, total / len(X), measured))
            report(history[-1])
    return Fit(_with(model, values), tuple(history), step)


def _with(model: M, values: Values) -> M:
    return model.with_values({str(p.name): value for p, value in zip(model.parameters, values.values(), strict=True)})


def _devset(devset: tuple[Any, Any] | None, X: Array, Y: Array) -> tuple[Array, Array] | None:
    if devset is None:
        return None
    dev = examples("the devset", devset)
    same_width(dev[0], X, "X")
    same_width(dev[1], Y, "Y")
    return dev

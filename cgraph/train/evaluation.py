"""What a model says about data: its outputs, its loss, its metric. No randomness: dropout is off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgraph.compile import compile as compiled
from cgraph.graph.answers import middle, refuse_activated_twice
from cgraph.graph.graph import Graph
from cgraph.graph.node import PARAMETER, Node, variable
from cgraph.passes.numbers import forward
from cgraph.rewriting.simplify import simplify as simplified
from cgraph.train.batches import Batch, rows_of
from cgraph.train.checks import Array, examples, inputs
from cgraph.train.history import perplexity_of
from cgraph.train.metrics import accuracy, answers
from cgraph.train.model import Inputs, Model

Metric = Callable[[Any, Any], float]
ROWS = 1024  # how many examples are evaluated at once, so that large outputs need not fit in memory together


def predict(model: Model, X: Any) -> Array:
    """The model's output on the rows of X [m×d] (or a tuple or a dict of arrays), such as logits [m×k].

    `classify` says which classes they mean.

    Raises ShapeError when X has another number of columns than the model has inputs, ValueRefusedError for NaN.

    >>> import cgraph as cg
    >>> predict(cg.nn.MLP([2, 4, 1], seed=0), [[0, 0], [0, 1]]).shape
    (2, 1)
    """
    return _output(model, X)[1]


def classify(model: Model, X: Any) -> NDArray[np.intp]:
    """The class that a model says for each row of X [m×d] (or a tuple or a dict of arrays), as ids [m].

    It is that of the largest output; of a single one it is 1 for yes, which is above 0 for a logit and above 0.5 where
    the model ends in probabilities: its last activation says so.
    Raises as `predict` does.

    >>> import cgraph as cg
    >>> model = cg.nn.MLP([2, 4, 1], ["tanh", "sigmoid"], seed=0)
    >>> predict(model, [[0, 0], [0, 1]]).round(2).ravel(), classify(model, [[0, 0], [0, 1]])
    (array([0.5 , 0.59]), array([0, 1]))
    """
    output, scores = _output(model, X)
    return answers(scores, middle(simplified(output)))


def _output(model: Model, X: Any) -> tuple[Node, Array]:
    values = inputs("X", X)
    leaves = Inputs.like(values)
    output = leaves.output(model)
    return output, forward(output, leaves.feed(values))[output]


@dataclass(frozen=True)
class Score:
    """What a model reaches on data: the mean `loss` and the `metric` (None without one)."""

    loss: float
    metric: float | None = None

    @property
    def perplexity(self) -> float:
        """e to the loss, for a cross-entropy in nats (SLP3 Eq. 3.14)."""
        return perplexity_of(self.loss)


def evaluate(
    model: Model, data: tuple[Any, Any], loss: Callable[[Node, Node], Node], metric: Metric | None = accuracy
) -> Score:
    """The mean loss and the metric of a model on (X, Y), such as a test set, some examples at a time.

    Raises ShapeError and ValueRefusedError for data that `fit` would refuse too.

    >>> import cgraph as cg
    >>> score = evaluate(cg.nn.MLP([2, 1], seed=0), cg.train.data.xor(), cg.nn.sigmoid_cross_entropy_loss)
    >>> score.metric, round(score.loss, 3)
    (0.75, 0.713)
    """
    dev = examples("the data", data)
    leaves, target = Inputs.like(dev[0]), variable("Y", ("m", *dev[1].shape[1:]))
    output = leaves.output(model)
    measured, mean = Evaluation(leaves, target, output, loss(output, target), dev, metric)({})
    return Score(mean, measured)


class Evaluation:
    """The mean loss and the metric of a model's output on a devset, in parts of some examples at a time."""

    def __init__(
        self,
        leaves: Inputs,
        target: Node,
        output: Node,
        loss: Node,
        dev: Batch,
        metric: Metric | None,
        dtype: str = "float64",
        threads: int | None = None,
        simplify: bool = True,
    ) -> None:
        refuse_activated_twice(loss)
        outputs = [loss] if metric is None else [loss, output]
        how: dict[str, Any] = {"dtype": dtype, "threads": threads, "simplify": simplify}
        self.program = compiled(outputs, Graph(outputs).inputs, backend="numpy", **how)
        self.values = {leaf: leaf.value for leaf in self.program.inputs if leaf.kind == PARAMETER}
        self.leaves, self.target, self.dev, self.metric = leaves, target, dev, _for_output(metric, output)

    def __call__(self, values: Mapping[Node, Any]) -> tuple[float | None, float]:
        """The metric (None without one) and the mean loss, for values of the parameters."""
        X, Y = self.dev
        total, outputs = 0.0, []
        for start in range(0, len(Y), ROWS):
            part = slice(start, start + ROWS)
            feed = {**self.values, **values, **self.leaves.feed(rows_of(X, part)), self.target: Y[part]}
            given = {x: np.asarray(feed[x], self.program.dtype) for x in self.program.inputs if x in feed}
            complete = len(given) == len(self.program.inputs)
            loss, *output = self.program(*given.values()) if complete else self.program(given)
            total += float(loss) * len(Y[part])
            outputs += output
        measured = None if self.metric is None else float(self.metric(np.concatenate(outputs), Y))
        return measured, total / len(Y)


def _for_output(metric: Metric | None, output: Node) -> Metric | None:
    """A metric that decides by a threshold, with that of the model's output: 0.5 where it ends in probabilities."""
    if metric is None:
        return None
    try:
        decides = "threshold" in signature(metric).parameters
    except (ValueError, TypeError):  # a function of C, of which Python knows no arguments
        decides = False
    decided: Any = metric
    return partial(decided, threshold=middle(simplified(output))) if decides else metric

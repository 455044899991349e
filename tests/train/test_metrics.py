"""Metrics against scikit-learn's, on classes of all kinds: many, two, one that never occurs, one that is never said."""

from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np
import pytest
import sklearn.metrics

import cgraph as cg
from cgraph import nn, train
from cgraph.errors import CgraphError, ValueRefusedError

RANDOM = np.random.default_rng(0)
SCORES, IDS = RANDOM.normal(size=(60, 4)), RANDOM.integers(0, 4, 60)
LOGITS, YES = RANDOM.normal(size=(50, 1)), RANDOM.integers(0, 2, (50, 1))
UNSAID = np.column_stack([SCORES[:, :3], np.full(60, -9.0)])  # class 3 is never said
SIDED = (UNSAID, np.where(IDS == 3, 0, IDS))  # and here it never occurs either
PAIRS = {
    "random": (SCORES, IDS),
    "a class that is never said": (UNSAID, IDS),
    "a class that never occurs": (SCORES, SIDED[1]),
    "a class that is neither": SIDED,
    "one class only": (SCORES, np.full(60, 2)),
    "all right": (train.data.one_hot_rows(IDS, 4) * 2.0, IDS),
    "all wrong": (train.data.one_hot_rows((IDS + 1) % 4, 4) * 2.0, IDS),
    "yes and no": (LOGITS, YES),
    "always no": (-np.abs(LOGITS), YES),
    "never yes": (LOGITS, np.zeros_like(YES)),
}
OURS = {"precision": train.metrics.precision, "recall": train.metrics.recall, "f1": train.metrics.f1}
THEIRS = {
    "precision": sklearn.metrics.precision_score,
    "recall": sklearn.metrics.recall_score,
    "f1": sklearn.metrics.f1_score,
}


def said(scores: Any) -> Any:
    return (scores[:, 0] > 0).astype(int) if scores.shape[1] == 1 else scores.argmax(axis=1)


@pytest.mark.parametrize("pair", PAIRS)
def test_accuracy_and_confusion_agree_with_scikit_learn(pair: str) -> None:
    scores, true = PAIRS[pair]
    classes = max(2, scores.shape[1])

    assert train.metrics.accuracy(scores, true) == sklearn.metrics.accuracy_score(true.ravel(), said(scores))
    want = sklearn.metrics.confusion_matrix(true.ravel(), said(scores), labels=range(classes))
    assert np.array_equal(train.metrics.confusion_matrix(scores, true), want)


@pytest.mark.parametrize("average", ["macro", "micro", None])
@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("pair", PAIRS)
def test_precision_recall_and_f1_agree_with_scikit_learn(pair: str, name: str, average: Any) -> None:
    scores, true = PAIRS[pair]
    labels = range(max(2, scores.shape[1])) if average is None else None

    want = THEIRS[name](true.ravel(), said(scores), average=average, labels=labels, zero_division=0)

    assert np.allclose(OURS[name](scores, true, average), want, rtol=1e-14, atol=0)


@pytest.mark.parametrize("name", OURS)
def test_the_binary_average_is_that_of_yes(name: str) -> None:
    want = THEIRS[name](YES.ravel(), said(LOGITS))
    assert np.isclose(OURS[name](LOGITS, YES, "binary"), want, rtol=1e-14)
    assert np.isclose(OURS[name](np.hstack([0 * LOGITS, LOGITS]), YES.ravel(), "binary"), want, rtol=1e-14)


def test_one_hot_rows_and_ids_mean_the_same() -> None:
    hot = train.data.one_hot_rows(IDS, 4)
    assert np.array_equal(train.metrics.confusion_matrix(SCORES, hot), train.metrics.confusion_matrix(SCORES, IDS))
    assert train.metrics.accuracy(SCORES, hot) == train.metrics.accuracy(SCORES, IDS)


def test_probabilities_have_their_threshold_at_one_half() -> None:
    assert train.metrics.accuracy([[0.2], [0.9]], [[0], [1]], threshold=0.5) == 1.0
    assert train.metrics.precision([[0.2], [0.9]], [[1], [1]], "binary") == 1.0
    assert train.metrics.recall([[0.2], [0.9]], [[1], [1]], "binary", threshold=0.5) == 0.5


def test_perplexity_agrees_with_scikit_learns_log_loss() -> None:
    p = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)
    want = exp(sklearn.metrics.log_loss(IDS, p))
    assert np.isclose(train.metrics.perplexity(SCORES, IDS), want, rtol=1e-12)
    assert np.isclose(train.metrics.perplexity(SCORES + 1e4, train.data.one_hot_rows(IDS, 4)), want, rtol=1e-9), (
        "it must not overflow"
    )


def test_the_perplexity_of_an_epoch_is_e_to_its_loss_on_the_devset() -> None:
    assert np.isclose(train.Epoch(1, 0.0, None, log(7)).perplexity, 7.0)  # type: ignore[arg-type]
    assert train.Epoch(1, 0.0, None, 1e6).perplexity == np.inf and train.Epoch(1, 0.0).perplexity is None


@pytest.mark.parametrize(
    ("scores", "targets", "message"),
    [
        ([[1.0, 2.0]], [[1.0]], r"scores \[1×2\] and targets \[1×1\]"),
        ([[1.0], [2.0]], [1.0, 0.0], r"the targets has shape \[2\]"),
        ([[1.0], [2.0]], [1, 2], r"id 2 at position \(1,\) of the targets is no class: 2 classes have the ids 0 to 1"),
        ([[1.0, 0.0]], [-1], r"id -1 at position \(0,\)"),
        ([[1.0, 0.0]], [[[0]]], r"scores \[1×2\] and targets \[1×1×1\]"),
        (np.ones((0, 2)), np.ones((0, 2)), "empty"),
        ([[np.nan, 1.0]], [[1.0, 0.0]], r"the scores\[0, 0\] is nan"),
    ],
)
@pytest.mark.parametrize(
    "metric", [train.metrics.accuracy, train.metrics.confusion_matrix, train.metrics.f1, train.metrics.perplexity]
)
def test_what_cannot_be_compared_is_refused(metric: Any, scores: Any, targets: Any, message: str) -> None:
    with pytest.raises(CgraphError, match=message):
        metric(scores, targets)


@pytest.mark.parametrize(
    ("average", "message"),
    [("weighted", "the average is 'weighted'.*macro"), ("binary", "the average is 'binary': there are 4 classes")],
)
def test_an_average_that_there_is_not_is_refused(average: Any, message: str) -> None:
    with pytest.raises(ValueRefusedError, match=message):
        train.metrics.f1(SCORES, IDS, average)


# Outputs that are probabilities ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("last", ["sigmoid", "tanh", "identity"])
def test_the_metric_of_a_training_knows_whether_an_output_is_a_logit_or_a_probability(last: str) -> None:
    data = train.data.xor()
    activations = ["tanh"] if last == "identity" else ["tanh", last]
    model = nn.MLP([2, 4, 1], activations, seed=0)

    def loss(output: cg.Node, target: cg.Node) -> cg.Node:
        return cg.mean((output - (target if last == "sigmoid" else 2 * target - 1)) ** 2).named("L")

    run = train.fit(model, data, loss, train.Adam(0.05), epochs=400, devset=data, batch_size=4)
    outputs = train.predict(run.model, data.X)
    right = np.mean((outputs > (0.5 if last == "sigmoid" else 0.0)) == data.Y)
    assert run.history[-1].metric == train.evaluate(run.model, data, loss).metric == right == 1.0


def test_a_metric_of_ones_own_is_called_as_it_is() -> None:
    data = train.data.xor()
    model = nn.MLP([2, 4, 1], ["tanh", "sigmoid"], seed=0)
    loss = lambda output, target: cg.mean((output - target) ** 2)  # noqa: E731
    assert train.evaluate(model, data, loss, metric=lambda outputs, Y: 7.0).metric == 7.0
    assert train.evaluate(model, data, loss, metric=max_of).metric == 1.0


def max_of(outputs: np.ndarray, targets: np.ndarray) -> float:
    return float(np.max(targets))


@pytest.mark.parametrize(
    ("last", "loss"),
    [
        ("softmax", nn.softmax_cross_entropy_loss),
        ("sigmoid", nn.sigmoid_cross_entropy_loss),
        ("hard_sigmoid", nn.sigmoid_cross_entropy_loss),
        ("sigmoid", nn.softmax_cross_entropy_loss),
    ],
)
def test_an_activation_is_not_applied_twice(last: str, loss: Any) -> None:
    model = nn.MLP([2, 4, 2], ["tanh", last], seed=0)
    message = f"of the probabilities of {last}.*it would be applied twice.*leave the model's last activation out"
    with pytest.raises(ValueRefusedError, match=message):
        train.fit(model, (np.eye(2), np.eye(2)), loss, train.SGD(0.1), epochs=1)

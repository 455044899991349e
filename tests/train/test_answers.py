"""What a model's outputs mean, for each last activation: everything that takes an answer from them says the same."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph import nn, train
from cgraph.compile.export import to_c
from cgraph.errors import ValueRefusedError
from cgraph.graph.answers import middle
from cgraph.ops import TABLE

LAST = ["identity", "sigmoid", "tanh", "softmax", "hard_sigmoid", "normal_cdf", "log_sigmoid", "log_softmax", "exp"]


@dataclass(frozen=True)
class Moved:
    """A layer that moves numbers and changes none: what is after the last activation."""

    parameters = ()

    def replaced(self, new: Any) -> Moved:
        return self

    def __call__(self, x: cg.Node, /) -> cg.Node:
        return cg.flip(cg.flip(cg.expand_dims(x, axis=1)[:, 0], axis=0), axis=0)


def model_with(last: str, outputs: int, moved: bool) -> nn.Sequential:
    layers = [nn.MLP([2, 5, outputs], "tanh", seed=4)]
    layers += [] if last == "identity" else [nn.Activation(last)]
    return nn.Sequential([*layers, *([Moved()] if moved else [])])


def of_logits(model: nn.Sequential, X: Any, outputs: int) -> Any:
    """The classes by the logits alone: all of these functions rise."""
    z = np.tanh(X @ model.values["W[1]"] + model.values["b[1]"]) @ model.values["W[2]"] + model.values["b[2]"]
    return z.argmax(axis=1) if outputs > 1 else (z[:, 0] > 0).astype(int)


def loss(output: cg.Node, target: cg.Node) -> cg.Node:
    return cg.mean((output - target) ** 2).named("L")


def by_fit(model: Any, X: Any, Y: Any) -> float | None:
    """The metric of a training that moves nothing."""
    return train.fit(model, (X, Y), loss, train.SGD(1e-300), 1, batch_size=len(X), devset=(X, Y)).history[0].metric


SHARES: dict[str, Callable[[Any, Any, Any], float | None]] = {
    "the metric of fit": by_fit,
    "evaluate": lambda model, X, Y: train.evaluate(model, (X, Y), loss).metric,
    "recall in evaluate": lambda model, X, Y: train.evaluate(
        model, (X, Y), loss, metric=lambda scores, targets, threshold=0.0: train.metrics.recall(
            scores, targets, "micro", threshold)).metric,
    "classify": lambda model, X, Y: float(np.mean(train.classify(model, X) == classes(Y))),
}  # fmt: skip


def classes(Y: Any) -> Any:
    return Y.argmax(axis=1) if Y.shape[1] > 1 else Y[:, 0].astype(int)


@pytest.mark.parametrize("moved", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["last", "then moved"])
@pytest.mark.parametrize(
    "last, outputs", [(last, k) for last in LAST for k in (1, 3) if k > 1 or "softmax" not in last]
)
def test_all_that_take_an_answer_from_an_output_agree(last: str, outputs: int, moved: bool) -> None:
    model, X = model_with(last, outputs, moved), np.random.default_rng(1).uniform(-2, 2, (60, 2))
    said = of_logits(model, X, outputs)
    assert len(set(said)) > 1
    wrong = (np.arange(60) % 4 == 0).astype(int)  # every fourth target is another class
    true = (said + wrong) % max(outputs, 2)
    Y = np.eye(outputs)[true] if outputs > 1 else true.reshape(-1, 1).astype(float)
    assert train.classify(model, X).tolist() == said.tolist()
    for name, share in SHARES.items():
        assert share(model, X, Y) == pytest.approx(0.75), name


@pytest.mark.parametrize("last", ["identity", "sigmoid", "tanh", "log_sigmoid"])
def test_the_c_program_gives_the_classes_that_classify_gives(last: str, tmp_path: Path) -> None:
    model, X = model_with(last, 1, moved=True), np.random.default_rng(2).uniform(-2, 2, (30, 2))
    (tmp_path / "model.c").write_text(to_c(model(cg.variable("X", ("m", 2)))), encoding="utf-8")
    program, compiler = tmp_path / "classify", shutil.which("cc")
    assert compiler, "this test needs a C compiler"
    subprocess.run([compiler, str(tmp_path / "model.c"), "-o", str(program), "-lm"], check=True)
    text = "\n".join(",".join(map(repr, row)) for row in X.tolist())
    done = subprocess.run([str(program)], input=text, capture_output=True, text=True, check=True)
    assert list(map(int, done.stdout.split())) == train.classify(model, X).tolist() == of_logits(model, X, 1).tolist()


@pytest.mark.parametrize("labels", [2, 3])
def test_an_estimator_of_scikit_learn_predicts_what_its_model_says(labels: int) -> None:
    sklearn = pytest.importorskip("cgraph.sklearn")
    random = np.random.default_rng(0)
    X = random.normal(size=(60, 2))
    y = (X[:, 0] > 0).astype(int) + (labels == 3) * (X[:, 1] > 0)
    net = sklearn.MLPClassifier(4, max_iter=200, learning_rate_init=0.05, tol=0.01, random_state=0).fit(X, y)
    assert net.predict(X).tolist() == train.classify(net.model_, X).tolist()
    assert net.score(X, y) > 0.8


def test_the_middle_of_an_op_is_what_it_makes_of_the_logit_0() -> None:
    z = cg.variable("z", ("m", 1))
    for row in TABLE.values():
        if row.probability and row.elementwise:
            assert row.middle == row.numpy(np.float64(0)) == 0.5
    assert middle(z) == middle(cg.tanh(z)) == middle(cg.cos(z)) == middle(cg.log(z)) == 0.0
    assert middle(cg.log_sigmoid(z).T.T.reshape("m", 1)) == np.log(0.5)


BY_HAND: dict[str, Callable[[cg.Node], cg.Node]] = {  # probabilities of a logit that no op of that name makes
    "1/(1 + exp(-z))": lambda z: 1 / (1 + cg.exp(-z)),
    "exp(z)/(1 + exp(z))": lambda z: cg.exp(z) / (1 + cg.exp(z)),
    "1 - sigmoid(-z)": lambda z: 1 - cg.sigmoid(-z),
    "(tanh(z) + 1)/2": lambda z: (cg.tanh(z) + 1) / 2,
    "arctan(z)/π + 1/2": lambda z: cg.arctan(z) / np.pi + 0.5,
    "exp(log_sigmoid(z))": lambda z: cg.exp(cg.log_sigmoid(z)),
    "clipped": lambda z: cg.clip(cg.sigmoid(z), 1e-7, 1 - 1e-7),
    "cut off": lambda z: cg.minimum(cg.relu(z + 0.5), 1),
    "the mean of two": lambda z: (cg.sigmoid(z) + cg.sigmoid(2 * z)) / 2,
    "one column of a softmax": lambda z: cg.softmax(cg.concatenate([0 * z, z], axis=1))[:, 1:2],
}


@dataclass(frozen=True)
class Ending:
    """A layer that makes something of a logit."""

    form: str
    parameters = ()

    def replaced(self, new: Any) -> Ending:
        return self

    def __call__(self, x: cg.Node, /) -> cg.Node:
        return BY_HAND[self.form](x)


@pytest.mark.parametrize("form", BY_HAND)
def test_a_probability_is_one_whoever_wrote_it(form: str) -> None:
    model, X = model_with("identity", 1, False), np.random.default_rng(1).uniform(-2, 2, (60, 2))
    said = of_logits(model, X, 1)
    assert len(set(said)) > 1
    ending = nn.Sequential([*model.layers, Ending(form)])
    assert train.classify(ending, X).tolist() == said.tolist()
    assert {
        name: share(ending, X, said.reshape(-1, 1).astype(float)) for name, share in SHARES.items()
    } == dict.fromkeys(SHARES, 1.0)
    assert "> (T)0.5;" in to_c(ending(cg.variable("X", ("m", 2))))


SCORES = [lambda z: 2 * cg.sigmoid(z) - 1, lambda z: cg.relu(z) / 1e7, lambda z: z**3, cg.arctan]


@pytest.mark.parametrize("score", SCORES)
def test_what_may_be_anything_else_is_a_score(score: Callable[[cg.Node], cg.Node]) -> None:
    assert middle(score(cg.variable("z", ("m", 1)))) == 0.0
    assert middle(cg.stop_gradient(cg.sigmoid(score(cg.variable("z", ("m", 1)))))) == 0.5


TWICE: dict[str, Callable[[Any, Any], Any]] = {
    "softmax": lambda o, y: cg.mean(cg.softmax_cross_entropy(o, y)),
    "sigmoid": lambda o, y: cg.mean(cg.sigmoid_cross_entropy(o, y)),
    "hard_sigmoid": lambda o, y: cg.sum(cg.sigmoid_cross_entropy(o, y)),
    "normal_cdf": nn.sigmoid_cross_entropy_loss,
}


@pytest.mark.parametrize("moved", [False, True], ids=["last", "then moved"])
@pytest.mark.parametrize("last", TWICE)
def test_a_loss_of_logits_that_is_given_probabilities_is_refused_by_name(last: str, moved: bool) -> None:
    model, data = model_with(last, 2, moved), (np.eye(2), np.eye(2))
    message = rf"cross_entropy.* of the probabilities of {last}.*applied twice.*Fix: leave the model's last activation"
    with pytest.raises(ValueRefusedError, match=message):
        train.fit(model, data, TWICE[last], train.SGD(0.1), epochs=1)
    with pytest.raises(ValueRefusedError, match=message):
        train.evaluate(model, data, TWICE[last])


def test_exclusive_or_with_a_sigmoid_at_the_end_is_all_right() -> None:
    data, model = train.data.xor(), nn.MLP([2, 4, 1], ["tanh", "sigmoid"], seed=0)
    bce = lambda o, y: cg.mean(cg.binary_cross_entropy(o, y))  # noqa: E731
    run = train.fit(model, data, bce, train.Adam(0.05), 300, batch_size=4, devset=data)
    assert run.history[-1].metric == 1.0
    assert train.classify(run.model, data.X).tolist() == [0, 1, 1, 0]

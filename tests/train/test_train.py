"""Training: the loop against hand-written NumPy, determinism, divergence, data, metrics, what is refused."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from project import cases
from sparse import sparse

import cgraph as cg
from cgraph import nn, train
from cgraph.errors import CgraphError, GradientError, TrainingError, ValueRefusedError

CASES = cases()
XOR = train.data.xor()
Values = dict[str, Any]


def blobs(rows: int = 45, seed: int = 0) -> train.data.Examples:
    """Three clouds of points in the plane, one a class."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, 3, rows)
    centres = np.array([[0.0, 2.0], [2.0, -1.0], [-2.0, -1.0]])
    return train.data.Examples(centres[ids] + rng.normal(size=(rows, 2)) / 2, train.data.one_hot_rows(ids, 3))


def net(seed: int = 0) -> nn.Sequential:
    return nn.MLP([2, 4, 3], "tanh", seed=seed)


def quick(model: nn.Sequential | None = None, data: Any = None, rate: float = 0.1, **options: Any) -> Any:
    return train.fit(
        model or net(),
        blobs() if data is None else data,
        nn.softmax_cross_entropy_loss,
        train.SGD(rate),
        **{"epochs": 2, **options},
    )


# The loop ------------------------------------------------------------------------------------------------------------
def by_hand(
    values: Values, data: train.data.Examples, rate: float, epochs: int, size: int, seed: int
) -> tuple[Any, Any]:
    """A 2-layer tanh net with softmax, written out in NumPy without any graph."""
    W1, b1, W2, b2 = (v.copy() for v in values.values())
    rng, losses = np.random.default_rng(seed), []
    for _ in range(epochs):
        order, total = rng.permutation(len(data.X)), 0.0
        for start in range(0, len(order), size):
            X, Y = (a[order[start : start + size]] for a in data)
            A = np.tanh(X @ W1 + b1)
            Z = A @ W2 + b2
            P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
            total -= float(np.log((P * Y).sum(axis=1)).sum())
            dZ2 = (P - Y) / len(X)
            dZ1 = dZ2 @ W2.T * (1 - A**2)
            W2, b2 = W2 - rate * A.T @ dZ2, b2 - rate * dZ2.sum(axis=0)
            W1, b1 = W1 - rate * X.T @ dZ1, b1 - rate * dZ1.sum(axis=0)
        losses.append(total / len(order))
    return (W1, b1, W2, b2), losses


@pytest.mark.parametrize("size", [1, 8, 32, 45, 100])
def test_training_does_what_hand_written_numpy_does(size: int) -> None:
    model, data = net(seed=3), blobs()

    run = quick(model, data, rate=0.3, epochs=3, batch_size=size, seed=11)

    expected, losses = by_hand(model.values, data, 0.3, 3, size, 11)
    for have, want in zip(run.model.values.values(), expected, strict=True):
        assert np.allclose(have, want, rtol=1e-10, atol=1e-12)
    assert np.allclose([e.loss for e in run.history], losses, rtol=1e-12)


def test_five_steps_on_xor_agree_with_the_chapters_case() -> None:
    case = CASES["c69-training-loop-xor-sgd"]
    leaves = {k: np.array(v) for k, v in case["inputs"]["leaves"].items()}
    layers = [
        nn.Linear(cg.parameter(f"W{i}", leaves[f"W{i}"]), cg.parameter(f"b{i}", leaves[f"b{i}"].ravel()))
        for i in (1, 2)
    ]
    model = nn.Sequential([layers[0], nn.Activation("tanh"), layers[1]])

    for number, step in enumerate(case["expected"]["steps"], start=1):
        data = leaves["X"], leaves["Y"]
        run = train.fit(model, data, nn.sigmoid_cross_entropy_loss, train.SGD(0.5), epochs=number, batch_size=4)

        assert np.isclose(run.history[-1].loss, step["loss_before"], rtol=1e-10)
        for name, value in step["params_after"].items():
            assert np.allclose(run.model.values[name], np.reshape(value, run.model.values[name].shape), rtol=1e-10)


def test_sgd_agrees_with_the_chapters_case() -> None:
    case = CASES["c66-sgd"]
    w, g = cg.variable("w", (2,)), cg.variable("g", (2,))
    update = train.SGD(case["inputs"]["lr"]).updates([w], [g]).new[w]

    value = np.array(case["inputs"]["param0"])
    for gradient, expected in zip(case["inputs"]["grads"], case["expected"]["trajectory"], strict=True):
        value = cg.forward(update, w=value, g=gradient)[update]
        assert np.allclose(value, expected["param"], rtol=1e-12)


def test_the_whole_step_is_one_graph_with_the_updates_as_nodes() -> None:
    step = quick().step

    assert [step.name(n) for n in step.outputs] == ["L", "W[1]'", "b[1]'", "W[2]'", "b[2]'"]
    assert {"X", "Y", "z[1]", "a[1]", "z[2]", "η"} <= set(step.names)
    assert step["X"].shape == ("m", 2) and step["Y"].shape == ("m", 3)


def test_the_step_can_be_run_by_hand() -> None:
    data, model = blobs(), net()
    run = quick(model, data, epochs=1, batch_size=len(data.X))

    fwd = cg.forward(run.step, X=data.X, Y=data.Y)

    assert np.isclose(fwd["L"], run.history[0].loss, rtol=1e-12)
    assert np.allclose(fwd["W[1]'"], run.model.values["W[1]"], rtol=1e-12)


def test_the_model_that_is_handed_in_stays_as_it_is() -> None:
    model = net()
    before = {n: v.copy() for n, v in model.values.items()}

    run = quick(model)

    assert all(np.array_equal(before[n], model.values[n]) for n in before)
    assert not np.array_equal(run.model.values["W[1]"], before["W[1]"])


def test_the_data_may_change_afterwards() -> None:
    X, Y = (a.copy() for a in blobs())
    run = quick(data=(X, Y))
    X[:] = 0
    assert np.array_equal(run.model.values["W[1]"], quick().model.values["W[1]"])


def test_the_same_seed_gives_the_same_bits_and_another_seed_another_order() -> None:
    first, again, other = quick(seed=1), quick(seed=1), quick(seed=2)

    assert all(np.array_equal(v, again.model.values[n]) for n, v in first.model.values.items())
    assert first.history == again.history
    assert first.history != other.history


@pytest.mark.slow
def test_another_process_gives_the_same_bits() -> None:
    program = (
        "import cgraph as cg; from cgraph import nn, train\n"
        "run = train.fit(nn.MLP([2, 4, 1], 'tanh', seed=0), train.data.xor(), nn.sigmoid_cross_entropy_loss,"
        " train.SGD(1.0), 20, batch_size=3)\n"
        "print(run.history[-1].loss.hex())"
    )
    outputs = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout for _ in range(2)
    }
    assert len(outputs) == 1


def test_a_frozen_weight_is_not_trained() -> None:
    fixed = nn.Linear(cg.constant(np.eye(2), "W[1]"))
    model = nn.Sequential([fixed, nn.Linear.random(2, 3, layer=2, seed=0)])

    run = quick(model)

    assert np.array_equal(run.model.layers[0].W.value, np.eye(2))
    assert [p.name for p in run.model.parameters] == ["W[2]", "b[2]"]


def test_a_loss_may_leave_the_targets_out() -> None:
    model = nn.MLP([2, 2], seed=0)

    run = train.fit(model, blobs(), lambda output, _: nn.mse_loss(output, np.zeros(()) + 0 * output), train.SGD(0.1), 5)

    assert run.history[-1].loss < run.history[0].loss


# The devset and the progress -----------------------------------------------------------------------------------------
def test_the_history_has_the_metric_of_each_epoch_on_the_devset() -> None:
    dev = blobs(30, seed=9)

    run = quick(devset=dev, epochs=5, rate=0.5)

    assert [e.number for e in run.history] == [1, 2, 3, 4, 5]
    assert run.history[-1].metric == train.metrics.accuracy(train.predict(run.model, dev.X), dev.Y)


def test_a_metric_of_ones_own_is_used() -> None:
    run = quick(devset=blobs(30, seed=9), metric=lambda scores, targets: len(scores))
    assert [e.metric for e in run.history] == [30.0, 30.0]


def test_the_devset_does_not_change_the_training() -> None:
    with_dev, without = quick(devset=blobs(30, seed=9)), quick()
    assert all(np.array_equal(v, without.model.values[n]) for n, v in with_dev.model.values.items())
    assert without.history[0].metric is None


def test_progress_goes_to_stderr_and_only_when_it_is_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    quick(devset=blobs(30, seed=9))
    assert capfd.readouterr() == ("", "")

    run = quick(devset=blobs(30, seed=9), progress=True)

    out, err = capfd.readouterr()
    assert out == ""
    assert f"loss {run.history[-1].loss:.4f}, dev {run.history[-1].metric:.3f}" in " ".join(err.split())
    assert "2/2" in err


# Divergence ----------------------------------------------------------------------------------------------------------
def exploding(rate: float = 1e6, epochs: int = 50) -> train.DivergedError:
    model = nn.MLP([2, 4, 1], "relu", seed=0)
    data = blobs()
    with pytest.raises(TrainingError) as caught:
        train.fit(model, (data.X, data.Y[:, :1]), nn.mse_loss, train.SGD(rate), epochs, batch_size=9)
    assert isinstance(caught.value, train.DivergedError)
    return caught.value


def test_a_loss_that_is_no_number_stops_training_and_says_where_why_and_the_fix() -> None:
    error = exploding()

    assert error.what.startswith("training diverged in epoch 1, step ")
    assert "the first node with" in error.where and "test_train.py, line" in error.where
    assert "learning rate" in error.fix and "error.model" in error.fix
    assert error.why in str(error)


def test_the_error_carries_the_last_good_model() -> None:
    error = exploding()

    assert [p.name for p in error.model.parameters] == ["W[1]", "b[1]", "W[2]", "b[2]"]
    assert all(np.isfinite(v).all() for v in error.model.values.values())


def test_the_error_carries_the_epochs_that_were_finished() -> None:
    w = cg.parameter("W[1]", np.array([[1.0]]))
    data = np.ones((1, 1)), np.zeros((1, 1))
    with pytest.raises(train.DivergedError) as caught:
        train.fit(nn.Sequential([nn.Linear(w)]), data, nn.mse_loss, train.SGD(1e60), 50)

    # L = w², w' = (1 - 2e60) w: |w| is 2e60, 4e120, 8e180, whose square is too large for a float
    assert [e.number for e in caught.value.history] == [1, 2, 3]
    assert np.isclose(caught.value.model.values["W[1]"][0, 0], 4e120)


def test_the_first_node_that_is_not_finite_is_named() -> None:
    model = nn.Sequential([nn.Linear(cg.parameter("W[1]", [[1000.0]])), nn.Activation("exp")])
    data = np.ones((2, 1)), np.ones((2, 1))

    with pytest.raises(train.DivergedError, match=r"a\[1\] \(exp\), the first node with inf"):
        train.fit(model, data, nn.mse_loss, train.SGD(0.1), 1)


def test_a_finite_loss_with_an_update_that_is_not_stops_too() -> None:
    w = cg.parameter("W[1]", np.array([[1e150]]))  # the loss 1e300 is finite, the step 2e150 * 1e200 is not
    with pytest.raises(train.DivergedError, match="first node with") as caught:
        train.fit(
            nn.Sequential([nn.Linear(w)]),
            (np.ones((1, 1)), np.zeros((1, 1))),
            nn.mse_loss,
            train.SGD(1e200),
            1,
        )
    assert caught.value.model.values["W[1]"] == 1e150


# What is refused -----------------------------------------------------------------------------------------------------
GOOD = blobs()
NAN = GOOD.X.copy()
NAN[7, 1] = np.nan


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": (GOOD.X[:0], GOOD.Y[:0])}, "X of the training data has shape.*empty"),
        ({"data": (GOOD.X, GOOD.Y[:-1])}, "45 rows of X and 44 of Y"),
        ({"data": (GOOD.X[:, :1], GOOD.Y)}, r"the model does not take X \[m×1\].*W\[1\] \[2×4\].*as many columns"),
        ({"data": (NAN, GOOD.Y)}, r"X of the training data\[7, 1\] is nan"),
        ({"data": (GOOD.X, np.full((45, 3), np.inf))}, r"Y of the training data\[0, 0\] is inf"),
        ({"data": (GOOD.X, GOOD.Y.argmax(axis=1) * 1.0)}, r"Y of the training data has shape \[45\].*one_hot"),
        ({"data": (GOOD.X, GOOD.Y[:, :2])}, r"softmax_cross_entropy_loss of \[m×3\] and targets \[m×2\]"),
        ({"data": (GOOD.X.astype(str), GOOD.Y)}, "no array of real numbers"),
        ({"data": GOOD.X}, "the training data is a ndarray"),
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": 1.5}, r"epochs is 1\.5"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": True}, "batch_size is True"),
        ({"seed": None}, "the seed is None"),
        ({"devset": (GOOD.X[:, :1], GOOD.Y)}, r"X of the devset has shape \[45×1\].*\[45×2\]"),
        ({"devset": (GOOD.X, GOOD.Y[:, :2])}, r"Y of the devset has shape \[45×2\].*\[45×3\]"),
        ({"devset": (NAN, GOOD.Y)}, r"X of the devset\[7, 1\] is nan"),
        ({"model": nn.Sequential([nn.Activation("tanh")])}, "the model has no parameters"),
    ],
)
def test_bad_input_is_refused_before_training_with_the_fix(change: Values, message: str) -> None:
    with pytest.raises(CgraphError, match=message) as caught:
        quick(**change)
    assert caught.value.why and not isinstance(caught.value, TrainingError)


def test_a_loss_that_is_no_scalar_is_refused() -> None:
    with pytest.raises(GradientError, match="only a scalar has a gradient"):
        train.fit(net(), GOOD, cg.softmax_cross_entropy, train.SGD(0.1), 1)


@pytest.mark.parametrize("rate", [0, -0.1, float("nan"), float("inf"), "0.1", None, True])
def test_a_learning_rate_that_is_none_is_refused(rate: Any) -> None:
    with pytest.raises(ValueRefusedError, match=r"the learning rate is .*Fix: give a number above zero"):
        train.SGD(rate)


# Metrics -------------------------------------------------------------------------------------------------------------
def test_predict_is_the_models_output() -> None:
    model = net()
    W1, b1, W2, b2 = model.values.values()

    assert np.array_equal(train.predict(model, GOOD.X), np.tanh(GOOD.X @ W1 + b1) @ W2 + b2)


def test_predict_refuses_rows_of_another_width_and_no_rows() -> None:
    with pytest.raises(CgraphError, match=r"does not take X \[m×3\]"):
        train.predict(net(), np.ones((2, 3)))
    with pytest.raises(CgraphError, match=r"X has shape \[2\]"):
        train.predict(net(), np.ones(2))


# What it is all for --------------------------------------------------------------------------------------------------
def test_digits_are_learnt_to_95_in_100() -> None:
    digits = train.data.digits(0)
    run = train.fit(
        nn.MLP([64, 32, 10], "relu", seed=0),
        digits.train,
        nn.softmax_cross_entropy_loss,
        train.SGD(0.2),
        epochs=40,
        batch_size=25,
    )

    predicted = train.predict(run.model, digits.test.X).argmax(axis=1)
    assert sklearn.metrics.accuracy_score(digits.test.Y.argmax(axis=1), predicted) >= 0.95


@pytest.mark.parametrize("seed", sparse(range(20), 5))
def test_xor_is_learnt_without_errors_from_each_seed(seed: int) -> None:
    model = nn.MLP([2, 4, 1], "tanh", seed=seed)

    run = train.fit(model, XOR, nn.sigmoid_cross_entropy_loss, train.SGD(1.0), epochs=1000, batch_size=4, seed=seed)

    assert np.array_equal(train.predict(run.model, XOR.X) > 0, XOR.Y > 0.5)


def test_equal_units_stay_equal_which_is_why_weights_start_at_random() -> None:
    model = nn.MLP([2, 2, 1], "tanh", seed=0).with_values({"W[1]": np.full((2, 2), 0.5), "W[2]": np.ones((2, 1))})

    run = train.fit(model, XOR, nn.sigmoid_cross_entropy_loss, train.SGD(1.0), epochs=20, batch_size=4)

    W = run.model.values["W[1]"]
    assert np.array_equal(W[:, 0], W[:, 1]) and not np.array_equal(W, np.full((2, 2), 0.5))

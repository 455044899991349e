"""The program of a step: it owns the values, makes many steps a call, and says which step went wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trainings import blobs, net, quick

import cgraph as cg
from cgraph import nn, train
from cgraph.errors import CheckpointError, ValueRefusedError
from cgraph.train import step
from cgraph.train.files import container

BACKENDS = ["numpy", "native"]
GOOD = blobs()


def plain(data: Any = GOOD, epochs: int = 3, model: Any = None, **options: Any) -> Any:
    settings = {"batch_size": 7, "seed": 3, **options}
    return train.fit(model or net(), data, nn.softmax_cross_entropy_loss, train.SGD(0.1), epochs, **settings)


def assert_same(one: Any, other: Any) -> None:
    assert one.history == other.history
    assert all(np.array_equal(v, other.model.values[n]) for n, v in one.model.values.items())


def by_hand(model: Any, epochs: int, dtype: str = "float64") -> tuple[list[float], dict[str, Any]]:
    """Batches of 7 in the order that fit draws, tanh and softmax and their derivatives written out in NumPy."""
    W, b, U, c = (np.array(p.value, dtype) for p in model.parameters)
    order, losses = np.random.default_rng(3), []
    for _ in range(epochs):
        rows, total = order.permutation(60), 0.0
        for start in range(0, 60, 7):
            x, y = (a[rows[start : start + 7]].astype(dtype) for a in GOOD)
            h = np.tanh(x @ W + b)
            z = np.exp(h @ U + c)
            p = z / z.sum(axis=1, keepdims=True)
            total -= float(np.log((p * y).sum(axis=1)).sum())
            slope = (p - y) / np.asarray(len(x), dtype)
            back = (slope @ U.T) * (1 - h * h)
            rate = np.asarray(0.1, dtype)
            U, c = U - rate * (h.T @ slope), c - rate * slope.sum(axis=0)
            W, b = W - rate * (x.T @ back), b - rate * back.sum(axis=0)
        losses.append(total / 60)
    return losses, dict(zip((str(p.name) for p in model.parameters), (W, b, U, c), strict=True))


# What is computed ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-11), ("float32", 1e-4)])
def test_losses_and_parameters_are_those_of_steps_written_by_hand(dtype: str, rtol: float, backend: str) -> None:
    run = plain(epochs=4, backend=backend, dtype=dtype)
    losses, values = by_hand(net(), 4, dtype)
    np.testing.assert_allclose([e.loss for e in run.history], losses, rtol=rtol)
    for name, value in values.items():
        np.testing.assert_allclose(run.model.values[name], value, rtol=rtol, atol=rtol)


def test_float32_rounds_otherwise_than_float64_and_another_dtype_is_refused() -> None:
    single, double = plain(dtype="float32"), plain()
    assert single.history[-1].loss != double.history[-1].loss
    assert np.array_equal(single.model.values["W[1]"], single.model.values["W[1]"].astype("f"))
    with pytest.raises(ValueRefusedError, match="dtype='float16'"):
        plain(dtype="float16")
    with pytest.raises(ValueRefusedError, match=r"backend='gpu'.*auto, numpy, native"):
        plain(backend="gpu")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_how_many_steps_are_made_at_once_changes_no_bit(
    dropout: float, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = plain(model=net(dropout=dropout), backend=backend)
    monkeypatch.setattr(train.loop, "PACE", 1)
    monkeypatch.setattr(train.loop, "PART", 0.0)
    assert_same(plain(model=net(dropout=dropout), backend=backend), many)

    def one_by_one(rng: np.random.Generator) -> Any:
        rows = rng.permutation(60)
        return ((GOOD.X[rows[i : i + 7]], GOOD.Y[rows[i : i + 7]]) for i in range(0, 60, 7))

    assert_same(plain(one_by_one, model=net(dropout=dropout), backend=backend), many)


def test_an_epoch_is_a_few_calls_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = step.TrainingStep.many

    def counted(self: Any, rows: Any, stacks: Any) -> Any:
        calls.append(len(rows))
        return real(self, rows, stacks)

    monkeypatch.setattr(step.TrainingStep, "many", counted)
    monkeypatch.setattr(train.loop, "PART", 1e9)
    plain(batch_size=1, epochs=20)
    assert sum(calls) == 20 * 60 and len(calls) <= 2 * (4 + 19)


def calls_of(work: Callable[[], Any]) -> int:
    """How many functions of Python, and of C from Python, are called."""
    count = 0

    def watch(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(watch)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("metric", [train.metrics.accuracy, train.metrics.f1, train.metrics.perplexity])
def test_an_epoch_with_its_losses_and_metric_calls_no_function_for_each_example(
    metric: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train.loop, "PART", 1e9)

    def epochs(rows: int) -> Callable[[], Any]:
        X = np.random.default_rng(0).normal(size=(rows, 4))
        data = X, X[:, :3].argmax(axis=1)
        return lambda: plain(data, model=nn.MLP([4, 3], seed=0), batch_size=rows // 4, devset=data, metric=metric)

    few, many = epochs(40), epochs(1000)
    few()  # what is imported late is there now
    assert calls_of(many) < calls_of(few) + 200


def test_an_embedding_moves_as_in_a_dense_update() -> None:
    """The same model with its table read by a product with one-hot rows, whose gradient is dense."""
    rng = np.random.default_rng(0)
    ids, table = rng.integers(0, 9, (60, 2)), rng.normal(size=(9, 4))
    hot = train.data.one_hot_rows(ids.ravel(), 9).reshape(60, 2, 9)

    class Words(nn.Sequential):
        def with_values(self, values: Any) -> Any:
            return Words(super().with_values(values).layers)

        def __call__(self, x: cg.Node, /) -> cg.Node:
            E, U = self.parameters
            rows = x @ E if x.shape[-1] == 9 else cg.embedding(E, x)
            return rows.sum(axis=1) @ U

    model = Words([nn.Linear(cg.parameter("E", table)), nn.Linear(cg.parameter("U", rng.normal(size=(4, 3))))])
    sparse, dense = (plain((X, GOOD.Y), model=model, epochs=5) for X in (ids, hot))
    assert np.allclose([e.loss for e in sparse.history], [e.loss for e in dense.history], rtol=1e-12)
    assert np.allclose(sparse.model.values["E"], dense.model.values["E"], rtol=1e-10, atol=1e-12)
    assert not np.allclose(sparse.model.values["E"], table)


# What goes wrong -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("pace", [1, 6, 8])  # the seventh step is in a call of its own, begins one, is in the middle
def test_a_training_that_diverges_in_the_middle_of_a_call_keeps_the_last_good_values(
    pace: int, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L = w², w' = (1 - 2η) w: with η = 1e30 it is (-2e30)ᵏ after k steps, and its square is no float at k = 6."""
    monkeypatch.setattr(train.loop, "PACE", pace)
    model = nn.Sequential([nn.Linear(cg.parameter("W[1]", [[1.0]]))])
    data = np.ones((40, 1)), np.zeros((40, 1))
    with pytest.raises(train.DivergedError, match=r"epoch 1, step 7 .*the first node with inf") as caught:
        train.fit(model, data, nn.mse_loss, train.SGD(1e30), 2, batch_size=2, backend=backend)

    kept = caught.value.model.values["W[1]"]
    np.testing.assert_allclose(kept, [[-(2e30**5)]], rtol=1e-12)
    assert np.isfinite(kept**2).all() and model.values["W[1]"] == 1.0


@pytest.mark.parametrize("backend", BACKENDS)
def test_parameters_that_are_no_numbers_after_the_last_step_are_seen_without_a_next_loss(backend: str) -> None:
    """L = -1e300 w, w' = w + 1e300 η: one step makes w infinite, and there is no other."""
    model = nn.Sequential([nn.Linear(cg.parameter("w", [[1.0]]))])
    with pytest.raises(train.DivergedError, match="epoch 1, step 1 ") as caught:
        train.fit(model, ([[1.0]], [[0.0]]), lambda z, y: (z - y).sum() * -1e300, train.SGD(1e300), 1, backend=backend)
    assert caught.value.model.values["w"] == 1.0


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_value_that_is_refused_in_the_middle_of_a_call_names_its_step(backend: str) -> None:
    ids = np.zeros(60, int)
    ids[np.random.default_rng(3).permutation(60)[31]] = 9
    with pytest.raises(ValueRefusedError, match=r"in epoch 1, step 32: .*id 9 .*V = 3 rows"):
        plain((GOOD.X, ids), batch_size=1, backend=backend)


# Backends ------------------------------------------------------------------------------------------------------------
def test_c_is_chosen_for_long_epochs_and_numpy_for_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[str] = []
    real = step.TrainingStep.choose

    def watched(self: Any, *given: Any) -> None:
        real(self, *given)
        chosen.append(self.backend)

    monkeypatch.setattr(step.TrainingStep, "choose", watched)
    plain(epochs=1)
    monkeypatch.setattr(step, "WORTH_COMPILING", 1e-6)
    plain(epochs=1)
    plain(lambda rng: iter([GOOD]), epochs=1)  # nobody knows how many batches come
    plain(epochs=1, backend="numpy")
    monkeypatch.setattr(step, "compiler", lambda: None)
    plain(epochs=1)
    assert chosen == ["numpy", "native", "numpy", "numpy", "numpy"]


@pytest.mark.parametrize("streamed", [False, True])
def test_only_whole_batches_are_compiled_and_short_ones_move_the_same_parameters(
    streamed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sizes 7, ... and 4, and in a stream any other: one library, and the steps written by hand."""
    monkeypatch.setenv("CGRAPH_CACHE", str(tmp_path))

    def stream(rng: np.random.Generator) -> Any:
        rows = rng.permutation(60)
        return ((GOOD.X[rows[i : i + 7]], GOOD.Y[rows[i : i + 7]]) for i in range(0, 60, 7))

    run = plain(stream if streamed else GOOD, epochs=4, backend="native", **({"batch_size": 3} if streamed else {}))
    assert len(list(tmp_path.iterdir())) == 1
    losses, values = by_hand(net(), 4)
    np.testing.assert_allclose([e.loss for e in run.history], losses, rtol=1e-11)
    for name, value in values.items():
        np.testing.assert_allclose(run.model.values[name], value, rtol=1e-11, atol=1e-11)


def test_a_training_that_begins_again_at_a_short_batch_computes_it_as_before(tmp_path: Path) -> None:
    path = tmp_path / "training.npz"
    whole = plain(epochs=2, backend="native")

    def interrupt(epoch: Any, model: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plain(epochs=2, backend="native", checkpoint=path, every=8, callbacks=[interrupt])
    assert container.read(path, "training")[0]["place"][:2] == [1, 8]
    assert_same(plain(epochs=2, backend="native", checkpoint=path, every=8, resume=True), whole)


@pytest.mark.slow
def test_a_checkpoint_goes_on_with_the_backend_that_it_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "training.npz"
    quick(1, checkpoint=path, backend="native")
    assert container.read(path, "training")[0]["settings"]["backend"] == "native"

    assert_same(quick(4, checkpoint=path, resume=True), quick(4, backend="native"))  # auto alone would take numpy
    with pytest.raises(CheckpointError, match="is of another training: its backend is not the same"):
        quick(5, checkpoint=path, resume=True, backend="numpy")
    with pytest.raises(CheckpointError, match="is of another training: its dtype is not the same"):
        quick(5, checkpoint=path, resume=True, dtype="float32")


def test_a_training_in_float32_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    for backend in BACKENDS:
        path = tmp_path / f"{backend}.npz"
        quick(1, checkpoint=path, every=2, backend=backend, dtype="float32")
        again = quick(3, checkpoint=path, every=2, resume=True, dtype="float32")
        assert_same(again, quick(3, backend=backend, dtype="float32"))


def test_checkpoints_are_taken_in_time_and_written_when_the_next_step_was_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nine steps an epoch: every four of them and at each epoch's end, and written one step later."""
    done, seen = 0, []
    real = step.TrainingStep.many

    def counted(self: Any, rows: Any, stacks: Any) -> Any:
        nonlocal done
        done += len(rows)
        return real(self, rows, stacks)

    monkeypatch.setattr(step.TrainingStep, "many", counted)
    monkeypatch.setattr(
        train.files.checkpoint, "write", lambda path, kind, about, arrays: seen.append((*about["place"][:2], done))
    )
    plain(epochs=2, checkpoint=tmp_path / "t.npz", every=4)
    assert seen == [(1, 4, 5), (1, 8, 9), (2, 0, 10), (2, 3, 13), (2, 7, 17), (3, 0, 18)]
    seen.clear()
    plain(epochs=2, checkpoint=tmp_path / "t.npz")
    assert seen == [(2, 0, 18 + 10), (3, 0, 18 + 18)]

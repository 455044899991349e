"""What `fit` takes and does: ids, several inputs, streams, noise, early stopping, callbacks, search; and bad input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from project import cases
from trainings import blobs, net, quick

import cgraph as cg
from cgraph import nn, train
from cgraph.errors import CgraphError, MissingValueError, TrainingError, ValueRefusedError

CASES = cases()
GOOD = blobs()


def plain(data: Any = GOOD, epochs: int = 3, model: Any = None, **options: Any) -> Any:
    settings = {"batch_size": 7, "seed": 3, **options}
    return train.fit(model or net(), data, nn.softmax_cross_entropy_loss, train.SGD(0.1), epochs, **settings)


def assert_same(one: Any, other: Any) -> None:
    assert [e.loss for e in one.history] == [e.loss for e in other.history]
    assert all(np.array_equal(v, other.model.values[n]) for n, v in one.model.values.items())


class Handed:
    """What others' arrays have in common: NumPy can ask them for one of its own."""

    def __init__(self, array: Any) -> None:
        self._array = np.asarray(array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self._array, dtype)


@pytest.mark.parametrize("library", ["the array protocol", "torch", "jax.numpy"])
def test_arrays_of_others_are_trained_and_measured_on_as_numpys_are(library: str) -> None:
    if library == "the array protocol":
        given: Any = Handed
    else:
        module = pytest.importorskip(library, reason=f"{library} is not installed")
        given = module.asarray
    X, Y = np.asarray(GOOD[0], np.float32), GOOD[1]
    assert_same(plain((given(X), given(Y)), devset=(given(X), given(Y))), plain((X, Y), devset=(X, Y)))


# Models of our own ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Bag:
    """The mean of the embeddings of some ids, with a mask for padding, and a linear layer."""

    E: cg.Node
    W: cg.Node

    @property
    def parameters(self) -> tuple[cg.Node, ...]:
        return self.E, self.W

    @property
    def values(self) -> dict[str, Any]:
        return {str(p.name): p.value for p in self.parameters}

    def with_values(self, values: Mapping[str, Any]) -> Bag:
        return Bag(*(cg.parameter(str(p.name), values[str(p.name)]) for p in self.parameters))

    def __call__(self, ids: cg.Node, mask: cg.Node, /) -> cg.Node:
        return cg.mean_pool(cg.embedding(self.E, ids), mask) @ self.W


class Named(Bag):
    """The same, called with names."""

    def with_values(self, values: Mapping[str, Any]) -> Named:
        return Named(*(cg.parameter(str(p.name), values[str(p.name)]) for p in self.parameters))

    def __call__(self, mask: cg.Node, ids: cg.Node) -> cg.Node:  # type: ignore[override]
        return super().__call__(ids, mask)


def bag(kind: type[Bag] = Bag, words: int = 9) -> Bag:
    rng = np.random.default_rng(0)
    return kind(cg.parameter("E", rng.normal(size=(words, 4))), cg.parameter("W", rng.normal(size=(4, 3))))


RANDOM = np.random.default_rng(1)
WORDS = RANDOM.integers(0, 9, (30, 5))
MASK = (RANDOM.random((30, 5)) < 0.7).astype(float)
MASK[:, 0] = 1
CLASSES = (
    (train.data.one_hot_rows((WORDS % 3).ravel(), 3).reshape(30, 5, 3) * MASK[..., None]).sum(axis=1).argmax(axis=1)
)


def of_ids(logits: cg.Node, ids: cg.Node) -> cg.Node:
    return nn.softmax_cross_entropy_loss(logits, cg.one_hot(ids, classes=3))


def test_a_parameter_that_the_model_does_not_train_keeps_its_value_and_a_variable_without_one_is_named() -> None:
    scale, hole = cg.parameter("scale", 2.0), cg.variable("hole")

    def with_leaf(leaf: cg.Node) -> Any:
        return train.fit(
            net(),
            GOOD,
            lambda z, y: nn.softmax_cross_entropy_loss(z * leaf, y),
            train.SGD(0.1),
            2,
            batch_size=7,
            seed=3,
        )

    doubled = train.fit(
        net(), GOOD, lambda z, y: nn.softmax_cross_entropy_loss(z * 2.0, y), train.SGD(0.1), 2, batch_size=7, seed=3
    )
    assert_same(with_leaf(scale), doubled)
    with pytest.raises(MissingValueError, match="hole has no value"):
        with_leaf(hole)


# Data ----------------------------------------------------------------------------------------------------------------
def test_inputs_and_targets_may_be_ids_and_several() -> None:
    data = (WORDS, MASK), CLASSES
    run = train.fit(bag(), data, of_ids, train.Adam(0.05), 100, devset=data)

    assert run.history[0].metric < 0.9
    assert run.history[-1].metric == 1.0
    assert np.array_equal(train.predict(run.model, data[0]).argmax(axis=1), CLASSES)
    assert {"X[1]", "X[2]"} <= set(run.step.names)


def test_targets_may_be_class_ids_where_the_loss_takes_them() -> None:
    ids, hot = plain((GOOD.X, GOOD.Y.argmax(axis=1)), devset=(GOOD.X, GOOD.Y.argmax(axis=1))), plain(devset=GOOD)
    assert np.allclose([e.loss for e in ids.history], [e.loss for e in hot.history], rtol=1e-12)
    assert [e.metric for e in ids.history] == [e.metric for e in hot.history]
    with pytest.raises(CgraphError, match=r"mse_loss of \[m×3\] and targets \[m\]"):
        train.fit(net(), (GOOD.X, GOOD.Y.argmax(axis=1)), nn.mse_loss, train.SGD(0.1), 1)


def test_a_dict_of_inputs_is_given_by_name() -> None:
    tuples = train.fit(bag(), ((WORDS, MASK), CLASSES), of_ids, train.SGD(0.1), 2)
    names = train.fit(bag(Named), ({"ids": WORDS, "mask": MASK}, CLASSES), of_ids, train.SGD(0.1), 2)
    assert_same(tuples, names)
    assert np.array_equal(
        train.predict(names.model, {"mask": MASK, "ids": WORDS}), train.predict(tuples.model, (WORDS, MASK))
    )


def test_a_language_models_windows_are_ids_in_and_ids_out() -> None:
    tokens = np.tile(np.arange(6), 20)
    X, Y = np.stack([tokens[i : i - 3] for i in range(3)], axis=1), tokens[3:]
    E, W = (cg.parameter(n, np.random.default_rng(i).normal(size=s)) for i, (n, s) in enumerate(SHAPES.items()))

    @dataclass(frozen=True)
    class Windows:
        parameters: tuple[cg.Node, ...]

        def with_values(self, values: Mapping[str, Any]) -> Windows:
            return Windows(tuple(cg.parameter(n, values[n]) for n in SHAPES))

        def __call__(self, ids: cg.Node, /) -> cg.Node:
            table, weights = self.parameters
            return cg.embedding(table, ids).reshape("m", 12) @ weights

    def loss(logits: cg.Node, ids: cg.Node) -> cg.Node:
        return nn.softmax_cross_entropy_loss(logits, cg.one_hot(ids, classes=6))

    run = train.fit(Windows((E, W)), (X, Y), loss, train.Adam(0.05), 15, devset=(X, Y), metric=None)

    assert run.history[-1].metric is None
    assert np.isclose(run.history[-1].perplexity, train.metrics.perplexity(train.predict(run.model, X), Y), rtol=1e-12)
    assert run.history[-1].perplexity < 1.1 and run.history[0].perplexity > 3


SHAPES = {"E": (6, 4), "W": (12, 6)}


class Batches:
    """Batches of the blobs, which count how often they were asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, 60, 25):
            self.asked += 1
            yield GOOD.X[start : start + 25], GOOD.Y[start : start + 25]


def test_batches_come_from_a_function_an_iterable_or_an_iterator() -> None:
    """In the same order they train the same; the short last batch counts by its rows."""
    batches = Batches()
    run = plain(batches)
    assert batches.asked == 3 * 3 + 1  # and one that was looked at for its shapes
    assert_same(plain(lambda rng: Batches()), run)
    assert_same(plain(lambda rng: list(Batches())), run)
    assert_same(plain(iter(Batches()), epochs=1), plain(Batches(), epochs=1))

    losses, values = [], net()
    for X, Y in Batches():
        one = train.fit(values, (X, Y), nn.softmax_cross_entropy_loss, train.SGD(0.1), 1, batch_size=25)
        losses.append((one.history[0].loss, len(X)))
        values = one.model
    assert np.isclose(run.history[0].loss, sum(a * b for a, b in losses) / 60, rtol=1e-12)


def test_a_function_is_given_the_generator_so_that_the_seed_decides() -> None:
    def shuffled(rng: np.random.Generator) -> Iterator[Any]:
        order = rng.permutation(60)
        for start in range(0, 60, 7):
            rows = order[start : start + 7]
            yield GOOD.X[rows], GOOD.Y[rows]

    assert_same(plain(shuffled), plain())  # the order that fit itself draws


def test_only_the_batch_at_hand_need_be_in_memory() -> None:
    alive: list[Any] = []

    def batches(rng: np.random.Generator) -> Iterator[Any]:
        import weakref

        for _ in range(40):
            X = rng.normal(size=(5, 2))
            alive.append(weakref.ref(X))
            assert sum(ref() is not None for ref in alive) < 5
            yield X, train.data.one_hot_rows((X[:, 0] > 0).astype(int), 3)

    plain(batches, epochs=2)
    assert len(alive) == 81


# Noise ---------------------------------------------------------------------------------------------------------------
def test_masks_of_dropout_are_drawn_anew_in_each_step_and_are_off_on_the_devset() -> None:
    seen: list[Any] = []

    class Spy(nn.Sequential):
        @property
        def noise(self) -> Any:
            draw = super().noise["mask[1]"]

            def spied(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
                seen.append(draw(rng, shape))
                return seen[-1]

            return {"mask[1]": spied}

        def with_values(self, values: Mapping[str, Any]) -> Any:
            return Spy(super().with_values(values).layers)

    run = plain(model=Spy(net(dropout=0.4).layers), devset=GOOD)

    assert [len(mask) for mask in seen] == [7, 7, 7, 7, 7, 7, 7, 7, 4] * 3
    masks = np.concatenate(seen)
    assert masks.shape == (180, 5) and set(masks.ravel()) == {0.0, 1.0}
    assert abs(masks.mean() - 0.6) < 0.06 and not np.array_equal(seen[0], seen[1])
    assert run.history[-1].metric == train.metrics.accuracy(train.predict(run.model, GOOD.X), GOOD.Y)
    assert "mask[1]" in run.step


def test_dropout_leaves_the_order_of_the_data_as_it_is_and_the_seed_decides_both() -> None:
    assert_same(plain(model=net(dropout=0.4)), plain(model=net(dropout=0.4)))
    assert [e.loss for e in plain(model=net(dropout=0.4)).history] != [e.loss for e in plain().history]
    assert_same(plain(model=net(dropout=0.0)), plain())


# Early stopping, callbacks -------------------------------------------------------------------------------------------
def test_early_stopping_keeps_the_model_of_the_best_epoch() -> None:
    few, dev = blobs(9, seed=2), blobs(60, seed=8)
    every: list[Any] = []
    run = quick(
        200, data=few, devset=dev, patience=4, optimizer=train.SGD(1.0), callbacks=[lambda e, m: every.append(m)]
    )

    losses = [e.dev_loss for e in run.history]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + 4 < 200
    assert run.kept == run.history[best]
    assert all(np.array_equal(v, every[best].values[n]) for n, v in run.model.values.items())
    assert not np.array_equal(run.model.values["W[1]"], every[-1].values["W[1]"])


def test_the_loss_on_the_devset_is_the_loss_of_the_model_there(monkeypatch: pytest.MonkeyPatch) -> None:
    dev = blobs(50, 8)
    monkeypatch.setattr(train.evaluation, "ROWS", 16)  # so that it is measured in four parts
    run = quick(2, devset=dev)
    output = cg.constant(train.predict(run.model, dev.X))
    want = cg.forward(nn.softmax_cross_entropy_loss(output, dev.Y))["L"]
    assert np.isclose(run.history[-1].dev_loss, want, rtol=1e-12)
    assert run.history[-1].metric == train.metrics.accuracy(train.predict(run.model, dev.X), dev.Y)


def test_evaluation_of_a_test_set_is_that_of_the_devset() -> None:
    dev = blobs(50, 8)
    run = quick(2, devset=dev)
    score = train.evaluate(run.model, dev, nn.softmax_cross_entropy_loss)
    assert (score.loss, score.metric) == (run.kept.dev_loss, run.kept.metric)
    assert np.isclose(score.perplexity, train.metrics.perplexity(train.predict(run.model, dev.X), dev.Y), rtol=1e-12)
    assert train.evaluate(run.model, dev, nn.softmax_cross_entropy_loss, metric=None).metric is None
    with pytest.raises(CgraphError, match=r"X of the data\[5, 0\] is nan"):
        train.evaluate(run.model, (NAN, GOOD.Y), nn.softmax_cross_entropy_loss)


def test_the_bar_moves_inside_an_epoch_and_says_the_loss_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    class Recorder:
        def __init__(self) -> None:
            self.seen: list[Any] = []

        def add_task(self, description: str, total: int) -> int:
            return 0

        def update(self, task: int, completed: float, description: str) -> None:
            self.seen.append((completed, description))

    monkeypatch.setattr(train.progress, "PAUSE", 0.0)
    recorder = Recorder()
    bar = train.progress.Bar(recorder, 3)
    bar.step(1, 5, 20, 0.5)
    bar.epoch(train.Epoch(1, 0.25, 0.9))
    bar.step(2, 10, 20, 0.125)
    bar.step(2, 11, None, 0.125)  # a stream whose length nobody knows yet
    assert recorder.seen == [
        (0.25, "loss 0.5000"),
        (1, "loss 0.2500, dev 0.900"),
        (1.5, "loss 0.1250, dev 0.900"),
        (1.0, "loss 0.1250, dev 0.900"),
    ]


def test_each_callback_is_told_of_each_epoch_and_may_stop_the_training() -> None:
    first: list[int] = []
    told: list[Any] = []

    run = plain(
        epochs=9, callbacks=[lambda e, m: e.number == 3, lambda e, m: first.append(e.number), lambda *a: told.append(a)]
    )

    assert first == [1, 2, 3] and [e for e, _ in told] == list(run.history)
    assert all(np.array_equal(v, told[-1][1].values[n]) for n, v in run.model.values.items())


# Search --------------------------------------------------------------------------------------------------------------
def test_the_learning_rate_of_the_chapters_case_is_chosen_on_its_devset() -> None:
    case = CASES["c70-devset-tuning"]
    given = {k: np.array(v, float).reshape(-1, 1) for k, v in case["inputs"].items() if k.endswith(("_x", "_y"))}

    def run(eta: float) -> Any:
        unit = nn.Sequential([nn.Linear(cg.parameter("w", [[0.0]]), cg.parameter("b", [0.0]))])
        data, dev = (given["train_x"], given["train_y"]), (given["dev_x"], given["dev_y"])
        return train.fit(unit, data, nn.sigmoid_cross_entropy_loss, train.SGD(eta), case["inputs"]["steps"], devset=dev)

    found = train.search({"eta": case["inputs"]["etas"]}, run)

    assert found.best.settings == {"eta": case["expected"]["best_eta"]}
    for trial, want in zip(found.trials, case["expected"]["results"], strict=True):
        assert trial.settings["eta"] == want["eta"]
        assert np.isclose(trial.dev_loss, want["dev_loss"], rtol=1e-10, atol=1e-12)
        assert np.isclose(trial.run.model.values["w"][0, 0], want["w"], rtol=1e-10, atol=1e-12)


def test_every_combination_is_tried_in_order_and_the_first_of_equals_wins() -> None:
    found = train.search({"a": [2, 1], "b": "xy"}, lambda a, b: float(a))
    assert [(t.settings["a"], t.settings["b"]) for t in found.trials] == [(2, "x"), (2, "y"), (1, "x"), (1, "y")]
    assert found.best is found.trials[2]
    assert str(found).splitlines()[1].split() == ["1", "a=1,", "b='x'"]


def test_a_trial_that_diverges_loses_and_when_all_do_it_is_an_error() -> None:
    def run(rate: float) -> Any:
        model, data = nn.MLP([2, 1], seed=0), (1e3 * GOOD.X, GOOD.Y[:, :1])
        return train.fit(model, data, nn.mse_loss, train.SGD(rate), 40, devset=data)

    found = train.search({"rate": [1e3, 1e-9]}, run)
    assert isinstance(found.trials[0].error, train.DivergedError) and found.best.settings == {"rate": 1e-9}
    with pytest.raises(TrainingError, match=r"none of the 1 trials.*smaller learning rates"):
        _ = train.search({"rate": [1e3]}, run).best


@pytest.mark.parametrize(
    ("grid", "run", "message"),
    [
        ({}, lambda: 0.0, "the grid has no values"),
        ({"a": [1], "b": []}, lambda a, b: 0.0, "the grid has no values for 'b'"),
        ({"a": [1]}, lambda a: plain(epochs=1), "has no loss on a devset"),
        ({"a": [1]}, lambda a: None, r"the run of \{'a': 1\} has no loss on a devset"),
    ],
)
def test_a_search_without_anything_to_choose_is_refused(grid: Any, run: Any, message: str) -> None:
    with pytest.raises(ValueRefusedError, match=message):
        train.search(grid, run)


# Bad input -----------------------------------------------------------------------------------------------------------
def stream(*parts: Any) -> Any:
    return lambda rng: iter(parts)


NAN = GOOD.X.copy()
NAN[5, 0] = np.nan


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": stream()}, r"the training data gives no batches: it is empty"),
        ({"data": stream((GOOD.X[:0], GOOD.Y[:0]))}, "X of batch 1 of the training data has shape.*it is empty"),
        ({"data": stream(GOOD, (GOOD.X[:0], GOOD.Y[:0]))}, "X of batch 2 of the training data has shape.*it is empty"),
        ({"data": stream(GOOD, (NAN, GOOD.Y))}, r"X of batch 2 of the training data\[5, 0\] is nan"),
        ({"data": stream(GOOD, (GOOD.X[:, :1], GOOD.Y))}, r"X of batch 2 has shape \[60×1\].*\[60×2\]"),
        ({"data": stream(GOOD, (GOOD.X, GOOD.Y[:, :2]))}, r"Y of batch 2 has shape \[60×2\].*\[60×3\]"),
        ({"data": stream(GOOD, GOOD.X)}, "batch 2 of the training data is a ndarray"),
        ({"data": stream(GOOD, ((GOOD.X,), GOOD.Y))}, r"batch 2 has the inputs X\[1\].*has X"),
        ({"data": iter([GOOD])}, "gives no batches any more.*Fix: give a function of a generator"),
        ({"data": ((GOOD.X, GOOD.X[:-1]), GOOD.Y)}, "the arrays of X of the training data have 60, 59 rows"),
        ({"data": ((), GOOD.Y)}, "X of the training data is an empty tuple"),
        ({"data": ({"x": NAN}, GOOD.Y)}, r"X of the training data\['x'\]\[5, 0\] is nan"),
        ({"data": 5}, "the training data is a int"),
        ({"devset": (GOOD.X[:, :1], GOOD.Y)}, r"X of the devset has shape \[60×1\]"),
        ({"devset": (NAN, GOOD.Y)}, r"X of the devset\[5, 0\] is nan"),
        ({"devset": ({"x": GOOD.X}, GOOD.Y)}, "the devset has the inputs x"),
        ({"devset": (GOOD.X[:0], GOOD.Y[:0])}, "X of the devset has shape.*it is empty"),
        ({"patience": 2}, "patience without a devset"),
        ({"patience": 0, "devset": GOOD}, "patience is 0"),
    ],
)
def test_bad_data_is_refused_with_its_place_and_the_fix(change: dict[str, Any], message: str) -> None:
    with pytest.raises(CgraphError, match=message) as caught:
        plain(**change)
    assert caught.value.why and caught.value.fix and not isinstance(caught.value, TrainingError)


@pytest.mark.parametrize("wrong", [9, -1])
def test_an_id_out_of_range_names_the_step_and_the_vocabulary(wrong: int) -> None:
    ids = WORDS.copy()
    ids[17, 2] = wrong
    with pytest.raises(ValueRefusedError, match=rf"in epoch 1, step \d: .*id {wrong} at position .*V = 9 rows"):
        train.fit(bag(), ((ids, MASK), CLASSES), of_ids, train.SGD(0.1), 1, batch_size=8)


def test_a_class_out_of_range_is_refused() -> None:
    with pytest.raises(ValueRefusedError, match=r"in epoch 1, step \d: .*id 3"):
        train.fit(bag(), ((WORDS, MASK), CLASSES + 1), of_ids, train.SGD(0.1), 1, batch_size=8)


def test_data_of_one_class_only_is_learnt_and_measured() -> None:
    data = GOOD.X, train.data.one_hot_rows(np.full(60, 1), 3)
    run = plain(data, epochs=20, devset=data)
    assert run.history[-1].metric == 1.0 and run.history[-1].loss < 0.1
    assert train.metrics.precision(train.predict(run.model, GOOD.X), data[1], None).tolist() == [0.0, 1.0, 0.0]


def test_a_constant_feature_acts_as_a_second_bias_and_a_zero_one_as_nothing() -> None:
    """Its column moves as the bias does: dL/dw = c · dL/db."""
    ones, zeros = (np.column_stack([GOOD.X, np.full(60, c)]) for c in (1.0, 0.0))
    model = nn.MLP([3, 3], seed=0)
    run = plain((ones, GOOD.Y), model=model)
    moved = {n: v - model.values[n] for n, v in run.model.values.items()}
    assert np.allclose(moved["W[1]"][2], moved["b[1]"], rtol=1e-12, atol=1e-15) and np.abs(moved["b[1]"]).min() > 1e-4

    silent = plain((zeros, GOOD.Y), model=model).model.values
    assert np.array_equal(silent["W[1]"][2], model.values["W[1]"][2])


def test_a_learning_rate_that_is_too_large_names_the_first_node_that_was_no_number() -> None:
    with pytest.raises(train.DivergedError, match=r"training diverged in epoch \d+, step \d+ .*the first node with"):
        train.fit(net(), (1e200 * GOOD.X, 1e3 * GOOD.Y), nn.mse_loss, train.SGD(1e300), 5)

"""Embeddings in the numpy backend: rows taken into a buffer, padding left out, sums over words as products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from compiled import compare_steps

import cgraph as cg
from cgraph import nn, train
from cgraph.errors import ValueRefusedError

V, WIDTH = 11, 9
RNG = np.random.default_rng(8)
TABLE = RNG.standard_normal((V, WIDTH))
IDS = [
    [[1, 2, 0], [3, 3, 3], [4, 0, 0], [1, 1, 10]],
    [[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]],
    [[10, 9, 8], [7, 6, 5], [4, 3, 2], [1, 1, 1]],
]
FEEDS = [{"X": np.array(ids)} for ids in IDS]


def pooled(E: cg.Node, X: cg.Node) -> cg.Node:
    return cg.mean_pool(cg.embedding(E, X), cg.not_equal(X, 0))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_words_of_padding_change_nothing_and_the_others_move_as_in_the_plain_pass(dtype: str) -> None:
    E, X = cg.parameter("E", TABLE), cg.variable("X", ("m", 3))
    loss = cg.sum(cg.tanh(pooled(E, X)) ** 2)
    program = compare_steps([loss], {E: E - 0.3 * cg.grad(loss, E)}, [*FEEDS, {"X": np.array([[5, 0, 0]])}], dtype)
    assert [u.kind for u in program.plan.updates] == ["rows"]
    update = next(line for line in program.source.splitlines() if line.startswith("E["))
    assert update.count(" * ") == 2  # factor * rows * shares
    np.testing.assert_array_equal(program.value(E)[0], TABLE[0].astype(dtype))


@pytest.mark.parametrize("factor", [1.0, -0.25])
@pytest.mark.parametrize("shape", [(4, 3, 1), (1, 3, 1), (4, 1, 1), (3, 1), (4, 3, WIDTH), (1, 1, WIDTH), (1, 1, 1)])
@pytest.mark.parametrize("axis", [1, (0, 1), 2])
def test_shares_that_are_other_numbers_than_0_and_1(axis: Any, shape: tuple[int, ...], factor: float) -> None:
    E, X, S = cg.parameter("E", TABLE), cg.variable("X", (4, 3)), cg.variable("S", shape)
    loss = cg.sum(cg.sin(cg.sum(cg.embedding(E, X) * S, axis=axis)))
    shares = np.resize([0.5, 0, 2, 1, 1, 1, 0, 0, 0, -1, 3, 1e-3], shape)
    updates = {E: E + factor * cg.grad(loss, E)}
    program = compare_steps([loss], updates, [{**feed, "S": shares} for feed in FEEDS], "float64")
    assert [u.kind for u in program.plan.updates] == ["rows"]


def test_a_gradient_that_is_no_number_reaches_the_rows_that_it_reaches_in_the_plain_pass() -> None:
    for bad in (np.inf, np.nan):
        E, X = cg.parameter("E", TABLE), cg.variable("X", (2, 2))
        S, w = cg.variable("S", (2, 2, 1)), cg.variable("w", (2, 1))
        loss = cg.sum(cg.sum(cg.embedding(E, X) * S, axis=1) * w)
        gradient = cg.grad(loss, E)
        feed = {"X": [[1, 2], [3, 4]], "S": [[[1.0], [0.0]], [[1.0], [1.0]]], "w": [[bad], [1.0]]}
        program = cg.compile([], inputs=[X, S, w], updates={E: E - gradient}, backend="numpy")
        program(feed)
        np.testing.assert_array_equal(program.value(E), _plain(E, gradient, feed))


def _plain(E: cg.Node, gradient: cg.Node, feed: Any) -> Any:
    new = E - gradient
    return cg.forward(new, feed)[new]


@pytest.mark.parametrize("rows", [3, 70_000])
def test_tables_of_few_and_of_many_rows(rows: int) -> None:
    ids = np.array([[1, 65_537, 1], [65_537, 1, rows - 2]]) % rows  # which have the same last sixteen bits
    E, X = cg.parameter("E", np.random.default_rng(0).standard_normal((rows, 2))), cg.variable("X", (2, 3))
    for loss in (cg.sum(cg.tanh(cg.embedding(E, X))), cg.sum(cg.tanh(pooled(E, X)))):
        program = compare_steps([loss], {E: E - 0.5 * cg.grad(loss, E)}, [{"X": ids}] * 2, "float64")
        assert [u.kind for u in program.plan.updates] == ["rows"]


def test_other_uses_of_the_rows_are_computed_as_before() -> None:
    E, X = cg.parameter("E", TABLE), cg.variable("X", (4, 3))
    loss = cg.sum(cg.tanh(pooled(E, X)) ** 2)
    g = cg.grad(loss, E)
    momentum = dict(train.Momentum(0.1).updates([E], [g]).new)
    decayed, clipped = {E: E - 0.1 * (g + 0.01 * E)}, {E: E - 0.1 * g / (1 + cg.sum(g * g))}
    for updates in (momentum, decayed, clipped):
        compare_steps([loss], updates, FEEDS, "float64")
    compare_steps([loss, g], {E: E - 0.1 * g}, FEEDS, "float64")


@pytest.mark.parametrize("wrong", [V, -1, 0.5])
def test_a_wrong_id_is_refused_and_nothing_has_changed(wrong: float) -> None:
    E, X = cg.parameter("E", TABLE), cg.variable("X", (4, 3))
    loss = cg.sum(cg.tanh(pooled(E, X)) ** 2)
    program = cg.compile(loss, updates={E: E - 0.1 * cg.grad(loss, E)}, backend="numpy")
    ids = np.array(IDS[0], float)
    ids[2, 1] = wrong
    with pytest.raises(ValueRefusedError, match="there are V = 11 rows"):
        program(X=ids)
    np.testing.assert_array_equal(program.value(E), TABLE)


def test_ids_that_are_computed_are_kept_until_the_update_and_refused_when_they_are_none() -> None:
    E, X = cg.parameter("E", TABLE), cg.variable("X", (4, 3))
    loss = cg.sum(cg.tanh(pooled(E, cg.relu(X - 1))) ** 2)
    updates = {E: E - 0.3 * cg.grad(loss, E)}
    program = compare_steps([loss], updates, FEEDS[::2], "float64")
    assert [u.kind for u in program.plan.updates] == ["rows"]
    before = program.value(E)
    for wrong in (V + 1, 1.5):
        with pytest.raises(ValueRefusedError, match="there are V = 11 rows"):
            program(X=np.full((4, 3), wrong))
    np.testing.assert_array_equal(program.value(E), before)


def test_rows_that_are_only_read_have_their_ids_checked_too() -> None:
    E, X = cg.variable("E", (V, WIDTH)), cg.variable("X", (2,))
    program = cg.compile(cg.take(E, cg.relu(X - 1)), backend="numpy")
    np.testing.assert_array_equal(program(E=TABLE, X=[0, 3])[0], TABLE[[0, 2]])
    with pytest.raises(ValueRefusedError, match="there are V = 11 rows"):
        program(E=TABLE, X=[0, V + 1])


def test_columns_are_updated_as_in_the_plain_pass() -> None:
    E, X = cg.parameter("E", TABLE[:, :V]), cg.variable("X", (4, 3))
    loss = cg.sum(cg.tanh(cg.sum(cg.take(E, cg.minimum(X, 8), axis=1), axis=2)))
    program = compare_steps([loss], {E: E - 0.3 * cg.grad(loss, E)}, FEEDS, "float64")
    assert [u.kind for u in program.plan.updates] == ["op"]


@pytest.mark.parametrize("shape", [(5,), (5, 2), (5, 2, 3)])
def test_rows_are_taken_by_ids_of_any_shape(shape: tuple[int, ...]) -> None:
    for ids in ((), (4,), (2, 3), (2, 0)):
        x, i = cg.variable("x", shape), cg.variable("i", ids)
        feed = {"x": RNG.standard_normal(shape), "i": RNG.integers(0, 5, ids)}
        outputs = [cg.take(x, i), cg.take(cg.exp(x).T, cg.not_equal(i, 2)) if len(shape) == 2 else x]
        compare_steps(outputs, {}, [feed] * 2, "float64")


@pytest.mark.parametrize("shape", [(4, 3, 9), (4, 1, 9), (1, 3, 2), (4, 0, 9), (0, 3, 9)])
def test_sums_over_the_middle(shape: tuple[int, ...]) -> None:
    x = cg.variable("x", shape)
    value = RNG.standard_normal(shape)
    for outputs in (
        [cg.sum(x, axis=1)],
        [cg.sum(x, axis=1, keepdims=True) * 2],
        [cg.sum(cg.exp(x).T, axis=1)],
        [cg.sum(x, axis=a) for a in (0, 2, (0, 1))],
    ):
        compare_steps(outputs, {}, [{"x": value}] * 2, "float64")
    if value.size:
        value[0, 0, 0] = np.nan
        compare_steps([cg.sum(x, axis=1)], {}, [{"x": value}], "float64")


def test_choices_may_be_written_over_what_they_choose_from() -> None:
    x, y, c = cg.variable("x", (4, 3)), cg.variable("y", (4, 3)), cg.variable("c", (4, 1))
    feed = {"x": RNG.standard_normal((4, 3)), "y": RNG.standard_normal((4, 3)), "c": [[0.0], [1], [np.nan], [-2]]}
    a, b = cg.exp(x), cg.sin(y)
    choices = {
        "x": cg.where(c, a, 0.0),
        "y": cg.where(c, 0.0, b),
        "rows": cg.where(cg.exp(c) > 2, cg.exp(x), y[0]),
        "both": cg.where(x, cg.exp(x), cg.sin(y)),
        "itself": cg.where(cg.relu(x), cg.relu(x), 7.0),
        "condition": cg.where(cg.relu(x), 5.0, y),
        "one": cg.where(cg.relu(x - 0.1), x, cg.relu(x - 0.1)),
        "of a number": cg.where(c[0, 0], cg.exp(x), 1.5),
    }
    for node in choices.values():
        own = {leaf.name: feed[str(leaf.name)] for leaf in cg.Graph(node).inputs}
        compare_steps([node], {}, [own] * 2, "float64")
    compare_steps(list(choices.values()), {}, [feed] * 2, "float64")


def test_a_pooled_classifier_trains_as_by_passes() -> None:
    E = nn.Embedding.random(V, WIDTH, seed=0)
    model = nn.language.PooledClassifier.random(E, hidden=4, classes=2, seed=0, activation="relu", padding=0)
    X, Y = cg.variable("X", (4, 3)), cg.variable("Y", (4,))
    loss = nn.softmax_cross_entropy_loss(model(X), Y)
    updates = dict(train.SGD(0.5).updates(model.parameters, cg.grad(loss, model.parameters)).new)
    feeds = [{**feed, "Y": np.array([0, 1, 1, 0])} for feed in FEEDS]
    for dtype in ("float64", "float32"):
        compare_steps([loss], updates, feeds, dtype)


def test_classes_are_picked_from_columns_too() -> None:
    z, Y = cg.variable("z", (3, 4)), cg.variable("Y", (4,))
    loss = nn.softmax_cross_entropy_loss(z.T, Y)
    feeds = [{"z": RNG.standard_normal((3, 4)), "Y": RNG.integers(0, 3, 4)} for _ in range(3)]
    program = compare_steps([loss, cg.grad(loss, z)], {}, feeds, "float64")
    assert "picked(z.transpose" in program.source

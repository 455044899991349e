"""Updates of the rows that were used, and losses of class ids, in compiled programs: beside dense ones in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph.errors import ValueRefusedError

BACKENDS = ["numpy", "native"]
ROWS, WIDTH = 7, 3
RNG = np.random.default_rng(0)
TABLE, WEIGHT = RNG.normal(size=(ROWS, WIDTH)), RNG.normal(size=(2, 4, WIDTH))


def one_hot_gradient(ids: Any) -> Any:
    """The dense gradient of sum(weight · E[ids]) with respect to E, by a product with one-hot rows."""
    return np.einsum("mkv,mkd->vd", np.eye(ROWS)[np.asarray(ids, int)], WEIGHT)


IDS = {
    "different": [[0, 1, 2, 3], [4, 5, 6, 0]],
    "repeated": [[1, 1, 5, 1], [5, 2, 1, 2]],
    "all equal": [[3, 3, 3, 3], [3, 3, 3, 3]],
    "first and last": [[0, 6, 0, 6], [6, 6, 0, 0]],
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("ids", IDS.values(), ids=IDS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_that_were_used_move_as_in_a_dense_update(ids: Any, backend: str, dtype: str) -> None:
    E, X = cg.parameter("E", TABLE), cg.variable("X", (2, 4))
    loss = (cg.embedding(E, X) * cg.constant(WEIGHT)).sum()
    program = cg.compile(loss, updates={E: E - 0.5 * cg.grad(loss, E)}, backend=backend, dtype=dtype)

    for _ in range(3):
        program(X=ids)

    assert [u.kind for u in program.plan.updates] == ["rows"]
    np.testing.assert_allclose(
        program.value(E), TABLE - 1.5 * one_hot_gradient(ids), rtol=1e-12 if dtype == "float64" else 1e-5, atol=1e-6
    )
    untouched = sorted(set(range(ROWS)) - set(np.ravel(ids)))
    np.testing.assert_array_equal(program.value(E)[untouched], TABLE.astype(dtype)[untouched])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_rate_that_is_computed_and_an_added_gradient_touch_only_the_rows_too(backend: str) -> None:
    E, X, rate = cg.parameter("E", TABLE), cg.variable("X", (2, 4)), cg.parameter("rate", 0.5)
    gradient = cg.grad((cg.embedding(E, X) * cg.constant(WEIGHT)).sum(), E)
    falling = cg.compile([], updates={E: E - rate * gradient, rate: rate / 2}, inputs=[X], backend=backend)
    rising = cg.compile([], updates={E: gradient + E}, inputs=[X], backend=backend)
    for ids in IDS.values():
        falling(X=ids)
        rising(X=ids)

    assert falling.plan.updates[0].kind == rising.plan.updates[0].kind == "rows"
    slopes = [one_hot_gradient(ids) for ids in IDS.values()]
    np.testing.assert_allclose(falling.value(E), TABLE - sum(0.5**k * g for k, g in enumerate(slopes, 1)), rtol=1e-12)
    np.testing.assert_allclose(rising.value(E), TABLE + sum(slopes), rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("ids", IDS.values(), ids=IDS)
@pytest.mark.parametrize("padding", [None, 1])
def test_a_table_that_is_read_several_times_moves_in_one_update_of_rows(
    ids: Any, padding: int | None, backend: str
) -> None:
    """Its columns of ids picked one by one, with factors of their own, and all of them once more."""
    E, X = cg.parameter("E", TABLE), cg.variable("X", (2, 4))
    factors = [1.0, -1.0, 3.0, 0.5]
    parts = [f * cg.embedding(E, X[:, k], padding=padding) * cg.constant(WEIGHT[:, k]) for k, f in enumerate(factors)]
    loss = parts[0].sum() + parts[1].sum() + (parts[2] + parts[3]).sum()
    loss = loss + (cg.embedding(E, X, padding=padding) * cg.constant(WEIGHT)).sum() / 4
    gradient = cg.grad(loss, E)
    program = cg.compile(loss, updates={E: E - 0.5 * gradient}, backend=backend)
    shown = cg.compile([gradient, cg.grad(parts[1].sum(), E)], backend=backend)(X=ids)
    program(X=ids)

    real = np.not_equal(ids, -1 if padding is None else padding)
    weight = WEIGHT * (np.array(factors) + 0.25)[:, None] * real[..., None]
    dense = np.einsum("mkv,mkd->vd", np.eye(ROWS)[np.asarray(ids)], weight)
    np.testing.assert_allclose(program.value(E), TABLE - 0.5 * dense, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(shown[0], dense, rtol=1e-12, atol=1e-14)
    second = -np.einsum("mv,md->vd", np.eye(ROWS)[np.asarray(ids)[:, 1]], WEIGHT[:, 1] * real[:, 1, None])
    np.testing.assert_allclose(shown[1], second, rtol=1e-12, atol=1e-14)
    assert [u.kind for u in program.plan.updates] == ["rows"]
    (joined,) = [v for v in program.plan.values if v.name == "scatter_add"]
    assert program.plan.values[joined.operands[0]].shape == (16, WIDTH)


@pytest.mark.parametrize("backend", BACKENDS)
def test_tables_that_differ_and_columns_that_are_picked_are_not_joined(backend: str) -> None:
    E, F, X = cg.parameter("E", TABLE), cg.parameter("F", TABLE), cg.variable("X", (2, 4))
    square, S = cg.parameter("S", np.eye(ROWS)), cg.variable("S ids", (3,))
    loss = (cg.embedding(E, X) * cg.embedding(F, X)).sum() + (cg.take(square, S, axis=1) * cg.take(square, S).T).sum()
    feed: dict[Any, Any] = {X: IDS["repeated"], S: [0, 2, 2]}
    fwd, wrt = cg.forward(loss, feed), [E, F, square]
    want = cg.backward(fwd)
    got = cg.compile(cg.grad(loss, wrt), backend=backend)(feed)
    for leaf, found in zip(wrt, got, strict=True):
        np.testing.assert_allclose(found, want.gradient[leaf], rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", ["read elsewhere", "decayed", "an output", "an output as it is"])
def test_an_update_that_is_more_than_rows_stays_dense(kind: str, backend: str) -> None:
    E, X = cg.parameter("E", TABLE), cg.variable("X", (2, 4))
    gradient = cg.grad((cg.embedding(E, X) * cg.constant(WEIGHT)).sum(), E)
    outputs = [(gradient * gradient).sum()] if kind == "read elsewhere" else [] if kind == "decayed" else [gradient]
    rate = 1.0 if kind == "an output as it is" else 0.5
    g = gradient + 0.25 * E if kind == "decayed" else gradient
    program = cg.compile(outputs, updates={E: E - rate * g}, inputs=[X], backend=backend)
    program(X=IDS["repeated"])

    assert "rows" not in [u.kind for u in program.plan.updates]
    dense = one_hot_gradient(IDS["repeated"]) + (0.25 * TABLE if kind == "decayed" else 0)
    np.testing.assert_allclose(program.value(E), TABLE - rate * dense, rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_rows_are_made_from_old_values_of_what_else_is_updated(backend: str) -> None:
    E, w, X = cg.parameter("E", TABLE), cg.parameter("w", WEIGHT), cg.variable("X", (2, 4))
    loss = (cg.embedding(E, X) * w).sum()
    slope, other = cg.grad(loss, [E, w])
    program = cg.compile(loss, updates={w: w - other, E: E - slope}, backend=backend)
    ids = IDS["repeated"]
    program(X=ids)

    np.testing.assert_allclose(program.value(E), TABLE - one_hot_gradient(ids), rtol=1e-12)
    np.testing.assert_allclose(program.value(w), WEIGHT - TABLE[np.array(ids)], rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("wrong", [7.0, -1.0, 0.5, np.nan])
def test_a_wrong_id_is_refused_before_anything_is_updated(wrong: float, backend: str) -> None:
    E, b, X = cg.parameter("E", TABLE), cg.parameter("b", 1.0), cg.variable("X", (2, 4))
    gradient = cg.grad((cg.embedding(E, X) * cg.constant(WEIGHT)).sum(), E)
    program = cg.compile([], updates={b: b + 1, E: E - gradient}, inputs=[X], backend=backend)
    with pytest.raises(ValueRefusedError, match=r"id .* at position \(1, 2\)|X holds nan"):
        program(X=[[0, 1, 2, 3], [4, 5, wrong, 0]])
    assert program.value(b) == 1.0
    np.testing.assert_array_equal(program.value(E), TABLE)


# Class ids -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("shape", [(6, 5), (2, 3, 4)])
def test_a_loss_of_class_ids_and_its_gradient_need_no_one_hot_rows(shape: tuple[int, ...], backend: str) -> None:
    z, Y = cg.variable("z", shape), cg.variable("Y", shape[:-1])
    loss = cg.nn.softmax_cross_entropy_loss(z, Y)
    program = cg.compile([loss, cg.grad(loss, z)], backend=backend)
    logits, ids = 3 * RNG.normal(size=shape), RNG.integers(0, shape[-1], shape[:-1])
    got = program(z=logits, Y=ids)

    p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    hot = np.eye(shape[-1])[ids]
    np.testing.assert_allclose(got[0], -np.log((p * hot).sum(axis=-1)).mean(), rtol=1e-13)
    np.testing.assert_allclose(got[1], (p - hot) / ids.size, rtol=1e-12, atol=1e-15)
    assert {"picked", "less_one_hot"} <= {v.name for v in program.plan.values}
    assert "one_hot" not in {v.name for v in program.plan.values}


@pytest.mark.parametrize("backend", BACKENDS)
def test_impossible_and_certain_classes_cost_what_they_cost_in_the_plain_pass(backend: str) -> None:
    z, Y = cg.variable("z", (4, 2)), cg.variable("Y", (4,))
    loss = cg.softmax_cross_entropy(z, cg.one_hot(Y, classes=2))
    feed = {"z": [[-np.inf, 0.0], [-np.inf, 0.0], [1e5, -1e5], [-np.inf, -np.inf]], "Y": [0, 1, 0, 1]}
    want = cg.forward([loss], feed).values[-1]
    np.testing.assert_array_equal(cg.compile(loss, backend=backend)(feed)[0], want)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_class_that_is_ignored_and_one_hot_rows_that_are_used_elsewhere_stay_rows(backend: str) -> None:
    z, Y, gaps = cg.variable("z", (3, 4)), cg.variable("Y", (3,)), cg.variable("gaps", (3,))
    hot, some = cg.one_hot(Y, classes=4), cg.one_hot(gaps, classes=4, ignore=-1)
    outputs = [cg.softmax_cross_entropy(z, hot), hot, z - hot, z * cg.exp(z) - hot]
    outputs += [z - some, z * hot.sum(axis=-1, keepdims=True) - hot, z * some.sum(axis=-1, keepdims=True) - some]
    outputs.append((some * cg.log_softmax(z)).sum(axis=-1))
    feed = {"z": RNG.normal(size=(3, 4)), "Y": [1, 3, 0], "gaps": [2, -1, 0]}
    fwd = cg.forward(outputs, feed)
    for node, got in zip(outputs, cg.compile(outputs, backend=backend)(feed), strict=True):
        np.testing.assert_allclose(got, fwd[node], rtol=1e-13)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_wrong_class_is_refused_with_its_place(backend: str) -> None:
    z, Y = cg.variable("z", ("m", 3)), cg.variable("Y", ("m",))
    program = cg.compile(cg.nn.softmax_cross_entropy_loss(z, Y), backend=backend)
    with pytest.raises(ValueRefusedError, match=r"one_hot\(Y\).*id 3 at position \(1,\).*V = 3 rows|id 3 at position"):
        program(z=np.zeros((2, 3)), Y=[0, 3])

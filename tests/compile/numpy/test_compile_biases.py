"""Biases in matrix products: the numpy backend's [x 1]·[W; b], its gradient and its update, against the plain pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from compiled import compare_steps

import cgraph as cg
from cgraph import nn, train

RNG = np.random.default_rng(4)
FEEDS = [{"X": RNG.standard_normal((m, 3))} for m in (4, 4, 2, 1, 4)]


def weights(*shapes: tuple[int, ...]) -> list[cg.Node]:
    random = np.random.default_rng(1)
    return [cg.parameter(f"p{i}", random.standard_normal(shape)) for i, shape in enumerate(shapes)]


def descent(loss: cg.Node, parameters: list[cg.Node]) -> dict[cg.Node, cg.Node]:
    return {p: p - 0.2 * g for p, g in zip(parameters, cg.grad(loss, parameters), strict=True)}


def test_a_layer_is_one_product_and_one_update() -> None:
    x, (W, b) = cg.variable("X", ("m", 3)), weights((3, 2), (2,))
    loss = cg.mean(cg.tanh(x @ W + b) ** 2)
    program = compare_steps([loss], descent(loss, [W, b]), FEEDS, "float64")
    lines = program.source.splitlines()
    words = ["t1 = with_ones(X)", "v2 = matmul(t1, [p0; p1])", "[p0; p1] = sub([p0; p1], t"]
    found = [line for line in lines if "with_ones" in line or "p1" in line]
    assert all(line.startswith(start) for line, start in zip(found, words, strict=True))
    assert not any("sum(" in line or " add(" in line for line in lines)


def test_parameters_in_one_array_are_read_and_set_one_by_one() -> None:
    x, (W, b) = cg.variable("X", ("m", 3)), weights((3, 2), (2,))
    program = cg.compile(x @ W + b, updates={W: W * 2, b: b + 1}, backend="numpy", dtype="float32")
    program.set({W: np.ones((3, 2))})
    np.testing.assert_array_equal(program.value(b), b.value.astype("f"))
    program.set({b: [5.0, 6.0]})
    assert program(X=np.ones((1, 3), "f"))[0].tolist() == [[8, 9]]
    assert program.value(W).tolist() == [[2, 2]] * 3 and program.value(b).tolist() == [6, 7]
    taken = program.values
    taken["p0"][:], taken["p1"][:] = 9, 9  # copies
    assert program(X=np.ones((1, 3), "f"))[0].tolist() == [[12, 13]]
    assert all(v.flags.c_contiguous and v.base is None for v in program.values.values())


def shared_by_two_layers(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, b = weights((3, 3), (3,))
    loss = cg.sum(cg.tanh(cg.tanh(x @ W + b) @ W + b))
    return [loss], descent(loss, [W, b])


def a_matrix_with_two_biases(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, b, c = weights((3, 2), (2,), (2,))
    loss = cg.sum(cg.tanh(x @ W + b) * cg.tanh(cg.exp(x) @ W + c))
    return [loss], descent(loss, [W, b, c])


def a_bias_of_two_matrices(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, V, b = weights((3, 2), (3, 2), (2,))
    loss = cg.sum(cg.tanh(x @ W + b) * cg.tanh(b + x @ V))
    return [loss], descent(loss, [W, V, b])


def one_input_of_two_layers(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, b, V, c = weights((3, 2), (2,), (3, 2), (2,))
    loss = cg.sum(cg.tanh(x @ W + b) * cg.sigmoid(x @ V + c))
    return [loss, x @ W, x, cg.exp(x.T)], descent(loss, [W, b, V, c])


def a_frozen_bias(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, b = weights((3, 2), (2,))
    loss = cg.sum(cg.tanh(x @ W + b))
    return [loss], descent(loss, [W])


def a_bias_of_another_shape(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, b, V, c = weights((3, 2), (1, 2), (2, 1), (2,))
    loss = cg.sum(cg.tanh(x @ W + b) @ V + c)
    return [loss], descent(loss, [W, b, V, c])


def gradients_that_are_outputs(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, b = weights((3, 2), (2,))
    loss = cg.sum(cg.tanh(x @ W + b))
    return [loss, *cg.grad(loss, [W, b, x]), x @ W + b], descent(loss, [W, b])


def updates_of_different_kinds(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, b = weights((3, 2), (2,))
    loss = cg.sum(cg.tanh(x @ W + b))
    of_W, of_b = cg.grad(loss, [W, b])
    return [loss], {W: W - of_W, b: b + of_b}


def updates_from_the_other_side(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, b = weights((3, 2), (2,))
    loss = cg.sum(cg.tanh(x @ W + b))
    of_W, of_b = cg.grad(loss, [W, b])
    return [loss], {W: of_W - W, b: of_b - b}


def updates_that_cross(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, b = weights((3, 2), (2,))
    loss = cg.sum(cg.tanh(x @ W + b))
    of_W, of_b = cg.grad(loss, [W, b])
    return [loss], {W: W - of_W * b, b: b - of_b * cg.sum(W)}


def parts_of_another_matrix(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, b = weights((3, 2), (2,))
    P = cg.exp(cg.constant(np.arange(8.0).reshape(4, 2) / 9) + cg.mean(x))
    return [cg.sum(cg.tanh(x @ W + b))], {W: W - P[1:], b: b - P[0]}


def parts_of_a_larger_matrix(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, b = weights((3, 2), (2,))
    P = cg.exp(cg.constant(np.arange(10.0).reshape(5, 2) / 9) + cg.mean(x))
    return [cg.sum(cg.tanh(x @ W + b))], {W: W - P[:3], b: b - P[3]}


def rows_computed_where_memory_is_free_again(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, b = weights((3, 2), (2,))
    row = cg.max(cg.sin(cg.expand_dims(x, axis=2) * cg.constant(np.ones((1, 3, 2)))), axis=(1, 2), keepdims=False)
    loss = cg.sum(cg.tanh((cg.expand_dims(row, axis=1) * x) @ W + b))
    return [loss], descent(loss, [W, b])


def the_same_rows_for_both(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, b = weights((3, 2), (2,))
    P = cg.exp(cg.constant(np.arange(8.0).reshape(4, 2) / 9) + cg.mean(x))
    return [cg.sum(cg.tanh(x @ W + b))], {W: W - P[:-1], b: b - P[0]}


def a_layer_that_only_reads(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, b = weights((3, 2), (2,))
    return [x @ W + b], {W: W + 1, b: b - W[0]}


def a_layer_of_a_constant(x: cg.Node) -> tuple[list[cg.Node], dict[cg.Node, cg.Node]]:
    W, b = weights((3, 2), (2,))
    loss = cg.sum(cg.tanh(cg.constant(np.ones((4, 3))) @ W + b)) + cg.sum(x)
    return [loss], descent(loss, [W, b])


CASES = [
    shared_by_two_layers,
    a_matrix_with_two_biases,
    a_bias_of_two_matrices,
    one_input_of_two_layers,
    a_frozen_bias,
    a_bias_of_another_shape,
    gradients_that_are_outputs,
    updates_of_different_kinds,
    updates_from_the_other_side,
    updates_that_cross,
    parts_of_another_matrix,
    parts_of_a_larger_matrix,
    rows_computed_where_memory_is_free_again,
    the_same_rows_for_both,
    a_layer_that_only_reads,
    a_layer_of_a_constant,
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_steps_are_those_of_the_plain_pass(case: Callable[[cg.Node], Any], dtype: str) -> None:
    compare_steps(*case(cg.variable("X", ("m", 3))), FEEDS, dtype)


def test_an_update_by_a_product_reads_the_matrix_and_the_bias_from_before_their_own() -> None:
    x, (W, b, v) = cg.variable("X", (64, 4)), weights((4, 64), (64,), (64, 64))
    updates = {W: 2 * W, b: b + 1, v: v - (x @ W + b)}
    program = compare_steps([], updates, [{"X": RNG.standard_normal((64, 4))}] * 3, "float64")
    assert "[p0; p1]" in program.source


@pytest.mark.parametrize("rows", [0, 1, 1000])
def test_no_rows_and_many_rows_are_computed_as_before(rows: int) -> None:
    x, (W, b) = cg.variable("X", ("m", 3)), weights((3, 2), (2,))
    loss = cg.sum(cg.tanh(x @ W + b))
    program = compare_steps([loss], descent(loss, [W, b]), [{"X": RNG.standard_normal((rows, 3))}] * 2, "float64")
    assert ("with_ones" in program.source) == (rows == 1)


def test_rows_in_a_stack_of_matrices_are_computed_as_before() -> None:
    x, (W, b) = cg.variable("X", (2, 4, 3)), weights((3, 2), (2,))
    loss = cg.sum(cg.tanh(x @ W + b))
    compare_steps([loss], descent(loss, [W, b]), [{"X": RNG.standard_normal((2, 4, 3))}] * 2, "float64")


def test_a_parameter_beside_its_ones_may_have_another_value_for_one_call() -> None:
    x, (W, b) = cg.parameter("x", np.ones((2, 3))), weights((3, 2), (2,))
    program = cg.compile(x @ W + b, updates={W: W + 0, b: b + 0}, backend="numpy")
    first, other, again = program()[0], program(x=np.zeros((2, 3)))[0], program()[0]
    np.testing.assert_allclose(first, np.ones((2, 3)) @ W.value + b.value)
    np.testing.assert_array_equal(other, [b.value] * 2)
    np.testing.assert_array_equal(again, first)


def test_many_batches_in_one_call_are_the_calls_one_by_one() -> None:
    x, y = cg.variable("X", ("m", 3)), cg.variable("Y", ("m", 2))
    model = nn.MLP([3, 4, 2], "tanh", seed=1)
    loss = nn.softmax_cross_entropy_loss(model(x), y)
    updates = train.SGD(0.3).updates(model.parameters, cg.grad(loss, model.parameters)).new
    one, many = (cg.compile(loss, updates=updates, backend="numpy") for _ in range(2))
    X, Y = RNG.standard_normal((6, 4, 3)), np.eye(2)[RNG.integers(0, 2, (6, 4))]
    np.testing.assert_array_equal([one(X=a, Y=b)[0] for a, b in zip(X, Y, strict=True)], many.run(X=X, Y=Y)[0])
    for p in model.parameters:
        np.testing.assert_array_equal(one.value(p), many.value(p))


def test_training_in_the_numpy_backend_ends_where_the_plain_pass_ends() -> None:
    model = nn.MLP([2, 3, 1], "tanh", seed=2)
    x, y = cg.variable("X", (4, 2)), cg.variable("Y", (4, 1))
    loss = nn.sigmoid_cross_entropy_loss(model(x), y)
    updates = train.SGD(1.0).updates(model.parameters, cg.grad(loss, model.parameters)).new
    X, Y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])
    program = cg.compile(loss, updates=updates, backend="numpy")
    values = {p: p.value for p in updates}
    for _ in range(50):
        fwd = cg.forward([*updates.values()], {**values, x: X, y: Y})
        values = {p: fwd[u] for p, u in updates.items()}
        program(X=X, Y=Y)
    for p, value in values.items():
        np.testing.assert_allclose(program.value(p), value, rtol=1e-12, atol=1e-13)


def test_a_square_input_that_keeps_its_axes_is_not_taken_for_its_transpose() -> None:
    x, (W, b) = cg.variable("X", (4, 4)), weights((4, 2), (2,))
    d = cg.tanh(x @ W + b)
    updates = {W: W - cg.transpose(x, axes=(0, 1)) @ d, b: b - cg.sum(d, axis=0)}
    compare_steps([d], updates, [{"X": RNG.standard_normal((4, 4))}] * 2, "float64")

"""What the numpy backend does to need fewer calls: factors moved, sums of products as one call, short forms of ops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np
import pytest
from compiled import compare_steps
from sparse import sparse

import cgraph as cg
from cgraph import nn, train
from cgraph.compile.c.compiler import compiler
from cgraph.errors import ValueRefusedError

DTYPES = ["float64", "float32"]


def batches(width: int, outputs: int, sizes: Sequence[int] = (4, 4, 3, 1, 4)) -> list[dict[str, Any]]:
    """Data of several batch sizes, with rows that are distributions over the outputs (or one label in [0, 1])."""
    random = np.random.default_rng(5)
    targets = [random.random((m, outputs)) for m in sizes]
    return [
        {"X": random.standard_normal((len(t), width)), "Y": t / t.sum(1, keepdims=True) if outputs > 1 else t.round()}
        for t in targets
    ]


def plain_net(x: cg.Node) -> tuple[cg.Node, list[cg.Node]]:
    model = nn.MLP([3, 4, 2], "tanh", seed=1)
    return model(x), list(model.parameters)


def net_of_shared_weights(x: cg.Node) -> tuple[cg.Node, list[cg.Node]]:
    W, b = cg.parameter("W", np.eye(3) * 0.5 + 0.1), cg.parameter("b", [0.1, -0.2, 0.3])
    V, c = cg.parameter("V", np.linspace(-1, 1, 6).reshape(3, 2)), cg.parameter("c", [0.5, -0.5])
    return cg.tanh(cg.tanh(x @ W + b) @ W + b) @ V + c, [W, b, V, c]


def net_whose_bias_is_read_elsewhere(x: cg.Node) -> tuple[cg.Node, list[cg.Node]]:
    W, b = cg.parameter("W", np.linspace(-1, 1, 6).reshape(3, 2)), cg.parameter("b", [0.1, -0.2])
    return cg.tanh(x @ W + b) * b + cg.sum(W), [W, b]


def net_with_a_way_around(x: cg.Node) -> tuple[cg.Node, list[cg.Node]]:
    W, b = cg.parameter("W", np.eye(3) * 0.5 + 0.1), cg.parameter("b", [0.1, -0.2, 0.3])
    V, c = cg.parameter("V", np.linspace(-1, 1, 6).reshape(3, 2)), cg.parameter("c", [0.5, -0.5])
    return (x + cg.relu(x @ W + b)) @ V + c, [W, b, V, c]


NETS = [plain_net, net_of_shared_weights, net_whose_bias_is_read_elsewhere, net_with_a_way_around]
OPTIMIZERS = {
    "SGD": train.SGD(0.3),
    "decay": train.SGD(0.3, weight_decay=0.01),
    "momentum": train.Momentum(0.3),
    "Nesterov": train.Nesterov(0.3),
    "Adam": train.Adam(0.05),
    "falling rate": train.SGD(train.schedules.StepDecay(0.3, every=2, factor=0.5)),
}
LOSSES: dict[str, Callable[[cg.Node, cg.Node], cg.Node]] = {
    "softmax": nn.softmax_cross_entropy_loss,
    "squares": nn.mse_loss,
    "sigmoid": nn.sigmoid_cross_entropy_loss,
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimizer", sparse(OPTIMIZERS, 3))
@pytest.mark.parametrize("net", NETS, ids=lambda net: net.__name__)
def test_steps_of_training_are_those_of_the_plain_pass(
    net: Callable[[cg.Node], tuple[cg.Node, list[cg.Node]]], optimizer: str, loss: str, dtype: str
) -> None:
    x, y = cg.variable("X", ("m", 3)), cg.variable("Y", ("m", 2))
    out, parameters = net(x)
    L = LOSSES[loss](out, y)
    updates = dict(OPTIMIZERS[optimizer].updates(parameters, cg.grad(L, parameters)).new)
    compare_steps([L], updates, batches(3, 2), dtype)


# Factors -------------------------------------------------------------------------------------------------------------
def descent(L: cg.Node, parameters: Sequence[cg.Node], rate: float) -> dict[cg.Node, cg.Node]:
    return {p: p - rate * g for p, g in zip(parameters, cg.grad(L, parameters), strict=True)}


def test_the_rate_is_multiplied_once_for_all_parameters() -> None:
    x, y = cg.variable("X", ("m", 3)), cg.variable("Y", ("m", 2))
    out, parameters = plain_net(x)
    L = nn.softmax_cross_entropy_loss(out, y)
    program = compare_steps([L], descent(L, parameters, 0.2), batches(3, 2)[:1], "float64")
    assert program.source.count("0.05") == 1  # 0.2 / 4, the rows of the batch


def test_a_gradient_that_is_an_output_too_comes_out_without_the_rate() -> None:
    x, y = cg.variable("X", ("m", 3)), cg.variable("Y", ("m", 2))
    out, parameters = plain_net(x)
    L = nn.mse_loss(out, y)
    gradients = cg.grad(L, parameters)
    updates = {p: p - 0.2 * g for p, g in zip(parameters, gradients, strict=True)}
    for outputs in ([L, *gradients], [L, gradients[0]], [L, out - y], [L, gradients[2] * gradients[2]]):
        compare_steps(outputs, updates, batches(3, 2), "float64")


def test_a_gradient_that_is_clipped_by_its_length_is_not_scaled_before() -> None:
    x, y = cg.variable("X", ("m", 3)), cg.variable("Y", ("m", 2))
    out, parameters = plain_net(x)
    L = nn.softmax_cross_entropy_loss(out, y)
    gradients = cg.grad(L, parameters)
    length = cg.sqrt(sum((cg.sum(g * g) for g in gradients[1:]), cg.sum(gradients[0] * gradients[0])))
    share = cg.minimum(1.0, 0.1 / length)
    updates = {p: p - 0.5 * share * g for p, g in zip(parameters, gradients, strict=True)}
    compare_steps([L], updates, batches(3, 2), "float64")


def test_what_reads_the_source_of_a_factor_reads_it_unscaled() -> None:
    x, w, v = cg.variable("X", (4, 3)), cg.parameter("w", np.ones((3, 2))), cg.parameter("v", np.ones(2))
    d = cg.tanh(x)  # both gradients are linear in it, and the output is not
    slope = (d.T @ np.ones((4, 2))).named("slope")
    updates = {w: w - 0.3 * slope, v: v - 0.3 * cg.sum(d @ np.ones((3, 2)), axis=0)}
    program = compare_steps([cg.exp(d), d], updates, [{"X": np.linspace(-1, 1, 12).reshape(4, 3)}] * 2, "float64")
    assert program.source.count(" mul(") == 1
    assert "slope" not in program.source  # what is computed is a multiple of it


def test_a_product_with_itself_is_not_linear() -> None:
    x, w, v = cg.variable("X", (2, 2)), cg.parameter("w", np.ones((2, 2))), cg.parameter("v", np.ones((2, 2)))
    d = cg.tanh(x)
    for twice in (d @ d, d * d.T, (d + 1) * d, d / (1 + d), d @ (d + x), d - cg.exp(d)):
        updates = {w: w - 0.3 * twice, v: v - 0.3 * (x @ d)}
        compare_steps([], updates, [{"X": np.array([[0.3, -0.4], [0.5, 0.6]])}], "float64")


# Sums ----------------------------------------------------------------------------------------------------------------
SUMS: dict[str, Callable[[cg.Node, cg.Node], cg.Node]] = {
    "inner(": lambda x, y: cg.mean(x * y),
    "inner(x, x": lambda x, y: cg.sum(x**2) / 7,
    "inner(x, factor=": lambda x, y: 3 * cg.sum(x),
    "inner(y.transpose((1, 0)), x": lambda x, y: cg.sum(cg.sum(y.T * x.T, axis=0), axis=0),
    "factor=0.1666": lambda x, y: cg.mean(cg.mean(x * y, axis=1)),
    "zero_wins": lambda x, y: cg.sum(cg.scale(x, y)) * 2,
    "sum(": lambda x, y: cg.sum(x * y, axis=0),
    "max(": lambda x, y: cg.sum(cg.max(x * y, axis=0)),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("words", SUMS)
def test_a_sum_of_products_is_the_plain_one(words: str, dtype: str) -> None:
    x, y = cg.variable("x", (2, 3)), cg.variable("y", (2, 3))
    node = SUMS[words](x, y)
    feed = {"x": np.arange(6.0).reshape(2, 3) - 2, "y": np.linspace(-1, 3, 6).reshape(2, 3)}
    feed = {leaf.name: feed[str(leaf.name)] for leaf in cg.Graph(node).inputs}
    program = compare_steps([node], {}, [feed, feed], dtype)
    assert words in program.source


def test_a_product_that_is_read_elsewhere_or_spread_is_summed_as_before() -> None:
    x, y = cg.variable("x", (2, 3)), cg.variable("y", (2, 3))
    feed = {"x": np.arange(6.0).reshape(2, 3), "y": np.linspace(-1, 3, 6).reshape(2, 3)}
    product, row = x * y, x * y[0]
    for outputs in ([cg.mean(product), product], [cg.mean(product), cg.max(product)], [cg.sum(row) * 2]):
        compare_steps(outputs, {}, [feed], "float64")
    total = cg.sum(product)
    compare_steps([total, 2 * total, total / 6], {}, [feed], "float64")


def test_a_zero_wins_in_a_sum_as_it_does_in_a_product() -> None:
    x, y = cg.variable("x", (4,)), cg.variable("y", (4,))
    program = cg.compile(2 * cg.sum(cg.scale(x, y)), backend="numpy")
    assert "zero_wins" in program.source
    with np.errstate(all="ignore"):
        assert program([0.0, 1, 2, 3], [np.inf, 1, 1, 1])[0] == 12
        assert program([0.0, 1, 2, 3], [np.nan, 1, 1, 1])[0] == 12
        assert np.isnan(program([0.0, 1, 2, 3], [1, np.nan, 1, 1])[0])
        assert program([0.0, 1, 2, 3], [-np.inf, np.inf, 1, 1])[0] == np.inf
        assert program([1.0, 1, 2, 3], [1, 1, 1, 1])[0] == 14


# Short forms ---------------------------------------------------------------------------------------------------------
LOGITS = [0.0, -0.0, 1e-30, 1.0, 5.0, 17.3, 40.0, 88.0, 104.0, 350.0, 708.0, 760.0, 1e5]
LOGITS += [-z for z in LOGITS]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("label", [0.0, 0.25, 1.0])
def test_sigmoid_and_its_loss_keep_their_digits_where_they_saturate(label: float, dtype: str) -> None:
    z, y = cg.variable("z", (len(LOGITS),)), cg.variable("y", (len(LOGITS),))
    loss = cg.sigmoid_cross_entropy(z, y)
    outputs = [cg.sigmoid(z), loss, cg.grad(cg.sum(loss), z)]
    program = cg.compile(outputs, backend="numpy", dtype=dtype)
    assert "heaviside(" in program.source and "fmin(" in program.source
    x = np.array(LOGITS, dtype)
    found = program(x, np.full(len(x), label, dtype))
    smallest, digits = np.finfo(dtype).tiny, 4 * float(np.finfo(dtype).eps)
    with mpmath.workdps(400):
        wanted = [[mpmath.mpf(1) / (1 + mpmath.exp(-mpmath.mpf(float(v)))) for v in x]]
        wanted.append([mpmath.log1p(mpmath.exp(float(v))) - float(v) * label for v in x])
        wanted.append([s - label for s in wanted[0]])
        for got, want in zip(found, wanted, strict=True):
            for v, a, b in zip(x, got, want, strict=True):
                largest = abs(float(v)) if got is found[1] and 0 < label < 1 else 0  # what is subtracted there
                assert abs(float(a) - b) <= digits * max(abs(b), largest, label) + smallest * (b != 0), (v, a, b)


@pytest.mark.parametrize("count", [1, 3, 5000])
def test_infinite_logits_and_nan_come_out_as_in_the_plain_pass(count: int) -> None:
    z, y = cg.variable("z", (count,)), cg.variable("y", (count,))
    loss = cg.sigmoid_cross_entropy(z, y)
    outputs = [cg.sigmoid(z), loss, cg.grad(cg.sum(loss), z)]
    program = cg.compile(outputs, backend="numpy")
    for value in (np.inf, -np.inf, np.nan, 0.0, -0.0, 3.0):
        for label in (0.0, 0.5, 1.0):
            feed = {"z": np.full(count, value), "y": np.full(count, label)}
            fwd = cg.forward(outputs, feed)
            for node, got in zip(outputs, program(feed), strict=True):
                np.testing.assert_allclose(got, fwd[node], rtol=1e-15, err_msg=f"{node!r} at {value}, {label}")


# Memory --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (2,)])
def test_numbers_and_short_arrays_are_updated_in_place(shape: tuple[int, ...]) -> None:
    w, x = cg.parameter("w", np.full(shape, 3.0)), cg.variable("x", shape)
    y = cg.exp(cg.tanh(-x) + 1) * 2 - x
    feeds = [{"x": np.full(shape, v)} for v in (0.1, -0.4, 0.7)]
    compare_steps([y], {w: w - cg.sin(y) * w}, feeds, "float64")
    compare_steps([y], {w: y - w}, feeds, "float64")


@pytest.mark.parametrize("count", [1, 4, 3000])
def test_comparisons_are_numbers(count: int) -> None:
    x = cg.variable("x", (count,))
    outputs = [x > 0.5, x >= 0.5, cg.equal(x, 0.5), cg.grad(cg.sum(cg.relu(x)), x)]
    feed = {"x": np.resize([0.5, 0.2, 0.9, np.nan, 0.0], count)}
    compare_steps(outputs, {}, [feed, feed], "float64")


@pytest.mark.parametrize("shape", [(), (1,), (3, 5), (7, 9, 2)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_parameters_of_a_program_are_copies_that_begin_where_cache_lines_do(shape: tuple[int, ...], dtype: str) -> None:
    leaves = [cg.parameter(f"p{k}", np.random.default_rng(k).standard_normal(shape)) for k in range(5)]
    program = cg.compile([], updates={p: p + 0.5 for p in leaves}, backend="numpy", dtype=dtype)
    for leaf in leaves:
        array = program._owned.arrays[leaf]
        assert (array.shape, array.dtype, array.ctypes.data % 64) == (shape, dtype, 0)
        assert array.tolist() == leaf.value.astype(dtype).tolist()
        assert not np.shares_memory(array, leaf.value)


def test_parameters_without_elements_are_kept_too() -> None:
    leaf = cg.parameter("p", np.zeros((0, 3)))
    program = cg.compile(cg.sum(leaf), updates={leaf: leaf + 1}, backend="numpy")
    assert program() == [0.0]
    assert program.value("p").shape == (0, 3)


@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize("wrong", [np.array([1 + 2j, 3j]), np.array(["1", "2"]), np.array([None, 1.0])], ids=str)
def test_arrays_of_no_real_numbers_are_refused_in_later_calls_too(backend: str, wrong: Any) -> None:
    if backend == "native" and compiler() is None:
        pytest.skip("there is no C compiler here")
    x = cg.variable("x", 2)
    program = cg.compile(cg.sum(x * x), backend=backend)
    assert program(x=np.array([3.0, 4.0])) == [25.0]
    with pytest.raises(ValueRefusedError, match="x"):
        program(x=wrong)
    assert program(x=np.array([1.0, 2.0])) == [5.0]

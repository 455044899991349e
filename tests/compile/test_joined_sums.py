"""Sums whose parts can stand side by side, and products of many inputs with one matrix, in programs."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from sparse import sparse

import cgraph as cg

BACKENDS = ("numpy", "native")
SHAPE = (6, 7)
SLICES: dict[str, list[Any]] = {
    "all of it": [np.s_[0:2], np.s_[2:5], np.s_[5:]],
    "in another order": [np.s_[4:], np.s_[:1], np.s_[1:4]],
    "columns": [np.s_[:, 3:], np.s_[:, :3]],
    "places": [0, 1, 2, 3, 4, 5],
    "places and stretches": [np.s_[..., 0], np.s_[:, 1:6], np.s_[:, 6]],
    "from the end": [-1, np.s_[:-3], np.s_[-3:-1]],
    "gaps": [np.s_[1:2], np.s_[4:5]],
    "a gap at the end": [np.s_[:, :2], np.s_[:, 2:3]],
    "nothing picked": [np.s_[:3], np.s_[3:3], np.s_[5:2], np.s_[3:]],
    "overlapping": [np.s_[:4], np.s_[2:]],
    "the same twice": [np.s_[:4], np.s_[:4], np.s_[4:]],
    "in strides": [np.s_[::2], np.s_[1::2]],
    "backwards": [np.s_[2::-1], np.s_[3:]],
    "along two axes": [np.s_[:3, :2], np.s_[3:, :2], np.s_[:, 2:]],
    "along either axis": [np.s_[:3], np.s_[3:], np.s_[:, :4], np.s_[:, 4:]],
    "ids": [np.s_[[0, 2]], np.s_[1:2], np.s_[3:]],
    "a new axis": [np.s_[None, :3], np.s_[3:]],
}


def agree(outputs: list[cg.Node], values: dict[cg.Node, Any], backend: str) -> cg.Program:
    """A program gives what passes give."""
    expected = cg.forward(outputs, values)
    program = cg.compile(outputs, inputs=list(values), backend=backend)
    for mine, node in zip(program(*values.values()), outputs, strict=True):
        np.testing.assert_allclose(mine, expected[node], rtol=1e-11, atol=1e-11)
    return program


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", sparse(SLICES, 5))
def test_the_gradient_of_what_is_read_in_slices_is_that_of_passes(name: str, backend: str) -> None:
    random = np.random.default_rng(4)
    x = cg.variable("x", SHAPE)
    # an own function of each slice, so that none is what another is
    loss = cg.sum(cg.square(x)) * 0
    for i, key in enumerate(SLICES[name]):
        loss = loss + cg.sum(cg.sin(x[key] * (i + 1.5)) * random.normal(size=x[key].shape))
    first = cg.grad(loss, x)
    agree([loss, first, cg.grad(cg.sum(first**2), x)], {x: random.normal(size=SHAPE)}, backend)


@pytest.mark.parametrize("name", ["all of it", "in another order", "columns", "places", "gaps", "from the end"])
def test_slices_that_do_not_overlap_are_laid_side_by_side(name: str) -> None:
    x = cg.variable("x", SHAPE)
    loss = sum((cg.sum(cg.exp(x[key] * (i + 2))) for i, key in enumerate(SLICES[name])), cg.constant(0.0))
    values = next(v for k, v in cg.compile(cg.grad(loss, x), [x], backend="numpy").stages.items() if "joined" in k)
    assert "index_add" not in values and "concatenate" in values


def recurrent(steps: int, batch: int, width: int, apart: bool) -> tuple[cg.Node, list[cg.Node], list[cg.Node]]:
    """A loss of a recurrent net, its weights, and its inputs: one of all steps, or one for each."""
    random = np.random.default_rng(5)
    W, U = (cg.parameter(n, random.normal(size=(width, width)) / 3) for n in "WU")
    b = cg.parameter("b", random.normal(size=width))
    if apart:
        inputs = [cg.variable(f"x[{i}]", (batch, width)) for i in range(steps)]
        read = inputs
    else:
        inputs = [cg.variable("x", (batch, steps, width))]
        read = [inputs[0][:, i] for i in range(steps)]
    h = cg.constant(np.zeros((batch, width)))
    for x in read:
        h = cg.tanh(x @ W + h @ U + b)
    return cg.sum(h**2), [W, U, b], inputs


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(("steps", "batch"), sparse([(5, 2), (1, 3), (2, 3), (3, 2), (4, 1), (6, 8), (9, 2)], 7))
def test_the_gradients_of_shared_weights_are_those_of_passes(steps: int, batch: int, apart: bool, backend: str) -> None:
    loss, weights, inputs = recurrent(steps, batch, 8, apart)
    random = np.random.default_rng(6)
    values = {x: random.normal(size=x.shape) for x in inputs}
    first = cg.grad(loss, [*weights, *inputs])
    agree([loss, *first, cg.grad(cg.sum(first[1] ** 2), weights[0])], values, backend)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_layers_of_recurrent_cells_are_those_of_passes(cell: str, backend: str) -> None:
    random, gates = np.random.default_rng(7), {"rnn": 1, "lstm": 4, "gru": 3}[cell]
    x = cg.variable("x", (2, 6, 5))
    W, U, b = (cg.parameter(n, random.normal(size=s)) for n, s in
               [("W", (5, 4 * gates)), ("U", (4, 4 * gates)), ("b", (4 * gates,))])  # fmt: skip
    loss = sum((cg.sum(cg.sin(part)) for part in getattr(cg, cell)(x, W, U, b)), cg.constant(0.0))
    agree([loss, *cg.grad(loss, [W, U, b, x])], {x: random.normal(size=(2, 6, 5))}, backend)


def products(steps: int) -> int:
    loss, weights, inputs = recurrent(steps, 4, 16, False)
    updates = {w: w - 0.1 * g for w, g in zip(weights, cg.grad(loss, weights), strict=True)}
    program = cg.compile(loss, inputs, updates, backend="numpy")
    program.bind()
    return len(re.findall(r"matmul|@", program.source))


def test_the_products_of_inputs_and_of_weights_do_not_grow_with_the_steps() -> None:
    # each further step has one product forwards, with its state, and one backwards
    assert products(12) - products(11) == products(8) - products(7) == 2


def test_a_sum_that_is_needed_alone_too_stays_as_it_is() -> None:
    random = np.random.default_rng(8)
    x, y = cg.variable("x", (8, 3)), cg.variable("y", (3, 8))
    parts = [x[2 * i : 2 * i + 2].T @ y[:, 2 * i : 2 * i + 2].T for i in range(4)]
    half = parts[0] + parts[1]
    whole = half + parts[2] + parts[3]
    values = {x: random.normal(size=(8, 3)), y: random.normal(size=(3, 8))}
    for backend in BACKENDS:
        agree([half, parts[2], whole], values, backend)
        agree([whole], values, backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan, 1e308])
def test_what_is_no_number_stays_in_its_slice(number: float, backend: str) -> None:
    x = cg.variable("x", (6,))
    at = np.array([1.0, number, 2.0, 3.0, 4.0, 5.0])
    loss = cg.sum(x[:2] ** 2) + cg.sum(cg.exp(-x[2:]))
    agree([cg.grad(loss, x)], {x: at}, backend)

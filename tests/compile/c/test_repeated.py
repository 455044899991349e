"""The steps of unrolled loops in C: functions that are called again and again, and code that does not grow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from recurrences import Recurrence
from sparse import sparse

import cgraph as cg
from cgraph.compile.c import compiler, fuse, repeated
from cgraph.compile.c.emit import source
from cgraph.compile.c.native import plan_of
from cgraph.compile.c.writer import Writer
from cgraph.compile.lowering.lower import lower
from cgraph.compile.lowering.passes import joined
from cgraph.compile.task import task_of
from cgraph.errors import ValueRefusedError

STEPS = 5
Updates = dict[cg.Node, cg.Node]


def program(net: Recurrence, monkeypatch: pytest.MonkeyPatch, longest: int, dtype: str) -> cg.Program:
    """The native program, in which steps are repeated by calls when it has more lines than that."""
    monkeypatch.setattr(repeated, "LONG", longest)
    # optimising, compilers make one rounding of a product and a sum of two steps where both are written out, and choose
    # otherwise which functions they compute in vectors, with other last bits: what is compared is the C alone
    monkeypatch.setattr(compiler, "FLAGS", (*compiler.FLAGS, "-O0"))
    return cg.compile(net.loss, net.inputs, net.updates, "native", dtype).bind()


@pytest.mark.parametrize("different", [False, True])
@pytest.mark.parametrize("seed", sparse(range(10), 5))
def test_a_random_recurrence_is_bit_by_bit_what_it_is_written_out(
    seed: int, different: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = Recurrence(seed, STEPS, different)
    data, dtype = net.batches(4), ("float64", "float32")[seed % 2]
    called, written = (program(net, monkeypatch, longest, dtype) for longest in (0, 10**9))
    assert "steps[at[1]]" in called.source and "steps[at[1]]" not in written.source
    for call in range(2):
        np.testing.assert_array_equal(called(data[0][call], data[1][call]), written(data[0][call], data[1][call]))
    flat = [stack.reshape(-1, *stack.shape[2:]) for stack in data]
    for rows, (x, ids) in ((None, data), (np.array([[7, 1, 0], [2, 11, 2]]), flat)):
        np.testing.assert_array_equal(called.run(rows, x=x, ids=ids), written.run(rows, x=x, ids=ids))
    for name, value in called.values.items():
        np.testing.assert_array_equal(value, written.value(name))


@pytest.mark.parametrize("seed", sparse(range(6), 3))
def test_a_random_recurrence_is_what_passes_say(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    net = Recurrence(seed, STEPS, different=seed % 2 == 0)
    found = program(net, monkeypatch, 0, "float64")
    values: dict[Any, Any] = {w: w.value for w in net.weights}
    for x, ids in zip(*net.batches(3), strict=True):
        expected = cg.forward([net.loss, *net.updates.values()], values | {net.x: x, net.ids: ids})
        np.testing.assert_allclose(found(x, ids)[0], expected[net.loss], rtol=1e-11)
        values = {w: expected[new] for w, new in net.updates.items()}
        for w, value in values.items():
            np.testing.assert_allclose(found.value(w), value, rtol=1e-10, atol=1e-12)


def layer(kind: str, steps: int) -> tuple[cg.Node, Updates, list[cg.Node]]:
    """A step of gradient descent of a recurrent layer."""
    gates, random = {"rnn": 1, "lstm": 4, "gru": 3}[kind], np.random.default_rng(0)
    shapes = {"W": (16, 16 * gates), "U": (16, 16 * gates), "b": (16 * gates,)}
    weights = [cg.parameter(n, random.normal(size=s)) for n, s in shapes.items()]
    x = cg.variable("x", (4, steps, 16))
    loss = cg.mean(getattr(cg, kind)(x, *weights)[1] ** 2)
    return loss, {w: w - g for w, g in zip(weights, cg.grad(loss, weights), strict=True)}, [x]


def iterated(_: str, steps: int) -> tuple[cg.Node, Updates, list[cg.Node]]:
    """A map of numbers, again and again: elementwise from its begin to its end."""
    x = z = cg.variable("x", (8,))
    for _ in range(steps):
        z = cg.sin(z * 1.5) + x
    return cg.sum(z), {}, [x]


def random_net(name: str, steps: int) -> tuple[cg.Node, Updates, list[cg.Node]]:
    net = Recurrence(int(name), steps)
    return net.loss, net.updates, net.inputs


def written(made: tuple[cg.Node, Updates, list[cg.Node]]) -> str:
    """The C of a program."""
    loss, updates, inputs = made
    task = task_of(loss, updates, (), "float32").differentiated().taking(inputs)
    return source(Writer(plan_of(joined(lower(task, {})))))


NETS: list[tuple[Callable[[str, int], tuple[cg.Node, Updates, list[cg.Node]]], str, int]] = [
    (layer, "lstm", 16),
    (iterated, "", 500),
    (layer, "rnn", 64),
    (layer, "gru", 64),
    *((random_net, str(seed), 96) for seed in range(2)),
]


@pytest.mark.parametrize(("make", "name", "steps"), [*NETS[:2], *sparse(NETS[2:], 99)[1:]])
def test_code_does_not_grow_with_the_steps(make: Any, name: str, steps: int) -> None:
    few, more = (written(make(name, steps * times)) for times in (1, 2))
    assert "steps[at[1]]" in few
    # what is left are names with more digits, and groups that end elsewhere; written out, it is twice as long
    assert len(more) < 1.15 * len(few), (len(few), len(more))
    assert max(map(len, more.splitlines())) < 1.15 * max(map(len, few.splitlines()))


def test_a_short_program_is_one_function_without_a_table() -> None:
    text = written(iterated("", 50))
    assert text.count("\n") < repeated.LONG and "steps" not in text and "static int step" not in text


def test_a_refused_value_in_any_step_ends_the_call_and_updates_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    w, ids = cg.parameter("w", np.arange(4.0)), cg.variable("ids", (STEPS, 2))
    table, loss = cg.constant(np.eye(4) + 0.5), cg.constant(0.0)
    for step in range(STEPS):
        loss = loss + cg.sum(cg.tanh(cg.take(table, ids[step], axis=0) * loss + w))
    monkeypatch.setattr(repeated, "LONG", 0)
    found = cg.compile(loss, [ids], {w: w - cg.grad(loss, w)}, "native")
    right = np.arange(2 * STEPS).reshape(STEPS, 2) % 4.0
    found(right)
    assert "steps[at[1]]" in found.source
    before = found.value(w)
    for step in range(STEPS):
        wrong = right.copy()
        wrong[step, 1] = 4
        with pytest.raises(ValueRefusedError, match="4"):
            found(wrong)
        np.testing.assert_array_equal(found.value(w), before)


@pytest.mark.parametrize("step", range(STEPS))
def test_a_zero_that_meets_infinity_in_any_step_is_reported(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x = cg.variable("x", (STEPS, 3))
    slopes = []
    for i in range(STEPS):  # each in a loop of its own, for it needs the sum of the one before
        part = x[i] + (0 * cg.sum(slopes[-1]) if slopes else 0)
        slopes.append(cg.grad(cg.sum(cg.log(1 + cg.exp(part))), part, simplify=False))
    monkeypatch.setattr(repeated, "LONG", 0)
    found = cg.compile(slopes, [x], backend="native", simplify=False)
    given = np.ones((STEPS, 3))
    found(given)
    assert "steps[at[1]]" in found.source and found.indeterminate == 0
    given[step, 2] = 1000.0
    found(given)
    assert found.indeterminate > 0


@pytest.mark.parametrize("count", [3, 40, 500])
def test_a_loop_has_a_largest_number_of_values(count: int) -> None:
    x = z = cg.variable("x", (8,))
    y = [cg.exp(x * (i + 1.5)) for i in range(count)]
    for _ in range(count):
        z = cg.sin(z) * 0.9
    task = task_of([z, *y], {}, (), "float64").differentiated().taking([x])
    plan = plan_of(joined(lower(task, {})))
    assert max(map(len, plan.groups)) <= fuse.LARGEST
    read = [{x for n in group for x in plan.values[n].operands} - set(group) for group in plan.groups]
    assert max(map(len, read)) <= fuse.READ

"""Many calls in one: whatever is refused in any of them is named with its call, and nothing has been updated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from trainings import blobs, net

import cgraph as cg
from cgraph import nn, train
from cgraph.compile import stacks
from cgraph.errors import ValueRefusedError
from cgraph.ops.op import elementwise

BACKENDS = ["numpy", "native"]
CALLS, ROWS = 10, 4


def counting(output: cg.Node, inputs: list[cg.Node], backend: str) -> Any:
    """A program of this output that counts its calls in n."""
    n = cg.parameter("n", 0.0)
    return cg.compile(output, updates={n: n + 1}, inputs=inputs, backend=backend)


def refused(program: Any, message: str, rows: Any = None, **data: Any) -> None:
    before = program.values
    with pytest.raises(ValueRefusedError, match=message):
        program.run(rows, **data)
    for name, value in program.values.items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_that_are_parts_of_another_are_those_of_each_call(backend: str) -> None:
    x = cg.variable("x", (4, 6))
    whole = cg.sin(x)
    program = cg.compile([whole[1:], whole[2:, ::2], whole[3], whole[::-1], whole.T[1]], [x], backend=backend)
    X = np.random.default_rng(0).normal(size=(CALLS, 4, 6))
    for k, found in enumerate(program.run(x=X)):
        np.testing.assert_array_equal(found, [program(given)[k] for given in X])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("call", [0, 1, CALLS - 1])
def test_targets_of_every_call_are_distributions(call: int, backend: str) -> None:
    z, y = cg.variable("z", ("m", 3)), cg.variable("y", ("m", 3))
    program = counting(cg.mean(cg.softmax_cross_entropy(z, y).named("loss")), [z, y], backend)
    Z, Y = np.zeros((CALLS, ROWS, 3)), np.tile(np.eye(3)[0], (CALLS, ROWS, 1))
    np.testing.assert_allclose(program.run(z=Z, y=Y)[0], np.log(3))
    assert program.value("n") == CALLS

    Y[call, 2] = 0.5, 0.5, 0.5
    where = rf"^in call {call} of 10, from 0: loss: the target \[0.5, 0.5, 0.5\] in row \(2,\) .*at test_compile_stacks"
    refused(program, where, z=Z, y=Y)
    lines = np.arange(CALLS * ROWS).reshape(CALLS, ROWS)
    refused(program, where, lines, z=Z.reshape(-1, 3), y=Y.reshape(-1, 3))
    used = np.delete(lines, call, axis=0)
    np.testing.assert_allclose(program.run(used, z=Z.reshape(-1, 3), y=Y.reshape(-1, 3))[0], np.log(3))


@pytest.mark.parametrize("backend", BACKENDS)
def test_labels_of_every_call_are_probabilities(backend: str) -> None:
    z, y = cg.variable("z", ("m", 1)), cg.variable("y", ("m", 1))
    program = counting(cg.sum(cg.sigmoid_cross_entropy(z, y)), [z, y], backend)
    Y = np.zeros((CALLS, ROWS, 1))
    Y[7, 1] = -1
    refused(program, r"^in call 7 of 10, from 0: .*the label -1 at position \(1, 0\)", z=np.zeros_like(Y), y=Y)


PICKED = {
    "a table": cg.embedding,
    "a table, by a column": lambda E, X: cg.embedding(E, X[:, 1]),
    "a table, by what is computed": lambda E, X: cg.embedding(E, X + 0),
    "columns": lambda E, X: cg.take(E.T, X, axis=1),
    "one-hot rows": lambda E, X: cg.one_hot(X, classes=5),
    "rows that are counted with the batch": lambda E, X: cg.take(X @ np.ones((2, 1)), X),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("picked", PICKED.values(), ids=PICKED)
@pytest.mark.parametrize("wrong", [5.0, -1.0, 1.5, np.nan])
def test_ids_of_every_call_choose_rows_that_there_are(wrong: float, picked: Any, backend: str) -> None:
    E, X = cg.parameter("E", np.ones((5, 2))), cg.variable("X", ("m", 2))
    output = cg.sum(picked(E, X).named("rows"))
    slope = cg.grad(output, E) if E in cg.Graph(output) else 0 * E
    n = cg.parameter("n", 0.0)
    program = cg.compile(output, updates={n: n + 1, E: E - slope - 1}, inputs=[X], backend=backend)
    ids = np.random.default_rng(0).integers(0, 4, (CALLS, 4, 2)).astype(float)
    program.run(X=ids)
    assert program.value(n) == CALLS and not (program.value(E) == 1).any()

    ids[6, 3, 1] = wrong
    refused(program, r"^in call 6 of 10, from 0: .*(id|v\d+).* at position \(3,( 1)?", X=ids)
    assert program.value(n) == CALLS


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_only_computing_can_tell_is_undone_and_named_too(backend: str) -> None:
    X, b = cg.variable("X", (2, 2)), cg.parameter("b", [1.0, 2.0])
    program = cg.compile(cg.sum(b), updates={b: cg.solve(X, b).named("next")}, inputs=[X], backend=backend)
    matrices = np.tile(2 * np.eye(2), (CALLS, 1, 1))
    matrices[8] = 1
    refused(program, r"^in call 8 of 10, from 0: next: the solution of a singular matrix \(at test_comp", X=matrices)
    program.run(X=matrices[:2])
    np.testing.assert_array_equal(program.value(b), [0.25, 0.5])


def test_an_op_of_ones_own_may_refuse_a_call() -> None:
    def positive(xp: Any, x: Any) -> Any:
        if xp.any(xp.asarray(x) < 0):
            raise ValueRefusedError("a number below 0")
        return xp.sqrt(x)

    root = cg.op(elementwise("root", "sqrt(x)", positive, lambda w, z, x: 0.5 / z))
    x = cg.variable("x", (2,))
    program = counting(root(x).named("y"), [x], "numpy")
    refused(program, r"^in call 1 of 2, from 0: y: a number below 0", x=[[1.0, 4.0], [1.0, -4.0]])
    assert program.run(x=[[1.0, 4.0]])[0].tolist() == [[1.0, 2.0]]
    refused(program, r"^y: a number below 0", x=[[-1.0, 4.0]])  # one call alone has no number


def test_large_stacks_are_looked_at_in_parts_and_the_first_wrong_call_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    X, Y = cg.variable("X", ("m",)), cg.variable("Y", ("m",))
    program = counting(cg.sum(cg.one_hot(X, classes=3)) + cg.sum(cg.one_hot(Y, classes=3)), [X, Y], "numpy")
    monkeypatch.setattr(stacks, "MANY", 12)  # three calls
    for first in range(CALLS):
        ids, others = np.ones((CALLS, ROWS)), np.ones((CALLS, ROWS))
        ids[first:, 1] = 3
        others[first + 1 :, 0] = 7
        refused(program, rf"^in call {first} of 10, from 0: .*id 3 at position \(1,\)", X=ids, Y=others)
        refused(program, rf"^in call {first} of 10, from 0: .*id 3 at position \(1,\)", X=others, Y=ids)


def test_flat_scalars_take_many_calls_too() -> None:
    a, w = cg.variable("a"), cg.parameter("w", 1.0)
    program = cg.compile(a * w, updates={w: w + a}, backend="scalar")
    np.testing.assert_array_equal(program.run(a=[1.0, 2.0, 3.0])[0], [1.0, 4.0, 12.0])
    assert program.value(w) == 7


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("streamed", [False, True])
def test_training_names_the_step_of_a_target_that_is_none(streamed: bool, backend: str) -> None:
    X, Y = blobs()
    Y = np.array(Y)
    rows = np.random.default_rng(3).permutation(60)
    Y[rows[31]] = 0.7
    given: Any = (X, Y) if not streamed else lambda rng: ((X[r], Y[r]) for r in rng.permutation(60).reshape(-1, 5))
    with pytest.raises(ValueRefusedError, match=r"in epoch 1, step 7: .*the target \[0.7, 0.7, 0.7\] in row \(1,\)"):
        train.fit(net(), given, nn.softmax_cross_entropy_loss, train.SGD(0.1), 2, batch_size=5, seed=3, backend=backend)

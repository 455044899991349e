"""What a program is on its way: each stage as text, and each pass over its values against plain passes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph.cli import main
from cgraph.compile.lowering.lower import lower
from cgraph.compile.lowering.lowered import Lowered
from cgraph.compile.numpy.passes import PASSES
from cgraph.compile.numpy.small import SMALL_COMPOSITES
from cgraph.compile.task import task_of

FORMULA = "d = 2*b; e = a + d; L = c*e"
STAGES = {
    "numpy": ["values", "plan", "calls"],
    "native": ["values", "plan", "C"],
    "scalar": ["values", "plan", "C"],
    "scalar-numpy": ["values", "plan", "calls"],
}


def a_step_of_training() -> tuple[cg.Node, dict[cg.Node, cg.Node], dict[str, Any]]:
    """A net in which each pass of the numpy backend finds something: its loss, its updates, and a batch."""
    rng = np.random.default_rng(0)
    E, W = cg.parameter("E", rng.normal(size=(7, 3))), cg.parameter("W", rng.normal(size=(3, 2)))
    b, ids, shares = cg.parameter("b", rng.normal(size=2)), cg.variable("ids", ("m", 4)), cg.variable("s", ("m", 4))
    words = cg.sum(cg.take(E, ids) * cg.expand_dims(shares, axis=2), axis=1)
    loss = cg.mean(cg.square(cg.tanh(words @ W + b)))
    parameters = (E, W, b)
    new = {leaf: leaf - 0.1 * g for leaf, g in zip(parameters, cg.grad(loss, parameters), strict=True)}
    return loss, new, {"ids": rng.integers(0, 7, (5, 4)), "s": rng.random((5, 4))}


def computed(lowered: Lowered, given: dict[str, Any]) -> list[Any]:
    """The outputs and the new values, each value by the function of its row alone."""
    found: list[Any] = []
    for value in lowered.values:
        if value.leaf is not None:
            found.append(np.asarray(given.get(value.leaf.name, value.leaf.value), float))
        elif value.op is None:
            found.append(value.constant)
        else:
            found.append(value.op.numpy(*(found[x] for x in value.operands), **value.attrs))
    return [found[x] for x in (*lowered.outputs, *lowered.updates.values())]


def test_after_each_pass_the_values_are_still_those_of_the_plain_pass() -> None:
    loss, new, batch = a_step_of_training()
    lowered = lower(task_of(loss, new), {"m": 5}, SMALL_COMPOSITES)
    plain = cg.forward([loss, *new.values()], batch)
    for one in (lambda same: same, *PASSES):
        lowered = one(lowered)
        for ours, node in zip(computed(lowered, batch), (loss, *new.values()), strict=True):
            np.testing.assert_allclose(ours, plain[node], rtol=1e-12, err_msg=str(one))


X, Y = cg.variable("x", (2, 3)), cg.variable("y", (2, 3))


@pytest.mark.parametrize(
    "node, lines",
    [
        pytest.param(cg.sin(X + Y) * (Y + X), ["v1 = add(x, y)", "v2 = sin(v1)", "v4 = mul(v1, v2)"], id="in order"),
        pytest.param(cg.sin(cg.constant(0.5)) * X, ["t2 = mul(0.479426, x)"], id="folded"),
        pytest.param(X + cg.broadcast_to(cg.sum(Y), shape=(2, 3)), ["v1 = sum(y)", "v3 = add(x, v1)"], id="uncopied"),
        pytest.param(cg.broadcast_like(cg.sum(Y), X), ["v1 = sum(y)", "v2 = broadcast_to(v1)"], id="one copy"),
        pytest.param(cg.exp(cg.reshape(X, shape=(2, 3))), ["v2 = exp(x)"], id="seen through"),
        pytest.param(cg.sin(X) - 3 * cg.sin(X) / 3, ["v1 = sin(x)", "v5 = sub(v1, v1)"], id="shared, by rule"),
        pytest.param(cg.sum(4 * X * Y), ["t3 = mul(x, y)", "t4 = sum(t3)", "t5 = mul(4, t4)"], id="linear"),
        pytest.param(cg.softmax(X), ["t1 = top(x)"], id="composed"),
    ],
)
def test_ops_are_simpler_as_values(node: cg.Node, lines: list[str]) -> None:
    found = cg.compile(node, backend="native").stages["values"].splitlines()
    bare = [re.sub(r", \w+=(\(.*?\)|\w+|'\w+')|  # .*", "", line) for line in found if "variable()" not in line]
    assert bare[: len(lines)] == lines


def test_each_pass_that_changes_something_is_a_stage_in_the_order_of_the_list() -> None:
    loss, new, _ = a_step_of_training()
    steps, weights, state = cg.variable("steps", (4, 1, 8)), cg.parameter("R", np.eye(8)), cg.constant(np.ones((1, 8)))
    for i in range(4):  # a recurrent net, whose steps share their weights
        state = cg.tanh(steps[i] @ weights + state)
    new = {**new, weights: weights - 0.1 * cg.grad(cg.sum(state), weights)}
    stages = cg.compile(loss, updates=new, backend="numpy").bind(m=5).stages
    passes = [one.__name__.replace("_", " ") for one in PASSES]
    assert list(stages) == ["values", *(f"values {name}" for name in passes), "plan", "calls"]
    of_values = [text for name, text in stages.items() if name.startswith("values")]
    assert len(set(of_values)) == len(PASSES) + 1


def test_a_program_in_which_no_pass_finds_anything_has_its_values_once() -> None:
    stages = cg.compile(cg.parse(FORMULA), backend="numpy").stages
    assert dict(stages) == {
        "values": "c = variable()  # []\na = variable()  # []\nb = variable()  # []\n"
        "d = mul(2, b)  # []\ne = add(a, d)  # []\nL = mul(c, e)  # []\nreturn L",
        "plan": "d = mul(2, b)  # [] at 0\ne = add(a, d)  # [] at 16\nL = mul(c, e)  # [] at 0\nreturn L\n"
        "# 3 steps, 2 buffers in 256 bytes, 3 floating-point operations",
        "calls": "numpy.multiply(2, b, d)\nnumpy.add(a, d, e)\nnumpy.multiply(c, e, L)",
    }


@pytest.mark.parametrize("backend", STAGES)
def test_stages_are_printed_one_after_the_other_and_are_the_same_each_time(backend: str) -> None:
    stages, again = (cg.compile(cg.parse(FORMULA), backend=backend).stages for _ in range(2))
    assert list(stages) == STAGES[backend]
    assert str(stages) == str(again) == "\n\n".join(f"== {name}\n{text.rstrip()}" for name, text in stages.items())


def test_the_last_stage_in_c_is_the_source() -> None:
    program = cg.compile(cg.parse(FORMULA), backend="native")
    assert program.stages["C"] == program.source


def test_the_stages_of_scalars_are_the_tape_and_its_groups() -> None:
    a, b, c = cg.variables("a b c")
    program = cg.compile(((a + 2 * b) * c).named("L"), gradients=[a], backend="scalar-numpy")
    assert program.stages["values"] == "v4 = mul(2, b)\nv5 = add(a, v4)\nL = mul(v5, c)\nv8 = mul(c, 2)\nreturn L, c"
    assert program.stages["plan"].startswith(program.source)
    assert program.stages["calls"] == "v[4:6] by a loop over Python's numbers  # 2 groups"


@pytest.mark.slow
def test_long_tapes_and_wide_groups_are_told_in_short() -> None:
    x = cg.variables(" ".join(f"x{i}" for i in range(3000)))
    total = x[0]
    for one in x[1:]:
        total = total * one
    wide = [one + 1 for one in x]
    assert cg.compile(total, backend="scalar-numpy").stages["values"].splitlines()[-2] == "# and 999 slots more"
    calls = cg.compile(wide, backend="scalar-numpy").stages["calls"]
    assert calls == "v[3001:6001] by calls of NumPy  # 1 group"


@pytest.mark.parametrize(
    "node, lines",
    [
        (cg.tanh(cg.variable("x", (2, 3)) + 1), ["numpy.add(x, own1[2×3], v1)", "numpy.tanh(v1, v1)"]),
        (cg.sum(cg.variable("x", (2, 3)), axis=0), ["own1[2].dot(x, v1)"]),
        (cg.variable("x", (2, 3)) @ cg.variable("y", (3, 2)), ["x.dot(y, v1)"]),
        (
            cg.concatenate([cg.variable("x", (2,)), cg.variable("y", (2,))]),
            ["numpy.concatenate([x, y], axis=0, out=v1)"],
        ),
        (cg.max(cg.variable("x", (2, 3)), axis=0), ["numpy.maximum.reduce(x, axis=(0,), out=v1, keepdims=False)"]),
    ],
)
def test_calls_name_numpys_functions_and_the_values_in_their_arrays(node: cg.Node, lines: list[str]) -> None:
    assert cg.compile(node, backend="numpy").stages["calls"].splitlines() == lines


def test_a_call_that_looks_for_a_zero_times_infinity_is_shown_with_what_it_looks_at() -> None:
    x = cg.variable("x", (3,))
    shown = cg.compile(cg.grad((cg.log(x) * x).sum(), x), backend="numpy").stages["calls"].splitlines()
    assert [line for line in shown if line.startswith("if isnan(")] == ["if isnan(v7.dot(v7)): zero_wins()"]


def test_a_call_in_place_writes_into_its_operand() -> None:
    x = cg.variable("x", (8,))
    calls = cg.compile(cg.exp(cg.sin(x)), backend="numpy").stages["calls"]
    assert calls.splitlines() == ["numpy.sin(x, v1)", "numpy.exp(v1, v1)"]


@pytest.mark.parametrize("backend", STAGES)
def test_the_command_prints_each_stage(backend: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", FORMULA, "a=3", "b=1", "c=-2", "--backend", backend, "--stages"]) == 0
    out = capsys.readouterr().out
    assert [line[3:] for line in out.splitlines() if line.startswith("== ")] == STAGES[backend]
    assert out.endswith("\n\nL = -10\n")


def test_the_command_prints_stages_without_values_and_the_program_when_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["compile", FORMULA, "--stages", "--backend", "numpy"]) == 0
    assert capsys.readouterr().out.endswith("numpy.multiply(c, e, L)\n\n")
    assert main(["compile", FORMULA, "--stages", "--show", "--backend", "numpy"]) == 0
    assert "\nreturn L\nnumpy: 3 steps, " in capsys.readouterr().out

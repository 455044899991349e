"""Tracing: a Python function becomes a graph whose nodes bear its local names."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph.errors import FormulaError, ShapeError


@cg.trace
def L(a: Any, b: Any, c: Any) -> Any:  # noqa: N802 - the name of its result
    d = 2 * b
    e = a + d
    return c * e


def test_a_function_is_the_chapters_graph() -> None:
    assert isinstance(L, cg.Graph)
    fwd = cg.forward(L, a=3, b=1, c=-2)
    assert [fwd[n] for n in ("d", "e", "L")] == [2, 5, -10]
    assert cg.backward(fwd).gradient["b"] == -4


def test_a_node_knows_the_line_of_the_function_that_built_it() -> None:
    assert L["d"].where.endswith("d = 2 * b")


def test_arrays_have_their_shapes_and_defaults_their_values() -> None:
    @cg.trace(shapes={"X": ("m", 3), "w": 3})
    def loss(X: Any, w: Any, power: int = 2, *, factor: float = 3.0) -> Any:
        z = X @ w
        return cg.mean(z**power) * factor

    assert loss["z"].shape == ("m",)
    assert cg.forward(loss, X=np.ones((2, 3)), w=np.ones(3))["loss"] == 27.0
    assert {n.name for n in loss.inputs} == {"X", "w"}


def test_helpers_and_unpacking_name_what_they_return() -> None:
    def layer(x: Any, w: Any) -> Any:
        inner = x * w
        return cg.tanh(inner), inner

    @cg.trace
    def net(x: Any, w: Any) -> Any:
        h, z = layer(x, w)
        return h + z

    assert {"h", "z", "net"} <= set(net.names)
    assert "inner" not in net.names


def test_a_name_that_is_assigned_again_belongs_to_the_last_node() -> None:
    @cg.trace
    def chain(x: Any) -> Any:
        for _ in range(3):
            x = cg.tanh(x)  # a leaf is named x already
        h = x
        for _ in range(2):
            h = h * 2
        return h + 1

    assert chain["h"] is chain.output.operands[0]
    assert cg.forward(chain, x=0.0)["chain"] == 1.0


def test_several_results_are_several_outputs_and_named_ones_keep_their_names() -> None:
    @cg.trace
    def both(x: Any) -> Any:
        s = cg.exp(x).named("mine")
        t = s * s
        return s, t

    assert [n.name for n in both.outputs] == ["mine", "t"]


def test_recursion_leaves_the_outer_names() -> None:
    def power(x: Any, n: int) -> Any:
        rest = x if n == 1 else power(x, n - 1)
        result = rest * x
        return result

    @cg.trace
    def p(x: Any) -> Any:
        result = power(x, 3)
        return result

    assert p.output.name == "result"
    assert cg.forward(p, x=2.0)["result"] == 16.0


def test_a_profiler_that_was_there_is_there_again() -> None:
    seen: list[str] = []

    def profiler(frame: Any, event: str, value: Any) -> None:
        seen.append(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(profiler)
    try:

        @cg.trace
        def watched(x: Any) -> Any:
            return x * 2

        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(before)
    assert "watched" in seen


def _nothing(x: Any) -> Any:
    x * 2


REFUSED: dict[str, tuple[Any, str]] = {
    "no result": (_nothing, "_nothing returns None"),
    "open arguments": (lambda *xs: xs[0], r"takes \*args"),
    "open keywords": (lambda **xs: xs["a"], r"takes \*args or \*\*kwargs"),
    "a built-in": (abs, "has no Python code"),
    "a number": (lambda x: 3, "returns 3"),
}


@pytest.mark.parametrize("function, message", REFUSED.values(), ids=REFUSED.keys())
def test_what_makes_no_graph_is_refused(function: Any, message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        cg.trace(function)


def test_a_shape_for_no_parameter_is_refused() -> None:
    with pytest.raises(FormulaError, match="no open parameter 'Y'"):
        cg.trace(shapes={"Y": 3})(lambda x: x * 2)


def test_an_error_inside_the_function_is_its_own_and_leaves_no_profiler() -> None:
    with pytest.raises(ShapeError):
        cg.trace(shapes={"x": 2, "y": 3})(lambda x, y: x + y)
    assert sys.getprofile() is None or "watch" not in repr(sys.getprofile())

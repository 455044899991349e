"""Derivatives of what became constant: 0 in every form, by leaves that vanished and by those that stayed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy
from sparse import sparse

import cgraph as cg
from cgraph.errors import GradientError, NameUnknownError
from cgraph.graph.node import CONSTANT
from cgraph.ops import TABLE
from cgraph.ops.op import Op

s = sympy.Symbol("x", real=True)
FLAT: dict[str, tuple[Callable[[Any], Any], int]] = {  # functions of x whose derivatives end, and after how many
    "2x": (lambda x: 2 * x, 1),
    "x": (lambda x: x * 1.0, 1),
    "-x/3 + 1": (lambda x: 1 - x / 3, 1),
    "x²": (lambda x: x * x, 2),
    "relu": (cg.relu, 1),
    "abs": (cg.abs, 1),
    "clip": (lambda x: cg.clip(x, -1, 1), 1),
    "leaky relu": (cg.leaky_relu, 1),
    "a maximum": (lambda x: cg.maximum(x, 3 * x), 1),
    "where": (lambda x: cg.where(x > 0, x, 2 * x), 1),
    "relu²": (lambda x: cg.relu(x) ** 2, 2),
}


def derivative(node: Any, x: Any, times: int) -> Any:
    for _ in range(times):
        node = cg.grad(node, x)
    return node


@pytest.mark.parametrize("build, order", FLAT.values(), ids=FLAT.keys())
def test_a_derivative_that_became_constant_has_the_derivative_0(build: Callable[[Any], Any], order: int) -> None:
    x = cg.variable("x")
    for more in (1, 2, 3):
        for by in (x, "x"):
            node = derivative(build(x), by, order + more)
            assert cg.forward(node, x=1.5).values[-1] == 0.0
            assert cg.compile(node, [x], backend="numpy")(1.5) == [0.0]
    last = derivative(build(x), x, order)
    for form in (
        cg.grad(last, [x])[0], cg.vjp(last, x, 2.0), cg.jvp(last, x, 2.0), cg.jacobian(last, x), cg.hessian(last, x),
        cg.taylor(last, x, order=2).coefficients[1], cg.grad(cg.simplify(last), x),
        cg.grad(copy.copy(cg.Graph(last)), "x"), cg.grad(last.named("f"), x),
    ):  # fmt: skip
        assert cg.forward(form, x=1.5).values[-1] == 0.0


# what is built on a derivative d of a vector v: functions of the table, composed ones, operators, NumPy's
BUILT: dict[str, Callable[[Any], Any]] = {
    "the sum": cg.sum, "a square": lambda d: cg.sum(d * d), "a power": lambda d: cg.sum(d**2.0),
    "a multiple": lambda d: cg.sum(2 * d), "less a constant": lambda d: cg.sum(1 - d),
    "the negative": lambda d: cg.sum(-d),
    "a remainder": lambda d: cg.sum(d % 3), "an element": lambda d: d[0], "a slice": lambda d: cg.sum(d[1:]),
    "another shape": lambda d: cg.sum(d.reshape(1, 3) @ d.reshape(3, 1)), "a product with itself": lambda d: d @ d,
    "a norm": cg.norm, "tanh": lambda d: cg.sum(cg.tanh(d)), "under a name": lambda d: cg.sum(d.named("slope")),
    "NumPy's": lambda d: np.sum(np.exp(d)), "joined": lambda d: cg.sum(cg.concatenate([d, d])),
    "einsum": lambda d: cg.einsum("i,i->", d, d), "a loss": lambda d: cg.mse(d, np.ones(3)), "var": cg.var,
    "chosen": lambda d: cg.sum(cg.where(np.array([1, 0, 1]), d, 0.0)), "NumPy's flip": lambda d: np.sum(np.flip(d) * d),
    "an outer product": lambda d: cg.sum(cg.outer(d, d)), "simplified": lambda d: cg.sum(cg.simplify(d * d + 0)),
    "twice": lambda d: cg.sum(cg.exp(cg.sin(d) + d)),
    "with conventions": lambda d: cg.with_conventions(cg.sum(d), "frameworks"),
}  # fmt: skip
LINES: dict[str, Callable[[Any], Any]] = {name: build for name, (build, order) in FLAT.items() if order == 1}


@pytest.mark.parametrize("on", BUILT.values(), ids=BUILT.keys())
@pytest.mark.parametrize("line", sparse([pytest.param(f, id=name) for name, f in LINES.items()], 4))
def test_what_is_built_on_a_derivative_that_vanished_has_the_derivative_0(
    line: Callable[[Any], Any], on: Callable[[Any], Any]
) -> None:
    v, at = cg.variable("v", 3), np.array([0.5, 0.25, 0.75])
    built = on(cg.grad(cg.sum(line(v)), v))
    for zero in (cg.grad(built, v), cg.grad(built, ["v"])[0], cg.vjp(built, v, 1.0), cg.jacobian(built, v)):
        assert cg.forward(zero, v=at).values[-1].tolist() == [0.0, 0.0, 0.0]
    assert np.isfinite(cg.forward(built, v=at).values[-1])
    assert cg.compile(cg.grad(built, v), backend="numpy")(v=at)[0].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("on", BUILT.values(), ids=BUILT.keys())
def test_what_is_built_on_a_derivative_is_differentiated_by_what_stayed(on: Callable[[Any], Any]) -> None:
    u, v, at = cg.variable("u", 3), cg.variable("v", 3), np.array([0.5, 0.25, 0.75])
    slope = cg.grad(cg.sum(cg.exp(u) * v), v)  # exp(u)
    by_u, by_v = cg.grad(on(slope), [u, v])
    assert cg.forward([by_u, by_v], u=at, v=at)[by_v].tolist() == [0.0, 0.0, 0.0]
    assert np.allclose(
        cg.forward(by_u, u=at, v=at)[by_u], cg.forward(cg.grad(on(cg.exp(u)), u), u=at).values[-1], rtol=1e-13
    )


def smooth(row: Op) -> bool:
    return bool(row.elementwise and row.arity == 1 and row.rule(0) is not None)


@pytest.mark.parametrize("row", [r for r in TABLE.values() if smooth(r)], ids=lambda r: r.name)
def test_the_third_derivative_of_every_row_exists_or_is_0(row: Op) -> None:
    x = cg.variable("x")
    node = derivative(cg.table()[row.name](x), x, 3)
    assert cg.forward(node, x=0.5).values[-1].shape == ()


def test_the_zeros_have_the_shape_of_the_leaf() -> None:
    v, X = cg.variable("v", 3), cg.variable("X", ("m", 2))
    line = cg.grad(cg.sum(2 * v), v)
    assert cg.forward(cg.jacobian(line, v), v=np.ones(3)).values[-1].tolist() == np.zeros((3, 3)).tolist()
    both = cg.grad(cg.sum(X) * (y := cg.variable("y")), y)  # ΣX, of which nothing depends on y
    zero, ones = cg.grad(both, [y, X])
    fwd = cg.forward([zero, ones], X=np.ones((4, 2)), y=3.0)
    assert (fwd[zero].tolist(), fwd[ones].shape) == (0.0, (4, 2))


def test_what_a_derivative_never_had_is_refused_as_before() -> None:
    x, y = cg.variable("x"), cg.variable("y")
    slope = cg.grad(2 * x, x)
    for by in (y, "y"):
        with pytest.raises(NameUnknownError):
            cg.grad(slope, by)
    for node in (x > 1, cg.floor(x), cg.above(x, 0.0)):  # nobody's derivative
        with pytest.raises(GradientError, match="comparisons"):
            cg.grad(node, x)


def test_a_pass_of_a_derivative_says_that_its_leaf_vanished() -> None:
    x = cg.variable("x")
    with pytest.raises(NameUnknownError, match=r"nothing here depends on x.*derivative.*vanished.*Fix: .*cg\.grad"):
        cg.backward(cg.grad(2 * x, x), x=1.0).gradient["x"]


CONSTANTS: dict[str, Callable[[], Any]] = {
    "of a sum of two": lambda: cg.grad((a := cg.constant(1.0)) + (b := cg.constant(2.0)), [a, b]),
    "beside a variable": lambda: cg.grad(cg.variable("x") * (a := cg.constant(2.0)), a),
    "by a name": lambda: cg.grad(cg.variable("x") * cg.constant(2.0, "k"), "k"),
    "made of constants": lambda: cg.grad(cg.variable("x") * (c := cg.exp(cg.constant(2.0))), c),
    "in a Jacobian": lambda: cg.jacobian(cg.variable("x", 2) * (a := cg.constant([2.0, 1.0])), a),
    "in a product": lambda: cg.jvp(cg.variable("x") * (a := cg.constant(2.0)), a, 1.0),
}


@pytest.mark.parametrize("ask", CONSTANTS.values(), ids=CONSTANTS.keys())
def test_constants_have_no_gradient_and_that_is_what_is_said(ask: Callable[[], Any]) -> None:
    with pytest.raises(GradientError, match=r"constants? .*: constants have no gradient\. Fix: .*cg\.variable"):
        ask()


def test_a_zero_that_vanished_is_a_constant_and_needs_no_value() -> None:
    x = cg.variable("x")
    zero = cg.grad(cg.grad(2 * x, x), x)
    assert zero.kind == CONSTANT
    assert cg.forward(zero).values == (0.0,)

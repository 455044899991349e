"""What cannot be: each kind of bad input is refused by an error of ours that names the user's line, in every way in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph import errors
from cgraph.graph.node import build
from cgraph.ops import TABLE
from cgraph.ops.op import Op

IDS = {"below 0": ([0, -1], r"id -1 at position \(1,\)"), "from V on": ([3, 0], r"id 3 at position \(0,\)"),
       "no whole number": ([0, 0.5], r"id 0\.5 at position \(1,\)")}  # fmt: skip
READERS: dict[str, Callable[[Any, Any], Any]] = {
    "rows of a table": cg.take,
    "an embedding": cg.embedding,
    "an index": lambda x, ids: x[ids],
    "class ids": lambda x, ids: cg.softmax_cross_entropy(x[:2], ids),
    "classes of one-hot rows": lambda x, ids: cg.one_hot(ids, classes=3) + x[:2],
}


@pytest.mark.parametrize("ids, text", IDS.values(), ids=IDS.keys())
@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_ids_that_are_not_there_are_refused_in_a_pass(read: Callable[..., Any], ids: list[float], text: str) -> None:
    node = read(cg.variable("x", (3, 3)), cg.variable("ids", 2))
    with pytest.raises(errors.ValueRefusedError, match=rf"{text}.*test_bad_input\.py.*V = 3 rows"):
        cg.forward(node, x=np.eye(3), ids=ids)


@pytest.mark.parametrize("name", ["an embedding", "class ids", "an index"])
def test_constant_ids_that_are_not_there_are_refused_at_once(name: str) -> None:
    x = cg.variable("x", (3, 3))
    for ids, text in (([0, -1], "id -1 at position"), ([3, 0], "V = 3")):
        with pytest.raises(cg.CgraphError, match=text):
            READERS[name](x, ids)


@pytest.mark.parametrize("row", [pytest.param(r, id=n) for n, r in TABLE.items() if "axis" in r.defaults])
@pytest.mark.parametrize("axis", [7, -8, 1.5, "rows"])
def test_an_axis_that_is_not_there_is_refused_by_every_op(row: Op, axis: Any) -> None:
    x = cg.variable("x", (2, 2))
    several = {"take": (x, [0]), "scatter_add": (x[:1], [0], x)}
    operands = several.get(row.name, (x,) * (row.arity or 2))
    with pytest.raises(errors.ShapeError, match=r"test_bad_input\.py") as caught:
        build(row, *operands, axis=axis)
    assert str(axis) in str(caught.value)


def v() -> cg.Node:
    return cg.variable("x")


def matrix() -> cg.Node:
    return cg.variable("X", (2, 3))


NO_GRADIENT: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "of an array": (lambda: cg.grad(m := matrix(), m), errors.GradientError, r"only a scalar has a gradient.*cg\.sum"),
    "of an array, in numbers": (
        lambda: cg.backward(cg.forward(matrix(), X=np.ones((2, 3)))), errors.GradientError, "only a scalar",
    ),
    "Hessian of an array": (lambda: cg.hessian(m := matrix(), m), errors.GradientError, "only a scalar"),
    "derivation of an array": (lambda: cg.derive(m := matrix(), wrt=m), errors.GradientError, "only a scalar"),
    "proof of an array": (lambda: cg.prove(matrix()), errors.GradientError, "only a scalar"),
    "of a number": (lambda: cg.grad(3, v()), errors.ValueRefusedError, "3 is no node"),
    "of nothing": (lambda: cg.grad(None, v()), errors.ValueRefusedError, "None is no node"),
    "of an integer, argmax": (lambda: cg.grad(cg.argmax(m := matrix()), m), errors.GradientError, "roundings"),
    "of an integer, floor": (lambda: cg.grad(cg.floor(x := v()), x), errors.GradientError, "no gradient flows"),
    "of an integer, one_hot": (
        lambda: cg.grad(cg.sum(cg.one_hot(x := v(), classes=2)), x), errors.GradientError, "no gradient flows",
    ),
    "of a comparison": (lambda: cg.grad((x := v()) > 1, x), errors.GradientError, "comparisons"),
    "by ids": (
        lambda: cg.grad(cg.sum(cg.take(matrix(), i := cg.variable("ids", 2))), i), errors.GradientError, "X",
    ),
    "by a number": (lambda: cg.grad(v() * 2, 3), errors.ValueRefusedError, "derivative by 3"),
    "by a constant": (lambda: cg.grad(v() * (c := cg.constant(2.0)), c), errors.GradientError, "have no gradient"),
    "by another node": (lambda: cg.grad(v() * 2, cg.variable("y")), errors.NameUnknownError, "not in this graph"),
    "by another name": (lambda: cg.grad(v() * 2, "y"), errors.NameUnknownError, "no node named 'y'"),
    "of several outputs": (
        lambda: cg.backward(cg.forward(cg.Graph([(x := v()) * 2, x * 3]), x=1.0)), errors.GraphError, "2 outputs",
    ),
    **{
        f"{f.__name__} by another node": (
            lambda f=f: f(v() * 2, cg.variable("y"), *([1.0] if f in (cg.jvp, cg.vjp) else [])),
            errors.NameUnknownError, "not in this graph",
        )
        for f in (cg.jacobian, cg.hessian, cg.jvp, cg.vjp, cg.taylor, cg.derive)
    },
    **{
        f"{f.__name__} by what nothing flows to": (
            lambda f=f: f(cg.round(x := v()), x, *([1.0] if f in (cg.jvp, cg.vjp) else [])),
            errors.GradientError, "no gradient flows",
        )
        for f in (cg.jacobian, cg.hessian, cg.jvp, cg.vjp, cg.taylor, cg.derive)
    },
    "a vjp of another shape": (lambda: cg.vjp(m := matrix(), m, [1.0]), errors.ShapeError, r"\[2×3\]"),
    "a jvp of another shape": (lambda: cg.jvp(m := matrix(), m, [1.0]), errors.ShapeError, r"\[2×3\]"),
    "a pass that is none": (lambda: cg.backward(3), errors.ValueRefusedError, r"cg\.backward\(cg\.forward"),
    "a graph that is none": (lambda: cg.forward(3), errors.ValueRefusedError, "3 is no node"),
    "an expression of what is none": (lambda: cg.to_sympy(3), errors.ValueRefusedError, "3 is no node"),
}  # fmt: skip


@pytest.mark.parametrize("act, kind, text", NO_GRADIENT.values(), ids=NO_GRADIENT.keys())
def test_a_gradient_that_does_not_exist_is_refused(act: Callable[[], Any], kind: Any, text: str) -> None:
    with pytest.raises(kind, match=text):
        act()


MISMATCHED: dict[str, Callable[[Any], Any]] = {
    "a sum": lambda x: x + np.ones(2),
    "a product of matrices": lambda x: x @ np.ones((2, 2)),
    "a loss": lambda x: cg.mse(x, np.ones(3)),
    "logits and targets": lambda x: cg.softmax_cross_entropy(x, np.ones((2, 4)) / 4),
    "logits and ids": lambda x: cg.softmax_cross_entropy(x, [0, 1, 2]),
    "a right side": lambda x: cg.solve(x[:, :2], np.ones(3)),
    "a named and another size": lambda x: cg.variable("m", ("m", 2)) + x,
    "rows of other lengths": lambda x: cg.concatenate([x, np.ones((1, 2))]),
    "two named dimensions joined": lambda x: cg.concatenate([cg.variable("a", ("m", 3)), x]),
    "part of a named dimension": lambda x: cg.variable("a", ("m", 3))[1:],
}


@pytest.mark.parametrize("call", MISMATCHED.values(), ids=MISMATCHED.keys())
def test_shapes_that_do_not_fit_are_refused_with_the_line_and_a_fix(call: Callable[[Any], Any]) -> None:
    with pytest.raises(errors.ShapeError) as caught:
        call(cg.variable("x", (2, 3)))
    assert "test_bad_input.py" in str(caught.value)
    assert "Fix: " in str(caught.value)


def test_what_a_named_dimension_allows_keeps_its_name() -> None:
    x = cg.variable("x", ("m", 3))
    assert [x[0:].shape, x[:, 1:].shape, x[::-1].shape, x[:, None].shape] == [("m", 3), ("m", 2), ("m", 3), ("m", 1, 3)]
    assert cg.concatenate([x, x], axis=1).shape == ("m", 6)
    assert cg.stack([x, x]).shape == (2, "m", 3)

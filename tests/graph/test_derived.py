"""A derivative takes the values of what was differentiated, though it may depend on few of them."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph.errors import NameUnknownError, ShapeError, ValueRefusedError
from cgraph.graph.derived import Derived

VALUES = {"a": 3.0, "b": 1.0, "c": -2.0}
BACKENDS = ["auto", "numpy", "native", "scalar", "scalar-numpy"]


def chapter() -> cg.Node:
    a, b, c = cg.variables("a b c")
    return (c * (a + 2 * b)).named("L")


# name: (the derivatives of L, their values at VALUES by hand)
DERIVATIVES: dict[str, tuple[Callable[[cg.Node], Any], list[float]]] = {
    "grad by one": (lambda L: cg.grad(L, "a"), [-2]),
    "grad by several": (lambda L: cg.grad(L, ["a", "b"]), [-2, -4]),
    "grad of a grad": (lambda L: cg.grad(cg.grad(L * L, "a"), "a"), [8]),
    "vjp": (lambda L: cg.vjp(L, "a", 10.0), [-20]),
    "jvp": (lambda L: cg.jvp(L, "a", 10.0), [-20]),
    "jacobian": (lambda L: cg.jacobian(L, ["a", "c"]), [-2, 5]),
    "hessian": (lambda L: cg.hessian(L, ["a", "c"])[0], [0, 1]),
    "taylor": (lambda L: cg.taylor(L, "a").coefficients, [-4, -2]),
    "a polynomial": (lambda L: cg.taylor(L, "a").polynomial, [-10]),
    "simplified": (lambda L: cg.simplify(cg.grad(L, ["a"])), [-2]),
    "with conventions": (lambda L: cg.with_conventions(cg.grad(L, "a"), "frameworks"), [-2]),
    "under a name": (lambda L: cg.grad(L, "b").named("slope"), [-4]),
    "as a graph of a graph": (lambda L: cg.Graph(cg.Graph(cg.grad(L, ["a"]))), [-2]),
}
each = pytest.mark.parametrize("make, expected", DERIVATIVES.values(), ids=DERIVATIVES.keys())


@each
def test_a_derivative_is_computed_from_the_values_of_what_was_differentiated(
    make: Callable[[cg.Node], Any], expected: list[float]
) -> None:
    fwd = cg.forward(make(chapter()), VALUES)
    assert [float(fwd[node]) for node in fwd.graph.outputs] == expected


@each
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_program_of_derivatives_takes_the_same_values(
    make: Callable[[cg.Node], Any], expected: list[float], backend: str
) -> None:
    program = cg.compile(make(chapter()), backend=backend)
    for _ in range(2):  # the second call takes the short way
        assert list(map(float, program(**VALUES))) == expected
    assert list(map(float, program(VALUES))) == expected


@each
def test_a_name_that_it_never_had_is_refused_with_the_one_that_was_meant(
    make: Callable[[cg.Node], Any], expected: list[float]
) -> None:
    for refuse in (cg.forward, lambda of, values: cg.compile(of)(**values)):
        with pytest.raises(NameUnknownError, match=r"no node named 'bb'\. Fix: did you mean 'b'\?"):
            refuse(make(chapter()), {**VALUES, "bb": 1.0})


@pytest.mark.parametrize("backend", BACKENDS)
def test_inputs_of_a_program_may_be_leaves_that_no_derivative_depends_on(backend: str) -> None:
    L = chapter()
    program = cg.compile(cg.grad(L, ["a"]), inputs=["a", "b", "c"], backend=backend)
    assert [program(3.0, 1.0, -2.0), program(0.0, 0.0, 5.0)] == [[-2.0], [5.0]]
    assert program.run(a=[1.0, 2.0], b=[0.0, 0.0], c=[3.0, 4.0])[0].tolist() == [3.0, 4.0]


def test_the_rows_of_many_calls_may_hold_what_is_not_needed() -> None:
    program = cg.compile(cg.grad(chapter(), ["a"]))
    assert program.run(a=[1.0, 2.0], b=[0.0, 0.0], c=[3.0, 4.0])[0].tolist() == [3.0, 4.0]


def test_values_are_given_by_node_too_and_what_is_not_needed_may_be_left_out() -> None:
    L = chapter()
    a, c = cg.Graph(L)["a"], cg.Graph(L)["c"]
    assert cg.forward(cg.grad(L, a), {a: 3.0, c: -2.0}).values == (-2.0,)
    assert cg.forward(cg.grad(L, a), c=-2.0).values == (-2.0,)


def test_a_value_that_is_not_needed_is_checked_all_the_same() -> None:
    X, w = cg.variable("X", ("m", 2)), cg.variable("w", ("m", 2))
    slope = cg.grad(cg.sum(X * w), w)
    assert cg.forward(slope, X=np.ones((3, 2)), w=np.ones((3, 2)))[slope].tolist() == [[1, 1]] * 3
    with pytest.raises(ValueRefusedError, match=r"variable w is given .*'one'"):
        cg.forward(slope, X=np.ones((3, 2)), w="one")
    with pytest.raises(ShapeError, match=r"the value of w has shape \[2×2\]"):
        cg.forward(slope, X=np.ones((3, 2)), w=np.ones((2, 2)))


def test_a_graph_of_nothing_derived_takes_no_value_that_it_does_not_have() -> None:
    L = chapter()
    c, slope = cg.Graph(L)["c"], cg.grad(L, "a")
    for built in (c, 2 * c, c * slope.itself):
        with pytest.raises(NameUnknownError, match="no node named 'a'"):
            cg.forward(built, a=3.0, b=1.0, c=-2.0)


def test_what_is_built_on_derivatives_takes_the_values_of_all_that_was_differentiated() -> None:
    d = cg.variable("d")
    one, other = cg.grad(chapter(), "a"), cg.grad(3 * d, d)
    for built, value in ((2 * one, -4.0), (one * other, -6.0), (cg.exp(one + 2) - other, -2.0), (other % one, -1.0)):
        fwd = cg.forward(built, {**VALUES, "d": 7.0} if value != -4.0 else VALUES)
        assert fwd.values[-1] == value
        assert cg.compile(built)(**VALUES) == [value]
    with pytest.raises(NameUnknownError, match="no node named 'e'"):
        cg.forward(one * other, VALUES, e=1.0)


def test_what_is_built_on_derivatives_is_of_the_highest_order_among_them() -> None:
    x = cg.variable("x")
    once = cg.grad(x**3, x)
    twice = cg.grad(once, x)
    assert [cg.Graph(node).order for node in (x * x, 2 * once, once * twice, twice - once, once + x)] == [0, 1, 2, 2, 1]


def test_twenty_thousand_notes_are_one() -> None:
    L = chapter()
    slopes = cg.grad(L, ["a", "b", "c"])
    total = slopes[0]
    for i in range(20_000):
        total = total + slopes[i % 3]
    assert [leaf.name for leaf in cg.Graph(total).noted] == ["c", "a", "b"]


def test_a_derivative_that_is_a_node_of_the_graph_is_equal_to_it() -> None:
    L = chapter()
    c, slope = cg.Graph(L)["c"], cg.grad(L, "a")
    assert slope == c == slope
    assert slope == cg.grad(L, "a")
    assert slope != cg.grad(L, "b")
    assert {c: 1}[slope] == {slope: 1}[c] == 1
    assert cg.Graph([L, slope]).nodes == cg.Graph([L, c]).nodes
    assert repr(slope) == "<c>"


OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod,
             operator.gt, operator.ge, operator.lt, operator.le]  # fmt: skip


@pytest.mark.parametrize("apply", OPERATORS)
def test_what_is_built_on_a_derivative_stands_on_the_node_itself(apply: Callable[[Any, Any], cg.Node]) -> None:
    L = chapter()
    c, slope = cg.Graph(L)["c"], cg.grad(L, "a")
    for node in (apply(slope, c), apply(c, slope), apply(slope, 2.0), apply(2.0, slope), apply(slope, slope)):
        assert not any(isinstance(x, Derived) for x in node.operands)
        assert c in node.operands
        assert "test_derived.py" in node.where
    for node in (-slope, cg.tanh(slope), np.tanh(slope), cg.where(slope, slope, 0.0), slope.reshape(1)[0]):
        assert not any(isinstance(x, Derived) for x in cg.Graph(node).nodes)


def _pickled(of: Any) -> Any:
    return pickle.loads(pickle.dumps(of))  # noqa: S301 - our own bytes


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, _pickled])
@pytest.mark.parametrize("of", [lambda L: cg.grad(L, "a"), lambda L: cg.Graph(cg.grad(L, ["a", "b"]))])
def test_a_copy_and_a_pickle_take_the_same_values(again: Callable[[Any], Any], of: Callable[[Any], Any]) -> None:
    assert cg.forward(again(of(chapter())), VALUES).values == cg.forward(of(chapter()), VALUES).values


def test_the_note_holds_leaves_and_not_the_graph() -> None:
    import gc
    import weakref

    L = chapter()
    last = weakref.ref(L)
    slope = cg.grad(L, "a")
    del L
    gc.collect()
    assert last() is None
    assert cg.forward(slope, VALUES).values == (-2.0,)

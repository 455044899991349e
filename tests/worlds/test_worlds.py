"""Worlds: numbers, nodes and symbols, each one column of the same table."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
import sympy
from expressions import Case, cases
from hypothesis import given, settings

import cgraph as cg
from cgraph.compile.scalar.world import Tape
from cgraph.errors import MissingValueError, TooDeepError
from cgraph.ops import FAMILIES, TABLE, extremes, gammas, stable
from cgraph.ops.keys import Key
from cgraph.ops.op import Op, structural
from cgraph.passes.backward import backward
from cgraph.passes.forward import forward
from cgraph.worlds.numpy import NUMPY
from cgraph.worlds.sympy import SYMPY, SympyWorld, exact
from cgraph.worlds.world import World

WORLDS = [NUMPY, cg.worlds.GRAPH, SYMPY, cg.worlds.NumpyWorld("float32")]
ids = [w.name for w in WORLDS]


@pytest.mark.parametrize("world", WORLDS, ids=ids)
@pytest.mark.parametrize("name", TABLE)
def test_every_world_has_every_op_of_the_table(world: Any, name: str) -> None:
    assert callable(getattr(world, name))


@pytest.mark.parametrize("world", WORLDS, ids=ids)
def test_no_world_has_an_op_that_the_table_does_not_have(world: Any) -> None:
    with pytest.raises(AttributeError, match="the table has no op named 'bessel'"):
        _ = world.bessel


# Another array library -----------------------------------------------------------------------------------------------
class Namespace:
    """A library of arrays that is not NumPy, though it computes as NumPy does: it notes what it was asked for."""

    def __init__(self, of: Any = np) -> None:
        self.of = of
        self.asked: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.asked.add(name)
        return getattr(self.of, name)


class ArrayWorld(World):
    """All that a world of another array library says."""

    name, pi, numeric = "another library", np.pi, True

    def __init__(self, xp: Any) -> None:
        self.xp = xp

    def function(self, row: Op) -> Any:
        return row.on(self.xp)

    def leaf(self, node: cg.Node, value: Any, shape: Any) -> Any:
        return self.xp.asarray(node.value if value is None else value, float)[()]

    def seed(self, value: Any, upstream: Any) -> Any:
        return self.xp.ones(value.shape)[()] if upstream is None else upstream

    def zeros(self, shape: Any, like: Any) -> Any:
        return self.xp.zeros(like.shape)


@pytest.mark.parametrize("name", TABLE)
def test_a_row_computes_with_the_namespace_that_it_is_given_and_with_no_other(name: str) -> None:
    array = TABLE[name].array
    if isinstance(array, str):
        xp = Namespace()
        assert TABLE[name].on(xp) is TABLE[name].numpy
        assert xp.asked == {array.split(".")[0]}
    else:
        assert array.__code__.co_varnames[0] == "xp"
        assert not {"np", "numpy"}.intersection(array.__code__.co_names)


def test_the_helpers_of_rows_compute_with_their_namespace_and_with_no_other() -> None:
    given = [f for m in (stable, extremes, gammas, *FAMILIES) for f in vars(m).values() if inspect.isfunction(f)]
    given = [f for f in given if f.__code__.co_varnames[:1] == ("xp",)]
    assert len(given) > 40
    assert [f.__name__ for f in given if {"np", "numpy"}.intersection(f.__code__.co_names)] == []


def test_a_world_of_another_library_is_one_column_and_both_passes_run_in_it() -> None:
    X, W = cg.variable("X", (2, 2)), cg.parameter("W", [[0.5, -1.0], [2.0, 0.25]])
    loss = cg.sum(cg.softsign(cg.relu(X @ W)) + cg.softmax(X, axis=1)) + cg.logsumexp(W)
    feed = {"X": [[1.0, 2.0], [-3.0, 0.5]]}
    xp = Namespace()
    here, there = (backward(forward(loss, feed, world)) for world in (NUMPY, ArrayWorld(xp)))
    for node in here.graph.nodes:
        np.testing.assert_array_equal(here.forward[node], there.forward[node])
        np.testing.assert_array_equal(here.gradient[node], there.gradient[node])
    assert {"matmul", "maximum", "sum", "exp", "isfinite"} <= xp.asked


def test_what_worlds_share_stands_in_one_of_them() -> None:
    own = {"leaf", "seed", "zeros", "traced"}
    shared = {name for name, what in vars(World).items() if inspect.isfunction(what)} - own
    assert shared == {"local", "pullback", "times", "plus", "total"}
    assert not shared.intersection(vars(ArrayWorld))
    for world in (cg.worlds.NumpyWorld, SympyWorld, type(cg.worlds.GRAPH), Tape):
        assert not {"pullback", "total", "__getattr__"}.intersection(vars(world)), world


# GRAPH ---------------------------------------------------------------------------------------------------------------
def test_the_world_of_nodes_substitutes_nodes_for_leaves() -> None:
    x, y = cg.variables("x y")
    f = cg.tanh(x) * x
    composed = forward(f, {"x": y**2}, cg.worlds.GRAPH)[f]
    assert [n.name for n in cg.Graph(composed).inputs] == ["y"]
    assert cg.forward(composed, y=1.5)[composed] == pytest.approx(np.tanh(2.25) * 2.25)


def test_the_world_of_nodes_takes_numbers_for_leaves() -> None:
    graph = cg.parse("d = 2*b; e = a + d; L = c*e")
    bound = forward(graph, {"b": 1.0}, cg.worlds.GRAPH)[graph.output]
    assert sorted(n.name for n in cg.Graph(bound).inputs) == ["a", "c"]
    assert cg.forward(bound, a=3, c=-2)[bound] == -10.0


def test_what_is_substituted_must_fit_the_shape_of_the_leaf() -> None:
    X = cg.variable("X", ("m", 2))
    with pytest.raises(cg.errors.ShapeError, match="the value of X has shape"):
        forward(cg.sum(X), {"X": cg.variable("Y", 3)}, cg.worlds.GRAPH)


def test_a_backward_pass_in_the_world_of_nodes_has_nodes_on_every_edge() -> None:
    graph = cg.parse("z = x*x; L = tanh(z)")
    bwd = backward(forward(graph, {}, cg.worlds.GRAPH))
    assert len(bwd.edges) == 3
    assert all(isinstance(part, cg.Node) for e in bwd.edges for part in (e.upstream, e.local, e.downstream))


def test_a_backward_pass_of_nodes_can_start_with_a_node() -> None:
    x, g = cg.variable("x", 3), cg.variable("g", 3)
    bwd = backward(forward(x * 2, {}, cg.worlds.GRAPH), upstream=g)
    gradient = bwd.gradient["x"]
    assert cg.forward(gradient, g=[1.0, 2.0, 3.0])[gradient].tolist() == [2.0, 4.0, 6.0]


def test_the_zero_of_what_nothing_flows_to_has_its_shape() -> None:
    x, y = cg.variable("x"), cg.variable("y", ("m", 2))
    fwd = forward([x * x, cg.sum(y)], {}, cg.worlds.GRAPH)
    zero = backward(fwd, of=fwd.graph.outputs[0]).gradient["y"]
    assert zero.shape == ("m", 2)
    assert cg.forward(zero, y=np.ones((3, 2)))[zero].tolist() == [[0, 0]] * 3


# SYMPY ---------------------------------------------------------------------------------------------------------------
def test_an_array_without_dimensions_in_a_place_of_an_array_counts_as_its_element() -> None:
    def array(xp: Any, x: Any) -> Any:
        result = xp.zeros(3, xp.result_type(x))
        result[1] = x
        return result

    pullback = ("picked", lambda w, g, z, x: w.index(g, key=Key((1,))))
    row = structural("put", "put(x)", array, pullback, infer=lambda s, a: (a, (3,)), examples=[(((),), {})])
    put, x = cg.op(row), cg.variable("x")
    assert cg.to_sympy(put(x)).tolist() == [0, sympy.Symbol("x", real=True), 0]
    assert cg.prove(cg.sum(put(x))).proved
    assert len(cg.unroll(put(x)).outputs) == 3


@pytest.mark.parametrize("call", [cg.to_sympy, cg.unroll])
def test_an_array_inside_an_array_of_symbols_is_refused(call: Any) -> None:
    def nested(xp: Any, x: Any) -> Any:
        result = xp.empty(1, object)
        result[0] = x
        return result

    row = structural("nest", "nest(x)", nested, ("", None), infer=lambda s, a: (a, (1,)), examples=[(((2,),), {})])
    with pytest.raises(cg.errors.ValueRefusedError, match=r"an array \[2\] inside an array.*Fix: write result"):
        call(cg.op(row)(cg.variable("x", 2)))


OVERFLOWING = {"softmax": cg.softmax, "logsumexp": cg.logsumexp, "std": cg.std, "chain": lambda v: v / cg.exp(v) * v[0]}


@pytest.mark.parametrize("function", OVERFLOWING.values(), ids=OVERFLOWING)
def test_floats_of_sympy_that_no_double_holds_raise_no_warning_of_numpy(function: Any) -> None:
    v = cg.variable("v", 2)
    values = np.array([sympy.Float(1000), sympy.Float(0)], object)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bwd = backward(forward(cg.sum(function(v)), {v: values}, SYMPY))
    symbols = [sympy.Symbol(f"v[{i}]", real=True) for i in (0, 1)]
    exact_value = cg.to_sympy(cg.sum(function(v)))
    for symbol, found in zip(symbols, bwd.gradient["v"], strict=True):
        slope = sympy.diff(exact_value, symbol).subs(dict(zip(symbols, values, strict=True)))
        assert abs(sympy.N(found - slope)) < 1e-12


def test_a_convention_holds_in_symbols_where_the_formula_has_no_value() -> None:
    assert cg.to_sympy(cg.ratio(0, 0)) == 0
    assert cg.to_sympy(cg.grad(cg.std(cg.variable("x", 1)) * 2, "x"))[0] == 0
    assert cg.to_sympy(cg.constant(np.inf) - cg.constant(np.inf)) is sympy.nan


def test_a_scalar_becomes_the_expression_that_it_is() -> None:
    a, b, c = sympy.symbols("a b c", real=True)
    assert sympy.expand(cg.to_sympy(cg.parse("d = 2*b; e = a + d; L = c*e")) - c * (a + 2 * b)) == 0


def test_an_array_becomes_an_array_of_its_elements() -> None:
    X, w = cg.variable("X", (2, 2)), cg.variable("w", 2)
    result = cg.to_sympy(X @ w)
    symbol = {n: sympy.Symbol(n, real=True) for n in ("X[0,0]", "X[0,1]", "X[1,0]", "X[1,1]", "w[0]", "w[1]")}
    assert result.shape == (2,)
    assert result[1] == symbol["X[1,0]"] * symbol["w[0]"] + symbol["X[1,1]"] * symbol["w[1]"]


def test_named_dimensions_need_sizes_in_symbols() -> None:
    X = cg.variable("X", ("m", 2))
    with pytest.raises(MissingValueError) as caught:
        cg.to_sympy(cg.sum(X))
    assert "X has the named dimension 'm'" in str(caught.value)
    assert "sizes={'m': 2}" in str(caught.value)
    assert len(cg.to_sympy(cg.sum(X), sizes={"m": 3}).free_symbols) == 6


def test_a_parameter_is_a_symbol_and_a_constant_is_a_number() -> None:
    w = cg.parameter("w", 0.1)
    assert cg.to_sympy(w * 0.25) == sympy.Symbol("w", real=True) / 4


@pytest.mark.parametrize(
    "number, expected",
    [
        (0.1, sympy.Rational(1, 10)),
        (np.float64(-2.5), sympy.Rational(-5, 2)),
        (3, sympy.Integer(3)),
        (1e-20, sympy.Rational(1, 10**20)),
        (1e22, sympy.Integer(10**22)),
        (1 / 3, sympy.Rational(1, 3)),
        (-2 / 7, sympy.Rational(-2, 7)),
        (1000 / 7, sympy.Rational(1000, 7)),
        (0.1 + 0.2, sympy.Rational(30000000000000004, 10**17)),
        (np.nextafter(1 / 3, 1), sympy.Rational(33333333333333337, 10**17)),
        (np.inf, sympy.oo),
        (-np.inf, -sympy.oo),
    ],
)
def test_floats_become_the_fractions_that_they_print_as(number: float, expected: Any) -> None:
    assert exact(number) == expected


def test_not_a_number_stays_not_a_number() -> None:
    assert exact(np.nan) is sympy.nan


@settings(max_examples=25)
@given(cases(largest=4))
def test_symbols_have_the_values_that_numbers_have(case: Case) -> None:
    numeric = cg.forward(case.root, case.feed)[case.root]
    symbolic = forward(case.root, case.feed, SYMPY)[case.root][()]
    assert float(sympy.N(symbolic, 20)) == pytest.approx(float(numeric), rel=1e-10, abs=1e-12)


def test_the_kink_of_relu_is_the_chapters_in_symbols_too() -> None:
    x = cg.variable("x")
    slope = backward(forward(cg.relu(x), {}, SYMPY)).gradient["x"][()]
    symbol = sympy.Symbol("x", real=True)
    assert [slope.subs(symbol, v) for v in (-1, 0, 1)] == [0, 1, 1]


@pytest.mark.parametrize("n", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_deep_chain_in_symbols(n: int) -> None:
    node = x = cg.variable("x")
    for _ in range(n):
        node = node + 1
    bwd = backward(forward(node, {}, SYMPY))
    assert bwd.forward[node][()] == sympy.Symbol("x", real=True) + n
    assert bwd.gradient[x][()] == 1


def test_an_expression_too_deep_for_sympy_is_an_error_of_ours() -> None:
    node = cg.variable("x")
    for _ in range(3_000):
        node = cg.tanh(node)
    with pytest.raises(TooDeepError, match="tanh is nested too deeply for SymPy"):
        cg.forward(node, world=SYMPY)

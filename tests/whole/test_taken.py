"""Wherever a graph is taken, its formula as text is taken too, and gives the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph.errors import FormulaError, NameUnknownError, ValueRefusedError
from cgraph.graph.parse import as_graph

TEXT = "d = 2*b; e = a + d; L = c*e"
VALUES = {"a": 3.0, "b": 1.0, "c": -2.0}

# every public function that takes a graph: what is done with it, as plain values that can be compared
TAKES: dict[str, Callable[[Any], Any]] = {
    "forward": lambda L: cg.forward(L, VALUES).values,
    "backward": lambda L: dict(cg.backward(L, VALUES).gradient),
    "check_gradient": lambda L: str(cg.check_gradient(L, VALUES)),
    "grad": lambda L: [_values(x) for x in cg.grad(L, ["a", "b", "c"])],
    "vjp": lambda L: _values(cg.vjp(L, "b", 2.0)),
    "jvp": lambda L: _values(cg.jvp(L, "b", 2.0)),
    "jacobian": lambda L: _values(cg.jacobian(L, "b")),
    "hessian": lambda L: _values(cg.hessian(L, ["b", "c"])[0][1]),
    "taylor": lambda L: _values(cg.taylor(L, "b", 1.0, 2).polynomial),
    "prove": lambda L: str(cg.prove(L)),
    "derive": lambda L: cg.derive(L, "b", VALUES).text,
    "to_latex": cg.to_latex,
    "to_sympy": cg.to_sympy,
    "to_networkx": lambda L: list(cg.to_networkx(L).edges(keys=True)),
    "simplify": lambda L: _values(cg.simplify(L)),
    "with_conventions": lambda L: _values(cg.with_conventions(L, "frameworks")),
    "unroll": lambda L: cg.unroll(L).names,
    "compile": lambda L: cg.compile(L, ["a", "b", "c"], gradients=["b"])(3.0, 1.0, -2.0),
}


def _values(of: Any) -> tuple[float, ...]:
    return tuple(map(float, cg.forward(of, VALUES).values))


def _takers() -> set[str]:
    """The public functions whose first parameter is said to be a graph."""
    found = set()
    for name in cg.__all__:
        function = getattr(cg, name)
        function = getattr(function, "__wrapped__", function)
        if inspect.isfunction(function):
            first = next(iter(inspect.signature(function).parameters.values()), None)
            if first is not None and "Graph" in str(first.annotation):
                found.add(name)
    return found


def test_every_public_function_that_takes_a_graph_is_in_this_test() -> None:
    assert _takers() == set(TAKES)


@pytest.mark.parametrize("name", TAKES)
def test_a_formula_gives_what_its_graph_gives(name: str) -> None:
    graph = cg.parse(TEXT)
    want = TAKES[name](graph)
    assert TAKES[name](TEXT) == want
    assert TAKES[name](graph.output) == want
    assert TAKES[name](graph.outputs) == want


@pytest.mark.parametrize("name", TAKES)
@pytest.mark.parametrize("text", ["L = 2 +* 3", "L = sigmoyd(a)", "L = a.real", ""])
def test_what_is_no_formula_is_refused_as_by_parse(name: str, text: str) -> None:
    with pytest.raises(FormulaError):
        TAKES[name](text)


@pytest.mark.parametrize("name", TAKES)
@pytest.mark.parametrize("other", [3, None, [3], {"a": 1}], ids=str)
def test_what_is_no_graph_is_refused(name: str, other: Any) -> None:
    with pytest.raises(ValueRefusedError):
        TAKES[name](other)


def test_arrays_give_the_variables_of_a_formula_their_shapes() -> None:
    X, W = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    assert cg.forward("z = X @ W", X=X, W=W)["z"].tolist() == (X @ W).tolist()
    bwd = cg.backward("L = sum(X @ W)", X=X.tolist(), W=W)
    assert bwd.gradient["X"].tolist() == (np.ones((2, 4)) @ W.T).tolist()
    assert as_graph("z = X @ W", {"X": X, "W": W})["X"].shape == (2, 3)


def test_a_value_with_no_place_in_a_formula_is_refused_by_name() -> None:
    with pytest.raises(NameUnknownError, match=r"no node named 'bb'\. Fix: did you mean 'b'\?"):
        cg.forward(TEXT, **VALUES, bb=np.ones(3))
    with pytest.raises(ValueRefusedError, match="variable a is given"):
        cg.forward(TEXT, a=[[1], [2, 3]], b=1, c=2)


def test_a_graph_itself_is_made_of_nodes_and_says_what_reads_a_formula() -> None:
    with pytest.raises(ValueRefusedError, match=r"cg\.parse reads formulas"):
        cg.Graph(TEXT)  # type: ignore[arg-type]


def test_a_name_alone_is_an_op_and_no_formula() -> None:
    assert str(cg.prove("tanh")) == str(cg.prove(cg.tanh))
    with pytest.raises(NameUnknownError, match=r"no op named .tahn.\. Fix: did you mean .tan"):
        cg.prove("tahn")


def test_a_pass_has_its_values() -> None:
    fwd = cg.forward(TEXT, VALUES)
    for wrong in (lambda: cg.backward(fwd, VALUES), lambda: cg.backward(fwd, a=1.0)):
        with pytest.raises(ValueRefusedError, match="values beside a forward pass"):
            wrong()
    with pytest.raises(ValueRefusedError, match="write of="):
        cg.backward(fwd, "e")  # type: ignore[arg-type]


def test_a_node_is_meant_by_itself_or_by_its_name() -> None:
    graph = cg.parse(TEXT)
    b, e = graph["b"], graph["e"]
    assert cg.grad(graph, "c") == cg.grad(graph, graph["c"]) == e
    assert cg.backward(graph, VALUES, of="e").gradient["b"] == cg.backward(graph, VALUES, of=e).gradient[b] == 2.0
    assert [cg.simplify(e * 1, keep=[key]) for key in (e, "e")] == [e, e]
    w = cg.parameter("w", 1.0)
    for key in (w, "w"):
        program = cg.compile([w * cg.variable("x")], updates={key: w - 0.5})
        program(x=1.0)
        assert program.values == {"w": 0.5}

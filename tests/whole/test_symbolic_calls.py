"""Everything that can be built can be written in symbols: each op, in each shape, through every such call.

The quick tests take one example of each form (ranks of operands and result), the slow ones every shape.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy
from every_op import Kind, few, kinds
from sparse import sparse

import cgraph as cg
from cgraph import notation
from cgraph.ops import TABLE
from cgraph.proof.report import AGREES, PROVED
from cgraph.rewriting.unroll import element_name
from viz.asked import passes
from viz.graphs.words.annotate import annotate


def numbers(symbols: Any, kind: Kind) -> Any:
    """The values of expressions where the symbols of the leaves have the values of the kind."""
    at = {}
    for leaf, values in kind.feed.items():
        for index in np.ndindex(*leaf.shape):
            name = f"{leaf.name}[{','.join(map(str, index))}]" if index else str(leaf.name)
            at[sympy.Symbol(name, real=True)] = sympy.Float(float(values[index]), 30)
    expressions = np.array(symbols, dtype=object)
    found = [float(sympy.N(e.xreplace(at), 25)) for e in expressions.ravel()]
    return np.reshape(found, expressions.shape)


def reached(bwd: cg.Backward, kind: Kind) -> list[cg.Node]:
    return [leaf for leaf in kind.leaves if any(e.operand is leaf for e in bwd.edges)]


def becomes_an_expression_of_its_value(kind: Kind) -> None:
    value = cg.forward(kind.node, kind.feed)[kind.node]
    assert numbers(cg.to_sympy(kind.node), kind) == pytest.approx(value, rel=1e-12, abs=1e-13)


def has_gradients_that_are_expressions(kind: Kind) -> None:
    bwd = cg.backward(cg.forward(kind.total, kind.feed))
    for leaf in reached(bwd, kind):
        found = numbers(cg.to_sympy(cg.grad(kind.total, leaf)), kind)
        assert found == pytest.approx(bwd.gradient[leaf], rel=1e-11, abs=1e-12), leaf


def is_proved(kind: Kind) -> None:
    elements = sum(int(np.prod(leaf.shape)) for leaf in kind.leaves)
    if elements > (3 if kind.row.kink else 5):
        return  # the proof of many cases takes SymPy minutes
    report = cg.prove(kind.total)
    assert len(report.checks) == elements
    assert {c.verdict for c in report.checks} <= {PROVED, AGREES}, report


def is_unrolled_into_neurons(kind: Kind) -> None:
    bwd = cg.backward(cg.forward(kind.total, kind.feed))
    with warnings.catch_warnings():  # std of one element is a square root at 0, of which the slope is 0 only in std
        warnings.simplefilter("ignore", cg.errors.IndeterminateWarning)
        neurons = cg.unroll(bwd)
    assert all(n.shape == () for n in neurons.graph)
    assert neurons.forward[neurons.of] == pytest.approx(bwd.forward[bwd.of], rel=1e-12)
    for leaf in kind.leaves:
        for index in np.ndindex(*leaf.shape):
            turned = kind.row.name == "matmul" and leaf is kind.node.operands[1]  # a weight is named by its unit first
            name = element_name(leaf, tuple(map(int, leaf.shape)), index, turned)
            mine = neurons.gradient[name] if name in neurons.graph else 0.0
            assert mine == pytest.approx(np.asarray(bwd.gradient[leaf])[index], rel=1e-10, abs=1e-12), name
    assert len(cg.unroll(kind.node).outputs) == np.prod(kind.node.shape)


def is_derived_to_its_number(kind: Kind) -> None:
    bwd = cg.backward(cg.forward(kind.total, kind.feed))
    for leaf in reached(bwd, kind):
        derivation = cg.derive(bwd, leaf)
        number = notation.text(notation.value(np.asarray(bwd.gradient[leaf]), 6))
        assert derivation.text.splitlines()[-1].split(" = ")[-1] == number
        assert derivation.latex.count("{") == derivation.latex.count("}")
        assert cg.derive(kind.total, leaf).text.count("\n") == derivation.text.count("\n")


def is_written_as_latex(kind: Kind) -> None:
    latex = cg.to_latex(kind.node)
    assert not kind.leaves or str(kind.leaves[0].name) in latex
    assert latex.count("{") == latex.count("}")


def is_drawn_with_formulas_on_its_edges(kind: Kind) -> None:
    graph = cg.Graph(kind.total)
    flowing = cg.backward(cg.forward(kind.total, kind.feed)).edges
    edges = [e for e in annotate(passes(graph), "textbook", "full").edges if e.flows]
    assert len(edges) == len(flowing)
    assert all(e.local and e.downstream for e in edges)


CALLS: list[Callable[[Kind], None]] = [
    becomes_an_expression_of_its_value,
    has_gradients_that_are_expressions,
    is_proved,
    is_unrolled_into_neurons,
    is_derived_to_its_number,
    is_written_as_latex,
    is_drawn_with_formulas_on_its_edges,
]
call = pytest.mark.parametrize("call", CALLS, ids=lambda f: f.__name__)


@call
@pytest.mark.parametrize("name", sparse([n for n in TABLE if not TABLE[n].elementwise], 4))
def test_an_op_on_arrays_of_each_form(name: str, call: Callable[[Kind], None]) -> None:
    for kind in few(TABLE[name]):
        call(kind)


@pytest.mark.slow
@call
@pytest.mark.parametrize("name", TABLE)
def test_an_op_in_every_shape(name: str, call: Callable[[Kind], None]) -> None:
    for kind in kinds(TABLE[name]):
        call(kind)

"""Derivations use no name that they have not defined, and what stands between signs of equality is equal."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from random_scalars import random_graph
from read_formulas import NotReadError, value
from sparse import sparse

import cgraph as cg
from cgraph import notation
from cgraph.derivation.merged import merged
from cgraph.graph.node import build
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from viz.figures.graphs import figure_6_17, figure_6_18

ROWS = [row for row in TABLE.values() if row.elementwise and any(row.rule(i) for i in range(row.arity or 2))]


def undefined(graph: cg.Graph, derivation: Any) -> Iterator[str]:
    """The names in the lines of a derivation that are no leaf's and that no line before has on its left."""
    defined = {x.name for x in graph.leaves} | {derivation.wrt}
    for step in derivation.steps:
        for left, *others in step.lines:
            fraction = "∂" in notation.text(left)
            used = set().union(
                *(
                    notation.spellings(m)
                    for m in (others if not fraction else [left, *others])
                    if not isinstance(m, str)
                )
            )
            yield from (f"{name} in {step.text}" for name in sorted(used - defined) if name in graph.names)
            defined |= set() if fraction else notation.spellings(left)


def unequal(graph: cg.Graph, derivation: Any, fwd: cg.Forward) -> tuple[list[str], int]:
    """The formulas that are not the number at the end of their line, and how many were read."""
    worth = {name: float(fwd[name]) for name in graph.names if fwd[name].shape == ()}
    found, read = [], 0
    for step in derivation.steps:
        for line in step.lines:
            *formulas, last = [m for m in line if not isinstance(m, str) and "∂" not in notation.text(m)] or [None]
            for formula in formulas:
                try:
                    number = value(formula, worth)
                except (NotReadError, TypeError):  # a word that the reader does not know
                    continue
                read += 1
                if not np.isclose(number, value(last, worth), rtol=2e-5, atol=1e-9):
                    found.append(f"{notation.text(formula)} is {number}, not {notation.text(last)}")
    return found, read


def check(graph: cg.Graph, wrt: str, fwd: cg.Forward | None) -> int:
    """Both laws on one derivation with numbers; gives how many formulas were compared."""
    assert list(undefined(graph, cg.derive(graph, wrt))) == []
    if fwd is None or not np.isfinite([float(v) for v in fwd.values if np.shape(v) == ()]).all():
        return 0
    derivation = cg.derive(fwd, wrt)
    fwd = cg.forward(merged(fwd.graph)[0], {x: fwd[x] for x in fwd.graph.leaves if x.kind != "constant"})
    assert list(undefined(fwd.graph, derivation)) == []
    found, read = unequal(fwd.graph, derivation, fwd)
    assert found == []
    return read


@pytest.mark.parametrize("row", sparse(ROWS, 20), ids=lambda row: row.name)
def test_a_derivation_of_every_elementwise_op_defines_its_names(row: Op) -> None:
    operands = [cg.variable(name) for name in "abc"[: row.arity or 3]]
    inner = [x * 2 + 0.5 if i == 0 else 1 - x for i, x in enumerate(operands)]
    node = (build(row, *inner) * cg.exp(operands[0]) * cg.variable("k")).named("L")
    for position, x in enumerate(operands):
        if row.rule(position):
            assert list(undefined(cg.Graph(node), cg.derive(node, x))) == []


@pytest.mark.parametrize("seed", sparse(range(120), 30))
def test_a_derivation_of_a_random_graph_defines_its_names_and_its_lines_are_equal(seed: int) -> None:
    graph, generator = random_graph(seed, 16), np.random.default_rng(seed)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fwd = cg.forward(graph, {x: generator.uniform(0.2, 1) for x in graph.inputs if x.value is None})
        check(graph, graph.leaves[0].name or "", fwd)


FORMULAS = [
    "L = -(y*log(a) + (1 - y)*log(1 - a))",
    "y = sigmoid(w*x)*sigmoid(w*x)/(1 + sigmoid(w*x))",
    "e1 = exp(z1); e2 = exp(z2); S = e1 + e2; p1 = e1/S; L = -log(p1)",
    "y = (x - m)**2/(2*s**2) + (1 - m)/(x*s)",
    "L = (w*x + b - y)**2/2 + k*w**2",
    "y = 1/(1 + exp(-x)) * sin(x)/cos(x)",
    "p = (1 - a)*(2 - b)/(c + 1); L = exp(p*x)*(1 - b)",
]


@pytest.mark.parametrize("formula", sparse(FORMULAS, 4))
def test_formulas_of_books_have_lines_that_are_equal(formula: str) -> None:
    graph = cg.parse(formula)
    fwd = cg.forward(graph, {x: 0.3 + 0.11 * i for i, x in enumerate(graph.inputs)})
    assert sum(check(graph, str(x.name), fwd) for x in graph.inputs) >= 4 * len(graph.inputs)


@pytest.mark.parametrize("figure", sparse([figure_6_17, figure_6_18], 2))
def test_the_chapters_figures_define_their_names(figure: Any) -> None:
    fwd = figure().forward
    for node in fwd.graph.nodes:
        if node.kind != "constant":
            assert list(undefined(fwd.graph, cg.derive(fwd, node))) == [], node


# Equal parts ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("part", ["sigmoid(w*x + b)", "(1 - w)*x", "x/w", "exp(-x**2)"])
def test_a_part_that_is_written_twice_is_derived_once(part: str) -> None:
    twice, once = cg.parse(f"L = {part}*exp({part})"), cg.parse(f"q = {part}; L = q*exp(q)")
    lines = cg.derive(twice, "x", x=0.5, w=0.25, b=1).text.splitlines() if "b" in part else None
    written, expected = cg.derive(twice, "x"), cg.derive(once, "x")
    assert len(written.steps) == len(expected.steps)
    assert len(written.steps[0].lines) == len(expected.steps[0].lines)
    values = {"x": 0.5, "w": 0.25, "b": 1.0}
    at = {x: values[str(x.name)] for x in twice.inputs}
    numbers = [
        cg.derive(cg.forward(g, {str(k.name): v for k, v in at.items()}), "x").text.split(" = ")[-1]
        for g in (twice, once)
    ]
    assert numbers[0] == numbers[1]
    assert lines is None or lines[-1].endswith(numbers[0])


def test_two_names_of_one_thing_stay_two() -> None:
    text = cg.derive("u = tanh(x); v = tanh(x); L = u*v", "x").text
    assert "    u = tanh(x)" in text and "    v = tanh(x)" in text

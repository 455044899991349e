"""The columns of a row are one function: what is proved is a formula, and numbers must be that formula's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sparse import sparse

import cgraph as cg
from cgraph.compile.c.compiler import compiler
from cgraph.graph.node import build
from cgraph.ops import TABLE
from cgraph.ops.op import Op, elementwise, structural
from cgraph.proof import prove_row
from cgraph.proof.columns import compared_columns
from cgraph.proof.examples import ALL, examples

ELEMENTWISE = {name: row for name, row in TABLE.items() if row.elementwise}
STRUCTURAL = {name: row for name, row in TABLE.items() if not row.elementwise}
RULED = [name for name, row in ELEMENTWISE.items() if any(row.rule(i) for i in range(row.arity or 2))]


@pytest.mark.parametrize("name", TABLE)
def test_every_row_of_the_table_computes_its_formula_or_its_definition(name: str) -> None:
    row = TABLE[name]
    for check in compared_columns(row, {}, () if row.elementwise else examples(row), native=False):
        assert check.verdict == "agrees", check


@pytest.mark.slow
@pytest.mark.skipif(compiler() is None, reason="there is no compiler of C")
@pytest.mark.parametrize("name", [name for name, row in ELEMENTWISE.items() if row.c])
def test_the_c_of_every_row_of_the_table_computes_its_formula(name: str) -> None:
    *_, last = compared_columns(TABLE[name], {}, native=True)
    assert last.subject == f"{name}: C"
    assert last.verdict == "agrees", last


def _another(row: Op) -> Op:
    """The row with an array function that is off by a hundredth part and a hundredth."""
    return row.replaced(array=lambda xp, *x, **attrs: 1.01 * row.numpy(*x, **attrs) + 0.01)


@pytest.mark.parametrize("name", TABLE)
def test_an_array_function_that_is_another_function_is_refused(name: str) -> None:
    row = _another(TABLE[name])
    if not row.elementwise and row.definition is None:
        row = row.replaced(definition=lambda w, *x, **attrs: TABLE[name].on(np)(*x, **attrs))
    first, *_ = compared_columns(row, {}, () if row.elementwise else examples(TABLE[name]), native=False)
    assert first.verdict == "WRONG", first


@pytest.mark.parametrize("name", sparse(RULED, 4))
def test_an_op_of_ones_own_with_the_numbers_of_another_is_not_proved_and_no_graph_with_it_is(name: str) -> None:
    row = _another(TABLE[name])
    leaves = [cg.variable(n) for n in "xyz"][: row.arity or 2]
    report = cg.prove((build(row, *leaves) * 2.0).named("L"), seconds=20, native=False)
    assert not report.proved
    assert any("array function" in c.subject for c in report.failures), report
    assert "WRONG" in str(report)
    assert report.verdict.startswith("not proved")


MYSIN = elementwise("mysin", "sin(x)", lambda xp, x: x * 1.0, lambda w, z, x: w.cos(x))


def test_the_numbers_of_both_are_said_with_their_point() -> None:
    for report in (cg.prove(cg.op(MYSIN)), cg.prove(cg.op(MYSIN)(cg.variable("x")))):
        assert not report.proved
        (wrong,) = report.failures
        assert wrong.subject == "mysin: array function"
        assert "at x = " in wrong.reason and "the formula" in wrong.reason


@pytest.mark.skipif(compiler() is None, reason="there is no compiler of C")
def test_the_c_of_an_op_of_ones_own_is_compared_unless_it_is_said_not_to_be() -> None:
    op = cg.op(elementwise("mysin", "sin(x)", lambda xp, x: xp.sin(x), lambda w, z, x: w.cos(x), c="COS({0})"))
    assert [c.subject for c in cg.prove(op).failures] == ["mysin: C"]
    assert [c.subject for c in cg.prove(op(cg.variable("x"))).failures] == ["mysin: C"]
    assert cg.prove(op, native=False).proved
    assert len(cg.prove("tanh", native=True).columns) == len(cg.prove("tanh").columns) + 1


def test_a_rule_that_computes_other_numbers_than_symbols_is_refused() -> None:
    def rule(w: Any, z: Any, x: Any) -> Any:
        return 2 * x if w.numeric else 3 * x**2

    report = cg.prove(cg.op(elementwise("cube", "x**3", lambda xp, x: x**3, rule)))
    assert [c.verdict for c in report.checks] == ["proved"]
    assert [c.subject for c in report.failures] == ["cube: rule of x in numbers"]


@pytest.mark.parametrize(
    "array, said",
    [(lambda xp, x: xp.nope(x), "it fails on numbers: AttributeError"), (lambda xp, x: x * np.nan, "nan")],
)
def test_an_array_function_that_gives_no_number_is_refused(array: Any, said: str) -> None:
    wrong, *_ = cg.prove(cg.op(elementwise("mysin", "sin(x)", array, lambda w, z, x: w.cos(x)))).failures
    assert said in wrong.reason


def test_naive_formulas_that_lose_digits_or_overflow_far_away_are_no_other_functions() -> None:
    naive = elementwise("logistic", "exp(x)/(1 + exp(x))", lambda xp, x: xp.exp(x) / (1 + xp.exp(x)),
                        lambda w, z, x: z * (1 - z))  # fmt: skip
    wave = elementwise("wave", "sin(x**2)", lambda xp, x: xp.sin(x * x), lambda w, z, x: 2 * x * w.cos(x * x))
    flat = elementwise("flat", "(1 - cos(x))", lambda xp, x: 1 - xp.cos(x), lambda w, z, x: w.sin(x))
    for row in (naive, wave, flat):
        report = cg.prove(cg.op(row))
        assert report.proved, report


# Examples of structural rows ------------------------------------------------------------------------------------------
def turned(pullback: Any, shapes: Any = (((1, 1),), {}), **given: Any) -> Op:
    """A matrix transposed, with a pullback of one's own."""
    return structural("turned", "xᵀ", lambda xp, x: xp.swapaxes(x, -1, -2), ("ᵀ", pullback),
                      infer=lambda s, a: (a, (*s[0][:-2], s[0][-1], s[0][-2])), examples=[shapes], **given)  # fmt: skip


def right(w: Any, g: Any, z: Any, x: Any) -> Any:
    """The pullback of `turned`."""
    last = len(x.shape) - 1
    return w.transpose(g, axes=(*range(last - 1), last, last - 1))


def test_a_lost_transpose_is_seen_though_the_example_is_one_by_one() -> None:
    report = cg.prove(cg.op(turned(lambda w, g, z, x: g)))
    assert not report.proved and report.failures
    assert cg.prove(cg.op(turned(right))).proved


def test_a_structural_row_whose_array_function_is_not_its_definition_is_refused() -> None:
    row = structural("trebled", "3x", lambda xp, x: x * 2, ("· 3", lambda w, g, z, x: 3 * g),
                     infer=lambda s, a: (a, s[0]), definition=lambda w, x: x * 3, examples=[(((2,),), {})])  # fmt: skip
    for report in (cg.prove(cg.op(row)), cg.prove(cg.sum(cg.op(row)(cg.variable("x", 2))))):
        assert [c.subject for c in report.failures] == ["trebled: array function"], report
        assert not report.proved


def test_a_row_without_examples_gets_some_or_is_undecided() -> None:
    row = turned(right).replaced(examples=())
    assert cg.prove(cg.op(row)).proved
    strange = row.replaced(infer=lambda s, a: (a, s[0][:7][6]))
    report = cg.prove(cg.op(strange))
    assert not report.proved
    assert report.verdict == "undecided: no examples"
    assert "give examples=" in str(report)


def _has_a_one(shape: tuple[int, ...]) -> bool:
    return 1 in shape


def _is_uneven(shape: tuple[int, ...]) -> bool:
    return len({d for d in shape if d > 1}) > 1


def _takes(row: Op, shape: tuple[int, ...]) -> bool:
    """Whether it takes operands of this one shape, with its attributes left as they are."""
    try:
        row.infer([shape] * (row.arity or 2), dict(row.defaults))
    except cg.CgraphError:
        return False
    return row.ids is None


@pytest.mark.parametrize("name", STRUCTURAL)
def test_the_examples_of_the_table_have_every_feature_that_the_shape_rule_allows(name: str) -> None:
    row = STRUCTURAL[name]
    found = examples(row)
    assert found[: len(row.examples)] == row.examples
    sizes = [tuple(np.shape(s)) if isinstance(s, list) else tuple(s) for shapes, _ in found for s in shapes]
    assert any(np.prod(s) > 1 for s in sizes)
    for feature in (_has_a_one, _is_uneven):
        if any(feature(s) and _takes(row, s) for s in ((1,), (1, 1), (2, 3), (3, 2))):
            assert any(map(feature, sizes)), feature
    assert len(found) <= len(row.examples) + len(ALL)


@pytest.mark.parametrize("name", ["sum", "mean", "norm", "index", "max", "matmul", "reshape", "einsum"])
def test_results_without_axes_are_among_the_examples(name: str) -> None:
    row = STRUCTURAL[name]
    results = [row.infer([*map(tuple, shapes)], {**row.defaults, **attrs})[1] for shapes, attrs in examples(row)]
    assert () in results or name in ("reshape", "einsum")


def test_a_pullback_that_fails_is_wrong_and_an_array_function_without_symbols_is_undecided() -> None:
    failing = cg.prove(cg.op(turned(lambda w, g, z, x: w.transpose(g, axes=(5, 6)), (((2, 3),), {}))))
    assert any("the rule fails" in c.reason for c in failing.failures)
    numbers = turned(lambda w, g, z, x: g).replaced(array=lambda xp, x: xp.swapaxes(xp.asarray(x, float), -1, -2))
    report = prove_row(numbers)
    assert any("takes no symbols" in c.reason for c in report.checks)
    assert not report.proved

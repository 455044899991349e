"""Errors: one line that says what is wrong, where, why, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph import errors
from cgraph.errors import CgraphError, missing_package
from cgraph.graph.node import make

WHAT, WHERE, WHY, FIX = "what", "where", "why", "fix"
LINE = r"test_errors\.py, line \d+: "


def _cycle() -> cg.Node:
    node = (cg.variable("x") + 1).named("loop")
    object.__setattr__(node, "operands", (node, node))
    return node


def two_named(name: str) -> cg.Node:
    return cg.variable(name) * cg.variable(name)


def chapter() -> cg.Graph:
    return cg.parse("d = 2*b; e = a + d; L = c*e")


def values(**changed: Any) -> dict[str, Any]:
    return {"a": 3, "b": 1, "c": -2, **changed}


# name: (what is done, the class, {part: a pattern of it}); a part that is not here has nothing to say
ERRORS: dict[str, tuple[Callable[[], Any], type[CgraphError], dict[str, str]]] = {
    "shapes that do not broadcast": (
        lambda: cg.variable("x", ("m", 3)) + cg.variable("y", 4),
        errors.ShapeError,
        {WHAT: r"add\(x \[m×3\], y \[4\]\)", WHERE: LINE, WHY: "3 and 4", FIX: "reshape"},
    ),
    "matrices that do not fit": (
        lambda: cg.variable("X", ("m", 3)) @ cg.variable("W", (4, 2)),
        errors.ShapeError,
        {WHAT: r"matmul\(X \[m×3\], W \[4×2\]\)", WHERE: LINE, WHY: "inner dimensions 3 and 4", FIX: r"\.T"},
    ),
    "a scalar in a matrix product": (
        lambda: cg.variable("x") @ cg.variable("y"),
        errors.ShapeError,
        {WHAT: r"matmul\(x \[\], y \[\]\)", WHERE: LINE, WHY: "no matrix product", FIX: r"use \*"},
    ),
    "an axis that is not there": (
        lambda: cg.sum(cg.variable("x", 3), axis=1),
        errors.ShapeError,
        {WHAT: "axis 1 is not there", WHERE: LINE, WHY: "1 dimension", FIX: "."},
    ),
    "no dimension": (
        lambda: cg.variable("x", -1),
        errors.ShapeError,
        {WHAT: "-1 is no dimension", WHY: "an integer from 0 up", FIX: '"m", 3'},
    ),
    "a value of the wrong shape": (
        lambda: cg.forward(cg.variable("x", 3) * 2, x=[1, 2]),
        errors.ShapeError,
        {WHAT: r"the value of x has shape \[2\]", WHERE: LINE, WHY: r"declared as \[3\]", FIX: "that shape"},
    ),
    "an upstream gradient of the wrong shape": (
        lambda: cg.backward(cg.forward(cg.variable("x", 3) * 2, x=[1, 2, 3]), upstream=1.0),
        errors.ShapeError,
        {WHAT: r"upstream gradient has shape \[\]", WHY: r"has shape \[3\]"},
    ),
    "a cycle": (
        lambda: cg.Graph(_cycle()),
        errors.GraphError,
        {WHAT: "loop.*cycle", WHERE: LINE, FIX: "unroll"},
    ),
    "two nodes with one name": (
        lambda: cg.Graph(two_named("w")),
        errors.GraphError,
        {WHAT: "two different nodes are named 'w'", WHERE: LINE + ".*; and " + LINE, FIX: "another name"},
    ),
    "several outputs": (
        lambda: cg.Graph(cg.variables("a b")).output,
        errors.GraphError,
        {WHAT: "2 outputs: a, b", FIX: "of='L'"},
    ),
    "an unknown name": (
        lambda: chapter()["f"],
        errors.NameUnknownError,
        {WHAT: "no node named 'f'", FIX: "its names are c, a, 2, b, d, e, L"},
    ),
    "an unknown name for a value": (
        lambda: cg.forward(chapter(), values(bb=1)),
        errors.NameUnknownError,
        {WHAT: "no node named 'bb'", FIX: "did you mean 'b'"},
    ),
    "a node of another graph": (
        lambda: chapter()[cg.variable("e")],
        errors.NameUnknownError,
        {WHAT: "<e> is not in this graph", WHERE: LINE, WHY: "another node of the same name", FIX: "its name"},
    ),
    "a value for a result": (
        lambda: cg.forward(chapter(), values(e=1)),
        errors.NameUnknownError,
        {WHAT: "e is computed", WHERE: "character", FIX: "c, a, b"},
    ),
    "an edge that is not there": (
        lambda: cg.backward(cg.forward(chapter(), values())).edge("L", "a"),
        errors.NameUnknownError,
        {WHAT: "no gradient flows along an edge from a to L", WHERE: "character"},
    ),
    "an edge of several": (
        lambda: cg.backward(cg.forward(cg.parse("z = x*x"), x=3)).edge("z", "x"),
        errors.NameUnknownError,
        {WHAT: "2 edges go from x to z", FIX: "0, 1"},
    ),
    "a missing value": (
        lambda: cg.forward(cg.variable("x") * 2),
        errors.MissingValueError,
        {WHAT: "x has no value", WHERE: LINE, WHY: "from the pass", FIX: "x=..."},
    ),
    "a named dimension without a size": (
        lambda: cg.to_sympy(cg.sum(cg.variable("x", "m"))),
        errors.MissingValueError,
        {WHAT: "x has the named dimension 'm'", WHERE: LINE, WHY: "symbols need sizes", FIX: r"sizes=\{'m': 2\}"},
    ),
    "a complex value": (
        lambda: cg.forward(chapter(), values(a=1j)),
        errors.ValueRefusedError,
        {WHAT: "variable a is given", WHY: "no real number"},
    ),
    "a text for a value": (
        lambda: cg.forward(chapter(), values(a="3")),
        errors.ValueRefusedError,
        {WHAT: "variable a is given", WHY: "no real number"},
    ),
    "a large array of the wrong kind": (
        lambda: cg.forward(chapter(), values(a=np.full((50, 50), "text"))),
        errors.ValueRefusedError,
        {WHAT: r"variable a is given .*\.\.\.", WHY: "no real number"},
    ),
    "a number that is too large": (
        lambda: cg.constant(10**400),
        errors.ValueRefusedError,
        {WHAT: "a constant is given 1000", WHY: "too large"},
    ),
    "a node for a value": (
        lambda: cg.forward(chapter(), values(a=cg.variable("z"))),
        errors.ValueRefusedError,
        {WHAT: "variable a is given a node, <z>", FIX: "give a number"},
    ),
    "too many operands": (
        lambda: cg.exp(1, 2),
        errors.ValueRefusedError,
        {WHAT: r"exp takes 1 operand\(s\), not 2", WHERE: LINE, FIX: r"exp\(x\)"},
    ),
    "an unknown attribute": (
        lambda: cg.sum(cg.variable("x", 3), axes=0),
        errors.ValueRefusedError,
        {WHAT: "sum has no attribute 'axes'", WHERE: LINE, FIX: "axis, keepdims"},
    ),
    "no name": (lambda: cg.variable(""), errors.ValueRefusedError, {WHAT: "'' is no name", FIX: "not blank"}),
    "no node": (
        lambda: cg.Graph([3]),  # type: ignore[list-item]
        errors.ValueRefusedError,
        {WHAT: "3 is no node", FIX: "made from nodes"},
    ),
    "an unknown function": (
        lambda: cg.parse("L = sigmoyd(x)"),
        errors.FormulaError,
        {WHAT: "no function sigmoyd", WHERE: r"character 5 of the formula: sigmoyd\(x\)", FIX: "sigmoid"},
    ),
    "an attribute in a formula": (
        lambda: cg.parse("x.real"),
        errors.FormulaError,
        {WHAT: r"the attribute \.real", WHERE: "character 1", FIX: "function of the table"},
    ),
    "a formula that does not read": (
        lambda: cg.parse("L = 2 +* 3"),
        errors.FormulaError,
        {WHAT: "does not read as one", WHERE: "character", FIX: "semicolons"},
    ),
    "an empty formula": (lambda: cg.parse(""), errors.FormulaError, {WHAT: "empty", FIX: "write one"}),
    "the gradient of what is no scalar": (
        lambda: cg.grad(cg.variable("x", 3) * 2, "x"),
        errors.GradientError,
        {WHAT: r"has shape \[3\]", WHERE: LINE, WHY: "only a scalar", FIX: r"cg\.sum"},
    ),
    "the gradient by what nothing flows to": (
        lambda: cg.grad(cg.table()["greater_equal"](cg.variable("x"), 0), "x"),
        errors.GradientError,
        {WHAT: "does not depend on x", WHERE: LINE, WHY: "no gradient flows"},
    ),
    "a truth value of a node": (
        lambda: bool(cg.variable("x")),
        errors.NoValueError,
        {WHAT: "<x> has no truth value", WHY: "node"},
    ),
    "an array of a node": (lambda: np.asarray(cg.variable("x")), CgraphError, {WHAT: "is a node", FIX: r"cg\.forward"}),
    "a function of NumPy without a row": (
        lambda: np.spacing(cg.variable("x")),
        CgraphError,
        {WHAT: r"numpy\.spacing", WHY: "no row", FIX: r"docs/numpy\.md"},
    ),
    "a package that is not installed": (
        lambda: _raise(missing_package("sklearn", "data", "the digits")),
        errors.MissingPackageError,
        {WHAT: "sklearn is not installed", WHY: "the digits needs it", FIX: r"pip install 'cgraph-engine\[data\]'"},
    ),
}


def _raise(error: CgraphError) -> None:
    raise error


@pytest.mark.parametrize("act, kind, parts", ERRORS.values(), ids=ERRORS.keys())
def test_an_error_says_what_where_why_and_the_fix_in_one_line(
    act: Callable[[], Any], kind: type[CgraphError], parts: dict[str, str]
) -> None:
    with pytest.raises(CgraphError) as caught:
        act()
    error, text = caught.value, str(caught.value)
    assert type(error) is kind
    assert len(text.splitlines()) == 1
    assert len(text) < 600
    for part, pattern in parts.items():
        said = getattr(error, part)
        assert re.search(pattern, said), f"{part}: {said!r}"
        assert said in text


@pytest.mark.parametrize("act, kind, parts", ERRORS.values(), ids=ERRORS.keys())
def test_an_error_says_why_or_how_to_mend_it(
    act: Callable[[], Any], kind: type[CgraphError], parts: dict[str, str]
) -> None:
    with pytest.raises(CgraphError) as caught:
        act()
    assert caught.value.why or caught.value.fix or caught.value.where


@pytest.mark.parametrize("act, kind, parts", ERRORS.values(), ids=ERRORS.keys())
def test_an_error_is_raised_by_us_and_not_while_handling_another(
    act: Callable[[], Any], kind: type[CgraphError], parts: dict[str, str]
) -> None:
    with pytest.raises(CgraphError) as caught:
        act()
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_message_is_one_line_whatever_a_name_holds() -> None:
    odd = cg.variable("first\nsecond")
    with pytest.raises(CgraphError) as caught:
        cg.forward(odd * 2)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("shape", [np.ones((3, 3)), ["a\nb"]], ids=["array", "text"])
def test_a_message_is_one_line_whatever_a_shape_holds(shape: Any) -> None:
    with pytest.raises(errors.ShapeError) as caught:
        cg.variable("x", shape)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "kind",
    [
        e
        for e in vars(errors).values()
        if isinstance(e, type) and e.__module__ == "cgraph.errors" and not issubclass(e, Warning)
    ][1:],
)
def test_every_error_is_one_of_ours_and_one_of_pythons(kind: type) -> None:
    assert issubclass(kind, CgraphError)
    python = [b for b in kind.__mro__ if b.__module__ == "builtins" and b not in (Exception, BaseException, object)]
    assert python
    assert kind.__doc__


def test_a_node_without_a_known_line_still_says_something() -> None:
    node = make("variable", None, (), {}, (3,), "x", origin="character 1 of the formula")
    with pytest.raises(errors.ShapeError, match="character 1 of the formula"):
        cg.forward(node, x=1)

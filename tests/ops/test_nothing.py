"""Reductions over nothing: each row that goes along axes, each axis of size 0, each executor, beside NumPy's own."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.graph.node import build
from cgraph.ops import TABLE
from cgraph.ops.op import Op

SHAPES = [(0,), (0, 3), (2, 0), (0, 0), (2, 0, 2), (0, 1, 0)]
BACKENDS = ["numpy", "native"]
THEIRS: dict[str, Callable[..., Any]] = {  # NumPy's, where they have other names
    "logsumexp": lambda x, axis: np.logaddexp.reduce(x.reshape(-1) if axis is None else x, axis=axis or 0),
    "norm": lambda x, axis: np.sqrt(np.sum(x * x, axis=axis)),
    "softmax": lambda x, axis: np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True),
    "log_softmax": lambda x, axis: np.log(np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)),
    "centre": lambda x, axis: x,
    "argmax": lambda x, axis: np.argmax(x, axis=axis).astype(float),
}


def goes_along(row: Op) -> bool:
    """Whether a row brings the elements along an axis together, or makes each anew from all of them."""
    if row.arity != 1 or "axis" not in row.defaults or row.view or row.scattered:
        return False
    return "keepdims" in row.defaults or row.infer([(2, 2)], {**row.defaults, "axis": 0})[1] == (2, 2)


def axes_of(row: Op, rank: int) -> Iterator[Any]:
    """Each axis alone, and all of them where the row takes that."""
    yield from range(rank)
    if row.defaults["axis"] is None and "keepdims" in row.defaults:
        yield None


def wanted(row: Op, x: Any, axis: Any) -> Any:
    """NumPy's answer for an array with an axis of size 0; None where it has none: an error, a warning, or a NaN."""
    theirs = THEIRS.get(row.name) or getattr(np, row.name)
    along = x.shape if axis is None else (x.shape[axis],)
    if "keepdims" in row.defaults and 0 in along and row.name in ("max", "min", "argmax", "mean", "var", "std"):
        with warnings.catch_warnings(), pytest.raises((ValueError, RuntimeWarning)):
            warnings.simplefilter("error")
            theirs(np.ones([n or (0 if a in _all(axis, x) else 1) for a, n in enumerate(x.shape)]), axis=axis)
        return None
    return np.asarray(theirs(x, axis=axis))


def _all(axis: Any, x: Any) -> tuple[int, ...]:
    return tuple(range(x.ndim)) if axis is None else (axis,)


CASES = [
    pytest.param(row, shape, axis, id=f"{row.name}-{'x'.join(map(str, shape))}-{axis}")
    for row in TABLE.values()
    if goes_along(row)
    if row.name in THEIRS or hasattr(np, row.name)
    for shape in SHAPES
    for axis in axes_of(row, len(shape))
]


def named(shape: tuple[int, ...]) -> tuple[Any, ...]:
    return tuple("mnk"[a] if n == 0 else n for a, n in enumerate(shape))


def answers(node: cg.Node, x: cg.Node, value: Any) -> list[list[Any]]:
    """The value of a node and the slope of its sum by x, from a pass and from programs of both as one graph."""
    total = cg.sum(node)
    bwd = cg.backward(total, {x: value})
    found = [[bwd.forward[node], bwd.gradient[x]]]
    if x in bwd.unused:  # argmax has no slope
        return found
    slope = cg.grad(total, x)
    return [*found, cg.compile([node, slope], backend="numpy")({x: value})]


@pytest.mark.parametrize("row, shape, axis", CASES)
def test_a_reduction_of_nothing_is_what_numpy_has_or_is_refused_by_name(row: Op, shape: Any, axis: Any) -> None:
    value = np.zeros(shape)
    want = wanted(row, value, axis)
    if want is None:
        with pytest.raises(ShapeError, match=rf"{row.name}\(x .* of no elements.*Fix: "):
            build(row, cg.variable("x", shape), axis=axis)
    for declared in (named(shape),) if want is None else (shape, named(shape)):
        x = cg.variable("x", declared)
        node = build(row, x, axis=axis).named("r")
        if want is None:
            for run in (cg.forward, *(cg.compile(node, [x], backend=b) for b in BACKENDS)):
                with pytest.raises(ShapeError, match=r"^r: .* of no elements.*Fix: "):
                    run(*([node] if run is cg.forward else []), {x: value})
            continue
        for result, *slopes in answers(node, x, value):
            np.testing.assert_array_equal(np.asarray(result), want, strict=True)
            assert [np.shape(slope) for slope in slopes] in ([], [value.shape])


@pytest.mark.parametrize("sizes", ["numbers", "names"])
def test_programs_in_c_have_the_same_of_nothing_in_one_program(sizes: str) -> None:
    nodes, want, feed = [], [], {}
    for row, shape, axis in (case.values for case in CASES):
        found = wanted(row, np.zeros(shape), axis)
        if found is None:
            continue
        declared = named(shape) if sizes == "names" else shape
        x = cg.variable(f"x{shape}", declared)
        x = next((y for y in feed if y.name == x.name), x)
        feed[x] = np.zeros(shape)
        nodes.append(build(row, x, axis=axis))
        want.append(found)
    for got, expected in zip(cg.compile(nodes, backend="native")(feed), want, strict=True):
        np.testing.assert_array_equal(np.asarray(got), expected, strict=True)
    assert len(want) > 100


@pytest.mark.parametrize("backend", ["pass", *BACKENDS])
@pytest.mark.parametrize("what", ["rows", "columns"])
def test_ids_are_checked_where_the_rows_that_they_choose_have_no_elements(what: str, backend: str) -> None:
    table, ids = cg.variable("table", (2, 0) if what == "rows" else (0, 2)), cg.variable("ids", 1)
    node = cg.take(table, ids)
    values = {table: np.zeros(table.shape), ids: [5.0]}
    with pytest.raises(ValueRefusedError, match=r"id 5 at position \(0,\).*there are V = [20] rows"):
        run(node, backend, values)


@pytest.mark.parametrize("backend", ["pass", *BACKENDS])
@pytest.mark.parametrize("key", [2, [0, 2], (slice(None), 5)])
def test_a_key_that_an_array_does_not_have_is_refused_in_one_way(key: Any, backend: str) -> None:
    x = cg.variable("x", ("m", "n"))
    picked = x[key].named("picked")
    for node in (picked, cg.grad(cg.sum(picked), x)):
        with pytest.raises(ShapeError, match=r"[25].*test_nothing\.py"):
            run(node, backend, {x: np.zeros((1, 3))})


@pytest.mark.parametrize("backend", ["pass", *BACKENDS])
@pytest.mark.parametrize("spread", [cg.var, cg.std])
def test_a_spread_of_no_more_elements_than_ddof_is_refused_when_sizes_come(spread: Any, backend: str) -> None:
    x = cg.variable("x", ("m", 2))
    node = spread(x, axis=0, ddof=1).named("spread")
    with pytest.raises(ShapeError, match=r"^spread: ddof=1 of 1 element"):
        run(node, backend, {x: np.zeros((1, 2))})
    assert run(node, backend, {x: np.zeros((2, 2))}).tolist() == [0.0, 0.0]


def run(node: cg.Node, backend: str, values: Any) -> Any:
    """The value of a node by a pass, or by a program of a backend."""
    return cg.forward(node, values)[node] if backend == "pass" else cg.compile(node, backend=backend)(values)[0]

"""What a page computes again is what the passes compute: every op, its derivatives too, far out as well."""

from __future__ import annotations

import itertools
import math
import random
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from sparse import sparse

import cgraph as cg
from cgraph.graph.node import build
from cgraph.ops import TABLE
from cgraph.ops.op import Op, as_written
from viz.asked import passes
from viz.graphs.formats.live import live
from viz.graphs.words.steps import numbers
from viz.graphs.words.subject import Subject

FAR = [0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 30.0, -40.0, 745.0, -745.0, 1000.0, -1000.0]
FARTHER = [-30.0, 1e5, 1e-8, -1e-8, 1e150, -1e150, 1e-160, 1e200, -1e200, 1e300]
SCALES: list[list[float]] = [FAR, [0, 1, -1, 2, -2, 0.5], [30, -30, 40, 0, 1], [745, -745, 1000, -1000, 0, 1], FARTHER]
Inputs = tuple[cg.Node, ...]


def subject(bwd: cg.Backward) -> Subject:
    return Subject(passes(bwd), "textbook", "hover", set())


def at(L: cg.Node, leaves: Inputs, point: Sequence[float]) -> cg.Backward | None:
    """The passes at these numbers; None where they are no targets of a loss, or the op refuses them."""
    values = iter(point)
    feed = {x: np.reshape([next(values) for _ in range(math.prod(x.shape))], x.shape) for x in leaves}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return cg.backward(cg.forward(L, feed))
        except cg.CgraphError:
            return None


def compared(page: Any, L: cg.Node, leaves: Inputs, points: Sequence[Sequence[float]], near: float) -> int:
    """Compare all numbers of a page at these points with those of the passes; how many points there are."""
    found = [(point, bwd) for point in points if (bwd := at(L, leaves, point)) is not None]
    again = live(subject(found[0][1]))
    assert not again.why
    order = {str(i["name"]): i for i in again.inputs}
    rows = [np.concatenate([np.ravel(bwd.forward[name]) for name in order]).tolist() for _, bwd in found]
    page.goto("about:blank")
    said = page.evaluate(
        f"rows => {{ const f = {again.program}; return rows.map(x => f(x).map(String)); }}",
        rows,
    )
    for (point, bwd), text in zip(found, said, strict=True):
        known, values = numbers(subject(bwd)), iter(text)
        for key, count in again.keys:
            shown = [float(next(values).replace("Infinity", "inf")) for _ in range(count or 1)]
            if key in known:  # and no Jacobian, which is made of these
                wanted = np.ravel(known[key]).astype(float).tolist()
                assert shown == pytest.approx(wanted, rel=1e-12, abs=near, nan_ok=True), (point, key, str(L))
    return len(found)


ELEMENTWISE = [row for row in TABLE.values() if row.elementwise]


@pytest.mark.parametrize("row", sparse(ELEMENTWISE, 50), ids=[row.name for row in ELEMENTWISE])
def test_a_page_computes_every_op_and_its_derivatives_as_the_passes_do(row: Op, page: Any) -> None:
    leaves = tuple(cg.variable(f"p{i}") for i in range(row.arity or 2))
    axis = [FAR + FARTHER, FAR + FARTHER[3::3], FAR[:6]][len(leaves) - 1]
    points = list(itertools.product(axis, repeat=len(leaves)))
    if row.check is not None:
        points += [(x, y) for x in FAR for y in (0.0, 0.25, 1.0)]
    assert compared(page, build(row, *leaves), leaves, points, near=0.0) >= 6


def whole(row: Op) -> Iterator[tuple[cg.Node, Inputs]]:
    """A loss of each example of a row of arrays, in which every element has a weight of its own."""
    for shapes, attrs in row.examples[:2]:
        if not all(isinstance(s, tuple) and all(isinstance(d, int) for d in s) for s in shapes):
            continue  # ids, which are no inputs of a page
        leaves = tuple(cg.variable(f"p{i}", s) for i, s in enumerate(shapes))
        z = build(row, *leaves, **attrs)
        weights = np.random.default_rng(0).uniform(0.5, 2, z.shape)
        yield (cg.sum(z * weights) if z.shape else z * 1.5).named("L"), leaves


def points_of(leaves: Inputs, check: Any, far: bool) -> list[list[float]]:
    """Numbers for all entries; where the last operand are targets, these are a distribution."""
    chance = random.Random(0)
    sizes = [math.prod(x.shape) for x in leaves]
    found = []
    for i in range(40 if far else 6):
        scale = SCALES[i % len(SCALES)]
        flat = [chance.choice(scale) if far else chance.gauss(0, 1.5) for _ in range(sum(sizes))]
        if check is not None:
            one = np.zeros(leaves[-1].shape)
            one[..., chance.randrange(leaves[-1].shape[-1])] = 1
            flat[-sizes[-1] :] = one.ravel().tolist()
        found.append(flat)
    return found


ARRAYS = [row for row in TABLE.values() if not row.elementwise]
TWICE = [row for row in ARRAYS if row.definition is not None and as_written(row.definition) is not row.definition]


@pytest.mark.slow
@pytest.mark.parametrize("row", ARRAYS, ids=[row.name for row in ARRAYS])
def test_a_page_computes_ops_of_arrays_element_by_element_as_the_passes_do(row: Op, page: Any) -> None:
    for L, leaves in whole(row):
        assert compared(page, L, leaves, points_of(leaves, row.check, far=False), near=1e-11) >= 1


@pytest.mark.parametrize("row", sparse(TWICE, len(TWICE)), ids=[row.name for row in TWICE])
def test_where_a_formula_overflows_a_page_computes_on_as_arrays_do(row: Op, page: Any) -> None:
    for L, leaves in whole(row):
        assert compared(page, L, leaves, points_of(leaves, row.check, far=True), near=0.0) >= 20


def test_the_ops_that_have_a_way_without_overflow_are_more_than_a_few() -> None:
    assert {"softmax", "log_softmax", "logsumexp", "norm", "softmax_cross_entropy"} <= {row.name for row in TWICE}

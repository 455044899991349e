"""`check_gradient` sees wrong slopes of every size, and finds nothing wrong where nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from random_graphs import random_graph
from sparse import sparse

import cgraph as cg
from cgraph.ops.op import elementwise
from cgraph.passes.differences import AGREES, HIDDEN, KINK, WRONG


def verdicts(node: cg.Node, **values: Any) -> set[str]:
    return {s.verdict for s in cg.check_gradient(cg.backward(cg.forward(node, values))).slopes}


x = cg.variable("x")
SMOOTH = {
    **{"log": cg.log(x), "sqrt": cg.sqrt(x), "1/x": 1 / x, "x**x": x**x, "square": x * x, "cube": x * x * x},
    **{"exp": cg.exp(x), "tanh": cg.tanh(x), "sin": cg.sin(x), "gelu": cg.gelu(x), "softplus": cg.softplus(x)},
}
POINTS = [1e-12, 1e-9, 1e-7, 1e-3, 0.3, 1.0, 7.0]
FACTORS = [1e-12, 1e-7, 1.0, 1e9]


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("name", SMOOTH)
def test_right_slopes_agree_near_the_border_of_a_domain_and_at_every_size(name: str, factor: float) -> None:
    for point in POINTS:
        assert verdicts(factor * SMOOTH[name], x=point) <= {AGREES, HIDDEN}, point


FORMULAS: dict[str, Any] = {
    "square": ("x**2", lambda w, x: 2 * x, lambda xp, x: xp.square(x)),
    "sin": ("sin(x)", lambda w, x: w.cos(x), lambda xp, x: xp.sin(x)),
    "log": ("log(x)", lambda w, x: 1 / x, lambda xp, x: xp.log(x)),
}


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("share", [1.5, 0.5, 1.001, -1.0, 0.0])
@pytest.mark.parametrize("name", ["square", "sin", "log"])
def test_a_wrong_slope_is_seen_however_small_it_is(name: str, share: float, factor: float) -> None:
    formula, slope, array = FORMULAS[name]
    wrong = cg.op(elementwise("wrongly", formula, array, lambda w, z, x: share * slope(w, x)))
    for point in (1e-3, 0.3, 1.0, 7.0):
        assert verdicts(factor * wrong(x), x=point) == {WRONG}, point
        if factor == 1.0 and share != 1.001:  # a thousandth of 1e-7 is lost beside 1
            assert verdicts(1.0 + 1e-7 * wrong(x), x=point) == {WRONG}, point


def test_kinks_are_no_mistakes_and_mistakes_beside_kinks_are() -> None:
    for node in (cg.relu(x), cg.table()["abs"](x), cg.maximum(x, -x), 1e-8 * cg.relu(x), cg.relu(x) + 1e6):
        assert verdicts(node, x=0.0) <= {KINK, AGREES}, node
    assert verdicts(cg.relu(x), x=1e-9) == {AGREES}
    assert verdicts(cg.relu(x), x=-1e-9) == {AGREES}
    half = cg.op(elementwise("half_relu", "Max(x, 0)", lambda xp, x: xp.maximum(x, 0), lambda w, z, x: 0.5 * w.step(x)))
    assert verdicts(half(x), x=0.5) == {WRONG}


def test_what_rounding_hides_is_neither_right_nor_wrong() -> None:
    check = cg.check_gradient(cg.backward(cg.forward(1.0 + 1e-20 * x, x=0.5)))
    assert [s.verdict for s in check.slopes] == [HIDDEN]
    assert not check.agrees and not check.failures
    assert str(check).endswith("1 hidden by rounding")


@pytest.mark.parametrize("scale", sparse([1e-6, 1e-3, 1.0, 1e3], 4))
def test_no_right_graph_at_any_scale_is_called_wrong(scale: float, graphs: int) -> None:
    for seed in range(graphs // 4):
        root, feed = random_graph(seed)
        check = cg.check_gradient(cg.backward(cg.forward(scale * cg.sum(root), feed)))
        assert not check.failures, (seed, str(check))

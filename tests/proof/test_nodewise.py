"""A gradient is proved node by node where every equation of the backward pass is shown, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import every_op
import numpy as np
import pytest
from sparse import sparse

import cgraph as cg
from cgraph.graph.node import build
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from cgraph.passes.backward import backward
from cgraph.passes.forward import forward
from cgraph.proof.clock import Clock, OutOfTimeError
from cgraph.proof.nodewise import Apart, Steps
from cgraph.proof.pointwise import leaves_at_odds, proved_formulas
from cgraph.proof.report import NODEWISE, UNWRITTEN
from cgraph.worlds.sympy import SYMPY, SympyWorld

FORMS = 2  # of a structural op that are tried
NET = "h = tanh(x*w + b); k = sigmoid(h*u - x)*h; L = (h*k - exp(x*k)/(1 + h**2))**2 + log(1 + k*k)*sin(h*x)"


def steps_of(of: Any, values: dict[Any, Any] | None = None) -> Steps:
    graph = cg.Graph(of) if isinstance(of, cg.Node) else cg.parse(of)
    given = {graph.taking(k): np.asarray(v) for k, v in (values or {}).items()}
    steps = Steps(Apart(graph, given, {}, Clock.of(60)), [x for x in graph.inputs if x not in given])
    steps.show(Clock.of(60))
    return steps


def used(row: Op, kind: every_op.Kind) -> tuple[cg.Node, dict[Any, Any]]:
    """A row in a scalar, each element of its result times a symbol; what it takes no symbols for is given."""
    node = build(row, *kind.node.operands, **kind.node.attrs)
    total = cg.sum(node * cg.variable("upstream", node.shape))
    for given in ({}, dict([*kind.feed.items()][-1:])):
        try:
            forward(total, given, SYMPY)
        except cg.CgraphError:
            continue
        return total, given
    raise AssertionError(kind.words)


def forms(row: Op) -> list[every_op.Kind]:
    found = {
        kind.form: kind for kind in reversed(every_op.kinds(row)) if sum(np.size(v) for v in kind.feed.values()) < 7
    }
    return [*found.values()][: 1 if row.elementwise else FORMS]


@pytest.mark.parametrize("name", sparse(TABLE, 12))
def test_every_op_is_proved_node_by_node_and_with_twice_its_rule_it_is_not(name: str) -> None:
    row = TABLE[name]
    for kind in forms(row):
        total, given = used(row, kind)
        steps = steps_of(total, given)
        fits = steps.within(backward(forward(total, given, SYMPY)))
        assert steps.decided, kind.words
        assert all(all(held) for held in steps.proved(fits).values()) and steps.proved(fits), kind.words
        wrong = steps_of(*used(doubled(row), kind))
        flows = [x for x in steps.asked if x in kind.leaves and any(g != 0 for g in steps.apart.gradient[x].flat)]
        assert not any(all(wrong.held[x]) for x in flows), kind.words


def doubled(row: Op) -> Op:
    def twice(rule: Any) -> Any:
        if rule is None:
            return None
        return lambda *given, **attrs: 2 * rule(*given, **attrs)

    rules = row.rules
    return row.replaced(rules=(lambda i: twice(row.rule(i))) if callable(rules) else tuple(map(twice, rules)))


BROKEN: dict[str, tuple[str, Callable[..., Any]]] = {
    "a sum counts a term twice": ("plus", lambda self, gradient, downstream: gradient + 2 * downstream),
    "a sum forgets a term": ("plus", lambda self, gradient, downstream: downstream),
    "a product forgets the upstream gradient": ("times", lambda self, upstream, local: 0 * upstream + local),
    "a product has the other sign": ("times", lambda self, upstream, local: -upstream * local),
    "a pass starts with 2": ("seed", lambda self, value, upstream: SYMPY.zeros((), value) + 2),
}


@pytest.mark.parametrize("broken", sparse(BROKEN, 5))
def test_a_chain_rule_that_is_broken_is_proved_of_nothing_that_it_spoils(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, method = BROKEN[broken]
    good = cg.prove(NET)
    assert good.proved and {c.sympys for c in good.checks} == {NODEWISE}
    monkeypatch.setattr(SympyWorld, name, method)
    report = cg.prove(NET, wrt=["x", "w"], seconds=3)
    assert not any(c.verdict == "proved" for c in report.checks), report
    assert report.failures


def test_a_sum_over_what_was_broadcast_that_forgets_a_row_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    b = cg.variable("b", 2)
    loss = cg.sum(cg.tanh(cg.variable("X", (3, 2)) + b) ** 2 * cg.sigmoid(b))
    assert cg.prove(loss, wrt=[b]).proved
    monkeypatch.setattr("cgraph.passes.backward.unbroadcast", lambda w, gradient, like: gradient[0])
    assert len(cg.prove(loss, wrt=[b], seconds=10).failures) == 2


@pytest.mark.parametrize("same", sparse(["2*x", "x*y", "tanh(x - y)"], 3))
def test_a_convention_that_is_wrong_wherever_two_operands_are_one_is_found(same: str) -> None:
    larger = TABLE["maximum"].replaced(
        rules=(lambda w, z, x, y, ties: w.greater_equal(x, y), lambda w, z, x, y, ties: w.greater_equal(y, x))
    )
    graph = cg.parse(f"u = {same}; one = u + y; other = y + u; one*other")
    twice = build(larger, graph["one"], graph["other"])
    long = enlarged(twice) + cg.tanh(twice * graph["u"]) / (1 + graph["u"] ** 2)
    assert steps_of(long).decided  # at any point where they differ the rules are right
    report = cg.prove(long, seconds=10)
    assert "WRONG" in {c.verdict for c in report.checks} and not report.proved


def enlarged(x: cg.Node) -> cg.Node:
    """A function that takes more parts to write than are differentiated as a whole."""
    return cg.sin(x) * cg.exp(-x) + cg.tanh(x * 2) / (3 + cg.cos(x + 1)) + cg.sin(x * x) * cg.cos(5 * x + 2) * x


def test_a_rule_that_is_right_for_symbols_and_not_for_formulas_is_found() -> None:
    def rule(w: Any, z: Any, x: Any) -> Any:
        return 2 * x if np.ravel(x)[0].is_Symbol else 3 * x

    row = TABLE["square"].replaced(rules=(rule,))
    loss = enlarged(build(row, cg.sin(cg.variable("x"))))
    assert steps_of(loss).decided
    assert [c.verdict for c in cg.prove(loss, seconds=10).checks] == ["WRONG"]


def test_what_is_proved_of_a_net_is_the_number_that_a_pass_has() -> None:
    net = cg.nn.MLP([3, 4, 2], "tanh", seed=0)
    loss = cg.nn.softmax_cross_entropy_loss(net(cg.variable("X", (1, 3))), cg.variable("Y", (1, 2)))
    report = cg.prove(loss)
    assert report.proved and {c.sympys for c in report.checks} == {NODEWISE}
    bwd = cg.backward(cg.forward(loss, X=[[0.3, -0.2, 0.9]], Y=[[0.25, 0.75]]))
    found = proved_formulas(report.checks, bwd.graph, loss)
    assert set(found) == set(bwd.graph.inputs)
    assert leaves_at_odds(found, bwd, report.sizes) == {}
    others = {leaf: [formula + 1 for formula in those] for leaf, those in found.items()}
    assert leaves_at_odds(others, bwd, {}).keys() == found.keys()


@pytest.mark.slow
def test_the_gradients_of_a_convolutional_net_are_proved_node_by_node() -> None:
    image, kernel = cg.variable("I", (1, 1, 3, 3)), cg.variable("K", (1, 1, 2, 2))
    report = cg.prove(cg.sum(cg.tanh(cg.max_pool2d(cg.tanh(cg.conv2d(image, kernel)), 2)) ** 2), seconds=60)
    assert report.proved, report.verdict


def late(self: Any) -> Any:
    raise OutOfTimeError


LARGE = "u = x*y + tanh(x)*z; v = relu(u*z - y); s = v*u + sin(v)*cos(x*z) + maximum(u, y*z); L = s*s*exp(-u*u)*v"


@pytest.mark.parametrize("tie, proved", [(LARGE, True), (LARGE + " + maximum(s*v, s*v + 0*x)", False)])
def test_a_gradient_whose_formula_is_not_written_in_time_is_proved_and_says_so(
    tie: str, proved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cgraph.proof.graphs.SMALL", 0)
    monkeypatch.setattr("cgraph.proof.graphs.Asked._whole", late)
    bwd = cg.backward(cg.forward(tie, x=0.5, y=-0.7, z=1.1))
    report = cg.prove(bwd)
    assert report.proved is proved
    if proved:
        assert {(c.ours, c.sympys) for c in report.checks} == {(UNWRITTEN, NODEWISE)}
        assert "the numbers of the pass are not held against formulas that are too long" in str(report)
        assert proved_formulas(report.checks, bwd.graph, bwd.of) == {}
        assert [c.subject for c in report.checks] == ["∂L/∂x", "∂L/∂y", "∂L/∂z"]
    else:
        assert {c.verdict for c in report.checks} == {"undecided"}

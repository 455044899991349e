"""Scopes: which part of a model a node belongs to, which changes nothing that is computed."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest
from scoped_graphs import residual, twins
from sparse import sparse

import cgraph as cg
from cgraph import nn
from cgraph.compile.export import to_c
from cgraph.errors import GraphError, ValueRefusedError
from cgraph.train.files.checkpoint import graph_digest


def paths(of: cg.Node | cg.Graph) -> list[str]:
    """The scopes of a graph, once each, in the order of their nodes."""
    return list(dict.fromkeys(str(n.scope) for n in cg.Graph(of) if n.scope is not None))


def test_a_node_is_in_the_innermost_scope_that_was_open_where_it_was_built():
    x = cg.variable("x")
    with cg.scope("encoder"):
        a = x * 2 + 1
        with cg.scope("layer[1]"):
            b = -cg.tanh(a)
            c = b.named("c")
        d = 3 / c
    e = d + 1
    assert [str(n.scope) for n in (x, a, a.operands[0], b, b.operands[0], c, d, d.operands[0], e, e.operands[1])] == [
        "None",
        "encoder",
        "encoder",
        "encoder.layer[1]",
        "encoder.layer[1]",
        "encoder.layer[1]",
        "encoder",
        "encoder",
        "None",
        "None",
    ]


@pytest.mark.parametrize("build", [lambda x: x + x, lambda x: 2 - x, lambda x: -x, cg.tanh, cg.softmax, np.exp, abs,
                                   lambda x: x.T, lambda x: x[0], lambda x: x.sum(), lambda x: x > 0, lambda x: x @ x,
                                   lambda _: cg.parse("y = 2*v").output, lambda _: cg.variable("y"), cg.layer_norm,
                                   lambda _: cg.constant(2.0)])  # fmt: skip
def test_whatever_builds_a_node_in_a_scope_puts_it_there(build):
    x = cg.variable("x", (3,))
    with cg.scope("here"):
        inside = build(x)
    outside = build(x)
    made = [n for n in cg.Graph(inside) if n is not x]
    assert {str(n.scope) for n in made} == {"here"}
    assert all(n.scope is None for n in cg.Graph(outside))


@pytest.mark.parametrize("seed", sparse(range(60), 10))
def test_scopes_change_nothing_that_a_graph_computes_or_says(seed):
    plain, scoped = twins(seed)
    assert any(n.scope for n in scoped)
    assert [repr(n) for n in scoped] == [repr(n) for n in plain]
    assert (scoped.names, graph_digest(scoped)) == (plain.names, graph_digest(plain))
    assert formula(scoped) == formula(plain)
    values = {x.name: np.random.default_rng(seed).normal(size=x.shape) for x in plain.inputs}
    one, two = (cg.forward(g, values) for g in (plain, scoped))
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one.values, two.values, strict=True))
    assert digests_of_what_is_derived(scoped) == digests_of_what_is_derived(plain)


def formula(graph: cg.Graph) -> str:
    try:
        return cg.to_latex(graph)
    except cg.CgraphError as refused:  # too long, which the other one is as well
        return refused.what


def digests_of_what_is_derived(graph: cg.Graph) -> list[str]:
    derived = [
        cg.grad(graph, [n.name for n in graph.inputs]),
        cg.simplify(graph),
        cg.with_conventions(graph, "frameworks"),
    ]
    return [graph_digest(cg.Graph(g)) for g in derived]


@pytest.mark.parametrize("seed", sparse(range(0, 60, 5), 4))
def test_programs_are_the_same_to_the_byte_with_and_without_scopes(seed):
    plain, scoped = twins(seed, 12)
    programs = [cg.compile([g.output, *cg.grad(g, list(g.inputs))], backend="numpy") for g in (plain, scoped)]
    stages = [dict(program.stages) for program in programs]
    assert stages[0] == stages[1]
    assert stages[0]["calls"]
    assert in_c(scoped) == in_c(plain)


def in_c(graph: cg.Graph) -> str:
    try:
        return to_c(graph.output)
    except cg.CgraphError as refused:
        return refused.what


# Derived nodes ------------------------------------------------------------------------------------------------------
def test_what_flows_back_through_a_scope_is_in_a_scope_beside_it():
    graph = residual(3)
    found = paths(cg.Graph([graph.output, *cg.grad(graph, ["U[1]", "V[3]"])]))
    forward = [path for i in (1, 2, 3) for path in (f"block[{i}]", f"block[{i}].relu")]
    assert sorted(found) == sorted([*forward, *(f"∂{path}" for path in forward)])


def test_the_sum_of_what_flows_back_is_in_the_innermost_scope_around_its_terms():
    x = cg.variable("x")
    with cg.scope("net"):
        h = cg.exp(x)
        with cg.scope("left"):
            left = cg.sin(h)
        with cg.scope("right"):
            right = cg.tanh(h)
        L = left * right
    sums = [n for n in cg.Graph(cg.grad(L, x)) if n.op is not None and n.op.name == "add"]
    assert [str(n.scope) for n in sums] == ["∂net"]


@pytest.mark.parametrize("seed", sparse(range(40), 10))
def test_copies_of_nodes_are_in_the_scopes_of_what_they_are_copies_of(seed):
    _, scoped = twins(seed)
    known = {str(n.scope) for n in scoped}
    copies = {
        "simplified": cg.simplify(scoped),
        "with conventions": cg.with_conventions(scoped, "frameworks"),
        "pickled": pickle.loads(pickle.dumps(scoped)),  # noqa: S301 - our own bytes
    }
    for graph in copies.values():
        assert {str(n.scope) for n in cg.Graph(graph)} <= known
    assert [str(n.scope) for n in copies["pickled"]] == [str(n.scope) for n in scoped]
    kept = [(n, m) for n, m in zip(scoped, copies["pickled"], strict=True) if n.scope]
    assert len({m.scope for _, m in kept}) == len({n.scope for n, _ in kept})


def test_single_numbers_are_in_the_scopes_of_their_arrays():
    graph = residual(2, width=2)
    assert sorted(paths(cg.unroll(graph, {"m": 1}))) == sorted(paths(graph))


# Layers -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (nn.MLP([2, 4, 3, 1], "tanh", seed=0, dropout=0.5), ["layer 1", "layer 2", "layer 3"]),
        (nn.Linear.random(2, 3, layer=7, seed=0), ["layer 7"]),
        (nn.Linear(cg.constant(np.ones((2, 3)))), ["linear"]),
        (nn.textbook.Unit([0.2, 0.3]), ["unit"]),
        (nn.Normalise.fit(np.eye(2)), ["normalise"]),
        (
            nn.language.PooledClassifier.random(nn.Embedding.random(8, 3, seed=0), hidden=4, classes=3, seed=0),
            ["embedding", "hidden", "output"],
        ),
    ],
    ids=lambda x: type(x).__name__,
)
def test_layers_are_scopes_by_themselves_and_each_call_is_one_of_its_own(model, expected):
    X = cg.variable("X", ("m", 2))
    assert paths(model(X)) == expected
    scopes = [n.scope for call in (model(X), model(X)) for n in cg.Graph(call) if n.scope is not None]
    assert len(set(scopes)) == 2 * len(expected)
    with cg.scope("net"):
        assert {*paths(model(X)), "net"} == {*(f"net.{path}" for path in expected), "net"}


def test_the_scope_of_a_model_s_names_is_a_scope_around_its_layers():
    model, X = nn.MLP([2, 3, 1], "tanh", seed=0), cg.variable("X", ("m", 2))
    assert paths(model(X, scope="left ")) == ["left.layer 1", "left.layer 2"]
    assert paths(model(X, scope="net.left.")) == ["net.left.layer 1", "net.left.layer 2"]


# No global state ----------------------------------------------------------------------------------------------------
def test_a_scope_is_of_its_own_thread_and_ends_whatever_happens_inside():
    found: list[object] = []
    with cg.scope("mine"):
        thread = threading.Thread(target=lambda: found.append((cg.variable("x") * 2).scope))
        thread.start()
        thread.join()
        with pytest.raises(ZeroDivisionError), cg.scope("inner"):
            1 / 0  # noqa: B018 - raises
        found.append(str(cg.variable("y").scope))
    assert [*found, cg.variable("z").scope] == [None, "mine", None]


# Bad input ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["", " ", ".", "a..b", ".a", "a. .b", "a.", "\t", None, 3, b"a", ["a"]])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ValueRefusedError, match=r"is no name of a scope.*cg.scope\("):
        cg.scope(name)


def test_what_a_scope_is_must_be_words():
    with pytest.raises(ValueRefusedError, match=r'said to be 3.*such as "LSTM cell"'):
        cg.scope("cell", 3)


def test_a_scope_that_was_entered_is_not_entered_again():
    once = cg.scope("layer[1]")
    with once as entered:
        assert str(entered) == "layer[1]"
        with pytest.raises(GraphError, match=r"'layer\[1\]' is entered a second time.*anew each time"):
            once.__enter__()
    with pytest.raises(GraphError, match="entered a second time"), once:
        pass
    assert cg.variable("x").scope is None

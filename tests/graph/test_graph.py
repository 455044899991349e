"""Nodes and graphs: frozen, in one order everywhere, each node under one name, each edge at its position."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import re
import subprocess
import sys
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph.errors import GraphError, NameUnknownError, ShapeError, ValueRefusedError
from cgraph.graph import node as node_room
from cgraph.shapes import Shape

LONG = 100_000
MILLION = 1_000_000


def chapter() -> tuple[cg.Node, ...]:
    """L = c*(a + 2*b), the graph of Fig. 6.15."""
    a, b, c = cg.variables("a b c")
    d = (2 * b).named("d")
    e = (a + d).named("e")
    return a, b, c, d, e, (c * e).named("L")


def chain(length: int = LONG) -> cg.Node:
    node, one = cg.variable("x"), cg.constant(1)
    for _ in range(length):
        node = node + one
    return node


# Order ---------------------------------------------------------------------------------------------------------------
def test_operands_stand_before_their_results_from_left_to_right() -> None:
    *_, root = chapter()
    assert cg.Graph(root).names == ("c", "a", "2", "b", "d", "e", "L")


def test_the_order_is_topological_and_holds_each_node_once() -> None:
    x = cg.variable("x")
    shared = x * x
    graph = cg.Graph([shared + shared, x - shared])
    places = {node: i for i, node in enumerate(graph)}
    assert len(places) == len(graph.nodes) == 4
    assert all(places[operand] < places[node] for node in graph for operand in node.operands)


PROGRAM = """
import cgraph as cg, numpy as np
x, y, z = cg.variables("x y z")
s = cg.tanh(x * y) + cg.exp(z)
outputs = [s * s / (x + 3), cg.maximum(s, y) ** 2, cg.sum(np.ones(3) * z)]
gradients = cg.grad(cg.Graph([outputs[0]]), [x, y, z])
graph = cg.Graph([*outputs, *gradients])
print(graph.names)
print([(n.op.name if n.op else n.kind, [graph.name(o) for o in n.operands]) for n in graph])
bwd = cg.backward(cg.forward(outputs[0], x=1, y=2, z=3))
print([(e.position, bwd.graph.name(e.operand), bwd.graph.name(e.result)) for e in bwd.edges])
print(list(cg.to_networkx(graph).edges(keys=True)))
"""


def test_the_order_is_the_same_in_every_process() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(outputs) == 1
    assert "v1" in outputs.pop()


# Names ---------------------------------------------------------------------------------------------------------------
def test_nodes_are_found_by_name_and_by_themselves() -> None:
    *_, e, root = chapter()
    graph = cg.Graph(root)
    assert graph["e"] is e
    assert graph[e] is e
    assert "e" in graph
    assert e in graph
    assert "q" not in graph
    assert cg.variable("e") not in graph


def test_unnamed_results_are_counted_in_order() -> None:
    x = cg.variable("x")
    graph = cg.Graph(cg.tanh(x * 2) + cg.exp(x))
    assert graph.names == ("x", "2", "v1", "v2", "v3", "v4")
    assert graph["v2"].op is not None
    assert graph["v2"].op.name == "tanh"


def test_made_up_names_keep_clear_of_the_users() -> None:
    x = cg.variable("v1")
    graph = cg.Graph(x * 2 + (x * 3).named("v2"))
    assert graph.names == ("v1", "2", "v3", "3", "v2", "v4")


def test_equal_constants_have_names_of_their_own() -> None:
    x = cg.variable("x")
    names = cg.Graph((x + 2) * 2 - np.ones(3)).names
    assert len(set(names)) == len(names)
    assert {"2", "2 (2)", "constant [3]"} <= set(names)


def test_two_different_nodes_with_one_name_are_refused() -> None:
    first = cg.variable("w")
    second = cg.variable("w")
    with pytest.raises(GraphError) as caught:
        cg.Graph(first * second)
    assert "two different nodes are named 'w'" in str(caught.value)
    assert 'first = cg.variable("w")' in str(caught.value)
    assert 'second = cg.variable("w")' in str(caught.value)


def test_one_node_in_two_places_is_no_duplicate() -> None:
    w = cg.variable("w")
    assert cg.Graph(w * w + w).names == ("w", "v1", "v2")


@pytest.mark.parametrize("name", ["", "   ", None, 3])
def test_what_is_no_name_is_refused(name: Any) -> None:
    for make in (cg.variable, cg.variable("x").named, lambda n: cg.parameter(n, 1.0)):
        with pytest.raises(ValueRefusedError, match="is no name"):
            make(name)


def test_naming_makes_a_new_node_of_the_same_expression() -> None:
    a, b = cg.variables("a b")
    plain = a * b
    named = plain.named("p")
    assert (plain.name, named.name) == (None, "p")
    assert named is not plain
    assert named.operands == plain.operands


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    *_, root = chapter()
    with pytest.raises(NameUnknownError, match="did you mean 'L'"):
        cg.Graph(root)["L1"]
    with pytest.raises(NameUnknownError, match="its names are c, a, 2, b, d, e, L"):
        cg.Graph(root)["unheard"]


def test_a_node_of_another_graph_is_refused_and_a_twin_is_explained() -> None:
    *_, e, root = chapter()
    with pytest.raises(NameUnknownError, match=r"\.named makes a new node"):
        cg.Graph(root)[e.named("e")]


def test_variables_are_split_at_spaces_and_commas() -> None:
    assert [v.name for v in cg.variables("a, b  c")] == ["a", "b", "c"]


# Leaves, inputs, outputs ---------------------------------------------------------------------------------------------
def test_leaves_are_variables_parameters_and_constants() -> None:
    x, w = cg.variable("x"), cg.parameter("w", 2.0)
    graph = cg.Graph(w * x + 1)
    assert [graph.name(n) for n in graph.leaves] == ["w", "x", "1"]
    assert [graph.name(n) for n in graph.inputs] == ["w", "x"]
    assert [n.kind for n in graph.leaves] == ["parameter", "variable", "constant"]


def test_several_outputs_need_a_choice() -> None:
    a, b = cg.variables("a b")
    graph = cg.Graph([a * b, (a + b).named("s")])
    assert len(graph.outputs) == 2
    with pytest.raises(GraphError, match="2 outputs: v1, s"):
        _ = graph.output


@pytest.mark.parametrize("thing", [3, "L", None, [1]])
def test_what_is_no_node_is_no_output(thing: Any) -> None:
    with pytest.raises((ValueRefusedError, TypeError)):
        cg.Graph([thing])


def test_a_cycle_is_refused() -> None:
    x = cg.variable("x")
    first = (x + 1).named("first")
    second = (first * 2).named("second")
    object.__setattr__(first, "operands", (second, first.operands[1]))
    with pytest.raises(GraphError, match="a cycle") as caught:
        cg.Graph(second)
    assert "first" in str(caught.value)
    assert "second" in str(caught.value)
    assert "test_graph.py" in str(caught.value)


def test_a_node_that_is_its_own_operand_is_refused() -> None:
    x = cg.variable("x") + 1
    object.__setattr__(x, "operands", (x, x))
    with pytest.raises(GraphError, match="a cycle"):
        cg.Graph(x)


# Frozen --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("field", [*node_room._Slots.__slots__[1:], "gradient"])
def test_nodes_are_frozen(field: str) -> None:
    node = cg.variable("x") * 2
    with pytest.raises(AttributeError):
        setattr(node, field, 1)
    with pytest.raises(AttributeError):
        delattr(node, field)
    assert node.op is not None


def test_the_collector_is_put_off_while_building_and_runs_again_whatever_happens() -> None:
    with cg.building():
        assert not gc.isenabled()
        with cg.building():
            pass
        assert not gc.isenabled()  # the outermost one ends it
    assert gc.isenabled()
    with pytest.raises(cg.errors.ShapeError), cg.building():
        cg.variable("x", 2) + cg.variable("y", 3)
    assert gc.isenabled()
    gc.disable()
    try:
        with cg.building():
            pass
        assert not gc.isenabled()  # it was the user who put it off
    finally:
        gc.enable()


def test_attributes_and_values_of_nodes_are_read_only() -> None:
    total = cg.sum(cg.variable("x", 3), axis=0)
    for node in (cg.parameter("w", [1.0, 2.0]), cg.constant([1.0, 2.0])):
        with pytest.raises(ValueError, match="read-only"):
            node.value[0] = 9.0
    with pytest.raises(TypeError):
        total.attrs["axis"] = (1,)  # type: ignore[index]


def test_values_are_copied_so_that_the_users_arrays_may_change() -> None:
    array = np.array([1.0, 2.0])
    weight, fixed, x = cg.parameter("w", array), cg.constant(array), cg.variable("x", 2)
    fwd = cg.forward(cg.sum(weight * fixed * x), x=array)
    array[:] = 100
    assert weight.value.tolist() == fixed.value.tolist() == fwd["x"].tolist() == [1.0, 2.0]
    assert cg.backward(fwd).gradient["x"].tolist() == [1.0, 4.0]


def test_nodes_are_equal_only_to_themselves() -> None:
    x = cg.variable("x")
    one, other = x + 1, x + 1
    assert one == one  # noqa: PLR0124
    assert one != other
    assert len({one, other}) == 2


@pytest.mark.parametrize("use", [bool, float, np.asarray, lambda n: [1] if n else []])
def test_nodes_are_no_numbers(use: Callable[[cg.Node], Any]) -> None:
    with pytest.raises((cg.CgraphError, TypeError)):
        use(cg.variable("x"))


# Operators -----------------------------------------------------------------------------------------------------------
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "**": lambda x, y: x**y,
}
OTHERS = [
    2,
    0.5,
    np.float64(1.5),
    np.float32(0.25),
    np.int64(3),
    np.array([1.0, 2.0, 4.0]),
    np.ones((2, 1)) * 3,
    [1, 2, 3],
]


@pytest.mark.parametrize("other", OTHERS, ids=lambda o: f"{type(o).__name__} {o}".replace("\n", ""))
@pytest.mark.parametrize("sign", OPERATORS)
def test_operators_take_numbers_and_arrays_on_either_side(sign: str, other: Any) -> None:
    value = np.array([[1.0, 2.0, 3.0], [0.5, 1.5, 2.5]])
    x = cg.variable("x", (2, 3))
    for left, right in ((x, other), (other, x)):
        node = OPERATORS[sign](left, right)
        expected = OPERATORS[sign](*(value if side is x else np.asarray(side, float) for side in (left, right)))
        assert isinstance(node, cg.Node)
        assert node.shape == expected.shape
        assert cg.forward(node, x=value)[node] == pytest.approx(expected, rel=1e-15)


def test_the_matrix_product_takes_arrays_on_either_side() -> None:
    x = cg.variable("x", (2, 2))
    left, value = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[0.5, -1.0], [2.0, 4.0]])
    before, after = left @ x, x @ left
    fwd = cg.forward([before, after], x=value)
    assert fwd[before].tolist() == [[4.5, 7.0], [11.5, 17.0]]
    assert fwd[after].tolist() == [[-2.5, -4.0], [14.0, 24.0]]


def test_signs_and_methods_of_nodes() -> None:
    x = cg.variable("x", (2, 3))
    value = np.arange(6.0).reshape(2, 3)
    nodes = [
        -x,
        +x,
        x.T,
        x.sum(),
        x.mean(axis=0),
        x.sum(1, keepdims=True),
        x.reshape(3, 2),
        x.reshape((6,)),
        x.reshape(-1),
    ]
    expected = [
        -value,
        value,
        value.T,
        15.0,
        [1.5, 2.5, 3.5],
        [[3], [12]],
        value.reshape(3, 2),
        value.ravel(),
        value.ravel(),
    ]
    fwd = cg.forward(nodes, x=value)
    for node, want in zip(nodes, expected, strict=True):
        assert node.shape == np.shape(want)
        assert fwd[node].tolist() == np.asarray(want).tolist()


@pytest.mark.parametrize(
    "value",
    [1j, "3", None, object(), [1, "a"], [[1], [1, 2]], np.array(["a"]), np.array([1j]), {1}, 10**400],
    ids=lambda v: repr(v)[:12],
)
def test_what_is_no_number_is_no_operand_no_constant_and_no_parameter(value: Any) -> None:
    x = cg.variable("x")
    for use in (lambda: x * value, lambda: value + x, lambda: cg.constant(value), lambda: cg.parameter("w", value)):
        with pytest.raises((ValueRefusedError, TypeError)) as caught:
            use()
        assert isinstance(caught.value, ValueRefusedError), use


# Shapes --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "shapes, operation, expected",
    [
        ([("m", 3), (3, 2)], lambda x, y: x @ y, ("m", 2)),
        ([("m", 3), (3,)], lambda x, y: x + y, ("m", 3)),
        ([("m", 1), (1, "n")], lambda x, y: x * y, ("m", "n")),
        ([("m", 3), ("m", 3)], cg.softmax_cross_entropy, ("m",)),
        ([("m", 3), ()], lambda x, y: cg.mean(x * y, axis=0), (3,)),
        ([("m", 3), ("m",)], lambda x, y: (x.T * y).T, ("m", 3)),
        ([("m", 2, 3), (6, 4)], lambda x, y: x.reshape("m", -1) @ y, ("m", 4)),
    ],
)
def test_named_dimensions_go_through_the_ops(shapes: list[Shape], operation: Any, expected: Shape) -> None:
    x, y = (cg.variable(name, shape) for name, shape in zip("xy", shapes, strict=True))
    assert operation(x, y).shape == expected


MISFITS: list[Any] = [
    (("m", 3), (4, 2), lambda x, y: x @ y),
    (("m", 3), (4,), lambda x, y: x + y),
    (("m", 3), ("n", 3), lambda x, y: x * y),
    (("m", 3), (2, 3), lambda x, y: x - y),
    ((2, 3), (2, 3), lambda x, y: x @ y),
    ((2, 3), (3, 2), cg.softmax_cross_entropy),
]


@pytest.mark.parametrize("first, second, operation", MISFITS)
def test_shapes_that_do_not_fit_are_refused_where_the_node_is_built(
    first: Shape, second: Shape, operation: Any
) -> None:
    x, y = cg.variable("images", first), cg.variable("weights", second)
    with pytest.raises(ShapeError) as caught:
        operation(x, y)
    message = str(caught.value)
    for part in ("images", "weights", *(f"[{'×'.join(map(str, s))}]" for s in (first, second))):
        assert part in message
    assert "test_graph.py, line" in message
    assert "Fix:" in message


def test_the_line_of_an_error_is_the_users() -> None:
    x, y = cg.variable("x", 3), cg.variable("y", 4)
    with pytest.raises(ShapeError) as caught:
        x + y
    assert re.search(r"test_graph.py, line \d+: x \+ y\)", str(caught.value))
    assert "x + y" in str(caught.value)


def test_a_node_knows_the_line_that_built_it() -> None:
    node = cg.tanh(cg.variable("x"))
    assert node.where.startswith("test_graph.py, line ")
    assert node.where.endswith('node = cg.tanh(cg.variable("x"))')


@pytest.mark.parametrize(
    "built",
    [
        lambda x, y: x + y,
        lambda x, y: x**y,
        lambda x, y: x * 2,
        lambda x, y: 2 * x,
        lambda x, y: -x,
        lambda x, y: cg.tanh(x),
        lambda x, y: cg.maximum(y, x),
        lambda x, y: cg.mse(y, x),  # of several nodes, built inside the package
        lambda x, y: cg.jacobian(x / y, y),  # with the negation of a rule
        lambda x, y: cg.nn.Activation("tanh")(x),
        lambda x, y: np.exp(x),
    ],
)
def test_every_way_to_build_a_node_knows_the_users_line(built: Callable[[Any, Any], Any]) -> None:
    for shape in ((), (3,)):
        leaves = x, y = cg.variable("x", shape), cg.variable("y", shape)
        fresh = [node for node in cg.Graph(built(x, y)) if node not in leaves]
        line = built.__code__.co_firstlineno
        assert fresh
        assert {node.where.partition(": ")[0] for node in fresh} == {f"test_graph.py, line {line}"}


# Other shapes of a graph ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "node, text",
    [
        (cg.variable("x"), "<x>"),
        (cg.variable("X", ("m", 3)), "<X [m×3]>"),
        (cg.constant(2.5), "<2.5>"),
        ((cg.variable("x") * 2).named("d"), "<d = mul(x, 2)>"),
        (cg.tanh(cg.variable("x") * 2), "<tanh(…)>"),
        (cg.add(*[cg.variable("x")] * 10_000), "<add(x, x, x, x, x, x, x, x and 9992 more)>"),
    ],
    ids=str,
)
def test_nodes_show_themselves_in_one_line(node: cg.Node, text: str) -> None:
    assert repr(node) == text


def test_a_pickle_is_the_same_graph_again() -> None:
    *_, root = chapter()
    W = cg.parameter("W", [[1.0, 2.0], [3.0, 4.0]])
    graph = cg.Graph([root, cg.sum(W, axis=0), cg.variable("X", ("m", 2)) @ W])
    again = pickle.loads(pickle.dumps(graph))  # noqa: S301 - our own bytes
    assert again.names == graph.names
    assert [n.shape for n in again] == [n.shape for n in graph]
    assert [n.op for n in again] == [n.op for n in graph]
    assert [dict(n.attrs) for n in again] == [dict(n.attrs) for n in graph]
    assert again["W"].value.tolist() == W.value.tolist()
    assert again["L"].where == root.where
    assert cg.forward(again["L"], a=3, b=1, c=-2)["L"] == -10.0


def test_a_parameter_from_a_pickle_is_still_read_only() -> None:
    again = pickle.loads(pickle.dumps(cg.parameter("w", [1.0, 2.0])))  # noqa: S301 - our own bytes
    with pytest.raises(ValueError, match="read-only"):
        again.value[0] = 5.0


def test_a_copy_of_a_frozen_node_is_the_node() -> None:
    *_, root = chapter()
    assert copy.copy(root) is root
    assert copy.deepcopy([root])[0] is root


# 100,000 nodes deep --------------------------------------------------------------------------------------------------
def test_a_chain_of_100_000_nodes_is_ordered_named_shown_and_copied() -> None:
    node = chain()
    graph = cg.Graph(node)
    assert len(graph) == LONG + 2
    assert graph.name(node) == f"v{LONG}"
    assert repr(node) == "<add(…, 1)>"
    assert copy.deepcopy(node) is node
    assert "v100000" in repr(graph)


@pytest.mark.slow
def test_a_chain_of_100_000_nodes_is_pickled() -> None:
    again = pickle.loads(pickle.dumps(chain()))  # noqa: S301 - our own bytes
    assert len(cg.Graph(again)) == LONG + 2


def test_a_chain_of_100_000_nodes_is_freed_without_recursion() -> None:
    node = chain()
    watched = weakref.ref(node)
    del node
    assert watched() is None  # at once: nodes form no cycles, the collector has nothing to do with them


@pytest.mark.slow
def test_a_million_nodes_are_built_and_freed_within_400_bytes_a_node() -> None:
    node, factor = cg.variable("x"), cg.variable("factor")
    first = weakref.ref(node)
    tracemalloc.start()
    try:
        with cg.building():
            for i in range(MILLION * 2 // 5):  # of two and of three nodes by turns
                node = cg.tanh(node * factor + factor) if i % 2 else -(node - factor)
            built, _ = tracemalloc.get_traced_memory()
        del node
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 100 * MILLION < built < 400 * MILLION
    assert kept < MILLION  # what Python keeps of tuples and numbers for the next ones
    assert first() is None

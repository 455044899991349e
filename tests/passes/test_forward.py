"""The forward pass: values of every node, from values for the leaves that are checked first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph.errors import CgraphError, MissingValueError, NameUnknownError, ShapeError, ValueRefusedError

LONG = 100_000


def chapter() -> cg.Node:
    return cg.parse("d = 2*b; e = a + d; L = c*e").output


def test_every_node_of_figure_6_15_has_its_value() -> None:
    fwd = cg.forward(chapter(), a=3, b=1, c=-2)
    assert {n: float(fwd[n]) for n in "abcdeL"} == {"a": 3, "b": 1, "c": -2, "d": 2, "e": 5, "L": -10}


def test_values_are_given_by_keyword_by_name_or_by_node() -> None:
    root = chapter()
    a = cg.Graph(root)["a"]
    assert cg.forward(root, {a: 3, "b": 1}, c=-2)["L"] == -10.0


def test_values_are_found_by_name_and_by_node() -> None:
    root = chapter()
    fwd = cg.forward(root, a=3, b=1, c=-2)
    assert fwd[root] == fwd["L"] == fwd[fwd.graph["L"]]


def test_a_unit_of_the_chapter_gives_its_value() -> None:
    w, x, b = cg.parameter("w", [0.2, 0.3, 0.9]), cg.variable("x", 3), cg.parameter("b", 0.5)  # §6.1
    z = (w @ x + b).named("z")
    fwd = cg.forward(cg.sigmoid(z).named("y"), x=[0.5, 0.6, 0.1])
    assert fwd["z"] == pytest.approx(0.87)
    assert fwd["y"] == pytest.approx(1 / (1 + np.exp(-0.87)))


def test_a_parameter_has_its_own_value_unless_another_is_given() -> None:
    w, x = cg.parameter("w", 2.0), cg.variable("x")
    assert cg.forward(w * x, x=3).values[-1] == 6.0
    assert cg.forward(w * x, x=3, w=5).values[-1] == 15.0
    assert w.value == 2.0


def test_a_second_pass_changes_nothing_of_the_first() -> None:
    root = chapter()
    first = cg.forward(root, a=3, b=1, c=-2)
    second = cg.forward(root, a=0, b=0, c=7)
    assert (first["L"], second["L"]) == (-10.0, 0.0)
    assert cg.forward(root, a=3, b=1, c=-2).values == first.values


def test_several_outputs_are_computed_in_one_pass() -> None:
    x = cg.variable("x")
    double, square = 2 * x, x * x
    fwd = cg.forward([double, square], x=3)
    assert (fwd[double], fwd[square]) == (6.0, 9.0)


def test_a_leaf_alone_is_a_graph() -> None:
    assert cg.forward(cg.variable("x"), x=4)["x"] == 4.0
    assert cg.forward(cg.constant(4.0)).values == (4.0,)


def test_named_dimensions_are_bound_by_the_values() -> None:
    X, W, b = cg.variable("X", ("m", 3)), cg.variable("W", (3, "h")), cg.variable("b", "h")
    h = cg.tanh(X @ W + b)
    random = np.random.default_rng(0)
    for m, k in ((1, 1), (4, 2), (0, 5)):
        x, w, c = random.normal(size=(m, 3)), random.normal(size=(3, k)), random.normal(size=k)
        assert cg.forward(h, X=x, W=w, b=c)[h] == pytest.approx(np.tanh(x @ w + c))


def test_a_reshape_with_a_name_follows_the_size_it_is_bound_to() -> None:
    X = cg.variable("X", ("m", 2, 2))
    flat = X.reshape("m", -1)
    assert cg.forward(flat, X=np.arange(12).reshape(3, 2, 2))[flat].tolist() == np.arange(12.0).reshape(3, 4).tolist()


def test_one_name_cannot_have_two_sizes() -> None:
    X, y = cg.variable("X", ("m", 2)), cg.variable("y", "m")
    with pytest.raises(ShapeError, match=r"y has shape \[4\].*y was declared as \[m\], with m=3"):
        cg.forward(cg.sum(X, axis=1) * y, X=np.ones((3, 2)), y=np.ones(4))


@pytest.mark.parametrize("value", [np.ones(2), np.ones((3, 2)), 1.0, np.ones((2, 3, 1))])
def test_a_value_of_the_wrong_shape_is_refused(value: Any) -> None:
    X = cg.variable("X", (2, 3))
    with pytest.raises(ShapeError) as caught:
        cg.forward(X * 2, X=value)
    message = str(caught.value)
    assert "the value of X has shape [" in message
    assert "X was declared as [2×3]" in message
    assert 'X = cg.variable("X", (2, 3))' in message
    assert "Fix:" in message


def test_a_parameter_does_not_take_a_value_of_another_shape() -> None:
    w = cg.parameter("w", [1.0, 2.0])
    with pytest.raises(ShapeError, match=r"w was declared as \[2\]"):
        cg.forward(w * 2, w=[1.0, 2.0, 3.0])


def test_every_missing_value_is_named_at_once() -> None:
    with pytest.raises(MissingValueError) as caught:
        cg.forward(chapter(), b=1)
    message = str(caught.value)
    assert "a has no value" in message
    assert "c has no value" in message
    assert "give c=..., give a=..." in message
    assert "b has" not in message


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(NameUnknownError, match="no node named 'q'"):
        cg.forward(chapter(), a=3, b=1, c=-2, q=1)


def test_a_value_for_a_result_is_refused() -> None:
    with pytest.raises(NameUnknownError, match=r"e is computed and takes no value.*leaves: c, a, b"):
        cg.forward(chapter(), a=3, b=1, c=-2, e=1)


def test_a_node_of_another_graph_is_refused() -> None:
    with pytest.raises(NameUnknownError, match="not in this graph"):
        cg.forward(chapter(), {cg.variable("a"): 3}, b=1, c=-2)


REFUSED = [1j, "3", None, object(), [1, "a"], [[1], [1, 2]], np.array([1j]), np.array("x"), {"a": 1}, 10**400]


@pytest.mark.parametrize("value", REFUSED, ids=lambda v: repr(v)[:20])
def test_what_is_no_real_number_is_refused(value: Any) -> None:
    with pytest.raises((ValueRefusedError, MissingValueError)) as caught:
        cg.forward(chapter(), a=value, b=1, c=-2)
    assert "a" in str(caught.value).split()


def test_a_node_is_no_value_for_numbers() -> None:
    with pytest.raises(ValueRefusedError, match="is given a node"):
        cg.forward(chapter(), a=cg.variable("z"), b=1, c=-2)


@pytest.mark.parametrize("value", [3, 3.0, True + 2, np.float32(3), np.int8(3), np.array(3), [3.0][0]])
def test_every_kind_of_real_number_is_taken(value: Any) -> None:
    fwd = cg.forward(chapter(), a=value, b=1, c=-2)
    assert fwd["L"] == -10.0
    assert fwd["a"].dtype == np.float64


def test_infinities_and_nan_follow_ieee_754_without_warnings() -> None:
    x = cg.variable("x")
    nodes = [1 / x, cg.log(x), x * np.inf, cg.exp(1000 + x)]
    fwd = cg.forward(nodes, x=0.0)
    assert [float(fwd[n]) for n in nodes[:2]] == [np.inf, -np.inf]
    assert np.isnan(fwd[nodes[2]])
    assert fwd[nodes[3]] == np.inf


def test_single_precision_is_a_world_of_its_own() -> None:
    fwd = cg.forward(chapter(), a=3, b=1, c=1 / 3, world=cg.worlds.NumpyWorld("float32"))
    assert {v.dtype for v in fwd.values} == {np.dtype("float32")}
    assert fwd["L"] == np.float32(1 / 3) * np.float32(5)


def test_values_do_not_change_with_the_users_arrays() -> None:
    X = cg.variable("X", 3)
    given = np.array([1.0, 2.0, 3.0])
    fwd = cg.forward([X * 2, X.T], X=given)
    given[:] = 0
    assert fwd["X"].tolist() == [1, 2, 3]
    assert fwd.values[-1].tolist() == [1, 2, 3]


def test_values_of_a_pass_are_read_only_where_they_are_the_leaves() -> None:
    fwd = cg.forward(cg.variable("X", 2) * 2, X=[1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        fwd["X"][0] = 5.0


def test_a_pass_is_frozen() -> None:
    fwd = cg.forward(chapter(), a=3, b=1, c=-2)
    with pytest.raises(AttributeError):
        fwd.values = ()  # type: ignore[misc]


def test_a_chain_of_100_000_nodes_is_computed() -> None:
    node, one = cg.variable("x"), cg.constant(1)
    for _ in range(LONG):
        node = node + one
    assert cg.forward(node, x=0.5)[node] == LONG + 0.5


def test_all_errors_of_a_pass_are_errors_of_cgraph_and_of_python() -> None:
    with pytest.raises(LookupError) as missing:
        cg.forward(chapter())
    with pytest.raises(ValueError, match="no real number") as refused:
        cg.forward(chapter(), a="x", b=1, c=1)
    assert isinstance(missing.value, CgraphError)
    assert isinstance(refused.value, CgraphError)

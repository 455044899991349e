"""Gradients as graphs: the same numbers, of any order, sharing the graph that they came from."""

from __future__ import annotations

import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from expressions import Case, cases, value
from hypothesis import given, settings
from sparse import sparse

import cgraph as cg
from cgraph.errors import GradientError, NameUnknownError, ShapeError, ValueRefusedError
from cgraph.graph.node import build as node_of
from cgraph.ops import TABLE
from cgraph.ops.op import Op

LONG = 100_000


def at(node: cg.Node, **values: Any) -> Any:
    used = set(cg.Graph(node).names)
    return cg.forward(node, {n: v for n, v in values.items() if n in used})[node]


def test_the_gradients_of_the_chapters_example_are_nodes() -> None:
    graph = cg.parse("d = 2*b; e = a + d; L = c*e")
    gradients = cg.grad(graph, ["a", "b", "c"])
    assert all(isinstance(g, cg.Node) for g in gradients)
    assert [float(at(g, a=3, b=1, c=-2)) for g in gradients] == [-2.0, -4.0, 5.0]


def test_one_name_gives_one_node_and_a_list_gives_a_list() -> None:
    a, b = cg.variables("a b")
    assert isinstance(cg.grad(a * b, a), cg.Node)
    assert isinstance(cg.grad(a * b, "a"), cg.Node)
    assert [g.name for g in cg.grad(a * b, [a, b])] == ["b", "a"]
    assert [g.name for g in cg.grad(a * b, (b,))] == ["a"]


@settings(max_examples=60)
@given(cases())
def test_the_gradient_as_a_graph_has_the_numbers_of_the_numeric_pass(case: Case) -> None:
    bwd = cg.backward(cg.forward(case.root, case.feed))
    for leaf in case.feed:
        gradient = cg.grad(case.root, leaf)
        fed = {n: v for n, v in case.feed.items() if n in cg.Graph(gradient)}
        assert gradient.shape == leaf.shape
        assert cg.forward(gradient, fed)[gradient] == pytest.approx(bwd.gradient[leaf], rel=1e-9, abs=1e-11)


@settings(max_examples=25)
@given(cases(largest=4))
def test_second_derivatives_agree_with_central_differences_of_the_first(case: Case) -> None:
    leaf, value_ = next(iter(case.feed.items()))
    gradient = cg.grad(case.root, leaf)
    total = cg.sum(gradient * np.random.default_rng(2).uniform(0.5, 1.5, leaf.shape))
    if leaf not in cg.Graph(total):
        return  # the expression is linear in it
    slopes = Case(total, {n: v for n, v in case.feed.items() if n in cg.Graph(total)})
    second = cg.backward(cg.forward(total, slopes.feed)).gradient[leaf]
    step, direction = 1e-5, np.random.default_rng(3).uniform(-1, 1, leaf.shape)
    name = str(leaf.name)
    there, back = (value(slopes, **{name: value_ + sign * step * direction}) for sign in (1, -1))
    assert float((second * direction).sum()) == pytest.approx((there - back) / (2 * step), rel=2e-4, abs=2e-4)


@pytest.mark.parametrize("order, expected", [*enumerate([16.0, 32.0, 48.0, 48.0, 24.0])])
def test_every_order_of_the_fourth_power(order: int, expected: float) -> None:
    x = cg.variable("x")
    node = x**4
    for _ in range(order):
        node = cg.grad(node, x)
    assert at(node, x=2.0) == pytest.approx(expected)


@pytest.mark.parametrize("order, expected", [*enumerate([0.0, 0.0, 0.0, 0.0, 24.0])])
def test_every_order_of_the_fourth_power_at_zero(order: int, expected: float) -> None:
    x = cg.variable("x")
    node = x**4
    for _ in range(order):
        node = cg.grad(node, x)
    assert at(node, x=0.0) == expected


def test_the_orders_of_the_hyperbolic_tangent() -> None:
    x = cg.variable("x")
    first = cg.grad(cg.tanh(x), x)
    second = cg.grad(first, x)
    third = cg.grad(second, x)
    t = np.tanh(0.7)
    expected = [1 - t**2, -2 * t * (1 - t**2), (6 * t**2 - 2) * (1 - t**2)]
    assert [float(at(n, x=0.7)) for n in (first, second, third)] == pytest.approx(expected)


def test_the_second_derivatives_of_cross_entropy_are_those_of_softmax() -> None:
    x = cg.variable("x", 3)
    logits, target = np.array([0.5, -1.0, 2.0]), np.array([0.0, 1.0, 0.0])
    gradient = cg.grad(cg.softmax_cross_entropy(x, target), x)
    p = np.exp(logits) / np.exp(logits).sum()
    for i, row in enumerate(np.diag(p) - np.outer(p, p)):
        hessian_row = cg.grad(cg.sum(gradient * np.eye(3)[i]), x)
        assert at(hessian_row, x=logits) == pytest.approx(row)


def test_mixed_derivatives_commute() -> None:
    x, y = cg.variables("x y")
    f = cg.exp(x * y) * cg.tanh(x + y**2)
    one, other = cg.grad(cg.grad(f, x), y), cg.grad(cg.grad(f, y), x)
    assert at(one, x=0.3, y=-0.7) == pytest.approx(at(other, x=0.3, y=-0.7), rel=1e-12)


def test_the_gradient_by_a_node_in_the_middle() -> None:
    graph = cg.parse("d = 2*b; e = a + d; L = c*e")
    assert at(cg.grad(graph, "e"), c=-2) == -2.0
    assert at(cg.grad(graph, graph["d"]), c=-2) == -2.0


def test_the_gradient_is_a_graph_on_the_users_own_nodes() -> None:
    graph = cg.parse("d = 2*b; e = a + d; L = c*e")
    assert cg.grad(graph, "c") == graph["e"]
    assert cg.grad(graph, "a") == graph["c"]


def test_a_graph_and_its_gradient_share_their_nodes() -> None:
    x = cg.variable("x")
    activation = cg.tanh(cg.exp(x) * 2).named("a")
    gradient = cg.grad(activation, x)
    both = cg.Graph([activation, gradient])
    assert sum(n.op is not None and n.op.name == "tanh" for n in both) == 1
    assert sum(n.op is not None and n.op.name == "exp" for n in both) == 1


def test_named_dimensions_stay_named_in_a_gradient() -> None:
    X, w = cg.variable("X", ("m", 3)), cg.variable("w", 3)
    loss = cg.mean((X @ w) ** 2)
    gradient = cg.grad(loss, X)
    assert gradient.shape == ("m", 3)
    random = np.random.default_rng(0)
    for m in (1, 5):
        x, v = random.normal(size=(m, 3)), random.normal(size=3)
        assert at(gradient, X=x, w=v) == pytest.approx(2 / m * np.outer(x @ v, v))


def test_the_gradient_by_a_parameter_uses_its_value() -> None:
    w, x = cg.parameter("w", 3.0), cg.variable("x")
    assert at(cg.grad(w * w * x, w), x=2.0) == 12.0


@pytest.mark.parametrize(
    "build",
    [
        lambda x, y: y * y,
        lambda x, y: cg.table()["greater_equal"](x, 0) + y,
        lambda x, y: cg.sum(y * cg.table()["size"](x)),
    ],
)
def test_a_gradient_by_what_nothing_flows_to_is_refused(build: Any) -> None:
    x, y = cg.variables("x y")
    graph = cg.Graph(build(x, y))
    with pytest.raises((GradientError, NameUnknownError)) as caught:
        cg.grad(graph, x)
    assert "<x>" in str(caught.value) or "x" in str(caught.value).split()


def test_a_gradient_of_what_is_no_scalar_is_refused() -> None:
    x = cg.variable("x", 3)
    with pytest.raises(GradientError, match="only a scalar has a gradient"):
        cg.grad(x * 2, x)


def test_a_gradient_by_an_unknown_name_is_refused() -> None:
    with pytest.raises(NameUnknownError, match="no node named 'q'"):
        cg.grad(cg.variable("x") * 2, "q")


def test_the_gradient_of_a_chain_of_100_000_nodes_is_a_graph() -> None:
    node = x = cg.variable("x")
    one = cg.constant(1)
    for _ in range(LONG):
        node = node + one
    gradient = cg.grad(node * x, x)
    assert cg.forward(gradient, x=2.0)[gradient] == 2.0 * 2.0 + LONG


def test_the_gradient_graph_of_a_long_chain_that_does_not_simplify() -> None:
    node = x = cg.variable("x")
    for _ in range(LONG // 10):  # each link gives some ten nodes of gradient
        node = cg.tanh(node)
    gradient = cg.grad(node, x)
    numeric = cg.backward(cg.forward(node, x=0.5)).gradient[x]
    assert at(gradient, x=0.5) == pytest.approx(numeric, rel=1e-9)


# Jacobians, Hessians, both modes, Taylor -----------------------------------------------------------------------------
@settings(max_examples=40)
@given(cases(largest=5))
def test_forward_mode_agrees_with_reverse_mode(case: Case) -> None:
    leaf = next(iter(case.feed))
    direction = np.random.default_rng(5).uniform(-1, 1, leaf.shape)
    expected = float((cg.backward(cg.forward(case.root, case.feed)).gradient[leaf] * direction).sum())
    pushed = cg.jvp(case.root, leaf, direction)
    assert pushed.shape == ()
    fed = {n: v for n, v in case.feed.items() if n in cg.Graph(pushed)}
    assert float(cg.forward(pushed, fed)[pushed]) == pytest.approx(expected, rel=1e-8, abs=1e-9)


X2 = np.array([[0.3, -0.7, 1.1], [0.2, 0.5, -0.4]])
ARRAYS: dict[str, Any] = {
    "softmax": cg.softmax,
    "matmul": lambda x: cg.tanh(x) @ x.T,
    "sum over rows": lambda x: cg.sum(cg.exp(x), axis=0),
    "broadcast": lambda x: x * cg.sum(x, axis=1, keepdims=True),
    "reshape": lambda x: cg.sigmoid(x).reshape(3, 2),
    "sum of a product with itself": lambda x: cg.sum(x * x),
}


@pytest.mark.parametrize("build", ARRAYS.values(), ids=ARRAYS.keys())
def test_a_jacobian_is_that_of_central_differences(build: Any) -> None:
    x = cg.variable("x", (2, 3))
    node = build(x)
    jacobian = cg.jacobian(node, x)
    assert jacobian.shape == node.shape + x.shape
    found, step = at(jacobian, x=X2), 1e-6
    for index in np.ndindex(2, 3):
        moved = np.zeros((2, 3))
        moved[index] = step
        slope = (at(node, x=X2 + moved) - at(node, x=X2 - moved)) / (2 * step)
        assert found[(..., *index)] == pytest.approx(slope, rel=1e-6, abs=1e-8)


POLES = np.array([0.0, 1.0, -1.0, 0.25, 800.0])
UNARY = [row for row in TABLE.values() if row.elementwise and row.arity == 1 and row.rule(0) is not None]


@pytest.mark.parametrize("row", sparse(UNARY, 8), ids=lambda row: row.name)
def test_a_derivative_that_is_infinite_is_so_in_its_own_place_alone(row: Op) -> None:
    """What is done to each element has a diagonal Jacobian, also beside a pole and where another one overflows."""
    x, v = cg.variable("x"), cg.variable("v", 5)
    slope = cg.grad(node_of(row, x), x)
    diagonals = [slope, cg.hessian(node_of(row, x), x)]
    arrays = [cg.jacobian(node_of(row, v), v), cg.hessian(cg.sum(node_of(row, v)), v)]
    for one, array in zip(diagonals, arrays, strict=True):
        with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):  # at poles and kinks
            expected = [float(cg.forward(one, x=p).values[-1]) for p in POLES]
            np.testing.assert_allclose(cg.forward(array, v=POLES).values[-1], np.diag(expected), rtol=1e-14)


@pytest.mark.parametrize(
    "function", [lambda v: cg.exp(v) ** 2, lambda v: cg.square(cg.cosh(v)) + v, lambda v: (v**3) ** 3]
)
def test_what_overflows_on_its_way_spoils_no_other_row_of_a_jacobian(function: Any) -> None:
    v = cg.variable("v", 3)
    found = cg.forward(cg.jacobian(function(v), v), v=[1e120, 0.5, 0.25]).values[-1]
    alone = cg.forward(cg.jacobian(function(v), v), v=[1.0, 0.5, 0.25]).values[-1]
    assert found[0].tolist() == [np.inf, 0.0, 0.0]
    assert found[1:].tolist() == alone[1:].tolist()
    assert (alone[1:] != 0).sum() == 2


def test_a_product_has_its_second_derivatives_where_products_of_others_are_infinite() -> None:
    for values in ([1e200, 1e-200, 1e200, 1e-200], [0.0, 1e300, 2.0, 1e300], [1e-300, 1e300, 3.0, 0.0]):
        v = cg.variable("v", 4)
        for run in (lambda h, x: cg.forward(h, v=x).values[-1], lambda h, x: cg.compile(h)(v=x)[0]):
            found = run(cg.hessian(cg.prod(v), v), values)
            for i, j in np.ndindex(4, 4):
                others = [Fraction(x) for k, x in enumerate(values) if k not in (i, j)]
                right = Fraction(0) if i == j else others[0] * others[1]
                rounded = float(right) if right < Fraction(2) ** 1024 else np.inf
                assert found[i, j] == pytest.approx(rounded, rel=1e-15, abs=1e-320), (values, i, j)


@pytest.mark.parametrize("build", ARRAYS.values(), ids=ARRAYS.keys())
def test_both_products_are_products_with_the_jacobian(build: Any) -> None:
    x = cg.variable("x", (2, 3))
    node = build(x)
    jacobian = at(cg.jacobian(node, x), x=X2)
    random = np.random.default_rng(1)
    up, along = random.normal(size=node.shape), random.normal(size=(2, 3))
    assert at(cg.vjp(node, x, up), x=X2) == pytest.approx(np.tensordot(up, jacobian, len(node.shape)))
    assert at(cg.jvp(node, x, along), x=X2) == pytest.approx(np.tensordot(jacobian, along, 2))


def test_products_with_several_nodes_take_a_tangent_for_each() -> None:
    x, y = cg.variables("x y")
    assert at(cg.jvp(x * y, [x, y], [2.0, 3.0]), x=5.0, y=7.0) == 2 * 7 + 3 * 5
    assert [float(at(g, x=5.0, y=7.0)) for g in cg.vjp(x * y, [x, y], 2.0)] == [14.0, 10.0]
    assert [j.name for j in cg.jacobian(x * y, [x, y])] == ["y", "x"]


def test_forward_mode_twice_is_a_second_derivative() -> None:
    x = cg.variable("x")
    assert at(cg.jvp(cg.jvp(x**3, x, 1.0), x, 1.0), x=2.0) == pytest.approx(12.0)


def test_the_hessian_of_cross_entropy_at_one_half() -> None:
    x = cg.variable("x", 2)
    hessian = cg.hessian(cg.softmax_cross_entropy(x, [1.0, 0.0]), x)
    assert at(hessian, x=[0.0, 0.0]).tolist() == [[0.25, -0.25], [-0.25, 0.25]]


@settings(max_examples=20)
@given(cases(largest=3))
def test_a_hessian_is_symmetric(case: Case) -> None:
    leaf = next(iter(case.feed))
    hessian = cg.hessian(case.root, leaf)
    fed = {n: v for n, v in case.feed.items() if n in cg.Graph(hessian)}
    size = int(np.prod(leaf.shape, dtype=int))
    found = np.reshape(cg.forward(hessian, fed)[hessian], (size, size))
    assert found == pytest.approx(found.T, rel=1e-9, abs=1e-9)


def test_the_hessian_by_several_nodes_comes_in_blocks_and_what_is_linear_gives_zeros() -> None:
    x, w = cg.variable("x", 2), cg.variable("w", 3)
    blocks = cg.hessian(cg.sum(x) * cg.sum(w), [x, w])
    assert [[b.shape for b in row] for row in blocks] == [[(2, 2), (2, 3)], [(3, 2), (3, 3)]]
    values = [[at(b, x=[1.0, 2.0], w=[1.0, 1.0, 1.0]).tolist() for b in row] for row in blocks]
    assert values == [[[[0] * 2] * 2, [[1] * 3] * 2], [[[1] * 2] * 3, [[0] * 3] * 3]]


@pytest.mark.parametrize("order, expected", [*enumerate([0.0, 0.0, 0.0, 0.0, 1.0, 0.0])])
def test_the_taylor_coefficients_of_the_fourth_power_at_zero(order: int, expected: float) -> None:
    x = cg.variable("x")
    assert [float(at(c)) for c in cg.taylor(x**4, x, at=0, order=5).coefficients][order] == expected


def test_a_taylor_polynomial_is_sympys_series() -> None:
    t = sympy.Symbol("t")
    x = cg.variable("x")
    found = cg.taylor(cg.exp(x) * cg.tanh(x), x, at=0, order=6)
    series = sympy.series(sympy.exp(t) * sympy.tanh(t), t, 0, 7).removeO()
    assert [float(at(c)) for c in found.coefficients] == pytest.approx([float(series.coeff(t, k)) for k in range(7)])
    assert at(found.polynomial, x=0.3) == pytest.approx(float(series.subs(t, 0.3)))


def test_taylor_coefficients_may_depend_on_other_leaves() -> None:
    x, a = cg.variables("x a")
    found = cg.taylor(cg.exp(a * x), x, at=0, order=2)
    assert [float(at(c, a=3.0)) for c in found.coefficients] == [1.0, 3.0, 4.5]
    around = cg.taylor(x * x, x, at=a, order=2)
    assert [float(at(c, a=3.0)) for c in around.coefficients] == [9.0, 6.0, 1.0]


REFUSED: dict[str, tuple[Any, Any, list[str]]] = {
    "no scalar": (lambda x, y: cg.grad(x * 2, x), GradientError, ["has shape [3]", "only a scalar", "cg.sum"]),
    "hessian of no scalar": (lambda x, y: cg.hessian(x * 2, x), GradientError, ["only a scalar"]),
    "a comparison": (
        lambda x, y: cg.grad(cg.sum(cg.table()["greater_equal"](x, 0)), x),
        GradientError,
        ["does not depend on x", "test_calculus.py", "no gradient flows", "comparisons"],
    ),
    "the jacobian of a comparison": (
        lambda x, y: cg.jacobian(cg.table()["greater_equal"](x, 0), x),
        GradientError,
        ["does not depend on x", "comparisons"],
    ),
    "another node": (lambda x, y: cg.jacobian(x * 2, y), NameUnknownError, ["<y>", "not in this graph"]),
    "a tangent of another shape": (lambda x, y: cg.jvp(x * 2, x, 1.0), ShapeError, ["tangent of x", "[3]"]),
    "too few tangents": (lambda x, y: cg.jvp(x * y, [x, y], [1.0]), ShapeError, ["1 tangent(s) for 2 node(s)"]),
    "an upstream of another shape": (lambda x, y: cg.vjp(x * 2, x, 1.0), ShapeError, ["upstream", "[3]"]),
    "a named dimension": (
        lambda x, y: cg.jacobian(cg.variable("X", ("m", 2)).named("X") * y, "y"),
        ShapeError,
        ["'m' is no number", "declare"],
    ),
    "taylor of an array": (lambda x, y: cg.taylor(cg.sum(x), x), GradientError, ["x is no scalar leaf"]),
    "taylor of a negative order": (lambda x, y: cg.taylor(y * y, y, order=-1), ValueRefusedError, ["order", "-1"]),
    "taylor of a broken order": (lambda x, y: cg.taylor(y * y, y, order=1.5), ValueRefusedError, ["order", "1.5"]),
}


@pytest.mark.parametrize("act, kind, parts", REFUSED.values(), ids=REFUSED.keys())
def test_what_has_no_derivative_is_refused_with_a_reason(act: Any, kind: Any, parts: list[str]) -> None:
    with pytest.raises(kind) as caught:
        act(cg.variable("x", 3), cg.variable("y"))
    assert [p for p in parts if p not in str(caught.value)] == []


@pytest.mark.parametrize("exponent", [2, 3, 0.5, -1, -2.5, 1, 0, "y"])
def test_the_slope_of_a_power_is_written_as_books_write_it(exponent: float | str) -> None:
    x = cg.variable("x")
    power = x ** (cg.variable(exponent) if isinstance(exponent, str) else exponent)
    for node in (power, cg.sin(power), (2 * x) ** 2 * power):
        ops = {op.name for op in cg.Graph(cg.grad(node, x)).ops if op is not None}
        assert ops <= {"add", "mul", "scale", "sub", "neg", "pow", "cos", "square"}

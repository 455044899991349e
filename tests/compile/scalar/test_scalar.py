"""Programs of scalars as flat arrays, in C and without a compiler, against the plain passes."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest
from compiled import same
from random_scalars import random_graph

import cgraph as cg
from cgraph.compile.c.compiler import compiler
from cgraph.compile.scalar import numpy as scalar_numpy
from cgraph.errors import GradientError, GraphError, MissingValueError, NameUnknownError, ValueRefusedError
from cgraph.ops import TABLE
from cgraph.ops.op import Op, elementwise

BACKENDS = ["scalar", "scalar-numpy"]
DTYPES = ["float64", "float32"]
ROWS = [row for row in TABLE.values() if row.elementwise]
# kinks, ties, poles, infinities, and nothing special
POINTS = [-np.inf, -3.0, -1.0, -0.5, -0.0, 0.0, 0.3, 1.0, 2.5, 3.0, np.inf, np.nan]

pytestmark = pytest.mark.filterwarnings("ignore::cgraph.errors.IndeterminateWarning")


def compare(program: Any, graph: cg.Graph, wanted: list[cg.Node], feed: dict[Any, Any], dtype: str, what: str) -> None:
    """Value and gradients against the plain passes in float64, twice, for nothing may stay behind."""
    bwd = cg.backward(cg.forward(graph, feed))
    want = [bwd.forward[graph.output], *(bwd.gradient[x] for x in wanted)]
    finite = [abs(v) for v in map(float, bwd.forward.values) if np.isfinite(v)]
    for _ in range(2):
        for node, got, right in zip([graph.output, *wanted], program(feed), want, strict=True):
            same(got, np.asarray(right), dtype, f"{what}: {graph.name(node)}", max(finite, default=1.0))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("wide", [1, 10**9])
def test_random_graphs_have_the_values_and_gradients_of_the_plain_passes(
    backend: str, wide: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scalar_numpy, "WIDE", wide)  # every group by NumPy, every group by the loop
    for seed in range(40):
        graph, generator = random_graph(seed), np.random.default_rng(seed)
        fwd = cg.forward(graph, {x: generator.uniform(-1, 1) for x in graph.inputs if x.value is None})
        if not all(abs(v) < 1e100 for v in map(float, fwd.values)):
            continue
        bwd = cg.backward(fwd)
        wanted = [x for x in graph.inputs if bwd.gradient.reaches(x)]
        feed = {x: fwd[x] for x in graph.inputs if x.value is None}
        compare(cg.compile(graph, gradients=wanted, backend=backend), graph, wanted, feed, "float64", f"graph {seed}")


def application(row: Op, place: int) -> tuple[cg.Node, list[cg.Node]]:
    """An op of the table on leaves of its own."""
    leaves = [cg.variable(f"{row.name} {place} x{i}") for i in range(row.arity or 3)]
    return getattr(cg.worlds.GRAPH, row.name)(*leaves), leaves


@cache
def applications() -> tuple[list[cg.Node], dict[cg.Node, float]]:
    """Every op and its derivatives at 20 points, among them ties of all operands, zeros and infinities."""
    random = np.random.default_rng(3)
    nodes, leaves, feed = [], [], {}
    for row in ROWS:
        for place in range(20):
            node, own = application(row, place)
            tie = place < len(POINTS)
            values = [POINTS[place] if tie else float(random.choice(POINTS)) for _ in own]
            if row.check is not None:
                values[-1] = float(random.choice([0.0, 0.5, 1.0]))
            nodes.append(node)
            leaves.append(own)
            feed |= dict(zip(own, values, strict=True))
    outputs = list(nodes)
    for node, own in zip(nodes, leaves, strict=True):
        assert node.op is not None
        outputs += [cg.grad(node, x) for i, x in enumerate(own) if node.op.rule(i) is not None]
    return outputs, feed


@pytest.mark.slow
@pytest.mark.parametrize("backend, dtype", [*product(BACKENDS, DTYPES)])
def test_every_elementwise_op_keeps_its_conventions_at_kinks_ties_and_poles(backend: str, dtype: str) -> None:
    outputs, given = applications()
    program = cg.compile(outputs, backend=backend, dtype=dtype)
    assert program.backend == backend
    feed = {x: given[x] for x in program.inputs}
    plain = cg.forward(outputs, feed, world=cg.worlds.NumpyWorld(dtype))
    for node, got in zip(outputs, program(feed), strict=True):
        np.testing.assert_allclose(
            got, plain[node], rtol={"float64": 1e-9, "float32": 1e-3}[dtype], atol=1e-6, err_msg=repr(node)
        )


@pytest.mark.parametrize("row", [r for r in ROWS if any(map(r.rule, range(r.arity or 2)))], ids=lambda row: row.name)
def test_gradients_without_nodes_are_those_of_the_backward_pass(row: Op) -> None:
    """At ties, kinks and poles too: the tape is written by the same rules, and 0·∞ is 0 on it."""
    node, leaves = application(row, 0)
    wanted = [x for i, x in enumerate(leaves) if row.rule(i) is not None]
    root = cg.tanh(node) * 0.5 + node
    program = cg.compile(root, gradients=wanted, backend="scalar-numpy")
    for values in zip(POINTS, POINTS[3:] + POINTS[:3], POINTS[7:] + POINTS[:7], strict=True):
        for point in ([values[0]] * len(leaves), list(values)[: len(leaves)]):
            if row.check is not None:
                point[-1] = 1.0
            feed = dict(zip(leaves, point, strict=True))
            bwd = cg.backward(cg.forward(root, feed))
            want = [bwd.forward[root], *(bwd.gradient[x] for x in wanted)]
            np.testing.assert_allclose(program(feed), want, rtol=1e-9, atol=1e-12, err_msg=f"{row.name} at {point}")


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_flows_down_where_the_upstream_gradient_is_zero(backend: str) -> None:
    """0·∞ of the chain rule is 0: a branch that is not taken cannot spoil the gradient of the one that is."""
    x, y = cg.variable("x"), cg.variable("y")
    for root, point in (
        (x * cg.sqrt(x), {"x": 0.0}),
        (cg.where(x > 0, cg.log(x) * y, y * y), {"x": 0.0, "y": 2.0}),
        (cg.maximum(cg.sqrt(x) * y, y) * x, {"x": 0.0, "y": -1.0}),
        (cg.exp(y * cg.reciprocal(x)) * x, {"x": 0.0, "y": -1.0}),
    ):
        graph = cg.Graph(root)
        wanted = [graph[name] for name in point]
        with np.errstate(all="ignore"):
            bwd = cg.backward(cg.forward(graph, point))
        found = cg.compile(graph, gradients=wanted, backend=backend)(point)
        np.testing.assert_array_equal(found, [bwd.forward[root], *(bwd.gradient[n] for n in wanted)])


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_chapters_graph_of_fig_6_18(backend: str) -> None:
    """Two layers as scalars, from the tensors of a 2-2-1 net."""
    X, W, U = cg.variable("X", (1, 2)), cg.parameter("W", [[0.2, -0.4], [0.5, 0.1]]), cg.parameter("U", [[0.3], [-0.7]])
    hidden = cg.relu(X @ W + cg.parameter("b", [0.1, 0.2]))
    loss = cg.sum(cg.binary_cross_entropy(cg.sigmoid(hidden @ U), cg.constant([[1.0]])))
    fwd = cg.unroll(cg.forward(loss, X=[[1.0, -2.0]]))
    graph = fwd.graph
    wanted = [x for x in graph.inputs if x.kind == "parameter"]
    feed = {x: fwd[x] for x in graph.inputs if x.value is None}
    compare(cg.compile(graph, gradients=wanted, backend=backend), graph, wanted, feed, "float64", "Fig. 6.18")


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_figures_numbers_of_the_chapter(backend: str) -> None:
    program = cg.compile(cg.parse("d = 2*b; e = a + d; L = c*e"), gradients=["a", "b", "c"], backend=backend)
    assert [float(x) for x in program(a=3.0, b=1.0, c=-2.0)] == [-10.0, -2.0, -4.0, 5.0]  # Fig. 6.17


@pytest.mark.parametrize(
    ("backend", "n"),
    [pytest.param("scalar", 500_000, marks=pytest.mark.slow), ("scalar", 20_000), ("scalar-numpy", 20_000)],
)
def test_a_chain_of_a_million_nodes_is_compiled_and_run_without_recursion(backend: str, n: int) -> None:
    x = node = cg.variable("x")
    w = cg.variable("w")
    for _ in range(n):
        node = node + w * node
    program = cg.compile(node, gradients=[x, w], backend=backend)
    value, slope, by_w = program(x=2.0, w=1e-6)
    np.testing.assert_allclose(value, 2 * (1 + 1e-6) ** n, rtol=1e-9)  # x (1 + w)^n
    np.testing.assert_allclose(slope, (1 + 1e-6) ** n, rtol=1e-9)
    np.testing.assert_allclose(by_w, 2 * n * (1 + 1e-6) ** (n - 1), rtol=1e-9)
    assert program.plan.bytes < 100 * 2 * n


@pytest.mark.parametrize("deep", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_compiling_takes_less_than_a_thousand_bytes_a_node_and_keeps_a_third(deep: bool) -> None:
    x, w = cg.variable("x"), cg.variable("w")
    nodes, n = [x], 20_000
    for i in range(n):
        above = nodes[-1] if deep else nodes[i // 2]
        nodes.append(cg.tanh(above) if i % 5 == 0 else above + w if i % 2 else above * w)
    graph = cg.Graph(nodes[-1] if deep else cg.add(*nodes))
    tracemalloc.start()
    try:
        program = cg.compile(graph, gradients=[x, w], backend="scalar-numpy")
        program(x=0.5, w=0.1)
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    count = n if deep else 2 * n  # the sum is an op for each of its operands
    assert 100 * count < most < 1000 * count and kept < 333 * count
    assert program.plan.bytes < 100 * count


@pytest.mark.parametrize("backend", BACKENDS)
def test_products_that_are_added_are_computed_there_unless_they_are_needed_elsewhere(backend: str) -> None:
    a, b, c, d = cg.variables("a b c d")
    product = (a * b).named("ab")
    cases = [
        ([product + c], 1),  # on the left
        ([c + product], 1),
        ([product + c * d], 2),  # one of the two
        ([product + product], 2),  # both operands are one
        ([product + c, product], 2),  # an output
        ([(product + c) * product], 3),  # a second use
        ([cg.scale(a, b) + c], 1),
        ([product - c], 2),
    ]
    point = {"a": 2.0, "b": 3.0, "c": 5.0, "d": 7.0}
    for outputs, ops in cases:
        feed = {k: v for k, v in point.items() if k in cg.Graph(outputs)}
        program = cg.compile(outputs, backend=backend)
        fwd = cg.forward(outputs, feed)
        assert [float(x) for x in program(**feed)] == [float(fwd[x]) for x in outputs]
        assert sum(end - start for _, start, end in program.plan.bounds.tolist()) == ops, outputs


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("wide", [1, 10**9])
def test_zero_wins_over_infinity_also_where_a_product_is_added(
    backend: str, wide: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scalar_numpy, "WIDE", wide)
    x, y, z = cg.variables("x y z")
    program = cg.compile([cg.scale(x, y) + z, cg.scale(x, z) + 0.0 * y], backend=backend)
    assert float(program(x=0.0, y=np.inf, z=4.0)[0]) == 4.0
    assert [float(v) for v in program(x=2.0, y=3.0, z=4.0)] == [10.0, 8.0]
    assert np.isnan(program(x=2.0, y=np.nan, z=4.0)).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_fan_out_of_thousands_is_summed(backend: str) -> None:
    x, w = cg.variable("x"), cg.variable("w")
    total = cg.add(*[x * w * float(k) for k in range(3000)])
    value, by_x = cg.compile(total, gradients=[x], backend=backend)(x=2.0, w=0.5)
    assert float(by_x) == 0.5 * sum(range(3000)) and float(value) == 2 * float(by_x)


@pytest.mark.parametrize("backend", BACKENDS)
def test_updates_replace_owned_parameters_at_the_end_of_each_call(backend: str) -> None:
    w, u, x = cg.parameter("w", 2.0), cg.parameter("u", 5.0), cg.variable("x")
    program = cg.compile([w * x, u], updates={w: w - 0.1 * x, u: w}, backend=backend)
    assert [float(v) for v in program(x=3.0)] == [6.0, 5.0]
    assert [float(v) for v in program(x=3.0)] == [pytest.approx(1.7 * 3), 2.0]  # u took w's value of before
    program.set(w=10.0)
    assert float(program(x=1.0)[0]) == 10.0
    assert program.values == {"w": pytest.approx(9.9), "u": 10.0}
    apart = cg.compile([u * 2.0], updates={w: u * 3.0}, backend=backend)  # nothing reads w
    assert [float(apart()[0]) for _ in range(2)] == [10.0, 10.0] and apart.values == {"w": 15.0}


def test_gradients_follow_the_output_in_every_backend() -> None:
    x, y = cg.variable("x"), cg.variable("y")
    for backend in ("auto", "numpy", "native", *BACKENDS):
        found = cg.compile(x * y + x, gradients=["y", x], backend=backend)(x=3.0, y=4.0)
        assert [float(v) for v in found] == [15.0, 3.0, 5.0], backend
    X = cg.variable("X", 3)
    value, gradient = cg.compile(cg.sum(X * X), gradients=[X])(X=np.arange(3.0))
    assert float(value) == 5.0 and gradient.tolist() == [0.0, 2.0, 4.0]


def test_auto_takes_flat_arrays_for_large_graphs_of_scalars_and_for_no_others() -> None:
    x = node = cg.variable("x")
    for _ in range(300):
        node = cg.tanh(node) + x
    assert cg.compile(node).backend == "scalar-numpy"
    w = cg.parameter("w", 0.5)
    trained = cg.compile(node, updates={w: w - node})  # called again and again
    assert trained.backend == ("scalar-numpy" if compiler() is None else "scalar")
    assert cg.compile(cg.tanh(x)).backend == "numpy"
    X = cg.variable("X", 3)
    for _ in range(300):
        X = cg.tanh(X)
    assert cg.compile(X).backend == "numpy"


def test_the_compiler_is_asked_once_for_graphs_of_the_same_ops() -> None:
    if compiler() is None:
        pytest.skip("there is no C compiler here")
    sources = set()
    for length in (3, 5, 50):
        x, y = cg.variable("x"), cg.variable("y")
        node = x + y if length == 50 else x  # the ops are met in another order
        for _ in range(length):
            node = cg.tanh(node * y) + x
        sources.add(cg.compile(node, backend="scalar", gradients=[x]).source.split("\n/* ")[0])
    assert len(sources) == 1


def test_source_and_plan_say_what_is_computed() -> None:
    program = cg.compile(cg.parse("d = 2*b; e = a + d; L = c*e"), gradients=["b"], backend="scalar-numpy")
    assert program.source.splitlines() == [
        "v[4] = mul(c, 2)",  # dL/db
        "e = mul+add(a, 2, b)",  # a + 2*b
        "L = mul(c, e)",
        "return L, v[4]",
    ]
    assert str(program.plan).startswith("7 scalars, 3 groups by level and op in 148 bytes")
    assert program.plan.flops == 4 and program.plan.buffers == 1 and program.plan.steps == 3


def test_what_nothing_needs_is_not_computed() -> None:
    x, w = cg.variable("x"), cg.parameter("w", 3.0)
    both = cg.compile(w * x, gradients=[w, x], backend="scalar-numpy")
    assert both.plan.flops == 1  # each gradient is the other factor
    x_only = cg.compile(cg.tanh(w * x) * cg.exp(w), gradients=[x], backend="scalar-numpy")
    with_w = cg.compile(cg.tanh(w * x) * cg.exp(w), gradients=[x, w], backend="scalar-numpy")
    assert x_only.plan.flops == 7 < with_w.plan.flops  # four of the value, the slope, and two products on the way down


def test_numbers_are_computed_beforehand() -> None:
    x = cg.variable("x")
    program = cg.compile(x * cg.exp(cg.constant(2.0) * cg.constant(0.5)), backend="scalar-numpy")
    assert program.plan.flops == 1
    assert float(program(x=2.0)[0]) == pytest.approx(2 * np.e)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_op_of_ones_own_is_computed_by_its_numpy(backend: str) -> None:
    own = cg.op(elementwise("halved", "x/2", lambda xp, x: x / 2, lambda w, z, x: 0.5))
    x = cg.variable("x")
    program = cg.compile(own(x) * x, gradients=[x], backend=backend)
    assert [float(v) for v in program(x=3.0)] == [4.5, 3.0]
    assert program.backend == "scalar-numpy"  # nobody wrote it in C


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_op_of_ones_own_that_is_called_as_a_fused_one_is_itself(backend: str) -> None:
    x, y, z = cg.variables("x y z")
    for name in ("mul_add", "scale_add"):
        rules = (lambda w, r, x, y, z: 1, lambda w, r, x, y, z: -z, lambda w, r, x, y, z: -y)
        own = cg.op(elementwise(name, "x - y*z", lambda xp, x, y, z: x - y * z, *rules, operands=("x", "y", "z")))
        node = own(x, y, z) + x * y
        program = cg.compile(node, gradients=[x, y, z], backend=backend)
        assert program(x=5.0, y=3.0, z=2.0) == [14.0, 4.0, 3.0, -3.0]


# What is refused -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_graph_that_is_not_of_scalars_is_refused(backend: str) -> None:
    X = cg.variable("X", 3)
    with pytest.raises(ValueRefusedError, match=r"X is \[3\].*elementwise ops of scalars.*cg.unroll"):
        cg.compile(X * 2.0, backend=backend)
    with pytest.raises(ValueRefusedError, match="v1 is sum"):
        cg.compile(cg.sum(cg.variable("x")), backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_missing_and_unknown_values_are_refused_by_name(backend: str) -> None:
    x, y = cg.variable("x"), cg.variable("y")
    program = cg.compile(x * y, backend=backend)
    with pytest.raises(MissingValueError, match="y has no value"):
        program(x=1.0)
    with pytest.raises(NameUnknownError, match="no node named 'z'"):
        program(x=1.0, z=2.0)
    assert float(program(x=2.0, y=3.0)[0]) == 6.0
    with pytest.raises(MissingValueError, match="y has no value"):
        program(x=1.0)


@pytest.mark.parametrize("backend", [*BACKENDS, "numpy"])
def test_a_gradient_by_what_the_output_does_not_depend_on_is_refused(backend: str) -> None:
    x, y = cg.variable("x"), cg.variable("y")
    with pytest.raises(GradientError, match="does not depend on y in a differentiable way"):
        cg.compile(x * cg.sign(y), gradients=[x, y], backend=backend).bind()
    with pytest.raises(NameUnknownError, match="no node named 'z'"):
        cg.compile(x * y, gradients=["z"], backend=backend)
    with pytest.raises(GraphError, match="2 outputs"):
        cg.compile([x * y, x], gradients=[x], backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_many_calls_in_one_run(backend: str) -> None:
    x, y = cg.variable("x"), cg.variable("y")
    program = cg.compile(cg.tanh(x) * y, gradients=[y], backend=backend)
    xs, ys = np.array([0.5, -1.0, 2.0]), np.array([1.0, 2.0, 3.0])
    values, slopes = program.run(x=xs, y=ys)
    np.testing.assert_allclose(values, np.tanh(xs) * ys, rtol=1e-15)
    np.testing.assert_allclose(slopes, np.tanh(xs), rtol=1e-15)


def test_the_backends_are_named_when_one_is_not_known() -> None:
    with pytest.raises(ValueRefusedError, match="scalar, scalar-numpy"):
        cg.compile(cg.variable("x") * 2.0, backend="flat")


def test_a_compiler_that_fails_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "false")
    x = cg.variable("x")
    program = cg.compile(cg.tanh(x) * x, gradients=[x], backend="scalar")
    assert float(program(x=0.0)[0]) == 0.0
    assert program.backend == "scalar-numpy"


def test_without_a_compiler_the_scalar_backend_is_numpys() -> None:
    text = (
        "import cgraph as cg; x = cg.variable('x'); f = cg.compile(cg.tanh(x) * x, gradients=[x], backend='scalar');"
        "print(f.backend, float(f(x=0.0)[0]))"
    )
    bare = {"PATH": "", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False, env=bare)
    assert done.stdout.split() == ["scalar-numpy", "0.0"], done.stderr

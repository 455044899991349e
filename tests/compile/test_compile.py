"""Compiled programs against the plain pass: every op, every case of the chapter, 5,000 random graphs, each backend."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from chapter_graphs import Graph
from chapter_record import number
from compiled import compare, random_graph, same
from project import read_chapter
from sparse import sparse

import cgraph as cg
from cgraph.errors import MissingValueError, NameUnknownError, ShapeError, ValueRefusedError
from cgraph.ops import TABLE
from cgraph.ops.op import Op, elementwise

BATCHES = 20
BACKENDS = ["numpy", "native"]
DTYPES = ["float64", "float32"]
COUNT = {"add": 3, "mul": 3}  # operands of rows that take any number


# Every op ------------------------------------------------------------------------------------------------------------
def applications(row: Op) -> tuple[list[cg.Node], dict[cg.Node, Any]]:
    """The op on variables of each of its examples' shapes, with its gradients; and the variables' values."""
    outputs: list[cg.Node] = []
    feeds: dict[cg.Node, Any] = {}
    random = np.random.default_rng(7)
    arity = row.arity or COUNT.get(row.name, 2)
    examples = row.examples or [(((2, 3),) * arity, {}), (((2, 1), (3,), ())[:arity], {}), (((),) * arity, {})]
    for place, (operands, attrs) in enumerate(examples):
        leaves = []
        for i, given in enumerate(operands):
            ids = isinstance(given, list)
            value = np.array(given, float) if ids else random.uniform(0.2, 0.8, given)
            if row.name == "arccosh":
                value = value + 1
            if row.name == "softmax_cross_entropy" and i == 1:
                value = value / value.sum(axis=-1, keepdims=True)
            leaf = cg.variable(f"{row.name} {place} x{i}", value.shape)
            leaves.append(leaf)
            feeds[leaf] = value
        node = getattr(cg.worlds.GRAPH, row.name)(*leaves, **attrs)
        weights = cg.constant(np.random.default_rng(1).uniform(0.5, 1.5, node.shape))
        differentiable = [x for i, x in enumerate(leaves) if row.rule(i) is not None]
        outputs += [node, *(cg.grad(cg.sum(node * weights), differentiable) if differentiable else [])]
    present = set(cg.Graph(outputs).inputs)
    return outputs, {leaf: value for leaf, value in feeds.items() if leaf in present}


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_every_op_is_what_the_plain_pass_computes_and_so_are_its_gradients(row: Op) -> None:
    for dtype in DTYPES:
        compare(*applications(row), "numpy", dtype, row.name)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("part", sparse(range(4), 4))
def test_every_op_in_c_is_what_the_plain_pass_computes_and_so_are_its_gradients(part: int, dtype: str) -> None:
    outputs, feed = [], {}
    for row in list(TABLE.values())[part::4]:
        nodes, values = applications(row)
        outputs += nodes
        feed |= values
    assert compare(outputs, feed, "native", dtype, "every op").backend == "native"


def test_what_is_not_written_in_c_is_refused_when_c_is_asked_for_and_left_to_numpy_otherwise() -> None:
    cube = cg.op(elementwise("cube", "x**3", lambda xp, x: x**3, lambda w, z, x: 3 * x * x))
    w = cg.parameter("w", 2.0)
    with pytest.raises(ValueRefusedError, match=r"the native backend has no own\.cube: it is not written in C"):
        cg.compile(cube(w), backend="native").bind()
    program = cg.compile(cube(w), updates={w: w + 1})
    assert program.backend == "numpy"
    assert program()[0] == 8


@pytest.mark.parametrize("name", ["copy", "inner", "picked", "less_one_hot", "with_ones", "cube"])
def test_an_op_of_ones_own_may_be_called_like_a_step_of_programs(name: str) -> None:
    row = elementwise(name, "x**3 + y", lambda xp, x, y: x**3 + y, lambda w, z, x, y: 3 * x * x, lambda w, z, x, y: 1)
    x, w = cg.variable("x", (2,)), cg.parameter("w", [0.0, 1.0])
    output = cg.op(row)(x, w)
    for program in (cg.compile(output, backend="numpy"), cg.compile(output, updates={w: w + output})):
        for _ in range(2):
            np.testing.assert_array_equal(program([2.0, 3.0])[0], [8.0, 28.0])
            if program.updates:
                program.set(w=[0.0, 1.0])
        assert f"own.{name}(x, w)" in program.source


@pytest.mark.filterwarnings("ignore:0·∞ in:cgraph.errors.IndeterminateWarning")  # of scale itself
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 0.0, -0.0])
def test_infinities_nan_and_zeros_come_out_as_in_the_plain_pass(value: float, backend: str) -> None:
    x, y = cg.variable("x", (2, 3)), cg.variable("y", (2, 3))
    feed = {"x": [[value, 1.0, -2.0], [value, value, value]], "y": [[0.0, 0.5, 0.5], [1.0, 0.0, 0.0]]}
    unary = [r for r in TABLE.values() if r.elementwise and r.arity == 1]
    outputs = [getattr(cg.worlds.GRAPH, row.name)(x) for row in unary]
    outputs += [
        getattr(cg, n)(x, y)
        for n in ("maximum", "minimum", "scale", "ratio", "greater", "where_", "pow")
        if hasattr(cg, n)
    ]
    outputs += [cg.where(y, x, 1.0), cg.softmax(x), cg.log_softmax(x), cg.softmax_cross_entropy(x, y)]
    outputs += [cg.logsumexp(x, axis=-1), cg.norm(x, axis=-1), cg.max(x, axis=0), cg.var(x, axis=0), cg.mean(x)]
    fwd = cg.forward(outputs, feed)
    for node, got in zip(outputs, cg.compile(outputs, backend=backend)(feed), strict=True):
        np.testing.assert_allclose(got, fwd[node], rtol=1e-12, err_msg=f"{node!r} at {value}")


# Graphs --------------------------------------------------------------------------------------------------------------
RECORDS = read_chapter()["cases"]
GRAPHS = [r for r in RECORDS if "graph" in r and "nodes" in r["graph"]]


def chapter() -> tuple[list[cg.Node], dict[cg.Node, Any]]:
    """Every graph of the chapter and its gradients, as one graph: the names of leaves begin with the case's."""
    outputs, feed = [], {}
    for record in GRAPHS:
        case = Graph(record["graph"])
        given = {name: number(value) for name, value in record["inputs"].items()}
        fresh = {case.nodes[n]: cg.variable(f"{record['id']} {n}", value.shape) for n, value in given.items()}
        root = cg.forward(case.root, fresh, world=cg.worlds.GRAPH)[case.root]
        outputs += [root, *cg.grad(cg.sum(root), list(fresh.values()))]
        feed |= {fresh[case.nodes[n]]: value for n, value in given.items()}
    return outputs, feed


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_graph_of_the_chapter_gives_its_values_and_gradients(dtype: str, backend: str) -> None:
    compare(*chapter(), backend, dtype, "the chapter")


def test_the_chapter_has_graphs_to_compare() -> None:
    assert len(GRAPHS) >= 49


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_graphs_are_what_the_plain_pass_computes(batch: int, graphs: int) -> None:
    for seed in range(batch, min(graphs, 5000), BATCHES):
        outputs, feed = random_graph(seed)
        compare(outputs, feed, "numpy", DTYPES[seed % 8 == 1], f"graph {seed}")


@pytest.mark.parametrize("batch", sparse(range(4), 4))
def test_random_graphs_in_c_are_what_the_plain_pass_computes(batch: int, graphs: int) -> None:
    # many graphs a program, for a compiler takes its time; --graphs 5000 compares as many as NumPy's backend does
    for start in range(0, min(graphs, 5000) // 4, 100):
        outputs, feed = [], {}
        for place in range(start, min(start + 100, graphs // 4)):
            nodes, values = random_graph(4 * place + batch)
            outputs += nodes
            feed |= values
        compare(outputs, feed, "native", DTYPES[batch == 1], f"batch {batch}")


# Updates -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("backend", BACKENDS)
def test_all_updates_read_the_old_values(backend: str) -> None:
    a, b = cg.parameter("a", [1.0, 2.0]), cg.parameter("b", [10.0, 20.0])
    program = cg.compile([a + b], updates={a: b, b: a + 1}, backend=backend)
    np.testing.assert_array_equal(program()[0], [11.0, 22.0])
    np.testing.assert_array_equal(program.value(a), [10.0, 20.0])
    np.testing.assert_array_equal(program.value("b"), [2.0, 3.0])
    program()
    np.testing.assert_array_equal(program.values["a"], [2.0, 3.0])
    np.testing.assert_array_equal(program.values["b"], [11.0, 21.0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_sums_in_place_read_the_old_values_too(backend: str) -> None:
    a, b = cg.parameter("a", [1.0, 2.0]), cg.parameter("b", [10.0, 20.0])
    program = cg.compile([], updates={a: a + b, b: b + a[::-1]}, backend=backend)
    assert program() == []
    np.testing.assert_array_equal(program.value(a), [11.0, 22.0])
    np.testing.assert_array_equal(program.value(b), [12.0, 21.0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_value_and_its_mirror_image_are_not_read_in_the_loop_that_writes_them(backend: str) -> None:
    x = cg.variable("x", (5, 5))
    y = cg.tanh(x)
    given = np.random.default_rng(0).standard_normal((5, 5))
    sums = cg.compile([y + y.T, y - cg.flip(y), y * cg.exp(y[::-1])], backend=backend)(given)
    t = np.tanh(given)
    for got, want in zip(sums, [t + t.T, t - t[::-1, ::-1], t * np.exp(t[::-1])], strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_leaf_that_is_an_output_has_its_value_from_before_the_update(backend: str) -> None:
    w = cg.parameter("w", [[1.0, 2.0], [3.0, 4.0]])
    program = cg.compile([w, w.T, w[0], w], updates={w: w - 0.5 * w}, backend=backend)
    before, turned, row, again = program()
    np.testing.assert_array_equal(before, [[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(turned, [[1.0, 3.0], [2.0, 4.0]])
    np.testing.assert_array_equal(row, [1.0, 2.0])
    np.testing.assert_array_equal(again, before)
    np.testing.assert_array_equal(program.value(w), [[0.5, 1.0], [1.5, 2.0]])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes, rows", [([2, 3, 1], 4), ([64, 32, 10], 32), ([130, 70, 65], 33)])
def test_a_step_of_training_is_the_step_of_the_plain_pass(
    sizes: list[int], rows: int, dtype: str, backend: str
) -> None:
    model = cg.nn.MLP(sizes, "relu", seed=0)
    x, y = cg.variable("X", ("m", sizes[0])), cg.variable("Y", ("m", sizes[-1]))
    loss = cg.nn.softmax_cross_entropy_loss(model(x), y)
    updates = cg.train.SGD(0.05).updates(model.parameters, cg.grad(loss, model.parameters)).new
    program = cg.compile(loss, updates=updates, backend=backend, dtype=dtype)
    random = np.random.default_rng(3)
    values = {p: p.value for p in model.parameters}
    for _ in range(3):
        X = random.standard_normal((rows, sizes[0]))
        Y = np.eye(sizes[-1])[random.integers(0, sizes[-1], rows)]
        fwd = cg.forward([loss, *updates.values()], {**values, x: X, y: Y})
        same(program(X=X, Y=Y)[0], fwd[loss], dtype, "loss")
        values = {p: fwd[u] for p, u in updates.items()}
        for p, value in values.items():
            same(program.value(p), value, dtype, str(p.name))


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_update_may_need_another_parameter_after_its_own_product(backend: str) -> None:
    # w is changed by a product with v in it: v must still be the old one, in whatever order they are replaced
    w, v = cg.parameter("w", np.ones((70, 70))), cg.parameter("v", 2 * np.eye(70))
    program = cg.compile([], updates={v: v - 0.5 * (w @ w), w: w + 3.0 * (v @ w)}, backend=backend)
    program()
    np.testing.assert_allclose(program.value(w), np.ones((70, 70)) * 7)
    np.testing.assert_allclose(program.value(v), 2 * np.eye(70) - 35)


# What a call gives, and what it is given -----------------------------------------------------------------------------
@pytest.mark.parametrize("backend", BACKENDS)
def test_results_are_the_callers_own(backend: str) -> None:
    x = cg.variable("x", (3,))
    program = cg.compile([x, 2 * x, cg.constant([7.0]), 2 * x, x.reshape(3, 1)], backend=backend)
    given = np.array([1.0, 2.0, 3.0])
    first = program(given)
    for array in first:
        np.add(array, 100, out=array)
    second = program(given)
    np.testing.assert_array_equal(given, [1.0, 2.0, 3.0])
    for got, want in zip(second, [given, 2 * given, [7.0], 2 * given, given.reshape(3, 1)], strict=True):
        np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(first[1], 2 * given + 100)


@pytest.mark.parametrize("backend", BACKENDS)
def test_arrays_of_no_elements_and_inputs_without_use_are_taken(backend: str) -> None:
    x, unused = cg.variable("x", ("m", 2)), cg.variable("u", ("k",))
    program = cg.compile([cg.sum(x, axis=1), cg.sum(x), x @ np.ones((2, 3))], [x], backend=backend)
    rows, total, product = program(np.zeros((0, 2)))
    assert rows.shape == (0,) and total == 0 and product.shape == (0, 3)
    assert program(np.ones((2, 2)))[1] == 4
    both = cg.compile([cg.sum(x) + 0 * cg.sum(unused)], backend=backend)
    assert both(x=np.ones((1, 2)), u=np.zeros(0))[0] == 2


@pytest.mark.parametrize("backend", BACKENDS)
def test_named_dimensions_are_compiled_once_a_binding_and_kept(backend: str) -> None:
    x = cg.variable("x", ("m", 2))
    program = cg.compile(cg.mean(x, axis=0), backend=backend)
    for rows in (3, 5, 3, 5, 3):
        np.testing.assert_allclose(program(np.full((rows, 2), rows))[0], [rows, rows])
    assert len(program._bindings) == 2


def test_some_sizes_may_have_a_backend_of_their_own_on_the_same_parameters() -> None:
    x, w = cg.variable("x", ("m",)), cg.parameter("w", 1.0)
    program = cg.compile(w * cg.sum(x), updates={w: w + cg.sum(x)}, backend="native").bind("numpy", m=1).bind(m=2)
    found = []
    for values in ([1.0], [1.0, 1.0], [1.0]):
        found.append((float(program(x=values)[0]), program.backend))
    assert found == [(1, "numpy"), (4, "native"), (4, "numpy")]
    assert program.value(w) == 5
    a = cg.variable("a")
    with pytest.raises(ValueRefusedError, match="backend='numpy' for some sizes: flat scalars have no sizes"):
        cg.compile(a * a, backend="scalar").bind("numpy")
    with pytest.raises(ValueRefusedError, match="backend='gpu': the backends are"):
        program.bind("gpu", m=3)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_parameter_may_have_another_value_for_one_call(backend: str) -> None:
    w, x = cg.parameter("w", 2.0), cg.variable("x")
    program = cg.compile(w * x, backend=backend)
    x3 = np.array(3.0)
    assert [float(program(**feed)[0]) for feed in ({"x": x3}, {"x": x3, "w": 5}, {"x": x3}, {"x": x3})] == [6, 15, 6, 6]


@pytest.mark.parametrize("backend", BACKENDS)
def test_set_gives_an_owned_parameter_another_value(backend: str) -> None:
    w = cg.parameter("w", [1.0, 2.0])
    program = cg.compile(cg.sum(w), updates={w: w + 1}, backend=backend)
    program()
    program.set(w=[5.0, 5.0])
    assert program()[0] == 10
    program.set({w: program.value(w) * 0})
    np.testing.assert_array_equal(program.values["w"], [0, 0])
    program.values["w"][:] = 9  # a copy
    np.testing.assert_array_equal(program.value("w"), [0, 0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_many_calls_in_one_are_the_calls_one_by_one(backend: str) -> None:
    w = cg.parameter("w", np.zeros(2))
    x, y = cg.variable("x", ("m", 2)), cg.variable("y", ("m",))
    loss = cg.mean((x @ w - y) ** 2)
    updates = {w: w - 0.1 * cg.grad(loss, w)}
    random = np.random.default_rng(0)
    X, Y = random.standard_normal((10, 2)), random.standard_normal(10)
    rows = random.permutation(10)[:8].reshape(4, 2)
    single, by_rows, by_stack = (cg.compile(loss, updates=updates, backend=backend) for _ in range(3))
    losses = [single(x=X[r], y=Y[r])[0] for r in rows]
    np.testing.assert_allclose(by_rows.run(rows, x=X, y=Y)[0], losses)
    np.testing.assert_allclose(by_stack.run(x=X[rows], y=Y[rows])[0], losses)
    np.testing.assert_allclose(by_rows.value(w), single.value(w))
    np.testing.assert_allclose(by_stack.value(w), single.value(w))
    with pytest.raises(ShapeError, match="stacks of 3 x, 4 y: each call takes one element of every stack"):
        single.run(x=X[:3], y=Y[:4])


def test_calls_from_several_threads_do_not_mix() -> None:
    x = cg.variable("x", (1000,))
    program = cg.compile(cg.sum(cg.exp(x) * x))
    wrong = []

    def work(value: float) -> None:
        for _ in range(200):
            got = float(program(np.full(1000, value))[0])
            if abs(got - 1000 * np.exp(value) * value) > 1e-6:
                wrong.append(got)

    workers = [threading.Thread(target=work, args=(0.5 * i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


# The optimisations, seen in the plan ---------------------------------------------------------------------------------
def test_what_nothing_needs_is_not_computed_and_what_is_computed_twice_is_shared() -> None:
    x, y = cg.variables("x y")
    unused = cg.exp(x)
    assert unused.shape == ()
    program = cg.compile([cg.tanh(x * y) + cg.tanh(y * x), cg.tanh(x * y)])
    assert program.plan.steps == 3  # x*y, its tanh, the sum
    assert program.plan.flops == 3


def test_constants_are_folded_and_factors_meet_in_one() -> None:
    x = cg.variable("x", (4,))
    program = cg.compile(cg.sum((2 * (cg.constant(3.0) * 4 - 2) * x) / 5) * cg.exp(cg.constant(0.0)))
    assert program.plan.steps == 1
    assert program.source.splitlines()[0].partition(" = ")[2].startswith("inner(x, factor=4.0)")


def test_views_cost_nothing_and_buffers_are_used_again() -> None:
    x = cg.variable("x", (64, 64))
    node = x
    for _ in range(20):
        node = cg.tanh(node.T)
    program = cg.compile(node, backend="numpy")
    assert program.plan.steps == 20
    assert program.plan.bytes == 2 * 64 * 64 * 8  # from one buffer to the other and back


def test_a_gradient_step_is_folded_into_the_matrix_product() -> None:
    w, x = cg.parameter("w", np.ones((100, 100))), cg.variable("x", (8, 100))
    loss = cg.mean((x @ w) ** 2)
    program = cg.compile(loss, updates={w: w - 0.1 * cg.grad(loss, w)}, backend="numpy")
    assert program.source.splitlines()[-2] == "w += -0.00025 * (x.transpose((1, 0)) @ v1)  # in place"


def test_the_program_can_be_read_in_the_names_of_its_nodes() -> None:
    program = cg.compile(cg.parse("d = 2*b; e = a + d; L = c*e"), backend="numpy")
    assert program.source.splitlines() == [
        "d = mul(2, b)  # [] at 0",
        "e = add(a, d)  # [] at 16",
        "L = mul(c, e)  # [] at 0",
        "return L",
    ]
    assert str(program.plan) == "3 steps, 2 buffers in 256 bytes, 3 floating-point operations"
    assert program.backend == "numpy"


# Mistakes ------------------------------------------------------------------------------------------------------------
def test_every_mistake_says_what_and_how_to_mend_it() -> None:
    a, w = cg.variable("a", ("m",)), cg.parameter("w", 1.0)
    s = (a * w).named("s")
    program = cg.compile(s, updates={w: w + 1})
    for error, words, call in (
        (MissingValueError, "a has no value (at test_compile.py", program),
        (NameUnknownError, "the graph has no node named 'aa'. Fix: did you mean 'a'?", lambda: program(aa=1)),
        (NameUnknownError, "s is computed and takes no value", lambda: program(s=1)),
        (ShapeError, "the value of a has shape []", lambda: program(a=1)),
        (ValueRefusedError, "w is owned by the program", lambda: program(a=[1], w=2)),
        (ValueRefusedError, "2 values for 1 inputs. Fix: the inputs are, in order, a", lambda: program([1], [2])),
        (ValueRefusedError, "a is given twice", lambda: program([1], a=[2])),
        (ValueRefusedError, "variable a is given 'x'", lambda: program(a="x")),
        (ValueRefusedError, "backend='gpu': the backends are", lambda: cg.compile(s, backend="gpu")),
        (
            ValueRefusedError,
            "dtype='int8': programs compute in float64 or float32",
            lambda: cg.compile(s, dtype="int8"),
        ),
        (ValueRefusedError, "threads=0: it counts threads", lambda: cg.compile(s, threads=0)),
        (ValueRefusedError, "s cannot be an input (at", lambda: cg.compile(s, [s])),
        (ValueRefusedError, "a cannot be updated (at", lambda: cg.compile(s, updates={a: a})),
        (ShapeError, "the update of w has shape [m] (at", lambda: cg.compile(s, updates={w: s})),
        (NameUnknownError, "a is not owned by the program. Fix: it owns w", lambda: program.value("a")),
        (ShapeError, "the value of w has shape [1]: it was declared as []", lambda: program.set(w=[1])),
        (MissingValueError, "no size for the named dimension 'm'. Fix: give m=...", lambda: cg.compile(s).source),
    ):
        with pytest.raises(error) as caught:
            call()
        assert words in str(caught.value)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_value_that_an_op_refuses_is_named_with_its_node_and_line(backend: str) -> None:
    ids = cg.variable("ids", (2,))
    program = cg.compile(cg.take(np.ones((3, 2)), ids).named("rows"), backend=backend)
    assert program([0, 2])[0].shape == (2, 2)
    with pytest.raises(ValueRefusedError, match=r"^rows: id 3 at position \(1,\) \(at test_compile.py.*V = 3 rows"):
        program(np.array([0.0, 3.0]))


def test_targets_that_are_no_distribution_are_refused_as_in_a_pass() -> None:
    z, y = cg.variable("z", ("m", 2)), cg.variable("y", ("m", 2))
    program = cg.compile(cg.softmax_cross_entropy(z, y))
    with pytest.raises(ValueRefusedError, match=r"the target \[1, 1\] in row \(0,\) is no distribution"):
        program([[0, 0]], [[1, 1]])


@pytest.mark.parametrize("backend", ["numpy", pytest.param("native", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if {"axis", "keepdims"} <= {*row.defaults}])
def test_a_reduction_of_one_number_without_axes_has_its_value_and_slope(name: str, backend: str) -> None:
    x = cg.variable("x")
    value = getattr(cg, name)(x)
    nodes = [value] if TABLE[name].rule(0) is None else [value, cg.grad(value, x)]
    passes = [cg.forward(node, {x: 3.0} if x in cg.Graph(node) else {}) for node in nodes]
    program = cg.compile(nodes, inputs=[x], backend=backend)
    assert [*map(float, program(3.0))] == [float(done.values[-1]) for done in passes]

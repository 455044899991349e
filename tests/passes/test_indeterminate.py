"""Products of 0 and ∞ in the chain rule: silent where a mask stops a branch, and a warning wherever else."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest
import sympy
from sparse import sparse

import cgraph as cg
from cgraph.compile.c.compiler import compiler
from cgraph.errors import IndeterminateWarning
from cgraph.graph.node import build
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from cgraph.worlds.numpy import NUMPY
from cgraph.worlds.sympy import exact, formula

POINTS = (0.0, 1.0, -1.0, 0.5, 3.0, 10.0, 800.0, -800.0)
OTHERS = (0.5, 0.25)
BACKENDS = [b for b in ("numpy", "native", "scalar", "scalar-numpy") if compiler() or b in ("numpy", "scalar-numpy")]


class Case(NamedTuple):
    """A row at a place where its local derivative by one operand is 0 or ∞."""

    row: Op
    position: int
    operands: tuple[float, ...]

    def __str__(self) -> str:
        return f"{self.row.name}-{self.position}-{'-'.join(f'{x:g}' for x in self.operands)}"


def cases(infinite: bool) -> Iterator[Case]:
    """For each elementwise row and each operand the first points at which the local derivative is ∞, or is 0."""
    for row in TABLE.values():
        if not row.elementwise or row.name == "scale":
            continue
        for position in range(row.arity or 2):
            rule, found = row.rule(position), 0
            for x in POINTS if rule is not None else ():
                others = [x if i == position else OTHERS[i % 2] for i in range(row.arity or 2)]
                values = [np.float64(v) for v in others]
                with np.errstate(all="ignore"):
                    local = NUMPY.local(rule, row.numpy(*values), values, row.defaults)
                    kink = row.kinked is not None and bool(row.kinked(*values, **row.defaults))
                fits = not np.isfinite(local) if infinite else np.equal(local, 0) and not kink
                if row.check is not None and not 0 <= others[1] <= 1:
                    continue
                if fits and found < 3:
                    found += 1
                    yield Case(row, position, tuple(others))


def branch(case: Case) -> tuple[cg.Node, cg.Node]:
    """The row with a variable for the operand in question, and that variable."""
    x = cg.variable("x")
    operands = [x if i == case.position else v for i, v in enumerate(case.operands)]
    return build(case.row, *operands), x


def is_flat(case: Case) -> bool:
    """Whether the function is constant around the point, by its formula: a mask stops the branch there."""
    expression, symbols = formula(case.row, len(case.operands), case.row.defaults)
    function = sympy.lambdify(symbols, expression, "mpmath")

    def at(shift: float) -> Any:
        return function(*(mpmath.mpf(v) + (shift if i == case.position else 0) for i, v in enumerate(case.operands)))

    others = {s: exact(v) for i, (s, v) in enumerate(zip(symbols, case.operands, strict=True)) if i != case.position}
    if sympy.simplify(sympy.diff(expression.xreplace(others), symbols[case.position])) == 0:
        return True
    if not expression.has(sympy.Max, sympy.Min, sympy.Heaviside, sympy.Piecewise, sympy.floor):
        return False  # analytic, and its digits may end before it differs from a constant
    with mpmath.workdps(800):  # of exp(-800) there are some left
        return all(abs(at(shift) - at(0)) < mpmath.mpf("1e-780") for shift in (2.0**-10, -(2.0**-10)))


def seen(loss: cg.Node, x: cg.Node, feed: dict[str, float], backends: Sequence[str]) -> dict[str, bool]:
    """Whether a pass, the gradient as a graph and each program say that 0 met ∞."""
    found = {}
    with warnings.catch_warnings(record=True, action="always") as caught:
        bwd = cg.backward(loss, feed)
    found["pass"] = any(w.category is IndeterminateWarning for w in caught)
    assert found["pass"] == bool(bwd.indeterminate)
    gradient = cg.grad(loss, x)
    with warnings.catch_warnings(record=True, action="always") as caught:
        value = cg.forward(gradient, feed).values[-1]
    found["graph"] = any(w.category is IndeterminateWarning for w in caught) or bool(np.isnan(value))
    for backend in backends:
        program = cg.compile(gradient, backend=backend)
        (result,) = program({name: v for name, v in feed.items() if name in program.graph})
        found[backend] = bool(program.indeterminate) or bool(np.isnan(result))
    return found


def infinite_behind_a_mask(case: Case, backends: Sequence[str] = ()) -> None:
    node, x = branch(case)
    loss = cg.where(cg.variable("c"), node, 3 * x)
    feed = {"c": 0.0, "x": case.operands[case.position]}
    assert not any(seen(loss, x, feed, backends).values())
    assert cg.backward(loss, feed).gradient["x"] == 3
    assert cg.forward(cg.grad(loss, x), feed).values[-1] == 3


def infinite_times_a_rounded_zero(case: Case, backends: Sequence[str] = ()) -> None:
    node, x = branch(case)
    loss = cg.exp(-cg.variable("t")) * node
    assert all(seen(loss, x, {"t": 1000.0, "x": case.operands[case.position]}, backends).values())


def zero_times_an_infinite_gradient(case: Case, backends: Sequence[str] = ()) -> None:
    node, x = branch(case)
    loss = 1 / cg.variable("d") * node
    found = seen(loss, x, {"d": 0.0, "x": case.operands[case.position]}, backends)
    assert found["pass"] != is_flat(case)
    if is_flat(case):
        assert not any(found.values())


INFINITE, ZERO = [*cases(infinite=True)], [*cases(infinite=False)]


@pytest.mark.parametrize("case", INFINITE, ids=str)
def test_the_branch_that_a_mask_leaves_out_is_silent_and_gives_nothing(case: Case) -> None:
    infinite_behind_a_mask(case)


@pytest.mark.parametrize("case", INFINITE, ids=str)
def test_a_zero_that_was_rounded_times_an_infinite_slope_is_never_silent(case: Case) -> None:
    infinite_times_a_rounded_zero(case)


@pytest.mark.parametrize("case", sparse(ZERO, 30), ids=str)
def test_an_infinite_gradient_times_a_slope_of_0_is_silent_where_the_function_is_flat(case: Case) -> None:
    zero_times_an_infinite_gradient(case)


@pytest.mark.slow
@pytest.mark.parametrize("case", INFINITE, ids=str)
def test_programs_are_silent_behind_masks_and_count_what_else_is_infinite(case: Case) -> None:
    infinite_behind_a_mask(case, BACKENDS)
    infinite_times_a_rounded_zero(case, BACKENDS)


@pytest.mark.slow
@pytest.mark.parametrize("case", ZERO, ids=str)
def test_programs_count_slopes_of_0_where_no_function_is_flat(case: Case) -> None:
    zero_times_an_infinite_gradient(case, BACKENDS)


MASKS = {
    "relu": lambda f: cg.relu(f - 1e9),
    "maximum": lambda f: cg.maximum(f, 1e9),
    "minimum": lambda f: cg.minimum(f, -1e9),
    "clip": lambda f: cg.clip(f, 1e8, 1e9),
    "max": lambda f: cg.max(cg.stack([f, 1e9 + 0 * f])),
    "a factor that is off": lambda f: cg.relu(cg.variable("y") - 2) * f,
    "a comparison": lambda f: (f > 1e9) * f,
    "its complement": lambda f: (1 - (f < 1e9)) * f,
    "an index": lambda f: cg.stack([f, cg.variable("y")])[1],
    "a sum of what is left": lambda f: cg.sum(cg.stack([f, f]) * [0.0, 0.0]),
    "a matrix of zeros": lambda f: cg.sum(cg.stack([f, cg.variable("y")]) @ np.array([[0.0, 0.0], [1.0, 2.0]])),
    "a padding": lambda f: cg.pad(cg.stack([f]), width=((1, 0),))[0] + cg.variable("y"),
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_whatever_leaves_a_branch_out_is_silent(mask: Any) -> None:
    x = cg.variable("x")
    loss = mask(cg.sqrt(x)) + 2 * x
    feed = {"x": 0.0, "y": 1.0}
    with warnings.catch_warnings(action="error"):
        bwd = cg.backward(loss, {k: v for k, v in feed.items() if k in cg.Graph(loss)})
        gradient = cg.grad(loss, x)
        assert cg.forward(gradient, {k: v for k, v in feed.items() if k in cg.Graph(gradient)}).values[-1] == 2
    assert bwd.gradient["x"] == 2
    assert bwd.indeterminate == ()


def test_the_warning_names_the_edge_the_line_and_how_many_more() -> None:
    x, y = cg.variables("x y")
    v = cg.cbrt(x).named("v")
    loss = v**3 + cg.cbrt(y) ** 3
    text = r"0·∞ on the edge from y to v\d \(.*cbrt\(y\).* on 1 more.*Fix"
    with pytest.warns(IndeterminateWarning, match=text) as caught:
        bwd = cg.backward(loss, x=0.0, y=0.0)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert {e.operand.name for e in bwd.indeterminate} == {"x", "y"}


def test_a_slope_of_0_that_a_convention_chose_at_a_kink_stops_no_infinite_gradient_in_silence() -> None:
    with pytest.warns(IndeterminateWarning, match="∞·0"):
        cg.backward("L = sqrt(abs(x))", x=0.0)


def test_a_pullback_that_makes_nan_of_finite_numbers_warns() -> None:
    v = cg.variable("v", 2)
    loss = cg.where(cg.variable("c"), cg.norm(v / [0.0, 1.0]), cg.sum(v))
    with pytest.warns(IndeterminateWarning, match="0·∞ or ∞−∞ on the edge"):
        cg.backward(loss, c=0.0, v=[1.0, 1.0])


@pytest.mark.parametrize("formula", ["L = sqrt(z*z + w*w)", "L = log(z*w)", "L = cbrt(z*w)"])
def test_a_value_that_overflowed_has_no_slope_of_0_in_silence(formula: str) -> None:
    with pytest.warns(IndeterminateWarning, match="a slope of 1/∞ on the edge"):
        cg.backward(formula, z=3e200, w=3e200)
    with warnings.catch_warnings(action="error"):
        cg.backward(formula, z=3.0, w=4.0)
        cg.backward("L = tanh(z*w)", z=3e200, w=3e200)  # which saturates, and has the slope 0
        cg.backward("L = sqrt(z)", z=np.inf)


def test_nan_that_is_given_is_no_indeterminate_product() -> None:
    x = cg.variable("x")
    with warnings.catch_warnings(action="error"):
        assert np.isnan(cg.backward(cg.exp(x) * x, x=np.nan).gradient["x"])
        assert cg.backward(cg.where(0.0, cg.log(x), x), x=np.nan).gradient["x"] == 1


def test_zeros_of_a_given_upstream_gradient_are_masks() -> None:
    v = cg.variable("v", 2)
    with warnings.catch_warnings(action="error"):
        bwd = cg.backward(cg.forward(cg.sqrt(v), v=[0.0, 4.0]), upstream=[0.0, 1.0])
    assert bwd.gradient["v"].tolist() == [0, 0.25]


def test_a_float32_pass_sees_its_own_overflow() -> None:
    x = cg.variable("x")
    fwd = cg.forward(cg.log(1 + cg.exp(x)), x=100.0, world=cg.worlds.NumpyWorld("float32"))
    with pytest.warns(IndeterminateWarning):
        assert cg.backward(fwd).gradient["x"] == 0


# Programs ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("backend", [b for b in BACKENDS if "scalar" not in b])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_program_counts_the_elements_of_its_doubtful_calls(backend: str, dtype: str) -> None:
    v, c = cg.variable("v", 4), cg.variable("c", 4)
    loss = cg.sum(cg.where(c, cg.log(1 + cg.exp(v)), v))
    program = cg.compile(cg.grad(loss, v, simplify=False), backend=backend, dtype=dtype)
    program(v=[1.0, 2.0, 3.0, 4.0], c=[1.0] * 4)
    assert program.indeterminate == 0
    program(v=[1000.0, 2.0, 3.0, 2000.0], c=[0.0, 1.0, 1.0, 0.0])
    assert program.indeterminate == 0  # masked, both
    program(v=[1000.0, 2.0, 3.0, 2000.0], c=[1.0, 1.0, 1.0, 0.0])
    assert program.indeterminate == 1
    program.run(v=np.full((5, 4), 1000.0), c=np.ones((5, 4)))
    assert program.indeterminate == 1 + 4  # of the doubtful calls 3 to 7, the fourth is repeated


def test_training_says_at_its_end_in_one_line_that_gradients_were_lost() -> None:
    X, Y = np.array([[1.0], [2000.0]]), np.array([[1.0], [0.0]])
    model = cg.nn.Sequential([cg.nn.Linear(cg.parameter("W", [[1.0]]), cg.parameter("b", [0.0]))])

    def loss(z: cg.Node, y: cg.Node) -> cg.Node:
        return cg.mean((1 / (1 + cg.exp(z)) - y) ** 2)  # a sigmoid of -z by hand

    with pytest.warns(IndeterminateWarning, match=r"0·∞ in \d+ product\(s\).* Fix: cg.simplify") as caught:
        cg.train.fit(model, (X, Y), loss, cg.train.SGD(0.1), 2, metric=None, simplify=False)
    assert len(caught) == 1
    with warnings.catch_warnings(action="error"):
        cg.train.fit(model, (X, Y), loss, cg.train.SGD(0.1), 2, metric=None)


# Second derivatives --------------------------------------------------------------------------------------------------
KINKED = {
    "relu² + relu⁴": lambda x: cg.relu(x) ** 2 + cg.relu(-x) ** 4,
    "|x|·sin x": lambda x: cg.abs(x) * cg.sin(x),
    "max(x, -x)²": lambda x: cg.maximum(x, -x) ** 2,
    "a norm times a norm of another": lambda x: cg.norm(cg.stack([x, x])) * cg.norm(cg.stack([x, 2 * x])),
    "hypot": lambda x: cg.hypot(x, 2 * x) * cg.sin(x),
    "max of elements": lambda x: cg.max(cg.stack([x, -x])) * cg.sin(x),
    "clip": lambda x: cg.clip(x, 0.0, 1.0) ** 2,
}


@pytest.mark.parametrize("function", KINKED.values(), ids=KINKED)
def test_a_second_derivative_at_the_kink_of_a_first_one_warns(function: Any) -> None:
    x = cg.variable("x")
    first, second = cg.grad(function(x), x), cg.hessian(function(x), x)
    with warnings.catch_warnings(action="error"):
        cg.forward(first, x=0.0)
        cg.forward(second, x=0.3)
    for run in (lambda: cg.forward(second, x=0.0), lambda: cg.backward(first, x=0.0)):
        with pytest.warns(IndeterminateWarning, match="second derivative where .* decides a first one by convention"):
            run()


TIED = {
    "maximum of a maximum": lambda x, c: cg.maximum(cg.maximum(x, c), c),
    "the other way round": lambda x, c: cg.maximum(c, cg.maximum(x, c)),
    "minimum of a minimum": lambda x, c: cg.minimum(cg.minimum(x, c), cg.minimum(c, x)),
    "relu of what is cut off": lambda x, c: cg.relu(cg.relu(x - 1)) + c,
    "abs of what is cut off": lambda x, c: cg.abs(cg.relu(x - 1)) + c,
    "clip of a clip": lambda x, c: cg.clip(cg.clip(x, 0.5, 1.0), 0.5, 1.0) + c,
    "max of equal elements": lambda x, c: cg.max(cg.stack([x, x])) + c,
    "a choice": lambda x, c: cg.maximum(cg.where(c > 1, c, x), c),
}


@pytest.mark.parametrize("function", TIED.values(), ids=TIED)
def test_what_is_equal_wherever_the_inputs_are_is_no_kink(function: Any) -> None:
    x, c = cg.variables("x c")
    at = {"x": 0.25, "c": 1.5}
    for within in (lambda z: z, cg.sin, cg.square):
        outer = within(function(x, c)) * cg.sin(x)
        hessian = cg.hessian(outer, [x, c])
        with warnings.catch_warnings(action="error"):
            found = cg.forward([*hessian[0], *hessian[1]], **at)
            cg.backward(cg.grad(outer, x), **at)
        h, slopes = 1e-5, cg.grad(outer, [x, c])
        for i, second in enumerate(found.values[found.graph.position(o)] for o in found.graph.outputs):
            column = ("x", "c")[i % 2]
            up, down = (cg.forward(slopes[i // 2], {**at, column: at[column] + d}) for d in (h, -h))
            expected = (float(up[slopes[i // 2]]) - float(down[slopes[i // 2]])) / (2 * h)
            assert float(second) == pytest.approx(expected, abs=1e-8)


def test_the_order_of_a_derivative_is_kept_by_what_rewrites_and_stores_it() -> None:
    x = cg.variable("x")
    second = cg.grad(cg.grad(cg.relu(x) ** 2, x), x)
    stored = pickle.loads(pickle.dumps([second, cg.Graph(second)]))  # noqa: S301 - our own bytes
    for same in (cg.simplify(second), second.named("H"), cg.with_conventions(second, "chapter"), *stored):
        assert cg.Graph(same).order == 2

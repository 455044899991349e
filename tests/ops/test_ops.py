"""The table: every row against SymPy, mpmath, central differences and definitions written by hand.

Everything here is parametrised from TABLE, so that a new row is tested by being there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from every_op import kinds
from sparse import sparse
from windows import added_by_windows, seen_by_windows

import cgraph as cg
from cgraph.graph.node import build
from cgraph.ops import TABLE, matrices
from cgraph.ops.op import Op
from cgraph.proof import prove_row
from cgraph.worlds.sympy import SYMPY
from cgraph.worlds.sympy import formula as formula_of

ALL = [pytest.param(row, id=name) for name, row in TABLE.items()]
COUNT = {name: row.arity or (3 if row.elementwise else 2) for name, row in TABLE.items()}
STEPS = {name for name, row in TABLE.items() if not any(row.rule(i) for i in range(COUNT[name]))}  # nothing flows
FLOWING = [pytest.param(row, id=name) for name, row in TABLE.items() if name not in STEPS]
ELEMENTWISE = [pytest.param(row, id=name) for name, row in TABLE.items() if row.elementwise]
STRUCTURAL = [pytest.param(row, id=name) for name, row in TABLE.items() if not row.elementwise]
DOMAIN = {  # where an op is defined, operand by operand; elsewhere from -3 to 3
    **dict.fromkeys(("log", "log2", "log10", "sqrt"), ((0.1, 3),)),
    **dict.fromkeys(("arcsin", "arccos", "arctanh", "log1p"), ((-0.9, 0.9),)),
    "arccosh": [(1.1, 3)],
    "pow": [(0.1, 3), (-3, 3)],
    "xlogy": [(-3, 3), (0.1, 3)],
    "lgamma": [(0.1, 4)],
    "power_log": [(0.1, 3), (-3, 3)],
    "power_slope": [(0.1, 3), (-3, 3)],
    "binary_cross_entropy": [(0.05, 0.95), (0, 1)],
    "sigmoid_cross_entropy": [(-3, 3), (0, 1)],
    "softmax_cross_entropy": [(-3, 3), (0.1, 1)],
}


def operands_of(row: Op, size: int, seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    count = COUNT[row.name]
    return [random.uniform(low, high, size) for low, high in DOMAIN.get(row.name, [(-3, 3)] * count)]


class Given(tuple[int, ...]):
    """The shape of an operand whose values an example gives, such as ids: no derivative by it is asked for."""

    values: np.ndarray


def _shape(operand: Any) -> tuple[int, ...]:
    if not isinstance(operand, list):
        return tuple(operand)
    shape = Given(np.shape(operand))
    shape.values = np.array(operand, float)
    return shape


def examples_of(row: Op) -> list[tuple[list[tuple[int, ...]], dict[str, Any]]]:
    """Shapes and attributes: broadcasting ones for an elementwise row, those of its proof for a structural one."""
    if row.elementwise:
        return [([(2, 3), (3,), (2, 1)][: COUNT[row.name]], {}), ([()] * COUNT[row.name], {})]
    return [([_shape(s) for s in shapes], attrs) for shapes, attrs in row.examples]


def values_for(row: Op, shapes: list[tuple[int, ...]], seed: int = 1) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    ranges = DOMAIN.get(row.name, [(-3, 3)] * len(shapes))
    drawn = [random.uniform(*range_, shape) for range_, shape in zip(ranges, shapes, strict=True)]
    if row.name == "softmax_cross_entropy":
        drawn[1] /= drawn[1].sum(axis=-1, keepdims=True)  # targets are distributions
    return [s.values if isinstance(s, Given) else v for s, v in zip(shapes, drawn, strict=True)]


def central_difference(f: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    slope = np.empty(x.shape)
    for index in np.ndindex(*x.shape):
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        slope[index] = (f(up) - f(down)) / (2 * step)
    return slope


# Proof ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("row", sparse(ALL, 3))
def test_every_rule_of_the_table_is_proved_against_sympy_for_every_element(row: Op) -> None:
    report = prove_row(row)
    assert not report.failures, report
    assert report.proved or row.name == "one_hot", report  # whose operand is no symbol
    assert len(report.checks) >= _elements_that_something_flows_to(row)


def _elements_that_something_flows_to(row: Op) -> int:
    if row.elementwise:
        return COUNT[row.name]
    ruled = [i for i in range(COUNT[row.name]) if row.rule(i) is not None]
    return sum(int(np.prod(shapes[i])) for shapes, _ in row.examples for i in ruled)


@pytest.mark.parametrize("name", sorted(STEPS))
def test_nothing_flows_through_steps_and_sizes(name: str) -> None:
    row = TABLE[name]
    matrix = np.ones((2, 2) if row.name == "det_sign" else ())
    x, y = cg.variable("x", matrix.shape), cg.variable("y")
    node = build(row, *(x, y)[: row.arity])
    feed = {x: matrix, y: 2.0} if row.arity == 2 else {x: matrix}
    bwd = cg.backward(cg.forward(node, feed), upstream=np.ones(node.shape))
    assert not any(row.rule(i) for i in range(row.arity or 0))
    assert bwd.edges == ()
    assert not bwd.gradient["x"].any()


def _altered(row: Op, position: int, change: Callable[[Any], Any]) -> Op:
    """The row with the result of one of its rules changed."""
    count = max(COUNT[row.name], max((len(shapes) for shapes, _ in row.examples), default=0))
    rules = [row.rule(i) for i in range(count)]
    right = rules[position]
    rules[position] = lambda *args, **attrs: change(right(*args, **attrs))
    return row.replaced(rules=(lambda i: rules[i]) if row.arity is None else tuple(rules))


RULES = [
    pytest.param(row, position, id=f"{name}-{position}")
    for name, row in TABLE.items()
    for position in range(COUNT[name])
    if row.rule(position) is not None
]


def small(row: Op) -> Op:
    """A few elements are enough to refuse a wrong rule; SymPy takes seconds to be sure about many."""
    if row.name == "matmul":
        return row.replaced(examples=((((1, 2), (2, 3)), {}),))
    if row.name in ("max", "min", "var", "std", "norm", "logsumexp", "einsum") or row in matrices.ROWS:
        return row.replaced(examples=row.examples[:1])
    if "softmax" in row.name:
        return row.replaced(examples=((((2,),) * COUNT[row.name], {}),))
    return row


@pytest.mark.parametrize("row, position", sparse(RULES, 8))
def test_a_rule_with_the_wrong_sign_is_refused(row: Op, position: int) -> None:
    report = prove_row(small(_altered(row, position, lambda d: -d)))
    assert not report.proved
    assert report.failures


@pytest.mark.slow
@pytest.mark.parametrize("row, position", [p for p in RULES if p.values[0].elementwise])
def test_a_rule_that_is_one_percent_too_large_is_refused(row: Op, position: int) -> None:
    report = prove_row(small(_altered(row, position, lambda d: d * sympy.Rational(101, 100))))
    assert not report.proved
    assert report.failures


def _rules(name: str, *rules: Any) -> Op:
    return TABLE[name].replaced(rules=rules)


WRONG = {
    "tanh: 1 + z² for 1 − z²": _rules("tanh", lambda w, z, x: 1 + z**2),
    "tanh: of x for z": _rules("tanh", lambda w, z, x: 1 - x**2),
    "sigmoid: the factor 1 − z forgotten": _rules("sigmoid", lambda w, z, x: z),
    "sqrt: the factor ½ forgotten": _rules("sqrt", lambda w, z, x: 1 / z),
    "exp: of x for z": _rules("exp", lambda w, z, x: x),
    "sub: both positive": _rules("sub", lambda w, z, x, y: 1, lambda w, z, x, y: 1),
    "div: swapped operands": _rules("div", lambda w, z, x, y: -z / y, lambda w, z, x, y: 1 / y),
    "div: −x/y for −x/y²": _rules("div", lambda w, z, x, y: 1 / y, lambda w, z, x, y: -x / y),
    "pow: the factor y forgotten": _rules("pow", lambda w, z, x, y: x ** (y - 1), TABLE["pow"].rule(1)),
    "pow: log y for log x": _rules("pow", TABLE["pow"].rule(0), lambda w, z, x, y: z * w.log(y)),
    "mul: each by itself": TABLE["mul"].replaced(rules=lambda i: lambda w, z, *x: x[i]),
    "add: the third operand twice": TABLE["add"].replaced(rules=lambda i: lambda w, z, *x: 2 if i == 2 else 1),
    "relu: the other side": _rules("relu", lambda w, z, x, at_zero: w.less(x, 0)),
    "maximum: swapped operands": _rules("maximum", *TABLE["maximum"].rules[::-1]),
    "log: missing rule": _rules("log", None),
    "greater_equal: lets through": _rules("greater_equal", lambda w, z, x, y: 1, None),
    "matmul: transposed pullback": _rules(
        "matmul", lambda w, g, z, x, y: w.transpose(TABLE["matmul"].rule(0)(w, g, z, x, y)), TABLE["matmul"].rule(1)
    ),
    "sum: the upstream gradient not spread": _rules("sum", lambda w, g, z, x, axis, keepdims: g),
    "mean: not divided": _rules(
        "mean", lambda w, g, z, x, axis, keepdims: TABLE["sum"].rule(0)(w, g, z, x, axis=axis, keepdims=keepdims)
    ),
    "transpose: by the axes, not by their inverse": _rules(
        "transpose", lambda w, g, z, x, axes: w.transpose(g, axes=axes)
    ),
    "reshape: in the other order": _rules(
        "reshape", lambda w, g, z, x, shape: w.transpose(w.reshape(g, shape=x.shape[::-1]))
    ),
    "softmax: as if elementwise": _rules("softmax", lambda w, g, z, x, axis: g * z * (1 - z)),
    "log_softmax: the sum forgotten": _rules("log_softmax", lambda w, g, z, x, axis: g - g * w.softmax(x, axis=axis)),
    "softmax_cross_entropy: y − softmax": _rules(
        "softmax_cross_entropy",
        lambda w, g, z, x, y: -TABLE["softmax_cross_entropy"].rule(0)(w, g, z, x, y),
        TABLE["softmax_cross_entropy"].rule(1),
    ),
    "softmax_cross_entropy: targets taken to sum to 1": _rules(
        "softmax_cross_entropy",
        lambda w, g, z, x, y: w.expand_dims(g, axis=len(x.shape) - 1) * (w.softmax(x, axis=-1) - y),
        TABLE["softmax_cross_entropy"].rule(1),
    ),
    "matmul: missing rule": _rules("matmul", TABLE["matmul"].rule(0), None),
}


@pytest.mark.parametrize("row", WRONG.values(), ids=WRONG.keys())
def test_a_plausible_but_wrong_rule_is_refused(row: Op) -> None:
    report = prove_row(small(row))
    assert not report.proved
    assert report.failures
    assert "WRONG" in str(report)


# Values --------------------------------------------------------------------------------------------------------------
def in_high_precision(row: Op, point: list[float]) -> mpmath.mpf:
    """The row's formula, read by SymPy and computed by mpmath so precisely that 50 digits of the result are right."""
    formula, names = formula_of(row, len(point), row.defaults)
    step = {"Heaviside": lambda x, at_zero: mpmath.mpf(x > 0) if x != 0 else at_zero, "Max": max, "Min": min}
    with mpmath.workdps(1000):  # log(1 + exp(-1000)) needs 435 digits before its first one
        return mpmath.mpf(sympy.lambdify(names, formula, [step, "mpmath"])(*map(mpmath.mpf, point)))


@pytest.mark.parametrize("row", sparse(ELEMENTWISE, 3))
def test_numpy_computes_what_the_formula_says(row: Op) -> None:
    operands = operands_of(row, 40)
    got = row.numpy(*operands)
    for point, value in zip(zip(*operands, strict=True), got, strict=True):
        assert value == pytest.approx(float(in_high_precision(row, [*map(float, point)])), rel=1e-13, abs=1e-14)


SATURATED = [-1000.0, -746.0, -720.0, -40.0, -1e-300, 0.0, 1e-300, 40.0, 746.0, 1000.0]


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu"])
@pytest.mark.parametrize("x", SATURATED)
def test_saturated_units_are_finite_and_right(name: str, x: float) -> None:
    node = getattr(cg, name)(cg.variable("x"))
    fwd = cg.forward(node, x=x)
    # at -720 the sigmoid is 2e-313, a denormal number with eleven digits
    assert fwd[node] == pytest.approx(float(in_high_precision(TABLE[name], [x])), rel=1e-13, abs=1e-323)
    assert np.isfinite(cg.backward(fwd).gradient["x"])


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu", "sigmoid_cross_entropy", "softmax", "log_softmax"])
def test_saturated_units_overflow_nowhere_on_the_way(name: str) -> None:
    row = TABLE[name]
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        row.numpy(*[np.array(SATURATED)] * COUNT[name])


@pytest.mark.parametrize("x, slope", [(-1000, 0), (-40, "4.2483542552915889773e-18"), (0, "0.25"), (1000, 0)])
def test_the_slope_of_a_saturated_sigmoid_is_right(x: float, slope: str) -> None:
    bwd = cg.backward(cg.forward(cg.sigmoid(cg.variable("x")), x=x))
    assert bwd.gradient["x"] == pytest.approx(float(slope), rel=1e-13, abs=0)


@pytest.mark.parametrize("y", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("x", SATURATED)
def test_sigmoid_cross_entropy_never_overflows(x: float, y: float) -> None:
    fwd = cg.forward(cg.sigmoid_cross_entropy(cg.variable("x"), y), x=x)
    assert fwd.values[-1] == pytest.approx(
        float(in_high_precision(TABLE["sigmoid_cross_entropy"], [x, y])), rel=1e-13, abs=1e-300
    )
    with mpmath.workdps(1000):
        slope = float(1 / (1 + mpmath.exp(-mpmath.mpf(x))) - y)
    assert cg.backward(fwd).gradient["x"] == pytest.approx(slope, rel=1e-13, abs=1e-16)


LOGITS = [[1000.0, 0.0, -1000.0], [1000.0, 999.0, 998.0], [-1000.0, -1000.0, -1000.0], [0.0, 1e-9, 700.0]]


def _softmax_by_hand(logits: list[float]) -> list[mpmath.mpf]:
    exponentials = [mpmath.exp(mpmath.mpf(x)) for x in logits]
    return [e / sum(exponentials) for e in exponentials]


@pytest.mark.parametrize("logits", LOGITS)
def test_softmax_never_overflows(logits: list[float]) -> None:
    fwd = cg.forward(cg.softmax(cg.variable("x", 3)), x=logits)
    with mpmath.workdps(1000):
        expected = [float(p) for p in _softmax_by_hand(logits)]
    assert fwd.values[-1] == pytest.approx(expected, rel=1e-13, abs=1e-300)
    gradient = cg.backward(fwd, upstream=[1.0, 2.0, 3.0]).gradient["x"]
    assert np.isfinite(gradient).all()
    assert gradient.sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("target", [0, 1, 2])
@pytest.mark.parametrize("logits", LOGITS)
def test_softmax_cross_entropy_never_overflows(logits: list[float], target: int) -> None:
    truth = np.eye(3)[target]
    fwd = cg.forward(cg.softmax_cross_entropy(cg.variable("x", 3), truth), x=logits)
    with mpmath.workdps(1000):
        probabilities = _softmax_by_hand(logits)
        loss, slope = float(-mpmath.log(probabilities[target])), [float(p) for p in probabilities - truth]
    assert fwd.values[-1] == pytest.approx(loss, rel=1e-12, abs=1e-300)
    assert cg.backward(fwd).gradient["x"] == pytest.approx(slope, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("logits", LOGITS)
def test_log_softmax_never_overflows(logits: list[float]) -> None:
    fwd = cg.forward(cg.log_softmax(cg.variable("x", 3)), x=logits)
    with mpmath.workdps(1000):
        expected = [float(mpmath.log(p)) for p in _softmax_by_hand(logits)]
    assert fwd.values[-1] == pytest.approx(expected, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("p, y, loss", [(0, 0, 0.0), (1, 1, 0.0), (0, 1, np.inf), (1, 0, np.inf)])
def test_zero_times_log_zero_is_zero_in_binary_cross_entropy(p: float, y: float, loss: float) -> None:
    assert cg.forward(cg.binary_cross_entropy(cg.variable("p"), y), p=p).values[-1] == loss


@pytest.mark.parametrize("p, y, slope", [(0, 0, 1.0), (1, 1, -1.0)])
def test_a_certain_and_right_probability_has_a_finite_slope(p: float, y: float, slope: float) -> None:
    bwd = cg.backward(cg.forward(cg.binary_cross_entropy(cg.variable("p"), y), p=p))
    assert bwd.gradient["p"] == slope  # -log(1 - p) has slope 1 at 0, and -log p slope -1 at 1


def _loops_matmul(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    stack = np.broadcast_shapes(x.shape[:-2] if x.ndim > 1 else (), y.shape[:-2] if y.ndim > 1 else ())
    a = np.broadcast_to(x if x.ndim > 1 else x[None], (*stack, *(x if x.ndim > 1 else x[None]).shape[-2:]))
    b = np.broadcast_to(y if y.ndim > 1 else y[:, None], (*stack, *(y if y.ndim > 1 else y[:, None]).shape[-2:]))
    full = (a[..., :, :, None] * b[..., None, :, :]).sum(-2)
    full = full[..., 0, :] if x.ndim == 1 else full
    return full[..., 0] if y.ndim == 1 else full


def _fold(x: np.ndarray, axis: tuple[int, ...], keepdims: bool, divide: bool) -> np.ndarray:
    shape = tuple(1 if i in axis else n for i, n in enumerate(x.shape))
    total, count = np.zeros(shape), np.zeros(shape)
    for index in np.ndindex(*x.shape):
        to = tuple(0 if i in axis else k for i, k in enumerate(index))
        total[to] += x[index]
        count[to] += 1
    result = total / count if divide else total
    return result if keepdims else result.reshape([n for i, n in enumerate(x.shape) if i not in axis])


def _axes_moved(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    result = np.empty([x.shape[a] for a in axes])
    for index in np.ndindex(*x.shape):
        result[tuple(index[a] for a in axes)] = x[index]
    return result


def _einsum_by_loops(*x: np.ndarray, subscripts: str) -> np.ndarray:
    inputs, result = subscripts.split("->")
    sizes = {c: n for part, one in zip(inputs.split(","), x, strict=True) for c, n in zip(part, one.shape, strict=True)}
    total = np.zeros([sizes[c] for c in result])
    for index in np.ndindex(*sizes.values()):
        at = dict(zip(sizes, index, strict=True))
        factors = [one[tuple(at[c] for c in part)] for part, one in zip(inputs.split(","), x, strict=True)]
        total[tuple(at[c] for c in result)] += np.prod(factors)
    return total


def _added(g: np.ndarray, like: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Zeros like `like`, with the elements of g added one by one where `places` has the numbers of the elements."""
    total = [0.0] * like.size
    for value, place in zip(g.flat, places.flat, strict=True):
        total[int(place)] += value
    return np.array(total).reshape(like.shape)


def _along(x: Any, ids: Any, axis: int) -> Any:
    """Of the elements that ids choose along an axis the numbers, in the order of the array."""
    found = np.zeros(ids.shape, int)
    for place in np.ndindex(*ids.shape):
        chosen = (*place[:axis], int(ids[place]), *place[axis + 1 :])
        found[place] = np.ravel_multi_index(chosen, x.shape)
    return found


def _numbered(x: np.ndarray) -> np.ndarray:
    return np.arange(x.size).reshape(x.shape)


def _running(x: np.ndarray, axis: int) -> np.ndarray:
    rows = np.moveaxis(x, axis, 0)
    return np.moveaxis(np.array([sum(rows[: i + 1]) for i in range(len(rows))]), 0, axis)


def _by_steps(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
    steps = [np.moveaxis(y, axis, 0)[0]]
    for factor, term in list(zip(np.moveaxis(x, axis, 0), np.moveaxis(y, axis, 0), strict=True))[1:]:
        steps.append(factor * steps[-1] + term)
    return np.stack(steps, axis)


def _product(x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> np.ndarray:
    signs = _fold((x < 0).astype(float), axis, keepdims, divide=False) % 2
    return (1 - 2 * signs) * np.exp(_fold(np.log(np.abs(x)), axis, keepdims, divide=False))


BY_HAND: dict[str, Callable[..., np.ndarray]] = {
    "matmul": _loops_matmul,
    "sum": lambda x, axis, keepdims: _fold(x, axis, keepdims, divide=False),
    "mean": lambda x, axis, keepdims: _fold(x, axis, keepdims, divide=True),
    "reshape": lambda x, shape: np.array(list(x.flat)).reshape(shape),
    "transpose": _axes_moved,
    "expand_dims": lambda x, axis: x.reshape(np.expand_dims(np.empty(x.shape), axis).shape),
    "broadcast_like": lambda x, y: x + np.zeros_like(y),
    "size": lambda x: np.array(float(sum(1 for _ in x.flat))),
    "prod": _product,
    "all_but_one": lambda x, axis: np.stack(
        [
            np.where(np.arange(n).reshape(-1, *(1,) * (x.ndim - axis - 1)) == i, 1, x)
            for n in [x.shape[axis]]
            for i in range(n)
        ],
        axis,
    ),
    "einsum": _einsum_by_loops,
    "diagonal": lambda x, axis: np.stack([x.take(i, axis).take(i, axis) for i in range(x.shape[axis])], axis),
    "diagonal_matrix": lambda x, axis: np.stack(
        [np.stack([x.take(i, axis) * (i == j) for j in range(x.shape[axis])], axis) for i in range(x.shape[axis])], axis
    ),
    "squeeze": lambda x, axis: x.reshape([n for i, n in enumerate(x.shape) if i not in axis]),
    "broadcast_to": lambda x, shape: x + np.zeros(shape),
    "flip": lambda x, axis: x[tuple(slice(None, None, -1) if i in axis else slice(None) for i in range(x.ndim))],
    "cumsum": _running,
    "recurrence": _by_steps,
    "pad": lambda x, width, value: (
        np.block([np.zeros(width[0][0]), x, np.zeros(width[0][1])])
        if x.ndim == 1
        else np.vstack([np.zeros((1, 5)), np.hstack([x, np.zeros((2, 2))])])
    ),
    "index": lambda x, key: x.ravel()[_numbered(x)[key.parts]],
    "index_add": lambda x, like, key: _added(x, like, _numbered(like)[key.parts]),
    "take": lambda x, ids, axis: np.moveaxis(
        np.array([np.moveaxis(x, axis, 0)[int(i)] for i in ids.flat]).reshape(
            *ids.shape, *np.moveaxis(x, axis, 0).shape[1:]
        ),
        0,
        axis if ids.ndim == 1 else 0,
    ),
    "take_along": lambda x, ids, axis: x.ravel()[_along(x, ids, axis)],
    "add_along": lambda x, ids, like, axis: _added(x, like, _along(like, ids, axis)),
    "scatter_add": lambda x, ids, like, axis: _added(x, like, _numbered(like)[ids.astype(int)]),
    "windows": seen_by_windows,
    "windows_add": lambda x, like, **how: added_by_windows(x, like.shape, **how),
    "one_hot": lambda ids, classes, ignore: np.array(
        [[float(i == k != ignore) for k in range(classes)] for i in ids.flat]
    ).reshape(*ids.shape, classes),
    "concatenate": lambda *x, axis: np.moveaxis(np.array([r for one in x for r in np.moveaxis(one, axis, 0)]), 0, axis),
}


@pytest.mark.parametrize("row", STRUCTURAL)
def test_numpy_computes_what_a_structural_row_is_defined_to_be(row: Op) -> None:
    assert row.definition is not None or row.name in BY_HAND, "a row without a definition needs one here, by hand"
    for shapes, attrs in examples_of(row):
        values = values_for(row, shapes)
        normal, shape = row.infer(shapes, {**row.defaults, **attrs})
        got = row.numpy(*values, **normal)
        if row.definition is None:
            expected = BY_HAND[row.name](*values, **normal)
        else:
            exact = getattr(SYMPY, row.name)(*map(sympy_numbers, values), **normal)
            expected = np.array([float(sympy.N(e, 50)) for e in exact.flat]).reshape(exact.shape)
        assert got.shape == shape == expected.shape
        assert got == pytest.approx(expected, rel=1e-13, abs=1e-14)


def sympy_numbers(values: np.ndarray) -> Any:
    fed = cg.forward(cg.variable("x", values.shape), {"x": values}, world=SYMPY)
    return fed["x"]


@pytest.mark.parametrize("row", ALL)
def test_the_shape_that_a_row_promises_is_the_shape_that_numpy_gives(row: Op) -> None:
    for shapes, attrs in examples_of(row):
        leaves = [cg.variable(f"x{i}", shape) for i, shape in enumerate(shapes)]
        node = build(row, *leaves, **attrs)
        fwd = cg.forward(node, dict(zip(leaves, values_for(row, shapes), strict=True)))
        assert fwd[node].shape == node.shape


# Rules against central differences, in numbers and in nodes ----------------------------------------------------------
@pytest.mark.parametrize("row", FLOWING)
def test_every_rule_agrees_with_central_differences(row: Op) -> None:
    for shapes, attrs in examples_of(row):
        leaves = [cg.variable(f"x{i}", shape) for i, shape in enumerate(shapes)]
        values = values_for(row, shapes, seed=3)
        node = build(row, *leaves, **attrs)
        feed = dict(zip(leaves, values, strict=True))
        upstream = np.random.default_rng(4).uniform(0.5, 1.5, node.shape)
        bwd = cg.backward(cg.forward(node, feed), upstream=upstream)
        for leaf, value in [(n, v) for n, v, s in zip(leaves, values, shapes, strict=True) if not isinstance(s, Given)]:
            slope = central_difference(partial(total_of, node, upstream, feed, leaf), value)
            assert bwd.gradient[leaf] == pytest.approx(slope, rel=1e-6, abs=1e-7)


def total_of(node: cg.Node, upstream: np.ndarray, feed: dict[Any, Any], leaf: cg.Node, x: np.ndarray) -> float:
    return float((upstream * cg.forward(node, {**feed, leaf: x})[node]).sum())


@pytest.mark.parametrize("row", FLOWING)
def test_every_rule_builds_the_same_gradient_as_nodes(row: Op) -> None:
    for shapes, attrs in examples_of(row):
        leaves = [cg.variable(f"x{i}", shape) for i, shape in enumerate(shapes)]
        feed = dict(zip(leaves, values_for(row, shapes, seed=5), strict=True))
        node = build(row, *leaves, **attrs)
        total = cg.sum(node * np.random.default_rng(6).uniform(0.5, 1.5, node.shape))
        bwd = cg.backward(cg.forward(total, feed))
        for leaf in leaves:
            if cg.Graph(total).name(leaf) in set(bwd.gradient):
                gradient = cg.grad(total, leaf)
                assert gradient.shape == leaf.shape
                fed = {n: v for n, v in feed.items() if n in cg.Graph(gradient)}
                assert cg.forward(gradient, fed)[gradient] == pytest.approx(bwd.gradient[leaf], rel=1e-12)


@pytest.mark.parametrize("row", FLOWING)
def test_single_precision_stays_single_precision(row: Op) -> None:
    for shapes, attrs in examples_of(row):
        leaves = [cg.variable(f"x{i}", shape) for i, shape in enumerate(shapes)]
        feed = dict(zip(leaves, values_for(row, shapes), strict=True))
        node = build(row, *leaves, **attrs)
        fwd = cg.forward(node, feed, world=cg.worlds.NumpyWorld("float32"))
        bwd = cg.backward(fwd, upstream=np.ones(node.shape))
        assert fwd[node].dtype == np.float32
        assert {bwd.gradient[leaf].dtype for leaf in leaves} == {np.dtype("float32")}


# Conventions ---------------------------------------------------------------------------------------------------------
def test_the_slope_of_relu_at_zero_is_one() -> None:
    bwd = cg.backward(cg.forward(cg.relu(cg.variable("x")), x=0.0))
    assert bwd.gradient["x"] == 1.0
    assert "ReLU'(0) = 1" in (cg.relu.__doc__ or "")


def test_a_tie_of_maximum_goes_to_the_first_operand() -> None:
    x, y = cg.variables("x y")
    bwd = cg.backward(cg.forward(cg.maximum(x, y), x=2.0, y=2.0))
    assert (bwd.gradient["x"], bwd.gradient["y"]) == (1.0, 0.0)


def test_maximum_of_a_node_with_itself_has_slope_one() -> None:
    x = cg.variable("x")
    assert cg.backward(cg.forward(cg.maximum(x, x), x=5.0)).gradient["x"] == 1.0


def test_the_slope_of_a_power_does_not_need_the_logarithm_of_a_negative_base() -> None:
    bwd = cg.backward(cg.forward(cg.variable("x") ** 3, x=-2.0))
    assert bwd.gradient["x"] == 12.0


@pytest.mark.parametrize("exponent, slope", [(1, 1.0), (2, 0.0), (3, 0.0)])
def test_powers_at_zero_have_their_slopes(exponent: int, slope: float) -> None:
    assert cg.backward(cg.forward(cg.variable("x") ** exponent, x=0.0)).gradient["x"] == slope


def test_the_slope_of_the_square_root_at_zero_is_infinite_without_a_warning() -> None:
    assert cg.backward(cg.forward(cg.sqrt(cg.variable("x")), x=0.0)).gradient["x"] == np.inf


def test_integers_are_promoted_before_they_are_divided_or_raised() -> None:
    x = cg.variable("x")
    fwd = cg.forward([x**-1, 1 / x], x=2)
    assert fwd.values[-2:] == (0.5, 0.5) or {v for v in fwd.values if v == 0.5} == {0.5}
    assert cg.backward(cg.forward(x**-1, x=2)).gradient["x"] == -0.25


# The functions made from the rows ------------------------------------------------------------------------------------
@pytest.mark.parametrize("row", ALL)
def test_every_row_is_a_function_of_cgraph_that_shows_its_formula(row: Op) -> None:
    function = getattr(cg, row.name)
    assert row.formula in function.__doc__
    assert row.name in dir(cg)
    assert cg.table()[row.name] is function


@pytest.mark.parametrize("row", ALL)
def test_rules_are_stated_for_every_operand_and_maps_for_every_pullback(row: Op) -> None:
    if row.arity is not None:
        assert len(row.rules) == row.arity  # type: ignore[arg-type]
    if not row.elementwise:
        assert callable(row.maps) if row.arity is None else len(row.maps) == row.arity  # type: ignore[arg-type]
        node = kinds(row)[0].node
        shapes = [x.shape for x in node.operands]
        said = [row.map(i, shapes, node.attrs) for i in range(len(shapes))]
        assert [bool(words) for words in said] == [row.rule(i) is not None for i in range(len(shapes))]


BAD_CALLS = {
    "too few operands": lambda x: cg.exp(),
    "too many operands": lambda x: cg.exp(x, x),
    "an unknown attribute": lambda x: cg.exp(x, axis=1),
    "no axis for softmax": lambda x: cg.softmax(x, axis=None),
    "an axis twice for softmax": lambda x: cg.softmax(x, axis=(0, 0)),
    "an axis beyond the rank": lambda x: cg.sum(x, axis=2),
    "an axis twice": lambda x: cg.sum(x, axis=(0, -2)),
    "an axis that is no integer": lambda x: cg.sum(x, axis=1.5),
    "a number for the axes of transpose": lambda x: cg.table()["transpose"](x, axes=1),
    "too few axes for transpose": lambda x: cg.table()["transpose"](x, axes=(0,)),
    "names for the axes of transpose": lambda x: cg.table()["transpose"](x, axes=("a", "b")),
    "no axis for expand_dims": lambda x: cg.table()["expand_dims"](x, axis=None),
    "another number of elements": lambda x: x.reshape(4),
    "a fractional dimension": lambda x: x.reshape(2.5),
    "two unknown dimensions": lambda x: x.reshape(-1, -1),
    "no shape": lambda x: x.reshape(None),
    "targets of another shape": lambda x: cg.softmax_cross_entropy(x, [1.0, 0.0, 0.0]),
    "a scalar for the classes": lambda x: cg.softmax_cross_entropy(1.0, 1.0),
    "something that is no node to broadcast to": lambda x: cg.table()["broadcast_like"](x, 3.0),
}


@pytest.mark.parametrize("call", BAD_CALLS.values(), ids=BAD_CALLS.keys())
def test_wrong_operands_and_attributes_are_refused_when_the_node_is_built(call: Callable[[Any], Any]) -> None:
    with pytest.raises(cg.CgraphError) as caught:
        call(cg.variable("x", (2, 3)))
    assert "test_ops.py" in str(caught.value)

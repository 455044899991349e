"""Digits: values and the first three derivatives of every elementwise row against mpmath, in units in the last place.

A row's formula is read by SymPy, differentiated by SymPy, and computed by mpmath with so many digits that those asked
for are right. Operands are the numbers that they are: nothing is excused by the conditioning of an argument, but what
stands in `BOUNDS`, `CONDITION` and `INNER_ZEROS` with its reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import combinations_with_replacement, product
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from sparse import sparse

import cgraph as cg
from cgraph.graph.graph import Graph
from cgraph.graph.node import build
from cgraph.ops import TABLE
from cgraph.ops.op import Op, as_written
from cgraph.passes.forward import forward
from cgraph.proof.judgement import compare
from cgraph.worlds.numpy import NumpyWorld
from cgraph.worlds.sympy import SYMPY, as_object, formula

SIZES = [1e-300, 1e-100, 1e-9, 1e-3, 0.1, 0.4, 0.75, 0.999, 1.5, 2.5, 5.0, 8.0, 15.0, 37.0, 40.0, 300.0, 700.0]
SIZES += [1e8, 1e30, 1e100, 1e160, 1e200, 1e300]
POINTS = [0.0, *(s * x for x in SIZES for s in (1, -1))]
FEW = [0.0, *(s * x for x in (1e-9, 0.4, 9.0, 40.0, 1e30) for s in (1, -1))]
PAIRS = [0.0, *(s * x for x in (1e-300, 1e-9, 0.4, 1.5, 37.0, 1e9, 1e100) for s in (1, -1))]
TRIPLES = [0.0, -1e-9, 0.4, -1.5, 37.0, 1e100]
LABELS = [0.0, 0.25, 1.0]
# Of mpmath: as many as the extremes of a type need, (for few points of one operand, type): a sum of 1 and exp(-700).
DIGITS = {(True, "float64"): 120, (True, "float32"): 120, (False, "float64"): 700, (False, "float32"): 250}
MORE_DIGITS = {"sinc": 1400}  # of its formula's terms over x⁴, at 1e-300
ULPS = 8  # of a value; four more for each order of a derivative

# In ulps, by row and order: what is more than `ULPS`, and why.
BOUNDS: dict[tuple[str, int], float] = {  # twice what was measured
    ("sigmoid_residual", 0): 66,  # at y = 0.4 and a probability of 0.4013, which is 300 times their difference
    # above -1 by m' = -m(m + x): the rounding of m counts 62 times in the second derivative, and more in the third
    ("log_normal_cdf", 3): 160, ("inverse_mills", 2): 160, ("inverse_mills", 3): 630,
}  # fmt: skip


def _exponent(n: int, x: float, y: float) -> float:
    """Each of the exponents y - 1, y - 2, ... is rounded by half an ulp, which counts log(x) times, in each term."""
    return 1.5 * n * (abs(y) + n) * abs(math.log(abs(x))) if x else 0.0


def _cubic(n: int, x: float) -> float:
    """An argument with six roundings of half an ulp, which count as often as it is large in what falls off as exp."""
    return 3 * min(1.6 * abs(x + 0.044715 * x**3), 745.0) if abs(x) < 1e3 else 0.0


def _rises(x: float) -> tuple[tuple[Any, Any], ...]:
    """Of r = mish_rise the derivatives by r: for each order the sizes of the terms, and their sum.

    With h = s(-x) - 2 s(x) t and t = tanh(softplus(x)) they are h, h h + h', h h h + 3 h h' + h''.
    """
    s, t = 1 / (1 + mpmath.exp(-x)), mpmath.tanh(mpmath.log1p(mpmath.exp(x)))
    slope, rise = s * (1 - s), s * (1 - t**2)
    h, size = (1 - s) - 2 * s * t, (1 - s) + 2 * s * t
    h1 = slope + 2 * slope * t + 2 * s * rise  # less than 0: the terms have one sign
    h2 = -slope * (1 - 2 * s) * (1 + 2 * t) - 4 * slope * rise - 2 * s * rise * h
    size2 = slope * (1 + 2 * t) + 4 * slope * rise + 2 * s * rise * size
    return (size, h), (size**2 + h1, h**2 - h1), (size**3 + 3 * size * h1 + size2, h**3 - 3 * h * h1 + h2)


def _rise(n: int, x: float) -> float:
    """How often the terms of a derivative of mish_rise are larger than their sum; beyond 50 there is one term."""
    if n == 0 or abs(x) > 50:
        return 0.0
    sizes, total = _rises(x)[n - 1]
    return float(sizes / abs(total))


def _mish(n: int, x: float) -> float:
    """The same of mish'' = 2 r + x r' and of the third derivative, 3 r' + x r''."""
    if n < 2 or abs(x) > 50:
        return 0.0
    (first, then), (sizes, total) = ((1, 1), _rises(x)[0]) if n == 2 else _rises(x)[:2]
    return float((n * first + abs(x) * sizes) / abs(n * then + x * total))


# The condition number of a formula, by the order and the operands: how many ulps its own roundings cost at a point.
CONDITION: dict[str, Callable[..., float]] = {
    "pow": _exponent,
    "power_log": _exponent,
    "power_slope": lambda n, x, y: _exponent(n + 1, x, y),
    "gelu_tanh": _cubic,
    "logaddexp": lambda n, x, y: min(abs(x - y), 745.0) if n else 0.0,  # of x - y, in what falls off as exp
    "mish_rise": _rise,
    "mish": _mish,
}
# From this order on a derivative changes its sign inside, at no number: near that it is a difference, whose terms are
# right, and is held to its size 10 % away.
INNER_ZEROS: dict[str, int] = {
    "sigmoid": 3, "sigmoid_slope": 2, "log_sigmoid": 4, "softplus": 4, "tanh": 3, "tanh_slope": 2, "silu": 0, "mish": 0,
    "gelu": 1, "gelu_tanh": 1, "arctan": 3, "arctan2": 1, "hypot": 2, "direction": 2, "arcsinh": 3, "erf": 3, "erfc": 3,
    "gaussian": 2, "normal_cdf": 3, "pow": 2, "power_log": 1, "power_slope": 1, "binary_cross_entropy": 1,
    "sigmoid_residual": 0, "sigmoid_cross_entropy": 1, "tan": 9, "ratio": 9, "inverse_mills": 2, "mish_rise": 1,
}  # fmt: skip
# What is not asked for, by the order of the derivative, the largest number of the type and the operands; and why.
LEFT_OUT: dict[str, Callable[..., bool]] = {
    # x**(y - 1) alone overflows, or x**(y - 2) alone is 0
    "pow": lambda n, top, x, y: n >= 1 and (not 1e-10 < abs(x) < 1e10 or abs(y) > 40 or abs(y) < 1e-10
                                            or (y - 2) * math.log(abs(x)) < -math.log(top)),
    "power_log": lambda n, top, x, y: LEFT_OUT["pow"](n + 1, top, x, y),
    "power_slope": lambda n, top, x, y: LEFT_OUT["pow"](n + 1, top, x, y),
    # a difference of squares that are infinite
    "arctan2": lambda n, top, x, y: n >= 1 and max(abs(x), abs(y)) < 1e-90,
    "hypot": lambda n, top, x, y: n >= 2 and max(abs(x), abs(y)) < 1e-90,
    "direction": lambda n, top, x, y: n >= 1 and max(abs(x), abs(y)) < 1e-90,
    "gelu_tanh": lambda n, top, x: n >= 3 and abs(x * x * x) > top,  # the cubic times a slope of 0: infinite times 0
    "sinc": lambda n, top, x: x != 0 and x == round(x),  # the oracle's own pi is rounded there
}  # fmt: skip


def _heaviside(x: Any, at_zero: Any) -> Any:
    return mpmath.mpf(x > 0) if x != 0 else mpmath.mpf(at_zero)


NAMES: dict[str, Any] = {"Heaviside": _heaviside, "Max": max, "Min": min, "sign": mpmath.sign}
ROWS = [row for row in TABLE.values() if row.elementwise]


@cache
def exact_functions(row: Op, count: int, order: int) -> dict[tuple[int, ...], Any]:
    """A function of mpmath for the value and each derivative up to this order, by the operands in turn."""
    expression, symbols = formula(row, count, row.defaults)
    made: dict[tuple[int, ...], Any] = {(): expression}
    flows = [i for i in range(count) if row.rule(i) is not None]
    for n in range(1, order + 1):
        for key in combinations_with_replacement(flows, n):
            slope = sympy.diff(made[key[:-1]], symbols[key[-1]])
            steps = (sympy.DiracDelta, sympy.Derivative, sympy.Subs)  # of steps, away from where they are
            made[key] = slope.replace(lambda e, steps=steps: isinstance(e, steps), lambda e: sympy.Integer(0))
    return {key: sympy.lambdify(symbols, found, [NAMES, "mpmath"]) for key, found in made.items()}


@lru_cache(20_000)
def exact(row: Op, order: int, key: tuple[int, ...], point: tuple[float, ...], digits: int) -> Any:
    """A derivative at a point, kept for the backends; None where it has no finite real value."""
    try:
        with mpmath.workdps(digits):
            found = exact_functions(row, len(point), order)[key](*map(mpmath.mpf, point))
        return None if isinstance(found, mpmath.mpc) or not mpmath.isfinite(found) else mpmath.mpf(found)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError):
        return None


def points_of(row: Op, few: bool, single: bool) -> list[tuple[float, ...]]:
    """Where a row is asked for: logarithmically spaced on both sides of 0, as numbers of the type."""
    one = FEW if few else POINTS
    axes = {1: [one], 2: [PAIRS, PAIRS], 3: [TRIPLES] * 3}[row.arity or 2]
    axes = [one, LABELS] if row.check is not None else axes
    kind = np.float32 if single else np.float64
    smallest, largest = float(np.finfo(kind).tiny), float(np.finfo(kind).max)
    kept = [[float(kind(x)) for x in axis if x == 0 or smallest < abs(x) < largest] for axis in axes]
    found = list(product(*kept))
    return found[:: max(len(found) // 33, 1)] if few else found


def at_a_kink(row: Op, point: tuple[float, ...]) -> bool:
    """Whether a convention decides there: at 0, where operands are equal, at a bound."""
    special = {0.0, *map(float, (b for b in (3, -3) if row.name == "hard_sigmoid"))}
    return bool(row.kink) and (bool(special & set(point)) or len(set(point)) < len(point))


def computed(row: Op, keys: Sequence[tuple[int, ...]], points: Any, dtype: str, backend: str) -> dict[Any, Any]:
    """The value and the derivatives at points, by the pass or by a compiled program."""
    leaves = [cg.variable(name, (points.shape[1],)) for name in "xyz"[: len(points)]]
    nodes = {(): build(row, *leaves)}
    for key in keys:
        if key and key[:-1] in nodes:
            try:
                nodes[key] = cg.grad(cg.sum(nodes[key[:-1]]), leaves[key[-1]])
            except cg.errors.GradientError:  # became constant: 0, and so is what comes after it
                continue
    values = dict(zip(leaves, points.astype(dtype), strict=True))
    if backend == "pass":
        with np.errstate(all="ignore"):
            fwd = forward(Graph([*nodes.values()]), values, NumpyWorld(dtype))
        return {key: fwd[node] for key, node in nodes.items()}
    program = cg.compile([*nodes.values()], inputs=leaves, dtype=dtype, backend=backend)
    return dict(zip(nodes, program(*values.values()), strict=True))


def wrong(row: Op, order: int, dtype: str, backend: str, few: bool) -> Iterator[str]:
    """What is further from the truth than the row's bound."""
    points = points_of(row, few, dtype == "float32")
    keys = [*exact_functions(row, len(points[0]), order)]
    got = computed(row, keys, np.array(points).T, dtype, backend)
    limits = np.finfo(dtype)
    left_out, top = LEFT_OUT.get(row.name, lambda *point: False), float(limits.max)
    digits = DIGITS[few and row.arity == 1, dtype]
    digits = digits if few else MORE_DIGITS.get(row.name, digits)
    with mpmath.workdps(digits):
        for key, mine in got.items():
            bound = BOUNDS.get((row.name, len(key)), ULPS + 4 * len(key))
            for point, number in zip(points, np.broadcast_to(mine, (len(points),)).tolist(), strict=True):
                if (key and at_a_kink(row, point)) or left_out(len(key), top, *point):
                    continue
                if exact(row, order, (), point, digits) is None:
                    continue
                right = exact(row, order, key, point, digits)
                if right is None or abs(right) > limits.max:
                    continue
                size = abs(right)
                if len(key) >= INNER_ZEROS.get(row.name, 9):
                    beside = [exact(row, order, key, (f * point[0], *point[1:]), digits) for f in (0.9, 1.1)]
                    if beside[0] is not None and beside[1] is not None and beside[0] * beside[1] < 0:
                        size = max(size, *map(abs, beside))
                unit = max(size, mpmath.mpf(float(limits.tiny))) * mpmath.mpf(float(limits.eps))
                off = abs(mpmath.mpf(number) - right) / unit if np.isfinite(number) else mpmath.inf
                if off > bound and off > bound + CONDITION.get(row.name, lambda *_: 0.0)(len(key), *point):
                    far = mpmath.nstr(off, 4)
                    yield f"{row.name} {key} at {point}: {number!r}, right {mpmath.nstr(right, 17)}, {far} ulps"


@pytest.mark.parametrize("row", sparse(ROWS, 3), ids=lambda row: row.name)
def test_values_and_slopes_keep_their_digits_where_units_saturate(row: Op) -> None:
    assert [*wrong(row, 1, "float64", "pass", few=True)] == []


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_values_and_three_derivatives_keep_their_digits_in_every_backend(row: Op, dtype: str) -> None:
    off = {backend: [*wrong(row, 3, dtype, backend, few=False)] for backend in ("pass", "numpy", "native")}
    assert not any(off.values()), off


WRITTEN = [pytest.param(row, i, id=f"{row.name}-{i}") for row in ROWS for i in range(row.arity or 0)
           if row.rule(i) is not None and as_written(row.rule(i)) is not row.rule(i)]  # fmt: skip


@pytest.mark.parametrize("row, position", WRITTEN)
def test_the_form_that_textbooks_write_is_the_derivative_too(row: Op, position: int) -> None:
    expression, names = formula(row, row.arity or 2, row.defaults)
    shown = as_written(row.rule(position))(SYMPY, as_object(expression), *map(as_object, names), **row.defaults)
    check = compare(row.name, sympy.sympify(np.asarray(shown)[()]), sympy.diff(expression, names[position]))
    assert "proved" in str(check), check

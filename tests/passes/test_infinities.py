"""At ±∞ the rows of one operand have the limits of their values and slopes, and nobody is warned of what is known."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
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
from cgraph.worlds.sympy import formula

BACKENDS = [b for b in ("numpy", "native", "scalar", "scalar-numpy") if compiler() or b in ("numpy", "scalar-numpy")]
FAR = ("1e20", "1e21", "1e22")
NAMES = {
    "tail": lambda u: mpmath.erfc(-u),
    "DiracDelta": lambda x: 0,
    "Heaviside": lambda x, at_zero: mpmath.mpf(x > 0),
    "Max": max,
    "Min": min,
    "sign": mpmath.sign,
}

WITHOUT_END = {"lgamma", "digamma"}  # their poles go on to -∞, where there is no limit


class Case(NamedTuple):
    """A row at an infinity, and the limits of value and slope there."""

    row: Op
    at: float
    value: float
    slope: float

    def __str__(self) -> str:
        return f"{self.row.name}-{self.at:g}"


def limit(function: Any, side: int) -> float | None:
    """What mpmath finds far out; None where that is no real number, or no limit."""
    try:
        with mpmath.workdps(120):
            near, far, farther = (function(side * mpmath.mpf(x)) for x in FAR)
            if any(isinstance(x, mpmath.mpc) for x in (near, far, farther)):
                return None
            if abs(far - farther) <= abs(near - far) < mpmath.mpf("1e-6"):
                return float(farther) if abs(farther) > 1e-7 else 0.0
            grows = 1 < abs(near) < abs(far) < abs(farther) and mpmath.sign(far) == mpmath.sign(farther)
            return float(mpmath.sign(farther) * mpmath.inf) if grows else None
    except (ValueError, ZeroDivisionError):
        return None


def tails(e: Any) -> Any:
    """An expression with erfc(-u) for 1 + erf(u), which cancels."""
    tail = sympy.Function("tail")
    return e.replace(sympy.erf, lambda u: tail(u) - 1).replace(lambda part: part.is_Add, sympy.expand)


def cases() -> Iterator[Case]:
    for row in TABLE.values():
        if not row.elementwise or row.arity != 1 or row.rule(0) is None:
            continue
        expression, (x,) = formula(row, 1, row.defaults)
        functions = [sympy.lambdify([x], tails(f), [NAMES, "mpmath"]) for f in (expression, sympy.diff(expression, x))]
        for side in (1,) if row.name in WITHOUT_END else (-1, 1):
            value, slope = (limit(f, side) for f in functions)
            if value is not None and slope is not None:
                yield Case(row, side * np.inf, value, slope)


CASES = list(cases())


def test_there_are_limits_of_most_rows() -> None:
    names = {case.row.name for case in CASES}
    assert len(CASES) > 60
    assert {"silu", "mish", "gelu", "gelu_tanh", "gaussian", "erf", "normal_cdf", "softsign", "inverse_mills"} <= names


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.filterwarnings("error::cgraph.errors.IndeterminateWarning")
def test_a_pass_and_a_gradient_have_the_limits_without_a_warning(case: Case) -> None:
    x = cg.variable("x")
    y = build(case.row, x)
    bwd = cg.backward(y, x=case.at)
    assert bwd.forward[y] == pytest.approx(case.value, rel=1e-6, abs=1e-7)
    assert bwd.gradient["x"] == pytest.approx(case.slope, rel=1e-6, abs=1e-7)
    slope = cg.grad(y, x)
    assert cg.forward(slope, x=case.at)[slope] == pytest.approx(case.slope, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", sparse([pytest.param(c, id=str(c)) for c in CASES], 9))
def test_programs_have_the_limits_and_count_nothing(case: Case, backend: str) -> None:
    x = cg.variable("x")
    y = build(case.row, x)
    program = cg.compile([y, cg.grad(y, x)], [x], backend=backend)
    assert program(case.at) == [pytest.approx(v, rel=1e-6, abs=1e-7) for v in (case.value, case.slope)]
    assert program.indeterminate == 0


QUESTIONS: dict[str, Any] = {  # 0·∞ at an infinity that is no 0, or is not 0 before it
    "x/x": lambda x: x * cg.reciprocal(x), "the root of a square": lambda x: cg.sqrt(x * x),
    "a logarithm of an exponential": lambda x: cg.log(cg.exp(x)), "a small slope": lambda x: cg.sqrt(x * 1e-300) ** 2,
}  # fmt: skip


@pytest.mark.parametrize("build", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_what_is_not_known_at_infinity_is_said_or_seen(build: Any) -> None:
    x = cg.variable("x")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", IndeterminateWarning)
        bwd = cg.backward(build(x), x=np.inf)
    assert said or np.isnan(bwd.gradient["x"]) or np.isnan(bwd.forward.values[-1])


@pytest.mark.filterwarnings("error::cgraph.errors.IndeterminateWarning")
def test_an_infinite_element_does_not_settle_its_neighbours() -> None:
    x = cg.variable("x", 2)
    with pytest.raises(IndeterminateWarning):
        cg.backward(cg.sum(cg.cbrt(x) ** 3), x=[np.inf, 0.0])
    cg.backward(cg.sum(cg.exp(-(x * x))), x=[np.inf, 1.0])

"""Python's own numbers and functions on nodes: fractions are values, `abs` is the op."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph.errors import ValueRefusedError

THIRD = Fraction(1, 3)


def test_pythons_abs_is_the_tables() -> None:
    x = cg.variable("x", 3)
    node = abs(x - 1.0)
    assert node.op is cg.abs(x).op
    assert "test_values.py" in node.where
    bwd = cg.backward(cg.forward(cg.sum(node), x=[-1.0, 1.0, 3.0]))
    assert bwd.gradient["x"].tolist() == [-1, 0, 1]
    assert abs(cg.grad(x[0] * 2.0, x)).op is node.op  # of a derivative too


FED: dict[str, Callable[[], Any]] = {
    "a variable's value": lambda: cg.forward(cg.variable("x") * 1.0, x=THIRD).values[-1],
    "a parameter's": lambda: cg.parameter("w", THIRD).value,
    "a constant": lambda: cg.constant(THIRD).value,
    "on the left": lambda: cg.forward(THIRD * cg.constant(1.0)).values[-1],
    "on the right": lambda: cg.forward(cg.constant(1.0) * THIRD).values[-1],
    "a program's value": lambda: cg.compile(cg.variable("x") * 1.0)(x=THIRD)[0],
    "a formula's value": lambda: cg.forward("y = x*1", x=THIRD)["y"],
}


@pytest.mark.parametrize("make", FED.values(), ids=FED.keys())
def test_a_fraction_is_the_number_nearest_to_it(make: Callable[[], Any]) -> None:
    assert make() == float(THIRD)


def test_arrays_of_fractions_are_values_too() -> None:
    values = [[THIRD, 1], [Fraction(-7, 2), 2]]
    assert cg.forward("y = x*1", x=values)["y"].tolist() == [[1 / 3, 1.0], [-3.5, 2.0]]
    assert cg.constant(np.array(values)).value.dtype == np.float64


@pytest.mark.parametrize("other", [Decimal("0.1"), [THIRD, "a"], [THIRD, None], [THIRD, 1j], [THIRD, Decimal(1)]])
def test_what_is_no_real_number_is_refused_as_before(other: Any) -> None:
    with pytest.raises(ValueRefusedError, match="no real number"):
        cg.constant(other)


def test_a_fraction_too_large_for_a_float_is_refused() -> None:
    for value in (Fraction(10**400), [Fraction(10**400), 1]):
        with pytest.raises(ValueRefusedError, match="too large for a float"):
            cg.constant(value)

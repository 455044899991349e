"""Elementwise values in C: functions of the prelude keep their digits, and loops are made for vectors."""

from __future__ import annotations

import re

import mpmath
import numpy as np
import pytest

import cgraph as cg

SAMPLES = np.concatenate([np.linspace(1e-3, 1.2, 400), 10.0 ** np.linspace(-30, 2, 60), [0.5499999, 0.55, 0.5500001]])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_tanh_in_c_keeps_its_digits_and_its_sign(dtype: str) -> None:
    x = cg.variable("x", ("n",))
    points = np.concatenate([SAMPLES, -SAMPLES]).astype(dtype)
    (found,) = cg.compile(cg.tanh(x), [x], backend="native", dtype=dtype)(points)
    with mpmath.workdps(40):
        for at, got in zip(points, found, strict=True):
            right = mpmath.tanh(mpmath.mpf(float(at)))
            assert abs(mpmath.mpf(float(got)) - right) <= 3 * mpmath.mpf(float(np.spacing(abs(got)))), at


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_tanh_in_c_has_the_limits_and_the_zeros_of_tanh(dtype: str) -> None:
    x = cg.variable("x", (5,))
    (found,) = cg.compile(cg.tanh(x), [x], backend="native", dtype=dtype)([0.0, -0.0, np.inf, -np.inf, np.nan])
    np.testing.assert_array_equal(found, [0.0, 0.0, 1.0, -1.0, np.nan])
    np.testing.assert_array_equal(np.signbit(found[:4]), [False, True, False, True])


@pytest.mark.parametrize("columns, loop", [(10, "i0 < 70;"), (16, "i1 < 16;"), (128, "i1 < 128;")])
def test_exp_has_one_loop_over_all_rows_where_a_row_is_no_multiple_of_a_vector(columns: int, loop: str) -> None:
    x = cg.variable("x", (7, columns))
    text = cg.compile(cg.exp(x - cg.max(x, axis=1, keepdims=True)), [x], backend="native").source
    assert loop in re.findall(r"for \(.*?\)", text[: text.index("EXP(v")])[-1]

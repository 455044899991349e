"""Products and traces that are written in other ops, beside NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph.errors import ShapeError


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2), (1, 4), (4, 1), (0, 3), (3, 0), (4, 2, 3), (2, 2, 3, 2)])
def test_the_trace_of_any_matrix_and_stack_is_numpys(shape: tuple[int, ...]) -> None:
    value = np.random.default_rng(0).normal(size=shape)
    x = cg.variable("x", shape)
    node = cg.matrix_trace(x)
    fwd = cg.forward(node, x=value)
    np.testing.assert_allclose(fwd[node], np.trace(value, axis1=-2, axis2=-1))
    slope = cg.backward(cg.sum(node), x=value).gradient["x"]
    np.testing.assert_array_equal(slope, np.broadcast_to(np.eye(*shape[-2:]), shape))
    np.testing.assert_allclose(cg.compile(node, backend="numpy")(value)[0], fwd[node])
    if value.size:
        assert cg.prove(cg.sum(node)).proved


@pytest.mark.parametrize("shape", [(3,), (), ("m", 3), ("m", "n")])
def test_what_has_no_diagonal_is_refused(shape: Any) -> None:
    with pytest.raises(ShapeError, match=r"diagonal.*test_products\.py"):
        cg.matrix_trace(cg.variable("x", shape))

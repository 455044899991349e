"""The first node that made an infinity or NaN is named."""

from __future__ import annotations

import numpy as np
import pytest

import cgraph as cg
from cgraph.errors import NotFiniteError


def test_the_first_node_that_made_an_infinity_is_named_with_its_operands_and_its_line() -> None:
    x = cg.variable("x")
    shifted = (x - 1).named("s")
    loss = cg.exp(cg.log(shifted).named("l"))
    with pytest.raises(NotFiniteError) as caught:
        cg.forward(loss, x=1.0, check_finite=True)
    for part in ("l = log made infinity", "s = 0", "test_not_finite.py, line", "loss = cg.exp"):
        assert part in str(caught.value)


def test_the_first_node_that_made_nan_is_named_with_the_range_of_its_operands() -> None:
    x = cg.variable("x", 3)
    with pytest.raises(NotFiniteError, match=r"made NaN.* x = array \[3\], from -1 to 2"):
        cg.forward(cg.sum(cg.sqrt(x)), x=[1.0, -1.0, 2.0], check_finite=True)


def test_a_leaf_that_is_given_nan_is_named() -> None:
    with pytest.raises(NotFiniteError, match="x is given"):
        cg.forward(cg.variable("x") + 1, x=np.nan, check_finite=True)


def test_what_is_finite_passes_the_check_and_without_it_nothing_is_refused() -> None:
    x = cg.variable("x")
    assert cg.forward(x + 1, x=1.0, check_finite=True).values[-1] == 2.0
    assert cg.forward(cg.log(x), x=0.0).values[-1] == -np.inf

"""Which conventions decided in a pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgraph as cg

AT_A_KINK: dict[str, tuple[Any, str]] = {
    "relu": (cg.relu, "ReLU'(0) = 1"),
    "relu, the frameworks'": (lambda v: cg.relu(v, at_zero=0), "ReLU'(0) = 0"),
    "abs": (cg.abs, "abs'(0) = 0"),
    "a tie": (lambda v: cg.maximum(v, -v), "at a tie the first operand of maximum gets the share 1"),
    "a bound": (lambda v: cg.clip(v, 0.0, 1.0), "at a bound clip lets the share 1"),
    "max": (lambda v: cg.max(cg.stack([v, -v]), axis=0), "of equal elements the first gets the whole gradient"),
    "norm": (lambda v: cg.norm(cg.stack([v, v]), axis=0), "the slope of the norm is 0 at 0"),
    "std": (lambda v: cg.std(cg.stack([v, v]), axis=0), "the slope of std is 0 at equal values"),
    "arctan2": (lambda v: cg.arctan2(v, 2 * v), "the slopes of arctan2 at (0, 0) are 0"),
    "hypot": (lambda v: cg.hypot(v, 2 * v), "the slopes of hypot at (0, 0) are 0"),
}


@pytest.mark.parametrize("function, words", AT_A_KINK.values(), ids=AT_A_KINK)
def test_a_pass_lists_the_conventions_that_decided_and_in_how_many_elements(function: Any, words: str) -> None:
    v = cg.variable("v", 3)
    loss = cg.sum(function(v))
    (found,) = cg.backward(loss, v=[0.0, 0.2, 0.0]).conventions
    assert words in str(found)
    assert "test_decisions.py, line" in str(found)
    assert found.elements in (2, 3)  # of std all three
    assert [d for d in cg.backward(loss, v=[0.5, 0.2, 0.7]).conventions if "std" not in d.words] == []


def test_a_kink_behind_a_mask_decides_nothing() -> None:
    x, c = cg.variables("x c")
    loss = cg.where(c, cg.relu(x), x)
    assert cg.backward(loss, x=0.0, c=0.0).conventions == ()
    assert [d.words for d in cg.backward(loss, x=0.0, c=1.0).conventions] == ["ReLU'(0) = 1"]


def test_a_pass_of_symbols_lists_none() -> None:
    from cgraph.passes.backward import backward
    from cgraph.passes.forward import forward
    from cgraph.worlds.sympy import SYMPY

    bwd = backward(forward(cg.relu(cg.variable("x")), {}, SYMPY))
    assert bwd.conventions == bwd.indeterminate == ()


def test_nothing_is_computed_before_it_is_asked_for() -> None:
    bwd = cg.backward(cg.relu(cg.variable("x")), x=np.float64(0))
    assert "conventions" not in vars(bwd)
    assert bwd.conventions is bwd.conventions

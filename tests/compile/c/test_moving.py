"""What moves elements, in C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cgraph as cg

ONES: dict[str, Callable[[Any], Any]] = {  # nodes in which one number, a constant, is put in a place
    "the gradient of an element": lambda v: cg.grad(v[0], v),
    "the gradient of a slice of one": lambda v: cg.grad(v[1:2].reshape(()), v),
    "the gradient of an element that is picked twice": lambda v: cg.grad(cg.sum(v[[2]]), v),
    "one number in a row of others": lambda v: cg.index_add(cg.constant([5.0]), v, key=[1]),
    "one number among zeros": lambda v: cg.pad(cg.constant([2.0]), width=1) + v,
    "a matrix of one number": lambda v: cg.diagonal_matrix(cg.constant([2.0])) * v,
    "one number flipped": lambda v: cg.flip(cg.constant([2.0])) * v,
}


@pytest.mark.parametrize("made", ONES.values(), ids=ONES.keys())
def test_a_constant_of_one_number_can_be_put_in_a_place(made: Callable[[Any], Any]) -> None:
    v, value = cg.variable("v", 3), np.array([1.0, 2.0, 3.0])
    node = made(v)
    feed = dict.fromkeys(cg.Graph(node).inputs, value)
    got = cg.compile(node, backend="native", inputs=[v])(value)[0]
    np.testing.assert_array_equal(got, cg.forward(node, feed)[node])

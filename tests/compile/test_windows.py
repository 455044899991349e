"""Windows, short reductions and sums of products as programs compute them: shapes, ties, NaN, infinities."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from sparse import sparse

import cgraph as cg

BACKENDS = ["numpy", pytest.param("native", marks=pytest.mark.slow)]
SHAPES = [[5, 9, 12], [70, 4], [3, 16, 17], [2, 3, 8, 8]]


def compared(outputs: list[cg.Node], x: cg.Node, value: Any, backend: str) -> None:
    """A program's results against those of a pass."""
    plain = cg.forward(outputs, {x: value})
    found = cg.compile(outputs, inputs=[x], backend=backend)(value)
    for node, mine in zip(outputs, found, strict=True):
        np.testing.assert_allclose(mine, plain[node], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("shape", sparse(SHAPES, 2))
def test_windows_and_what_is_made_of_them_are_what_passes_compute(shape: list[int], backend: str) -> None:
    random = np.random.default_rng(0)
    for size, stride, dilation in product([1, 2, 3], [1, 2, 3], [1, 2]):
        if dilation * (size - 1) + 1 > shape[-1]:
            continue
        x = cg.variable("x", tuple(shape))
        seen = cg.windows(x, size=size, stride=stride, dilation=dilation)
        outputs = [
            cg.windows_add(cg.tanh(seen), x, size=size, stride=stride, dilation=dilation),
            *(reduction(seen, axis=-1) for reduction in (cg.max, cg.min, cg.sum, cg.mean)),
            cg.grad(cg.sum(cg.max(seen, axis=-1) ** 2), x),
            cg.pad(seen, width=((0, 0),) * (len(shape) - 1) + ((1, 2), (0, 1)), value=3.0),
        ]
        compared(outputs, x, random.normal(size=shape), backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("special", [0.0, np.nan, np.inf, -np.inf])
def test_the_first_of_the_largest_is_the_same_at_ties_and_where_nothing_is_finite(special: float, backend: str) -> None:
    random = np.random.default_rng(1)
    value = random.integers(0, 3, (4, 12, 12)).astype(float)
    value[random.random(value.shape) < 0.4] = special
    x = cg.variable("x", value.shape)
    seen = cg.windows(x, size=(2, 3), stride=(2, 1))
    for ties in ("first", "split"):
        compared([cg.max_share(seen, axis=(-2, -1), ties=ties), cg.max(seen, axis=(-2, -1))], x, value, backend)


PRODUCTS = [
    ("abij,cbj->aci", (4, 6, 5, 7), (8, 6, 7)),
    ("bij,bjk->bki", (3, 12, 11), (3, 11, 13)),
    ("ij,kj->ik", (40, 30), (20, 30)),
    ("bijk,ck->bcij", (3, 7, 6, 9), (5, 9)),
    ("i,ij->j", (60,), (60, 70)),
    ("hnd,hmd->hnm", (4, 16, 8), (4, 16, 8)),
    ("abc,abc->a", (12, 20, 20), (12, 20, 20)),
    ("abc,cd->ad", (12, 20, 10), (10, 9)),  # b stands in one operand alone
    ("ab,cd->abcd", (8, 9), (8, 9)),
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("subscripts, one, other", PRODUCTS, ids=[p[0] for p in PRODUCTS])
def test_large_sums_of_products_and_their_gradients_are_numpys(
    subscripts: str, one: Any, other: Any, backend: str
) -> None:
    random = np.random.default_rng(2)
    x, y = cg.variable("x", one), cg.variable("y", other)
    z = cg.einsum(subscripts, x, y)
    outputs = [z, *cg.grad(cg.sum(z * z), [x, y])]
    values = random.normal(size=one), random.normal(size=other)
    found = cg.compile(outputs, inputs=[x, y], backend=backend)(*values)
    result = np.einsum(subscripts, *values)
    left, right = subscripts.partition("->")[0].split(","), subscripts.partition("->")[2]
    np.testing.assert_allclose(found[0], result, rtol=1e-10, atol=1e-10)
    ones = [np.ones(one), np.ones(other)]
    for i in (0, 1):
        operands = [2 * result, values[1 - i], ones[i]]
        expected = np.einsum(f"{right},{left[1 - i]},{left[i]}->{left[i]}", *operands)
        np.testing.assert_allclose(found[1 + i], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("subscripts, one, other", PRODUCTS[:6], ids=[p[0] for p in PRODUCTS[:6]])
def test_a_large_sum_of_products_becomes_a_product_of_matrices(subscripts: str, one: Any, other: Any) -> None:
    x, y = cg.variable("x", one), cg.variable("y", other)
    values = cg.compile(cg.einsum(subscripts, x, y), inputs=[x, y], backend="numpy").stages["values"]
    assert "matmul(" in values and "einsum" not in values

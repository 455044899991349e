"""Products of stacks of matrices in programs: as one product, of copies once, summed over the stack, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sparse import sparse

import cgraph as cg

CASES: dict[str, tuple[Any, dict[str, tuple[int, ...]]]] = {
    "a stack times a matrix": (lambda x, y: x @ y, {"x": (3, 20, 15), "y": (15, 18)}),
    "a small one": (lambda x, y: x @ y, {"x": (2, 3, 4), "y": (4, 2)}),
    "a stack of stacks": (lambda x, y: x @ y, {"x": (2, 3, 12, 15), "y": (15, 16)}),
    "two stacks": (lambda x, y: x @ y, {"x": (4, 20, 15), "y": (4, 15, 18)}),
    "turned": (lambda x, y: x @ cg.transpose(y, axes=(0, 2, 1)), {"x": (4, 20, 15), "y": (4, 18, 15)}),
    "heads": (
        lambda x, y: cg.transpose(x, axes=(0, 2, 1, 3)) @ cg.transpose(y, axes=(0, 2, 3, 1)),
        {"x": (2, 20, 3, 16), "y": (2, 20, 3, 16)},
    ),
    "stacks that broadcast": (lambda x, y: x @ y, {"x": (1, 20, 15), "y": (4, 15, 18)}),
    "one matrix times a stack": (lambda x, y: x @ y, {"x": (20, 15), "y": (4, 15, 18)}),
    "rows in strides": (lambda x, y: x[:, ::2] @ y[:, ::3], {"x": (3, 40, 15), "y": (15, 54)}),
    "columns in strides": (lambda x, y: x[..., ::2] @ y, {"x": (3, 20, 30), "y": (15, 18)}),
    "a copied row": (lambda x, y: cg.broadcast_to(x, shape=(3, 20, 15)) @ y, {"x": (3, 1, 15), "y": (15, 18)}),
    "a copied stack": (lambda x, y: cg.broadcast_to(x, shape=(3, 20, 15)) @ y, {"x": (20, 15), "y": (15, 18)}),
    "copied columns": (lambda x, y: cg.broadcast_to(x, shape=(3, 20, 15)) @ y, {"x": (3, 20, 1), "y": (15, 18)}),
    "a mean of rows": (lambda x, y: cg.mean(x @ y, axis=1), {"x": (3, 20, 15), "y": (15, 18)}),
    "summed over the stack": (lambda x, y: cg.sum(x @ y, axis=0), {"x": (4, 20, 15), "y": (4, 15, 18)}),
    "summed, of stacks that broadcast": (lambda x, y: cg.sum(x @ y, axis=0), {"x": (1, 20, 15), "y": (4, 15, 18)}),
    "summed over two": (lambda x, y: cg.sum(x @ y, axis=(0, 1)), {"x": (2, 3, 12, 15), "y": (2, 3, 15, 9)}),
    "summed over one of two": (lambda x, y: cg.sum(x @ y, axis=0), {"x": (2, 3, 12, 15), "y": (2, 3, 15, 9)}),
    "summed and kept": (lambda x, y: cg.sum(x @ y, axis=0, keepdims=True), {"x": (4, 20, 15), "y": (4, 15, 18)}),
    "no rows": (lambda x, y: x @ y, {"x": (3, 0, 15), "y": (15, 18)}),
    "no depth": (lambda x, y: x @ y, {"x": (3, 20, 0), "y": (0, 18)}),
}


@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize("name", sparse(CASES, 5))
def test_products_of_stacks_and_their_gradients_are_those_of_passes(name: str, backend: str) -> None:
    make, shapes = CASES[name]
    random = np.random.default_rng(3)
    leaves = [cg.variable(n, s) for n, s in shapes.items()]
    values = [random.normal(size=s) for s in shapes.values()]
    z = make(*leaves)
    loss = cg.sum(z * random.normal(size=z.shape) + z**2)
    bwd = cg.backward(cg.forward([loss, z], dict(zip(leaves, values, strict=True))), of=loss)
    outputs = [z, *cg.grad(loss, leaves), cg.grad(cg.sum(cg.grad(loss, leaves[0]) ** 2), leaves[1])]
    again = cg.forward(outputs[-1], dict(zip(leaves, values, strict=True)))
    expected = [bwd.forward[z], *(bwd.gradient[leaf] for leaf in leaves), again[outputs[-1]]]
    for mine, theirs in zip(cg.compile(outputs, inputs=leaves, backend=backend)(*values), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-9)


def test_a_stack_times_a_matrix_and_the_gradient_by_the_matrix_are_one_product_each() -> None:
    x, y = cg.variable("x", (8, 20, 15)), cg.variable("y", (15, 18))
    values = cg.compile([x @ y, cg.grad(cg.sum((x @ y) ** 2), y)], inputs=[x, y], backend="numpy").stages["values"]
    products = [line for line in values.splitlines() if "matmul(" in line]
    assert len(products) == 2 and all("[160×18]" in p or "[15×18]" in p for p in products), products

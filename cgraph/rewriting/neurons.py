"""NEURONS: the world of single numbers. Values are NumPy object arrays whose elements are scalar nodes.

Elementwise ops become one scalar node an element, structural ops are NumPy's own functions on object arrays or
their definitions in other ops, and sums and products of matrices are written as an n-ary sum of products.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cgraph.graph.node import PARAMETER, Node, build, constant
from cgraph.ops import TABLE
from cgraph.ops.named import ByOp
from cgraph.ops.op import Op, as_written
from cgraph.worlds.world import Column, cells


class Neurons(np.ndarray[Any, Any]):
    """An object array of scalar nodes that stays an array when it has no dimensions, so that it keeps its shape."""

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return array.view(Neurons)


SUMS: ByOp[Callable[..., Any]] = ByOp()  # ops that are written as sums of many terms


class NeuronWorld(Column):
    """Builds one scalar node for each element, with definitions as a textbook has them, or as they lose no digits."""

    def __init__(self, lossless: bool = False) -> None:
        self.lossless = lossless

    name = "neurons"
    pi = np.pi

    def function(self, row: Op) -> Callable[..., Any]:
        if row.elementwise:
            return lambda *operands, **attrs: elementwise(lambda *x: build(row, *x, **attrs), *operands)
        if row in SUMS:
            return SUMS[row]
        if row.definition is not None:
            definition = row.definition if self.lossless else as_written(row.definition)
            defaults = row.defaults
            return lambda *operands, **attrs: as_neurons(definition(self, *operands, **{**defaults, **attrs}))
        return lambda *operands, **attrs: as_neurons(row.numpy(*operands, **attrs))


def as_neurons(value: Any) -> Any:
    """An array of scalar nodes from an array of nodes and numbers."""
    return cells(value, _neuron, Neurons)


def _neuron(element: Any) -> Node:
    return element if isinstance(element, Node) else constant(float(element))


def elementwise(function: Callable[..., Node], *operands: Any) -> Any:
    """A scalar node for each element of the operands, which broadcast."""
    arrays = np.broadcast_arrays(*map(as_neurons, operands), subok=True)
    result: Any = np.empty(arrays[0].shape, dtype=object).view(Neurons)
    for index in np.ndindex(*result.shape):
        result[index] = function(*(a[index] for a in arrays))
    return result


def total(terms: list[Node]) -> Node:
    """One sum of all terms, as a neuron adds its inputs."""
    return build(TABLE["add"], *terms) if len(terms) > 1 else terms[0] if terms else constant(0.0)


def _product(x: Node, y: Node) -> Node:
    """A weight stands before what it weighs, as in Fig. 6.18."""
    return y * x if y.kind == PARAMETER != x.kind else x * y


@SUMS
def _sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = tuple(a % x.ndim for a in axes)
    kept = [i for i in range(x.ndim) if i not in axes]
    moved = np.transpose(x, (*kept, *axes)).reshape(*(x.shape[i] for i in kept), -1)
    result: Any = np.empty(moved.shape[:-1], dtype=object).view(Neurons)
    for index in np.ndindex(*result.shape):
        result[index] = total(list(moved[index]))
    return np.expand_dims(result, axes) if keepdims else result


@SUMS
def _mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    sums = _sum(x, axis, keepdims)
    count = x.size // max(sums.size, 1)
    return sums if count == 1 else elementwise(lambda s: s / count, sums)


@SUMS
def _einsum(*operands: Any, subscripts: str) -> Any:
    """Every sum of products: the operands with all letters as axes, multiplied, and summed over those that go."""
    left, _, result = subscripts.partition("->")
    inputs = left.split(",")
    letters = result + "".join(dict.fromkeys(c for c in "".join(inputs) if c not in result))
    spread = []
    for part, x in zip(inputs, operands, strict=True):
        order = [part.index(c) for c in letters if c in part]
        spread.append(np.transpose(x, order)[tuple(slice(None) if c in part else None for c in letters)])
    product = spread[0]
    for x in spread[1:]:
        product = elementwise(_product, product, x)
    return _sum(product, axis=tuple(range(len(result), len(letters))))


@SUMS
def _matmul(x: Any, y: Any) -> Any:
    rows, columns = (x[None] if x.ndim == 1 else x), (y[:, None] if y.ndim == 1 else y)
    products = elementwise(_product, rows[..., :, None, :], np.swapaxes(columns, -1, -2)[..., None, :, :])
    result = _sum(products, axis=(products.ndim - 1,))
    dropped = ((result.ndim - 2,) if x.ndim == 1 else ()) + ((result.ndim - 1,) if y.ndim == 1 else ())
    return np.squeeze(result, axis=dropped) if dropped else result


NEURONS = NeuronWorld()
LOSSLESS = NeuronWorld(lossless=True)

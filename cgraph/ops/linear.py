"""Linear algebra: products of matrices, vectors and stacks of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cgraph import shapes
from cgraph.ops.row import Attrs, Example, Row, structural, unbroadcast
from cgraph.shapes import Shape


def _matmul(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    return attrs, shapes.matmul(*operands)


def _flip(w: Any, x: Any) -> Any:
    """The matrices of a stack, each transposed."""
    return w.transpose(x, axes=(*range(len(x.shape) - 2), len(x.shape) - 1, len(x.shape) - 2))


def _row(w: Any, x: Any) -> Any:
    """A vector on the left of a product as a matrix of one row."""
    return w.expand_dims(x, axis=(0,)) if len(x.shape) == 1 else x


def _column(w: Any, y: Any) -> Any:
    """A vector on the right of a product as a matrix of one column."""
    return w.expand_dims(y, axis=(1,)) if len(y.shape) == 1 else y


def _as_matrices(w: Any, g: Any, x: Any, y: Any) -> Any:
    """The upstream gradient of `x @ y` with the axes back that the product dropped for vectors."""
    if len(y.shape) == 1:
        g = w.expand_dims(g, axis=(len(g.shape),))
    if len(x.shape) == 1:
        g = w.expand_dims(g, axis=(len(g.shape) - 1,))
    return g


def _to_left(w: Any, g: Any, z: Any, x: Any, y: Any) -> Any:
    product = unbroadcast(w, _as_matrices(w, g, x, y) @ _flip(w, _column(w, y)), _row(w, x))
    return w.sum(product, axis=(0,)) if len(x.shape) == 1 else product


def _to_right(w: Any, g: Any, z: Any, x: Any, y: Any) -> Any:
    product = unbroadcast(w, _flip(w, _row(w, x)) @ _as_matrices(w, g, x, y), _column(w, y))
    return w.sum(product, axis=(1,)) if len(y.shape) == 1 else product


# fmt: off
PRODUCTS: tuple[Example, ...] = (
    (((2, 3), (3, 4)), {}),
    (((3,), (3,)), {}),
    (((2, 3), (3,)), {}),
    (((2,), (2, 3)), {}),
    (((3, 1, 2), (2, 2)), {}),
    (((2,), (3, 2, 2)), {}),
)
ROWS: tuple[Row, ...] = (
    structural("matmul", "x @ y", np.matmul,
               ("· {y}ᵀ", _to_left),
               ("{x}ᵀ ·", _to_right), infer=_matmul, sign="@", examples=PRODUCTS),
)
# fmt: on

"""Square matrices and stacks of them: diagonals, determinants, inverses, systems of equations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations
from math import prod
from typing import Any

import numpy as np

from cgraph import shapes
from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.ops.facts import Sizes, free
from cgraph.ops.linear import flipped
from cgraph.ops.op import Attrs, Op, structural, unbroadcast
from cgraph.shapes import Shape


def _square(x: Shape) -> None:
    if len(x) < 2 or x[-1] != x[-2]:
        raise ShapeError(
            f"{shapes.show(x)} is no square matrix",
            why="the last two dimensions must be equal",
            fix="give a matrix [n×n], or a stack of them",
        )


def _number(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    _square(operands[0])
    return attrs, operands[0][:-2]


def _matrix(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    _square(operands[0])
    return attrs, operands[0]


def _system(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    x, y = operands
    _square(x)
    return attrs, shapes.matmul(x, y)


def _diagonal_shape(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    (x,) = operands
    if len(x) < 2:
        raise ShapeError(f"{shapes.show(x)} has no diagonal", why="it needs two dimensions", fix="give a matrix")
    axis = attrs["axis"] if attrs["axis"] is not None else len(x) - 2
    (axis,) = shapes.normal_axes((axis,), len(x) - 1)
    if x[axis] != x[axis + 1]:
        raise ShapeError(
            f"the diagonal of {shapes.show(x)} along the axes {axis} and {axis + 1}",
            why=f"the dimensions {x[axis]} and {x[axis + 1]} differ",
            fix="give a square matrix",
        )
    return {"axis": axis}, (*x[:axis], *x[axis + 1 :])


def _embedded(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    (x,) = operands
    axis = attrs["axis"] if attrs["axis"] is not None else len(x) - 1
    (axis,) = shapes.normal_axes((axis,), len(x))
    return {"axis": axis}, (*x[: axis + 1], *x[axis:])


def _diagonal(xp: Any, x: Any, axis: int) -> Any:
    return xp.moveaxis(xp.diagonal(x, 0, axis, axis + 1), -1, axis)


def _diagonal_matrix(xp: Any, x: Any, axis: int) -> Any:
    size = xp.shape(x)[axis]
    here = xp.eye(size, dtype=bool).reshape(size, size, *(1,) * (xp.ndim(x) - axis - 1))
    return xp.where(here, xp.expand_dims(x, axis), xp.asarray(0, xp.result_type(x)))


def _solved(what: str, function: Callable[..., Any], *operands: Any) -> Any:
    try:
        return function(*operands)
    except np.linalg.LinAlgError:
        raise ValueRefusedError(
            f"{what} of a singular matrix",
            why="its determinant is 0, so that it has no inverse",
            fix="change the matrix, for example by adding a small multiple of the identity",
        ) from None


def _adjugate(xp: Any, x: Any) -> Any:
    known = xp.isfinite(x).all(axis=(-2, -1), keepdims=True)  # of nan and infinity there is no decomposition
    u, s, vt = xp.linalg.svd(xp.where(known, x, 0))
    others = xp.prod(xp.where(xp.eye(s.shape[-1], dtype=bool), s.dtype.type(1), s[..., None, :]), axis=-1)
    sign = xp.linalg.det(u) * xp.linalg.det(vt)
    result = (xp.swapaxes(vt, -1, -2) * (others * sign[..., None])[..., None, :]) @ xp.swapaxes(u, -1, -2)
    return xp.where(known, result, xp.nan).astype(xp.result_type(x))


def _each(g: Any, w: Any) -> Any:
    """A number for each matrix of a stack, in the matrix's rank."""
    rank = len(g.shape)
    return w.expand_dims(g, axis=(rank, rank + 1))


def _to_adjugate(w: Any, g: Any, z: Any, x: Any) -> Any:
    zt = flipped(w, z)
    rank = len(x.shape)
    inner = w.sum(g * z, axis=(rank - 2, rank - 1), keepdims=True)
    return (inner * zt - zt @ g @ zt) / _each(w.det(x), w)


def _columns(w: Any, g: Any, y: Any) -> Any:
    return w.expand_dims(g, axis=(len(g.shape),)) if len(y.shape) == 1 else g


def _to_matrix(w: Any, g: Any, z: Any, x: Any, y: Any) -> Any:
    return unbroadcast(w, -w.solve(flipped(w, x), _columns(w, g, y)) @ flipped(w, _columns(w, z, y)), x)


def _to_right_side(w: Any, g: Any, z: Any, x: Any, y: Any) -> Any:
    down = w.solve(flipped(w, x), _columns(w, g, y))
    return unbroadcast(w, w.sum(down, axis=(len(down.shape) - 1,)) if len(y.shape) == 1 else down, y)


# Operations -----------------------------------------------------------------------------------------------------------
def _thirds(x: Sizes, many: int) -> int:
    """So many n³/3 for each matrix [n×n] of a stack."""
    return prod(x[:-2]) * (many * x[-1] ** 3 // 3)


def _substitutions(result: Sizes, operands: Sequence[Sizes], attrs: Attrs) -> int:
    x, y = operands
    return _thirds((*result[: -2 if len(y) > 1 else -1], *x[-2:]), 2) + 2 * prod(result) * x[-1]


# In symbols: Leibniz's sum over permutations, minors, and the inverse by them ----------------------------------------
def _leibniz(x: Any) -> Any:
    size = x.shape[-1]
    total = x[..., :0, 0].sum(-1)  # 0 in the shape of the stack
    for order in permutations(range(size)):
        swaps = sum(a > b for i, a in enumerate(order) for b in order[i + 1 :])
        total = total + (-1) ** swaps * prod((x[..., i, j] for i, j in enumerate(order)), start=total * 0 + 1)
    return total


def _cofactors(x: Any) -> Any:
    size = x.shape[-1]
    result = x * 0
    for i in range(size):
        for j in range(size):
            rows, columns = [k for k in range(size) if k != j], [k for k in range(size) if k != i]
            minor = x[..., rows, :][..., columns]
            result[..., i, j] = (-1) ** (i + j) * (_leibniz(minor) if size > 1 else x[..., 0, 0] * 0 + 1)
    return result


# fmt: off
ROWS: tuple[Op, ...] = (
    structural("diagonal", "the diagonal of x", _diagonal,
               ("on the diagonal", lambda w, g, z, x, axis: w.diagonal_matrix(g, axis=axis)),
               infer=_diagonal_shape, axis=None, examples=[(((3, 3),), {}), (((2, 2, 3),), {"axis": 0})],
               view="moved", linear=(0,)),
    structural("diagonal_matrix", "x on the diagonal", _diagonal_matrix,
               ("the diagonal", lambda w, g, z, x, axis: w.diagonal(g, axis=axis)),
               infer=_embedded, axis=None, examples=[(((3,),), {}), (((2, 3),), {"axis": 0})],
               scattered=True, cost=free),
    structural("det", "det(x)", "linalg.det",
               ("· adj({x})ᵀ", lambda w, g, z, x: _each(g, w) * flipped(w, w.adjugate(x))),
               infer=_number, definition=lambda w, x: _leibniz(x), examples=[(((3, 3),), {}), (((2, 2, 2),), {})],
               cost=lambda result, operands, attrs: _thirds(operands[0], 2)),
    structural("adjugate", "det(x)*inv(x)", _adjugate,
               ("adj'", _to_adjugate), infer=_matrix, sign="adj",
               definition=lambda w, x: _cofactors(x), examples=[(((2, 2),), {}), (((2, 2, 2),), {})],
               cost=lambda result, operands, attrs: _thirds(operands[0], 8)),
    structural("inv", "x⁻¹", lambda xp, x: _solved("the inverse", xp.linalg.inv, x),
               ("−x⁻ᵀ · x⁻ᵀ", lambda w, g, z, x: -(flipped(w, z) @ g @ flipped(w, z))), infer=_matrix, sign="⁻¹",
               definition=lambda w, x: _cofactors(x) / _leibniz(x)[..., None, None],
               examples=[(((2, 2),), {}), (((2, 1, 1),), {})],
               refuses=True, cost=lambda result, operands, attrs: _thirds(operands[0], 6)),
    structural("solve", "x⁻¹ y", lambda xp, x, y: _solved("the solution", xp.linalg.solve, x, y),
               ("−x⁻ᵀ · zᵀ", _to_matrix), ("{x}⁻ᵀ ·", _to_right_side), infer=_system,
               definition=lambda w, x, y: np.matmul(_cofactors(x) / _leibniz(x)[..., None, None], y),
               examples=[(((2, 2), (2,)), {}), (((2, 2), (2, 1)), {}), (((2, 1, 1), (1,)), {})],
               refuses=True, cost=_substitutions),
)
# fmt: on

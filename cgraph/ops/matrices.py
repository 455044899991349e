"""Square matrices and stacks of them: diagonals, determinants, inverses, systems of equations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from math import prod
from typing import Any

import numpy as np

from cgraph import shapes
from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.ops import maps
from cgraph.ops.facts import Sizes, free
from cgraph.ops.linear import flipped
from cgraph.ops.op import Attrs, Op, joining, structural, unbroadcast
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


def _left_out(xp: Any, s: Any, count: int = 0) -> Any:
    """For each choice of 1 + `count` places, the product of the numbers at all others; 0 where a place comes twice.

    From [..., n] it makes [..., n, ..., n]. No division: a number may be 0.
    """
    size, one = s.shape[-1], s.dtype.type(1)
    here, apart = xp.eye(size, dtype=bool), xp.asarray(True)
    for axis in range(count):
        s = xp.where(here, one, s[..., None, :])
        apart = xp.expand_dims(apart, -1)
        for other in range(axis + 1):  # each place that was chosen before is another one
            apart = apart & ~here.reshape(*(size if i in (other, axis + 1) else 1 for i in range(axis + 2)))
    ones = xp.ones_like(s[..., :1])
    before = xp.cumprod(xp.concatenate([ones, s[..., :-1]], axis=-1), axis=-1)
    after = xp.cumprod(xp.concatenate([s[..., 1:], ones], axis=-1)[..., ::-1], axis=-1)[..., ::-1]
    return xp.where(apart, before * after, one * 0)


def _decomposed(xp: Any, x: Any) -> tuple[Any, Any, Any, Any]:
    """The sign of det(u) det(v) (nan for a matrix that is not finite), v, s and uᵀ of x = u s vᵀ, whose
    adjugate is that sign times v adj(s) uᵀ."""
    known = xp.isfinite(x).all(axis=(-2, -1), keepdims=True)  # of nan and infinity there is no decomposition
    u, s, vt = xp.linalg.svd(xp.where(known, x, 0))
    sign = xp.where(known[..., 0, 0], xp.sign(xp.linalg.det(u) * xp.linalg.det(vt)), xp.nan)
    return sign[..., None, None], xp.swapaxes(vt, -1, -2), s, xp.swapaxes(u, -1, -2)


def _adjugate(xp: Any, x: Any) -> Any:
    sign, v, s, ut = _decomposed(xp, x)
    return (sign * ((v * _left_out(xp, s)[..., None, :]) @ ut)).astype(xp.result_type(x))


def _adjugate_along(xp: Any, x: Any, *along: Any) -> Any:
    """The mixed derivative of the adjugate: a polynomial in the elements, which no division takes apart.

    With x = u s vᵀ it is that of the diagonal matrix s along uᵀ y v: each term has elements of the directions, whose
    rows and columns are the same places, and the product of the singular values at all other places.
    """
    size, count = x.shape[-1], len(along)
    dtype = xp.result_type(x, *along)
    if count >= size:
        return xp.zeros(xp.shape(x), dtype)
    sign, v, s, ut = _decomposed(xp, x)
    if count == size - 1:  # no element of x is left in it
        sign, v, ut = sign * sign, xp.broadcast_to(xp.eye(size), v.shape), xp.broadcast_to(xp.eye(size), v.shape)
    turned, others = [ut @ y @ v for y in along], _left_out(xp, s, count)
    letters, result = "abcdefghijklmnopqrstuvwxyz"[: count + 1], xp.zeros(xp.shape(x), dtype)
    for order, parity in signed_permutations(
        count + 1
    ):  # row m of the chosen ones is of matrix m, and its column is order[m]
        terms = [f"...{letters[m]}{letters[order[m]]}" for m in range(1, count + 1)]
        out = letters[order[0]] + letters[0] if order[0] else letters[0]
        part = parity * xp.einsum(f"...{letters},{','.join(terms)}->...{out}", others, *turned)
        result = result + (part if order[0] else part[..., None, :] * xp.eye(size, dtype=part.dtype))
    return (sign * (v @ result @ ut)).astype(dtype)


def _along(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    _square(operands[0])
    for y in operands[1:]:
        if y != operands[0]:
            raise ShapeError(
                f"the adjugate of {shapes.show(operands[0])} along {shapes.show(y)}",
                why="a direction has the shape of the matrix",
                fix="give matrices of one shape",
            )
    return attrs, operands[0]


def _to_along(i: int) -> Callable[..., Any]:
    """The pullback to operand i: the same polynomial along the upstream gradient, of one degree less for the matrix."""

    def pullback(w: Any, g: Any, z: Any, x: Any, *along: Any) -> Any:
        others = along if i == 0 else (*along[: i - 1], *along[i:])
        return flipped(w, w.adjugate_along(x, *others, flipped(w, g)))

    return pullback


def _each(g: Any, w: Any) -> Any:
    """A number for each matrix of a stack, in the matrix's rank."""
    rank = len(g.shape)
    return w.expand_dims(g, axis=(rank, rank + 1))


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
def signed_permutations(size: int) -> Iterator[tuple[tuple[int, ...], int]]:
    """The permutations of 0 to size - 1, each with its sign."""
    for order in permutations(range(size)):
        yield order, (-1) ** sum(a > b for i, a in enumerate(order) for b in order[i + 1 :])


def _leibniz(x: Any) -> Any:
    size = x.shape[-1]
    total = x[..., :0, 0].sum(-1)  # 0 in the shape of the stack
    for order, sign in signed_permutations(size):
        total = total + sign * prod((x[..., i, j] for i, j in enumerate(order)), start=total * 0 + 1)
    return total


def _cofactors(x: Any, *along: Any) -> Any:
    """The adjugate, or its mixed derivative: in each minor so many rows stand for those of the directions."""
    size = x.shape[-1]
    result = x * 0
    for i in range(size):
        for j in range(size):
            rows, columns = [k for k in range(size) if k != j], [k for k in range(size) if k != i]
            minor, *others = (m[..., rows, :][..., columns] for m in (x, *along))
            for chosen in permutations(range(size - 1), len(along)):
                mixed = minor.copy()
                for k, other in zip(chosen, others, strict=True):
                    mixed[..., k, :] = other[..., k, :]
                part = _leibniz(mixed) if size > 1 else x[..., 0, 0] * 0 + 1
                result[..., i, j] = result[..., i, j] + (-1) ** (i + j) * part
    return result


# fmt: off
ROWS: tuple[Op, ...] = (
    structural("diagonal", "the diagonal of x", _diagonal,
               (maps.of_diagonal, lambda w, g, z, x, axis: w.diagonal_matrix(g, axis=axis)),
               infer=_diagonal_shape, axis=None, examples=[(((3, 3),), {}), (((2, 2, 3),), {"axis": 0})],
               view="moved", linear=(0,)),
    structural("diagonal_matrix", "x on the diagonal", _diagonal_matrix,
               (maps.of_diagonal_matrix, lambda w, g, z, x, axis: w.diagonal(g, axis=axis)),
               infer=_embedded, axis=None, examples=[(((3,),), {}), (((2, 3),), {"axis": 0})],
               scattered=True, cost=free, through=True),
    structural("det", "det(x)", "linalg.det",
               (maps.of_det("adj({x})ᵀ"), lambda w, g, z, x: _each(g, w) * flipped(w, w.adjugate(x))),
               infer=_number, definition=lambda w, x: _leibniz(x), examples=[(((3, 3),), {}), (((2, 2, 2),), {})],
               cost=lambda result, operands, attrs: _thirds(operands[0], 2)),
    structural("logabsdet", "log(abs(det(x)))", lambda xp, x: xp.linalg.slogdet(x)[1],
               (maps.of_det("{x}⁻ᵀ"), lambda w, g, z, x: _each(g, w) * flipped(w, w.inv(x))), infer=_number,
               sign="log|det|", definition=lambda w, x: w.log(w.abs(_leibniz(x))),
               examples=[(((2, 2),), {}), (((2, 1, 1),), {})],
               cost=lambda result, operands, attrs: _thirds(operands[0], 2)),
    structural("det_sign", "sign(det(x))", lambda xp, x: xp.linalg.slogdet(x)[0], ("", None), infer=_number,
               sign="sign det", definition=lambda w, x: w.sign(_leibniz(x)), examples=[(((2, 2),), {})],
               cost=lambda result, operands, attrs: _thirds(operands[0], 2)),
    structural("adjugate", "det(x)*inv(x)", _adjugate,
               (maps.of_adjugate(0, 0), lambda w, g, z, x: flipped(w, w.adjugate_along(x, flipped(w, g)))),
               infer=_matrix, sign="adj", definition=lambda w, x: _cofactors(x),
               examples=[(((2, 2),), {}), (((2, 2, 2),), {})],
               cost=lambda result, operands, attrs: _thirds(operands[0], 8)),
    joining("adjugate_along", "the derivative of adjugate(x) along y, ...", _adjugate_along, maps.of_adjugate_along,
            _to_along, infer=_along, sign="adj'", definition=lambda w, x, *along: _cofactors(x, *along),
            examples=[(((2, 2), (2, 2)), {}), (((1, 3, 3), (1, 3, 3)), {})],
            cost=lambda result, operands, attrs: _thirds(operands[0], 8 + 6 * len(operands))),
    structural("inv", "x⁻¹", lambda xp, x: _solved("the inverse", xp.linalg.inv, x),
               ("−{z}ᵀ {g} {z}ᵀ", lambda w, g, z, x: -(flipped(w, z) @ g @ flipped(w, z))), infer=_matrix, sign="⁻¹",
               written="inverse",
               definition=lambda w, x: _cofactors(x) / _leibniz(x)[..., None, None],
               examples=[(((2, 2),), {}), (((2, 1, 1),), {})],
               refuses=True, cost=lambda result, operands, attrs: _thirds(operands[0], 6)),
    structural("solve", "x⁻¹ y", lambda xp, x, y: _solved("the solution", xp.linalg.solve, x, y),
               (maps.of_solve(0), _to_matrix), (maps.of_solve(1), _to_right_side), infer=_system,
               definition=lambda w, x, y: np.matmul(_cofactors(x) / _leibniz(x)[..., None, None], y),
               examples=[(((2, 2), (2,)), {}), (((2, 2), (2, 1)), {}), (((2, 1, 1), (1,)), {})],
               refuses=True, cost=_substitutions),
)
# fmt: on

"""Shapes: tuples of integers and named dimensions, such as `("m", 3)`.

A named dimension stands for a size that is bound when values come. Two different names, or a name and an
integer other than 1, never fit together: nothing that could fail later is let through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import TypeAlias, TypeGuard

import numpy as np

from cgraph.errors import ShapeError

Dimension: TypeAlias = int | str
Shape: TypeAlias = tuple[Dimension, ...]


def is_integer(value: object) -> TypeGuard[int]:
    """Whether a value is an integer, of Python or of NumPy, and no truth value.

    >>> is_integer(3), is_integer(np.int64(3)), is_integer(True), is_integer(3.0)
    (True, True, False, False)
    """
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def as_shape(shape: object) -> Shape:
    """A checked shape from an integer, a name, or a sequence of both.

    >>> as_shape(("m", 3)), as_shape(4), as_shape(())
    (('m', 3), (4,), ())
    """
    parts: Iterable[object] = shape if isinstance(shape, (tuple, list)) else (shape,)
    result: list[Dimension] = []
    for part in parts:
        if isinstance(part, str) and part.isidentifier():
            result.append(part)
        elif is_integer(part) and part >= 0:
            result.append(int(part))
        else:
            raise ShapeError(
                f"{part!r} is no dimension",
                why="a dimension is an integer from 0 up, or a name such as 'm'",
                fix='write a shape as ("m", 3)',
            )
    return tuple(result)


def show(shape: Shape) -> str:
    """The shape as the chapter writes it: `[m×3]`; a scalar is `[]`."""
    return "[" + "×".join(str(d) for d in shape) + "]"


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """The shape of an elementwise result, by NumPy's rule, names included.

    >>> broadcast([("m", 3), (3,)]), broadcast([(2, 1), (1, 3)])
    (('m', 3), (2, 3))
    """
    rank = max(map(len, shapes), default=0)
    result: list[Dimension] = []
    for axis in range(-rank, 0):
        sizes = {s[axis] for s in shapes if len(s) >= -axis and s[axis] != 1}
        if len(sizes) > 1:
            raise ShapeError(
                f"shapes {' and '.join(map(show, shapes))} do not broadcast",
                why=f"dimension {axis} is {' and '.join(sorted(map(str, sizes)))}",
            )
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def normal_axes(axis: object, rank: int) -> tuple[int, ...]:
    """Axes as a sorted tuple of integers from 0 up; None means all of them.

    >>> normal_axes(None, 2), normal_axes(-1, 3), normal_axes((), 2)
    ((0, 1), (2,), ())
    """
    if axis is None:
        return tuple(range(rank))
    given: Iterable[object] = axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = []
    for one in given:
        if not is_integer(one):
            raise ShapeError(f"{one!r} is no axis", why="an axis is an integer")
        index = int(one)
        if not -rank <= index < rank:
            raise ShapeError(f"axis {index} is not there", why=f"the operand has {rank} dimension(s)")
        axes.append(index % rank)
    if len(set(axes)) != len(axes):
        raise ShapeError(f"axis {axis!r} is given twice")
    return tuple(sorted(axes))


def reduced(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    """The shape after a reduction over `axes`."""
    if keepdims:
        return tuple(1 if i in axes else d for i, d in enumerate(shape))
    return tuple(d for i, d in enumerate(shape) if i not in axes)


def matmul(x: Shape, y: Shape) -> Shape:
    """The shape of a matrix product: 1-D, 2-D and stacked operands, by NumPy's rule.

    >>> matmul(("m", 3), (3, 4)), matmul((3,), (3,)), matmul((5, 2, 3), (3,))
    (('m', 4), (), (5, 2))
    """
    if not x or not y:
        raise ShapeError(f"matmul of {show(x)} and {show(y)}", why="a scalar has no matrix product", fix="use *")
    inner_x, inner_y = x[-1], y[-2] if len(y) > 1 else y[-1]
    if inner_x != inner_y:
        raise ShapeError(
            f"matmul of {show(x)} and {show(y)}",
            why=f"the inner dimensions {inner_x} and {inner_y} differ",
        )
    stack = broadcast([x[:-2], y[:-2]])
    return (*stack, *(x[-2:-1] if len(x) > 1 else ()), *(y[-1:] if len(y) > 1 else ()))


def reshape(shape: Shape, target: Shape | tuple[Dimension, ...]) -> Shape:
    """The target of a reshape, with one -1 filled in.

    Named dimensions of the operand must stand in the target too; the integers must multiply to the same.

    >>> reshape(("m", 2, 3), ("m", -1)), reshape((2, 3), (3, 2))
    (('m', 6), (3, 2))
    """
    unknown = [i for i, d in enumerate(target) if d == -1]
    names, target_names = (sorted(d for d in s if isinstance(d, str)) for s in (shape, target))
    size, target_size = (prod(d for d in s if isinstance(d, int) and d != -1) for s in (shape, target))
    filled = list(target)
    if len(unknown) == 1 and names == target_names and target_size and size % target_size == 0:
        filled[unknown[0]] = size // target_size
        return tuple(filled)
    missing = [n for n in names if n not in target_names]
    if len(unknown) == 1 and sorted([*target_names, *missing]) == names and len(missing) == 1 and size == target_size:
        filled[unknown[0]] = missing[0]
        return tuple(filled)
    if unknown or names != target_names or size != target_size:
        raise ShapeError(f"reshape of {show(shape)} to {show(tuple(target))}", why="the numbers of elements differ")
    return tuple(filled)


def bind(shape: Shape, sizes: Mapping[str, Dimension]) -> Shape:
    """The shape with its named dimensions replaced by the sizes they are bound to."""
    return tuple(sizes.get(d, d) if isinstance(d, str) else d for d in shape)


def match(declared: Shape, actual: Shape, sizes: dict[str, Dimension]) -> bool:
    """Whether an actual shape fits a declared one; binds the names in `sizes` on the way."""
    if len(declared) != len(actual):
        return False
    return all(
        (sizes.setdefault(want, have) if isinstance(want, str) else want) == have
        for want, have in zip(declared, actual, strict=True)
    )

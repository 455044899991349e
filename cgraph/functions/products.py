"""Products of vectors, matrices and their stacks that are written in others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.apply import op
from cgraph.functions.arranging import moveaxis
from cgraph.graph.node import Node, Operand, as_node
from cgraph.shapes import is_integer, normal_axes, show


def dot(x: Operand, y: Operand) -> Node:
    """The inner product of two vectors; x @ y when y is a matrix, x*y when one is a number.

    Of arrays with more dimensions, sums over the last of x and the last but one of y: [2×3] and [4×3×5] give [2×4×5].
    """
    x, y = as_node(x), as_node(y)
    if not x.shape or not y.shape:
        return op("mul", x, y)
    return op("matmul", x, y) if len(y.shape) < 3 else tensordot(x, y, ((-1,), (-2,)))


def outer(x: Operand, y: Operand) -> Node:
    """The outer product of two vectors: [m] and [n] give [m×n]."""
    x, y = as_node(x), as_node(y)
    for one in (x, y):
        if len(one.shape) != 1:
            raise ShapeError(
                f"outer of {show(x.shape)} and {show(y.shape)}",
                where=one.where,
                why="both must be vectors",
                fix="use .reshape(-1)",
            )
    return op("mul", op("expand_dims", x, axis=1), op("expand_dims", y, axis=0))


def matrix_trace(x: Operand) -> Node:
    """The sum of the diagonal of a matrix [m×n], or of each in a stack: x[0, 0] + x[1, 1] + ...

    Raises ShapeError when x has fewer than two dimensions, or a named size beside another one.
    """
    x = as_node(x)
    rows, columns = x.shape[-2:] if len(x.shape) > 1 else (0, 0)
    if rows != columns and isinstance(rows, int) and isinstance(columns, int):
        x = x[..., : min(rows, columns), : min(rows, columns)]
    return op("sum", op("diagonal", x), axis=-1)


def slogdet(x: Operand) -> tuple[Node, Node]:
    """The sign of the determinant of a square matrix and the logarithm of its absolute value; stacks [...×n×n] too.

    The logarithm is there where the determinant itself over- or underflows. Of a singular matrix it is -inf, and its
    derivative, the inverse, is refused.

    >>> import cgraph as cg
    >>> sign, logabsdet = slogdet(0.1 * cg.constant([[0.0, 1.0], [1.0, 0.0]]))
    >>> [round(float(cg.forward(node).values[-1]), 3) for node in (sign, logabsdet)]
    [-1.0, -4.605]
    """
    return op("det_sign", x), op("logabsdet", x)


def tensordot(x: Operand, y: Operand, axes: int | Sequence[Any] = 2) -> Node:
    """The sum of products over some axes of both: the last `axes` of x and first of y, or the two lists that are given.

    >>> import cgraph as cg
    >>> tensordot(cg.variable("x", (2, 3, 4)), cg.variable("y", (4, 3)), ([1, 2], [1, 0])).shape
    (2,)
    """
    x, y = as_node(x), as_node(y)
    mine, theirs = _summed(axes, len(x.shape), len(y.shape))
    if not x.shape or not y.shape:
        return op("mul", x, y)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    left = letters[: len(x.shape)]
    right = list(letters[len(x.shape) : len(x.shape) + len(y.shape)])
    for a, b in zip(mine, theirs, strict=True):
        right[b] = left[a]
    free = [c for i, c in enumerate(left) if i not in mine] + [c for i, c in enumerate(right) if i not in theirs]
    return op("einsum", x, y, subscripts=f"{left},{''.join(right)}->{''.join(free)}")


def _summed(axes: Any, rank: int, other: int) -> tuple[list[int], list[int]]:
    """The axes of both operands that a tensordot sums over, from 0 up."""
    if is_integer(axes):
        if not 0 <= axes <= min(rank, other):
            raise ShapeError(f"tensordot over {axes} axes", why=f"the operands have {rank} and {other} dimension(s)")
        return list(range(rank - int(axes), rank)), list(range(int(axes)))
    try:
        mine, theirs = ([one] if is_integer(one) else list(one) for one in axes)
    except (TypeError, ValueError):
        raise ValueRefusedError(f"tensordot with axes={axes!r}", fix="write axes=2, or axes=([1, 2], [0, 1])") from None
    if len(mine) != len(theirs):
        raise ShapeError(f"tensordot with axes={axes!r}", why="both need as many")
    normal_axes(mine, rank), normal_axes(theirs, other)
    return [a % rank for a in mine], [b % other for b in theirs]


def inner(x: Operand, y: Operand) -> Node:
    """The sums of products over the last axes of both: [2×3] and [4×3] give [2×4]; x*y when one is a number."""
    x, y = as_node(x), as_node(y)
    return op("mul", x, y) if not x.shape or not y.shape else tensordot(x, y, ((-1,), (-1,)))


def kron(x: Operand, y: Operand) -> Node:
    """Kronecker's product: y as often as x has elements, each time multiplied by one of them.

    >>> import cgraph as cg
    >>> kron(cg.variable("x", (2, 3)), cg.variable("y", (4, 5))).shape
    (8, 15)
    """
    x, y = as_node(x), as_node(y)
    rank = max(len(x.shape), len(y.shape))
    sizes = [(*(1,) * (rank - len(one.shape)), *one.shape) for one in (x, y)]
    pairs = list(zip(*sizes, strict=True))
    if any(isinstance(d, str) and 1 not in pair for pair in pairs for d in pair):
        raise ShapeError(f"kron of {show(x.shape)} and {show(y.shape)}", why="a product of sizes would have no name")
    spread = op("reshape", x, shape=tuple(d for a, _ in pairs for d in (a, 1)))
    copied = op("reshape", y, shape=tuple(d for _, b in pairs for d in (1, b)))
    joined = tuple(a * b if not isinstance(a, str) and not isinstance(b, str) else b if a == 1 else a for a, b in pairs)
    return op("reshape", spread * copied, shape=joined)


def cross(x: Operand, y: Operand, axis: int = -1) -> Node:
    """The cross product of vectors of three elements along an axis.

    >>> import cgraph as cg
    >>> cg.forward(cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])).values[-1].tolist()
    [0.0, 0.0, 1.0]
    """
    one, other = (moveaxis(v, axis, -1) for v in (as_node(x), as_node(y)))
    if one.shape[-1:] != (3,) or other.shape[-1:] != (3,):
        raise ShapeError(
            f"cross of {show(one.shape)} and {show(other.shape)}", why="vectors of three elements have one"
        )
    on, back = np.array([1, 2, 0]), np.array([2, 0, 1])
    return moveaxis(one[..., on] * other[..., back] - one[..., back] * other[..., on], -1, axis)


def convolve(x: Operand, y: Operand, mode: str = "full") -> Node:
    """The convolution of two vectors, as NumPy's: all sums ("full"), those of the longer one's size ("same"), or those
    in which no element is missing ("valid").

    >>> import cgraph as cg
    >>> cg.forward(convolve([1.0, 2.0, 3.0], [1.0, 10.0])).values[-1].tolist()
    [1.0, 12.0, 23.0, 30.0]
    """
    x, y = as_node(x), as_node(y)
    sizes = [d for d in (*x.shape, *y.shape) if isinstance(d, int) and d > 0]
    if len(x.shape) != 1 or len(y.shape) != 1 or len(sizes) < 2:
        raise ShapeError(f"convolve of {show(x.shape)} and {show(y.shape)}", why="it takes two vectors with elements")
    if mode not in ("full", "same", "valid"):
        raise ValueRefusedError(f"mode={mode!r}", fix='write "full", "same" or "valid"')
    long, short = (x, y) if sizes[0] >= sizes[1] else (y, x)
    n, m = int(long.shape[0]), int(short.shape[0])
    length = n if mode == "same" else n - m + 1
    start = {"full": 0, "same": (m - 1) // 2, "valid": m - 1}[mode]
    padded = op("pad", long, width=(m - 1, m - 1)) if m > 1 else long
    windows = padded[np.arange(start, start + (n + m - 1 if mode == "full" else length))[:, None] + np.arange(m)]
    return op("matmul", windows, op("flip", short, axis=0))

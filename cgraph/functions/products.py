"""Products of vectors, matrices and their stacks that are written in others."""

from __future__ import annotations

from cgraph.errors import ShapeError
from cgraph.functions.apply import op
from cgraph.graph.node import Node, Operand, as_node
from cgraph.shapes import show


def dot(x: Operand, y: Operand) -> Node:
    """The inner product of two vectors; x @ y when one is a matrix, x*y when one is a number.

    Raises ShapeError when y has more than two dimensions.
    """
    x, y = as_node(x), as_node(y)
    if not x.shape or not y.shape:
        return op("mul", x, y)
    if len(y.shape) > 2:
        raise ShapeError(
            f"dot of {show(x.shape)} and {show(y.shape)}",
            where=y.where,
            why="dot takes vectors and matrices",
            fix="use x @ y, or cg.einsum",
        )
    return op("matmul", x, y)


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
    """The sum of the diagonal of a square matrix, or of each in a stack."""
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

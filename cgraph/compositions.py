"""Functions of nodes that need no derivative rule of their own: each is written in ops of the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.node import CONSTANT, Node, as_node, build, short
from cgraph.ops import TABLE
from cgraph.ops.indexing import as_ids
from cgraph.ops.linear import read_subscripts
from cgraph.ops.targets import distributions
from cgraph.shapes import normal_axes, show


def op(name: str, *operands: Any, **attrs: Any) -> Node:
    """A node of the table's op with this name."""
    return build(TABLE[name], *operands, **attrs)


# Joining and splitting ------------------------------------------------------------------------------------------------
def concatenate(arrays: Sequence[Any], axis: int = 0) -> Node:
    """The arrays joined along an axis that they have: [2×3] and [1×3] give [3×3].

    >>> import cgraph as cg
    >>> concatenate([cg.variable("x", (2, 3)), cg.variable("y", (1, 3))]).shape
    (3, 3)
    """
    nodes = _several("concatenate", arrays)
    if len(nodes) == 1:
        normal_axes((axis,), len(nodes[0].shape))
    return op("concatenate", *nodes, axis=axis) if len(nodes) > 1 else nodes[0]


def stack(arrays: Sequence[Any], axis: int = 0) -> Node:
    """Arrays of one shape joined along a new axis.

    >>> import cgraph as cg
    >>> stack(cg.variables("a b c")).shape
    (3,)
    """
    nodes = _several("stack", arrays)
    for node in nodes:
        if node.shape != nodes[0].shape:
            raise ShapeError(
                f"stack of {show(nodes[0].shape)} and {show(node.shape)}",
                where=node.where,
                why="all operands need the same shape",
                fix="use cg.concatenate for an axis that they have",
            )
    return concatenate([op("expand_dims", node, axis=axis) for node in nodes], axis=axis)


def split(x: Any, sections: int | Sequence[int], axis: int = 0) -> list[Node]:
    """The parts of x along an axis: a number of equal ones, or cut before each of the given indices.

    >>> import cgraph as cg
    >>> [part.shape for part in split(cg.variable("x", 5), [2, 3])]
    [(2,), (1,), (2,)]
    """
    x = as_node(x)
    (axis,) = normal_axes((axis,), len(x.shape))
    size = x.shape[axis]
    parts = int(sections) if isinstance(sections, (int, np.integer)) else None
    if isinstance(size, str) or (parts is not None and (parts < 1 or size % parts)):
        raise ShapeError(
            f"split of {show(x.shape)} along axis {axis} into {sections} part(s)",
            where=x.where,
            why="equal parts need a size that is a number and can be divided",
            fix="give the indices to cut at, such as [2, 3]",
        )
    cuts = [size * i // parts for i in range(parts + 1)] if parts is not None else [0, *sections, size]  # type: ignore[misc]  # sections: a list then
    whole = (slice(None),) * axis
    return [x[(*whole, slice(start, stop))] for start, stop in pairwise(cuts)]


def _several(name: str, arrays: Any) -> list[Node]:
    if isinstance(arrays, Node):
        arrays = list(arrays)
    if not isinstance(arrays, (list, tuple, np.ndarray)) or len(arrays) == 0:
        raise ValueRefusedError(f"{name} of {short(arrays)}", why="it takes a list", fix=f"write cg.{name}([x, y])")
    return [as_node(x) for x in arrays]


# Linear algebra -------------------------------------------------------------------------------------------------------
def dot(x: Any, y: Any) -> Node:
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


def outer(x: Any, y: Any) -> Node:
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


def trace(x: Any) -> Node:
    """The sum of the diagonal of a square matrix, or of each in a stack."""
    return op("sum", op("diagonal", x), axis=-1)


def einsum(subscripts: str, *operands: Any) -> Node:
    """A sum of products by Einstein's notation: `einsum("ij,jk->ik", x, y)` is x @ y.

    A letter may stand once in an operand (a diagonal is `cg.diagonal`).

    >>> import cgraph as cg
    >>> einsum("bij->bji", cg.variable("x", ("b", 2, 3))).shape
    ('b', 3, 2)
    """
    if len(operands) != 1:
        return op("einsum", *operands, subscripts=subscripts)
    (letters,), result = read_subscripts(subscripts, 1)
    x = as_node(operands[0])
    if len(letters) != len(x.shape):
        raise ShapeError(
            f"einsum of {letters!r} and {show(x.shape)}", where=x.where, why="each dimension needs a letter"
        )
    lost = tuple(i for i, c in enumerate(letters) if c not in result)
    left = [c for c in letters if c in result]
    x = op("sum", x, axis=lost) if lost else x
    return x if left == list(result) else op("transpose", x, axes=tuple(left.index(c) for c in result))


# Nets -----------------------------------------------------------------------------------------------------------------
def reduced(losses: Node, reduction: str, total: Node | None = None) -> Node:
    """The losses of examples brought together: "mean" (over `total`, by default their number), "sum" or "none"."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueRefusedError(f"reduction={reduction!r}", fix='write "mean", "sum" or "none"')
    if reduction == "none":
        return losses
    if reduction == "sum" or total is None:
        return op(reduction, losses)
    return op("sum", losses) / (total + op("less_equal", total, 0.0))  # nothing to count: 0, with gradient 0


def mse(x: Any, y: Any, reduction: str = "mean") -> Node:
    """The squared error (x - y)² of outputs and targets of one shape, brought together by `reduction`."""
    x, y = as_node(x), as_node(y)
    if x.shape != y.shape:
        raise ShapeError(
            f"mse of {show(x.shape)} and {show(y.shape)}",
            where=x.where,
            why="both need one shape: broadcasting would compare every output with every target",
            fix="use .reshape on one of them",
        )
    return reduced(op("square", x - y), reduction)


def softmax_cross_entropy(
    x: Any, y: Any, *, weights: Any = None, ignore: int | None = None, reduction: str = "none"
) -> Node:
    """-sum(y*log(softmax(x))): the loss of each row of logits x [m×k], as a node.

    The targets y are a distribution for each row [m×k], or class ids [m] from 0 to k - 1. `weights` [k] are class
    weights, `ignore` is an id that marks rows without a target: their loss and gradient are 0. The "mean" divides
    by the weights of the targets (without weights, by the number of rows that have one); when every row is ignored,
    loss and gradient are 0.
    Raises ShapeError for other shapes; ValueRefusedError for constant targets that are no ids or no distribution.

    >>> import cgraph as cg
    >>> L = softmax_cross_entropy([[1.0, 2.0], [3.0, 4.0]], [-1, 1], ignore=-1, reduction="mean")
    >>> round(float(cg.forward(L).values[-1]), 4)
    0.3133
    """
    logits, targets = as_node(x), as_node(y)
    if logits.shape and targets.shape == logits.shape[:-1] and isinstance(logits.shape[-1], int):
        if targets.kind == CONSTANT:
            as_ids(targets.value, logits.shape[-1], ignore)
        targets = op("one_hot", targets, classes=logits.shape[-1], ignore=ignore)
    elif ignore is not None:
        raise ShapeError(
            f"softmax_cross_entropy of {show(logits.shape)} and targets {show(targets.shape)} with ignore={ignore}",
            where=targets.where,
            why="only class ids can be ignored",
            fix=f"give ids of the shape {show(logits.shape[:-1])}",
        )
    elif targets.kind == CONSTANT and logits.shape and targets.shape == logits.shape:
        _check_distributions(targets)
    if weights is not None:
        weights = as_node(weights)
        if weights.shape != logits.shape[-1:]:
            raise ShapeError(
                f"class weights of the shape {show(weights.shape)}",
                where=weights.where,
                why=f"there are {logits.shape[-1] if logits.shape else 0} classes",
                fix="give one weight a class",
            )
        targets = targets * weights
    return reduced(op("softmax_cross_entropy", logits, targets), reduction, op("sum", targets))


def _check_distributions(targets: Node) -> None:
    try:
        distributions(targets.value)
    except ValueRefusedError as error:
        raise ValueRefusedError(error.what, where=targets.where, why=error.why, fix=error.fix) from None


def layer_norm(x: Any, gain: Any = None, bias: Any = None, *, axis: Any = -1, eps: float = 1e-5) -> Node:
    """(x - mean)/sqrt(var + eps) over `axis`, times `gain`, plus `bias`."""
    centred = op("centre", x, axis=axis)
    scaled = centred / op("sqrt", op("mean", op("square", centred), axis=axis, keepdims=True) + eps)
    scaled = scaled if gain is None else scaled * gain
    return scaled if bias is None else scaled + bias


def dropout(x: Any, mask: Any, p: float, *, training: bool = True) -> Node:
    """x where the mask is 1, scaled by 1/(1 - p), and 0 where it is 0; x itself when p is 0 or not in training.

    The mask is an operand, drawn once by the caller, so that both passes use the same one. p = 1 drops everything.
    Raises ValueRefusedError when p is not from 0 to 1, ShapeError when the mask has another shape than x.
    """
    x, mask = as_node(x), as_node(mask)
    if isinstance(p, bool) or not isinstance(p, (int, float)) or not 0 <= p <= 1:
        raise ValueRefusedError(f"dropout with p={p!r}", why="p is the share that is dropped, from 0 to 1")
    if mask.shape != x.shape:
        raise ShapeError(
            f"dropout of {show(x.shape)} with a mask {show(mask.shape)}",
            where=mask.where,
            why="each element needs its own 0 or 1",
        )
    if training and p > 0:
        return op("where", mask, x * (0.0 if p == 1 else 1 / (1 - p)), 0.0)
    unchanged: Node = x
    return unchanged


def embedding(table: Any, ids: Any, *, padding: int | None = None) -> Node:
    """The rows of a table [V×d] with these ids: [...] gives [...×d].

    An id below 0 or from V on is refused. The `padding` id stands for no token: it gives a row of zeros, and no
    gradient flows to its row of the table.
    Raises ShapeError when the table has no rows.
    """
    table, ids = as_node(table), as_node(ids)
    if ids.kind == CONSTANT and table.shape and isinstance(table.shape[0], int):
        as_ids(ids.value, table.shape[0])
    rows = op("take", table, ids)
    if padding is None:
        return rows
    return rows * op("expand_dims", op("not_equal", ids, float(padding)), axis=len(ids.shape))


def mean_pool(x: Any, mask: Any) -> Node:
    """The mean of the real tokens: x [...×n×d] with a mask [...×n] of 1 (token) and 0 (padding) gives [...×d].

    Of nothing but padding it is 0, with gradient 0.
    """
    tokens, real = _tokens("mean_pool", x, mask)
    count = op("sum", real, axis=-2)
    return op("sum", op("where", real, tokens, 0.0), axis=-2) / (count + op("equal", count, 0.0))


def max_pool(x: Any, mask: Any) -> Node:
    """The largest of the real tokens, feature by feature: x [...×n×d] with a mask [...×n] gives [...×d].

    Of nothing but padding it is 0, with gradient 0; of equal tokens the first gets the gradient.
    """
    tokens, real = _tokens("max_pool", x, mask)
    largest: Node = op("max", op("where", real, tokens, -np.inf), axis=-2)
    pooled: Node = op("where", op("max", real, axis=-2), largest, 0.0)
    return pooled


def _tokens(name: str, x: Any, mask: Any) -> tuple[Node, Node]:
    x, mask = as_node(x), as_node(mask)
    if len(x.shape) < 2 or mask.shape != x.shape[:-1]:
        raise ShapeError(
            f"{name} of {show(x.shape)} with a mask {show(mask.shape)}",
            where=mask.where,
            why="tokens are [...×n×d], and each of the n needs a 1 (token) or a 0 (padding)",
            fix=f"give a mask of the shape {show(x.shape[:-1])}",
        )
    return x, op("expand_dims", mask, axis=len(mask.shape))


COMPOSITIONS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        concatenate, stack, split, dot, outer, trace, einsum, mse, softmax_cross_entropy, layer_norm, dropout,
        embedding, mean_pool, max_pool,
    )
}  # fmt: skip

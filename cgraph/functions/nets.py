"""Parts of nets: normalising, dropping, looking rows up, pooling tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.apply import op
from cgraph.graph.node import CONSTANT, Node, Operand, as_node
from cgraph.ops.indexing import as_ids
from cgraph.shapes import show


def layer_norm(
    x: Operand,
    gain: Operand | None = None,
    bias: Operand | None = None,
    *,
    axis: int | Sequence[int] | None = -1,
    eps: float = 1e-5,
) -> Node:
    """(x - mean)/sqrt(var + eps) over `axis`, times `gain`, plus `bias`."""
    centred = op("centre", x, axis=axis)
    scaled = centred / op("sqrt", op("mean", op("square", centred), axis=axis, keepdims=True) + eps)
    scaled = scaled if gain is None else scaled * gain
    return scaled if bias is None else scaled + bias


def dropout(x: Operand, mask: Operand, p: float, *, training: bool = True) -> Node:
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


def embedding(table: Operand, ids: Operand, *, padding: int | None = None) -> Node:
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


def mean_pool(x: Operand, mask: Operand) -> Node:
    """The mean of the real tokens: x [...×n×d] with a mask [...×n] of 1 (token) and 0 (padding) gives [...×d].

    Of nothing but padding it is 0, with gradient 0.
    """
    tokens, real = _tokens("mean_pool", x, mask)
    count = op("sum", real, axis=-2)
    return op("sum", op("where", real, tokens, 0.0), axis=-2) / (count + op("equal", count, 0.0))


def max_pool(x: Operand, mask: Operand) -> Node:
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

"""Functions of nodes that need no derivative rule of their own: each is written in ops of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cgraph.functions.arranging import diff, moveaxis, repeat, roll, tile, tril, triu
from cgraph.functions.einstein import einsum
from cgraph.functions.elementary import exp2
from cgraph.functions.joining import concatenate, split, stack
from cgraph.functions.losses import mse, softmax_cross_entropy
from cgraph.functions.nets import dropout, embedding, layer_norm, max_pool, mean_pool
from cgraph.functions.products import convolve, cross, dot, kron, matrix_trace, outer, slogdet, tensordot
from cgraph.functions.sorting import argsort, cumprod, median, quantile, sort

COMPOSITIONS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        concatenate, stack, split, dot, outer, matrix_trace, slogdet, einsum, mse, softmax_cross_entropy, layer_norm,
        dropout, embedding, mean_pool, max_pool, exp2, roll, repeat, tile, tril, triu, moveaxis, diff, sort, argsort,
        median, quantile, cumprod, tensordot, kron, cross, convolve,
    )
}  # fmt: skip

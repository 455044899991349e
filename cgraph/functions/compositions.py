"""Functions of nodes that need no derivative rule of their own: each is written in ops of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cgraph.functions.arranging import diff, moveaxis, repeat, roll, tile, tril, triu
from cgraph.functions.attention import attention, multi_head_attention, positional_encoding
from cgraph.functions.convolution import avg_pool1d, avg_pool2d, conv1d, conv2d, max_pool1d, max_pool2d
from cgraph.functions.einstein import einsum
from cgraph.functions.elementary import exp2, polygamma
from cgraph.functions.joining import concatenate, split, stack
from cgraph.functions.losses import cosine_similarity, hinge, huber, kl_divergence, mse, softmax_cross_entropy
from cgraph.functions.nets import dropout, embedding, layer_norm, max_pool, mean_pool
from cgraph.functions.normalising import batch_norm, group_norm, instance_norm, rms_norm
from cgraph.functions.products import convolve, cross, dot, kron, matrix_trace, outer, slogdet, tensordot
from cgraph.functions.recurrent import gru, gru_cell, lstm, lstm_cell, rnn, rnn_cell
from cgraph.functions.sorting import argsort, cumprod, median, quantile, sort, topk

COMPOSITIONS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        concatenate, stack, split, dot, outer, matrix_trace, slogdet, einsum, mse, softmax_cross_entropy, layer_norm,
        dropout, embedding, mean_pool, max_pool, exp2, roll, repeat, tile, tril, triu, moveaxis, diff, sort, argsort,
        median, quantile, cumprod, tensordot, kron, cross, convolve, huber, hinge, kl_divergence, cosine_similarity,
        batch_norm, group_norm, instance_norm, rms_norm, conv1d, conv2d, max_pool1d, max_pool2d, avg_pool1d, avg_pool2d,
        attention, multi_head_attention, positional_encoding, rnn_cell, lstm_cell, gru_cell, rnn, lstm, gru,
        polygamma, topk,
    )
}  # fmt: skip

"""Functions of nodes that need no derivative rule of their own: each is written in ops of the table.

A name is enough to know that there is one; its room is imported when it is used, for all of them take milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

ROOMS = {
    "joining": "concatenate stack split",
    "products": "dot outer matrix_trace slogdet tensordot kron cross convolve",
    "einstein": "einsum",
    "losses": "mse softmax_cross_entropy huber hinge kl_divergence cosine_similarity",
    "nets": "layer_norm dropout embedding mean_pool max_pool",
    "elementary": "exp2 polygamma",
    "arranging": "roll repeat tile tril triu moveaxis diff",
    "sorting": "sort argsort median quantile cumprod topk",
    "normalising": "batch_norm group_norm instance_norm rms_norm",
    "convolution": "conv1d conv2d max_pool1d max_pool2d avg_pool1d avg_pool2d",
    "attention": "attention multi_head_attention positional_encoding",
    "recurrent": "rnn_cell lstm_cell gru_cell rnn lstm gru",
}
COMPOSED = {name: room for room, names in ROOMS.items() for name in names.split()}
"""The room of each composition, by name."""


def composition(name: str) -> Callable[..., Any]:
    """The Python function of a composition.

    >>> composition("roll").__module__
    'cgraph.functions.arranging'
    """
    return getattr(import_module(f"cgraph.functions.{COMPOSED[name]}"), name)  # type: ignore[no-any-return]  # ROOMS says where

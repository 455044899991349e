"""Nets: layers as frozen records whose fields are their parameters, initialisers, and losses.

`nn.convolution` has layers for images, `nn.sequences` recurrent layers and attention, `nn.textbook` the chapter's own
constructs (units, perceptrons, separability), `nn.language` nets that read words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cgraph.errors import unknown_attribute
from cgraph.nn import convolution, init, language, losses, sequences, text, textbook
from cgraph.nn.dropout import Dropout
from cgraph.nn.embedding import Embedding, nearest
from cgraph.nn.layers import Activation, Layer, Linear
from cgraph.nn.losses import mse_loss, sigmoid_cross_entropy_loss, softmax_cross_entropy_loss, weight_decay
from cgraph.nn.mlp import MLP
from cgraph.nn.normalise import Normalise
from cgraph.nn.norms import BatchNorm, LayerNorm
from cgraph.nn.residual import Residual
from cgraph.nn.sequential import Layerwise, Sequential
from cgraph.nn.text import Vocabulary
from cgraph.ops import TABLE

__all__ = [
    "MLP",
    "Activation",
    "BatchNorm",
    "Dropout",
    "Embedding",
    "Layer",
    "LayerNorm",
    "Layerwise",
    "Linear",
    "Normalise",
    "Residual",
    "Sequential",
    "Vocabulary",
    "convolution",
    "init",
    "language",
    "losses",
    "mse_loss",
    "nearest",
    "sequences",
    "sigmoid_cross_entropy_loss",
    "softmax_cross_entropy_loss",
    "text",
    "textbook",
    "weight_decay",
]

_ELSEWHERE = {
    "BCEWithLogitsLoss": "nn.sigmoid_cross_entropy_loss, of logits",
    "CrossEntropyLoss": "nn.softmax_cross_entropy_loss, of logits",
    "Dense": "nn.Linear",
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d"), "nn.BatchNorm"),
    **dict.fromkeys(("MaxPool1d", "MaxPool2d"), "nn.convolution.MaxPool"),
    **dict.fromkeys(("AvgPool1d", "AvgPool2d"), "nn.convolution.AvgPool"),
    "MultiheadAttention": "nn.sequences.MultiHeadAttention",
    "TransformerEncoderLayer": "nn.sequences.TransformerBlock",
    "MSELoss": "nn.mse_loss",
    "Module": "nn.Layer, for a layer of your own",
    "Parameter": "cg.parameter",
    "cross_entropy": "nn.softmax_cross_entropy_loss, of logits",
    "functional": "cg: its functions take nodes",
    "mean_squared_error": "nn.mse_loss",
    **{op: f"nn.{op}_loss, or cg.{op} for each example" for op in TABLE if f"{op}_loss" in __all__},
    **{name: f"nn.textbook.{name}" for name in textbook.__all__},
    **{name: f"nn.language.{name}" for name in language.__all__},
    **{name: f"nn.convolution.{name}" for name in convolution.__all__},
    **{name: f"nn.sequences.{name}" for name in sequences.__all__},
}


if not TYPE_CHECKING:  # for which all names would be known

    def __getattr__(name: str) -> Any:
        """Where a name is that others have, or that was meant."""
        op = TABLE.get(name.lower())
        activation = {} if op is None or op.arity != 1 else {name: f'nn.Activation("{op.name}"), or cg.{op.name}'}
        raise unknown_attribute("cgraph.nn", name, __all__, _ELSEWHERE | activation)


def __dir__() -> list[str]:
    return sorted(__all__)

"""Nets: layers as frozen records whose fields are their parameters, initialisers, and losses.

`nn.textbook` has the chapter's own constructs (units, perceptrons, separability), `nn.language` nets that read words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cgraph.errors import unknown_attribute
from cgraph.nn import init, language, losses, text, textbook
from cgraph.nn.dropout import Dropout
from cgraph.nn.embedding import Embedding, nearest
from cgraph.nn.layers import Activation, Layer, Linear
from cgraph.nn.losses import mse_loss, sigmoid_cross_entropy_loss, softmax_cross_entropy_loss, weight_decay
from cgraph.nn.mlp import MLP
from cgraph.nn.normalise import Normalise
from cgraph.nn.sequential import Layerwise, Sequential
from cgraph.nn.text import Vocabulary
from cgraph.ops import TABLE

__all__ = [
    "MLP",
    "Activation",
    "Dropout",
    "Embedding",
    "Layer",
    "Layerwise",
    "Linear",
    "Normalise",
    "Sequential",
    "Vocabulary",
    "init",
    "language",
    "losses",
    "mse_loss",
    "nearest",
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
    "Flatten": "x.reshape",
    "LayerNorm": "cg.layer_norm",
    "MSELoss": "nn.mse_loss",
    "Module": "nn.Layer, for a layer of your own",
    "Parameter": "cg.parameter",
    "cross_entropy": "nn.softmax_cross_entropy_loss, of logits",
    "functional": "cg: its functions take nodes",
    "mean_squared_error": "nn.mse_loss",
    **{op: f"nn.{op}_loss, or cg.{op} for each example" for op in TABLE if f"{op}_loss" in __all__},
    **{name: f"nn.textbook.{name}" for name in textbook.__all__},
    **{name: f"nn.language.{name}" for name in language.__all__},
}


if not TYPE_CHECKING:  # for which all names would be known

    def __getattr__(name: str) -> Any:
        """Where a name is that others have, or that was meant."""
        op = TABLE.get(name.lower())
        activation = {} if op is None or op.arity != 1 else {name: f'nn.Activation("{op.name}"), or cg.{op.name}'}
        raise unknown_attribute("cgraph.nn", name, __all__, _ELSEWHERE | activation)


def __dir__() -> list[str]:
    return sorted(__all__)

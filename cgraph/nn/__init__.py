"""Nets: layers as frozen records whose fields are their parameters, initialisers, and losses."""

from __future__ import annotations

from cgraph.nn import init, losses
from cgraph.nn.layers import Activation, Layer, Linear
from cgraph.nn.losses import mean_squared_error, sigmoid_cross_entropy, softmax_cross_entropy
from cgraph.nn.mlp import MLP
from cgraph.nn.sequential import Sequential

__all__ = [
    "MLP",
    "Activation",
    "Layer",
    "Linear",
    "Sequential",
    "init",
    "losses",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
]

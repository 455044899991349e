"""Nets: layers as frozen records whose fields are their parameters, initialisers, and losses."""

from __future__ import annotations

from cgraph.nn import init, losses
from cgraph.nn.dropout import Dropout
from cgraph.nn.equivalents import DummyNode, collapse_linear, fold_bias, prove_collapse, unfold_bias
from cgraph.nn.gradients import GradientNorms, gradient_norms
from cgraph.nn.layers import Activation, Layer, Linear
from cgraph.nn.losses import mean_squared_error, sigmoid_cross_entropy, softmax_cross_entropy, weight_decay
from cgraph.nn.mlp import MLP, xor_net
from cgraph.nn.normalise import Normalise
from cgraph.nn.separability import Separability, is_linearly_separable
from cgraph.nn.sequential import Layerwise, Sequential
from cgraph.nn.unit import AND, OR, Perceptron, Unit, decision_line, learn_perceptron, perceptron_rule

__all__ = [
    "AND",
    "MLP",
    "OR",
    "Activation",
    "Dropout",
    "DummyNode",
    "GradientNorms",
    "Layer",
    "Layerwise",
    "Linear",
    "Normalise",
    "Perceptron",
    "Separability",
    "Sequential",
    "Unit",
    "collapse_linear",
    "decision_line",
    "fold_bias",
    "gradient_norms",
    "init",
    "is_linearly_separable",
    "learn_perceptron",
    "losses",
    "mean_squared_error",
    "perceptron_rule",
    "prove_collapse",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "unfold_bias",
    "weight_decay",
    "xor_net",
]

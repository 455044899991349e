"""Nets: layers as frozen records whose fields are their parameters, initialisers, and losses."""

from __future__ import annotations

from cgraph.nn import init, losses
from cgraph.nn.dropout import Dropout
from cgraph.nn.embedding import Embedding, nearest
from cgraph.nn.language import text
from cgraph.nn.language.embedding_net import EmbeddingNet, PooledClassifier
from cgraph.nn.language.language_model import LanguageModel
from cgraph.nn.language.text import Vocabulary
from cgraph.nn.layers import Activation, Layer, Linear
from cgraph.nn.losses import mean_squared_error, sigmoid_cross_entropy, softmax_cross_entropy, weight_decay
from cgraph.nn.mlp import MLP, xor_net
from cgraph.nn.normalise import Normalise
from cgraph.nn.sequential import Layerwise, Sequential
from cgraph.nn.textbook.equivalents import DummyNode, collapse_linear, fold_bias, prove_collapse, unfold_bias
from cgraph.nn.textbook.exercise import exercise
from cgraph.nn.textbook.gradients import GradientNorms, gradient_norms
from cgraph.nn.textbook.separability import Separability, is_linearly_separable
from cgraph.nn.textbook.unit import AND, OR, Perceptron, Unit, decision_line, learn_perceptron, perceptron_rule

__all__ = [
    "AND",
    "MLP",
    "OR",
    "Activation",
    "Dropout",
    "DummyNode",
    "Embedding",
    "EmbeddingNet",
    "GradientNorms",
    "LanguageModel",
    "Layer",
    "Layerwise",
    "Linear",
    "Normalise",
    "Perceptron",
    "PooledClassifier",
    "Separability",
    "Sequential",
    "Unit",
    "Vocabulary",
    "collapse_linear",
    "decision_line",
    "exercise",
    "fold_bias",
    "gradient_norms",
    "init",
    "is_linearly_separable",
    "learn_perceptron",
    "losses",
    "mean_squared_error",
    "nearest",
    "perceptron_rule",
    "prove_collapse",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "text",
    "unfold_bias",
    "weight_decay",
    "xor_net",
]

"""The chapter's own constructs: units, perceptrons, separability, equivalent nets, exercises, gradient norms."""

from __future__ import annotations

from cgraph.nn.mlp import xor_net
from cgraph.nn.textbook.equivalents import DummyNode, collapse_linear, fold_bias, prove_collapse, unfold_bias
from cgraph.nn.textbook.exercises import exercise, variants
from cgraph.nn.textbook.gradients import GradientNorms, gradient_norms
from cgraph.nn.textbook.separability import Separability, is_linearly_separable
from cgraph.nn.textbook.unit import AND, OR, Perceptron, Unit, decision_line, learn_perceptron, perceptron_rule

__all__ = [
    "AND",
    "OR",
    "DummyNode",
    "GradientNorms",
    "Perceptron",
    "Separability",
    "Unit",
    "collapse_linear",
    "decision_line",
    "exercise",
    "fold_bias",
    "gradient_norms",
    "is_linearly_separable",
    "learn_perceptron",
    "perceptron_rule",
    "prove_collapse",
    "unfold_bias",
    "variants",
    "xor_net",
]

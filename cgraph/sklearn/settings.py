"""What the parameters of an estimator stand for: the sizes of the net, its first weights, the optimiser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, sqrt
from typing import Any

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.functions.table import table
from cgraph.graph.names import of_layer
from cgraph.graph.node import Node
from cgraph.nn import MLP, Sequential, init
from cgraph.train import SGD, Adam, Momentum, Nesterov, Optimizer
from cgraph.train.checks import between, whole

SQUASHING, RECTIFYING = {"logistic": "sigmoid", "tanh": "tanh"}, {"relu": "relu"}
ACTIVATIONS: dict[str, str | None] = {"identity": None, **SQUASHING, **RECTIFYING}  # scikit-learn's names, and ours
SOLVERS = ("adam", "sgd")


def one_of(what: str, value: Any, allowed: Sequence[str]) -> str:
    """One of some words. Raises ValueRefusedError otherwise."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueRefusedError(f"{what} is {value!r}", why="it is unknown", fix=f"use one of: {', '.join(allowed)}")
    return value


def check(estimator: Any) -> None:
    """Refuse parameters out of their ranges before anything is trained. Raises ValueRefusedError."""
    one_of("activation", estimator.activation, list(ACTIVATIONS))
    one_of("solver", estimator.solver, SOLVERS)
    between("alpha", estimator.alpha, 0)
    between("tol", estimator.tol, 0)
    between("validation_fraction", estimator.validation_fraction, 0, 1, above=True, below=True)
    whole("max_iter", estimator.max_iter)
    if estimator.n_iter_no_change != inf:
        whole("n_iter_no_change", estimator.n_iter_no_change)
    if estimator.batch_size != "auto":
        whole("batch_size", estimator.batch_size)


def hidden_sizes(given: Any) -> list[int]:
    """The numbers of units of the hidden layers, from one number or several. Raises ValueRefusedError.

    >>> hidden_sizes(8), hidden_sizes((8, 4)), hidden_sizes(())
    ([8], [8, 4], [])
    """
    sizes = list(given) if isinstance(given, (Sequence, np.ndarray)) and not isinstance(given, str) else [given]
    return [whole("a size in hidden_layer_sizes", size) for size in sizes]


@dataclass(frozen=True)
class AdamOfTheRate(Adam):
    """Adam whose bias correction is in the rate: W' = W - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m' / (√v' + ε).

    Source: Kingma and Ba (2015), the end of Section 2; scikit-learn's form. Where gradients are as small as ε, as
    those of a pixel that is always 0, its steps are not those of Algorithm 1.
    """

    def step(self, rate: Node, m: Node, v: Node, shares: tuple[Node, Node]) -> Node:
        """How far a parameter moves."""
        corrected = rate * table()["sqrt"](shares[1]) / shares[0]
        return corrected * m / (table()["sqrt"](v) + self.epsilon)


def optimizer(estimator: Any) -> Optimizer:
    """The optimiser of an estimator's parameters. Raises ValueRefusedError for a rate or a share out of its range."""
    rate = estimator.learning_rate_init
    if estimator.solver == "adam":
        return AdamOfTheRate(rate, estimator.beta_1, estimator.beta_2, estimator.epsilon)
    if estimator.momentum == 0:
        return SGD(rate)
    return (Nesterov if estimator.nesterovs_momentum else Momentum)(rate, momentum=estimator.momentum)


def first_model(sizes: Sequence[int], activation: str, random_state: np.random.RandomState) -> Sequential:
    """A net with logits, whose weights and biases are uniform in ±sqrt(6 / (fan in + fan out)) (2 with "logistic").

    Source: Glorot and Bengio (2010), Eq. 16; the biases, the 2 and the order of the draws are scikit-learn's.

    >>> first_model([4, 8, 3], "tanh", np.random.RandomState(0)).values["b[2]"].shape
    (3,)
    """
    name = ACTIVATIONS[activation]
    model = MLP(sizes, name or "relu", seed=0, init=init.zeros)
    values = {}
    for i, fans in enumerate(pairwise(sizes), start=1):
        bound = sqrt((2.0 if activation == "logistic" else 6.0) / sum(fans))
        values[of_layer("W", i)] = random_state.uniform(-bound, bound, fans)
        values[of_layer("b", i)] = random_state.uniform(-bound, bound, fans[1])
    return (model if name else model.without_activations()).with_values(values)

"""What the parameters of an estimator stand for: the sizes of the net, its first weights, the optimiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, sqrt
from typing import Any

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.functions.table import table
from cgraph.graph.graph import Graph
from cgraph.graph.names import of_layer
from cgraph.graph.node import Node, parameter
from cgraph.graph.rebuild import rebuilt
from cgraph.nn import MLP, Sequential, init
from cgraph.train import SGD, Adam, Momentum, Optimizer
from cgraph.train.checks import between, whole
from cgraph.train.optimizers import Rule
from cgraph.train.schedules import Rate
from cgraph.train.updates import Updates

SQUASHING, RECTIFYING = {"logistic": "sigmoid", "tanh": "tanh"}, {"relu": "relu"}
ACTIVATIONS: dict[str, str | None] = {"identity": None, **SQUASHING, **RECTIFYING}  # scikit-learn's names, and ours
SOLVERS = ("adam", "sgd")
RATES = ("constant", "invscaling", "adaptive")


def one_of(what: str, value: Any, allowed: Sequence[str]) -> str:
    """One of some words. Raises ValueRefusedError otherwise."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueRefusedError(f"{what} is {value!r}", why="it is unknown", fix=f"use one of: {', '.join(allowed)}")
    return value


def check(estimator: Any) -> None:
    """Refuse parameters out of their ranges before anything is trained. Raises ValueRefusedError."""
    one_of("activation", estimator.activation, list(ACTIVATIONS))
    if estimator.solver == "lbfgs":
        raise ValueRefusedError(
            "solver is 'lbfgs'",
            why="it searches along lines over all rows at once: none of its steps is one graph, as those here are",
            fix='use solver="adam" or "sgd", or sklearn.neural_network for a net that is trained by lbfgs',
        )
    one_of("solver", estimator.solver, SOLVERS)
    one_of("learning_rate", estimator.learning_rate, RATES)
    between("power_t", estimator.power_t, 0)
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


@dataclass(frozen=True)
class MomentumOfSteps(Momentum):
    """Momentum of the steps themselves: v' = μ v - η g; W' = W + v', or, looking ahead, W' = W + μ v' - η g.

    With one rate it is `Momentum` or `Nesterov`; when the rate changes, steps that were made keep the rate they had.
    Source: Sutskever et al. (2013), Eq. 1 to 4; scikit-learn's form.
    """

    ahead: bool = False

    def rule(self, rate: Node, count: Node) -> Rule:
        def one(w: Node, g: Node) -> tuple[Node, dict[Node, Node]]:
            v = parameter(f"v({w.name})", np.zeros([int(d) for d in w.shape]))
            step = rate * g
            velocity = (self.momentum * v - step).named(f"v({w.name})'")
            return w + (self.momentum * velocity - step if self.ahead else velocity), {v: velocity}

        return one


@dataclass(frozen=True)
class InverseScaling:
    """η = rate / (rows seen in the epochs before + 1)^power, where `seen` rows were trained on before the first one.

    `steps` make an epoch of so many `rows`. With `fresh` the first epoch has the rate itself. scikit-learn's form.

    >>> import cgraph as cg
    >>> float(cg.forward(InverseScaling(0.5, 0.5, steps=2, rows=8)(cg.constant(3.0))).values[-1])  # 0.5/√9
    0.16666666666666666
    """

    rate: float
    power: float
    steps: int
    rows: int
    seen: int = 0
    fresh: bool = False

    def __call__(self, steps: Node, /) -> Node:
        op = table()
        epoch = op["floor"](steps / float(self.steps))
        later: Node = self.rate / (self.seen + 1.0 + self.rows * epoch) ** self.power
        return op["where"](epoch, later, self.rate) if self.fresh else later


@dataclass(frozen=True)
class GoingOn:
    """An optimiser that goes on from the values that its own leaves had, by name."""

    optimizer: Optimizer
    state: Mapping[str, Any]

    def updates(self, parameters: Sequence[Node], gradients: Sequence[Node]) -> Updates:
        """Those of the optimiser, from its leaves with other values."""
        made = self.optimizer.updates(parameters, gradients)
        own = {leaf: parameter(str(leaf.name), self.state.get(str(leaf.name), leaf.value)) for leaf in made.state}
        now = rebuilt(Graph(made.new.values()).nodes, own.get)
        return Updates({own.get(leaf, leaf): now[node] for leaf, node in made.new.items()}, tuple(own.values()))


def optimizer(estimator: Any, rate: Rate, state: Mapping[str, Any]) -> Optimizer:
    """The optimiser of an estimator's parameters, from the state that it has.

    Raises ValueRefusedError for a rate or a share out of its range.
    """
    made: Optimizer
    if estimator.solver == "adam":
        made = AdamOfTheRate(rate, estimator.beta_1, estimator.beta_2, estimator.epsilon)
    elif estimator.momentum == 0:
        made = SGD(rate)
    else:
        made = MomentumOfSteps(rate, momentum=estimator.momentum, ahead=bool(estimator.nesterovs_momentum))
    return GoingOn(made, state) if state else made


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

"""Optimisers: an update is an expression of the parameter, its gradient and its moments, a graph like any other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TypeAlias

import numpy as np

from cgraph.functions.table import table
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node, parameter
from cgraph.train.checks import between
from cgraph.train.schedules import Rate, check_rate, rate_of
from cgraph.train.updates import Updates, clip_by_norm

Rule: TypeAlias = Callable[[Node, Node], tuple[Node, dict[Node, Node]]]


@dataclass(frozen=True)
class Descent(ABC):
    """What all optimisers share: the learning rate (a number or a schedule), weight decay, clipping.

    `weight_decay` λ adds λW to the gradient, the gradient of λ‖W‖²/2; `max_norm` clips the gradients before.
    One of your own is a frozen dataclass with the method `rule`.
    Raises ValueRefusedError for a learning rate that is not finite and above zero, or a decay below zero.
    """

    learning_rate: Rate
    _: KW_ONLY
    weight_decay: float = 0.0
    max_norm: float | None = None

    def __post_init__(self) -> None:
        check_rate(self.learning_rate)
        between("the weight decay", self.weight_decay, 0)
        if self.max_norm is not None:
            between("max_norm", self.max_norm, 0, above=True)

    @abstractmethod
    def rule(self, rate: Node, count: Node) -> Rule:
        """A function from a parameter and its gradient to its new value and the new values of its state.

        `rate` is η, `count` the number of this step from 1; what all parameters share is built here, once.
        """

    def updates(self, parameters: Sequence[Node], gradients: Sequence[Node]) -> Updates:
        """The new value of each parameter and of each leaf of the state, as nodes: W[1]' for W[1]."""
        if self.max_norm is not None:
            gradients = clip_by_norm(gradients, self.max_norm)
        steps = parameter("t", 0.0)
        count = (steps + 1.0).named("t'")
        rule = self.rule(rate_of(self.learning_rate, steps), count)
        new: dict[Node, Node] = {}
        state: dict[Node, Node] = {}
        for w, g in zip(parameters, gradients, strict=True):
            after, moments = rule(w, self.decayed(w, g))
            new[w] = after.named(f"{w.name}'")
            state |= moments
        told = getattr(self.learning_rate, "told", {})
        state |= {leaf: leaf * 1.0 for leaf in told}
        if steps in Graph([*new.values(), *state.values()]):
            state[steps] = count
        return Updates({**new, **state}, tuple(state), told)

    def decayed(self, w: Node, g: Node) -> Node:
        """The gradient with that of the weight decay."""
        return g + self.weight_decay * w if self.weight_decay else g


def _kept(letter: str, w: Node) -> Node:
    """A leaf of the state in the shape of a parameter, zero at first."""
    return parameter(f"{letter}({w.name})", np.zeros([int(d) for d in w.shape]))


def _next(leaf: Node, value: Node) -> Node:
    return value.named(f"{leaf.name}'")


@dataclass(frozen=True)
class SGD(Descent):
    """Stochastic gradient descent: W' = W - η dL/dW (SLP3 Section 6.6).

    Of an embedding only those rows are touched that a batch used, unless there is weight decay or clipping.

    >>> import cgraph as cg
    >>> w = cg.parameter("w", 3.0)
    >>> new = SGD(0.5).updates([w], [cg.grad(w * w, w)]).new[w]
    >>> new, float(cg.forward(new)[new])
    (<w' = sub(w, …)>, 0.0)
    """

    def rule(self, rate: Node, count: Node) -> Rule:
        return lambda w, g: (w - rate * g, {})


@dataclass(frozen=True)
class Momentum(Descent):
    """Gradient descent with momentum: v' = μ v + g; W' = W - η v' (Polyak 1964, in PyTorch's form).

    All rows of an embedding move in each step, for v' moves on those that no batch used.
    Raises ValueRefusedError for a momentum that is not from 0 to below 1.

    >>> import cgraph as cg
    >>> w = cg.parameter("w", 3.0)
    >>> Momentum(0.5).updates([w], [cg.grad(w * w, w)]).state
    (<v(w)>,)
    """

    momentum: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        between("the momentum", self.momentum, 0, 1, below=True)

    def rule(self, rate: Node, count: Node) -> Rule:
        def one(w: Node, g: Node) -> tuple[Node, dict[Node, Node]]:
            v = _kept("v", w)
            velocity = _next(v, self.momentum * v + g)
            return w - rate * velocity, {v: velocity}

        return one


@dataclass(frozen=True)
class Nesterov(Momentum):
    """Momentum that looks ahead: v' = μ v + g; W' = W - η (g + μ v') (Sutskever et al. 2013, in PyTorch's form).

    >>> import cgraph as cg
    >>> w = cg.parameter("w", 1.0)
    >>> float(cg.forward(Nesterov(0.5, 0.9).updates([w], [w * 1.0]).new[w]).values[-1])  # 1 - 0.5 · (1 + 0.9 · 1)
    0.050000000000000044
    """

    def rule(self, rate: Node, count: Node) -> Rule:
        def one(w: Node, g: Node) -> tuple[Node, dict[Node, Node]]:
            v = _kept("v", w)
            velocity = _next(v, self.momentum * v + g)
            return w - rate * (g + self.momentum * velocity), {v: velocity}

        return one


@dataclass(frozen=True)
class Adagrad(Descent):
    """Each element's own rate, from the sum of its squares: s' = s + g²; W' = W - η g / (√s' + ε) (Duchi et al. 2011).

    >>> import cgraph as cg
    >>> w = cg.parameter("w", 3.0)
    >>> round(float(cg.forward(Adagrad(0.5).updates([w], [cg.grad(w * w, w)]).new[w]).values[-1]), 6)
    2.5
    """

    epsilon: float = 1e-10

    def __post_init__(self) -> None:
        super().__post_init__()
        between("ε", self.epsilon, 0, above=True)

    def rule(self, rate: Node, count: Node) -> Rule:
        def one(w: Node, g: Node) -> tuple[Node, dict[Node, Node]]:
            s = _kept("s", w)
            total = _next(s, s + g * g)
            return w - rate * g / (table()["sqrt"](total) + self.epsilon), {s: total}

        return one


@dataclass(frozen=True)
class RMSProp(Descent):
    """Adagrad that forgets: s' = ρ s + (1 - ρ) g²; W' = W - η g / (√s' + ε) (Tieleman and Hinton 2012).

    Raises ValueRefusedError for a ρ that is not from 0 to below 1.

    >>> import cgraph as cg
    >>> w = cg.parameter("w", 3.0)
    >>> round(float(cg.forward(RMSProp(0.1).updates([w], [cg.grad(w * w, w)]).new[w]).values[-1]), 6)
    2.0
    """

    rho: float = 0.99
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        between("ρ", self.rho, 0, 1, below=True)
        between("ε", self.epsilon, 0, above=True)

    def rule(self, rate: Node, count: Node) -> Rule:
        def one(w: Node, g: Node) -> tuple[Node, dict[Node, Node]]:
            s = _kept("s", w)
            average = _next(s, self.rho * s + (1 - self.rho) * (g * g))
            return w - rate * g / (table()["sqrt"](average) + self.epsilon), {s: average}

        return one


@dataclass(frozen=True)
class Adam(Descent):
    """Two moments with bias correction: W' = W - η m̂ / (√v̂ + ε) (Kingma and Ba 2015, Algorithm 1).

    m' = β₁ m + (1 - β₁) g, v' = β₂ v + (1 - β₂) g²; m̂ = m' / (1 - β₁ᵗ), v̂ = v' / (1 - β₂ᵗ), t the number of the step.
    All rows of an embedding move in each step: m' of a row that no batch used is not 0 yet.
    Raises ValueRefusedError for a β that is not from 0 to below 1.

    >>> import cgraph as cg
    >>> w = cg.parameter("w", 3.0)
    >>> updates = Adam(0.1).updates([w], [cg.grad(w * w, w)])
    >>> updates.state, round(float(cg.forward(updates.new[w]).values[-1]), 6)
    ((<m(w)>, <v(w)>, <t>), 2.9)
    """

    learning_rate: Rate = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        between("β₁", self.beta1, 0, 1, below=True)
        between("β₂", self.beta2, 0, 1, below=True)
        between("ε", self.epsilon, 0, above=True)

    def rule(self, rate: Node, count: Node) -> Rule:
        shares = self.shares(count)

        def one(w: Node, g: Node) -> tuple[Node, dict[Node, Node]]:
            moments = self.moments(w, g)
            first, second = moments.values()
            return self.shrunk(w, rate) - self.step(rate, first, second, shares), moments

        return one

    def shares(self, count: Node) -> tuple[Node, Node]:
        """How much of each moment is there after so many steps: 1 - β₁ᵗ and 1 - β₂ᵗ."""
        return 1.0 - self.beta1**count, 1.0 - self.beta2**count

    def moments(self, w: Node, g: Node) -> dict[Node, Node]:
        """The new values of m and v of a parameter, by their leaves."""
        m, v = _kept("m", w), _kept("v", w)
        first = _next(m, self.beta1 * m + (1 - self.beta1) * g)
        second = _next(v, self.beta2 * v + (1 - self.beta2) * (g * g))
        return {m: first, v: second}

    def step(self, rate: Node, m: Node, v: Node, shares: tuple[Node, Node]) -> Node:
        """How far a parameter moves: η m̂ / (√v̂ + ε)."""
        return rate * ((m / shares[0]) / (table()["sqrt"](v / shares[1]) + self.epsilon))

    def shrunk(self, w: Node, rate: Node) -> Node:
        """The parameter from which the step is made: itself."""
        return w


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: W' = (1 - η λ) W - η m̂ / (√v̂ + ε) (Loshchilov and Hutter 2019, Algorithm 2).

    >>> import cgraph as cg
    >>> w = cg.parameter("w", 3.0)
    >>> round(float(cg.forward(AdamW(0.1, weight_decay=0.5).updates([w], [2 * w]).new[w]).values[-1]), 6)
    2.75
    """

    _: KW_ONLY
    weight_decay: float = 0.01

    def decayed(self, w: Node, g: Node) -> Node:
        return g

    def shrunk(self, w: Node, rate: Node) -> Node:
        return (1.0 - rate * self.weight_decay) * w if self.weight_decay else w


@dataclass(frozen=True)
class AMSGrad(Adam):
    """Adam whose steps never grow because v forgot: W' = W - η m̂ / (√(s' / (1 - β₂ᵗ)) + ε), s' = max(s, v').

    Source: Reddi, Kale and Kumar (2018), Algorithm 2, with the bias corrections of PyTorch.

    >>> import cgraph as cg
    >>> w = cg.parameter("w", 3.0)
    >>> AMSGrad(0.1).updates([w], [cg.grad(w * w, w)]).state
    (<m(w)>, <v(w)>, <s(w)>, <t>)
    """

    def rule(self, rate: Node, count: Node) -> Rule:
        shares = self.shares(count)

        def one(w: Node, g: Node) -> tuple[Node, dict[Node, Node]]:
            moments = self.moments(w, g)
            (first, second), s = moments.values(), _kept("s", w)
            largest = _next(s, table()["maximum"](s, second))
            return w - self.step(rate, first, largest, shares), {**moments, s: largest}

        return one


@dataclass(frozen=True)
class Adamax(Adam):
    """Adam by the largest gradient: u' = max(β₂ u, |g| + ε), W' = W - η m' / ((1 - β₁ᵗ) u').

    Source: Kingma and Ba (2015), Algorithm 2, with the ε of PyTorch.

    >>> import cgraph as cg
    >>> w = cg.parameter("w", 3.0)
    >>> round(float(cg.forward(Adamax(0.1).updates([w], [cg.grad(w * w, w)]).new[w]).values[-1]), 6)
    2.9
    """

    learning_rate: Rate = 0.002

    def rule(self, rate: Node, count: Node) -> Rule:
        share = 1.0 - self.beta1**count

        def one(w: Node, g: Node) -> tuple[Node, dict[Node, Node]]:
            m, u = _kept("m", w), _kept("u", w)
            first = _next(m, self.beta1 * m + (1 - self.beta1) * g)
            largest = _next(u, table()["maximum"](self.beta2 * u, table()["abs"](g) + self.epsilon))
            return w - rate / share * (first / largest), {m: first, u: largest}

        return one


@dataclass(frozen=True)
class NAdam(Adam):
    """Adam that looks ahead, as Nesterov's momentum does (Dozat 2016, in PyTorch's form).

    μₜ = β₁ (1 - 0.96^(t ψ) / 2) with ψ = `decay`, M' = M μₜ their product so far, and
    W' = W - η (μₜ₊₁ m' / (1 - M' μₜ₊₁) + (1 - μₜ) g / (1 - M')) / (√v̂ + ε).
    Raises ValueRefusedError for a decay below 0, and what Adam raises.

    >>> import cgraph as cg
    >>> w = cg.parameter("w", 3.0)
    >>> NAdam(0.1).updates([w], [cg.grad(w * w, w)]).state
    (<m(w)>, <v(w)>, <M>, <t>)
    """

    learning_rate: Rate = 0.002
    _: KW_ONLY
    decay: float = 0.004

    def __post_init__(self) -> None:
        super().__post_init__()
        between("the decay", self.decay, 0)

    def rule(self, rate: Node, count: Node) -> Rule:
        now, then = (self.beta1 * (1.0 - 0.5 * 0.96 ** (self.decay * t)) for t in (count, count + 1.0))
        product = parameter("M", 1.0)
        so_far = _next(product, product * now)
        ahead, here = then / (1.0 - so_far * then), (1.0 - now) / (1.0 - so_far)
        _, share = self.shares(count)

        def one(w: Node, g: Node) -> tuple[Node, dict[Node, Node]]:
            moments = self.moments(w, g)
            first, second = moments.values()
            step = (ahead * first + here * g) / (table()["sqrt"](second / share) + self.epsilon)
            return w - rate * step, {**moments, product: so_far}

        return one

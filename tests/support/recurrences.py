"""Random recurrent nets, unrolled: a random graph as the cell, of two states, an input of each step, and weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import cgraph as cg

BATCH, WIDE = 3, 4
ONE: dict[str, Callable[[Any], Any]] = {
    "tanh": cg.tanh,
    "sigmoid": cg.sigmoid,
    "relu": cg.relu,
    "sin": cg.sin,
    "softmax": cg.softmax,
    "turned": lambda x: cg.flip(x, axis=1),
    "rolled": lambda x: cg.concatenate([x[:, 1:], x[:, :1]], axis=1),
    "in strides": lambda x: cg.concatenate([x[:, ::2], x[:, 1::2]], axis=1),
    "less its mean": lambda x: x - cg.mean(x, axis=1, keepdims=True),
    "summed up": lambda x: cg.cumsum(x, axis=1) / WIDE,
    "largest": lambda x: x - cg.max(x, axis=0),
    "picked": lambda x: x[[2, 0, 0]],
}
TWO: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda x, y: x + y,
    "product": lambda x, y: x * y,
    "ratio": lambda x, y: x / (1 + y**2),
    "either": cg.maximum,
    "chosen": lambda x, y: cg.where(x > 0, y, x),
    "outer": lambda x, y: x @ cg.transpose(y) @ y / WIDE**2,
}


class Recurrence:
    """A random net: its loss, its weights with their updates, and its inputs [batch×time×wide] with ids [time]."""

    def __init__(self, seed: int, steps: int, different: bool = False) -> None:
        self._random = random = np.random.default_rng(seed)
        self.weights = [cg.parameter(n, random.normal(size=(WIDE, WIDE)) / WIDE**0.5) for n in "UW"]
        self.weights.append(cg.parameter("b", random.normal(size=WIDE)))
        self.x, self.ids = cg.variable("x", (BATCH, steps, WIDE)), cg.variable("ids", (BATCH, steps))
        self._plan = [self._choice() for _ in range(int(random.integers(4, 10)))]
        states = [cg.constant(np.zeros((BATCH, WIDE)))] * 2
        losses = []
        for step in range(steps):
            states = self._cell(states, self.x[:, step])
            if different and step % 3 == 1:  # a step that is not as the others
                states[0] = cg.tanh(states[0] * (step + 0.5))
            losses.append(cg.mean(cg.softmax_cross_entropy(states[0], self.ids[:, step])))
        self.loss = sum(losses[1:], losses[0]) + cg.mean(states[1] ** 2)
        slopes = cg.grad(self.loss, self.weights)
        self.updates = {w: w - 0.05 * g for w, g in zip(self.weights, slopes, strict=True)}

    @property
    def inputs(self) -> list[cg.Node]:
        """What a call is given, in this order."""
        return [self.x, self.ids]

    def batches(self, count: int) -> tuple[Any, Any]:
        """Values for so many calls."""
        random = np.random.default_rng(1)
        ids = random.integers(0, WIDE, (count, *map(int, self.ids.shape)))
        return random.normal(size=(count, *map(int, self.x.shape))), ids.astype(float)

    def _choice(self) -> tuple[str, int, int]:
        names = [*ONE, *TWO, "weighed", "weighed"]
        first, second = (int(i) for i in self._random.integers(0, 100, 2))
        return str(self._random.choice(names)), first, second

    def _cell(self, states: Sequence[cg.Node], x: cg.Node) -> list[cg.Node]:
        U, W, b = self.weights
        nodes = [*states, x, cg.tanh(states[0] @ U + x @ W + b)]
        for name, first, second in self._plan:
            one, other = nodes[-1 - first % 3], nodes[second % len(nodes)]
            if name in ONE:
                nodes.append(ONE[name](one))
            else:
                nodes.append(TWO[name](one, other) if name in TWO else one @ (U if second % 2 else W))
        return [cg.tanh(nodes[-1] + nodes[3]), cg.tanh(nodes[-2])]

"""Graphs in scopes: random graphs whose builder enters and leaves scopes at random, and nets as users write them."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from random_graphs import Seeded, grown
from random_scalars import grown as scalars

import cgraph as cg

NAMES = ("encoder", "layer[1]", "relu", "head[2].query", "<script>", '"]; x [', "形", "a & b")


class Scoping(Seeded):
    """Makes the choices of a seed, and between them enters and leaves scopes, as a second seed says."""

    def __init__(self, seed: int, scopes: int) -> None:
        super().__init__(seed)
        self.chance = random.Random(scopes)
        self.open: list[Any] = []
        self.first = True

    def below(self, count: int) -> int:
        while self.open and self.chance.random() < 0.15:
            self.open.pop().__exit__(None, None, None)
        if self.first or (len(self.open) < 4 and self.chance.random() < 0.15):
            self.first = False
            self.open.append(cg.scope(self.chance.choice(NAMES)))
            self.open[-1].__enter__()
        return super().below(count)

    def close(self) -> None:
        while self.open:
            self.open.pop().__exit__(None, None, None)


def twins(seed: int, deepest: int = 30) -> tuple[cg.Graph, cg.Graph]:
    """A random graph of arrays without scopes, and the same one with them."""
    choose = Scoping(seed, seed + 1)
    try:
        scoped = cg.Graph(grown(choose, deepest)[0])
    finally:
        choose.close()
    return cg.Graph(grown(Seeded(seed), deepest)[0]), scoped


class ScopingRandom(random.Random):
    """A random generator that enters and leaves scopes between its numbers."""

    def __init__(self, seed: int, names: Sequence[str] = NAMES) -> None:
        super().__init__(seed)
        self.chance, self.names = random.Random(seed + 1), names
        self.open: list[Any] = []

    def random(self) -> float:
        while self.open and self.chance.random() < 0.12:
            self.open.pop().__exit__(None, None, None)
        if len(self.open) < 4 and self.chance.random() < 0.12:
            self.open.append(cg.scope(self.chance.choice(self.names)))
            self.open[-1].__enter__()
        return super().random()

    def close(self) -> None:
        while self.open:
            self.open.pop().__exit__(None, None, None)


def scoped_pass(seed: int, size: int = 24, names: Sequence[str] = NAMES) -> cg.Backward:
    """Both passes of a random scalar graph in random scopes; numbers may overflow."""
    choose, numbers = ScopingRandom(seed, names), np.random.default_rng(seed)
    try:
        graph = cg.Graph(scalars(choose, size))
    finally:
        choose.close()
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cg.backward(cg.forward(graph, {x: numbers.uniform(-1, 1) for x in graph.inputs if x.value is None}))


def residual(blocks: int, width: int = 3, relu: Callable[[cg.Node], cg.Node] | None = None) -> cg.Graph:
    """A residual net of blocks in scopes, each of which calls one and the same activation twice, in its own scope."""

    def own(x: cg.Node) -> cg.Node:
        with cg.scope("relu"):
            return cg.maximum(x, 0.0) * 1.0

    call, generator = relu or own, np.random.default_rng(0)

    def matrix(name: str) -> cg.Node:
        return cg.parameter(name, generator.normal(size=(width, width)))

    h = cg.variable("X", ("m", width))
    for i in range(1, blocks + 1):
        with cg.scope(f"block[{i}]"):
            inner = call(h @ matrix(f"U[{i}]"))
            inner = call(inner @ matrix(f"V[{i}]") + h)
        h = inner
    return cg.Graph(h.sum().named("L"))


def with_calls_by_name(blocks: int, shared: int = 1) -> cg.Graph:
    """A residual net whose parts are told by names alone: blocks, and activations that all blocks call."""
    h = cg.variable("x")
    for i in range(blocks):
        z = (h * cg.parameter(f"block{i}.w", 0.5) + cg.parameter(f"block{i}.b", 0.1)).named(f"block{i}.z")
        for j in range(shared):
            low = cg.maximum(z, 0.0).named(f"act{j}.low{i}")
            z = (low * 0.9).named(f"act{j}.out{i}")
        h = (z * cg.parameter(f"block{i}.v", 2.0) + h).named(f"block{i}.y")
    return cg.Graph((h * h).named("L"))


def scattered(seed: int, size: int = 40, names: int = 5) -> cg.Graph:
    """A random graph whose nodes are of layers at random, by names: most layers are on cycles."""
    chance = random.Random(seed)
    nodes: list[cg.Node] = [cg.variable(f"x{i}") for i in range(3)]
    while len(nodes) < size:
        x, y = (nodes[-1 - min(len(nodes) - 1, int(chance.expovariate(1 / 6)))] for _ in range(2))
        made = chance.choice((lambda x, y: x + y, lambda x, y: x * y, lambda x, _: cg.tanh(x)))(x, y)
        path = ".".join(f"p{chance.randrange(names)}" for _ in range(chance.randint(0, 2)))
        nodes.append(made.named(f"{path}.n{len(nodes)}") if path else made)
    used = {x for node in nodes for x in node.operands}
    return cg.Graph(cg.add(*(node for node in nodes if node not in used), cg.constant(0.0)))

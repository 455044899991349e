"""Random scalar graphs for pictures: fan-outs, repeated operands, wide sums, names and no names, one output."""

from __future__ import annotations

import random
import warnings

import numpy as np

import cgraph as cg

UNARY = (cg.tanh, cg.sigmoid, cg.relu, lambda x: -x, lambda x: x**2, cg.exp)


def random_graph(seed: int, most: int = 40) -> cg.Graph:
    """A graph of at most so many nodes, the same for a seed on every machine."""
    generator = random.Random(seed)
    while True:
        graph = cg.Graph(grown(generator, generator.randint(2, most)))
        if len(graph) <= most:
            return graph


def grown(generator: random.Random, size: int) -> cg.Node:
    nodes = [
        cg.variable(f"x{i}") if generator.random() < 0.6 else cg.parameter(f"w{i}", round(generator.uniform(-2, 2), 2))
        for i in range(max(1, min(size // 4, 8)))
    ]

    def recent() -> cg.Node:
        return nodes[-1 - min(len(nodes) - 1, int(generator.expovariate(1 / 5)))]

    while len(nodes) < size:
        chance = generator.random()
        node = generator.choice(UNARY)(recent()) if chance < 0.35 else recent()
        if chance >= 0.35:
            node = node * recent() if chance < 0.65 else node + recent()
        nodes.append(node.named(f"z{len(nodes)}") if generator.random() < 0.5 else node)
    used = {x for node in nodes for x in node.operands}
    open_ends = [node for node in nodes if node not in used]
    while len(open_ends) > 1:
        count = generator.randint(2, min(4, len(open_ends)))
        open_ends = [*open_ends[count:], cg.add(*open_ends[:count])]
    return open_ends[0]


def random_pass(seed: int, most: int = 40) -> cg.Backward:
    """Both passes of such a graph; numbers may overflow."""
    graph, generator = random_graph(seed, most), np.random.default_rng(seed)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cg.backward(cg.forward(graph, {x: generator.uniform(-1, 1) for x in graph.inputs if x.value is None}))

"""Graphs of many nodes in the shapes that large graphs have: long, wide, and both."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import cgraph as cg
from cgraph.graph.node import Node


def chain(count: int) -> Node:
    """One op after the other."""
    node = cg.variable("x")
    for _ in range(count - 1):
        node = cg.tanh(node)
    return node


def tree(count: int) -> Node:
    """Products of two, down to leaves that nothing else uses."""
    level = list(cg.variables(" ".join(f"x{i}" for i in range((count + 1) // 2))))
    while len(level) > 1:
        level = [level[i] * level[i + 1] if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
    return level[0]


def dag(count: int) -> Node:
    """Sums of two nodes that came not long before; what nothing uses is added up at the end."""
    generator = Random(0)
    nodes = list(cg.variables("x1 x2 x3 x4"))
    used = set()
    while len(nodes) < count - 1:
        pair = [max(len(nodes) - 1 - int(generator.expovariate(1 / 20)), 0) for _ in range(2)]
        used.update(pair)
        nodes.append(nodes[pair[0]] + nodes[pair[1]])
    return cg.add(*[node for i, node in enumerate(nodes) if i not in used])


def comb(count: int) -> Node:
    """A recurrence: each step has an input of its own."""
    h = cg.variable("h")
    for i in range(count // 3):
        h = cg.tanh(h + cg.variable(f"x{i}"))
    return h


def shared(count: int) -> Node:
    """A recurrence in which every step uses the same two inputs."""
    w, u = cg.variables("w u")
    h = cg.variable("h")
    for _ in range(count // 3):
        h = cg.tanh(w * h) + u
    return h


def star(count: int) -> Node:
    """One sum of all inputs."""
    return cg.add(*cg.variables(" ".join(f"x{i}" for i in range(count - 1))))


def ladder(count: int) -> Node:
    """Two long chains side by side, with a rung at each fifth step."""
    a, b = cg.variables("a b")
    for i in range(count // 2):
        a, b = cg.tanh(a), cg.sin(b) + (a if i % 5 == 0 else 0)
    return a * b


def layers(count: int) -> Node:
    """A net of single neurons, every one of which uses all of the layer before it."""
    width = max(2, round((count / 6) ** 0.5))
    above = list(cg.variables(" ".join(f"x{i}" for i in range(width))))
    for _ in range(3):
        above = [cg.tanh(cg.add(*[above[i] * (i + j + 0.5) for i in range(width)])) for j in range(width)]
    return cg.add(*above)


KINDS: dict[str, Callable[[int], Node]] = {
    f.__name__: f for f in (chain, tree, dag, comb, shared, star, ladder, layers)
}

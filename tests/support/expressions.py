"""Random expression graphs with sharing and broadcasting, for the laws that every graph obeys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

import cgraph as cg

SHAPES: list[tuple[int, ...]] = [(), (3,), (2, 1), (2, 3)]
UNARY: dict[str, Any] = {
    "neg": lambda x: -x,
    "tanh": cg.tanh,
    "sigmoid": cg.sigmoid,
    "exp": lambda x: cg.exp(cg.tanh(x)),  # kept small, so that differences stay exact
    "log": lambda x: cg.log(x * x + 1.5),
    "sqrt": lambda x: cg.sqrt(x * x + 1.5),
    "softmax": lambda x: cg.softmax(x) if x.shape else x,
    "log_softmax": lambda x: cg.log_softmax(x) if x.shape else x,
    "sum": lambda x: cg.sum(x, axis=-1, keepdims=True) if x.shape else x,
    "mean": cg.mean,
    "transposed": lambda x: cg.tanh(x).T.T,
    "reshaped": lambda x: cg.sigmoid(x.reshape(-1)).reshape(x.shape),
    "square": lambda x: cg.tanh(x) ** 2,
}
BINARY: dict[str, Any] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: cg.tanh(x) * y,
    "div": lambda x, y: x / (y * y + 1.5),
    "pow": lambda x, y: (x * x + 1.5) ** cg.tanh(y),
    "matmul": lambda x, y: cg.mean(cg.tanh(x) @ y.T, axis=-1, keepdims=True) if x.shape == y.shape == (2, 3) else x + y,
    "cross entropy": lambda x, y: cg.sigmoid_cross_entropy(x, cg.sigmoid(y)),
}


@dataclass(frozen=True)
class Case:
    """A scalar expression, and values for its variables."""

    root: cg.Node
    feed: dict[cg.Node, np.ndarray]

    def __repr__(self) -> str:
        graph = cg.Graph(self.root)
        rows = [f"{graph.name(n)} = {n.op.name}{tuple(graph.name(x) for x in n.operands)}" for n in graph if n.op]
        return "; ".join(rows) + f" at { {n.name: v.tolist() for n, v in self.feed.items()} }"


@st.composite
def cases(draw: st.DrawFn, largest: int = 7) -> Case:
    """Each step takes any earlier nodes (so that nodes are shared), of any shapes that broadcast."""
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3))
    leaves = [cg.variable(f"x{i}", shape) for i, shape in enumerate(shapes)]
    nodes: list[cg.Node] = list(leaves)
    for _ in range(draw(st.integers(1, largest))):
        name = draw(st.sampled_from([*UNARY, *BINARY, *BINARY]))
        operands = [draw(st.sampled_from(nodes)) for _ in range(1 if name in UNARY else 2)]
        nodes.append((UNARY | BINARY)[name](*operands))
    root = cg.sum(nodes[-1]) + cg.sum(cg.tanh(nodes[-1]) * nodes[draw(st.integers(0, len(nodes) - 1))])
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    used = set(cg.Graph(root))
    return Case(root, {leaf: random.uniform(-1.5, 1.5, leaf.shape) for leaf in leaves if leaf in used})


def value(case: Case, **changed: Any) -> float:
    """The expression's value, with some of the variables changed."""
    feed = {leaf: changed.get(str(leaf.name), v) for leaf, v in case.feed.items()}
    return float(cg.forward(case.root, feed)[case.root])


def central_difference(case: Case, leaf: cg.Node, direction: np.ndarray, step: float = 1e-5) -> float:
    """The slope of the value along a direction of one leaf."""
    there, back = (case.feed[leaf] + sign * step * direction for sign in (1, -1))
    return (value(case, **{str(leaf.name): there}) - value(case, **{str(leaf.name): back})) / (2 * step)

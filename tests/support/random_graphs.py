"""Random graphs of nearly every op, which keep their values moderate and away from kinks and poles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

import cgraph as cg
from cgraph.graph.node import build
from cgraph.ops import TABLE


def bounded(x: Any) -> Any:
    return cg.tanh(x)


def positive(x: Any) -> Any:
    return x * x + 0.5


def away(x: Any) -> Any:
    """Away from 0, where steps jump."""
    return x + 0.01 if x.kind == "constant" else x * 1.0 + 0.0123


def invertible(x: Any) -> Any:
    """A symmetric matrix with eigenvalues from 1 up."""
    return bounded(x) @ bounded(x).T + cg.constant(np.eye(int(x.shape[0])))


def apart(x: Any) -> Any:
    """Elements that differ along the last axis, where ties and equal values have conventions."""
    return x + cg.constant(0.0371 * np.arange(int(x.shape[-1])))


# What a random graph may do with earlier nodes; each keeps values moderate and away from kinks and poles.
UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": lambda x: -x,
    "tanh": cg.tanh,
    "sigmoid": cg.sigmoid,
    "relu": lambda x: cg.relu(away(x)),
    "exp": lambda x: cg.exp(bounded(x)),
    "log": lambda x: cg.log(positive(x)),
    "sqrt": lambda x: cg.sqrt(positive(x)),
    "square": lambda x: bounded(x) ** 2,
    "cube": lambda x: bounded(x) ** 3.0,
    "softmax": lambda x: cg.softmax(x) if x.shape else x,
    "softmax of columns": lambda x: cg.softmax(x, axis=0) if x.shape else x,
    "log_softmax": lambda x: cg.log_softmax(x) if x.shape else x,
    "sum": lambda x: cg.sum(x, axis=-1, keepdims=True) if x.shape else x,
    "sum of all": cg.sum,
    "mean": lambda x: cg.mean(x, axis=0) if x.shape else x,
    "transpose": lambda x: x.T,
    "reshape": lambda x: x.reshape(-1),
    "expand_dims": lambda x: cg.expand_dims(x, axis=0) if len(x.shape) < 3 else x,
    "reciprocal": lambda x: cg.reciprocal(positive(x)),
    "expm1": lambda x: cg.expm1(bounded(x)),
    "log1p": lambda x: cg.log1p(positive(x)),
    "log2": lambda x: cg.log2(positive(x)),
    "log10": lambda x: cg.log10(positive(x)) - cg.log_abs(-positive(x)),
    "cbrt": lambda x: cg.cbrt(positive(x)),
    "sin": cg.sin,
    "cos": cg.cos,
    "tan": lambda x: cg.tan(bounded(x)),
    "arcsin": lambda x: cg.arcsin(0.9 * bounded(x)),
    "arccos": lambda x: cg.arccos(0.9 * bounded(x)),
    "arctan": cg.arctan,
    "sinh": lambda x: cg.sinh(bounded(x)),
    "cosh": lambda x: cg.cosh(bounded(x)),
    "arcsinh": cg.arcsinh,
    "arccosh": lambda x: cg.arccosh(1.0 + positive(x)),
    "arctanh": lambda x: cg.arctanh(0.9 * bounded(x)),
    "erf": cg.erf,
    "abs": lambda x: cg.abs(away(x)),
    "clip": lambda x: cg.clip(away(x), -0.7031, 0.8017),
    "log_sigmoid": cg.log_sigmoid,
    "softplus": cg.softplus,
    "softsign": lambda x: cg.softsign(away(x)),
    "silu": cg.silu,
    "mish": cg.mish,
    "gelu": cg.gelu,
    "gelu_tanh": cg.gelu_tanh,
    "leaky_relu": lambda x: cg.leaky_relu(away(x)),
    "elu": lambda x: cg.elu(away(x)),
    "selu": lambda x: cg.selu(away(x)),
    "hard_sigmoid": lambda x: cg.hard_sigmoid(away(x)),
    "normal_cdf": cg.normal_cdf,
    "log_normal_cdf": lambda x: cg.log_normal_cdf(bounded(x)),
    "inverse_mills": lambda x: build(TABLE["inverse_mills"], bounded(x), order=1),
    "erfc": cg.erfc,
    "logabsdet": lambda x: cg.logabsdet(invertible(x)) if len(x.shape) == 2 else x,
    "prod": lambda x: cg.prod(bounded(x), axis=-1) if x.shape else x,
    "var": lambda x: cg.var(x, axis=-1) if x.shape else x,
    "std": lambda x: cg.std(apart(x), axis=-1, ddof=1) if x.shape and x.shape[-1] == 3 else x,
    "norm": lambda x: cg.norm(x + 0.0123, axis=-1, keepdims=True) if x.shape else x,
    "logsumexp": lambda x: cg.logsumexp(x, axis=0) if x.shape else x,
    "max": lambda x: cg.max(apart(x), axis=-1) if x.shape else x,
    "min": lambda x: cg.min(apart(x), axis=-1, keepdims=True) if x.shape else x,
    "flip": lambda x: cg.flip(x, axis=-1) if x.shape else x,
    "cumsum": lambda x: cg.cumsum(x, axis=-1) if x.shape else x,
    "concatenate": lambda x: cg.concatenate([x, bounded(x)], axis=0) if x.shape else x,
    "part": lambda x: x[..., 1:] if x.shape and x.shape[-1] > 1 else x,
    "det": lambda x: cg.det(invertible(x)) if len(x.shape) == 2 else x,
    "inv": lambda x: cg.inv(invertible(x)) if len(x.shape) == 2 else x,
    "adjugate": lambda x: cg.adjugate(invertible(x)) if len(x.shape) == 2 else x,
    "solve": lambda x: cg.solve(invertible(x), x) if len(x.shape) == 2 else x,
    "gaussian": lambda x: cg.gaussian(x, rate=0.7),
    "centre": lambda x: cg.centre(x, axis=-1) if x.shape else x,
    "all_but_one": lambda x: cg.all_but_one(x, axis=0) if x.shape else x,
    "take": lambda x: cg.take(x, [[x.shape[0] - 1, 0], [0, 0]]) if x.shape else x,
    "take of columns": lambda x: cg.take(x, [x.shape[-1] - 1, 0, 0], axis=-1) if x.shape else x,
    "scatter_add": lambda x: cg.scatter_add(x, [1] * x.shape[0], np.zeros((3, *x.shape[1:]))) if x.shape else x,
    "row": lambda x: x[-1] if x.shape else x,
    "rows twice": lambda x: x[[0, x.shape[0] - 1, 0]] if x.shape else x,
    "a new axis": lambda x: x[..., None] if len(x.shape) < 3 else x,
    "index_add": lambda x: cg.index_add(x, np.zeros((3, *x.shape[1:])), key=[1] * x.shape[0]) if x.shape else x,
    "pad": lambda x: cg.pad(x, width=((0, 0),) * (len(x.shape) - 1) + ((1, 1),), value=0.3) if x.shape else x,
    "squeeze": lambda x: cg.squeeze(x) if 1 in x.shape else x,
    "broadcast_to": lambda x: cg.broadcast_to(x, shape=(2, *x.shape)) if len(x.shape) < 3 else x,
    "broadcast_like": lambda x: cg.broadcast_like(x, np.zeros((2, *x.shape))) if len(x.shape) < 3 else x,
    "diagonal": lambda x: cg.diagonal(x[..., None] * cg.expand_dims(bounded(x), axis=-2)) if x.shape else x,
    "diagonal_matrix": lambda x: cg.diagonal_matrix(x, axis=0) if 0 < len(x.shape) < 3 else x,
    "stack": lambda x: cg.stack([x, bounded(x)], axis=-1) if len(x.shape) < 3 else x,
    "layer_norm": lambda x: cg.layer_norm(apart(x)) if x.shape and x.shape[-1] > 2 else x,
    "mean_pool": lambda x: cg.mean_pool(x, np.arange(int(np.prod(x.shape[:-1]))).reshape(x.shape[:-1]) % 3 < 2)
    if len(x.shape) > 1 else x,
    "sinc": lambda x: cg.sinc(1.1 + bounded(x)),  # PyTorch has no second derivative at 0
    "logaddexp": lambda x: cg.logaddexp(x, -0.7),
    "sorted": lambda x: cg.sort_by(apart(x), apart(x)) if x.shape else x,
    "windows": lambda x: cg.mean(cg.windows(x, size=1 + (x.shape[-1] > 1)), axis=-1) if x.shape else x,
    "windows_add": lambda x: cg.windows_add(cg.tanh(cg.windows(x, size=1)), x, size=1) if x.shape else x,
    "unsort_by": lambda x: cg.unsort_by(x, np.cos(np.arange(np.prod(x.shape)).reshape(x.shape))) if x.shape else x,
    "recurrence": lambda x: cg.recurrence(bounded(x), x) if x.shape else x,
    "cross entropy of ids": lambda x: cg.softmax_cross_entropy(x, np.zeros(x.shape[:-1])) if x.shape else x,
}  # fmt: skip
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "add of three": lambda x, y: cg.add(x, y, x),
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: bounded(x) * y,
    "mul of three": lambda x, y: cg.mul(bounded(x), bounded(y), x),
    "div": lambda x, y: x / positive(y),
    "pow": lambda x, y: positive(x) ** bounded(y),
    "maximum": lambda x, y: cg.maximum(x, y * 1.01 + 0.0077),
    "minimum": lambda x, y: cg.minimum(x, y * 1.01 + 0.0077),
    "arctan2": lambda x, y: cg.arctan2(x, positive(y)),
    "hypot": lambda x, y: cg.hypot(x, positive(y)),
    "mod": lambda x, y: cg.mod(5.5 + 0.1 * bounded(x), 2 + 0.1 * bounded(y)),
    "logaddexp": cg.logaddexp,
    "where": lambda x, y: cg.where(away(x) > 0, bounded(x), y),
    "ratio": lambda x, y: cg.ratio(x, positive(y)),
    "scale": lambda x, y: cg.scale(bounded(x), y),
    "einsum": lambda x, y: cg.einsum("ij,kj->ik", x, bounded(y)),
    "einsum with a sum": lambda x, y: cg.einsum("j,k->k", x, bounded(y)) if len(x.shape) == 1 else x * bounded(y),
    "softmax_cross_entropy": lambda x, y: cg.softmax_cross_entropy(x + y * 0.0, cg.softmax(y + x * 0.0)),
    "mse": lambda x, y: cg.mse(x + y * 0.0, bounded(y + x * 0.0)),
    "sigmoid_cross_entropy": lambda x, y: cg.sigmoid_cross_entropy(x, cg.sigmoid(y)),
    "binary_cross_entropy": lambda x, y: cg.binary_cross_entropy(0.5 + 0.4 * bounded(x), cg.sigmoid(y)),
}
SHAPES: list[tuple[int, ...]] = [(), (3,), (2, 1), (2, 3), (4, 2, 3)]


class Seeded:
    """Choices from a seed: fast, for the many graphs of CI. `Drawn` gives Hypothesis the same choices to make."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def below(self, count: int) -> int:
        return int(self.random.integers(count))


class Drawn:
    """Choices that Hypothesis makes, and makes smaller when a graph fails."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def below(self, count: int) -> int:
        return self.draw(st.integers(0, count - 1))


def grown(choose: Seeded | Drawn, deepest: int = 30) -> tuple[cg.Node, list[cg.Node]]:
    """A scalar of up to `deepest` random steps, and its leaves; each step takes any earlier nodes, mostly late ones."""
    leaves = [cg.variable(f"x{i}", SHAPES[choose.below(len(SHAPES))]) for i in range(1 + choose.below(3))]
    nodes: list[cg.Node] = [*leaves, cg.constant(0.5 + choose.below(100) / 100)]
    unary, binary = list(UNARY.values()), list(BINARY.values())
    for _ in range(1 + choose.below(deepest)):
        first = nodes[-1] if choose.below(5) < 3 else nodes[choose.below(len(nodes))]
        second = nodes[choose.below(len(nodes))]
        kind = choose.below(20)
        try:
            if kind < 10:
                made = unary[choose.below(len(unary))](first)
            elif kind < 12 and first.shape and second.shape:
                made = cg.tanh(first @ second)
            else:
                made = binary[choose.below(len(binary))](first, second)
        except cg.errors.ShapeError:
            continue  # these two shapes do not fit: another step
        if np.prod([int(d) for d in made.shape]) <= 64:
            nodes.append(made)
    return cg.mean(bounded(nodes[-1])) + cg.sum(bounded(nodes[choose.below(len(nodes))])), leaves


def random_graph(seed: int) -> tuple[cg.Node, dict[cg.Node, np.ndarray]]:
    choose = Seeded(seed)
    root, leaves = grown(choose)
    return root, values_of(root, leaves, choose.random)


def values_of(root: cg.Node, leaves: list[cg.Node], random: Any) -> dict[cg.Node, np.ndarray]:
    used = set(cg.Graph(root).inputs)
    return {leaf: random.uniform(-1.5, 1.5, leaf.shape) for leaf in leaves if leaf in used}


@st.composite
def cases(draw: st.DrawFn) -> tuple[cg.Node, dict[cg.Node, np.ndarray]]:
    root, leaves = grown(Drawn(draw))
    return root, values_of(root, leaves, np.random.default_rng(draw(st.integers(0, 1000))))

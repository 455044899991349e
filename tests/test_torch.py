"""Random graphs against PyTorch (float64) and against central differences: first and second derivatives.

PyTorch is heavy and no part of the extra `test`: without it these tests are skipped and say so. `--graphs N` sets how
many graphs are tried; CI tries 20,000.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph.ops import TABLE

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch==2.13.0 runs these tests")
BATCHES = 20


def bounded(x: Any) -> Any:
    return cg.tanh(x)


def positive(x: Any) -> Any:
    return x * x + 0.5


def away(x: Any) -> Any:
    """Away from 0, where steps jump."""
    return x + 0.01 if x.kind == "constant" else x * 1.0 + 0.0123


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
    "log10": lambda x: cg.log10(positive(x)),
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
    "det": lambda x: cg.det(bounded(x) @ bounded(x).T + cg.constant(np.eye(2))) if x.shape == (2, 3) else x,
    "inv": lambda x: cg.inv(bounded(x) @ bounded(x).T + cg.constant(np.eye(2))) if x.shape == (2, 3) else x,
}
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
    "where": lambda x, y: cg.where(away(x) > 0, bounded(x), y),
    "sigmoid_cross_entropy": lambda x, y: cg.sigmoid_cross_entropy(x, cg.sigmoid(y)),
    "binary_cross_entropy": lambda x, y: cg.binary_cross_entropy(0.5 + 0.4 * bounded(x), cg.sigmoid(y)),
}
SHAPES: list[tuple[int, ...]] = [(), (3,), (2, 1), (2, 3), (4, 2, 3)]


def axes_of(attrs: Mapping[str, Any]) -> dict[str, Any]:
    return {"dim": tuple(attrs["axis"]), "keepdim": attrs["keepdims"]}


def along(function: Callable[..., Any], **more: Any) -> Callable[..., Any]:
    """PyTorch's reduction over the axes of ours; over none it changes nothing here."""
    return lambda x, **a: function(x, **axes_of(a), **more)


def one_at_a_time(function: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction that PyTorch does along one axis only."""

    def over(x: Any, axis: tuple[int, ...], keepdims: bool, ties: str = "first") -> Any:
        for a in sorted(axis, reverse=True):
            x = function(x, a, keepdims)
        return x

    return over


def product(first: Any, *more: Any) -> Any:
    for factor in more:
        first = first * factor
    return first


# The table's ops in PyTorch's words; gradients are PyTorch's own.
TORCH: dict[str, Callable[..., Any]] = {
    "add": lambda *x: sum(x[1:], x[0]),
    "mul": product,
    "sub": torch.sub,
    "div": torch.div,
    "neg": torch.neg,
    "pow": torch.pow,
    "square": torch.square,
    "reciprocal": torch.reciprocal,
    "maximum": lambda x, y, ties: torch.maximum(x, y),
    "minimum": lambda x, y, ties: torch.minimum(x, y),
    "arctan2": torch.arctan2,
    "hypot": torch.hypot,
    "where": lambda c, x, y: torch.where(c > 0.5, x, y),
    "greater": lambda x, y: (x > y).double(),
    "clip": lambda x, low, high, at_bounds: torch.clip(x, low, high),
    "abs": lambda x, at_zero: torch.abs(x),
    "relu": lambda x, at_zero: torch.relu(x),
    "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
    "log_sigmoid": lambda x: -torch.logaddexp(torch.zeros_like(x), -x),
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    "softsign": torch.nn.functional.softsign,
    "silu": torch.nn.functional.silu,
    "mish": lambda x: x * torch.tanh(torch.logaddexp(x, torch.zeros_like(x))),
    "gelu": torch.nn.functional.gelu,
    "gelu_tanh": lambda x, cubic: torch.nn.functional.gelu(x, approximate="tanh"),
    "leaky_relu": lambda x, slope, at_zero: torch.nn.functional.leaky_relu(x, slope),
    "elu": lambda x, alpha, at_zero: torch.nn.functional.elu(x, alpha),
    "selu": lambda x, alpha, scale, at_zero: torch.selu(x),
    "hard_sigmoid": lambda x, at_bounds: torch.clip(x + 3, 0, 6) / 6,  # PyTorch's own rounds 1/6 to float32
    "normal_cdf": lambda x: 0.5 * (1 + torch.erf(x / 2**0.5)),
    "matmul": torch.matmul,
    "sum": lambda x, **a: torch.sum(x, **axes_of(a)) if a["axis"] else x,
    "mean": lambda x, **a: torch.mean(x, **axes_of(a)) if a["axis"] else x,
    "prod": one_at_a_time(torch.prod),
    "max": one_at_a_time(lambda x, a, k: torch.max(x, a, k).values),
    "min": one_at_a_time(lambda x, a, k: torch.min(x, a, k).values),
    "var": lambda x, ddof, **a: torch.var(x, **axes_of(a), correction=ddof),
    "std": lambda x, ddof, **a: torch.std(x, **axes_of(a), correction=ddof),
    "norm": along(torch.linalg.vector_norm),
    "logsumexp": along(torch.logsumexp),
    "det": torch.linalg.det,
    "inv": torch.linalg.inv,
    "reshape": torch.reshape,
    "transpose": lambda x, axes: x.permute(axes),
    "expand_dims": lambda x, axis: torch.reshape(x, np.expand_dims(np.empty(x.shape), axis).shape),
    "flip": lambda x, axis: torch.flip(x, axis if isinstance(axis, tuple) else (axis,)),
    "cumsum": lambda x, axis: torch.cumsum(x, axis[0] if isinstance(axis, tuple) else axis),
    "concatenate": lambda *x, axis: torch.cat(x, axis[0] if isinstance(axis, tuple) else axis),
    "softmax": lambda x, axis: x.softmax(axis[0] if isinstance(axis, tuple) else axis),
    "log_softmax": lambda x, axis: x.log_softmax(axis[0] if isinstance(axis, tuple) else axis),
    "softmax_cross_entropy": lambda x, y: -(y * torch.log_softmax(x, -1)).sum(-1),
    "sigmoid_cross_entropy": lambda x, y: torch.logaddexp(x, torch.zeros_like(x)) - x * y,
    "binary_cross_entropy": lambda x, y: -(torch.xlogy(y, x) + torch.xlogy(1 - y, 1 - x)),
    "index": lambda x, key: x[..., 1:],  # the one key that UNARY has
}
TORCH |= {
    name: getattr(torch, name)
    for name in ("exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan", "arcsin", "arccos")
} | {
    name: getattr(torch, name)
    for name in ("arctan", "sinh", "cosh", "arcsinh", "arccosh", "arctanh", "tanh", "sigmoid", "erf")
}
# Rows that rules use, and rows that move elements by keys or letters: these are compared in tests of their families.
ELSEWHERE = {"ratio", "scale", "gaussian", "all_but_one", "centre", "adjugate", "broadcast_like", "index_add"}
ELSEWHERE |= {"scatter_add", "take", "pad", "squeeze", "broadcast_to", "diagonal", "diagonal_matrix", "einsum", "solve"}


def random_graph(seed: int, deepest: int = 30) -> tuple[cg.Node, dict[cg.Node, np.ndarray]]:
    """A scalar of up to `deepest` random steps; each takes any earlier nodes, most often late ones."""
    random = np.random.default_rng(seed)
    leaves = [
        cg.variable(f"x{i}", SHAPES[int(random.integers(len(SHAPES)))]) for i in range(int(random.integers(1, 4)))
    ]
    nodes: list[cg.Node] = [*leaves, cg.constant(float(random.uniform(0.5, 1.5)))]
    unary, binary = list(UNARY.values()), list(BINARY.values())
    for _ in range(int(random.integers(1, deepest + 1))):
        first = nodes[-1] if random.random() < 0.6 else nodes[int(random.integers(len(nodes)))]
        second = nodes[int(random.integers(len(nodes)))]
        try:
            if random.random() < 0.5:
                made = unary[int(random.integers(len(unary)))](first)
            elif random.random() < 0.15 and first.shape and second.shape:
                made = cg.tanh(first @ second)
            else:
                made = binary[int(random.integers(len(binary)))](first, second)
        except cg.errors.ShapeError:
            continue  # these two shapes do not fit: another step
        if np.prod([int(d) for d in made.shape]) <= 64:
            nodes.append(made)
    root = cg.mean(bounded(nodes[-1])) + cg.sum(bounded(nodes[int(random.integers(len(nodes)))]))
    feed = {leaf: random.uniform(-1.5, 1.5, leaf.shape) for leaf in leaves}
    used = set(cg.Graph(root).inputs)
    return root, {leaf: value for leaf, value in feed.items() if leaf in used}


def in_torch(root: cg.Node, feed: Mapping[cg.Node, np.ndarray], dtype: Any) -> tuple[Any, dict[cg.Node, Any]]:
    """The same graph computed by PyTorch, and its leaves."""
    values: dict[cg.Node, Any] = {}
    for node in cg.Graph(root).nodes:
        if node.op is None:
            given = feed.get(node, node.value)
            values[node] = torch.tensor(np.asarray(given), dtype=dtype, requires_grad=node in feed)
        else:
            values[node] = TORCH[node.op.name](*(values[x] for x in node.operands), **node.attrs)
    return values[root], {leaf: values[leaf] for leaf in feed}


def compare_first(seed: int) -> Counter[str]:
    """Value and gradients of one random graph; returns the ops that it has."""
    root, feed = random_graph(seed)
    bwd = cg.backward(cg.forward(root, feed))
    result, leaves = in_torch(root, feed, torch.float64)
    np.testing.assert_allclose(
        bwd.forward[root], result.item(), rtol=1e-8, atol=1e-12, err_msg=f"value of graph {seed}"
    )
    if leaves:
        theirs = torch.autograd.grad(result, list(leaves.values()), allow_unused=True)
        for leaf, gradient in zip(leaves, theirs, strict=True):
            expected = np.zeros(leaf.shape) if gradient is None else gradient.numpy()
            np.testing.assert_allclose(
                bwd.gradient[leaf], expected, rtol=1e-8, atol=1e-10, err_msg=f"gradient by {leaf.name} of graph {seed}"
            )
    return Counter(node.op.name for node in bwd.graph if node.op)


def compare_with_differences(seed: int) -> bool:
    """The slope along a random direction against a central difference; False where a kink is too near for one."""
    root, feed = random_graph(seed)
    random = np.random.default_rng(seed)
    bwd = cg.backward(cg.forward(root, feed))
    directions = {leaf: random.normal(size=leaf.shape) for leaf in feed}
    ours = sum(np.sum(bwd.gradient[leaf] * direction) for leaf, direction in directions.items())
    step = 1e-6
    down, here, up = (
        float(cg.forward(root, {leaf: value + sign * step * directions[leaf] for leaf, value in feed.items()})[root])
        for sign in (-1, 0, 1)
    )
    left, right = (here - down) / step, (up - here) / step
    if abs(left - right) > 1e-3 * (1 + abs(left)):
        return False  # the slopes to both sides differ: not differentiable here, or bent too sharply to tell
    scale = 1 + max((float(np.abs(d).max()) for d in directions.values()), default=0.0)
    np.testing.assert_allclose(ours, (up - down) / (2 * step), rtol=1e-4, atol=1e-5 * scale, err_msg=f"graph {seed}")
    return True


def compare_second(seed: int) -> None:
    """The gradient of a directional derivative, ours by differentiating the graph of the gradient."""
    root, feed = random_graph(seed, deepest=10)
    if not feed:
        return
    random = np.random.default_rng(seed)
    directions = {leaf: random.normal(size=leaf.shape) for leaf in feed}
    reached = [leaf for leaf in feed if leaf.name in set(cg.backward(cg.forward(root, feed)).gradient)]
    result, leaves = in_torch(root, feed, torch.float64)
    if not reached or not result.requires_grad:
        return
    slopes = cg.grad(root, reached)
    slope = sum((cg.sum(s * directions[leaf]) for s, leaf in zip(slopes, reached, strict=True)), cg.constant(0.0))
    theirs = torch.autograd.grad(result, [leaves[x] for x in reached], create_graph=True, allow_unused=True)
    total = sum(
        ((t * torch.tensor(directions[x])).sum() for t, x in zip(theirs, reached, strict=True) if t is not None),
        torch.zeros((), dtype=torch.float64),
    )
    if not total.requires_grad:
        return
    second = torch.autograd.grad(total, [leaves[x] for x in reached], allow_unused=True)
    given = {leaf: value for leaf, value in feed.items() if leaf in set(cg.Graph(slope).inputs)}
    bwd = cg.backward(cg.forward(slope, given))
    for leaf, expected in zip(reached, second, strict=True):
        ours = bwd.gradient[leaf] if leaf in bwd.graph else np.zeros(leaf.shape)
        wanted = np.zeros(leaf.shape) if expected is None else expected.numpy()
        np.testing.assert_allclose(
            ours, wanted, rtol=1e-7, atol=1e-8, err_msg=f"second derivative by {leaf.name} of graph {seed}"
        )


@pytest.mark.parametrize("batch", range(BATCHES))
def test_first_derivatives_of_random_graphs_are_pytorchs(batch: int, graphs: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(batch, graphs, BATCHES):
        seen += compare_first(seed)
    assert len(seen) > 10


@pytest.mark.parametrize("batch", range(BATCHES))
def test_first_derivatives_of_random_graphs_are_the_central_differences(batch: int, graphs: int) -> None:
    seeds = range(batch, graphs // 4, BATCHES)
    smooth = sum(compare_with_differences(seed) for seed in seeds)
    assert smooth >= 0.9 * len(seeds)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_second_derivatives_of_random_graphs_are_pytorchs(batch: int, graphs: int) -> None:
    for seed in range(batch, graphs // 10, BATCHES):
        compare_second(seed)


def test_every_op_with_a_derivative_has_its_counterpart() -> None:
    differentiable = {
        name for name, row in TABLE.items() if any(row.rule(i) for i in range(2 if row.arity is None else row.arity))
    }
    assert differentiable - ELSEWHERE == set(TORCH) - {"greater"}

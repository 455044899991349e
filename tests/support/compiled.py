"""What the tests of compiled programs share: random graphs, and how a program's results are held against a pass."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import expressions
import numpy as np

import cgraph as cg
from cgraph.functions.joining import stack

UNARY: dict[str, Callable[[Any], Any]] = expressions.UNARY | {
    "relu": cg.relu,
    "abs": cg.abs,
    "gelu": cg.gelu,
    "sign": cg.sign,
    "clip": lambda x: cg.clip(x, -0.7, 0.8),
    "max": lambda x: cg.max(x, axis=-1) if x.shape else x,
    "min of all": cg.min,
    "var": lambda x: cg.var(x, axis=0) if x.shape else x,
    "std of rows": lambda x: cg.std(x, axis=-1, keepdims=True) if x.shape else x,
    "norm": lambda x: cg.norm(x, axis=-1) if x.shape else x,
    "logsumexp": lambda x: cg.logsumexp(x, axis=0) if x.shape else x,
    "flip": lambda x: cg.flip(x, axis=0) if x.shape else x,
    "cumsum": lambda x: cg.cumsum(x, axis=-1) if x.shape else x,
    "part": lambda x: x[..., 1:] if x.shape and x.shape[-1] > 1 else x,
    "rows again": lambda x: x[[0, 0]] if x.shape else x,
    "stacked": lambda x: stack([x, cg.tanh(x)]) if len(x.shape) < 3 else x,
    "half": lambda x: x / 2,
    "thrice": lambda x: 3 * x,
    "minus": lambda x: 1 - x,
    "copies": lambda x: cg.broadcast_to(x, shape=(2, *x.shape)) if len(x.shape) < 3 else x,
}
BINARY: dict[str, Callable[[Any, Any], Any]] = expressions.BINARY | {
    "maximum": cg.maximum,
    "where": lambda x, y: cg.where(x > 0, x, y),
    "scale": cg.scale,
    "add of three": lambda x, y: cg.add(x, y, x),
    "product": lambda x, y: cg.tanh(x @ y),
    "ratio": lambda x, y: cg.ratio(x, y * y + 1.5),
}
SHAPES: list[tuple[int, ...]] = [(), (3,), (2, 1), (2, 3), (3, 2), (4, 2, 3)]


def random_graph(seed: int, deepest: int = 12) -> tuple[list[cg.Node], dict[cg.Node, Any]]:
    """Two nodes of a random graph, every fourth time with the gradients of one of them, and values for the leaves."""
    random = np.random.default_rng(seed)
    pick: Callable[[Sequence[Any]], Any] = lambda items: items[int(random.integers(len(items)))]  # noqa: E731
    leaves = [cg.variable(f"g{seed}x{i}", pick(SHAPES)) for i in range(int(random.integers(1, 4)))]
    nodes: list[cg.Node] = [*leaves, cg.constant(float(random.uniform(0.5, 1.5)))]
    for _ in range(int(random.integers(1, deepest + 1))):
        try:
            if random.random() < 0.5:
                made = pick(list(UNARY.values()))(pick(nodes))
            else:
                made = pick(list(BINARY.values()))(pick(nodes), pick(nodes))
        except cg.errors.ShapeError:
            continue  # these shapes do not fit: another step
        if np.prod([int(d) for d in made.shape]) <= 64:
            nodes.append(made)
    outputs = [nodes[-1], pick(nodes)]
    if seed % 4 == 0:
        used = [leaf for leaf in leaves if leaf in cg.Graph(nodes[-1])]
        with contextlib.suppress(cg.errors.GradientError):  # only a sign, for one, hangs on a leaf
            outputs += cg.grad(cg.sum(cg.tanh(nodes[-1])), used) if used else []
    feed = {leaf: random.uniform(-1.5, 1.5, leaf.shape) for leaf in leaves}
    present = set(cg.Graph(outputs).inputs)
    return outputs, {leaf: value for leaf, value in feed.items() if leaf in present}


def same(got: Any, want: Any, dtype: str, what: str, largest: float = 1.0) -> None:
    """Equal up to rounding: relative, or to the largest number that the computation went through."""
    precision = {"float64": 1e-12, "float32": 2e-4}[dtype]
    assert got.dtype == dtype, what
    np.testing.assert_allclose(got, want, rtol=precision, atol=precision * max(largest, 1.0), err_msg=what)


def compare(outputs: Sequence[cg.Node], feed: Mapping[Any, Any], backend: str, dtype: str, what: str) -> Any:
    """A program of these outputs against the plain pass in float64; returns the program."""
    fwd = cg.forward(outputs, feed)
    numbers = [np.abs(v[np.isfinite(v)]).max(initial=0) for v in map(np.asarray, fwd.values)]
    program = cg.compile(outputs, backend=backend, dtype=dtype)
    for _ in range(2):  # nothing stays behind from call to call
        results = program(feed)
        for node, got in zip(outputs, results, strict=True):
            assert got.shape == np.shape(fwd[node]), what
            same(got, fwd[node], dtype, f"{what}: {fwd.graph.name(node)}", max(numbers))
    return program


def compare_steps(
    outputs: Sequence[cg.Node], updates: Mapping[cg.Node, cg.Node], feeds: Sequence[Mapping[str, Any]], dtype: str
) -> Any:
    """Call after call, outputs and owned parameters against passes in float64; returns the program."""
    program = cg.compile(outputs, updates=updates, backend="numpy", dtype=dtype)
    values = {leaf: leaf.value for leaf in updates}
    for place, feed in enumerate(feeds):
        fwd = cg.forward([*outputs, *updates.values()], {**values, **feed})
        for node, got in zip(outputs, program(**feed), strict=True):
            same(got, fwd[node], dtype, f"call {place}: {node!r}")
        values = {leaf: fwd[new] for leaf, new in updates.items()}
        for leaf, value in values.items():
            same(program.value(leaf), value, dtype, f"after call {place}: {leaf.name}")
    return program

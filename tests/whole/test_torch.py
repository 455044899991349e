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
from hypothesis import given
from random_graphs import cases, random_graph

import cgraph as cg
from cgraph.ops import TABLE
from cgraph.ops.conventions import CONVENTIONS

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch==2.13.0 runs these tests")
torch.set_num_threads(1)  # these arrays are small
BATCHES = 20


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


def by_steps(x: Any, y: Any, axis: int) -> Any:
    steps = [y.select(axis, 0)]
    for k in range(1, y.shape[axis]):
        steps.append(x.select(axis, k) * steps[-1] + y.select(axis, k))
    return torch.stack(steps, axis)


def only(axis: Any) -> int:
    """The one axis of a row that goes along one."""
    return int(axis[0] if isinstance(axis, tuple) else axis)


def mills(x: Any) -> Any:
    """The normal density by its distribution function."""
    return torch.exp(-x * x / 2) / (2 * torch.pi) ** 0.5 / torch.special.ndtr(x)


def adjugate_along(x: Any, directions: tuple[Any, ...]) -> Any:
    """The adjugate differentiated along one direction after the other, by PyTorch's forward mode."""
    function = TORCH["adjugate"]
    for y in directions:
        function = along_one(function, y)
    return function(x)


def along_one(function: Callable[..., Any], y: Any) -> Callable[..., Any]:
    return lambda x: torch.func.jvp(function, (x,), (y,))[1]


# The table's ops in PyTorch's words; gradients are PyTorch's own.
def windows(x: Any, size: Any, stride: Any, dilation: Any) -> Any:
    """Windows by the places that they see, one axis after the other."""
    first = x.ndim - len(size)
    for axis, (k, s, d) in enumerate(zip(size, stride, dilation, strict=True), first):
        many = (x.shape[axis] - d * (k - 1) - 1) // s + 1
        places = torch.arange(many)[:, None] * s + torch.arange(k) * d
        x = x.index_select(axis, places.flatten()).unflatten(axis, (many, k)).movedim(axis + 1, -1)
    return x


def windows_added(g: Any, like: Any, size: Any, stride: Any, dilation: Any) -> Any:
    """What windows say, at the places that they see."""
    places = windows(torch.arange(float(like.numel())).reshape(like.shape), size, stride, dilation).long()
    return torch.zeros(like.numel(), dtype=g.dtype).index_add(0, places.flatten(), g.flatten()).reshape(like.shape)


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
    "mod": torch.remainder,
    "logaddexp": torch.logaddexp,
    "xlogy": torch.xlogy,
    "lgamma": torch.lgamma,
    "digamma": lambda x, order: torch.polygamma(order, x) if order else torch.digamma(x),
    "sinc": lambda x, order: torch.sinc(x),
    "windows": windows,
    "windows_add": windows_added,
    "sort_by": lambda x, y, axis: torch.gather(x, axis, torch.argsort(y, dim=axis, stable=True)),
    "unsort_by": lambda x, y, axis: torch.gather(x, axis, torch.argsort(torch.argsort(y, dim=axis, stable=True), axis)),
    "recurrence": by_steps,
    "where": lambda c, x, y: torch.where(c != 0, x, y),
    "greater": lambda x, y: (x > y).double(),
    "equal": lambda x, y: (x == y).double(),
    "one_hot": lambda x, classes, ignore: torch.nn.functional.one_hot(x.long(), classes).double(),
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
    "index": lambda x, key: x[indices(key)],
    "index_add": lambda x, like, key: torch.index_put(torch.zeros_like(like), cells(like, key), x, accumulate=True),
    "take": lambda x, ids, axis: torch.index_select(x, axis, ids.long().reshape(-1)).reshape(
        (*x.shape[:axis], *ids.shape, *x.shape[axis + 1 :])
    ),
    "take_along": lambda x, ids, axis: torch.gather(x, axis, ids.long()),
    "add_along": lambda x, ids, like, axis: torch.zeros_like(like).scatter_add(axis, ids.long(), x),
    "scatter_add": lambda x, ids, like, axis: torch.zeros_like(like).index_add(axis, ids.long(), x),
    "pad": lambda x, width, value: torch.nn.functional.pad(x, sum(map(tuple, width[::-1]), ()), value=value),
    "squeeze": lambda x, axis: x.squeeze(axis),
    "broadcast_to": lambda x, shape: x.expand(shape),
    "broadcast_like": lambda x, like: x.expand_as(like),
    "diagonal": lambda x, axis: torch.movedim(torch.diagonal(x, 0, axis, axis + 1), -1, axis),
    "diagonal_matrix": lambda x, axis: torch.diag_embed(torch.movedim(x, axis, -1), 0, axis, axis + 1),
    "all_but_one": lambda x, axis: torch.where(unit(x, axis), torch.ones(()).double(), x.unsqueeze(axis)),
    "einsum": lambda *x, subscripts: torch.einsum(subscripts, *x),
    "solve": torch.linalg.solve,
    "adjugate": lambda x: torch.linalg.det(x)[..., None, None] * torch.linalg.inv(x),
    "centre": lambda x, axis: x - torch.mean(x, axis, keepdim=True) if axis else x - x,
    "gaussian": lambda x, rate: torch.exp(-rate * x * x),
    "ratio": torch.div,
    "erfc": torch.erfc,
    "log_normal_cdf": torch.special.log_ndtr,
    "inverse_mills": lambda x, order: -mills(x) * (x + mills(x)) if order else mills(x),
    "power_log": lambda x, y: x**y * torch.log(x),
    "power_slope": lambda x, y: y * x ** (y - 1),
    "mish_rise": lambda x: torch.sigmoid(x) * (1 - torch.tanh(torch.nn.functional.softplus(x)) ** 2),
    "one_less_square": lambda x: 1 - x * x,
    "sigmoid_slope": lambda x: torch.sigmoid(x) * torch.sigmoid(-x),
    "tanh_slope": lambda x: 1 / torch.cosh(x) ** 2,
    "sigmoid_residual": lambda x, y: torch.sigmoid(x) - y,
    "direction": lambda x, y: x / torch.hypot(x, y),
    "softmax_residual": lambda x, y, axis: y.sum(only(axis), keepdim=True) * x.softmax(only(axis)) - y,
    "weighted_centre": lambda x, p, axis: (
        p * (x * p.sum(only(axis), keepdim=True) - (p * x).sum(only(axis), keepdim=True))
    ),
    "logabsdet": lambda x: torch.linalg.slogdet(x)[1],
    "adjugate_along": lambda x, *directions: adjugate_along(x, directions),
    "scale": torch.mul,
}
TORCH |= {
    name: getattr(torch, name)
    for name in ("exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan", "arcsin", "arccos")
} | {
    name: getattr(torch, name)
    for name in ("arctan", "sinh", "cosh", "arcsinh", "arccosh", "arctanh", "tanh", "sigmoid", "erf")
}
TORCH["log_abs"] = lambda x: torch.log(torch.abs(x))
NO_GRADIENT = {"greater", "equal", "one_hot"}


def indices(key: Any) -> tuple[Any, ...]:
    return tuple(torch.tensor(part) if isinstance(part, np.ndarray) else part for part in key.parts)


def cells(like: Any, key: Any) -> tuple[Any, ...]:
    """The places that a key picks, as PyTorch's index_put wants them: an array of ids for each axis."""
    places = np.arange(like.numel()).reshape(like.shape)[key.parts]
    return tuple(torch.tensor(axis) for axis in np.unravel_index(places, like.shape))


def unit(x: Any, axis: int) -> Any:
    """True where the new axis of `all_but_one` and the axis beside it say the same place."""
    size = x.shape[axis]
    return torch.eye(size, dtype=torch.bool).reshape(size, size, *(1,) * (x.ndim - axis - 1))


def in_torch(
    graph: cg.Graph, feed: Mapping[cg.Node, np.ndarray], words: Mapping[str, Callable[..., Any]] = TORCH
) -> tuple[Any, dict[cg.Node, Any]]:
    """The same graph computed by PyTorch, and its leaves."""
    values: dict[cg.Node, Any] = {}
    for node in graph.nodes:
        if node.op is None:
            given = np.asarray(feed.get(node, node.value))
            values[node] = torch.tensor(given, dtype=torch.float64, requires_grad=node in feed)
        else:
            values[node] = words[node.op.name](*(values[x] for x in node.operands), **node.attrs)
    return values[graph.output], {leaf: values[leaf] for leaf in feed}


def compare(root: cg.Node, feed: Mapping[cg.Node, np.ndarray]) -> bool:
    """Value, gradients and second derivatives of one graph against PyTorch's, and the slope along a direction against
    a central difference; whether the last could be compared."""
    graph = cg.Graph(root)
    bwd = cg.backward(cg.forward(graph, feed))
    result, leaves = in_torch(graph, feed)
    np.testing.assert_allclose(bwd.forward[root], result.item(), rtol=1e-8, atol=1e-12, err_msg="the value")
    if not result.requires_grad:
        assert not any(np.any(bwd.gradient[leaf]) for leaf in feed)
        return True
    theirs = torch.autograd.grad(result, list(leaves.values()), allow_unused=True, create_graph=True)
    for leaf, gradient in zip(leaves, theirs, strict=True):
        expected = np.zeros(leaf.shape) if gradient is None else gradient.detach().numpy()
        np.testing.assert_allclose(
            bwd.gradient[leaf], expected, rtol=1e-8, atol=1e-10, err_msg=f"the gradient by {leaf.name}"
        )
    random = np.random.default_rng(len(graph))
    directions = {leaf: random.normal(size=leaf.shape) for leaf in feed}
    compare_second(bwd, directions, leaves, theirs)
    return compare_with_differences(bwd, directions)


def compare_with_differences(bwd: cg.Backward, directions: Mapping[cg.Node, np.ndarray]) -> bool:
    """The slope along a direction against a central difference; False where a kink is too near for one."""
    ours = sum(np.sum(bwd.gradient[leaf] * direction) for leaf, direction in directions.items())
    step = 1e-6
    down, up = (
        float(cg.forward(bwd.graph, {leaf: bwd.forward[leaf] + h * d for leaf, d in directions.items()})[bwd.of])
        for h in (-step, step)
    )
    here = float(bwd.forward[bwd.of])
    left, right = (here - down) / step, (up - here) / step
    if abs(left - right) > 1e-3 * (1 + abs(left)):
        return False  # the slopes to both sides differ: not differentiable here, or bent too sharply to tell
    scale = 1 + max((float(np.abs(d).max()) for d in directions.values()), default=0.0)
    np.testing.assert_allclose(ours, (up - down) / (2 * step), rtol=1e-4, atol=1e-5 * scale, err_msg="the difference")
    return True


def compare_second(bwd: cg.Backward, directions: Mapping[cg.Node, np.ndarray], leaves: Any, theirs: Any) -> None:
    """Hessian times direction: ours by differentiating the graph of the gradient, theirs by a second backward pass."""
    names = set(bwd.gradient)
    reached = [leaf for leaf in directions if leaf.name in names]
    slopes = cg.grad(bwd.graph, reached)
    slope = sum((cg.sum(s * directions[leaf]) for s, leaf in zip(slopes, reached, strict=True)), cg.constant(0.0))
    total = sum(
        ((t * torch.tensor(directions[x])).sum() for t, x in zip(theirs, leaves, strict=True) if t is not None),
        torch.zeros((), dtype=torch.float64),
    )
    second: Any = [None] * len(reached)
    if total.requires_grad:
        second = torch.autograd.grad(total, [leaves[x] for x in reached], allow_unused=True)
    graph = cg.Graph(slope)
    again = cg.backward(cg.forward(graph, {x: bwd.forward[x] for x in reached if x in graph.index}))
    for leaf, expected in zip(reached, second, strict=True):
        ours = again.gradient[leaf] if leaf in graph.index else np.zeros(leaf.shape)
        wanted = np.zeros(leaf.shape) if expected is None else expected.numpy()
        scale = 1 + float(np.max(np.abs(wanted), initial=0))
        np.testing.assert_allclose(
            ours, wanted, rtol=1e-7, atol=1e-8 * scale, err_msg=f"the second derivative by {leaf.name}"
        )


@pytest.mark.parametrize("batch", range(BATCHES))
def test_two_derivatives_of_random_graphs_are_pytorchs_and_one_is_the_central_difference(
    batch: int, graphs: int
) -> None:
    seeds = range(batch, graphs, BATCHES)
    smooth = 0
    for seed in seeds:
        try:
            smooth += compare(*random_graph(seed))
        except (AssertionError, cg.CgraphError) as error:
            pytest.fail(f"random_graph({seed}): {error}")
    assert smooth >= 0.9 * len(seeds)


@given(case=cases())
def test_whatever_graph_hypothesis_draws_agrees_with_pytorch(case: tuple[cg.Node, dict[cg.Node, np.ndarray]]) -> None:
    compare(*case)


# Ops in no random graph, but in test_gammas.py and test_taking_along.py: PyTorch's slope of digamma has 9 digits.
ALONE = {"lgamma", "digamma", "xlogy", "take_along", "add_along"}


def test_the_random_graphs_mix_all_ops_that_pytorch_has_and_are_deep() -> None:
    seen: Counter[str] = Counter()
    deepest = 0
    for seed in range(1000):
        root, feed = random_graph(seed)
        nodes = cg.Graph(root).nodes
        leaves = [leaf for leaf in feed if leaf in nodes]
        first = cg.grad(root, leaves)
        made = {*nodes, *cg.Graph(first).nodes}
        if any(node.op is cg.table()["pow"].row for node in nodes):  # of which second derivatives alone have an op
            made |= {*cg.Graph(cg.grad(sum(map(cg.sum, first), cg.constant(0.0)), leaves)).nodes}
        seen += Counter(node.op.name for node in made if node.op)
        depth: dict[cg.Node, int] = {}
        for node in nodes:
            depth[node] = 1 + max((depth[x] for x in node.operands), default=-1)
        deepest = max(deepest, depth[nodes[-1]])
    mixed = set(TORCH) - ALONE
    assert mixed <= set(seen)
    assert min(seen[name] for name in mixed) >= 5
    assert deepest >= 30


def test_every_op_with_a_derivative_has_its_counterpart() -> None:
    differentiable = {
        name for name, row in TABLE.items() if any(row.rule(i) for i in range(2 if row.arity is None else row.arity))
    }
    assert differentiable == set(TORCH) - NO_GRADIENT


KINKS: dict[str, tuple[Callable[..., Any], list[Any]]] = {  # where PyTorch's choices are measured
    "relu": (cg.relu, [0.0]),
    "leaky_relu": (cg.leaky_relu, [0.0]),
    "elu": (lambda x: cg.elu(x, alpha=2), [0.0]),
    "selu": (cg.selu, [0.0]),
    "hard_sigmoid": (lambda x: cg.hard_sigmoid(x) + 2 * cg.hard_sigmoid(x - 6), [3.0]),
    "abs": (cg.abs, [0.0]),
    "sign": (lambda x: cg.sign(x) * x, [0.0]),
    "maximum": (lambda x, y: cg.maximum(x, y) + 3 * x, [2.0, 2.0]),
    "minimum": (lambda x, y: cg.minimum(x, y) + 3 * x, [2.0, 2.0]),
    "clip": (lambda x: cg.clip(x, -1, 1), [1.0]),
    "max": (cg.max, [[3.0, 3.0, 1.0]]),
    "min": (cg.min, [[1.0, 3.0, 1.0]]),
    "norm": (cg.norm, [[0.0, 0.0]]),
    "std": (cg.std, [[2.0, 2.0]]),
    "hypot": (cg.hypot, [0.0, 0.0]),
    "pow": (lambda x, y: x**y, [0.0, 0.0]),
    "logsumexp": (cg.logsumexp, [[-np.inf, -np.inf]]),
    "softmax": (lambda x: cg.sum(cg.softmax(x) * [1.0, 2.0]), [[-np.inf, -np.inf]]),
}
AT_A_KINK = TORCH | {
    "hard_sigmoid": lambda x, at_bounds: torch.nn.functional.hardsigmoid(x),
    "sign": lambda x, at_zero: torch.sign(x),
    "max": lambda x, **a: torch.max(x),
    "min": lambda x, **a: torch.min(x),
}


@pytest.mark.parametrize("op", KINKS)
def test_the_frameworks_choices_are_pytorchs(op: str) -> None:
    (function, at), (convention, *_) = KINKS[op], [c for c in CONVENTIONS if c.op == op and "NaN" not in c.name]
    leaves = [cg.variable(f"x{i}", np.shape(value)) for i, value in enumerate(at)]
    graph = cg.with_conventions(cg.Graph(function(*leaves)), "frameworks")
    feed = {leaf: np.array(value) for leaf, value in zip(leaves, at, strict=True)}
    result, theirs = in_torch(graph, feed, AT_A_KINK)
    result.backward()
    bwd = cg.backward(cg.forward(graph, feed))
    for leaf in leaves:
        expected = theirs[leaf].grad.numpy()
        if convention.frameworks == "NaN":  # there is no switch to a NaN
            assert np.isnan(expected).all()
            expected = np.full(leaf.shape, convention.chapter)
        np.testing.assert_allclose(bwd.gradient[leaf], expected, rtol=1e-6, atol=1e-9)


def test_every_switch_is_measured_at_its_kink() -> None:
    assert {c.op for c in CONVENTIONS if c.attribute} - set(KINKS) == {"step", "above"}  # which pass no gradient on

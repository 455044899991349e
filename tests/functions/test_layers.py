"""Convolution, pooling, normalising, attention, recurrence and losses against PyTorch's own functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pytest
from sparse import sparse

import cgraph as cg
from cgraph.errors import CgraphError, NameUnknownError, ShapeError, ValueRefusedError

torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
pytestmark = pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel:UserWarning")
F = torch.nn.functional


def numbers(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng([seed, *shape]).normal(size=shape)


@pytest.fixture(params=["numpy", pytest.param("native", marks=pytest.mark.slow)])
def same(request: pytest.FixtureRequest) -> Callable[..., None]:
    """What compares a function of arrays with PyTorch's, compiled for one of the backends too."""
    return partial(compared, request.param)


@pytest.fixture
def plainly() -> Callable[..., None]:
    """The same on NumPy alone, where another test has the like of it in C."""
    return partial(compared, "numpy")


def compared(backend: str, ours: Any, theirs: Any, arrays: Mapping[str, Any]) -> None:
    """Values, gradients and a Hessian times a direction of a function of arrays, as passes and compiled."""
    leaves = {name: cg.variable(name, np.shape(value)) for name, value in arrays.items()}
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in arrays.items()}
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):  # others have no second derivative
        result, expected = ours(*leaves.values()), theirs(*tensors.values())
    assert result.shape == tuple(expected.shape)
    weights = numbers(*result.shape, seed=1)
    loss, their_loss = cg.sum(result * weights), (expected * torch.tensor(weights)).sum()
    bwd = cg.backward(loss, arrays)
    np.testing.assert_allclose(bwd.forward[result], expected.detach().numpy(), rtol=1e-10, atol=1e-12)
    slopes = torch.autograd.grad(their_loss, list(tensors.values()), create_graph=True, allow_unused=True)
    wanted = [
        np.zeros(np.shape(a)) if s is None else s.detach().numpy() for s, a in zip(slopes, arrays.values(), strict=True)
    ]
    for leaf, slope in zip(leaves.values(), wanted, strict=True):
        np.testing.assert_allclose(bwd.gradient[leaf], slope, rtol=1e-9, atol=1e-11, err_msg=leaf.name)
    gradients = cg.grad(loss, list(leaves.values()))
    found = cg.compile([loss, *gradients], inputs=list(leaves.values()), backend=backend)(*arrays.values())
    np.testing.assert_allclose(found[0], their_loss.item(), rtol=1e-10)
    for mine, slope in zip(found[1:], wanted, strict=True):
        np.testing.assert_allclose(mine, slope, rtol=1e-8, atol=1e-10)
    directions = {name: numbers(*np.shape(value), seed=2) for name, value in arrays.items()}
    turned = sum((s * torch.tensor(d)).sum() for s, d in zip(slopes, directions.values(), strict=True) if s is not None)
    if not turned.requires_grad:
        return
    second = torch.autograd.grad(turned, list(tensors.values()), allow_unused=True)
    product = sum((cg.sum(g * d) for g, d in zip(gradients, directions.values(), strict=True)), cg.constant(0.0))
    again = cg.forward(cg.grad(product, list(leaves.values())), arrays)
    for node, theirs_second, value in zip(again.graph.outputs, second, arrays.values(), strict=True):
        expected_second = np.zeros(np.shape(value)) if theirs_second is None else theirs_second.numpy()
        np.testing.assert_allclose(again[node], expected_second, rtol=1e-7, atol=1e-9)


# Convolution and pooling ---------------------------------------------------------------------------------------------
CONVOLVED = [
    {},
    {"stride": 2},
    {"padding": 1},
    {"stride": 2, "padding": 2},
    {"dilation": 2, "padding": 1},
    {"stride": 3, "dilation": 2, "padding": 3},
    {"groups": 2},
    {"groups": 4, "padding": 1},
    {"padding": "same"},
    {"padding": "same", "dilation": 2},
    {"padding": "valid"},
]


@pytest.mark.parametrize("size", sparse([2, 3], 2))
@pytest.mark.parametrize("how", sparse(CONVOLVED, 4), ids=str)
def test_a_convolution_of_sequences_is_pytorchs(how: dict[str, Any], size: int, plainly: Any) -> None:
    arrays = {"x": numbers(2, 4, 9), "w": numbers(8, 4 // how.get("groups", 1), size), "b": numbers(8)}
    plainly(lambda x, w, b: cg.conv1d(x, w, b, **how), lambda x, w, b: F.conv1d(x, w, b, **how), arrays)


UNEVEN = {"stride": (2, 1), "padding": (0, 2), "dilation": (1, 2)}


@pytest.mark.parametrize("sizes", sparse([[2, 3], [1, 1]], 2))
@pytest.mark.parametrize(
    "how", sparse([{"stride": (2, 1), "padding": (0, 2), "dilation": (1, 2)}, *CONVOLVED], 7), ids=str
)
def test_a_convolution_of_images_is_pytorchs(how: dict[str, Any], sizes: list[int], same: Any) -> None:
    arrays = {"x": numbers(2, 4, 7, 6), "w": numbers(4, 4 // how.get("groups", 1), *sizes), "b": numbers(4)}
    same(lambda x, w, b: cg.conv2d(x, w, b, **how), lambda x, w, b: F.conv2d(x, w, b, **how), arrays)


def test_one_image_needs_no_batch_and_a_batch_may_have_a_name(same: Any) -> None:
    same(cg.conv2d, F.conv2d, {"x": numbers(3, 5, 5), "w": numbers(2, 3, 3, 3)})
    x, w = cg.variable("x", ("m", 3, 5, 5)), cg.variable("w", (2, 3, 3, 3))
    z = cg.conv2d(x, w, padding=1)
    assert z.shape == ("m", 2, 5, 5)
    for m in (1, 4, 0):
        given = {"x": numbers(m, 3, 5, 5), "w": numbers(2, 3, 3, 3)}
        expected = F.conv2d(torch.tensor(given["x"]), torch.tensor(given["w"]), padding=1).numpy()
        np.testing.assert_allclose(cg.forward(z, given)[z], expected, atol=1e-12)


SPREAD = {"stride": 1, "dilation": 2, "padding": 1}
POOLED = [{}, {"stride": 1}, {"stride": 3}, {"padding": 1}, {"stride": 1, "padding": 1}]


@pytest.mark.parametrize(
    "how", sparse([{"stride": 1, "dilation": 2, "padding": 1}, *POOLED, {"dilation": 2}], 4), ids=str
)
@pytest.mark.parametrize("size", sparse([3, 2], 2))
def test_the_largest_of_windows_is_pytorchs(how: dict[str, Any], size: int, same: Any) -> None:
    same(lambda x: cg.max_pool2d(x, size, **how), lambda x: F.max_pool2d(x, size, **how), {"x": numbers(2, 3, 7, 8)})
    same(lambda x: cg.max_pool1d(x, size, **how), lambda x: F.max_pool1d(x, size, **how), {"x": numbers(2, 3, 9)})


@pytest.mark.parametrize("how", sparse(POOLED, 4), ids=str)
@pytest.mark.parametrize("size", sparse([3, 2], 2))
def test_the_mean_of_windows_is_pytorchs(how: dict[str, Any], size: int, plainly: Any) -> None:
    plainly(lambda x: cg.avg_pool2d(x, size, **how), lambda x: F.avg_pool2d(x, size, **how), {"x": numbers(2, 3, 7, 8)})
    plainly(lambda x: cg.avg_pool1d(x, size, **how), lambda x: F.avg_pool1d(x, size, **how), {"x": numbers(2, 3, 9)})


def test_of_equal_elements_of_a_window_the_first_gets_the_gradient_as_in_pytorch(same: Any) -> None:
    ties = np.array([[1.0, 1.0, 0.0, 2.0], [1.0, 0.0, 2.0, 2.0]])[None]
    same(lambda x: cg.max_pool2d(x, 2), lambda x: F.max_pool2d(x, 2), {"x": ties})
    same(lambda x: cg.max_pool2d(x, 2, stride=1), lambda x: F.max_pool2d(x, 2, stride=1), {"x": ties})


# Normalising ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("shape", [(5, 4), (3, 4, 6), (2, 4, 3, 3), (1, 4, 2)])
def test_normalising_over_the_batch_and_by_given_statistics_is_pytorchs(shape: tuple[int, ...], same: Any) -> None:
    arrays = {"x": numbers(*shape), "g": numbers(4), "b": numbers(4)}
    same(cg.batch_norm, lambda x, g, b: F.batch_norm(x, None, None, g, b, True), arrays)
    mean, var = numbers(4, seed=3), numbers(4, seed=4) ** 2 + 0.1
    same(
        lambda x, g, b: cg.batch_norm(x, g, b, mean=mean, var=var),
        lambda x, g, b: F.batch_norm(x, torch.tensor(mean), torch.tensor(var), g, b),
        arrays,
    )


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_normalising_groups_instances_and_by_the_mean_square_is_pytorchs(groups: int, same: Any) -> None:
    arrays = {"x": numbers(2, 4, 3, 2), "g": numbers(4), "b": numbers(4)}
    same(lambda x, g, b: cg.group_norm(x, groups, g, b), lambda x, g, b: F.group_norm(x, groups, g, b), arrays)
    same(
        cg.instance_norm,
        lambda x, g, b: F.instance_norm(x, weight=g, bias=b, use_input_stats=True),
        arrays,
    )
    same(
        lambda x, g: cg.rms_norm(x, g, eps=1e-3),
        lambda x, g: F.rms_norm(x, (6,), g, eps=1e-3),
        {"x": numbers(3, 2, 6), "g": numbers(6)},
    )


# Attention -----------------------------------------------------------------------------------------------------------
def one_seen(*shape: int) -> Any:
    """A mask in which each query sees something."""
    mask = (numbers(*shape, seed=5) > 0).astype(float)
    mask[..., 0] = 1
    return mask


@pytest.mark.parametrize("scale", [None, 0.3])
@pytest.mark.parametrize("mask", ["none", "causal", "matrix", "of each", "both"])
def test_attention_is_pytorchs(mask: str, scale: float | None, same: Any) -> None:
    given = {"matrix": one_seen(4, 4), "of each": one_seen(2, 3, 4, 4), "both": one_seen(4, 4)}.get(mask)
    causal = mask in ("causal", "both")
    allowed = given if mask != "both" else given * np.tril(np.ones((4, 4)))
    same(
        lambda q, k, v: cg.attention(q, k, v, given, causal=causal, scale=scale),
        lambda q, k, v: F.scaled_dot_product_attention(
            q, k, v, None if allowed is None else torch.tensor(allowed, dtype=torch.bool),
            is_causal=mask == "causal", scale=scale,
        ),
        {"q": numbers(2, 3, 4, 5), "k": numbers(2, 3, 4, 5, seed=6), "v": numbers(2, 3, 4, 2)},
    )  # fmt: skip


def test_a_query_that_sees_nothing_gets_0_and_gives_no_gradient() -> None:
    q, k, v = numbers(3, 2), numbers(4, 2, seed=1), numbers(4, 2, seed=2)
    mask = np.array([[1.0, 0, 1, 0], [0, 0, 0, 0], [0, 1, 1, 1]])
    leaves = [cg.variable(n, a.shape) for n, a in (("q", q), ("k", k), ("v", v))]
    result = cg.attention(*leaves, mask)
    bwd = cg.backward(cg.sum(result**2), {"q": q, "k": k, "v": v})
    assert (bwd.forward[result][1] == 0).all() and (bwd.gradient["q"][1] == 0).all()
    rows = [0, 2]
    alone = F.scaled_dot_product_attention(
        torch.tensor(q[rows]), torch.tensor(k), torch.tensor(v), torch.tensor(mask[rows], dtype=torch.bool)
    )
    np.testing.assert_allclose(bwd.forward[result][rows], alone.numpy(), atol=1e-12)


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("causal", [False, True])
def test_attention_in_several_heads_is_pytorchs(heads: int, causal: bool, same: Any) -> None:
    names = ("Q", "K", "V", "O")
    arrays = {"x": numbers(2, 5, 8), **{n: numbers(8, 8, seed=i) / 3 for i, n in enumerate(names)}}
    hidden = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1) if causal else None

    def theirs(x: Any, Q: Any, K: Any, V: Any, O: Any) -> Any:
        turned = x.transpose(0, 1)
        found, _ = F.multi_head_attention_forward(
            turned, turned, turned, 8, heads, torch.cat([Q.T, K.T, V.T]), None, None, None, False, 0.0, O.T, None,
            attn_mask=hidden, need_weights=False,
        )  # fmt: skip
        return found.transpose(0, 1)

    same(lambda x, Q, K, V, O: cg.multi_head_attention(x, Q, K, V, O, heads, causal=causal), theirs, arrays)


def test_positions_are_those_of_the_paper() -> None:
    found = cg.forward(cg.positional_encoding(7, 6)).values[-1]
    for p in range(7):
        for i in range(3):
            angle = p / 10_000 ** (2 * i / 6)
            assert found[p, 2 * i : 2 * i + 2] == pytest.approx([np.sin(angle), np.cos(angle)], abs=1e-15)


# Recurrence ----------------------------------------------------------------------------------------------------------
def unpacked(module: Any, W: Any, U: Any, b: Any, d: Any, *inputs: Any) -> Any:
    values = {"weight_ih_l0": W.T, "weight_hh_l0": U.T, "bias_ih_l0": b, "bias_hh_l0": d}
    return torch.func.functional_call(module, values, inputs)


@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("kind", ["rnn", "relu", "lstm", "gru"])
def test_recurrent_nets_are_pytorchs(kind: str, steps: int, same: Any) -> None:
    gates = {"lstm": 4, "gru": 3}.get(kind, 1)
    arrays = {
        "x": numbers(2, steps, 3), "W": numbers(3, gates * 5) / 2, "U": numbers(5, gates * 5) / 2,
        "b": numbers(gates * 5), "d": numbers(gates * 5, seed=1), "h": numbers(2, 5),
    }  # fmt: skip
    module = {
        "rnn": lambda: torch.nn.RNN(3, 5, batch_first=True),
        "relu": lambda: torch.nn.RNN(3, 5, batch_first=True, nonlinearity="relu"),
        "lstm": lambda: torch.nn.LSTM(3, 5, batch_first=True),
        "gru": lambda: torch.nn.GRU(3, 5, batch_first=True),
    }[kind]().double()  # fmt: skip

    def theirs(x: Any, W: Any, U: Any, b: Any, d: Any, h: Any) -> Any:
        if kind == "lstm":
            states, (_, memory) = unpacked(module, W, U, b, d, x, (h[None], h[None] * 0.5))
            return torch.cat([states.flatten(), memory.flatten()])
        return unpacked(module, W, U, b, d, x, h[None])[0]

    def ours(x: Any, W: Any, U: Any, b: Any, d: Any, h: Any) -> Any:
        if kind == "lstm":
            states, _, memory = cg.lstm(x, W, U, b + d, h=h, c=h * 0.5)
            return cg.concatenate([states.reshape(-1), memory.reshape(-1)])
        if kind == "gru":
            return cg.gru(x, W, U, b, d, h=h)[0]
        return cg.rnn(x, W, U, b + d, h=h, activation="tanh" if kind == "rnn" else "relu")[0]

    same(ours, theirs, arrays)


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_a_masked_sequence_ends_where_the_shorter_one_does(kind: str) -> None:
    gates = {"lstm": 4, "gru": 3}.get(kind, 1)
    W, U = numbers(3, gates * 2), numbers(2, gates * 2)
    x = cg.variable("x", (3, 6, 3))
    lengths = [6, 2, 4]
    mask = (np.arange(6) < np.array(lengths)[:, None]).astype(float)
    value = numbers(3, 6, 3)
    last = getattr(cg, kind)(x, W, U, mask=mask)[1]
    found = cg.forward(last, x=value)[last]
    for row, length in enumerate(lengths):
        alone = getattr(cg, kind)(cg.constant(value[row, :length]), W, U)[1]
        np.testing.assert_allclose(found[row], cg.forward(alone)[alone], rtol=1e-12)
    gradient = cg.backward(cg.sum(last), x=value).gradient["x"]
    assert [(np.abs(gradient[i]).max(axis=1) > 0).sum() for i in range(3)] == lengths


# Losses --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_losses_are_pytorchs(reduction: str, same: Any) -> None:
    arrays = {"x": numbers(4, 3) * 2, "y": numbers(4, 3, seed=1) * 2}
    for delta in (0.5, 1.0, 3.0):
        same(
            lambda x, y, delta=delta: cg.huber(x, y, delta=delta, reduction=reduction),
            lambda x, y, delta=delta: F.huber_loss(x, y, reduction=reduction, delta=delta),
            arrays,
        )
    signs = np.sign(numbers(4, 3, seed=7))
    same(
        lambda x: cg.hinge(x, signs, reduction=reduction),
        lambda x: {"none": lambda v: v, "mean": torch.mean, "sum": torch.sum}[reduction](
            torch.clamp(1 - torch.tensor(signs) * x, min=0)
        ),
        {"x": arrays["x"]},
    )
    p = np.abs(numbers(4, 3, seed=8))
    p[0, 1] = 0
    p /= p.sum(axis=1, keepdims=True)
    terms = {"none": lambda v: v, "mean": lambda v: v.mean(), "sum": lambda v: v.sum()}[reduction]
    same(
        lambda x: cg.kl_divergence(p, cg.log_softmax(x), reduction=reduction),
        lambda x: terms(F.kl_div(F.log_softmax(x, -1), torch.tensor(p), reduction="none").sum(-1)),
        {"x": arrays["x"]},
    )


@pytest.mark.parametrize("smoothing", [0.1, 0.7])
@pytest.mark.parametrize(
    ("kind", "weighted"), [("ids", False), ("ids", True), ("ignored", False), ("ignored", True), ("rows", False)]
)
def test_smoothed_targets_are_pytorchs(kind: str, weighted: bool, smoothing: float, plainly: Any) -> None:
    ids = np.array([2, 0, 3, 3, 1])
    ids[1] = -1 if kind == "ignored" else ids[1]
    targets = np.abs(numbers(5, 4)) / np.abs(numbers(5, 4)).sum(axis=1, keepdims=True) if kind == "rows" else ids
    weights = np.array([0.5, 2.0, 1.0, 0.3]) if weighted else None
    ignore = {"ignore": -1} if kind == "ignored" else {}
    for reduction in ("mean", "sum", "none"):
        plainly(
            lambda x, how=reduction: cg.softmax_cross_entropy(
                x, targets, weights=weights, smoothing=smoothing, reduction=how, **ignore
            ),
            lambda x, how=reduction: F.cross_entropy(
                x, torch.tensor(targets), None if weights is None else torch.tensor(weights),
                ignore_index=-1, label_smoothing=smoothing, reduction=how,
            ),
            {"x": numbers(5, 4) * 2},
        )  # fmt: skip


def test_a_probability_of_0_adds_nothing_to_a_divergence_and_has_no_gradient() -> None:
    p, q = cg.variable("p", 3), np.log([0.5, 0.25, 0.25])
    at = np.array([0.0, 0.25, 0.75])
    gradient = cg.backward(cg.kl_divergence(p, q), p=at).gradient["p"]
    np.testing.assert_allclose(gradient, [0.0, np.log(0.25) + 1 - q[1], np.log(0.75) + 1 - q[2]], rtol=1e-12)


def test_the_cosine_of_two_vectors_is_pytorchs_and_broadcasts(same: Any) -> None:
    same(cg.cosine_similarity, lambda x, y: F.cosine_similarity(x, y, dim=-1), {"x": numbers(4, 3), "y": numbers(3)})


# Bad input -----------------------------------------------------------------------------------------------------------
x4, w4 = np.ones((2, 3, 5, 5)), np.ones((4, 3, 3, 3))
WRONG: dict[str, tuple[Any, type[CgraphError], str]] = {
    "channels": (lambda: cg.conv2d(x4, np.ones((4, 2, 3, 3))), ShapeError, r"\[2×3×5×5\].*\[4×2×3×3\].*3 channel"),
    "rank": (lambda: cg.conv2d(x4, np.ones((3, 3))), ShapeError, r"kernels are \[F×C"),
    "too large a kernel": (lambda: cg.conv2d(x4, np.ones((4, 3, 6, 3))), ShapeError, r"no window fits.*//stride \+ 1"),
    "stride 0": (lambda: cg.conv2d(x4, w4, stride=0), ShapeError, "stride is a whole number from 1"),
    "half a stride": (lambda: cg.conv2d(x4, w4, stride=1.5), ShapeError, "stride is a whole number"),
    "three strides": (lambda: cg.conv2d(x4, w4, stride=(1, 1, 1)), ShapeError, "one for each of 2 axes"),
    "negative padding": (lambda: cg.conv2d(x4, w4, padding=-1), ShapeError, "padding is a whole number from 0"),
    "same with a stride": (lambda: cg.conv2d(x4, w4, padding="same", stride=2), ShapeError, "smaller than x"),
    "another word": (lambda: cg.conv2d(x4, w4, padding="full"), ShapeError, "padding"),
    "groups": (lambda: cg.conv2d(x4, w4, groups=2), ShapeError, "in each group"),
    "a bias": (lambda: cg.conv2d(x4, w4, np.ones(3)), ShapeError, r"shape \[4\]"),
    "a named size": (lambda: cg.conv1d(cg.variable("x", ("m", 3, "n")), np.ones((1, 3, 2))), ShapeError, "named"),
    "a pool that sees padding": (lambda: cg.max_pool2d(x4, 2, padding=2), ShapeError, "nothing but padding"),
    "a pool too large": (lambda: cg.avg_pool2d(x4, 6), ShapeError, "no window fits"),
    "a batch of one": (lambda: cg.batch_norm(np.ones((1, 4))), ShapeError, "one element"),
    "a mean alone": (lambda: cg.batch_norm(np.ones((2, 4)), mean=np.ones(4)), ValueRefusedError, "both"),
    "a gain": (lambda: cg.batch_norm(np.ones((2, 4)), np.ones(3)), ShapeError, "one number for each channel"),
    "uneven groups": (lambda: cg.group_norm(np.ones((2, 4, 3)), 3), ShapeError, "shared out evenly"),
    "no places": (lambda: cg.instance_norm(np.ones((2, 4))), ShapeError, "places"),
    "keys": (lambda: cg.attention(np.ones((3, 2)), np.ones((3, 4)), np.ones((3, 2))), ShapeError, r"\[3×2\].*\[3×4\]"),
    "a mask": (
        lambda: cg.attention(np.ones((3, 2)), np.ones((4, 2)), np.ones((4, 2)), np.ones((4, 3))), ShapeError, "a mask"
    ),
    "heads": (
        lambda: cg.multi_head_attention(np.ones((3, 6)), *[np.ones((6, 6))] * 4, heads=4), ShapeError, "4 heads"
    ),
    "no heads": (
        lambda: cg.multi_head_attention(np.ones((3, 6)), *[np.ones((6, 6))] * 4, heads=0), ValueRefusedError, "heads"
    ),
    "causal, named": (
        lambda: cg.attention(*[cg.variable(n, ("n", 2)) for n in "qkv"], causal=True), ShapeError, "must be known"
    ),
    "no steps": (lambda: cg.lstm(np.ones((2, 0, 3)), np.ones((3, 8)), np.ones((2, 8))), ShapeError, "at least one"),
    "named steps": (
        lambda: cg.gru(cg.variable("x", ("m", "t", 3)), np.ones((3, 6)), np.ones((2, 6))), ShapeError, "must be known"
    ),
    "weights": (lambda: cg.lstm(np.ones((2, 4, 3)), np.ones((3, 6)), np.ones((2, 8))), ShapeError, r"W.*\[3×8\]"),
    "a mask of steps": (
        lambda: cg.rnn(np.ones((2, 4, 3)), np.ones((3, 2)), np.ones((2, 2)), mask=np.ones((2, 3))),
        ShapeError, r"\[2×4\]",
    ),
    "an activation": (
        lambda: cg.rnn_cell(np.ones(3), np.ones(2), np.ones((3, 2)), np.ones((2, 2)), activation="tanhh"),
        NameUnknownError, "tanh",
    ),
    "smoothing": (lambda: cg.softmax_cross_entropy(np.ones((2, 3)), [0, 1], smoothing=1.0), ValueRefusedError, "0.1"),
    "smoothing of what is not counted": (
        lambda: cg.softmax_cross_entropy(cg.variable("z", ("m", "k")), cg.variable("y", ("m", "k")), smoothing=0.1),
        ShapeError, "counted",
    ),
    "huber": (lambda: cg.huber([1.0], [0.0], delta=0), ValueRefusedError, "delta"),
    "hinge": (lambda: cg.hinge([1.0], [0.5]), ValueRefusedError, "-1 or 1"),
    "two shapes": (lambda: cg.huber([1.0, 2.0], [0.0]), ShapeError, "one shape"),
    "positions": (lambda: cg.positional_encoding(0, 4), ValueRefusedError, "whole numbers"),
}  # fmt: skip


@pytest.mark.parametrize("call, kind, words", WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_refused_with_its_shapes(call: Any, kind: type[CgraphError], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        call()
    assert caught.value.what and (caught.value.why or caught.value.fix)

"""Losses with class weights of any sign, beside PyTorch's formula written in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgraph as cg

WEIGHTS = {
    "above 0": [1.0, 2.0, 4.0],
    "some 0": [0.0, 2.0, 0.5],
    "below 0": [-1.0, -2.0, -0.25],
    "of both signs": [-1.0, 2.5, 0.5],
    "a sum below 0": [-3.0, 2.0, 0.5],
    "a sum that cancels": [-1.0, 1.0, 0.0],
    "all 0": [0.0, 0.0, 0.0],
}
TARGETS = {"ids": [0, 2, 1, 1], "ids, one ignored": [0, -1, 1, 2], "two classes": [0, 1, 0, 1], "rows": None}


def expected(x: Any, y: Any, w: Any, reduction: str) -> Any:
    """torch.nn.functional.cross_entropy(x, y, w, ignore_index=-1): Σ wᵢ lossᵢ / Σ wᵢ over rows that count; 0/0 is 0.

    Rows of distributions are weighed class by class, and divided by the sum of their weights.
    """
    shares = np.where(np.asarray(y)[:, None] == np.arange(3), 1.0, 0.0) if np.ndim(y) == 1 else np.asarray(y)
    losses = -np.sum(shares * w * (x - np.log(np.exp(x).sum(1, keepdims=True))), axis=1)
    if reduction == "none":
        return losses
    if reduction == "sum" or not np.any(shares * w):
        return losses.sum()
    with np.errstate(divide="ignore"):
        return losses.sum() / np.sum(shares * w)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("name", WEIGHTS)
def test_class_weights_of_any_sign_divide_as_they_sum(name: str, kind: str, reduction: str) -> None:
    random = np.random.default_rng(3)
    x, w = random.normal(size=(4, 3)), np.array(WEIGHTS[name])
    y = TARGETS[kind] if TARGETS[kind] is not None else random.dirichlet(np.ones(3), 4)
    want = expected(x, y, w, reduction)
    ignore = {"ignore": -1} if kind == "ids, one ignored" else {}
    logits = cg.variable("x", (4, 3))
    for given in (w, cg.variable("w", 3)):
        feed = {logits: x} if given is w else {logits: x, given: w}
        loss = cg.softmax_cross_entropy(logits, y, weights=given, reduction=reduction, **ignore)
        np.testing.assert_allclose(cg.forward(loss, feed)[loss], want, rtol=1e-12, atol=1e-15)
        if reduction == "mean":
            np.testing.assert_allclose(cg.compile(loss, backend="numpy")(feed)[0], want, rtol=1e-12, atol=1e-15)
        if np.all(np.isfinite(want)):
            slopes = cg.backward(cg.sum(loss), feed).gradient["x"]
            rows = lambda z: np.sum(expected(z, y, w, reduction))  # noqa: E731
            np.testing.assert_allclose(slopes, differences(rows, x), rtol=1e-6, atol=1e-8)


def differences(f: Any, x: Any, step: float = 1e-6) -> Any:
    """Central differences of a function of an array."""
    found = np.empty_like(x)
    for place in np.ndindex(x.shape):
        move = np.zeros_like(x)
        move[place] = step
        found[place] = (f(x + move) - f(x - move)) / (2 * step)
    return found


def test_weights_above_0_need_no_second_count() -> None:
    plain = cg.softmax_cross_entropy(cg.variable("x", (4, 3)), [0, 2, 1, 1], weights=[1, 2, 3], reduction="mean")
    assert not any(node.op is not None and node.op.name == "abs" for node in cg.Graph(plain).nodes)


@pytest.mark.parametrize("name", [n for n in WEIGHTS if n not in ("all 0", "a sum that cancels")])
def test_the_weighted_mean_is_pytorchs(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    random = np.random.default_rng(5)
    x, y = random.normal(size=(6, 3)), random.integers(0, 3, 6)
    theirs = torch.nn.functional.cross_entropy(torch.tensor(x), torch.tensor(y), torch.tensor(WEIGHTS[name]).double())
    ours = cg.forward(cg.softmax_cross_entropy(x, y, weights=WEIGHTS[name], reduction="mean")).values[-1]
    assert ours == pytest.approx(float(theirs), rel=1e-12)

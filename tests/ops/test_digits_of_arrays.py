"""Digits of ops on whole arrays: values and slopes against mpmath, where softmax saturates and squares overflow.

Logits are multiples of 1/8, so that their differences are exact: what is asked is what the op and its rule lose, not
what the rounding of an argument costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest

import cgraph as cg
from cgraph.graph.graph import Graph
from cgraph.passes.forward import forward
from cgraph.train.updates import clip_by_norm
from cgraph.worlds.numpy import NumpyWorld

Row = Sequence[Any]
ULPS = 12  # of a sum of up to seven terms and one slope
SCALES = {
    "float64": [1e-300, 1e-170, 1e-9, 0.3, 1.0, 1e9, 1e170, 1e300],
    "float32": [1e-36, 1e-23, 1e-9, 0.3, 1.0, 1e9, 1e19, 1e36],
}
LOGITS = [0.125, 1.0, 20.0, 40.0, 88.0, 300.0, 700.0, 1e4]


def sized(n: int, dtype: str) -> Any:
    """Rows of n numbers, each at a size of its own."""
    pattern = np.array([3.0, -4.0, 1.0, 0.5, -2.0, 2.5, -0.75])[:n]
    return np.array([s * pattern for s in SCALES[dtype]]).astype(dtype)


def logits(n: int, dtype: str) -> Any:
    """Rows of n logits whose differences grow from 1/8 to where all probabilities but one are 0; each way round.

    In half of the rows the largest is 0, so that logarithms of sums are as small as the other exponentials.
    """
    pattern = np.array([1.0, 0.0, -0.5, 0.5, 0.25, -1.0, 0.75])[:n]
    rows = np.array([s * pattern for s in LOGITS])
    rows = np.concatenate([rows, rows[:, ::-1], -rows])
    return np.concatenate([rows, rows - rows.max(axis=1, keepdims=True)]).astype(dtype)


def factors(n: int, dtype: str) -> Any:
    """Rows of n factors whose product is near 1 though those of some of them are infinite or 0."""
    big = [1.5e10, 2.5e25, 3.5e36] if dtype == "float32" else [1.5e10, 2.5e200, 3.5e300]
    turns = [1.0, 1.0, -1.0, -1.0, 1.0, 1.0, -1.0]
    rows = [[(1 + i / 8) * b ** turns[(i + at) % 7] for i in range(n)] for b in big for at in range(4)]
    return np.array(rows).astype(dtype)


def softmax(x: Row) -> list[Any]:
    e = [mpmath.exp(each) for each in x]
    return [each / mpmath.fsum(e) for each in e]


def spread(x: Row) -> tuple[Any, Any]:
    mean = mpmath.fsum(x) / len(x)
    return mpmath.sqrt(mpmath.fsum((each - mean) ** 2 for each in x) / len(x)), mean


def product_slopes(x: Row) -> list[Any]:
    return [mpmath.fprod(x[:i]) * mpmath.fprod(x[i + 1 :]) for i in range(len(x))]


@dataclass(frozen=True)
class Case:
    """An op on rows: what it gives for each row, and its slope by each element, in cgraph and by the book."""

    rows: Callable[[int, str], Any]
    build: Callable[[cg.Node], cg.Node]
    value: Callable[[Row], Any]
    slope: Callable[[Row], list[Any]]
    cancels: bool = False  # differences from a mean, which are as exact as the row's largest


def label(x: cg.Node, weights: Sequence[float]) -> cg.Node:
    """Targets for each row of x: the given weights of its first two classes."""
    one = np.zeros(x.shape)
    one[:, :2] = weights
    return cg.constant(one)


CASES = {
    "softmax": Case(logits, lambda x: cg.softmax(x)[:, 0], lambda x: softmax(x)[0],
                    lambda x: [(p := softmax(x))[0] * ((i == 0) - p[i]) for i in range(len(x))]),
    "log_softmax": Case(logits, lambda x: cg.log_softmax(x)[:, 0], lambda x: mpmath.log(softmax(x)[0]),
                        lambda x: [(i == 0) - p for i, p in enumerate(softmax(x))]),
    "logsumexp": Case(logits, lambda x: cg.logsumexp(x, axis=-1),
                      lambda x: mpmath.log(mpmath.fsum(map(mpmath.exp, x))), softmax),
    "cross-entropy": Case(logits, lambda x: cg.softmax_cross_entropy(x, label(x, (1.0, 0.0))),
                          lambda x: -mpmath.log(softmax(x)[0]),
                          lambda x: [p - (i == 0) for i, p in enumerate(softmax(x))]),
    "norm": Case(sized, lambda x: cg.norm(x, axis=-1), mpmath.norm, lambda x: [each / mpmath.norm(x) for each in x]),
    "std": Case(sized, lambda x: cg.std(x, axis=-1), lambda x: spread(x)[0],
                lambda x: [(each - spread(x)[1]) / len(x) / spread(x)[0] for each in x], cancels=True),
    "prod": Case(factors, lambda x: cg.prod(x, axis=-1), mpmath.fprod, product_slopes),
}  # fmt: skip


def computed(nodes: Sequence[cg.Node], given: dict[cg.Node, Any], dtype: str, backend: str) -> list[Any]:
    if backend == "pass":
        with np.errstate(all="ignore"):  # some slopes of products are infinite
            done = forward(Graph(nodes), given, NumpyWorld(dtype))
        return [done[node] for node in nodes]
    return list(cg.compile(list(nodes), inputs=list(given), dtype=dtype, backend=backend)(*given.values()))


def off(got: Any, right: Any, dtype: str, size: Any = 0) -> Any:
    """How far a number is from the truth, in units in the last place of the truth or of a given size."""
    limits = np.finfo(dtype)
    if abs(right) > float(limits.max):
        return 0 if abs(got) == np.inf and (got > 0) == (right > 0) else mpmath.inf
    unit = max(abs(right), size, mpmath.mpf(float(limits.tiny))) * float(limits.eps)
    return abs(mpmath.mpf(float(got)) - right) / unit if np.isfinite(got) else mpmath.inf


@cache
def truths(name: str, n: int, dtype: str) -> list[tuple[list[Any], list[Any]]]:
    """For each row the exact value and slopes, and the sizes in whose last places they are measured."""
    case, found = CASES[name], []
    with mpmath.workdps(400):
        for row in case.rows(n, dtype).tolist():
            exact = [mpmath.mpf(each) for each in row]
            slope = case.slope(exact)
            found.append(([case.value(exact), *slope], [0] + [max(map(abs, slope)) if case.cancels else 0] * n))
    return found


def wrong(n: int, dtype: str, backend: str) -> Iterator[str]:
    """What is too far from the truth on rows of n numbers, of all cases in one program."""
    given = {cg.variable(name, rows.shape): rows for name, case in CASES.items() for rows in [case.rows(n, dtype)]}
    values = [case.build(x) for x, case in zip(given, CASES.values(), strict=True)]
    slopes = [cg.grad(cg.sum(value), x) for x, value in zip(given, values, strict=True)]
    got = computed([*values, *slopes], given, dtype, backend)
    for i, name in enumerate(CASES):
        known = truths(name, n, dtype)
        for row, value, slope, each in zip([*given.values()][i], got[i], got[i + len(CASES)], known, strict=True):
            for mine, true, size in zip([value, *slope], *each, strict=True):
                if off(mine, true, dtype, size) > ULPS:
                    yield f"{name} of {row}: {mine!r}, right {mpmath.nstr(true, 17)}"


@pytest.mark.parametrize("backend", ["pass", "numpy", "native"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_ops_on_rows_keep_the_digits_of_values_and_slopes(dtype: str, backend: str) -> None:
    assert [*wrong(3, dtype, backend)] == []


@pytest.mark.slow
@pytest.mark.parametrize("n", [2, 5, 7])
@pytest.mark.parametrize("backend", ["pass", "numpy", "native"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_of_other_lengths_keep_their_digits_too(dtype: str, backend: str, n: int) -> None:
    assert [*wrong(n, dtype, backend)] == []


@pytest.mark.parametrize("backend", ["pass", "numpy", "native"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_gradients_of_any_size_are_clipped_to_the_norm(dtype: str, backend: str) -> None:
    sizes = SCALES[dtype]
    a, b, size = cg.variable("a", (2, 3)), cg.variable("b"), cg.variable("s")
    clipped = clip_by_norm([size * a, size * b], 5.0)
    numbers = np.array([[3.0, -4.0, 1.0], [0.5, -2.0, 2.5]]).astype(dtype)
    for scale in sizes:
        given = {a: numbers, b: np.array(-0.75, dtype), size: np.array(scale, dtype)}
        got = np.append(*computed(clipped, given, dtype, backend))
        with mpmath.workdps(50):
            whole = [mpmath.mpf(float(each)) for each in (np.append(numbers, -0.75) * np.array(scale, dtype)).tolist()]
            factor = min(mpmath.mpf(1), 5 / (mpmath.norm(whole) + mpmath.mpf(1e-6)))
            for mine, each in zip(got, whole, strict=True):
                assert off(mine, each * factor, dtype) <= ULPS, (scale, got)

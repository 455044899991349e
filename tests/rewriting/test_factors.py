"""Logarithms of products, quotients and powers that leave the range of float64, beside mpmath."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import cgraph as cg
from cgraph.compile.c.compiler import compiler
from cgraph.errors import IndeterminateWarning
from cgraph.rewriting.simplify import stabilised

BACKENDS = ("numpy", "native", "scalar") if compiler() else ("numpy",)
LOGARITHMS: dict[str, tuple[Callable[[Any], cg.Node], Callable[[Any], Any]]] = {
    "log": (cg.log, mpmath.log),
    "log_abs": (cg.log_abs, lambda v: mpmath.log(abs(v))),
    "log2": (cg.log2, lambda v: mpmath.log(v) / mpmath.log(2)),
    "log10": (cg.log10, lambda v: mpmath.log(v) / mpmath.log(10)),
}
# Each op on a pair: a node, and the same as (mpmath's value, its slopes by the leaves), by the rules of calculus.
Dual = tuple[Any, np.ndarray]


def dual(function: str, u: Dual, v: Dual) -> Dual:
    (a, da), (b, db) = u, v
    return {
        "times": lambda: (a * b, da * b + db * a),
        "over": lambda: (a / b, da / b - db * a / b**2),
        "inverted": lambda: (1 / a, -da / a**2),
        "squared": lambda: (a * a, 2 * a * da),
        "cubed": lambda: (a**3, 3 * a**2 * da),
        "root": lambda: (mpmath.sqrt(abs(a)), mpmath.sign(a) * da / (2 * mpmath.sqrt(abs(a)))),
        "negated": lambda: (-a, -da),
    }[function]()


NODES: dict[str, Callable[[cg.Node, cg.Node], cg.Node]] = {
    "times": lambda a, b: a * b,
    "over": lambda a, b: a / b,
    "inverted": lambda a, _: 1 / a,
    "squared": lambda a, _: a**2,
    "cubed": lambda a, _: a**3,
    "root": lambda a, _: cg.sqrt(cg.abs(a)),
    "negated": lambda a, _: -a,
}


def chain(rng: np.random.Generator, leaves: list[cg.Node], values: list[float]) -> tuple[cg.Node, Dual]:
    """A random product of the leaves, and what it is in mpmath with its slopes."""
    parts: list[tuple[cg.Node, Dual]] = [
        (leaf, (mpmath.mpf(v), np.array([mpmath.mpf(i == k) for k in range(len(leaves))], dtype=object)))
        for i, (leaf, v) in enumerate(zip(leaves, values, strict=True))
    ]
    while len(parts) > 1:
        (a, u), (b, v) = (parts.pop(int(rng.integers(len(parts)))) for _ in range(2))
        name = rng.choice(["times", "over"])
        parts.append((NODES[name](a, b), dual(name, u, v)))
        if rng.random() < 0.5:
            node, one = parts.pop()
            name = rng.choice(["inverted", "squared", "cubed", "root", "negated"])
            parts.append((NODES[name](node, node), dual(name, one, one)))
    return parts[0]


def rewritten(node: cg.Node) -> cg.Node:
    """What `grad`, `compile` and `fit` make of a node."""
    return stabilised(cg.Graph(node)).output


def cases(count: int, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    while count:
        size = int(rng.integers(2, 5))
        leaves = [cg.variable(f"x{i}") for i in range(size)]
        values = [float(rng.choice([-1, 1]) * rng.uniform(1, 10) * 10.0 ** rng.integers(-250, 250)) for _ in leaves]
        name = str(rng.choice(list(LOGARITHMS)))
        logarithm, exactly = LOGARITHMS[name]
        with mpmath.workdps(60):
            node, (value, slopes) = chain(rng, leaves, values)
            if name != "log_abs" and value < 0:
                continue
            scale = {"log2": mpmath.log(2), "log10": mpmath.log(10)}.get(name, mpmath.mpf(1))
            want = (exactly(value), [s / (value * scale) for s in slopes])
        if all(1e-290 < abs(s) < 1e290 or s == 0 for s in want[1]):
            count -= 1
            yield logarithm(node), leaves, values, want


def check(count: int, seed: int, backends: tuple[str, ...]) -> int:
    """How many of these chains overflow or underflow as they are written."""
    beyond = 0
    for loss, leaves, values, (value, slopes) in cases(count, seed):
        feed = dict(zip(leaves, values, strict=True))
        gradients = cg.grad(loss, leaves)
        found: dict[str, list[Any]] = {}
        with warnings.catch_warnings(action="error"):
            fwd = cg.forward(gradients, feed)
            found["grad"] = [fwd[g] for g in gradients]
            found["value"] = [cg.forward(rewritten(loss), feed).values[-1]]
        for backend in backends:
            program = cg.compile([loss, *gradients], inputs=leaves, backend=backend)
            first, *found[backend] = program(*values)
            assert float(first) == pytest.approx(float(value), rel=1e-11, abs=1e-12)
            assert program.indeterminate == 0
        assert found.pop("value") == pytest.approx([float(value)], rel=1e-11, abs=1e-12)
        for how, got in found.items():
            assert [float(g) for g in got] == pytest.approx([float(s) for s in slopes], rel=1e-12), (how, loss, values)
        with warnings.catch_warnings(record=True, action="always") as caught:
            bwd = cg.backward(loss, feed)
        own = np.array([float(bwd.gradient[leaf]) for leaf in leaves])
        right = np.isclose(own, [float(s) for s in slopes], rtol=1e-9, atol=0)
        warned = any(w.category is IndeterminateWarning for w in caught)
        assert warned or bool(np.all(right | (own != 0))), (own, slopes, values)  # it is of what is written
        beyond += not right.all()
    return beyond


def test_a_logarithm_of_extreme_factors_has_its_value_and_slopes_in_graphs_and_programs() -> None:
    assert check(12, 0, BACKENDS[:1]) > 3


@pytest.mark.slow
def test_many_logarithms_of_extreme_factors_have_their_values_and_slopes_in_graphs_and_programs() -> None:
    assert check(150, 1, BACKENDS[:1]) > 40
    assert check(12, 2, BACKENDS) > 3


ROOTS: dict[str, Callable[..., cg.Node]] = {
    "a root of a product": lambda x, y: cg.log(cg.sqrt(x * y)),
    "a product with a root": lambda x, y: cg.log(cg.sqrt(x) * y),
    "a power of a quotient": lambda x, y: cg.log((x / y) ** 0.5),
    "a square": lambda x, y: cg.log(x**2 / y),
    "an absolute value": lambda x, y: cg.log(cg.abs(x) * y),
    "a negated product": lambda x, y: cg.log2(-x * y),
    "an absolute value of it": lambda x, y: cg.log10(cg.abs(x / y)),
    "a cube": lambda x, y: cg.log(x**3 * y),
    "a power of a negated": lambda x, y: cg.log((-x) ** 3 * y),
    "a power of a root": lambda x, y: cg.log(cg.sqrt(x) ** 4 * y**2),
    "an absolute value of a root": lambda x, y: cg.log_abs(cg.sqrt(x) * y),
    "what cancels": lambda x, y: cg.log(x * y / x),
    "an exponential": lambda x, y: cg.log(cg.exp(x) * y),
    "a logistic function": lambda x, y: cg.log(cg.sigmoid(x) / y),
}


@pytest.mark.parametrize("function", ROOTS.values(), ids=ROOTS)
def test_a_logarithm_has_a_value_for_the_signs_for_which_it_has_one_as_it_is_written(function: Any) -> None:
    x, y = cg.variables("x y")
    loss = function(x, y)
    after = rewritten(loss)
    assert after is not loss
    for at in [(a, b) for a in (2.0, -2.0, 0.0) for b in (3.0, -3.0, 0.0)]:
        with np.errstate(all="ignore"):
            here, there = (float(cg.forward(node, x=at[0], y=at[1]).values[-1]) for node in (loss, after))
        assert there == pytest.approx(here, rel=1e-14, nan_ok=True), at


def test_the_logarithm_of_an_exponential_is_its_exponent_in_every_base() -> None:
    x, y = cg.variables("x y")
    for logarithm, base in ((cg.log, np.e), (cg.log_abs, np.e), (cg.log2, 2), (cg.log10, 10)):
        after = rewritten(logarithm(cg.exp(x) * y))
        for at in (-1000.0, 1000.0):
            assert cg.forward(after, x=at, y=3.0).values[-1] == pytest.approx(
                (at + np.log(3)) / np.log(base), rel=1e-14
            )


def test_what_is_a_number_times_a_constant_and_what_is_very_long_stay_as_they_are() -> None:
    x = cg.variable("x")
    for formula in (2 * x, x / 3, -x, cg.abs(x), x * 1e-3):
        loss = cg.log(formula)
        assert rewritten(loss) is loss
    product = x
    for k in range(20_000):  # nothing recurses
        product = product * cg.variable(f"x{k}")
    loss = cg.log(product)
    assert rewritten(loss) is loss


def test_what_is_shown_stays_as_it_is_written() -> None:
    for formula in ("log(x*y)", "log(x/y)", "log2(x**3)", "log(1/x)"):
        graph = cg.parse(formula)
        assert [n.op for n in cg.simplify(graph).nodes] == [n.op for n in graph.nodes]

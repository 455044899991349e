"""Diagrams of numbers: gates, neurons, regressions and a softmax, a circle or a box for each operation."""

from __future__ import annotations

from collections.abc import Callable

import cgraph as cg
from viz.graphs.picture import Picture

Draw = Callable[..., Picture]


def gates(draw: Draw) -> Picture:
    """An add gate hands its gradient on, a multiply gate swaps its inputs, a max gate gives all to the larger one."""
    x, y, z, w = cg.variables("x y z w")
    f = (x * y + cg.maximum(z, w)) * 2
    return draw(f.named("f"), x=3, y=-4, z=2, w=-1, style="circuit")


def sigmoid_neuron(draw: Draw) -> Picture:
    """A sigmoid is four gates in a row; each multiplies what comes from the right by its own slope."""
    w0, x0, w1, x1, w2 = cg.variables("w0 x0 w1 x1 w2")
    z = w0 * x0 + w1 * x1 + w2
    a = cg.reciprocal(cg.exp(z * -1) + 1)
    return draw(a, w0=2, x0=-1, w1=-3, x1=-2, w2=-3, style="circuit", detail="number")


def neuron(draw: Draw) -> Picture:
    """The neuron of micrograd's README: two inputs, two weights and a bias, then ReLU."""
    w1, w2, b = cg.parameter("w1", 0.8), cg.parameter("w2", -0.5), cg.parameter("b", 0.1)
    x1, x2 = cg.variables("x1 x2")
    z = (w1 * x1 + w2 * x2 + b).named("z")
    y = cg.relu(z).named("y")
    return draw(y, x1=1, x2=-2, detail="number")


def expression(draw: Draw) -> Picture:
    """The expression of micrograd's README, with its numbers: g = 24.7, ∂g/∂a = 139, ∂g/∂b = 646."""
    a, b = cg.variables("a b")
    c, d = a + b, a * b + b**3
    c = c + (c + 1)
    c = c + (1 + c + -a)
    d = d + (d * 2 + cg.relu(b + a))
    d = d + (3 * d + cg.relu(b - a))
    f = (c - d) ** 2
    g = f / 2 + 10 / f
    return draw(g.named("g"), a=-4, b=2, style="circuit", detail="hover")


def linear_regression(draw: Draw) -> Picture:
    """Three examples at once: the gradient of w is a sum over the examples, as Xᵀ in front of the error says."""
    X, y = cg.variable("X", ("m", 2)), cg.variable("y", ("m",))
    w, b = cg.parameter("w", [0.5, -1.0]), cg.parameter("b", 0.5)
    prediction = (X @ w + b).named("yhat")
    error = (prediction - y).named("e")
    L = cg.mean(error**2).named("L")
    return draw(L, X=[[1, 0], [2, 1], [0, 2]], y=[2, 0, -1], detail="number", digits=2)


def logistic_regression(draw: Draw) -> Picture:
    """One example: the sigmoid and the logarithms of the loss leave a − y, times each input."""
    x1, x2, y = cg.variables("x1 x2 y")
    w1, w2, b = cg.parameter("w1", 0.5), cg.parameter("w2", -1.0), cg.parameter("b", 0.25)
    z = (w1 * x1 + w2 * x2 + b).named("z")
    a = cg.sigmoid(z).named("a")
    L = cg.binary_cross_entropy(a, y).named("L")
    return draw(L, x1=1.5, x2=0.5, y=1, style="circuit", detail="number")


def softmax_cross_entropy(draw: Draw) -> Picture:
    """Three scores, the second is right: what comes back to each is its probability, less 1 at the right one."""
    z1, z2, z3 = cg.variables("z1 z2 z3")
    S = (cg.exp(z1) + cg.exp(z2) + cg.exp(z3)).named("S")
    L = (cg.log(S) - z2).named("L")
    return draw(L, z1=1, z2=2, z3=0, style="circuit", detail="number")

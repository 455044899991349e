"""Diagrams of nets that read arrays: a perceptron with weight decay, normalisation, a residual block, a convolution."""

from __future__ import annotations

import cgraph as cg
from viz.figures.courses.gates import Draw
from viz.graphs.picture import Picture


def weight_decay(draw: Draw) -> Picture:
    """Both weight matrices have two ways to J: by the loss, and by the size of the weights."""
    X, y = cg.variable("X", ("m", "d")), cg.variable("y", ("m", "k"))
    W1, W2 = cg.variable("W[1]", ("d", "h")), cg.variable("W[2]", ("h", "k"))
    h = cg.relu(X @ W1).named("h")
    L = cg.mse(h @ W2, y).named("L")
    s = (0.01 * (cg.sum(W1**2) + cg.sum(W2**2))).named("s")
    return draw((L + s).named("J"))


def batch_norm(draw: Draw) -> Picture:
    """One feature of three examples: what comes back from the first reaches all, by the mean and the variance."""
    x = cg.variable("x", (3,))
    gamma, beta = cg.parameter("gamma", 2.0), cg.parameter("beta", 1.0)
    mu = cg.mean(x).named("mu")
    c = (x - mu).named("c")
    v = cg.mean(c**2).named("v")
    s = cg.sqrt(v + 1e-5).named("s")
    xhat = (c * cg.reciprocal(s).named("r")).named("xhat")
    y = (gamma * xhat + beta).named("y")
    return draw(y[0].named("L"), x=[1, 2, 6], digits=2)


def layer_norm(draw: Draw) -> Picture:
    """Each example is centred and scaled by itself, along its own features."""
    x = cg.variable("x", (3,))
    gamma, beta = cg.parameter("gamma", [1.0, 1.0, 2.0]), cg.parameter("beta", [0.0, 0.0, 1.0])
    mu = cg.mean(x).named("mu")
    c = (x - mu).named("c")
    s = cg.sqrt(cg.mean(c**2) + 1e-5).named("s")
    xhat = (c / s).named("xhat")
    y = (gamma * xhat + beta).named("y")
    return draw(y, x=[1, 2, 6], show="forward")


def residual_block(draw: Draw) -> Picture:
    """The gradient of L reaches x by two ways; the one around the layers is not multiplied by anything."""
    x, W, V = cg.variable("x", (2,)), cg.variable("W", (2, 2)), cg.variable("V", (2, 2))
    F = (cg.relu((x @ W).named("z")).named("h") @ V).named("F")
    L = cg.sum((x + F).named("y")).named("L")
    return draw(L, x=[1, 2], W=[[1, 0], [0, -1]], V=[[2, 1], [1, 1]], style="circuit", detail="number")


def convolution(draw: Draw) -> Picture:
    """Two weights slide along three inputs: each weight is used twice, and its gradient is a sum of two terms."""
    x1, x2, x3 = cg.variables("x1 x2 x3")
    w1, w2 = cg.parameter("w1", 1.0), cg.parameter("w2", -2.0)
    y1 = (x1 * w1 + x2 * w2).named("y1")
    y2 = (x2 * w1 + x3 * w2).named("y2")
    return draw((y1 + y2).named("L"), x1=1, x2=2, x3=4, detail="number", direction="LR")


def dropout(draw: Draw) -> Picture:
    """The mask zeroes a unit in both passes; what is kept is doubled, so that the mean stays where half are kept."""
    w, h, mask = cg.parameter("w", [1.0, -1.0, 2.0]), cg.variable("h", (3,)), cg.variable("mask", (3,))
    d = (h * mask / 0.5).named("d")
    return draw((w @ d).named("y"), h=[1, 2, 3], mask=[1, 0, 1], detail="number")


def deep_mlp(draw: Draw) -> Picture:
    """Eight layers of tanh, in rows as text wraps."""
    h = cg.variable("X", ("m", 8))
    for k in range(1, 9):
        W = cg.variable(f"W[{k}]", (8, 8))
        h = cg.tanh(h @ W).named(f"h[{k}]")
    return draw(cg.mean(h**2).named("L"), fold="layers")

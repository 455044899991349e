"""What a terminal or a notebook shows of anything public as text is short, however large it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sparse import sparse

import cgraph as cg
import viz
from cgraph import nn

MOST = 2000


def deep(count: int = 60) -> cg.Backward:
    node = cg.variable("x")
    for i in range(count):
        node = cg.tanh(node + i).named(f"a long name of a node, number {i}")
    return cg.backward(cg.forward(node, x=1.0))


def wide() -> cg.Backward:
    X, Y = cg.variable("X", ("m", 40)), cg.variable("Y", ("m", 10))
    loss = cg.mean(cg.softmax_cross_entropy(nn.MLP([40, 60, 10], seed=0)(X), Y))
    return cg.backward(cg.forward(loss, X=np.ones((50, 40)), Y=np.full((50, 10), 0.1)))


MADE: dict[str, Callable[[], Any]] = {
    "node": lambda: deep().of,
    "sum of many": lambda: cg.add(*(cg.variable(f"a long name of a leaf {i}") for i in range(200))),
    "graph": lambda: deep().graph,
    "forward": lambda: wide().forward,
    "backward": wide,
    "edge": lambda: wide().edges[0],
    "edge of arrays": lambda: cg.backward(cg.forward("L = sum(tanh(X))", X=np.ones((30, 30)))).edges[-1],
    "gradients": lambda: deep().gradient,
    "gradients of arrays": lambda: wide().gradient,
    "derivation": lambda: cg.derive(deep(), "x"),
    "step": lambda: cg.derive(deep(), "x").steps[0],
    "latex": lambda: cg.to_latex("y = exp(x/2)"),
    "report": lambda: cg.prove("L = c*(a + 2*b)"),
    "program": lambda: cg.compile([wide().of]),
    "check": lambda: cg.check_gradient(deep(5)),
    "layer": lambda: nn.Linear.random(300, 400, seed=0),
    "sequential": lambda: nn.MLP([2] * 200, seed=0),
    "perceptron": lambda: nn.textbook.AND,
    "picture": lambda: viz.draw(deep(12)),
    "picture with a long caption": lambda: viz.draw("y = a*b", caption=500 * "many words "),
    "drawing": lambda: viz.draw(deep(12)).drawing,
    "layout": lambda: viz.draw(deep(12)).layout,
    "fit": lambda: viz.draw(deep(12)).fit,
    "schematic": lambda: viz.network(nn.MLP([3, 4, 2], seed=0)),
    "film": lambda: viz.film([deep(2), deep(2)]),
    "diagnosis": lambda: viz.diagnose(deep()),
    "worksheet": lambda: viz.worksheet("L = a*b", variants=3, seed=1),
    "stepper": lambda: viz.step_through("L = a*b", a=1, b=2),
    "figure": lambda: viz.figure("6.1"),
}


@pytest.mark.parametrize("name", sparse(MADE, 4))
def test_what_is_shown_as_text_is_short(name: str) -> None:
    made = MADE[name]()
    assert 0 < len(repr(made)) <= MOST
    bundle = made._repr_mimebundle_() if hasattr(made, "_repr_mimebundle_") else {}
    assert len(bundle.get("text/plain", "")) <= MOST

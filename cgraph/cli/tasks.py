"""What the trainings of the command share: their options, and the pictures that each leaves."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cgraph.graph.node import variable
from cgraph.passes.backward import Backward
from cgraph.passes.numbers import backward, forward


def task(tasks: Any, name: str, help: str, run: Callable[[argparse.Namespace], int]) -> Any:
    """Declare one thing to train on, with the options that all have."""
    parser = tasks.add_parser(name, help=help, description=help)
    parser.add_argument("-o", "--output", default=f"cgraph-{name}", help="the folder of the drawings")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run)
    return parser


def passes(model: Any, loss: Callable[..., Any], X: Any, Y: Any) -> Backward:
    """Both passes of a model on a few examples, to be drawn."""
    x, y = (variable(name, ("m", *np.shape(rows)[1:])) for name, rows in (("X", X), ("Y", Y)))
    return backward(forward(loss(model(x), y), {x: X, y: Y}))


def save(where: Path, history: Any, metric: str, net: Backward, caption: str) -> None:
    """Draw the net and the learning curve into a folder, and say so."""
    import viz
    from viz.plots.training import learning_curve

    for name, picture in (("net", viz.draw(net, caption=caption)), ("learning-curve", learning_curve(history, metric))):
        for ending in ("svg", "png"):
            print(picture.save(where / f"{name}.{ending}"))

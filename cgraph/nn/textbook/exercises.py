"""Small nets with whole numbers, whose passes a student can compute by hand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.functions.table import table
from cgraph.graph.names import of_layer
from cgraph.graph.node import parameter, variable
from cgraph.nn.init import generator
from cgraph.nn.layers import Activation, Layer, Linear
from cgraph.nn.sequential import Sequential
from cgraph.ops import TABLE
from cgraph.passes.backward import Backward
from cgraph.passes.numbers import backward, forward
from cgraph.rewriting.unroll import unroll
from cgraph.shapes import is_integer

LARGEST = 3  # of a weight or an input
TRIES = 1000


def exercise(sizes: Sequence[int], seed: int | np.random.Generator) -> Backward:
    """The passes of a ReLU net with random whole weights, neuron by neuron: L = (z - y)², for one example.

    No unit stands at the kink of its ReLU, and some gradient reaches the inputs. The same seed gives the same net.
    Raises ValueRefusedError for fewer than two sizes or sizes below 1.

    >>> bwd = exercise([2, 2, 1], seed=0)
    >>> all(float(v).is_integer() for v in bwd.forward.values), float(bwd.gradient["x1"]) != 0
    (True, True)
    """
    if len(sizes) < 2 or any(not is_integer(s) or s < 1 for s in sizes):
        raise ValueRefusedError(
            f"the sizes of the net are {list(sizes)!r}",
            why="a net has an input and at least one layer, of one unit or more",
            fix="give whole numbers such as [2, 2, 1]",
        )
    rng = generator(seed)
    for _ in range(TRIES):
        bwd = _passes(sizes, rng)
        kinks = [n for n in bwd.graph if n.op is TABLE["relu"]]
        inputs = [n for n in bwd.graph.inputs if n.kind == "variable"]
        if all(bwd.forward[n.operands[0]] != 0 for n in kinks) and all(bwd.gradient[n] != 0 for n in inputs):
            return bwd
    raise ValueRefusedError(
        f"no net of the sizes {list(sizes)!r} lets a gradient through", fix="give another seed, or fewer layers"
    )


def _passes(sizes: Sequence[int], rng: np.random.Generator) -> Backward:
    layers: list[Layer] = []
    for i, (inputs, outputs) in enumerate(pairwise(sizes), start=1):
        weights = rng.integers(1, LARGEST + 1, (inputs, outputs)) * rng.choice([-1, 1], (inputs, outputs))
        layers.append(
            Linear(parameter(of_layer("W", i), weights), parameter(of_layer("b", i), rng.integers(-2, 3, outputs)))
        )
        layers.append(Activation("relu"))
    x = variable("X", (1, sizes[0]))
    y = variable("Y", (1, sizes[-1]))
    loss = table()["square"](Sequential(layers[:-1])(x) - y).sum().named("L")
    values = rng.integers(1, LARGEST + 1, (1, sizes[0])) * rng.choice([-1, 1], (1, sizes[0]))
    targets = rng.integers(-LARGEST, LARGEST + 1, (1, sizes[-1]))
    return unroll(backward(forward(loss, {x: values, y: targets})))

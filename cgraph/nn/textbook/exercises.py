"""Small nets and formulas with whole numbers, whose passes a student can compute by hand."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from cgraph.errors import CgraphError, ValueRefusedError
from cgraph.functions.table import table
from cgraph.graph.graph import Graph
from cgraph.graph.names import of_layer
from cgraph.graph.node import CONSTANT, Node, parameter, variable
from cgraph.nn.init import generator
from cgraph.nn.layers import Activation, Layer, Linear
from cgraph.nn.sequential import Sequential
from cgraph.ops import TABLE
from cgraph.passes.backward import Backward, graph_of
from cgraph.passes.decisions import decisions
from cgraph.passes.numbers import backward, forward
from cgraph.rewriting.unroll import unroll
from cgraph.shapes import is_integer

LARGEST = 3  # of a weight or an input
TRIES = 1000
SMALLER = 100  # nets that are tried for numbers that are small too
WIDER = (3, 5, 9)  # the largest number that leaves may have, tried one after the other
MOST = 60  # of a value or a derivative that is computed in the head: also halves, no further digits


def exercise(sizes: Sequence[int], seed: int | np.random.Generator) -> Backward:
    """The passes of a ReLU net with random whole weights, neuron by neuron: L = (z - y)², for one example.

    No unit stands at the kink of its ReLU, some gradient reaches the inputs, and numbers are small where that can be.
    The same seed gives the same net.
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
    best: Backward | None = None
    for i in range(TRIES):
        bwd = _passes(sizes, rng)
        kinks = [n for n in bwd.graph if n.op is TABLE["relu"]]
        inputs = [n for n in bwd.graph.inputs if n.kind == "variable"]
        if all(bwd.forward[n.operands[0]] != 0 for n in kinks) and all(bwd.gradient[n] != 0 for n in inputs):
            best = bwd if best is None or _largest(bwd) < _largest(best) else best
        if best is not None and (_largest(best) <= MOST or i >= SMALLER):
            return best
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


# Formulas ------------------------------------------------------------------------------------------------------------
def variants(
    of: Graph | Node | str | Backward,
    count: int = 1,
    *,
    seed: int | np.random.Generator,
    given: Mapping[Any, Any] | None = None,
) -> list[Backward]:
    """Passes of one graph with other numbers, no two the same, all of which can be computed in the head.

    Leaves are small whole numbers; each value, each local derivative and each gradient is a whole number or a half, of
    60 at most, and nothing stands at a kink. What is `given`, by name, stays in all of them. The same seed gives the
    same numbers. Raises ValueRefusedError where there are no such numbers, or not as many.

    >>> first, second = variants("L = c*(a + 2*b)", 2, seed=7)
    >>> [float(first.forward[x]) for x in "abc"] != [float(second.forward[x]) for x in "abc"]
    True
    """
    if not is_integer(count) or count < 1:
        raise ValueRefusedError(f"{count!r} variants", fix="give a whole number from 1 on")
    graph = of.graph if isinstance(of, Backward) else graph_of(of, given or {})
    known = {graph[key]: value for key, value in (given or {}).items()}
    free = [x for x in graph.leaves if x.kind != CONSTANT and x not in known]
    unsized = [x for x in free if any(isinstance(d, str) for d in x.shape)]
    if unsized:
        raise ValueRefusedError(
            f"{unsized[0].name} has a size without a number",
            where=unsized[0].where,
            why="numbers are chosen for each of its entries",
            fix="give its values, or build it with numbers for its sizes",
        )
    if not free and count > 1:
        raise ValueRefusedError(
            f"{count} variants of what has all its values",
            why="they would all be the same",
            fix="leave out the values of some leaves",
        )
    found: dict[bytes, Backward] = {}
    for bwd in _tried(graph, free, known, generator(seed)):
        found.setdefault(b"".join(np.asarray(bwd.forward[x]).tobytes() for x in free), bwd)
        if len(found) == count:
            return list(found.values())
    raise ValueRefusedError(
        f"{len(found)} of {count} variants of {graph.name(graph.output)} were found",
        why=f"values and derivatives are to be whole numbers or halves, of {MOST} at most, from leaves to {WIDER[-1]}",
        fix="ask for fewer, or take a formula of sums, products, squares and ReLU, or give the values of some leaves",
    )


def _tried(
    graph: Graph, free: Sequence[Node], known: Mapping[Node, Any], rng: np.random.Generator
) -> Iterator[Backward]:
    """Passes that can be computed in the head: first those in which no gradient of a leaf is 0, and small numbers."""
    sizes = {x: tuple(map(int, x.shape)) for x in free}
    for every in (True, False):
        for largest in WIDER:
            for _ in range(TRIES // 4):
                values = {x: rng.integers(1, largest + 1, s) * rng.choice([-1, 1], s) for x, s in sizes.items()}
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    try:
                        bwd = backward(forward(graph, {**known, **values}))
                    except CgraphError:  # such as the logarithm of what is negative
                        continue
                if _easy(bwd) and (not every or all(np.all(bwd.gradient[x] != 0) for x in free)):
                    yield bwd


def _easy(bwd: Backward) -> bool:
    """Whether all numbers of both passes can be computed in the head, and none stands at a kink."""
    numbers = [*bwd.forward.values, *(bwd.gradient[n] for n in bwd.graph.nodes if bwd.gradient.reaches(n))]
    numbers += [x for e in bwd.edges for x in (e.local, e.downstream) if x is not None]
    with np.errstate(all="ignore"):
        short = all(np.all((np.abs(x) <= MOST) & (np.mod(np.asarray(x) * 2, 1) == 0)) for x in numbers)
    return short and not decisions(bwd.forward, [(n, True) for n in bwd.graph.nodes])


def _largest(bwd: Backward) -> float:
    """The largest number of both passes."""
    return max(float(abs(x)) for x in (*bwd.forward.values, *(e.downstream for e in bwd.edges)))

"""Units through which no gradient passes: ReLUs that are off, and squashing functions far out, for every example."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from cgraph.graph.graph import Graph
from cgraph.graph.names import of_one_unit
from cgraph.graph.node import CONSTANT, Node
from cgraph.ops import TABLE
from cgraph.passes.backward import Backward, Edge
from viz.diagnosis.finding import DEAD, SATURATED, Finding, listed, shown


class Units(NamedTuple):
    """The units of one activation: a row an example, a column a unit."""

    node: Node
    name: str
    slopes: Any
    inputs: Any
    outputs: Any


def rectifies(node: Node) -> bool:
    """Whether a node is a ReLU: by its name, or as a maximum with 0."""
    if node.op is not TABLE["maximum"]:
        return node.op is TABLE["relu"]
    return any(x.kind == CONSTANT and not np.any(x.value) for x in node.operands)


def squashes(node: Node) -> bool:
    """Whether a node is a squashing function, such as the sigmoid."""
    return node.op is not None and node.op.bounds is not None


def activations(bwd: Backward) -> list[Units]:
    """The activations that a gradient went through; the neurons of one unit, one an example, are taken together."""
    groups: dict[Any, list[Edge]] = {}
    for edge in reversed(bwd.edges):
        if (rectifies(edge.result) or squashes(edge.result)) and edge.local is not None:
            groups.setdefault(_unit(bwd.graph, edge.result), []).append(edge)
    return [_units(bwd, edges) for edges in groups.values()]


def _unit(graph: Graph, node: Node) -> Any:
    return node if node.shape or node.name is None else unit_name(graph, node)


def unit_name(graph: Graph, node: Node) -> str:
    """The name of a node, of a neuron without the number of its example."""
    return graph.name(node) if node.shape else of_one_unit(graph.name(node))


def _units(bwd: Backward, edges: list[Edge]) -> Units:
    first = edges[0].result
    told = [(e.local, bwd.forward[e.operand], bwd.forward[e.result]) for e in edges]
    tables = (
        [_rows(e.result, values[i], np.shape(values[2])) for e, values in zip(edges, told, strict=True)]
        for i in range(3)
    )
    return Units(first, unit_name(bwd.graph, first), *map(np.concatenate, tables))


def _rows(node: Node, values: Any, shape: tuple[int, ...]) -> Any:
    """Values with a row an example and a column a unit: the last axis are the units, unless its size has a name."""
    named = not node.shape or isinstance(node.shape[-1], str)
    return np.reshape(np.broadcast_to(values, shape), (-1, 1 if named else shape[-1]))


def dead(found: list[Units]) -> Iterator[Finding]:
    """ReLUs that are off for every example: slope 0, so that nothing before them learns."""
    for units in found:
        if not rectifies(units.node):
            continue
        off = np.flatnonzero(np.all(units.slopes == 0, axis=0))
        if off.size:
            top = float(units.inputs[:, off].max())
            yield Finding(
                DEAD,
                units.node,
                units.name,
                f"{_which(units, off)}: the pre-activation is below 0 for {_all(units)}, at most {shown(top)}",
                "ReLU has the slope 0 there, so no gradient goes back: the weights that lead only there do not move",
                "a smaller learning rate, biases that start above 0, He initialisation, or leaky_relu or gelu",
                units=tuple(int(i) + 1 for i in off),
                numbers={"units": off.size, "of": units.slopes.shape[1], "largest pre-activation": top},
            )


def saturated(found: list[Units], slope: float, share: float) -> Iterator[Finding]:
    """Squashing units whose slope is below a limit for at least a share of the examples."""
    for units in found:
        if not squashes(units.node):
            continue
        shares = np.mean(np.abs(units.slopes) < slope, axis=0)
        flat = np.flatnonzero(shares >= share)
        if flat.size:
            steepest = float(np.abs(units.slopes[:, flat]).max())
            low, high = (float(f(units.outputs[:, flat])) for f in (np.min, np.max))
            reach = shown(low) if low == high else f"{shown(low)} to {shown(high)}"
            yield Finding(
                SATURATED,
                units.node,
                units.name,
                f"{_which(units, flat)}: the slope is below {slope:g} for {_part(units, shares[flat].min())}, at most "
                f"{shown(steepest)} in any; outputs {reach}",
                f"what goes back there is multiplied by less than {slope:g}, at the low bound as at the high one: the "
                "weights before it hardly move",
                "smaller initial weights (Glorot), inputs scaled to mean 0 and variance 1, or ReLU in hidden layers",
                units=tuple(int(i) + 1 for i in flat),
                numbers={
                    "units": flat.size,
                    "of": units.slopes.shape[1],
                    "largest slope": steepest,
                    "least share of examples": float(shares[flat].min()),
                },
            )


def _which(units: Units, chosen: Any) -> str:
    count = units.slopes.shape[1]
    if count == 1:
        return "the unit"
    word = "unit" if len(chosen) == 1 else "units"
    return f"{word} {listed([int(i) + 1 for i in chosen])} of {count}"


def _all(units: Units) -> str:
    count = len(units.slopes)
    return "the one example" if count == 1 else f"all {count} examples"


def _part(units: Units, share: float) -> str:
    return _all(units) if share == 1 else f"{share:.0%} or more of the {len(units.slopes)} examples"

"""Gradients that shrink or grow from layer to layer on their way back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from math import hypot, isfinite
from typing import Any, NamedTuple

import numpy as np

from cgraph.errors import GradientError
from cgraph.graph.graph import Graph
from cgraph.graph.names import of_layer
from cgraph.graph.node import Node
from cgraph.nn.textbook.gradients import gradient_norms
from cgraph.passes.backward import Backward
from viz.diagnosis.finding import EXPLODING, VANISHING, Finding, shown
from viz.diagnosis.units import rectifies, squashes


class LayerNorm(NamedTuple):
    """The Euclidean norm of ∂L/∂z of one layer; `node` is one of its pre-activations, `name` that of the layer."""

    name: str
    node: Node
    norm: float


def layer_norms(bwd: Backward) -> tuple[LayerNorm, ...]:
    """The layers from the input to the output: those named z[1], z[2], ..., or else one an activation in a row."""
    try:
        named = [(of_layer("z", x.layer), x.z) for x in gradient_norms(bwd) if x.z is not None]
    except GradientError:
        named = []
    if len(named) > 1:
        return tuple(LayerNorm(name, _first(bwd.graph, name), norm) for name, norm in named)
    return _by_depth(bwd)


def _first(graph: Graph, layer: str) -> Node:
    """The first node of a layer, such as z[1] or the neuron z[1]2, perhaps in a scope."""
    start = re.compile(rf"(?:^|\s){re.escape(layer)}")
    return next(n for n, name in zip(graph.nodes, graph.names, strict=True) if start.search(name))


def _by_depth(bwd: Backward) -> tuple[LayerNorm, ...]:
    """A layer is what stands before the same number of activations, counted from the input."""
    depth: dict[Node, int] = {}
    layers: dict[int, list[Node]] = {}
    for node in bwd.graph.nodes:
        below = max((depth[x] for x in node.operands), default=0)
        active = rectifies(node) or squashes(node) or (node.op is not None and node.op.activation)
        depth[node] = below + active
        before = next((x for x in node.operands if bwd.gradient.reaches(x)), None)
        if active and before is not None:
            layers.setdefault(depth[node], []).append(before)
    found = []
    for number, nodes in sorted(layers.items()):
        name = bwd.graph.name(nodes[0]) if len(nodes) == 1 else f"layer {number}"
        norm = hypot(*(float(np.linalg.norm(bwd.gradient[n])) for n in dict.fromkeys(nodes)))
        found.append(LayerNorm(name, nodes[0], norm))
    return tuple(found)


def unequal(layers: tuple[LayerNorm, ...], vanishing: float, exploding: float) -> Iterator[Finding]:
    """The two layers between which the gradient shrinks most, and those between which it grows most, past a limit."""
    layers = tuple(x for x in layers if x.norm > 0 and isfinite(x.norm))  # exact zeros are a finding of their own
    pairs = [(x.norm / y.norm, x, y) for j, y in enumerate(layers) for x in layers[:j]]
    if not pairs:
        return
    least, most = min(pairs, key=lambda pair: pair[0]), max(pairs, key=lambda pair: pair[0])
    steps = ", ".join(shown(x.norm / y.norm) for x, y in reversed([*pairwise(layers)]))
    if least[0] < vanishing:
        yield Finding(
            VANISHING,
            least[1].node,
            least[1].name,
            f"its norm falls {_between(*least)} (limit {vanishing:g}); layer by layer, going back: {steps}",
            "the chain rule multiplies one local derivative a layer (a sigmoid's is at most 0.25): early layers learn "
            "that much more slowly than late ones",
            "ReLU instead of sigmoid or tanh, He or Glorot initialisation, fewer layers",
            **_told(*least),
        )
    if most[0] > exploding:
        yield Finding(
            EXPLODING,
            most[1].node,
            most[1].name,
            f"its norm grows {_between(*most)} (limit {exploding:g}); layer by layer, going back: {steps}",
            "a step that is right for late layers throws early ones far away, until the loss is no longer a number",
            "smaller initial weights, a smaller learning rate, clipping the gradient (max_norm=1.0 of an optimiser)",
            **_told(*most),
        )


def _between(ratio: float, early: LayerNorm, late: LayerNorm) -> str:
    return f"from {shown(late.norm)} at {late.name} to {shown(early.norm)} at {early.name}, {shown(ratio)} times"


def _told(ratio: float, early: LayerNorm, late: LayerNorm) -> dict[str, Any]:
    numbers = {"early": early.norm, "late": late.norm, "ratio": ratio}
    return {"names": (early.name, late.name), "numbers": numbers}

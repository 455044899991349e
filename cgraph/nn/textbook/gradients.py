"""How gradients go through the layers of a net: where they vanish, explode, or meet saturated units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot
from typing import Any

import numpy as np

from cgraph.errors import GradientError
from cgraph.graph.names import read_scoped
from cgraph.passes.backward import Backward
from cgraph.quoting import decimal

SATURATED = 0.01  # a local slope below it passes less than a hundredth of the gradient on


@dataclass(frozen=True)
class LayerGradient:
    """The Euclidean norms of dL/dW, dL/db, dL/dz and dL/da of one layer, None for what the layer has not.

    `saturated` is the share of its activations whose slope da/dz is below 0.01, None without an activation.
    """

    layer: int
    W: float | None
    b: float | None
    z: float | None
    a: float | None
    saturated: float | None


@dataclass(frozen=True)
class GradientNorms:
    """The gradients of a net, layer by layer: iterate, index from 0, or print it as a table."""

    layers: tuple[LayerGradient, ...]

    def __iter__(self) -> Iterator[LayerGradient]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, index: int) -> LayerGradient:
        return self.layers[index]

    @property
    def ratio(self) -> float:
        """‖dL/dz‖ of the first layer over that of the last: near 0 it vanishes, far above 1 it explodes."""
        first, last = self.layers[0].z or 0.0, self.layers[-1].z or 0.0
        return first / last if last else float("nan")

    def __str__(self) -> str:
        def shown(value: float | None) -> str:
            return "" if value is None else decimal(value, 3)

        rows = [("layer", "‖dL/dW‖", "‖dL/db‖", "‖dL/dz‖", "‖dL/da‖", "saturated")]
        for x in self.layers:
            share = "" if x.saturated is None else f"{x.saturated:.0%}"
            rows.append((str(x.layer), shown(x.W), shown(x.b), shown(x.z), shown(x.a), share))
        return "\n".join("  ".join(f"{cell:>9}" for cell in row).rstrip() for row in rows)


def gradient_norms(backward: Backward) -> GradientNorms:
    """The norms of the gradients of each layer of a backward pass, found by the chapter's names W[i], b[i], z[i], a[i].

    A sigmoid's slope is at most 0.25, so that a chain of n of them passes at most 0.25ⁿ (SLP3 Section 6.1).
    Raises GradientError when no node of the pass has such a name.

    >>> import cgraph as cg
    >>> model = cg.nn.MLP([1, 1, 1], ("sigmoid", "sigmoid"), seed=0).with_values({"W[1]": [[1]], "W[2]": [[1]]})
    >>> bwd = cg.backward(cg.forward(model(cg.constant([[0.0]])).sum()))
    >>> [round(norms.z, 4) for norms in gradient_norms(bwd)]
    [0.0588, 0.235]
    """
    found: dict[int, dict[str, float]] = {}
    slopes: dict[int, list[Any]] = {}
    for node, name in zip(backward.graph.nodes, backward.graph.names, strict=True):
        layer = _layer_of(name)
        if layer:
            kind, number = layer
            norms = found.setdefault(number, {})
            norms[kind] = hypot(norms.get(kind, 0.0), float(np.linalg.norm(backward.gradient[node])))
    for edge in backward.edges:
        layer = _layer_of(backward.graph.name(edge.result))
        if layer and layer[0] == "a" and edge.local is not None:
            slopes.setdefault(layer[1], []).extend(np.ravel(edge.local))
    if not found:
        raise GradientError(
            "no node of this pass is named W[i], b[i], z[i] or a[i]",
            why="the layers of a net are known by these names",
            fix="build the net with nn.MLP or nn.Sequential",
        )
    return GradientNorms(tuple(_layer(i, found[i], slopes.get(i)) for i in sorted(found)))


def _layer_of(name: str) -> tuple[str, int] | None:
    """Which of W, b, z and a a node is, or the neuron or the weight of one, and of which layer: z[1](2)3 is of z[1]."""
    found = read_scoped(name)
    if (
        found is None
        or found.base not in set("Wwbza")
        or found.hat
        or found.accent
        or found.primes
        or found.layer is None
    ):
        return None
    numbered = found.layer.isdecimal() and (found.below or "0").replace("_", "0").isdecimal()
    return (found.base.replace("w", "W"), int(found.layer)) if numbered else None


def _layer(number: int, norms: dict[str, float], slopes: list[Any] | None) -> LayerGradient:
    share = None if slopes is None else float(np.mean(np.abs(slopes) < SATURATED))
    W, b, z, a = (norms.get(kind) for kind in "Wbza")
    return LayerGradient(number, W, b, z, a, share)

"""A layered layout of our own for large graphs: fast, with straight strokes.

Layers by the longest path from the inputs, an order within each by sweeps of barycentres (Sugiyama, Tagawa and Toda
1981). What Graphviz would need minutes for takes less than a second; Graphviz draws small graphs better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from viz.graphs.words.drawing import EdgeText
from viz.ink.strokes import BETWEEN, Size

ALONG, ACROSS = 46.0, 10.0  # free space between layers, and between boxes of a layer
SWEEPS = 8
STEEPEST = 4.0  # how much further apart, across, the two strokes of a steep edge may be than those of a level one

Array: TypeAlias = NDArray[Any]
Pair: TypeAlias = "list[float]"
Stroke: TypeAlias = "list[float]"


def positions(
    boxes: Mapping[str, Size], edges: Sequence[EdgeText], rankdir: str
) -> tuple[tuple[float, float], list[Pair], list[Stroke], list[Stroke]]:
    """The size of the whole, the centres of the boxes, and the forward and backward strokes as x0, y0, x1, y1.

    The boxes come operands first, as in a graph.
    """
    number = {name: i for i, name in enumerate(boxes)}
    tails = np.array([number[e.tail] for e in edges], dtype=int)
    heads = np.array([number[e.head] for e in edges], dtype=int)
    slots = np.array([e.slot for e in edges], dtype=float)
    level = rankdir == "LR"
    sizes = np.array([s[:2] if level else s[1::-1] for s in boxes.values()]).reshape(-1, 2)
    layer = _layers(len(boxes), tails, heads)
    across = _ordered(layer, tails, heads, sizes[:, 1])
    widths = np.zeros(int(layer.max(initial=-1)) + 1)
    np.maximum.at(widths, layer, sizes[:, 0])
    starts = np.cumsum(widths + ALONG) - widths - ALONG
    along = starts[layer] + widths[layer] / 2
    across -= (across - sizes[:, 1] / 2).min(initial=0.0)
    length = float(starts[-1] + widths[-1]) if len(widths) else 0.0
    breadth = float((across + sizes[:, 1] / 2).max(initial=0.0))

    enter = np.maximum(np.bincount(heads, minlength=len(boxes)), 1)[heads]
    x0, x1 = along[tails] + sizes[tails, 0] / 2, along[heads] - sizes[heads, 0] / 2
    y0, y1 = across[tails], across[heads] + ((slots + 0.5) / enter - 0.5) * sizes[heads, 1]
    slant = np.hypot(x1 - x0, y1 - y0) / np.maximum(x1 - x0, 1e-9)
    aside = BETWEEN * np.minimum(slant, STEEPEST) * (1 if level else -1)
    forth, back = np.stack([x0, y0 - aside, x1, y1 - aside]), np.stack([x1, y1 + aside, x0, y0 + aside])
    centres = np.stack([along, across])
    if not level:
        forth, back, centres = forth[[1, 0, 3, 2]], back[[1, 0, 3, 2]], centres[::-1]
    size = (length, breadth) if level else (breadth, length)
    return size, *(np.round(a, 2).T.tolist() for a in (centres, forth, back))


def _layers(count: int, tails: Array, heads: Array) -> Array:
    """The longest path from the inputs to each node; inputs stand one layer before the first that uses them."""
    layer = [0] * count
    operands: list[list[int]] = [[] for _ in range(count)]
    users: list[list[int]] = [[] for _ in range(count)]
    for tail, head in zip(tails.tolist(), heads.tolist(), strict=True):
        operands[head].append(tail)
        users[tail].append(head)
    for node in range(count):  # operands come first
        layer[node] = 1 + max((layer[x] for x in operands[node]), default=-1)
    for node in range(count):
        if not operands[node] and users[node]:
            layer[node] = min(layer[x] for x in users[node]) - 1
    return np.array(layer, dtype=int)


def _ordered(layer: Array, tails: Array, heads: Array, breadth: Array) -> Array:
    """The places of nodes across their layers, after sweeps that draw each node to the mean of its neighbours."""
    count = len(breadth)
    across = _stacked(np.zeros(count), layer, breadth)
    for sweep in range(SWEEPS):
        ends, others = (heads, tails) if sweep % 2 == 0 else (tails, heads)
        degree = np.bincount(ends, minlength=count)
        mean = np.bincount(ends, weights=across[others], minlength=count) / np.maximum(degree, 1)
        across = _stacked(np.where(degree > 0, mean, across), layer, breadth)
    return across


def _stacked(wanted: Array, layer: Array, breadth: Array) -> Array:
    """The boxes of each layer side by side in the order that they want, centred about 0."""
    order = np.lexsort((wanted, layer))
    steps = breadth[order] + ACROSS
    ends = np.cumsum(steps)
    totals = np.bincount(layer[order], weights=steps)
    places = np.empty(len(breadth))
    places[order] = ends - steps / 2 - (np.cumsum(totals) - totals / 2)[layer[order]]
    return places

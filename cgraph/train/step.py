"""One step of training as a function of values: the only place that runs a step, so that another runner can replace it.

The graph of a step has the loss and every new value as its outputs, and can be drawn like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from cgraph.forward import Forward
from cgraph.graph import Graph
from cgraph.node import Node
from cgraph.passes import forward

Values: TypeAlias = Mapping[Node, Any]


class Step:
    """The graph of a step: `step(values, batch)` computes the loss and the new value of each leaf that changes."""

    def __init__(self, loss: Node, new: Mapping[Node, Node]) -> None:
        self.graph = Graph([loss, *new.values()])
        self.loss, self.new = loss, new

    def __call__(self, values: Values, batch: Values) -> tuple[float, dict[Node, Any]]:
        """The loss before the step and the values after it; what is returned is never written to again."""
        fwd = self.trace(values, batch)
        return float(fwd[self.loss]), {leaf: fwd[node] for leaf, node in self.new.items()}

    def trace(self, values: Values, batch: Values) -> Forward:
        """The value of every node of the step, to see where something went wrong."""
        return forward(self.graph, {leaf: v for leaf, v in {**values, **batch}.items() if leaf in self.graph})


def finite(values: Values) -> bool:
    """Whether all values are finite."""
    return all(np.isfinite(v).all() for v in values.values())

"""One step of training as a function of values: the only place that runs a step, so that another runner can replace it.

The graph of a step has the loss and every new value as its outputs, and can be drawn like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from cgraph.compile import compile as compiled
from cgraph.forward import Forward
from cgraph.graph import Graph
from cgraph.node import Node
from cgraph.passes import forward

if TYPE_CHECKING:
    from cgraph.compile.program import Program

Values: TypeAlias = Mapping[Node, Any]


class Step:
    """The graph of a step: `step(values, batch)` computes the loss and the new value of each leaf that changes.

    It is compiled for NumPy, whose program is the same in every process, as the same bits for the same seed demand.
    """

    def __init__(self, loss: Node, new: Mapping[Node, Node]) -> None:
        self.graph = Graph([loss, *new.values()])
        self.loss, self.new = loss, new
        self._program: Program | None = None

    def __call__(self, values: Values, batch: Values) -> tuple[float, dict[Node, Any]]:
        """The loss before the step and the values after it; what is returned is never written to again."""
        given = {**values, **batch}
        if self._program is None:
            self._program = compiled(self.graph, [leaf for leaf in self.graph.inputs if leaf in given], backend="numpy")
        loss, *after = self._program(*[np.asarray(given[leaf], np.float64) for leaf in self._program.inputs])
        return float(loss), dict(zip(self.new, after, strict=True))

    def trace(self, values: Values, batch: Values) -> Forward:
        """The value of every node of the step, to see where something went wrong."""
        return forward(self.graph, {leaf: v for leaf, v in {**values, **batch}.items() if leaf in self.graph})


def finite(values: Values) -> bool:
    """Whether all values are finite."""
    return all(np.isfinite(v).all() for v in values.values())

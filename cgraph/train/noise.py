"""What a model draws at random in each step, such as the masks of dropout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cgraph.errors import ShapeError
from cgraph.graph.graph import Graph
from cgraph.graph.node import VARIABLE, Node
from cgraph.shapes import bind, show
from cgraph.train.model import Draw


@dataclass(frozen=True)
class Noise:
    """Draws the values of a model's own variables, in the order of the graph, with the generator it is given."""

    draws: Mapping[Node, Draw]

    @classmethod
    def of(cls, graph: Graph, draws: Mapping[str, Draw]) -> Noise:
        """The draws of those variables that the graph has."""
        found = [n for n in graph.leaves if n.kind == VARIABLE and n.name in draws]
        return cls({node: draws[str(node.name)] for node in found})

    def __call__(self, rng: np.random.Generator, rows: int) -> dict[Node, Any]:
        """New values for a batch of so many rows. Raises ShapeError for a variable of unknown size."""
        return {node: draw(rng, _shape(node, rows)) for node, draw in self.draws.items()}

    @property
    def of_rows(self) -> bool:
        """Whether all that is drawn has a row for each row of the batch."""
        return all(node.shape[:1] == ("m",) for node in self.draws)

    def of_parts(self, rng: np.random.Generator, parts: Any, rows: int, dtype: str) -> dict[Node, Any]:
        """New values for each line of row numbers [n×m], in its turn, at the places of these rows among all."""
        found = {node: np.zeros(_shape(node, rows), dtype) for node in self.draws}
        for part in parts if self.draws else ():
            for node, value in self(rng, len(part)).items():
                found[node][part] = value
        return found


def _shape(node: Node, rows: int) -> tuple[int, ...]:
    bound = bind(node.shape, {"m": rows})
    sizes = tuple(d for d in bound if isinstance(d, int))
    if len(sizes) != len(bound):
        raise ShapeError(
            f"{node.name} has shape {show(node.shape)}",
            where=node.where,
            why="what is drawn in each step has the rows of the batch, m, and otherwise numbers",
            fix="give its other dimensions as numbers",
        )
    return sizes

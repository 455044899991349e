"""The backward pass of a graph in symbols: what stands on its edges as formulas, each as short as can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cgraph.calculus.derivatives import as_pass
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from cgraph.passes.backward import Backward, Edge, backward
from cgraph.rewriting.simplify import simplify
from cgraph.worlds.graph import TEXTBOOK


@dataclass(frozen=True)
class Symbols:
    """A backward pass in the world of nodes, `bwd`, and its derivatives simplified: each a number or a node."""

    bwd: Backward

    def local(self, result: Node, position: int) -> Any:
        """The local derivative of a result by its operand at a position; None for a linear map."""
        return self._short(self.edges[result, position].local)

    def downstream(self, result: Node, position: int) -> Any:
        """What flows back from a result to its operand at a position."""
        return self._short(self.edges[result, position].downstream)

    def gradient(self, node: Node) -> Any:
        """The gradient of a node."""
        return self._short(self.bwd.gradient[node])

    @cached_property
    def edges(self) -> Mapping[tuple[Node, int], Edge]:
        """The edges along which a gradient flows, by result and operand's position."""
        return {(e.result, e.position): e for e in self.bwd.edges}

    def _short(self, value: Any) -> Any:
        return simplify([value], keep=self.bwd.graph.index)[0] if isinstance(value, Node) else value


def symbols(graph: Graph, of: Node) -> Symbols:
    """The derivatives of a scalar node of a graph by every other, as formulas of the graph's own nodes, in the form
    that textbooks write.

    Raises GradientError when `of` is no scalar.

    >>> import cgraph as cg
    >>> graph = cg.parse("e = a + 2*b; L = c*e")
    >>> found = symbols(graph, graph.output)
    >>> found.gradient(graph["b"]), found.local(graph["L"], 1)
    (<mul(c, 2)>, <c>)
    """
    return Symbols(backward(as_pass(graph, TEXTBOOK), of))

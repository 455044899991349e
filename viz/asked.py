"""All that pictures ask of cgraph, and the only place that asks: graphs of texts and models, passes, symbols, proofs.

What is drawn after that is handed on as a record: nothing else in viz runs a pass, proves or rewrites.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from cgraph.calculus.symbols import Symbols, symbols
from cgraph.errors import ValueRefusedError, did_you_mean
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from cgraph.graph.parse import GraphLike, as_graph
from cgraph.passes import numbers
from cgraph.passes.backward import Backward, backward
from cgraph.passes.forward import Forward
from cgraph.rewriting.unroll import unroll
from viz.models import Described, described

if TYPE_CHECKING:
    from cgraph.proof import Report

Subjects: TypeAlias = "Graph | Forward | Backward"


@dataclass(frozen=True)
class Passes:
    """What a picture is of: a graph, a forward pass, or a backward pass, and what belongs to it.

    `numbers` is the backward pass in numbers: the one that is drawn, or that of a forward pass to one scalar, so that
    the picture of either has everything in the same place.
    """

    of: Subjects
    numbers: Backward | None = None

    @property
    def graph(self) -> Graph:
        """The graph itself."""
        return self.of if isinstance(self.of, Graph) else self.of.graph

    @property
    def forward(self) -> Forward | None:
        """The forward pass, where there is one."""
        return self.of.forward if isinstance(self.of, Backward) else None if isinstance(self.of, Graph) else self.of

    @property
    def root(self) -> Node:
        """The node whose gradients are shown: that of the backward pass, or the last output."""
        return self.of.of if isinstance(self.of, Backward) else self.graph.outputs[-1]

    @cached_property
    def symbols(self) -> Symbols:
        """The derivatives as formulas, computed when a formula is first written. Raises GradientError for no scalar."""
        return symbols(self.graph, self.root)


def passes(of: Subjects) -> Passes:
    """The record of what is drawn."""
    if isinstance(of, Forward) and len(of.graph.outputs) == 1 and of.graph.output.shape == ():
        with np.errstate(all="ignore"):
            return Passes(of, backward(of))
    return Passes(of, of if isinstance(of, Backward) else None)


def subject(of: Any, values: Mapping[Any, Any] | None = None, choices: Iterable[str] = ()) -> Subjects:
    """What is drawn for a graph, its nodes, its formula as text, a pass, or a model; with values, its passes.

    `choices` are the names that one of the values may have been meant for.

    Raises ValueRefusedError for what cannot be drawn, and for values of what has them already.

    >>> subject("L = c*(a + 2*b)", {"a": 3, "b": 1, "c": -2}).gradient["b"]
    np.float64(-4.0)
    """
    if isinstance(of, (Forward, Backward)):
        if values:
            raise ValueRefusedError(
                f"a {type(of).__name__.lower()} pass is given {', '.join(map(str, values))}",
                why="it has the values that it was computed with",
                fix=did_you_mean(
                    next(iter(values)), choices, "give values with a graph or a formula, or draw the pass without them"
                ),
            )
        return of
    if isinstance(of, (str, Node, Graph, list, tuple)):
        graph = as_graph(of, values)
    elif isinstance(of, Described) and callable(of):
        model: Any = of
        graph = Graph(model(described(model).input))
    else:
        raise ValueRefusedError(
            f"{type(of).__name__} cannot be drawn",
            fix="give a node, a graph, a formula, a pass, or a model such as nn.MLP",
        )
    if not values:
        return graph
    fwd = forward_pass(graph, values)
    return numbers.backward(fwd) if len(graph.outputs) == 1 and fwd[graph.output].ndim == 0 else fwd


def forward_pass(of: GraphLike, values: Mapping[Any, Any]) -> Forward:
    """The forward pass in numbers of a graph or a formula. Raises what `cg.forward` raises."""
    return numbers.forward(as_graph(of, values), values)


def backward_pass(of: GraphLike, values: Mapping[Any, Any]) -> Backward:
    """The backward pass in numbers of a graph or a formula. Raises what `cg.forward` and `cg.backward` raise."""
    return numbers.backward(forward_pass(of, values))


def unrolled(of: Subjects) -> Subjects:
    """The same in single numbers; of rows without a number, one."""
    return unroll(of, {"m": 1}) if isinstance(of, Graph) else unroll(of)


@dataclass(frozen=True)
class Proofs:
    """`edges`, by result and operand's position, are those whose op's own rule is proved; `leaves` those whose gradient
    is. What is proved but is not the number that the pass shows is no member of them: `at_odds` says why not."""

    edges: frozenset[tuple[Node, int]] = frozenset()
    leaves: frozenset[Node] = frozenset()
    at_odds: Mapping[Node | tuple[Node, int], str] = field(default_factory=dict)

    def said(self, what: Node | tuple[Node, int]) -> str:
        """What a sentence on a gradient or a local derivative ends with: that it is proved, why not, or nothing."""
        if what in self.edges or what in self.leaves:
            return ", proved by SymPy"
        return f", no proof of this number: {self.at_odds[what]}" if what in self.at_odds else ""


NO_PROOFS = Proofs()


def proofs(of: Passes, report: Report | None) -> Proofs:
    """What a report proves of what is drawn: of the numbers of a pass, those that the proved formulas give.

    Raises ValueRefusedError for a report on something else.
    """
    if report is None:
        return NO_PROOFS
    from cgraph.proof.proved import proved_edges, proved_leaves

    leaves, odd_leaves = proved_leaves(report, of.graph, of.root, of.numbers)
    edges, odd_edges = proved_edges(of.graph, of.numbers)
    at_odds: dict[Any, str] = {**odd_leaves, **odd_edges}
    return Proofs(edges, leaves, at_odds)

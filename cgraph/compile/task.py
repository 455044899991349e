"""What is to be computed: the record that a user's call becomes, and that every backend is handed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cgraph import shapes
from cgraph.calculus.derivatives import grad
from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import OP, PARAMETER, VARIABLE, Node
from cgraph.graph.parse import GraphLike, as_graph
from cgraph.rewriting.simplify import stabilised

DTYPES = ("float64", "float32")


@dataclass(frozen=True)
class Task:
    """The outputs of a graph, the new values of parameters, and the order in which inputs are given.

    `gradients` are the nodes by which the only output is still to be differentiated, by the backend: their derivatives
    follow the outputs. A task that went through `differentiated` has none.
    """

    graph: Graph
    outputs: tuple[Node, ...]
    inputs: tuple[Node, ...]
    updates: Mapping[Node, Node]
    gradients: tuple[Node, ...]
    dtype: np.dtype[Any]
    simplify: bool = True

    @property
    def free(self) -> list[Node]:
        """The leaves that may be given a value: the program does not own them."""
        return [n for n in self.graph.inputs if n not in self.updates]

    def differentiated(self) -> Task:
        """The same task with the derivatives as outputs of the graph. Raises GradientError."""
        if not self.gradients:
            return self
        outputs = (*self.outputs, *[x.itself for x in grad(self.outputs[0], list(self.gradients), self.simplify)])
        return replace(self, graph=_graph(outputs, self.updates), outputs=outputs, gradients=())

    def taking(self, inputs: Iterable[Node | str] | None) -> Task:
        """The same task with these inputs in order; by default the variables. Raises ValueRefusedError."""
        if inputs is None:
            return replace(self, inputs=self.inputs or _variables(self.graph))
        found = tuple(self.graph.taking(x) for x in inputs)
        for node in found:
            if node.kind == OP or node in self.updates:
                why = "it is computed" if node.kind == OP else "the program owns it and updates it"
                raise ValueRefusedError(
                    f"{self.graph.name(node)} cannot be an input",
                    where=node.where,
                    why=why,
                    fix=f"inputs are among {', '.join(self.graph.name(n) for n in self.free)}",
                )
        return replace(self, inputs=found)


def task_of(
    outputs: GraphLike,
    updates: Mapping[Any, Node] | None = None,
    gradients: Iterable[Node | str] = (),
    dtype: str = "float64",
    simplify: bool = True,
) -> Task:
    """A task that takes the variables in the order of the graph as it is given, stabilised unless told not to.

    Raises ValueRefusedError for another type or what cannot be updated, ShapeError for an update of another shape, and
    GraphError for gradients of several outputs.
    """
    if np.dtype(dtype).name not in DTYPES:
        raise ValueRefusedError(f"dtype={dtype!r}", why=f"programs compute in {' or '.join(DTYPES)}")
    graph = as_graph(outputs)
    new = _by_node(graph, updates or {})
    wanted = tuple(graph[x] for x in gradients)
    found = (graph.output,) if wanted else graph.outputs
    whole = _graph(graph.derived(found) if graph.beyond else found, new) if new else graph
    _check_updates(whole, new)
    variables = None
    if simplify:
        after = stabilised(whole, wanted)
        if after is not whole:
            variables = _variables(whole)  # whose order may be another one in what it became
            found, after_new = after.outputs[: len(found)], after.outputs[len(found) :]
            whole, new = after, dict(zip(new, after_new, strict=False))
    return Task(whole, found, variables or (), new, wanted, np.dtype(dtype), simplify)


def _variables(graph: Graph) -> tuple[Node, ...]:
    return tuple([n for n in graph.inputs if n.kind == VARIABLE])


def _graph(outputs: Iterable[Node], updates: Mapping[Node, Node]) -> Graph:
    return Graph([*outputs, *updates.values(), *updates])


def _by_node(graph: Graph, updates: Mapping[Any, Node]) -> dict[Node, Node]:
    """The updates of parameters that are given by themselves or by their names."""
    known = Graph([*graph.outputs, *updates.values()]) if any(isinstance(key, str) for key in updates) else graph
    return {known[key] if isinstance(key, str) else key.itself: node.itself for key, node in updates.items()}


def _check_updates(graph: Graph, updates: Mapping[Node, Node]) -> None:
    for leaf, node in updates.items():
        if leaf.kind != PARAMETER:
            raise ValueRefusedError(
                f"{graph.name(leaf)} cannot be updated",
                where=leaf.where,
                why="only a parameter has a value of its own that a program can keep",
                fix="make it with cg.parameter",
            )
        if node.shape != leaf.shape:
            raise ShapeError(
                f"the update of {leaf.name} has shape {shapes.show(node.shape)}",
                where=node.where,
                why=f"{leaf.name} has shape {shapes.show(leaf.shape)}",
            )

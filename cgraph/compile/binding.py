"""A program for one binding of its sizes: the plan, the buffers of its leaves, and the calls that run it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from cgraph.compile.memory import Ignored, Owned
from cgraph.compile.task import Task
from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import PARAMETER, Node
from cgraph.passes.forward import forward
from cgraph.worlds.numpy import NumpyWorld

Maker: TypeAlias = "Callable[[Task, Owned, Mapping[str, int]], Binding]"


class Stages(dict[str, str]):
    """What a program is on its way from nodes to what runs, as text: each stage by its name, in order."""

    def __str__(self) -> str:
        return "\n\n".join(f"== {name}\n{text.rstrip()}" for name, text in self.items())


class Binding:
    """A plan with its memory: `leaves` are the buffers of leaves that the program does not own; `run` does one call.

    `slots` are the inputs in order, each with its name, its buffer and that buffer's shape. `many` does several calls
    on stacks of values, or on the rows of them that it is given; None where there is no quicker way than one by one.
    `doubtful` is set by calls in which 0 met ∞ in a product of the chain rule.
    """

    def __init__(self, backend: str, task: Task, owned: Owned, plan: object, leaves: Mapping[Node, Any]) -> None:
        self.backend, self.plan, self.leaves = backend, plan, leaves
        self._task, self._owned = task, owned
        self.slots = [(str(node.name), leaves[node], leaves[node].shape) for node in task.inputs]
        self.changed: set[Node] = set()
        self.doubtful = False
        self.text: Callable[[], str] = str
        self.stages: Callable[[], Stages] = Stages
        self.run: Callable[[], list[Any]] = list
        self.many: Callable[[int, Any, Mapping[Node, Any]], list[Any]] | None = None

    @property
    def source(self) -> str:
        """The program as text."""
        return self.text()

    def fill(self, values: Mapping[Node, Any], replaced: Iterable[Node]) -> None:
        """Copy the values of leaves into their buffers; those of `replaced` parameters are for one call."""
        for node, buffer in self.leaves.items():
            if node in values:
                buffer[...] = values[node]
        self.changed = {n for n in replaced if n.kind == PARAMETER}

    def report(self) -> None:
        """Remember that 0 met ∞."""
        self.doubtful = True

    def values(self, graph: Graph) -> dict[Node, Any]:
        """The values of a graph's leaves in the last call; of what the program owns, after it."""
        return {n: buffer for n, buffer in self.leaves.items() if n in graph} | self._owned.arrays

    def refuse(self) -> None:
        """Say what a call refused, as the plain pass says it."""
        feed = self.values(self._task.graph)
        sizes = {d: n for node, v in feed.items() for d, n in zip(node.shape, v.shape, strict=True) if n >= 0}
        for node in [node for node, value in feed.items() if isinstance(value, Ignored)]:  # of which no value was kept
            feed[node] = np.zeros([sizes.get(d, 1) for d in node.shape])
        with np.errstate(all="ignore"):
            forward(self._task.graph, feed, NumpyWorld(self._task.dtype))
        raise ValueRefusedError(
            "the program refused a value",
            why="a matrix that it inverts is singular, up to rounding",
            fix="change the matrix, for example by adding a small multiple of the identity",
        )

    def restore(self) -> None:
        """Give parameters that had another value for one call their own again."""
        for node in self.changed:
            self.leaves[node][...] = node.value
        self.changed = set()


def copies_of(outputs: list[Any]) -> Callable[[], list[Any]]:
    """What gives the caller copies of the outputs; of one, which steps of training have, without a loop."""
    if len(outputs) == 1:
        (only,) = outputs
        return lambda: [only.copy()]
    return lambda: [x.copy() for x in outputs]

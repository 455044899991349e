"""The values that a call is given: which leaf takes which, and whether they are as a pass would have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cgraph.compile.task import Task
from cgraph.errors import NameUnknownError, ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import OP, PARAMETER, Node
from cgraph.passes.forward import Forward, forward
from cgraph.worlds.numpy import NumpyWorld


class Given:
    """What the calls of a task are given. `leaves` take values, those of `needless` names are not needed for any."""

    def __init__(self, task: Task) -> None:
        self.task, self._world = task, NumpyWorld(task.dtype)
        free = [n for n in task.graph.leaves if n not in task.updates]
        self.leaves = Graph(dict.fromkeys([*free, *task.inputs]))
        # leaves that derivatives do not depend on, of which values are taken all the same
        self.needless = {leaf.name for leaf in task.graph.beyond if leaf not in self.leaves}
        self.complete = all(n.kind == PARAMETER or n in task.inputs for n in self.leaves.inputs)

    def needed(self, named: Mapping[str, Any]) -> Mapping[str, Any]:
        """Without the values that are not needed."""
        return {n: x for n, x in named.items() if n not in self.needless} if self.needless else named

    def read(self, values: tuple[Any, ...], named: Mapping[str, Any]) -> dict[Node, Any]:
        """The value of each leaf: given in order, by name, or as one dict.

        Raises NameUnknownError, and ValueRefusedError for too many values, one twice, or one of an owned parameter.
        """
        graph, given = self.task.graph, dict[Node, Any]()
        for key, value in self._by_key(values, named).items():
            node = graph.taking(key)
            if node.name in self.needless and node not in graph:
                continue
            if node in self.task.updates:
                raise ValueRefusedError(
                    f"{node.name} is owned by the program",
                    where=node.where,
                    why="it is replaced at the end of each call",
                    fix="program.set gives it another value",
                )
            if node.kind == OP:
                raise NameUnknownError(
                    f"{graph.name(node)} is computed and takes no value",
                    where=node.where,
                    fix=f"give values to the leaves: {', '.join(graph.name(n) for n in self.task.free)}",
                )
            given[node] = value
        return given

    def _by_key(self, values: tuple[Any, ...], named: Mapping[str, Any]) -> dict[Any, Any]:
        inputs, name = self.task.inputs, self.task.graph.name
        if len(values) == 1 and isinstance(values[0], Mapping):
            return {**values[0], **named}
        if len(values) > len(inputs):
            raise ValueRefusedError(
                f"{len(values)} values for {len(inputs)} inputs",
                fix=f"the inputs are, in order, {', '.join(map(name, inputs)) or 'none'}",
            )
        feed: dict[Any, Any] = dict(named)
        for node, value in zip(inputs, values, strict=False):
            if node.name in named:
                raise ValueRefusedError(f"{node.name} is given twice", why="in order, and by its name")
            feed[node] = value
        return feed

    def checked(self, given: Mapping[Node, Any]) -> Forward:
        """The values of all leaves as a pass has them. Raises what a pass does, also for targets of losses."""
        leaves, graph = forward(self.leaves, given, self._world), self.task.graph
        for node in graph.nodes:
            if node.op is not None and node.op.check is not None and node.operands[-1] in leaves.graph:
                try:
                    node.op.check(leaves[node.operands[-1]])
                except ValueRefusedError as error:
                    what = f"{graph.name(node)}: {error.what}"
                    raise ValueRefusedError(what, where=node.where, why=error.why, fix=error.fix) from None
        return leaves

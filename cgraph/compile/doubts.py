"""What a program says of products in which 0 met ∞: its calls are repeated as passes, which know the masks.

A program computes such a product as 0 and remembers that there was one; whether its zero is that of a mask, only the
pass in numbers knows, which takes some hundred times as long. So not every call is repeated where many are doubtful.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from cgraph.compile.task import Task
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from cgraph.passes.forward import forward
from cgraph.passes.indeterminate import counted
from cgraph.worlds.numpy import NumpyWorld


class Doubts:
    """How many products of a program were indeterminate: `count`, and `where` the first one is written."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self.count, self.where = 0, ""
        self._asked, self._next = 0, 1

    @cached_property
    def graph(self) -> Graph:
        """The graph of the program with its derivatives in it."""
        return self._task.differentiated().graph

    def look(self, values: Callable[[], Mapping[Node, Any]]) -> None:
        """Repeat a doubtful call: the first one, the second, the fourth, and so on."""
        self._asked += 1
        if self._asked < self._next:
            return
        self._next *= 2
        with np.errstate(all="ignore"):
            found = counted(forward(self.graph, values(), NumpyWorld(self._task.dtype)))
        self.count += sum(count for _, count in found)
        self.where = self.where or (found[0][0].where if found else "")

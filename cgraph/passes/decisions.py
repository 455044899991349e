"""Where a convention decided: the nodes of a pass that stand at a kink, at a tie, or where nothing is defined."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from cgraph.graph.node import Node
from cgraph.passes.forward import Forward


class Decision(NamedTuple):
    """A convention that decided a derivative: at which node, in which words, and for how many of its elements."""

    node: Node
    words: str
    elements: int

    def __str__(self) -> str:
        return f"{self.words} ({self.node.where})"


def decisions(fwd: Forward, nodes: Iterable[tuple[Node, Any]]) -> tuple[Decision, ...]:
    """The decisions at some nodes of a pass in numbers; with each stands where it matters, as truth values."""
    found = []
    with np.errstate(all="ignore"):
        for node, matters in nodes:
            row = node.op
            if row is None or row.kinked is None:
                continue
            here = row.kinked(*map(fwd.__getitem__, node.operands), **node.attrs)
            many = int(np.sum(np.broadcast_to(here, np.shape(fwd[node])) & matters))
            if many:
                words = row.convention(node.attrs) or f"{row.name} of what is equal"
                found.append(Decision(node, words, many))
    return tuple(found)


def decided_before(fwd: Forward) -> tuple[Decision, ...]:
    """The conventions of a first derivative at whose kinks a graph of derivatives is computed.

    A first derivative chooses a side there and has no derivative of its own; a graph of second derivatives, in which
    the choice stands as if it were smooth, gives a number. Choices that have cancelled are not seen.
    """
    return decisions(fwd, [(node, True) for node in fwd.graph.nodes if node.op is not None and node.op.decides])

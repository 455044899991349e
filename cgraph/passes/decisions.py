"""Where a convention decided: the nodes of a pass that stand at a kink, at a tie, or where nothing is defined."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.graph.node import Node
from cgraph.passes.forward import Forward, forward

_GOLDEN = (5**0.5 - 1) / 2  # the multiples of it fill an interval evenly and never repeat


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
            many = int(np.sum(np.broadcast_to(_at_kink(fwd, node), np.shape(fwd[node])) & matters))
            if many:
                words = row.convention(node.attrs) or f"{row.name} of what is equal"
                found.append(Decision(node, words, many))
    return tuple(found)


def decided_before(fwd: Forward) -> tuple[Decision, ...]:
    """The conventions of a first derivative at whose kinks a graph of derivatives is computed.

    A first derivative chooses a side there and has no derivative of its own; a graph of second derivatives, in which
    the choice stands as if it were smooth, gives a number. Where two are equal whatever the leaves are, as in
    max(max(a, b), b), there is no kink: what is equal here is still equal when all leaves are moved a little.
    Choices that have cancelled are not seen.
    """
    nodes = [node for node in fwd.graph.nodes if node.op is not None and node.op.decides]
    if not decisions(fwd, [(node, True) for node in nodes]):
        return ()
    away = _moved(fwd)
    if away is None:
        return decisions(fwd, [(node, True) for node in nodes])
    return decisions(fwd, [(node, np.logical_not(_at_kink(away, node))) for node in nodes])


def _at_kink(fwd: Forward, node: Node) -> Any:
    """For each element of a node that has a kink, whether its operands are there."""
    assert node.op is not None and node.op.kinked is not None
    return node.op.kinked(*map(fwd.__getitem__, node.operands), **node.attrs)


def _moved(fwd: Forward) -> Forward | None:
    """The same pass with each real input moved by a millionth of its size, in directions without pattern.

    None where there is no such pass near, as where whole numbers are asked for.
    """
    feed: dict[Node, Any] = {}
    count = 0
    for leaf in fwd.graph.inputs:
        value = np.asarray(fwd[leaf])
        if value.dtype.kind == "f":
            turn = np.modf((count + np.arange(1, value.size + 1)) * _GOLDEN)[0].reshape(value.shape)
            value = value + 1e-6 * (1 + np.abs(value)) * (turn + 0.5)
            count += value.size
        feed[leaf] = value
    try:
        return forward(fwd.graph, feed, fwd.world)
    except ValueRefusedError:
        return None

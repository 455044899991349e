"""Folds, and the units of a picture: nodes and folds in an order in which operands come first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT, Node
from viz.graphs.words.groups import Group

LEAST = 3  # so many times must a block or a copy be there


@dataclass(frozen=True, eq=False)  # a fold is equal only to itself, as a node is
class Fold:
    """Nodes that are drawn as one box: `first` is the one unit that stands there `times` times.

    `group` is the layer that it is, or the first of those that it is.
    """

    name: str
    nodes: tuple[Node, ...]
    first: tuple[Node, ...]
    times: int
    group: Group | None = None

    @property
    def title(self) -> str:
        """The name without the path of what it stands in, as a box in a frame says it."""
        above = self.group.parent if self.group is not None else None
        return self.name if above is None else self.name.replace(f"{above.name}.", "")


def owners(found: Iterable[Fold]) -> dict[Node, Fold]:
    """The fold of each node that is in one."""
    return {node: fold for fold in found for node in fold.nodes}


def drawn(nodes: Iterable[Node]) -> int:
    """How many of them would be boxes: numbers without a name would not."""
    return sum(n.kind != CONSTANT or n.name is not None or n.shape != () for n in nodes)


def in_order(graph: Graph, found: Sequence[Fold]) -> list[Node | Fold] | None:
    """Nodes and folds, operands first, as early as their own order allows; None when there is a cycle."""
    below = operands_of(graph, owners(found))
    users: dict[Node | Fold, list[Node | Fold]] = {unit: [] for unit in below}
    waiting = {unit: len(others) for unit, others in below.items()}
    for unit, others in below.items():
        for other in others:
            users[other].append(unit)
    ready = [unit for unit, count in waiting.items() if not count][::-1]
    order: list[Node | Fold] = []
    while ready:
        unit = ready.pop()
        order.append(unit)
        for user in users[unit][::-1]:  # they came in order
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    return order if len(order) == len(below) else None


def operands_of(graph: Graph, owner: dict[Node, Fold]) -> dict[Node | Fold, dict[Node | Fold, None]]:
    """The other units that each unit takes operands from, the units in the order of their first nodes."""
    below: dict[Node | Fold, dict[Node | Fold, None]] = {}
    for node in graph.nodes:
        unit = owner.get(node, node)
        mine = below.setdefault(unit, {})
        for x in node.operands:
            other = owner.get(x, x)
            if other is not unit:
                mine[other] = None
    return below

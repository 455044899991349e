"""What an optimiser returns, and the clipping of gradients: nodes, like everything that is computed here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TypeAlias

from cgraph.functions.table import table
from cgraph.graph.node import Node
from cgraph.train.checks import between
from cgraph.train.history import Epoch

Told: TypeAlias = Callable[[Sequence[Epoch]], float]


@dataclass(frozen=True)
class Updates:
    """One step of an optimiser: `new` gives each leaf's new value as a node, parameters first, then the state.

    `state` are the leaves that the optimiser keeps from step to step, such as moments; each holds its first value.
    `told` gives the value of some of these after an epoch, from all epochs so far: a rate that waits for the devset.
    """

    new: Mapping[Node, Node]
    state: tuple[Node, ...] = ()
    told: Mapping[Node, Told] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "new", dict(self.new))
        object.__setattr__(self, "told", dict(self.told))


def clip_by_norm(gradients: Sequence[Node], max_norm: float) -> list[Node]:
    """Gradients scaled so that the norm of all of them together is at most `max_norm`, as nodes.

    Each is multiplied by min(1, c / (‖g‖ + 10⁻⁶)), with one norm over all of them (Pascanu, Mikolov and Bengio 2013,
    Algorithm 1; the 10⁻⁶ is PyTorch's and keeps a gradient of zero from a division by zero).
    Raises ValueRefusedError for a norm that is not finite and above zero.

    >>> import cgraph as cg
    >>> clipped = clip_by_norm([cg.constant([3.0, 0.0]), cg.constant(4.0)], max_norm=1.0)
    >>> [cg.forward(g).values[-1].round(5).tolist() for g in clipped]
    [[0.6, 0.0], 0.8]
    """
    between("the largest norm of the gradients", max_norm, 0, above=True)
    norm = reduce(table()["hypot"], map(table()["norm"], gradients)).named("‖g‖")  # no square overflows
    factor = table()["minimum"](1.0, max_norm / (norm + 1e-6))
    return [g * factor for g in gradients]

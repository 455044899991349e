"""A node that is somebody's derivative: the node itself, and a note of the leaves that it was derived from, how often.

∂L/∂a of L = c·(a + 2b) is c, a node of L's own graph that does not depend on a or b. Whoever has values for L has them
for its derivatives too, so these remember which leaves L has: values for them are taken, and not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cgraph.graph.node import Node, _Slots


class Derived(Node):
    """A node with a note of the leaves of what it is a derivative of, and of the `order` of that derivative.

    It is `original` in every respect: equal to it, with its fields, and what is built on it is built on the original.
    Only a graph of which it is an output reads the note, which holds leaves and not the graph that they come from.
    """

    __slots__ = ("leaves", "order", "original")

    original: Node
    leaves: tuple[Node, ...]
    order: int

    @property
    def itself(self) -> Node:
        """The node without the note."""
        return self.original

    def named(self, name: str) -> Node:
        """The same expression under a name, with the note."""
        return derived(self.original.named(name), self.leaves, self.order)

    def __eq__(self, other: object) -> bool:
        return self.original is (other.original if isinstance(other, Derived) else other)

    def __hash__(self) -> int:
        return hash(self.original)


# the slots themselves, which are written to when a node is frozen: a gradient of few nodes takes 3 % less
_FIELDS = tuple(
    (slot.__get__, slot.__set__)
    for name in ("kind", "op", "operands", "attrs", "shape", "name", "value", "code", "instruction", "scope")
    for slot in (_Slots.__dict__[name],)
)
_write_original, _write_leaves = Derived.__dict__["original"].__set__, Derived.__dict__["leaves"].__set__
_write_order = Derived.__dict__["order"].__set__


def derived(node: Node, leaves: Iterable[Node], order: int = 0) -> Derived:
    """A node, with a note of the leaves of what it was derived from, and how often it was."""
    original = node.itself
    noted = object.__new__(Derived)
    for read, write in _FIELDS:
        write(noted, read(original))
    _write_original(noted, original)
    _write_leaves(noted, tuple(leaves))
    _write_order(noted, order)
    return noted


def _of_the_original(name: str) -> Callable[..., Any]:
    def apply(self: Derived, *others: Any) -> Any:
        return getattr(self.original, name)(*others)

    apply.__name__ = name
    return apply


for _operator in ("__add__", "__sub__", "__mul__", "__truediv__", "__pow__", "__matmul__"):
    setattr(Derived, _operator, _of_the_original(_operator))  # what `Node` builds without asking `as_node`
    setattr(Derived, _operator.replace("__", "__r", 1), _of_the_original(_operator.replace("__", "__r", 1)))
for _operator in ("__neg__", "__gt__", "__ge__", "__lt__", "__le__"):
    setattr(Derived, _operator, _of_the_original(_operator))

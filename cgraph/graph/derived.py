"""A node that is somebody's derivative: the node itself, and a note of the leaves that it was derived from, how often.

∂L/∂a of L = c·(a + 2b) is c, a node of L's own graph that does not depend on a or b. Whoever has values for L has them
for its derivatives too, so these remember which leaves L has: values for them are taken, and not needed. What is built
on a derivative remembers them as well: (∂L/∂a)² does not depend on a either, and its derivative by a is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cgraph.graph.node import OPERATORS, REFLECTED, Node, _Slots, build
from cgraph.ops import TABLE
from cgraph.ops.op import Op


class Note:
    """The leaves of what was differentiated and the order of the derivative, and the notes of what this is built on.

    Two notes are one in no time, however many leaves they have: who asks for the leaves collects them.
    """

    __slots__ = ("_own", "_parts", "order")

    def __init__(self, leaves: tuple[Node, ...], order: int = 0, parts: tuple[Note, ...] = ()) -> None:
        self._own, self.order, self._parts = leaves, order, parts

    def __or__(self, other: Note) -> Note:
        return self if other is self else Note((), max(self.order, other.order), (self, other))


def gathered(notes: list[Note]) -> tuple[Node, ...]:
    """The leaves of some notes and of all that these stand on, each once."""
    found: dict[Node, None] = {}
    seen: set[int] = set()
    waiting = notes[::-1]
    while waiting:
        note = waiting.pop()
        if id(note) not in seen:
            seen.add(id(note))
            found.update(dict.fromkeys(note._own))
            waiting += note._parts[::-1]
    return tuple(found)


class Derived(Node):
    """A node with a note of the leaves of what it is a derivative of, and of the order of that derivative.

    It is `original` in every respect: equal to it, with its fields, and what is built on it stands on the original,
    and has its note. Only a graph of which it is an output reads the note, which holds leaves and not the graph that
    they come from.
    """

    __slots__ = ("note", "original")

    original: Node
    note: Note

    @property
    def itself(self) -> Node:
        """The node without the note."""
        return self.original

    def noting(self, result: Node) -> Node:
        """What was built on this node, with its note."""
        return derived(result, self.note)

    def named(self, name: str) -> Node:
        """The same expression under a name, with the note."""
        return derived(self.original.named(name), self.note)

    def __eq__(self, other: object) -> bool:
        return self.original is (other.original if isinstance(other, Derived) else other)

    def __hash__(self) -> int:
        return hash(self.original)

    def __neg__(self) -> Node:
        return build(TABLE["neg"], self)


def _asking(row: Op) -> Callable[[Any, Any], Node]:
    """An operator that asks what it is given, which those of `Node` do not."""
    return lambda self, other: build(row, self, other)


def _asking_reflected(row: Op) -> Callable[[Any, Any], Node]:
    return lambda self, other: build(row, other, self)


for _method, _function in vars(Node).items():
    if callable(_function) and _function in OPERATORS:
        setattr(Derived, _method, _asking(OPERATORS[_function]))
    elif callable(_function) and _function in REFLECTED:
        setattr(Derived, _method, _asking_reflected(REFLECTED[_function]))


# the slots themselves, which are written to when a node is frozen: a gradient of few nodes takes 3 % less
_FIELDS = tuple(
    (slot.__get__, slot.__set__)
    for name in ("kind", "op", "operands", "attrs", "shape", "name", "value", "code", "instruction", "scope")
    for slot in (_Slots.__dict__[name],)
)
_write_original, _write_note = Derived.__dict__["original"].__set__, Derived.__dict__["note"].__set__


def derived(node: Node, note: Note) -> Derived:
    """A node, with a note of what it was derived from, beside the note that it may have."""
    original = node.itself
    if isinstance(node, Derived):
        note = node.note | note
    noted = object.__new__(Derived)
    for read, write in _FIELDS:
        write(noted, read(original))
    _write_original(noted, original)
    _write_note(noted, note)
    return noted

"""The values of a program: what is computed, in one floating-point type, with every size known.

Values are numbered in the order of their computation. The same op on the same operands is one value, arithmetic on
constants is done at once, and an operand that is only a copy along new axes stands for what it is a copy of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from cgraph import shapes
from cgraph.graph.node import Node
from cgraph.ops import TABLE
from cgraph.ops.op import NONE, Attrs, Op

COPY = TABLE["broadcast_to"]
LARGEST_FOLDED = 1 << 16  # elements; larger results of constants are computed by the program, in its own buffers


class Value(NamedTuple):
    """One value: a leaf of the graph, a constant, or an op on earlier values (by their numbers)."""

    shape: tuple[int, ...]
    op: Op | None = None
    operands: tuple[int, ...] = ()
    attrs: Attrs = NONE
    leaf: Node | None = None
    constant: Any = None

    @property
    def name(self) -> str:
        """The op's name; nothing for a leaf or a constant."""
        return self.op.name if self.op else ""

    @property
    def view(self) -> str:
        """How it sees the memory of its operand (see `cgraph.ops.facts`); nothing where it has its own."""
        return self.op.view if self.op else ""

    @property
    def c(self) -> str:
        """The C of its op for one element; nothing for what is no loop over elements."""
        return self.op.c if self.op else ""


class Values:
    """The values so far, and how the next one is made."""

    def __init__(self, dtype: Any, values: Iterable[Value] = ()) -> None:
        self.dtype = np.dtype(dtype)
        self.list: list[Value] = list(values)
        self._seen: dict[Any, int] = {}

    def __getitem__(self, number: int) -> Value:
        return self.list[number]

    def shape(self, number: int) -> tuple[int, ...]:
        """The sizes of a value."""
        return self.list[number].shape

    def leaf(self, node: Node, shape: tuple[int, ...]) -> int:
        """A value that is there when the program starts."""
        return self._made(Value(shape, leaf=node), node)

    def constant(self, value: Any) -> int:
        """A number or an array that never changes."""
        array = np.array(value, self.dtype)
        array.flags.writeable = False
        key = (array.shape, array.tobytes()) if array.size <= 64 else id(array)
        return self._made(Value(array.shape, constant=array), key)

    def number(self, number: int) -> float | None:
        """The number that a scalar constant is, or a constant copied along axes; None for anything else."""
        value = self.list[number]
        if value.view == "copied":
            value = self.list[value.operands[0]]
        return float(value.constant.reshape(())) if value.constant is not None and value.constant.size == 1 else None

    def apply(self, op: str | Op, *operands: int, **attrs: Any) -> int:
        """The value of an op, of the table or a user's own, on these values."""
        row = TABLE[op] if isinstance(op, str) else op
        normal, inferred = row.infer([self.list[x].shape for x in operands], {**row.defaults, **attrs})
        shape = tuple(map(int, inferred))
        if row.view == "copied" and row is not COPY:
            return self.apply(COPY, operands[0], shape=shape)
        if row.elementwise:
            operands = self._uncopied(operands, shape)
        if row.view:
            source = self.list[operands[0]]
            if shape == source.shape and row.view != "moved":
                return operands[0]
            if source.view == "copied" and self.list[source.operands[0]].shape == () and row is not COPY:
                return self.apply(COPY, source.operands[0], shape=shape)
            if row is COPY:
                operands = source.operands if source.view == "copied" else operands
                number = self.number(operands[0])
                operands = operands if number is None else (self.constant(number),)
        if row.commutes:
            operands = tuple(sorted(operands))
        folded = self._folded(row, operands, normal, shape)
        if folded is not None:
            return folded
        return self._made(Value(shape, row, operands, normal), (row, operands, _key(normal)))

    def _folded(self, row: Op, operands: tuple[int, ...], attrs: Attrs, shape: tuple[int, ...]) -> int | None:
        """What only depends on constants is a constant; a copy of one is none, for copies cost nothing."""
        if row is COPY and shape:
            return None
        values = [self.list[x].constant for x in operands]
        if any(v is None for v in values) or np.prod(shape, dtype=float) > LARGEST_FOLDED:
            return None
        with np.errstate(all="ignore"):
            return self.constant(row.numpy(*(v[()] for v in values), **attrs))

    def _uncopied(self, operands: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
        """Operands that are copies along axes, replaced by what they are copies of wherever the shape allows."""
        found = list(operands)
        for place, operand in enumerate(operands):
            value = self.list[operand]
            if value.view == "copied":
                found[place] = value.operands[0]
                if shapes.broadcast([self.list[x].shape for x in found]) != shape:
                    found[place] = operand
        return tuple(found)

    def _made(self, value: Value, key: Any) -> int:
        number = self._seen.setdefault(key, len(self.list))
        if number == len(self.list):
            self.list.append(value)
        return number


def _key(attrs: Mapping[str, Any]) -> Any:
    return tuple(sorted((k, _hashable(v)) for k, v in attrs.items())) if attrs else ()


def _hashable(value: Any) -> Any:
    """An attribute as something to compare by; what has no hash (a key of an index) is equal only to itself."""
    try:
        hash(value)
    except TypeError:
        return ("id", id(value))
    return (value.__class__.__name__, value)

"""The values of a program: what is computed, in one floating-point type, with every size known.

Values are numbered in the order of their computation. The same op on the same operands is one value, arithmetic on
constants is done at once, and an operand that is only a copy along new axes stands for what it is a copy of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from cgraph import shapes
from cgraph.graph.node import Node
from cgraph.ops import TABLE
from cgraph.ops.op import NONE, Attrs, Op

COPY, MATMUL, SUM = TABLE["broadcast_to"], TABLE["matmul"], TABLE["sum"]
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
        ops = ((number, v) for number, v in enumerate(self.list) if v.op is not None)
        self._seen: dict[Any, int] = {(v.op, v.operands, _key(v.attrs)): number for number, v in ops}
        self._passes: dict[Op, tuple[Pass, ...]] = {}

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
        value = Value(tuple(map(int, inferred)), row, operands, normal)
        for one in self._passes.get(row) or self._passes_of(row):
            found = one(self, value)
            if isinstance(found, int):
                return found
            value = found
        return self.shared(value)

    def _passes_of(self, op: Op) -> tuple[Pass, ...]:
        return self._passes.setdefault(op, tuple(one for one, goes_through in PASSES if goes_through(op)))

    def shared(self, value: Value) -> int:
        """The number of a value, which is that of the same op on the same operands when there is one."""
        return self._made(value, (value.op, value.operands, _key(value.attrs)))

    def _made(self, value: Value, key: Any) -> int:
        number = self._seen.setdefault(key, len(self.list))
        if number == len(self.list):
            self.list.append(value)
        return number


# Each pass gives an op back, as it is or simpler, or the number of the value that stands for it.
def one_copy(values: Values, value: Value) -> Value | int:
    """All copies along axes are one op."""
    return values.apply(COPY, value.operands[0], shape=value.shape)


def uncopied(values: Values, value: Value) -> Value | int:
    """Operands that are copies along axes, replaced by what they are copies of wherever the shape allows."""
    found = list(value.operands)
    for place, operand in enumerate(value.operands):
        source = values.list[operand]
        if source.view == "copied":
            found[place] = source.operands[0]
            if shapes.broadcast([values.shape(x) for x in found]) != value.shape:
                found[place] = operand
    return value if found == list(value.operands) else value._replace(operands=tuple(found))


def seen_through(values: Values, value: Value) -> Value | int:
    """A view of the same shape is what it sees, and one of a number copied along axes is that number, copied."""
    source = values[value.operands[0]]
    if value.shape == source.shape and value.view != "moved":
        return value.operands[0]
    if value.op is COPY:
        operands = source.operands if source.view == "copied" else value.operands
        number = values.number(operands[0])
        return value._replace(operands=operands if number is None else (values.constant(number),))
    if source.view == "copied" and values.shape(source.operands[0]) == ():
        return values.apply(COPY, source.operands[0], shape=value.shape)
    return value


def in_order(values: Values, value: Value) -> Value | int:
    """The operands of what commutes stand in one order."""
    ordered = tuple(sorted(value.operands))
    return value if ordered == value.operands else value._replace(operands=ordered)


def as_one_product(values: Values, value: Value) -> Value | int:
    """A stack of matrices times one matrix is one product, of all their rows; copies of a row are multiplied once."""
    left, right = (values.shape(x) for x in value.operands)
    if len(left) <= 2 or len(right) != 2 or not prod(left):
        return value
    if values[value.operands[0]].view == "copied":
        source = values[value.operands[0]].operands[0]
        if len(values.shape(source)) != len(left) or values.shape(source)[-1] != left[-1]:
            return value
        return values.apply(COPY, values.apply("matmul", source, value.operands[1]), shape=value.shape)
    rows = values.apply("reshape", value.operands[0], shape=(prod(left[:-1]), left[-1]))
    return values.apply("reshape", values.apply("matmul", rows, value.operands[1]), shape=value.shape)


def summed_stack(values: Values, value: Value) -> Value | int:
    """The sum of a stack of products is one product, in which the stack stands beside what each sums over."""
    found = values[value.operands[0]]
    if found.op is not MATMUL or value.attrs["keepdims"]:
        return value
    left, right = (values.shape(x) for x in found.operands)
    stack = tuple(range(len(left) - 2))
    if len(left) < 3 or left[:-2] != right[:-2] or tuple(sorted(value.attrs["axis"])) != stack or not prod(found.shape):
        return value
    x, y = found.operands
    beside = values.apply("transpose", x, axes=(len(left) - 2, *stack, len(left) - 1))
    wide = values.apply("reshape", beside, shape=(left[-2], prod(left[:-2]) * left[-1]))
    high = values.apply("reshape", y, shape=(prod(right[:-1]), right[-1]))
    return values.apply("matmul", wide, high)


def folded(values: Values, value: Value) -> Value | int:
    """What only depends on constants, or on nothing, is a constant; a copy of one is none, for copies cost nothing."""
    operands = []
    for x in value.operands:
        operand = values.list[x]
        constant = operand.constant if prod(operand.shape) else np.empty(operand.shape, values.dtype)
        if constant is None:
            return value
        operands.append(constant)
    if value.op is None or (value.op is COPY and value.shape) or prod(value.shape) > LARGEST_FOLDED:
        return value
    with np.errstate(all="ignore"):
        return values.constant(value.op.numpy(*(x[()] for x in operands), **value.attrs))


Pass: TypeAlias = Callable[[Values, Value], Value | int]
# What ops go through before they are values, in this order, and which ops do.
PASSES: tuple[tuple[Pass, Callable[[Op], bool]], ...] = (
    (one_copy, lambda op: op.view == "copied" and op is not COPY),
    (uncopied, lambda op: op.elementwise),
    (seen_through, lambda op: bool(op.view)),
    (in_order, lambda op: op.commutes),
    (as_one_product, lambda op: op is MATMUL),
    (summed_stack, lambda op: op is SUM),
    (folded, lambda op: True),
)


def _key(attrs: Mapping[str, Any]) -> Any:
    return tuple(sorted((k, _hashable(v)) for k, v in attrs.items())) if attrs else ()


def _hashable(value: Any) -> Any:
    """An attribute as something to compare by; what has no hash (a key of an index) is equal only to itself."""
    try:
        hash(value)
    except TypeError:
        return ("id", id(value))
    return (value.__class__.__name__, value)

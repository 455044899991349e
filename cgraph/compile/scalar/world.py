"""TAPE: the world in which a graph of scalars becomes flat arrays. A pass in it computes nothing, it writes ops down.

`forward` in this world writes down the values and `backward` the gradients, by the same rules as everywhere, so that
one loop over arrays computes both. A value is a `Slot`, which knows its number alone; numbers that never change stay
numbers, and what is done to them is done at once.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from typing import Any

import numpy as np

from cgraph.compile.lowering.values import Value
from cgraph.errors import ValueRefusedError
from cgraph.graph.node import CONSTANT, Node
from cgraph.ops import TABLE
from cgraph.ops.op import NONE, Attrs, Op
from cgraph.shapes import Shape, show
from cgraph.worlds.world import World

LEAF, LITERAL = 0, 1  # kinds of slots that no op computes
Number = np.float64  # with a shape, as every value of a pass has


def _operator(name: str, reflected: bool = False) -> Callable[[Any, Any], Any]:
    row = TABLE[name]
    if reflected:
        return lambda self, other: self.tape.apply(row, (other, self), NONE)
    return lambda self, other: self.tape.apply(row, (self, other), NONE)


class Slot:
    """A value on a tape, by its number."""

    __slots__ = ("number", "tape")
    __array_ufunc__ = None  # NumPy's numbers leave operators to the slot
    shape = ()

    def __init__(self, number: int, tape: Tape) -> None:
        self.number, self.tape = number, tape

    __add__, __radd__ = _operator("add"), _operator("add", True)
    __sub__, __rsub__ = _operator("sub"), _operator("sub", True)
    __mul__, __rmul__ = _operator("mul"), _operator("mul", True)
    __truediv__, __rtruediv__ = _operator("div"), _operator("div", True)
    __pow__, __rpow__ = _operator("pow"), _operator("pow", True)

    def __neg__(self) -> Any:
        return self.tape.apply(TABLE["neg"], (self,), NONE)


class Tape(World):
    """A world that writes down. For each slot: the kind of its op, and the slots of its operands, all before it.

    Kinds are numbers of `kinds`, an op with its attributes each. An op of fewer than three operands has its first one
    again in the other places.
    """

    name = "tape"
    pi = math.pi

    def __init__(self, like: Tape | None = None) -> None:
        self.kinds: list[Value | None] = [None, None] if like is None else like.kinds  # of leaves and of literals
        self._numbers: dict[Any, int] = {} if like is None else like._numbers
        self.kind = array("i")
        self.operands = (array("i"), array("i"), array("i"))
        self.leaves: dict[Node, int] = {}
        self.literals: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self.kind)

    # Writing ---------------------------------------------------------------------------------------------------------
    def empty(self) -> Slot:
        """A slot that nothing on the tape computes."""
        return Slot(self._written(LEAF, 0, 0, 0), self)

    def _written(self, kind: int, x: int, y: int, z: int) -> int:
        one, two, three = self.operands
        self.kind.append(kind)
        one.append(x)
        two.append(y)
        three.append(z)
        return len(one) - 1

    def extend(self, lines: Any) -> None:
        """Write many slots, from the kinds and the three operands of each."""
        for own, line in zip((self.kind, *self.operands), lines, strict=True):
            own.frombytes(line.tobytes())

    def slot(self, value: Any) -> int:
        """The number of a value: of a slot its own, of a number that of a slot which holds it."""
        if value.__class__ is Slot:
            return value.number
        key = Number(value).tobytes()
        found = self.literals.get(key)
        if found is None:
            found = self.literals[key] = self._written(LITERAL, 0, 0, 0)
        return found

    def kind_of(self, row: Op, attrs: Attrs) -> int:
        """The number of the kind of an op with these attributes."""
        key = (row, *sorted(attrs.items())) if attrs else row
        kind = self._numbers.get(key)
        if kind is None:
            kind = self._numbers[key] = len(self.kinds)
            self.kinds.append(Value((), row, attrs=attrs))
        return kind

    def apply(self, row: Op, operands: Any, attrs: Attrs) -> Any:
        """The slot of an op on these values, or a number when they all are."""
        if len(operands) == 2:  # most are, and with both in slots
            x, y = operands
            if x.__class__ is y.__class__ is Slot:
                return Slot(self._written(self.kind_of(row, attrs), x.number, y.number, x.number), self)
        elif row.arity is None:
            total = operands[0]
            for operand in operands[1:]:
                total = self.apply(row, (total, operand), attrs)
            return total
        for operand in operands:
            if operand.__class__ is Slot:
                break
        else:
            with np.errstate(all="ignore"):
                return Number(row.numpy(*map(Number, operands), **attrs))
        last = operands[-1]
        if last.__class__ is not Slot and row is _POW and last in (1, 2):
            return operands[0] if last == 1 else self.apply(_SQUARE, operands[:1], NONE)
        slots = [self.slot(x) for x in operands]
        return Slot(self._written(self.kind_of(row, attrs), *[*slots, slots[0], slots[0]][:3]), self)

    # What a world offers ---------------------------------------------------------------------------------------------
    def leaf(self, node: Node, value: Any | None, shape: Shape) -> Any:
        if node.kind == CONSTANT:
            return Number(node.value)
        slot = self.empty()
        self.leaves[node] = slot.number
        return slot

    def seed(self, value: Any, upstream: Any | None) -> Any:
        return upstream if upstream.__class__ is Slot else Number(1.0 if upstream is None else upstream)

    def zeros(self, shape: Shape, like: Any) -> Any:
        return Number(0.0)

    def times(self, upstream: Any, local: Any) -> Any:
        """The product in which an exact 0 wins; of numbers that are 1 or -1 there is none to be written down."""
        if upstream.__class__ is Slot:
            if local.__class__ is Slot:
                return self.apply(_SCALE, (upstream, local), NONE)
            if local in (1, -1):
                return upstream if local == 1 else -upstream
            plain = local.__class__ is int or (np.isfinite(local) and local != 0)
            return self.apply(_MUL if plain else _SCALE, (upstream, local), NONE)
        if local.__class__ is not Slot:
            with np.errstate(all="ignore"):
                return Number(_SCALE.numpy(upstream, Number(local)))
        return local if upstream == 1 else self.apply(_SCALE, (upstream, local), NONE)

    def plus(self, gradient: Any, downstream: Any) -> Any:
        return self.apply(_ADD, (gradient, downstream), NONE)

    def function(self, row: Op) -> Callable[..., Any]:
        return lambda *operands, **attrs: self.apply(row, operands, {**row.defaults, **attrs})


_ADD, _MUL, _SCALE, _POW, _SQUARE = TABLE["add"], TABLE["mul"], TABLE["scale"], TABLE["pow"], TABLE["square"]


def misfit(nodes: Any) -> Node | None:
    """The first node that is no scalar, or no elementwise op of scalars; None when a tape can hold them all."""
    for node in nodes:
        if node.shape != () or (node.op is not None and not node.op.elementwise):
            return node  # type: ignore[no-any-return]  # of the Any that are given, these are nodes
    return None


def refuse(node: Node, name: str) -> ValueRefusedError:
    """The error of a node that no tape holds."""
    what = node.op.name if node.op is not None and node.shape == () else show(node.shape)
    return ValueRefusedError(
        f"{name} is {what}",
        where=node.where,
        why="the scalar backend computes elementwise ops of scalars",
        fix='choose backend="auto", or cg.unroll the graph',
    )

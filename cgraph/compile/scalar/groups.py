"""A tape as groups: the slots that something needs, in the order of their levels, those of one op side by side.

The slots of a group do not depend on each other, so that each group is one loop, or one call of NumPy, over a part of
one array of values; their operands are gathered from the part before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cgraph.compile.lowering.values import Value
from cgraph.compile.plan.flops import counted
from cgraph.compile.scalar.fuse import FUSED, arity, fused
from cgraph.compile.scalar.world import LEAF, LITERAL, Tape
from cgraph.graph.node import Node
from cgraph.quoting import size


@dataclass(frozen=True)
class Groups:
    """A graph of scalars as flat arrays.

    `bounds` has a line a group: the number of its op in `kinds`, its first slot, and the slot after its last.
    `operands` are the slots of the operands of each op, from slot `first` on; before it stand leaves and literals.
    """

    kinds: tuple[Value | None, ...]
    first: int
    bounds: Any = field(repr=False)
    operands: tuple[Any, ...] = field(repr=False)
    leaves: Mapping[Node, int] = field(repr=False)
    literals: tuple[Any, Any] = field(repr=False)  # slots, and the numbers in them
    outputs: Any = field(repr=False)
    updates: Mapping[Node, int] = field(repr=False)
    names: Mapping[int, str] = field(repr=False)
    dtype: Any

    @property
    def slots(self) -> int:
        """How many values there are."""
        return self.first + len(self.operands[0])

    @property
    def steps(self) -> int:
        """How many groups a call computes, and updates."""
        return len(self.bounds) + len(self.updates)

    @property
    def buffers(self) -> int:
        """One: the array of all values."""
        return 1

    @property
    def bytes(self) -> int:
        """The size of the array of values, and of the arrays that say how each is computed."""
        arrays = (self.bounds, *self.operands, *self.literals, self.outputs)
        return int(self.slots * self.dtype.itemsize + sum(x.nbytes for x in arrays))

    @property
    def flops(self) -> int:
        """Floating-point operations of a call: one an op, two of a product that is added."""
        sizes = self.bounds[:, 2] - self.bounds[:, 1]
        twice = [k for k, v in enumerate(self.kinds) if v is not None and v.op in FUSED.values()]
        return int(sizes.sum() + sizes[np.isin(self.bounds[:, 0], twice)].sum())

    def __str__(self) -> str:
        steps = f"{counted(self.slots, 'scalar')}, {counted(self.steps, 'group')} by level and op"
        return f"{steps} in {size(self.bytes)}, {counted(self.flops, 'floating-point operation')}"


def grouped(
    tape: Tape, outputs: list[int], updates: Mapping[Node, int], names: Mapping[int, str], dtype: Any
) -> Groups:
    """The groups of what the outputs and the updates need."""
    needed = [*outputs, *updates.values()]
    alive = np.frombuffer(_alive(tape, needed), np.uint8)
    kind, *operands = (np.frombuffer(x, np.int32) for x in (tape.kind, *tape.operands))
    fused(tape.kinds, kind, operands, alive, needed)
    level = _levels((kind > LITERAL) & (alive != 0), operands)
    kinds, kind = _in_order(tape.kinds, kind)
    kept = np.flatnonzero(alive)
    kept = kept[np.argsort(level[kept].astype(np.int64) * len(tape.kinds) + kind[kept], kind="stable")]
    place = np.zeros(len(tape) + 1, np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    kind, level = kind[kept], level[kept]
    first = int(np.searchsorted(level, 1))
    starts = np.flatnonzero((np.diff(kind[first:], prepend=-1) != 0) | (np.diff(level[first:], prepend=-1) != 0))
    starts = starts + first
    bounds = np.stack([kind[starts], starts, np.append(starts[1:], len(kept))[: len(starts)]], 1).astype(np.int32)
    widest = max([1, *(arity(kinds[k]) for k in set(bounds[:, 0].tolist()))])
    numbers = [(place[at], number) for number, at in _numbers(tape) if alive[at]]
    return Groups(
        kinds,
        first,
        np.ascontiguousarray(bounds),
        tuple(place[x[kept[first:]]] for x in operands[:widest]),
        {leaf: int(place[at]) for leaf, at in tape.leaves.items()},
        (np.array([at for at, _ in numbers], np.int32), np.array([x for _, x in numbers], dtype)),
        place[outputs] if outputs else np.zeros(0, np.int32),
        {leaf: int(place[at]) for leaf, at in updates.items()},
        {int(place[at]): name for at, name in names.items() if alive[at]},
        np.dtype(dtype),
    )


def _in_order(kinds: Sequence[Value | None], kind: Any) -> tuple[tuple[Value | None, ...], Any]:
    """The kinds by name, so that graphs of the same ops have the same numbers for them, and one source in C."""
    ops = [(v.name, repr(sorted(v.attrs.items())), number) for number, v in enumerate(kinds) if v is not None]
    order = [LEAF, LITERAL, *(number for *_, number in sorted(ops))]
    place = np.zeros(len(kinds), np.int32)
    place[order] = np.arange(len(kinds), dtype=np.int32)
    return tuple(kinds[number] for number in order), place[kind]


def _numbers(tape: Tape) -> Iterable[tuple[Any, int]]:
    return ((np.frombuffer(key)[0], at) for key, at in tape.literals.items())


def _alive(tape: Tape, needed: Iterable[int]) -> bytearray:
    """For each slot, whether something needs it; leaves are kept, for they take values all the same."""
    alive = bytearray(len(tape))
    for number in (*needed, *tape.leaves.values()):
        alive[number] = 1
    number = len(tape)
    for x, y, z in zip(*map(reversed, tape.operands), strict=True):
        number -= 1
        if alive[number]:
            alive[x] = alive[y] = alive[z] = 1
    return alive


def _levels(computed: Any, operands: Sequence[Any]) -> Any:
    """For each slot its level: 0 for what is not computed; what is computed needs only slots of lower levels."""
    levels: list[int] = []
    for is_computed, x, y, z in zip(computed.tolist(), *(places.tolist() for places in operands), strict=True):
        if is_computed:
            level, other, third = levels[x], levels[y], levels[z]
            if other > level:  # noqa: PLR1730 - max costs a call
                level = other
            levels.append(level + 1 if level > third else third + 1)
        else:
            levels.append(0)
    return np.array(levels, np.int32)

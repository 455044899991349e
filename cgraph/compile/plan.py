"""Where every value lives and when it is computed: a static schedule, views that cost nothing, buffers used again."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import NamedTuple

import numpy as np

from cgraph.compile.lower import Lowered
from cgraph.compile.values import VIEWS, Value
from cgraph.node import Node

BUFFER, LEAF, CONSTANT = "buffer", "leaf", "constant"
ALIGNED = 16  # elements: a buffer begins at a full line of the cache in float32


class Place(NamedTuple):
    """Where a value is: a storage, and the steps (in elements) through it."""

    storage: int
    offset: int
    strides: tuple[int, ...]


class Storage(NamedTuple):
    """Memory of one value and of its views: a part of the buffer, a leaf's own array, or a constant's."""

    kind: str
    size: int
    value: int


class Final(NamedTuple):
    """How an owned leaf gets its new value when all else is computed.

    `gemm`: leaf += factor·(x @ y) by one matrix product; `op`: an elementwise op in place; `copy`: from `value`.
    """

    leaf: Node
    target: int
    kind: str
    value: int
    factor: float = 1.0


@dataclass(frozen=True)
class Plan:
    """The steps of a program for one binding of its sizes.

    `groups` are the steps: values computed one after the other, or together in one loop; `offsets` say where in the
    buffer each storage begins; `finals` are the updates.
    """

    lowered: Lowered
    groups: tuple[tuple[int, ...], ...]
    places: dict[int, Place] = field(repr=False)
    storages: tuple[Storage, ...] = field(repr=False)
    offsets: dict[int, int] = field(repr=False)
    elements: int  # of the buffer that all steps share
    finals: tuple[Final, ...]

    @property
    def values(self) -> Sequence[Value]:
        """The values by number."""
        return self.lowered.values

    @property
    def steps(self) -> int:
        """How many steps a call takes, updates included."""
        return len(self.groups) + len(self.finals)

    @property
    def buffers(self) -> int:
        """How many different parts of the buffer are used."""
        return len(set(self.offsets.values()))

    @property
    def bytes(self) -> int:
        """The size of the buffer; leaves and constants have memory of their own."""
        return int(self.elements * self.lowered.dtype.itemsize)

    @property
    def flops(self) -> int:
        """Floating-point operations of a call: 2·m·k·n a matrix product, 1 an element of any other op."""
        return sum(flops(self.values, x) for group in self.groups for x in group) + sum(
            _final_flops(self.values, f) for f in self.finals
        )

    def __str__(self) -> str:
        size = f"{self.bytes:,} bytes" if self.bytes < 1 << 20 else f"{self.bytes / (1 << 20):,.1f} MiB"
        return f"{self.steps} steps, {self.buffers} buffers in {size}, {self.flops:,} floating-point operations"


def flops(values: Sequence[Value], number: int) -> int:
    """The floating-point operations of one value."""
    value = values[number]
    if value.name == "matmul":
        return 2 * prod(value.shape) * values[value.operands[0]].shape[-1]
    if value.name in ("sum", "max", "min", "prod"):
        return prod(values[value.operands[0]].shape)
    return 0 if value.op is None else prod(value.shape)


def _final_flops(values: Sequence[Value], final: Final) -> int:
    size = prod(values[final.value].shape)
    if final.kind == "gemm":
        return flops(values, final.value)
    return size if final.kind == "op" else 0


def make_plan(
    lowered: Lowered,
    group: Callable[[Sequence[Value], list[int]], list[tuple[int, ...]]],
    in_place: Callable[[Value], bool],
    accumulates: Callable[[Value], bool],
) -> Plan:
    """A plan for a backend, which says what it computes in one loop, in place, and what it adds in one product."""
    values = list(lowered.values)
    places, storages = _placed(values)
    outputs = [_copied(values, places, storages, x, {BUFFER}) for x in lowered.outputs]
    finals = _finals(values, places, storages, lowered, accumulates)
    changed = replace(lowered, values=values, outputs=tuple(outputs))
    needed = [*outputs, *(x for f in finals for x in _reads(values, f))]
    order = _order(values, places, storages, needed)
    groups = group(values, order)
    offsets, elements, kept = _allocated(values, places, storages, groups, needed, in_place)
    return Plan(changed, tuple(groups), kept, tuple(storages), offsets, elements, tuple(finals))


def _placed(values: Sequence[Value]) -> tuple[dict[int, Place], list[Storage]]:
    """A storage for each value that needs one; views get a place in another's."""
    places: dict[int, Place] = {}
    storages: list[Storage] = []
    for number, value in enumerate(values):
        place = _view(value, values, places) if value.name in VIEWS else None
        if place is None:
            place = Place(len(storages), 0, contiguous(value.shape))
            kind = LEAF if value.leaf is not None else CONSTANT if value.constant is not None else BUFFER
            storages.append(Storage(kind, prod(value.shape), number))
        places[number] = place
    return places, storages


def _view(value: Value, values: Sequence[Value], places: dict[int, Place]) -> Place | None:
    """The place of a value that NumPy makes without moving anything; None where it must copy."""
    source, place = values[value.operands[0]], places[value.operands[0]]
    if not prod(value.shape) or not prod(source.shape):
        return None
    span = 1 + sum((n - 1) * abs(s) for n, s in zip(source.shape, place.strides, strict=True))
    first = sum((n - 1) * -s for n, s in zip(source.shape, place.strides, strict=True) if s < 0)
    memory = np.empty(span, np.int8)  # never touched: one byte stands for one element
    before = np.ndarray(source.shape, np.int8, memory, first, place.strides)
    assert value.op is not None
    after = value.op.numpy(before, **value.attrs)
    if not np.may_share_memory(after, memory):
        return None
    start = after.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
    return Place(place.storage, place.offset - first + start, after.strides)


def contiguous(shape: Sequence[int]) -> tuple[int, ...]:
    """The steps, in elements, through an array whose rows stand one after the other."""
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))


def _copied(
    values: list[Value], places: dict[int, Place], storages: list[Storage], number: int, allowed: Iterable[str]
) -> int:
    """The value itself if its memory is of an allowed kind; else a new value that is a copy of it."""
    if storages[places[number].storage].kind in allowed:
        return number
    shape = values[number].shape
    values.append(Value(shape, operands=(number,)))
    places[len(values) - 1] = Place(len(storages), 0, contiguous(shape))
    storages.append(Storage(BUFFER, prod(shape), len(values) - 1))
    return len(values) - 1


# Updates -------------------------------------------------------------------------------------------------------------
def _finals(
    values: list[Value],
    places: dict[int, Place],
    storages: list[Storage],
    lowered: Lowered,
    accumulates: Callable[[Value], bool],
) -> list[Final]:
    """How each leaf is updated. All updates read the old values: what one of them writes, no later one reads."""
    leaves = {v.leaf: i for i, v in enumerate(values) if v.leaf is not None}
    owned = {places[leaves[leaf]].storage for leaf in lowered.updates if leaf in leaves}
    uses: dict[int, int] = {}
    for value in values:
        for x in value.operands:
            uses[x] = uses.get(x, 0) + 1
    for x in (*lowered.outputs, *lowered.updates.values()):
        uses[x] = uses.get(x, 0) + 1
    finals = []
    for leaf, number in lowered.updates.items():
        if leaf not in leaves:
            values.append(Value(tuple(map(int, leaf.shape)), leaf=leaf))
            leaves[leaf] = len(values) - 1
            places[leaves[leaf]] = Place(len(storages), 0, contiguous(values[-1].shape))
            storages.append(Storage(LEAF, prod(values[-1].shape), leaves[leaf]))
        target, value = leaves[leaf], values[number]
        if value.name in ("add", "sub") and uses[number] == 1 and values[target].shape == value.shape:
            found = _product_added(values, uses, target, number)
            if found is not None and accumulates(values[found[0]]):
                operands = values[found[0]].operands
                if all(places[x].storage not in owned for x in operands):
                    finals.append(Final(leaf, target, "gemm", *found))
                    continue
            others = [x for x in value.operands if x != target]
            if target in value.operands and all(places[x].storage not in owned for x in others):
                finals.append(Final(leaf, target, "op", number))
                continue
        if number != target:
            copied = _copied(values, places, storages, number, {BUFFER, CONSTANT})
            finals.append(Final(leaf, target, "copy", copied))
    return finals


def _product_added(values: Sequence[Value], uses: dict[int, int], target: int, number: int) -> tuple[int, float] | None:
    """The matrix product and the factor in leaf ± factor·(x @ y), when nothing else needs the product."""
    value = values[number]
    first, second = value.operands
    if value.name == "sub" and first != target:
        return None
    added = second if first == target else first if second == target else -1
    if added < 0 or uses[added] != 1:
        return None
    factor = 1.0 if value.name == "add" else -1.0
    if values[added].name == "mul":
        x, y = values[added].operands
        scalar, added = (x, y) if values[x].constant is not None else (y, x)
        constant = values[scalar].constant
        if constant is None or constant.shape != () or uses[added] != 1:
            return None
        factor *= float(constant)
    product = values[added]
    if product.name != "matmul" or product.shape != value.shape or len(product.shape) != 2:
        return None
    return added, factor


def _reads(values: Sequence[Value], final: Final) -> tuple[int, ...]:
    return (final.value,) if final.kind == "copy" else values[final.value].operands


# Order and memory ----------------------------------------------------------------------------------------------------
def _order(
    values: Sequence[Value], places: dict[int, Place], storages: Sequence[Storage], needed: Iterable[int]
) -> list[int]:
    """The values that must be computed, in order: no leaves, no constants, no views."""
    alive, stack = set[int](), list(needed)
    while stack:
        number = stack.pop()
        if number not in alive:
            alive.add(number)
            stack.extend(values[number].operands)
    return [
        x
        for x in sorted(alive)
        if storages[places[x].storage].value == x and storages[places[x].storage].kind == BUFFER
    ]


def _allocated(
    values: Sequence[Value],
    places: dict[int, Place],
    storages: Sequence[Storage],
    groups: Sequence[tuple[int, ...]],
    needed: Iterable[int],
    in_place: Callable[[Value], bool],
) -> tuple[dict[int, int], int, dict[int, Place]]:
    """Where each storage begins in the buffer; memory is used again when its last reader is done.

    What only its own loop reads gets no memory: it has no place in the result.
    """
    last = _last_uses(values, places, groups, needed)
    free: list[tuple[int, int]] = []  # (size, offset)
    offsets: dict[int, int] = {}
    sizes: dict[int, int] = {}
    kept = dict(places)
    top = 0
    for position, members in enumerate(groups):
        dying = _dying(values, places, storages, offsets, members, last, position)
        for x in members:
            storage = places[x].storage
            if last.get(storage, position) == position and len(members) > 1:
                del kept[x]  # only read where it is computed
                continue
            donor = next((d for d in dying if _fits(values, places, d, x, members, in_place)), None)
            if donor is not None:
                dying.remove(donor)
                offsets[storage], sizes[storage] = offsets[donor], sizes[donor]
                continue
            size = -(-max(storages[storage].size, 1) // ALIGNED) * ALIGNED
            place = bisect_left(free, (size, 0))
            if place < len(free) and free[place][0] <= 4 * size:
                sizes[storage], offsets[storage] = free.pop(place)
            else:
                offsets[storage], sizes[storage], top = top, size, top + size
        for storage in dying:
            insort(free, (sizes[storage], offsets[storage]))
        for x in members:
            storage = places[x].storage
            if x in kept and last.get(storage, position) == position:
                insort(free, (sizes[storage], offsets[storage]))
    return offsets, top, kept


def _last_uses(
    values: Sequence[Value], places: dict[int, Place], groups: Sequence[tuple[int, ...]], needed: Iterable[int]
) -> dict[int, int]:
    """For each storage the last step that reads it."""
    last: dict[int, int] = {}
    for position, members in enumerate(groups):
        for x in members:
            for operand in values[x].operands:
                last[places[operand].storage] = position
    for x in needed:
        last[places[x].storage] = len(groups)
    return last


def _dying(
    values: Sequence[Value],
    places: dict[int, Place],
    storages: Sequence[Storage],
    offsets: dict[int, int],
    members: tuple[int, ...],
    last: dict[int, int],
    position: int,
) -> list[int]:
    read = dict.fromkeys(places[operand].storage for x in members for operand in values[x].operands)
    own = {places[x].storage for x in members}
    return [s for s in read if s not in own and s in offsets and last[s] == position]


def _fits(
    values: Sequence[Value],
    places: dict[int, Place],
    donor: int,
    number: int,
    members: tuple[int, ...],
    in_place: Callable[[Value], bool],
) -> bool:
    """Whether a result may be written over an operand: each element is read, there alone, before it is written."""
    shape = values[number].shape
    if not all(in_place(values[x]) for x in members):
        return False
    wanted = Place(donor, 0, contiguous(shape))
    for x in members:
        for operand in values[x].operands:
            if places[operand].storage == donor and (places[operand] != wanted or values[operand].shape != shape):
                return False
    return True


def collapsed(shape: Sequence[int], strides: list[list[int]]) -> tuple[list[int], list[list[int]]]:
    """The same loops with as few dimensions as possible: neighbours that every array walks through as one."""
    sizes: list[int] = []
    kept: list[list[int]] = [[] for _ in strides]
    for axis in range(len(shape)):
        if shape[axis] == 1:
            continue
        if sizes and all(k[-1] == s[axis] * shape[axis] for k, s in zip(kept, strides, strict=True)):
            sizes[-1] *= shape[axis]
            for k, s in zip(kept, strides, strict=True):
                k[-1] = s[axis]
        else:
            sizes.append(shape[axis])
            for k, s in zip(kept, strides, strict=True):
                k.append(s[axis])
    return sizes, kept

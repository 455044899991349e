"""When every value is computed, and in which memory: a static schedule, buffers used again."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from cgraph.compile.lowering.beside import WITH_ONES
from cgraph.compile.lowering.lowered import Lowered
from cgraph.compile.lowering.values import Value
from cgraph.compile.plan.flops import counted, flops, update_flops
from cgraph.compile.plan.places import BUFFER, Place, Storage, contiguous, copied, placed
from cgraph.compile.plan.updates import Update, reads, updates_of

ALIGNED = 16  # elements: a buffer begins at a full line of the cache in float32


@dataclass(frozen=True)
class Plan:
    """The steps of a program for one binding of its sizes.

    `groups` are the steps: values computed one after the other, or together in one loop; `offsets` say where in the
    buffer each storage begins; `updates` say how owned leaves get their new values.
    """

    lowered: Lowered
    groups: tuple[tuple[int, ...], ...]
    places: dict[int, Place] = field(repr=False)
    storages: tuple[Storage, ...] = field(repr=False)
    offsets: dict[int, int] = field(repr=False)
    elements: int  # of the buffer that all steps share
    updates: tuple[Update, ...]

    @property
    def values(self) -> Sequence[Value]:
        """The values by number."""
        return self.lowered.values

    @property
    def steps(self) -> int:
        """How many steps a call takes, updates included."""
        return len(self.groups) + len(self.updates)

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
        """Floating-point operations of a call: 2·m·k·n a matrix product, 1 an element that another op makes or sums."""
        return sum(flops(self.values, x) for group in self.groups for x in group) + sum(
            update_flops(self.values, u) for u in self.updates
        )

    def __str__(self) -> str:
        size = f"{self.bytes:,} bytes" if self.bytes < 1 << 20 else f"{self.bytes / (1 << 20):,.1f} MiB"
        steps, buffers = counted(self.steps, "step"), counted(self.buffers, "buffer")
        return f"{steps}, {buffers} in {size}, {counted(self.flops, 'floating-point operation')}"


def make_plan(
    lowered: Lowered,
    group: Callable[[Sequence[Value], list[int]], list[tuple[int, ...]]],
    in_place: Callable[[Value], bool],
    accumulates: Callable[[Value], bool],
) -> Plan:
    """A plan for a backend, which says what it computes in one loop, in place, and what it adds in one product."""
    values = list(lowered.values)
    places, storages = placed(values)
    outputs = [copied(values, places, storages, x, {BUFFER}) for x in lowered.outputs]
    updates = updates_of(values, places, storages, lowered, accumulates)
    changed = replace(lowered, values=values, outputs=tuple(outputs))
    needed = [*outputs, *(x for u in updates for x in reads(values, u))]
    order = _order(values, places, storages, needed)
    groups = group(values, order)
    needed += [x for x in order if values[x].op is WITH_ONES]  # whose ones are written once, not in each call
    offsets, elements, kept = _allocated(values, places, storages, groups, needed, in_place)
    return Plan(changed, tuple(groups), kept, tuple(storages), offsets, elements, tuple(updates))


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
            place = bisect_left(free, (size, 0)) if values[x].op is not WITH_ONES else len(free)
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

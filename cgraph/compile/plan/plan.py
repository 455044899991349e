"""When every value is computed, and in which memory: a static schedule, buffers used again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from cgraph.compile.lowering.beside import WITH_ONES
from cgraph.compile.lowering.lowered import Lowered
from cgraph.compile.lowering.values import Value
from cgraph.compile.plan.allocation import allocated
from cgraph.compile.plan.flops import counted, flops, update_flops
from cgraph.compile.plan.places import BUFFER, Place, Storage, copied, placed
from cgraph.compile.plan.updates import Update, reads, updates_of
from cgraph.quoting import size


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
        steps, buffers = counted(self.steps, "step"), counted(self.buffers, "buffer")
        return f"{steps}, {buffers} in {size(self.bytes)}, {counted(self.flops, 'floating-point operation')}"


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
    offsets, elements, kept = allocated(values, places, storages, groups, needed, in_place)
    return Plan(changed, tuple(groups), kept, tuple(storages), offsets, elements, tuple(updates))


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

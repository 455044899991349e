"""Which part of the buffer each storage gets: memory is used again when its last reader is done."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence

from cgraph.compile.lowering.beside import WITH_ONES
from cgraph.compile.lowering.values import Value
from cgraph.compile.plan.places import Place, Storage, contiguous

ALIGNED = 16  # elements: a buffer begins at a full line of the cache in float32


def allocated(
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

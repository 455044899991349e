"""How owned leaves get their new values: products and rows are added in place, all else is computed and copied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from math import prod
from typing import NamedTuple

from cgraph.compile.lowering.beside import BOTH
from cgraph.compile.lowering.lowered import Lowered
from cgraph.compile.lowering.values import Value
from cgraph.compile.plan.places import BUFFER, CONSTANT, LEAF, Place, Storage, contiguous, copied
from cgraph.graph.node import Node
from cgraph.ops import TABLE
from cgraph.ops.op import Op

ADD, SUB, MUL, MATMUL = TABLE["add"], TABLE["sub"], TABLE["mul"], TABLE["matmul"]


class Update(NamedTuple):
    """How an owned leaf gets its new value when all else is computed.

    `gemm`: leaf += factor·(x @ y) by one matrix product; `rows`: leaf[ids] += factor·g, where only these rows are
    touched; `op`: an elementwise op in place; `copy`: from `value`.
    """

    leaf: Node
    target: int
    kind: str
    value: int
    factor: float = 1.0


def updates_of(
    values: list[Value],
    places: dict[int, Place],
    storages: list[Storage],
    lowered: Lowered,
    accumulates: Callable[[Value], bool],
) -> list[Update]:
    """How each leaf is updated. All updates read the old values: what one of them writes, no later one reads."""
    leaves = {v.leaf: i for i, v in enumerate(values) if v.leaf is not None}
    owned = {places[leaves[leaf]].storage for leaf in lowered.updates if leaf in leaves}
    owned |= {places[i].storage for i, v in enumerate(values) if v.op is BOTH}
    uses = Counter(chain(*(v.operands for v in values), lowered.outputs, lowered.updates.values()))

    def untouched(needed: Iterable[int]) -> bool:
        return all(places[x].storage not in owned for x in needed)

    updates = []
    for leaf, number in lowered.updates.items():
        if leaf not in leaves:
            value = Value(tuple(map(int, leaf.shape)), leaf=leaf)
            leaves[leaf] = _made(values, places, storages, value, LEAF)
        target, value = leaves[leaf], values[number]
        if value.op in (ADD, SUB) and uses[number] == 1 and values[target].shape == value.shape:
            update = _accumulated(values, places, storages, uses, Update(leaf, target, "op", number), accumulates)
            if update is not None and untouched(reads(values, update)):
                updates.append(update)
                continue
            if target in value.operands and untouched(x for x in value.operands if x != target):
                updates.append(Update(leaf, target, "op", number))
                continue
        if number != target:
            updates.append(Update(leaf, target, "copy", copied(values, places, storages, number, {BUFFER, CONSTANT})))
    return _joined(values, places, storages, updates)


def _accumulated(
    values: list[Value],
    places: dict[int, Place],
    storages: list[Storage],
    uses: Mapping[int, int],
    update: Update,
    accumulates: Callable[[Value], bool],
) -> Update | None:
    """The same update as one product that is added to the leaf, or as rows that are; None when it is neither."""
    found = _added(values, places, storages, uses, update.target, update.value)
    if found is None:
        return None
    number, factor = found
    if _adds_rows(values[number]):
        return update._replace(kind="rows", value=number, factor=factor)
    return update._replace(kind="gemm", value=number, factor=factor) if accumulates(values[number]) else None


def _joined(
    values: list[Value], places: Mapping[int, Place], storages: Sequence[Storage], updates: Sequence[Update]
) -> list[Update]:
    """A matrix and its bias that lie side by side are updated at once by a gradient whose parts lie so too."""
    joined = {update.target: update for update in updates}
    for both in [i for i, value in enumerate(values) if value.op is BOTH]:
        parts = [joined.get(x) for x in values[both].operands]
        made = {_of_both(values, places, storages, both, part) for part in parts}
        value = made.pop()
        if value is not None and not made:
            matrix, bias = values[both].operands
            values.append(Value(values[both].shape, value[0], value[1]))
            joined[matrix] = joined.pop(bias)._replace(target=both, value=len(values) - 1)
    return list(joined.values())


def _of_both(
    values: Sequence[Value],
    places: Mapping[int, Place],
    storages: Sequence[Storage],
    both: int,
    part: Update | None,
) -> tuple[Op | None, tuple[int, ...]] | None:
    """The op and the operands of an update of which this one is a part; None where it is none."""
    if part is None or part.kind != "op" or values[part.value].op not in (ADD, SUB):
        return None
    operands = []
    offset = 0 if part.target == values[both].operands[0] else prod(values[values[both].operands[0]].shape)
    for x in values[part.value].operands:
        place = places[x]
        whole = both if x == part.target else storages[place.storage].value
        here = x == part.target or place == Place(place.storage, offset, contiguous(values[x].shape))
        if not here or values[whole].shape != values[both].shape:
            return None
        operands.append(whole)
    return values[part.value].op, tuple(operands)


def _added(
    values: list[Value],
    places: dict[int, Place],
    storages: list[Storage],
    uses: Mapping[int, int],
    target: int,
    number: int,
) -> tuple[int, float] | None:
    """What is added and its factor in leaf ± factor·(x @ y) and leaf ± factor·rows, when nothing else needs it."""
    value = values[number]
    first, second = value.operands
    if value.op is SUB and first != target:
        return None
    added = second if first == target else first if second == target else -1
    if added < 0 or uses[added] != 1:
        return None
    factor = 1.0 if value.op is ADD else -1.0
    if values[added].op is MUL:
        product, (x, y) = values[added], values[added].operands
        rate, added = (x, y) if values[x].shape == () else (y, x)
        if values[rate].shape != () or uses[added] != 1:
            return None
        if values[rate].constant is not None:
            factor *= float(values[rate].constant)
        elif _adds_rows(values[added]):  # a rate that is computed is multiplied with the few rows first
            rows, *others = values[added].operands
            scaled = _made(values, places, storages, product._replace(shape=values[rows].shape, operands=(rows, rate)))
            added = _made(values, places, storages, values[added]._replace(operands=(scaled, *others)))
        else:
            return None
    found = values[added]
    if found.shape != value.shape or not (
        (found.op is MATMUL and len(found.shape) == 2)
        or (_adds_rows(found) and found.attrs["axis"] == 0 and prod(found.shape))
    ):
        return None
    return added, factor


def _adds_rows(value: Value) -> bool:
    return value.op is not None and value.op.adds_rows


def _made(
    values: list[Value], places: dict[int, Place], storages: list[Storage], value: Value, kind: str = BUFFER
) -> int:
    """A new value in memory of its own."""
    values.append(value)
    places[len(values) - 1] = Place(len(storages), 0, contiguous(value.shape))
    storages.append(Storage(kind, prod(value.shape), len(values) - 1))
    return len(values) - 1


def reads(values: Sequence[Value], update: Update) -> tuple[int, ...]:
    """The values that an update needs: of the rows that are added not the table of zeros that they stand in."""
    operands = values[update.value].operands
    return (update.value,) if update.kind == "copy" else operands[:-1] if update.kind == "rows" else operands

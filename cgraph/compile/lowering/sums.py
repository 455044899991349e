"""Sums of many parts as one: slices laid side by side, and products as one product of what stands side by side.

The gradient of what a net reads slice by slice is a sum of slices, each amid zeros; that of weights which every step of
a recurrent net shares is a sum of a product a step. Few large calls take the place of many small ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import reduce
from math import prod
from operator import itemgetter
from typing import Any

from cgraph.compile.lowering.lowered import Lowered, changed, early, uses
from cgraph.compile.lowering.values import MATMUL, SUM, Value, Values
from cgraph.ops import TABLE
from cgraph.shapes import Shape

ADD, MUL, PUT, TURN = TABLE["add"], TABLE["mul"], TABLE["index_add"], TABLE["transpose"]
MANY = 4  # products or sums: fewer are not worth the copies of their operands


def with_joined_sums(lowered: Lowered) -> Lowered:
    """The same program, in which parts of a sum that can stand side by side are one part."""
    values, needed, count = Values(lowered.dtype, lowered.values), uses(lowered), len(lowered.values)
    instead: dict[int, int] = {}
    inside: set[int] = set()
    for number in reversed(range(count)):
        if values[number].op is ADD and number not in inside:
            members, parts = _parts(values.list, needed, number)
            inside |= members
            found = _joined(values, needed, parts)
            if found is not None:
                instead[number] = found
    return changed(lowered, values.list, instead, early(values.list, count)) if instead else lowered


def _parts(values: Sequence[Value], needed: Mapping[int, int], number: int) -> tuple[set[int], list[int]]:
    """The sums that one sum alone needs, with itself, and what they add up."""
    members, parts, waiting = {number}, list[int](), list(values[number].operands)
    while waiting:
        x = waiting.pop()
        if values[x].op is ADD and needed[x] == 1 and values[x].shape == values[number].shape:
            members.add(x)
            waiting += values[x].operands
        else:
            parts.append(x)
    return members, sorted(parts)


def _joined(values: Values, needed: Mapping[int, int], parts: list[int]) -> int | None:
    """The sum of these parts with those of a kind as one; nothing where none can be."""
    kinds = defaultdict[Any, list[int]](list)
    for x in parts:
        kinds[_kind(values, needed, x)].append(x)
    found = list(kinds.pop(None, ()))
    before = len(found)
    for (join, *more), alike in kinds.items():
        one = join(values, needed, alike, *more) if len(alike) > 1 else None
        found += alike if one is None else [one]
        before += len(alike)
    return reduce(lambda x, y: values.apply(ADD, x, y), found) if len(found) < before else None


def _kind(values: Values, needed: Mapping[int, int], x: int) -> Any:
    """How a part of a sum can be joined with others that have the same kind; None for what cannot be."""
    value = values[x]
    if needed[x] > 1:
        return None
    slice_amid_zeros, _ = _unscaled(values, needed, x)
    if values[slice_amid_zeros].op is PUT and values.number(values[slice_amid_zeros].operands[1]) == 0:
        axis = _axis(values[slice_amid_zeros].attrs["key"].parts, value.shape)
        return None if axis is None else (_laid_out, axis)
    if value.op is MATMUL and len(value.shape) == 2:
        return (_one_product,)
    if value.op is SUM and value.attrs["axis"] == (0,) and not value.attrs["keepdims"]:
        return (_one_sum, values.shape(value.operands[0])[1:])
    return None


def _unscaled(values: Values, needed: Mapping[int, int], x: int) -> tuple[int, int | None]:
    """What a multiple that alone needs it is a multiple of, and the number; else the value as it is."""
    if values[x].op is MUL:
        for number, of in (values[x].operands, values[x].operands[::-1]):
            if values.number(number) is not None and needed[of] == 1:
                return of, number
    return x, None


def _axis(parts: Sequence[Any], shape: Shape) -> int | None:
    """The one axis of which a key picks a stretch or a place, of the others everything; None for other keys."""
    chosen = [(i, p) for i, p in enumerate(parts) if not isinstance(p, slice) or p != slice(None)]
    if len(chosen) != 1:
        return None
    ((axis, part),) = chosen
    stretch = isinstance(part, slice) and part.step in (None, 1)
    return axis if (stretch or type(part) is int) and axis < len(shape) else None


def _laid_out(values: Values, needed: Mapping[int, int], parts: list[int], axis: int) -> int | None:
    """Slices amid zeros as one array; None where they overlap."""
    shape = values.shape(parts[0])
    pieces: list[tuple[int, int, int | None]] = [(shape[axis], shape[axis], None)]
    for x in parts:
        put, number = _unscaled(values, needed, x)
        part, piece = values[put].attrs["key"].parts[axis], values[put].operands[0]
        piece = piece if number is None else values.apply(MUL, number, piece)
        if not isinstance(part, slice):
            part, piece = slice(part, part + 1), values.apply("expand_dims", piece, axis=(axis,))
        start, stop, _ = part.indices(shape[axis])
        pieces.append((start, max(start, stop), piece))
    laid, end = list[int](), 0
    for start, stop, found in sorted(pieces, key=itemgetter(0)):
        if start < end:
            return None
        if start > end:
            gap = (*shape[:axis], start - end, *shape[axis + 1 :])
            laid.append(values.apply("broadcast_to", values.constant(0.0), shape=gap))
        laid += [] if found is None else [found]
        end = stop
    return side_by_side(values, laid, axis)


def _one_product(values: Values, _needed: Mapping[int, int], parts: list[int]) -> int | None:
    """Σ xᵢ·yᵢ as [x₁ x₂ ...]·[y₁; y₂; ...], where copies of the operands cost less than to add up the products."""
    pairs = sorted((values[x].operands for x in parts), key=lambda pair: pair[1])
    copied = sum(prod(values.shape(x)) for pair in pairs for x in pair)
    if len(pairs) < MANY or 2 * copied > len(pairs) * prod(values.shape(parts[0])):
        return None
    left, right = ([pair[i] for pair in pairs] for i in (0, 1))
    if any(values[x].op is TURN for x in left):
        turned = [values[x].operands[0] if values[x].op is TURN else values.apply(TURN, x, axes=(1, 0)) for x in left]
        beside = values.apply(TURN, side_by_side(values, turned, 0), axes=(1, 0))
    else:
        beside = side_by_side(values, left, 1)
    return values.apply(MATMUL, beside, side_by_side(values, right, 0))


def _one_sum(values: Values, _needed: Mapping[int, int], parts: list[int], _shape: Shape) -> int | None:
    """Sums over the rows of arrays as one, over the rows of all."""
    if len(parts) < MANY:
        return None
    return values.apply(SUM, side_by_side(values, sorted(values[x].operands[0] for x in parts), 0), axis=(0,))


def side_by_side(values: Values, parts: list[int], axis: int) -> int:
    """Arrays as one."""
    return values.apply("concatenate", *parts, axis=axis) if len(parts) > 1 else parts[0]

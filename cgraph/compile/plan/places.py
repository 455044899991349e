"""Where values live: in the buffer that a program shares among them, in leaves' own arrays, as views of each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from cgraph.compile.lowering.beside import BOTH
from cgraph.compile.lowering.values import Value

BUFFER, LEAF, CONSTANT = "buffer", "leaf", "constant"


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


def placed(values: Sequence[Value]) -> tuple[dict[int, Place], list[Storage]]:
    """A storage for each value that needs one; views get a place in another's."""
    places: dict[int, Place] = {}
    storages: list[Storage] = []
    for number, value in enumerate(values):
        place = view_of(value, values, places) if value.view else None
        if place is None:
            place = Place(len(storages), 0, contiguous(value.shape))
            kind = (
                LEAF
                if value.leaf is not None or value.op is BOTH
                else CONSTANT
                if value.constant is not None
                else BUFFER
            )
            storages.append(Storage(kind, prod(value.shape), number))
        places[number] = place
    return places, storages


def view_of(value: Value, values: Sequence[Value], places: Mapping[int, Place]) -> Place | None:
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


def copied(
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

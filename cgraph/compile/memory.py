"""The memory of programs: arrays of the parameters that one owns, and one array a value of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from cgraph.compile.plan.places import CONSTANT, LEAF
from cgraph.compile.plan.plan import Plan
from cgraph.graph.node import Node

NOWHERE: Mapping[Node, tuple[int, int]] = MappingProxyType({})


@dataclass(frozen=True)
class Owned:
    """The arrays of the parameters that a program owns; `both` has a matrix and the bias behind it as one array.

    A backend that keeps them elsewhere puts its own arrays into `arrays` when it is made.
    """

    arrays: dict[Node, Any]
    both: Mapping[Node, Any]


def owned(leaves: Iterable[Node], biases: Mapping[Node, Node], dtype: Any) -> Owned:
    """Arrays of these parameters with their values, each of `biases` right after its matrix."""
    both = {W: aligned_copy(np.concatenate([W.value, b.value[None]]), dtype) for W, b in biases.items()}
    parts = {leaf: part for W, b in biases.items() for leaf, part in ((W, both[W][:-1]), (b, both[W][-1]))}
    return Owned({x: parts[x] if x in parts else aligned_copy(x.value, dtype) for x in leaves}, both)


class Memory:
    """One array a value of a plan: views into the shared buffer, leaves and constants.

    `beside` are leaves that have their memory inside that of another value: their own numbers and those of the values.
    """

    def __init__(
        self,
        plan: Plan,
        inputs: Iterable[Node],
        owned: Owned,
        beside: Mapping[Node, tuple[int, int]] = NOWHERE,
    ) -> None:
        self._dtype = plan.lowered.dtype
        self.buffer = aligned(plan.elements, self._dtype)
        self.leaves: dict[Node, Any] = {}
        self.storages = [self._storage(plan, number, owned) for number in range(len(plan.storages))]
        for node in inputs:  # an input that nothing depends on takes its values all the same
            if node not in self.leaves:
                shape = tuple(d if isinstance(d, int) else -1 for d in node.shape)
                self.leaves[node] = Ignored(shape)
        self._views: dict[Any, Any] = {}
        self.arrays = {number: self._array(plan, number) for number in plan.places}
        for leaf, (number, other) in beside.items():
            if leaf in self.leaves:
                self.leaves[leaf] = self.arrays[number] = self.arrays[other][:, :-1]

    def outputs(self, plan: Plan) -> list[Any]:
        """The arrays of the plan's outputs, in order."""
        return [self.arrays[x] for x in plan.lowered.outputs]

    def _storage(self, plan: Plan, number: int, owned: Owned) -> Any:
        """The array of a storage; None for what has no memory, for only its own loop reads it."""
        storage = plan.storages[number]
        value = plan.values[storage.value]
        if storage.kind == CONSTANT:
            return np.ascontiguousarray(value.constant)
        if storage.kind != LEAF:
            start = plan.offsets.get(number)
            return None if start is None else self.buffer[start : start + max(storage.size, 1)]
        if value.leaf is None:  # a matrix and its bias
            return owned.both[cast(Node, plan.values[value.operands[0]].leaf)]
        if value.leaf in owned.arrays:
            return owned.arrays[value.leaf]
        self.leaves[value.leaf] = aligned(storage.size, self._dtype).reshape(value.shape)
        return self.leaves[value.leaf]

    def _array(self, plan: Plan, number: int) -> Any:
        """A view; the same memory is the same object, by which NumPy sees at once that an op is in place."""
        place, value = plan.places[number], plan.values[number]
        memory = self.storages[place.storage]
        if memory is None:
            return None
        size = memory.itemsize
        steps = tuple(s * size for s in place.strides)
        if not memory.size or not all(value.shape):
            return np.empty(value.shape, memory.dtype)
        found = np.ndarray(value.shape, memory.dtype, memory.reshape(-1), place.offset * size, steps)
        found.flags.writeable = plan.storages[place.storage].kind != CONSTANT
        return self._views.setdefault((found.ctypes.data, value.shape, steps), found)


class Ignored:
    """The buffer of an input that no output depends on."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def __setitem__(self, key: Any, value: Any) -> None:
        """Nothing is kept."""


def aligned(elements: int, dtype: Any) -> Any:
    """An array of zeros that begins at a multiple of 64 bytes."""
    size = np.dtype(dtype).itemsize
    raw = np.zeros(elements * size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + elements * size].view(dtype)


def aligned_copy(value: Any, dtype: Any) -> Any:
    """A copy of a parameter's value that begins at a multiple of 64 bytes: products read it a few percent sooner."""
    copy = aligned(np.size(value), dtype).reshape(np.shape(value))
    copy[...] = value
    return copy

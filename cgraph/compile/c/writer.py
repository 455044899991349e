"""What the C of one plan is written with: where values are, how their elements are read, loops, and the lines so far.

Who writes C for an op is handed a `Writer`, and adds lines to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from cgraph.compile.c.table import number
from cgraph.compile.lowering.listing import names
from cgraph.compile.lowering.values import Value
from cgraph.compile.plan.listing import formula
from cgraph.compile.plan.places import BUFFER, CONSTANT, LEAF, Place
from cgraph.compile.plan.plan import Plan
from cgraph.quoting import c_comment

NAMED = 8  # operands that a comment names


class UnsupportedError(Exception):
    """An op that is not written in C."""


class Writer:
    """The C of one plan, step by step. `pointers` are the storages whose addresses the program is given, in order.

    `library` says whether BLAS may be called (and glibc's vector functions), `gemm` whether a line so far calls it,
    `doubts` whether one looks if 0 meets ∞, for which `bad` is set, `table` where functions of steps find numbers.
    """

    def __init__(self, plan: Plan, library: bool = True) -> None:
        self.plan, self.values = plan, plan.values
        self.pointers = [i for i, s in enumerate(plan.storages) if s.kind != BUFFER and not self.is_number(i)]
        self.steps: list[list[str]] = [[]]
        self.table: list[int] = []
        self.names = names(plan.lowered)
        self.gemm, self.doubts, self.library = False, False, library

    def name(self, storage: int) -> str:
        """What the value in a storage is called."""
        return self.names[self.plan.storages[storage].value]

    def is_number(self, storage: int) -> bool:
        """Whether a storage is a constant of one element, which stands in the C as a number."""
        found = self.plan.storages[storage]
        return found.kind == CONSTANT and found.size == 1

    @property
    def leaves(self) -> list[int]:
        """The leaves that a call may be given, by the storages of `pointers`, in that order: those it does not own."""
        given = (s for s in self.pointers if self.plan.storages[s].kind == LEAF)
        return [s for s in given if self.values[self.plan.storages[s].value].leaf not in self.plan.lowered.updates]

    # Addresses -------------------------------------------------------------------------------------------------------
    def memory(self, place: Place) -> tuple[int, int, tuple[int, ...]]:
        """The same for two places that are the same memory: where they begin, and the steps through them."""
        offset = self.plan.offsets.get(place.storage)
        return (-1 - place.storage if offset is None else offset), place.offset, place.strides

    def at(self, number_: int, index: Sequence[str], shape: Sequence[int]) -> str:
        """The element of a value at an index of a loop over `shape`, to which the value broadcasts."""
        place = self.plan.places[number_]
        if self.is_number(place.storage):
            return number(self.values[self.plan.storages[place.storage].value].constant.reshape(()))
        return self.indexed(place, self.strides(number_, shape), index)

    def strides(self, number_: int, shape: Sequence[int]) -> list[int]:
        """The steps of a value through a loop over `shape`; 0 along what is broadcast."""
        place, own = self.plan.places[number_], self.values[number_].shape
        missing = len(shape) - len(own)
        found = [0] * missing
        for size, step, wanted in zip(own, place.strides, shape[missing:], strict=True):
            found.append(step if size == wanted and size != 1 else 0)
        return found

    def indexed(self, place: Place, steps: Sequence[int], index: Sequence[str], name: str = "") -> str:
        """The element at a place, some steps along each loop; `name` is another pointer, to all of the storage."""
        terms = [f"{i} * {s}" if s != 1 else i for i, s in zip(index, steps, strict=True) if s]
        if name and place.offset:
            terms.append(str(place.offset))
        return f"{name or pointer(place)}[{' + '.join(terms) or '0'}]"

    # Lines -----------------------------------------------------------------------------------------------------------
    def say(self, *lines: str) -> None:
        """Write lines of the step."""
        self.steps[-1] += ["    " + line for line in lines]

    def step(self) -> None:
        """Begin another step: lines that may stand in a function of their own."""
        if self.steps[-1]:
            self.steps.append([])

    def loops(self, shape: Sequence[int], inner: Callable[[list[str]], list[str]]) -> None:
        """Loops over all elements of a shape around lines that are made of the loops' counters."""
        index = counters(shape)
        self.say(" ".join([*heads(index, shape), "{"]), *("    " + line for line in inner(index)), "}")

    def comment(self, number_: int) -> str:
        """How a value is computed, as a comment: of many operands the first."""
        value = self.values[number_]
        more = len(value.operands) - NAMED
        few = value._replace(operands=value.operands[:NAMED])
        text = f"{self.names[number_]} = {formula(self.plan, few, self.names)}"
        return c_comment(f"{text} and {more} more" if more > 0 else text)


def pointer(place: Place) -> str:
    """The variable that points to the first element of a place: the storage's number, and how far in that it is."""
    return f"s{place.storage}_{place.offset}" if place.offset else f"s{place.storage}"


def counters(shape: Sequence[int]) -> list[str]:
    """The counters of loops over all elements of a shape."""
    return [f"i{k}" for k in range(len(shape))]


def heads(index: Sequence[str], shape: Sequence[int]) -> list[str]:
    """The beginnings of loops with these counters, over these sizes."""
    return [f"for (long {i} = 0; {i} < {n}; {i}++)" for i, n in zip(index, shape, strict=True)]


Emit: TypeAlias = Callable[[Writer, int, Value], None]  # writes the C of a value: the writer, its number, itself

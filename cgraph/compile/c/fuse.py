"""Elementwise values of one shape in one loop: what only the loop needs never reaches memory."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cgraph.compile.c.table import transcendental
from cgraph.compile.lowering.values import Value

VECTOR, LONG = 8, 64  # elements of a vector, and of an inner loop in which what is left over is little
LARGEST, READ = 128, 24  # values of a group, and what it reads: of more, compilers are slow and nothing is gained


def fused(values: Sequence[Value], order: list[int]) -> list[tuple[int, ...]]:
    """The values in groups, each a loop or a single op.

    A value joins the last group of its own shape that comes after all it needs; in its own group it may need a value
    at the same element, and nothing else. A group has a largest size, whatever the number of steps of a recurrent net.
    """
    computed = set(order)
    wishes: dict[int, str] = {}  # of groups
    home: dict[int, int] = {}
    groups: list[list[int]] = []
    read: list[set[int]] = []  # what a group needs that is computed before it
    last: dict[tuple[int, ...], int] = {}  # the last group of elementwise values of a shape
    for number in order:
        value = values[number]
        earliest = 0
        for operand in value.operands:
            source = _source(values, computed, operand)
            if source in home:
                joins = value.c and values[operand].c and values[operand].shape == value.shape
                earliest = max(earliest, home[source] + (not joins))
        place = last.get(value.shape, -1) if value.c else -1
        wish = _wish(values, value)
        others = {x for x in value.operands if home.get(x) != place}
        apart = {wish, wishes.get(place, "")} == {"flat", "nested"}
        if place < earliest or apart or len(groups[place]) == LARGEST or len(read[place] | others) > READ:
            place, others = len(groups), set(value.operands)
            groups.append([])
            read.append(set())
            if value.c:
                last[value.shape] = place
        groups[place].append(number)
        read[place] |= others
        home[number] = place
        wishes[place] = wishes.get(place) or wish
    return [tuple(group) for group in groups]


def _wish(values: Sequence[Value], value: Value) -> str:
    """The loop that is best for a value, if it has one: rows of 10 are a vector of 8 and two elements one by one.

    That takes thrice the time for functions such as exp, which are therefore "flat", in one loop over all rows; what
    is broadcast along rows, or columns, has to be "nested".
    """
    if not value.c or len(value.shape) < 2 or value.shape[-1] % VECTOR == 0 or value.shape[-1] > LONG:
        return ""
    if any(values[x].shape != value.shape and prod(values[x].shape) > 1 for x in value.operands):
        return "nested"
    return "flat" if transcendental(value.c) else ""


def _source(values: Sequence[Value], computed: set[int], number: int) -> int:
    """The computed value that a view looks at."""
    while number not in computed and values[number].view:
        number = values[number].operands[0]
    return number

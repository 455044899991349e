"""Elementwise values of one shape in one loop: what only the loop needs never reaches memory."""

from __future__ import annotations

from collections.abc import Sequence

from cgraph.compile.lowering.values import Value


def fused(values: Sequence[Value], order: list[int]) -> list[tuple[int, ...]]:
    """The values in groups, each a loop or a single op.

    A value joins the last group of its own shape that comes after all it needs; in its own group it may need a value
    at the same element, and nothing else.
    """
    computed = set(order)
    home: dict[int, int] = {}
    groups: list[list[int]] = []
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
        if place < earliest:
            place = len(groups)
            groups.append([])
            if value.c:
                last[value.shape] = place
        groups[place].append(number)
        home[number] = place
    return [tuple(group) for group in groups]


def _source(values: Sequence[Value], computed: set[int], number: int) -> int:
    """The computed value that a view looks at."""
    while number not in computed and values[number].view:
        number = values[number].operands[0]
    return number

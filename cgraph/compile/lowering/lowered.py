"""A program as values, and what is left of it when some of them are changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any

from cgraph.compile.lowering.values import Value
from cgraph.compile.task import Task
from cgraph.graph.node import Node

NOTHING: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True)
class Lowered:
    """The values in order, those that are asked for, the new values of owned leaves, and what values are called."""

    values: Sequence[Value]
    outputs: tuple[int, ...]
    updates: Mapping[Node, int]
    names: Mapping[int, str]
    task: Task

    @property
    def dtype(self) -> Any:
        """The floating-point type of all values."""
        return self.task.dtype


def changed(
    lowered: Lowered,
    values: Sequence[Value],
    instead: Mapping[int, int] = NOTHING,
    after: Mapping[int, int] = NOTHING,
) -> Lowered:
    """Only those of these values that an output or an update needs, numbered anew.

    What `instead` names is replaced by another value; a new value comes right after the one that `after` names.
    """
    now: Callable[[int], int] = lambda x: instead.get(x, x)  # noqa: E731
    read = [tuple(map(now, v.operands)) if instead else v.operands for v in values]
    alive = sorted(
        _reached(read, map(now, (*lowered.outputs, *lowered.updates.values()))),
        key=lambda x: (after.get(x, x), x in after, x),
    )
    number = {old: new for new, old in enumerate(alive)}
    return Lowered(
        [values[i]._replace(operands=tuple(number[x] for x in read[i])) if read[i] else values[i] for i in alive],
        tuple(number[now(x)] for x in lowered.outputs),
        {leaf: number[now(x)] for leaf, x in lowered.updates.items()},
        {number[now(x)]: name for x, name in lowered.names.items() if now(x) in number},
        lowered.task,
    )


def early(values: Sequence[Value], count: int) -> Mapping[int, int]:
    """After which value each of those from `count` on comes, to come as early as its operands allow."""
    after: dict[int, int] = {}
    for number in range(count, len(values)):
        after[number] = max((after.get(x, x) for x in values[number].operands), default=0)
    return after


def uses(lowered: Lowered) -> Mapping[int, int]:
    """How often each value is needed: by others, as an output, as an update."""
    return Counter(chain(*(v.operands for v in lowered.values), lowered.outputs, lowered.updates.values()))


def _reached(read: Sequence[tuple[int, ...]], roots: Iterable[int]) -> set[int]:
    alive, stack = set[int](), list(roots)
    while stack:
        number = stack.pop()
        if number not in alive:
            alive.add(number)
            stack.extend(read[number])
    return alive

"""What is refused in a stack of batches is found before the first one is used: all are looked at together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from math import prod
from typing import Any, TypeAlias

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import OP, Node
from cgraph.graph.values import real
from cgraph.ops import TABLE
from cgraph.ops.indexing import as_ids
from cgraph.shapes import show

Check: TypeAlias = Callable[[Any], Any]
MANY = 1 << 16  # elements that are looked at together


def checks_of(graph: Graph) -> list[tuple[Node, Check]]:
    """The leaves that an op refuses some values of, with what refuses them: targets of losses, ids."""
    found: list[tuple[Node, Check]] = []
    for node in graph.nodes:
        if node.op is not None and node.op.check is not None:
            found.append((node.operands[-1], node.op.check))
        ids, rows, ignore = _ids(node)
        if ids is not None and isinstance(rows, int):
            found.append((ids, partial(as_ids, rows=rows, ignore=ignore)))
    return [(leaf, check) for leaf, check in found if leaf.kind != OP]


def knows_all(graph: Graph, updated: Collection[Node]) -> bool:
    """Whether nothing is refused but by these checks: no ids that are computed, no inverses, no ops of one's own."""
    for node in graph.nodes:
        ids, rows, _ = _ids(node)
        if node.op is not None and (node.op.refuses or node.op.name not in TABLE):
            return False
        if ids is not None and (ids.kind == OP or ids in updated or not isinstance(rows, int)):
            return False
    return True


def _ids(node: Node) -> tuple[Node | None, Any, Any]:
    """The ids that an op picks rows by, how many rows there are, and which id stands for none."""
    if node.op is None or node.op.ids is None:
        return None, None, None
    place, rows = node.op.ids
    return node.operands[place], rows([x.shape for x in node.operands], node.attrs), node.attrs.get("ignore")


class Stacks:
    """Values for many calls: call i takes element i of each stack, or the rows `rows[i]` of it."""

    def __init__(self, stacks: Mapping[str, Any], rows: Any, dtype: Any) -> None:
        self.data = {name: np.ascontiguousarray(real(stack, name), dtype) for name, stack in stacks.items()}
        self.rows: Any = None if rows is None else np.ascontiguousarray(rows, np.int64)
        self.calls = self._count() if rows is None else self._count_of_rows()

    def _count(self) -> int:
        counts = {name: len(stack) if stack.ndim else 0 for name, stack in self.data.items()}
        if len(set(counts.values())) != 1:
            raise ShapeError(
                f"stacks of {', '.join(f'{n} {k}' for k, n in counts.items()) or 'nothing'}",
                why="each call takes one element of every stack",
                fix="give stacks of one length",
            )
        return next(iter(counts.values()))

    def _count_of_rows(self) -> int:
        rows = self.rows
        for name, stack in self.data.items():
            if rows.ndim != 2 or not stack.ndim or (rows.size and not 0 <= rows.min() <= rows.max() < len(stack)):
                raise ShapeError(
                    f"rows {show(rows.shape)} of {name} {show(stack.shape)}",
                    why="rows are the numbers of rows of every stack, from 0, one line a call",
                    fix="give an array of integers [calls×batch]",
                )
        return len(rows)

    def __getitem__(self, call: int) -> dict[str, Any]:
        """The values of one call, by name."""
        pick = call if self.rows is None else self.rows[call]
        return {name: stack[pick] for name, stack in self.data.items()}

    def first_refused(self, checks: Iterable[tuple[Node, Check]]) -> int | None:
        """The first call with a value that one of the checks refuses."""
        found = [next(self._refused(check, self.data[str(leaf.name)]), None)
                 for leaf, check in checks if leaf.name in self.data]  # fmt: skip
        return min((call for call in found if call is not None), default=None)

    def _refused(self, check: Check, stack: Any) -> Iterator[int]:
        size = prod(stack.shape[1:]) * (1 if self.rows is None else self.rows.shape[1])
        step = max(MANY // max(size, 1), 1)
        for start in range(0, self.calls, step):
            part = slice(start, start + step)
            values = stack[part if self.rows is None else self.rows[part]]
            if _refuses(check, values):
                yield from (start + i for i, value in enumerate(values) if _refuses(check, value))

    @contextmanager
    def numbered(self, call: int) -> Iterator[None]:
        """What is refused inside is refused in this call, which the message names."""
        try:
            yield
        except ValueRefusedError as error:
            what = f"in call {call} of {self.calls}, from 0: {error.what}" if self.calls > 1 else error.what
            raise ValueRefusedError(what, where=error.where, why=error.why, fix=error.fix) from None


def _refuses(check: Check, value: Any) -> bool:
    try:
        with np.errstate(all="ignore"):
            check(value)
    except ValueRefusedError:
        return True
    return False

"""Products of many inputs with one matrix as one, of the rows of all: a recurrent net reads its inputs at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from cgraph.compile.lowering.lowered import Lowered, changed
from cgraph.compile.lowering.sums import MANY, side_by_side
from cgraph.compile.lowering.values import MATMUL, Value, Values

ROWS = 128  # of more, a product is as quick alone


def with_inputs_at_once(lowered: Lowered) -> Lowered:
    """The same program, in which what is read of the leaves is multiplied with a matrix in one product."""
    values = Values(lowered.dtype, lowered.values)
    alike = defaultdict[tuple[int, tuple[int, ...]], list[int]](list)
    for number, value in enumerate(lowered.values):
        if value.op is MATMUL and len(value.shape) == 2 and 0 < value.shape[0] <= ROWS and _read(lowered.values, value):
            alike[value.operands[1], value.shape].append(number)
    instead: dict[int, int] = {}
    after: dict[int, int] = {}
    for (matrix, (rows, _)), products in alike.items():
        if len(products) >= MANY:
            inputs = side_by_side(values, [values[x].operands[0] for x in products], 0)
            whole = values.apply(MATMUL, inputs, matrix)
            for i, x in enumerate(products):
                instead[x] = values.apply("index", whole, key=(slice(i * rows, (i + 1) * rows),))
                for behind in _behind(values.list, instead[x], products[0]):  # all of it where the first product was
                    after[behind] = min(products[0], after.get(behind, products[0]))
    return changed(lowered, values.list, instead, after) if instead else lowered


def _read(values: Sequence[Value], product: Value) -> bool:
    """Whether both operands are leaves or views of leaves."""
    return all(values[_seen(values, x)].leaf is not None for x in product.operands)


def _seen(values: Sequence[Value], number: int) -> int:
    """What a view looks at."""
    while values[number].view:
        number = values[number].operands[0]
    return number


def _behind(values: Sequence[Value], number: int, first: int) -> set[int]:
    """A value and what it is made of, as far as that comes after another value."""
    found, waiting = set[int](), [number]
    while waiting:
        x = waiting.pop()
        if x > first and x not in found:
            found.add(x)
            waiting += values[x].operands
    return found

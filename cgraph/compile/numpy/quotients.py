"""Products with squared reciprocals as quotients: x·(1/c)² is x/c/c, with a call less and no overflow of c²."""

from __future__ import annotations

from collections.abc import Sequence

from cgraph.compile.lowering.lowered import Lowered, changed, uses
from cgraph.compile.lowering.values import Value
from cgraph.ops import TABLE

MUL, DIV, SQUARE, RECIPROCAL = TABLE["mul"], TABLE["div"], TABLE["square"], TABLE["reciprocal"]


def with_quotients(lowered: Lowered) -> Lowered:
    """The same program with two divisions where a product alone needs the square of a reciprocal."""
    values, needed = list(lowered.values), uses(lowered)
    after: dict[int, int] = {}
    for number, value in enumerate(lowered.values):
        for x, y in (value.operands, value.operands[::-1]) if value.op is MUL else ():
            inner = _divisor(lowered.values, y) if needed[y] == 1 else None
            if inner is not None and needed[lowered.values[y].operands[0]] == 1 and value.shape == values[x].shape:
                after[len(values)] = max(x, inner)
                values[number] = value._replace(op=DIV, operands=(len(values), inner))
                values.append(value._replace(op=DIV, operands=(x, inner)))
                break
    return changed(lowered, values, after=after) if after else lowered


def _divisor(values: Sequence[Value], number: int) -> int | None:
    """The c of a value that is (1/c)²."""
    value = values[number]
    inner = values[value.operands[0]] if value.op is SQUARE else None
    return inner.operands[0] if inner is not None and inner.op is RECIPROCAL else None

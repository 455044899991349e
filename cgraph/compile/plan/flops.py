"""How many floating-point operations a plan does: those of the formulas, whatever a backend makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cgraph.compile.lowering.values import Value
from cgraph.compile.plan.updates import Update


def flops(values: Sequence[Value], number: int) -> int:
    """The floating-point operations of one value."""
    value = values[number]
    shapes = [values[x].shape for x in value.operands]
    return 0 if value.op is None else value.op.flops(value.shape, shapes, value.attrs)


def update_flops(values: Sequence[Value], update: Update) -> int:
    """The floating-point operations of an update."""
    if update.kind == "gemm":
        return flops(values, update.value)
    if update.kind == "rows":
        return 2 * prod(values[values[update.value].operands[0]].shape)
    return flops(values, update.value) if update.kind == "op" else 0


def counted(number: int, thing: str) -> str:
    """A number of things as a text has it: `1 step`, `1,200 steps`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"

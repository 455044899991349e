"""How many floating-point operations a plan does: those of the formulas, whatever a backend makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TypeAlias

from cgraph.compile.lowering.values import VIEWS, Value
from cgraph.compile.plan.updates import Update
from cgraph.ops.linear import read_subscripts

Shapes: TypeAlias = Sequence[tuple[int, ...]]
# Ops that only move numbers, or write down which ones are there.
MOVING = VIEWS | {"concatenate", "take", "one_hot", "picked", "pad", "diagonal_matrix", "size"}


def _matrices(x: tuple[int, ...], thirds: int) -> int:
    """So many n³/3 for each matrix [n×n] of a stack."""
    return prod(x[:-2]) * (thirds * x[-1] ** 3 // 3)


def _solve(value: Value, shapes: Shapes) -> int:
    return _matrices((*value.shape[: -2 if len(shapes[1]) > 1 else -1], *shapes[0][-2:]), 2) + (
        2 * prod(value.shape) * shapes[0][-1]
    )


def _einsum(value: Value, shapes: Shapes) -> int:
    inputs, _ = read_subscripts(value.attrs["subscripts"], len(shapes))
    sizes = {c: n for letters, shape in zip(inputs, shapes, strict=True) for c, n in zip(letters, shape, strict=True)}
    return len(shapes) * prod(sizes.values())  # the products, and the sum


# By the value and the shapes of its operands; any other op does one operation an element of its first operand, or, if
# it is elementwise, of its result.
COUNTS: Mapping[str, Callable[[Value, Shapes], int]] = {
    "matmul": lambda value, shapes: 2 * prod(value.shape) * shapes[0][-1],
    "inner": lambda value, shapes: 2 * prod(shapes[0]),
    "einsum": _einsum,
    "less_one_hot": lambda value, shapes: prod(shapes[1]),
    "det": lambda value, shapes: _matrices(shapes[0], 2),
    "inv": lambda value, shapes: _matrices(shapes[0], 6),
    "adjugate": lambda value, shapes: _matrices(shapes[0], 8),
    "solve": _solve,
}


def flops(values: Sequence[Value], number: int) -> int:
    """The floating-point operations of one value."""
    value = values[number]
    shapes = [values[x].shape for x in value.operands]
    if value.op is None or value.name in MOVING:
        return 0
    if value.name in COUNTS:
        return COUNTS[value.name](value, shapes)
    return prod(value.shape if value.op.elementwise else shapes[0])


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

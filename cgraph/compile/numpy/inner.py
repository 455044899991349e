"""Sums of everything as inner products: one call of BLAS for a product, its sum and the factor of a mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from cgraph.compile.lowering.lowered import Lowered, changed, uses
from cgraph.compile.lowering.values import Value
from cgraph.ops import TABLE
from cgraph.ops.op import Attrs, Op, structural
from cgraph.ops.stable import scale
from cgraph.shapes import Shape

LONG = 4096  # elements: longer sums are done in pairs, which rounds less than one after the other
SUM, MUL, SCALE, SQUARE = TABLE["sum"], TABLE["mul"], TABLE["scale"], TABLE["square"]
PRODUCTS = (MUL, SCALE, SQUARE)


def _number(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    return attrs, ()


def _inner(xp: Any, x: Any, y: Any = 1, factor: float = 1, zero_wins: bool = False) -> Any:
    return factor * xp.sum(scale(xp, x, y) if zero_wins else x * y)


INNER = structural("inner", "factor*sum(x*y)", _inner, ("", None), ("", None), infer=_number, examples=(),
                   cost=lambda result, operands, attrs: 2 * prod(operands[0]))  # fmt: skip


def with_inner_products(lowered: Lowered) -> Lowered:
    """The same program with c·Σx, c·Σx·y and c·Σx² as one value each, where nothing else needs what is inside."""
    values, needed = list(lowered.values), uses(lowered)
    instead: dict[int, int] = {}
    inside: set[int] = set()
    for number in reversed(range(len(values))):
        members = [] if number in inside else _members(values, needed, number)
        if members:
            inside.update(members)
            first = members[-1]  # as early as its operands allow, which are free again sooner
            instead[number] = first
            values[first] = _product([values[x] for x in members], values)
    return changed(lowered, values, instead) if instead else lowered


def _members(values: Sequence[Value], needed: Mapping[int, int], number: int) -> list[int]:
    """This value and those that it alone needs, if they are c·Σx, c·Σx·y or a part of it: outermost first."""

    def alone(x: int, *rows: Op) -> bool:
        return needed[x] == 1 and values[x].op in rows

    value, members = values[number], [number]
    if value.op is MUL:
        pairs = (value.operands, value.operands[::-1])
        members += [x for x, c in pairs if alone(x, SUM) and _is_number(values[c])][:1]
    if prod(value.shape) != 1 or values[members[-1]].op is not SUM:
        return []
    while values[members[-1]].op is SUM and alone(values[members[-1]].operands[0], SUM, *PRODUCTS):
        members += values[members[-1]].operands
    last = values[members[-1]]
    if last.op is not SUM and any(values[x].shape != last.shape for x in last.operands):
        members.pop()
    summed = last.shape if last.op in PRODUCTS else values[last.operands[0]].shape
    return members if len(members) > 1 and 0 < prod(summed) <= LONG else []


def _is_number(value: Value) -> bool:
    return value.constant is not None and value.constant.size == 1


def _product(members: Sequence[Value], values: Sequence[Value]) -> Value:
    """The values, outermost first, as one."""
    first, last = members[0], members[-1]
    factors = [values[x].constant for x in first.operands if first.op is MUL and _is_number(values[x])]
    operands = last.operands * (2 if last.op is SQUARE else 1)
    attrs = {"factor": float(factors[0].reshape(()))} if factors else {}
    return Value(first.shape, INNER, operands, {**attrs, "zero_wins": True} if last.op is SCALE else attrs)

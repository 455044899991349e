"""Sums of everything as inner products: one call of BLAS for a product, its sum and the factor of a mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import prod
from typing import Any

from cgraph.compile.lowering.class_ids import AWAY
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


def _inner(xp: Any, x: Any, y: Any = 1, *less: Any, factor: float = 1, zero_wins: bool = False) -> Any:
    product = partial(scale, xp) if zero_wins else xp.multiply
    return factor * (xp.sum(product(x, y)) - (xp.sum(product(*less)) if less else 0))


INNER = structural("inner", "factor*sum(x*y)", _inner, *[("", None)] * 4, infer=_number, examples=(),
                   cost=lambda result, operands, attrs: 2 * sum(map(prod, operands[::2])))  # fmt: skip


def with_inner_products(lowered: Lowered) -> Lowered:
    """The same program with c·Σx, c·Σx·y, c·Σx² and c·(Σx·y - Σu·v) as one value each.

    Where nothing else needs what is inside.
    """
    values, needed = list(lowered.values), uses(lowered)
    instead: dict[int, int] = {}
    inside: set[int] = set()
    for number in reversed(range(len(values))):
        sides = [] if number in inside else _members(values, needed, number)
        if sides:
            inside.update(*sides)
            first = max(side[-1] for side in sides)  # as early as its operands allow, which are free again sooner
            instead[number] = first
            values[first] = _product(values, *sides)
    return changed(lowered, values, instead) if instead else lowered


def _members(values: Sequence[Value], needed: Mapping[int, int], number: int) -> list[list[int]]:
    """This value and those that it alone needs, if they are c·Σx, c·Σx·y or a part of it: outermost first.

    Of c·Σ(x - y), in which nothing cancels, the members of c·Σx, and then those of Σy.
    """
    value, members = values[number], [number]
    if value.op is MUL:
        pairs = (value.operands, value.operands[::-1])
        members += [x for x, c in pairs if _alone(values, needed, x, SUM) and _is_number(values[c])][:1]
    if prod(value.shape) != 1 or values[members[-1]].op is not SUM:
        return []
    below = values[members[-1]].operands[0]
    if _alone(values, needed, below, AWAY):
        first, second = (_chain(values, needed, [x]) if needed[x] == 1 else [] for x in values[below].operands)
        ends = [values[side[-1]] for side in (first, second) if side]
        whole = len(ends) == 2 and all(x.op in PRODUCTS and prod(x.shape) <= LONG for x in ends)
        return [[*members, below, *first], second] if whole else []
    members = _chain(values, needed, members)
    last = values[members[-1]]
    summed = last.shape if last.op in PRODUCTS else values[last.operands[0]].shape
    return [members] if len(members) > 1 and 0 < prod(summed) <= LONG else []


def _alone(values: Sequence[Value], needed: Mapping[int, int], x: int, *rows: Op) -> bool:
    return needed[x] == 1 and values[x].op in rows


def _chain(values: Sequence[Value], needed: Mapping[int, int], members: list[int]) -> list[int]:
    """A sum with the sums that it alone needs, and the product of two equal shapes that is summed, if one is."""
    members = list(members)
    while values[members[-1]].op is SUM and _alone(values, needed, values[members[-1]].operands[0], SUM, *PRODUCTS):
        members += values[members[-1]].operands
    last = values[members[-1]]
    return members[: len(members) - (last.op is not SUM and any(values[x].shape != last.shape for x in last.operands))]


def _is_number(value: Value) -> bool:
    return value.constant is not None and value.constant.size == 1


def _product(values: Sequence[Value], members: Sequence[int], *more: Sequence[int]) -> Value:
    """The values, outermost first, as one."""
    first, ends = values[members[0]], [values[side[-1]] for side in (members, *more)]
    factors = [values[x].constant for x in first.operands if first.op is MUL and _is_number(values[x])]
    operands = tuple(x for last in ends for x in last.operands * (2 if last.op is SQUARE else 1))
    attrs = {"factor": float(factors[0].reshape(()))} if factors else {}
    wins = any(last.op is SCALE for last in ends)
    return Value(first.shape, INNER, operands, {**attrs, "zero_wins": True} if wins else attrs)

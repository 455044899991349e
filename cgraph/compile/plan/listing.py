"""A plan as text that a person reads: one line a step, in the names of the nodes."""

from __future__ import annotations

from collections.abc import Mapping

from cgraph.compile.lowering.listing import formula as of_operands
from cgraph.compile.lowering.listing import names
from cgraph.compile.lowering.values import Value
from cgraph.compile.plan.plan import Plan
from cgraph.compile.plan.updates import Update
from cgraph.quoting import decimal
from cgraph.shapes import show


def listing(plan: Plan) -> str:
    """The straight-line program, such as `e = add(a, d)  # [] in buffer 0`."""
    name = names(plan.lowered)
    lines = []
    for group in plan.groups:
        for number in group:
            value = plan.values[number]
            lines.append(f"{name[number]} = {formula(plan, value, name)}  # {show(value.shape)}{_where(plan, number)}")
    for update in plan.updates:
        lines.append(f"{name[update.target]}{_update(plan, update, name)}  # in place")
    lines.append(f"return {', '.join(name[x] for x in plan.lowered.outputs) or 'nothing'}")
    return "\n".join(lines)


def plan_text(plan: Plan) -> str:
    """The same with what the plan takes: its steps, buffers, bytes and floating-point operations."""
    return f"{listing(plan)}\n# {plan}"


def formula(plan: Plan, value: Value, name: Mapping[int, str]) -> str:
    """How a value is computed, such as `add(a, d)`."""
    return of_operands(value, [_operand(plan, x, name) for x in value.operands])


def _operand(plan: Plan, number: int, name: Mapping[int, str]) -> str:
    """A value's name; a view as what it is a view of."""
    text = ""
    while plan.storages[plan.places[number].storage].value != number if number in plan.places else False:
        value = plan.values[number]
        text = f".{value.name}({', '.join(f'{v!r}' for v in value.attrs.values())})" + text
        number = value.operands[0]
    return name[number] + text


def _update(plan: Plan, update: Update, name: Mapping[int, str]) -> str:
    value = plan.values[update.value]
    if update.kind == "copy":
        return f" = {name[update.value]}"
    if update.kind == "op":
        return f" = {formula(plan, value, name)}"
    if update.kind == "rows":
        *factors, ids = (_operand(plan, i, name) for i in value.operands[:-1])
        return f"[{ids}] += {decimal(update.factor)} * {' * '.join(factors)}"
    x, y = (_operand(plan, i, name) for i in value.operands[:2])
    return f" += {decimal(update.factor)} * ({x} @ {y})"


def _where(plan: Plan, number: int) -> str:
    place = plan.places.get(number)
    return "" if place is None else f" at {plan.offsets[place.storage]}"

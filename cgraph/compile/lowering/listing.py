"""Values as text that a person reads: one line a value, in the names of the nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cgraph.compile.lowering.beside import BOTH
from cgraph.compile.lowering.lowered import Lowered
from cgraph.compile.lowering.values import Value
from cgraph.ops.keys import Key
from cgraph.quoting import decimal, terminal
from cgraph.shapes import show


def values_text(lowered: Lowered) -> str:
    """The values, such as `e = add(a, d)  # [2×3]`, then what owned leaves become and what is returned."""
    name = names(lowered)
    lines = []
    for number, value in enumerate(lowered.values):
        if value.leaf is not None:
            lines.append(f"{name[number]} = {value.leaf.kind}()  # {show(value.shape)}")
        elif value.constant is None:
            lines.append(f"{name[number]} = {formula(value, [name[x] for x in value.operands])}  # {show(value.shape)}")
        elif value.constant.size != 1:
            lines.append(f"{name[number]} = constant()  # {show(value.shape)}")
    lines += [f"{terminal(str(leaf.name))} = {name[x]}  # at the end" for leaf, x in lowered.updates.items()]
    lines.append(f"return {', '.join(name[x] for x in lowered.outputs) or 'nothing'}")
    return "\n".join(lines)


def names(lowered: Lowered) -> Mapping[int, str]:
    """What each value is called: as its node, or by its number."""
    found: dict[int, str] = {}
    taken: set[str] = set()
    for number, value in enumerate(lowered.values):
        own = lowered.names.get(number)
        if value.leaf is not None:
            own = value.leaf.name
        elif value.op is BOTH:
            own = "[" + "; ".join(found[x] for x in value.operands) + "]"
        elif value.constant is not None and value.constant.size == 1:
            own = decimal(value.constant.reshape(()))
        elif own is None or own in taken:
            own = f"t{number}"
        found[number] = terminal(str(own))
        taken.add(str(own))
    return found


def formula(value: Value, operands: Sequence[str]) -> str:
    """How a value is computed from what its operands are called, such as `add(a, d)`."""
    attrs = [f"{k}={v.__repr__() if isinstance(v, Key) else v!r}" for k, v in value.attrs.items()]
    return f"{value.name or 'copy'}({', '.join([*operands, *attrs])})"

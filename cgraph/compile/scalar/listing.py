"""Tapes and groups of scalars as text that a person reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cgraph.compile.scalar.fuse import arity
from cgraph.compile.scalar.groups import Groups
from cgraph.compile.scalar.world import LEAF, LITERAL, Tape
from cgraph.graph.node import Node
from cgraph.quoting import decimal, terminal

TEXT_LINES = 2000  # of a listing; the rest is counted


def listing(groups: Groups) -> str:
    """The groups as text: `e = add(a, d)`, `v[5:9] = add(v[0:4], v[...])`; slots that have a name go by it."""
    lines = []
    numbers = zip(groups.literals[0].tolist(), groups.literals[1].tolist(), strict=True)
    leaves = {slot: str(leaf.name) for leaf, slot in groups.leaves.items()}
    owned = {slot: terminal(name) for slot, name in (leaves | dict(groups.names)).items()}
    named = {slot: decimal(number) for slot, number in numbers} | owned
    for number, start, end in groups.bounds[:TEXT_LINES].tolist():
        value = groups.kinds[number]
        assert value is not None
        operands = [
            _places(x[start - groups.first : end - groups.first], named) for x in groups.operands[: arity(value)]
        ]
        attrs = [f"{k}={v!r}" for k, v in value.attrs.items()]
        names = ", ".join(named[x] for x in range(start, min(end, start + 8)) if x in named)
        own = named.get(start, f"v[{start}]") if end == start + 1 else f"v[{start}:{end}]"
        also = f"  # {names}" if names and names != own else ""
        lines.append(f"{own} = {value.name}({', '.join(operands + attrs)}){also}")
    if len(groups.bounds) > TEXT_LINES:
        lines.append(f"# and {len(groups.bounds) - TEXT_LINES:,} groups more")
    lines += [
        f"{terminal(str(leaf.name))} = {named.get(new, f'v[{new}]')}  # in place"
        for leaf, new in groups.updates.items()
    ]
    lines.append(
        f"return {', '.join(named.get(x, f'v[{x}]') for x in groups.outputs[:TEXT_LINES].tolist()) or 'nothing'}"
    )
    return "\n".join(lines)


def _places(slots: Any, named: Mapping[int, str]) -> str:
    if len(slots) == 1:
        return named.get(int(slots[0]), f"v[{slots[0]}]")
    if len(slots) <= 8 and all(slot in named for slot in slots.tolist()):
        return f"[{', '.join(named[slot] for slot in slots.tolist())}]"
    if (np.diff(slots) == 1).all():
        return f"v[{slots[0]}:{slots[-1] + 1}]"
    shown = ", ".join(map(str, slots[:8].tolist()))
    return f"v[[{shown}{', ...' if len(slots) > 8 else ''}]]"


def tape_text(tape: Tape, outputs: Sequence[int], updates: Mapping[Node, int], names: Mapping[int, str]) -> str:
    """A tape: `v4 = mul(v2, b)`, a line a slot, whether something needs it or not."""
    numbers = {at: decimal(np.frombuffer(key)[0]) for key, at in tape.literals.items()}
    leaves = {at: terminal(str(leaf.name)) for leaf, at in tape.leaves.items()}
    named = {**{at: terminal(name) for at, name in names.items()}, **numbers, **leaves}
    lines: list[str] = []
    for at, (number, *operands) in enumerate(zip(tape.kind, *tape.operands, strict=True)):
        if len(lines) == TEXT_LINES:
            lines.append(f"# and {len(tape) - at:,} slots more")
            break
        value = tape.kinds[number]
        if number not in (LEAF, LITERAL) and value is not None:
            attrs = [f"{k}={v!r}" for k, v in value.attrs.items()]
            taken = [named.get(x, f"v{x}") for x in operands[: arity(value)]]
            lines.append(f"{named.get(at, f'v{at}')} = {value.name}({', '.join(taken + attrs)})")
    lines += [f"{terminal(str(leaf.name))} = {named.get(x, f'v{x}')}  # at the end" for leaf, x in updates.items()]
    lines.append(f"return {', '.join(named.get(x, f'v{x}') for x in outputs[:TEXT_LINES]) or 'nothing'}")
    return "\n".join(lines)

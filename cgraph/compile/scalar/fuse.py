"""Products that are only added to something are computed where they are added: x + y·z is one op of a tape.

A sum over weights and the sum at a fan-out are chains of such steps, which are most of what a net of scalars does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cgraph.compile.lowering.values import Value
from cgraph.ops import TABLE
from cgraph.ops.op import elementwise
from cgraph.ops.stable import scale

NO_RULES = (None, None, None)  # fused after differentiation
# fmt: off
MUL_ADD = elementwise("mul+add", "x + y*z", lambda xp, x, y, z: x + y * z, *NO_RULES,
                      operands=("x", "y", "z"), quick=True, c="{0} + {1} * {2}")
SCALE_ADD = elementwise("scale+add", "x + y*z", lambda xp, x, y, z: x + scale(xp, y, z), *NO_RULES,
                        operands=("x", "y", "z"), quick=True, c="{0} + product({1}, {2})", zero_wins=True)
# fmt: on
FUSED = {TABLE["mul"]: MUL_ADD, TABLE["scale"]: SCALE_ADD}


def arity(value: Value | None) -> int:
    """The operands of a kind of slots: none of leaves and numbers, two of an op that takes any number."""
    return 0 if value is None or value.op is None else value.op.arity or 2


def fused(kinds: list[Value | None], kind: Any, operands: Sequence[Any], alive: Any, kept: Sequence[int]) -> None:
    """Put each product with one use, which is a sum, into that sum; all arrays are changed. `kept` stay as they are."""
    one, two, three = operands
    uses = _uses(kinds, kind, operands, alive)
    np.add.at(uses, list(kept), 2)
    for row, both in FUSED.items():
        ours = [number for number, value in enumerate(kinds) if value is not None and value.op is row]
        sums = [number for number, value in enumerate(kinds) if value is not None and value.op is TABLE["add"]]
        product = (alive != 0) & np.isin(kind, ours) & (uses == 1)
        adds = np.flatnonzero((alive != 0) & np.isin(kind, sums))
        right = product[two[adds]]
        chosen = right | product[one[adds]]
        if not chosen.any():
            continue
        adds, right = adds[chosen], right[chosen]
        products, others = np.where(right, two[adds], one[adds]), np.where(right, one[adds], two[adds])
        one[adds], two[adds], three[adds] = others, one[products], two[products]
        kind[adds], alive[products] = len(kinds), 0
        kinds.append(Value((), both))


def _uses(kinds: Sequence[Value | None], kind: Any, operands: Sequence[Any], alive: Any) -> Any:
    """How often each slot is an operand."""
    many = np.where(alive != 0, np.array([arity(v) for v in kinds])[kind], 0)
    one, two, three = operands
    found = np.zeros(len(kind), np.int32)
    for places, taken in ((one, many >= 1), (two, many >= 2), (three, many >= 3)):
        found += np.bincount(places[taken], minlength=len(kind)).astype(np.int32)
    return found

"""C for the ops that are no elementwise loops."""

from __future__ import annotations

from collections.abc import Mapping

from cgraph.compile.c.ids import BY_IDS
from cgraph.compile.c.matrices import MATRICES
from cgraph.compile.c.moving import MOVING, copy, placed
from cgraph.compile.c.products import PRODUCTS
from cgraph.compile.c.reductions import REDUCTIONS, reduced
from cgraph.compile.c.writer import Emit
from cgraph.compile.lowering.values import Value
from cgraph.ops.op import Op

OPS: Mapping[Op | None, Emit] = {**MOVING, **REDUCTIONS, **PRODUCTS, **BY_IDS, **MATRICES}


def emitter_of(value: Value) -> Emit | None:
    """What writes a value that is no loop over elements: the function of its op, or that of what is known of it."""
    row = value.op
    if row is None or row.view:
        return copy
    return OPS.get(row) or (reduced if row.reduction else placed if row.scattered else None)

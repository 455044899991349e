"""C for the ops that are no elementwise loops, by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cgraph.compile.c.ids import BY_IDS
from cgraph.compile.c.matrices import MATRICES
from cgraph.compile.c.moving import MOVING
from cgraph.compile.c.products import PRODUCTS
from cgraph.compile.c.reductions import REDUCTIONS
from cgraph.compile.c.writer import Writer
from cgraph.compile.lowering.values import Value

OPS: Mapping[str, Callable[[Writer, int, Value], None]] = {**MOVING, **REDUCTIONS, **PRODUCTS, **BY_IDS, **MATRICES}

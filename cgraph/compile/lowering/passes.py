"""What is done to the values of a program for every backend: many small products and sums become few large ones."""

from __future__ import annotations

from cgraph.compile.lowering.batches import with_inputs_at_once
from cgraph.compile.lowering.lowered import Lowered
from cgraph.compile.lowering.sums import with_joined_sums

JOINED = (with_joined_sums, with_inputs_at_once)


def joined(lowered: Lowered) -> Lowered:
    """The same program after these passes."""
    for one in JOINED:
        lowered = one(lowered)
    return lowered

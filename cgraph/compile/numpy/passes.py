"""What is done to the values of a program for NumPy, pass by pass: fewer calls, which cost more than small arrays."""

from __future__ import annotations

from cgraph.compile.lowering.lowered import Lowered
from cgraph.compile.lowering.passes import JOINED
from cgraph.compile.numpy.biases import with_biases_in_products
from cgraph.compile.numpy.factors import with_shared_factors
from cgraph.compile.numpy.inner import with_inner_products
from cgraph.compile.numpy.quotients import with_quotients
from cgraph.compile.numpy.table_rows import with_shares

PASSES = (*JOINED, with_shared_factors, with_inner_products, with_biases_in_products, with_quotients, with_shares)


def shortened(lowered: Lowered) -> Lowered:
    """The same program after all passes."""
    for one in PASSES:
        lowered = one(lowered)
    return lowered

"""A bias as the last row of its matrix, and a column of ones beside the rows: x·W + b is one product, [x 1]·[W; b].

So is the gradient: [x 1]ᵀ·d has that of W in its first rows and that of b in its last. W and b lie one after the
other in the memory of a program, where both are parameters that it owns, and stay what they are for everything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import chain
from math import prod

from cgraph.compile.lowering.beside import BOTH, WITH_ONES
from cgraph.compile.lowering.lowered import Lowered, changed, uses
from cgraph.compile.lowering.values import Value, Values
from cgraph.compile.numpy.small import SMALL
from cgraph.compile.plan.plan import Plan
from cgraph.compile.task import Task
from cgraph.graph.node import Node
from cgraph.ops import TABLE


# Memory --------------------------------------------------------------------------------------------------------------
def biases_of(task: Task) -> Mapping[Node, Node]:
    """For each small owned matrix W with an owned bias b in x·W + b: that bias. No leaf is in two pairs."""
    found: dict[Node, Node] = {}
    free = set(task.updates)
    for node in task.graph.nodes:
        if node.op is TABLE["add"] and len(node.operands) == 2:
            for product, b in (node.operands, node.operands[::-1]):
                W = product.operands[-1] if product.op is TABLE["matmul"] else None
                if W in free and b in free and len(W.shape) == 2 and b.shape == W.shape[1:] and W.value.size <= SMALL:
                    found[W] = b
                    free -= {W, b}
    return found


# Values --------------------------------------------------------------------------------------------------------------
def with_biases_in_products(lowered: Lowered) -> Lowered:
    """The same program with such products, where the rows are few enough for a copy to cost no more than a call."""
    values, needed = Values(lowered.dtype, lowered.values), uses(lowered)
    leaves = {v.leaf: i for i, v in enumerate(lowered.values) if v.leaf is not None}
    biases = biases_of(lowered.task)
    pairs = {leaves[W]: leaves[b] for W, b in biases.items() if W in leaves and b in leaves}
    ones: dict[int, int] = {}
    after: dict[int, int] = {}
    for number, value in enumerate(lowered.values):
        for product, b in (value.operands, value.operands[::-1]) if value.op is TABLE["add"] else ():
            x, W = values[product].operands if values[product].op is TABLE["matmul"] else (-1, -1)
            if W in pairs and pairs[W] == b and needed[product] == 1 and _small(values, x):
                ones[x] = values.apply(WITH_ONES, x)
                both = values.apply(BOTH, W, b)
                after |= {ones[x]: x, both: max(W, b)}
                values.list[number] = values[product]._replace(operands=(ones[x], both))
    return changed(lowered, values.list, _gradients(lowered, values, ones, after), after) if ones else lowered


def _small(values: Values, x: int) -> bool:
    return len(values.shape(x)) == 2 and 0 < prod(values.shape(x)) <= SMALL


def _gradients(lowered: Lowered, values: Values, ones: Mapping[int, int], after: dict[int, int]) -> Mapping[int, int]:
    """xᵀ·d and the sums of d as parts of [x 1]ᵀ·d, and what they stand for."""
    sums = {v.operands[0]: i for i, v in enumerate(lowered.values) if _sums_of_columns(v)}
    instead: dict[int, int] = {}
    for number, value in enumerate(lowered.values):
        turned, d = value.operands if value.op is TABLE["matmul"] else (-1, -1)
        (x,) = lowered.values[turned].operands if d in sums and _is_turned(lowered.values[turned]) else (-1,)
        if x in ones:
            product = values.apply("matmul", values.apply("transpose", ones[x], axes=(1, 0)), d)
            of_W = values.apply("index", product, key=slice(0, -1))
            of_b = values.apply("index", product, key=-1)
            after |= {values[product].operands[0]: x, **dict.fromkeys((product, of_W, of_b), max(x, d))}
            instead |= {number: of_W, sums[d]: of_b}
    return instead


def _is_turned(value: Value) -> bool:
    return value.op is TABLE["transpose"] and value.attrs["axes"] == (1, 0)


def _sums_of_columns(value: Value) -> bool:
    return value.op is TABLE["sum"] and value.attrs["axis"] == (0,) and len(value.shape) == 1


def inputs_beside_ones(plan: Plan) -> Mapping[Node, tuple[int, int]]:
    """Leaves that are only read with their ones, and both their numbers: they can be fed right there."""
    read = Counter(chain(*(v.operands for v in plan.values), plan.lowered.outputs, (u.target for u in plan.updates)))
    ones = {v.operands[0]: i for i, v in enumerate(plan.values) if v.op is WITH_ONES}
    leaves = {x: plan.values[x].leaf for x in ones if read[x] == 1}
    return {leaf: (x, ones[x]) for x, leaf in leaves.items() if leaf is not None}

"""A factor that many results end in, multiplied once into what they all come from.

The learning rate and the 1/m of a mean stand in front of every parameter's gradient; all of these are linear in the
gradient of the loss with respect to the last layer, so that one product with it stands for one a parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from math import prod

from cgraph.compile.blas import blas
from cgraph.compile.lowering.lowered import Lowered, changed
from cgraph.compile.lowering.terms import moderate
from cgraph.compile.lowering.values import Value
from cgraph.ops import TABLE

A_CALL = 2048  # elements that NumPy multiplies in the time that a call takes
WORTH_FOLDING = 4096  # elements of a result: below, two calls of NumPy cost less than one through ctypes
TRIED = 4  # places for a factor: the latest ones, which are the nearest to the results


def with_shared_factors(lowered: Lowered) -> Lowered:
    """The same program with such factors in front."""
    while True:
        better = _step(lowered)
        if better is None:
            return lowered
        lowered = better


def accumulates(value: Value) -> bool:
    """Whether a product is added to its target by one call of BLAS."""
    return blas() is not None and value.shape[0] * value.shape[1] >= WORTH_FOLDING


def _takes_a_factor(value: Value) -> bool:
    """Whether a parameter is changed by a multiple of this value in one call (see `plan.updates`)."""
    return value.op is TABLE["scatter_add"] or (
        value.op is TABLE["matmul"] and len(value.shape) == 2 and accumulates(value)
    )


def _step(lowered: Lowered) -> Lowered | None:
    values = lowered.values
    for factor, products in _products(values).items():
        worth = sum(A_CALL + prod(values[x].shape) for x in products.values() if not _takes_a_factor(values[x]))
        reached = [_behind(values, x) for x in products.values()]
        path = set[int]().union(*reached)
        for source in islice(sorted(path.intersection(*reached), reverse=True), TRIED):
            cheaper = A_CALL + prod(values[source].shape) < worth
            multiples = _multiples(lowered, source, products, path) if cheaper else None
            if multiples is not None:
                return _moved(lowered, factor, source, multiples, products)
    return None


def _products(values: Sequence[Value]) -> dict[int, dict[int, int]]:
    """For each constant factor of more than one value: its products, and what it is multiplied with in each."""
    found: dict[int, dict[int, int]] = {}
    for number, value in enumerate(values):
        for c, x in (value.operands, value.operands[::-1]) if value.op is TABLE["mul"] else ():
            constant = values[c].constant
            if constant is not None and constant.size == 1 and values[x].shape == value.shape:
                if moderate(float(constant.reshape(()))):
                    found.setdefault(c, {})[number] = x
                break
    return {c: products for c, products in found.items() if len(products) > 1}


def _behind(values: Sequence[Value], number: int) -> set[int]:
    """The value itself and all that it may be linear in."""
    found, stack = set[int](), [number]
    while stack:
        one = stack.pop()
        if one not in found:
            found.add(one)
            row, operands = values[one].op, values[one].operands
            if row is not None:
                stack.extend(operands if row.additive else (operands[i] for i in row.linear))
    return found


def _multiples(lowered: Lowered, source: int, products: Mapping[int, int], path: set[int]) -> set[int] | None:
    """What is multiplied when the source is, if it is seen in the products alone; None otherwise.

    What reads the source itself and does not lead to the products goes on reading it as it was.
    """
    values, found = lowered.values, {source}
    for number in range(source + 1, len(values)):
        row, operands = values[number].op, values[number].operands
        multiples = [i for i, x in enumerate(operands) if x in found]
        if not multiples or products.get(number) in found:
            continue
        if number not in path and all(operands[i] == source for i in multiples):
            continue
        assert row is not None  # it has operands
        every = row.additive and len(multiples) == len(operands)
        if not every and not (len(multiples) == 1 and multiples[0] in row.linear):
            return None
        found.add(number)
    seen = (found - {source}).intersection((*lowered.outputs, *lowered.updates.values()))
    return None if seen or not found.issuperset(products.values()) else found


def _moved(
    lowered: Lowered, factor: int, source: int, multiples: Iterable[int], products: Mapping[int, int]
) -> Lowered:
    values = list(lowered.values)
    constant, scaled = len(values), len(values) + 1
    values += [values[factor], Value(values[source].shape, TABLE["mul"], (constant, source))]
    after = {constant: source, scaled: source}
    inner = set(multiples) - {source}
    for number in inner:
        operands = tuple(scaled if x == source else x for x in values[number].operands)
        values[number] = values[number]._replace(operands=operands)
    instead = {product: scaled if x == source else x for product, x in products.items()}
    names = {x: name for x, name in lowered.names.items() if x not in inner}  # they are multiples of their nodes
    return changed(replace(lowered, names=names), values, instead, after)

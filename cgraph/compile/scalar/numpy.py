"""Groups of scalars without a compiler: wide groups are calls of NumPy, narrow ones a loop over Python's numbers.

A product in which an exact 0 wins over an infinity is computed as a plain product first; a NaN among the values says
that the difference may matter, and then all is computed again with care.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from cgraph.compile.lowering.values import Value
from cgraph.compile.numpy.steps import call
from cgraph.compile.plan.flops import counted
from cgraph.compile.scalar.fuse import MUL_ADD, SCALE_ADD, arity
from cgraph.compile.scalar.groups import Groups
from cgraph.ops import TABLE
from cgraph.ops.named import ByOp
from cgraph.ops.op import Op

WIDE = 32  # slots: below, three calls of NumPy cost more than the loop
Call = Callable[[], Any]
Scalar = Callable[[Any, int, int, int], float]  # from the values, and the slots of the operands


def values(size: int, dtype: Any) -> tuple[Any, Any]:
    """An array of zeros twice: as Python's array, whose elements are read fast one by one, and as NumPy's."""
    kind = np.dtype(dtype)
    memory = array(kind.char, bytes(max(size, 1) * kind.itemsize))
    return memory, np.frombuffer(memory, kind)


def runner(groups: Groups, memory: Any, v: Any) -> Call:
    """One call of the groups on their array of values: true when 0 met ∞ in a product of the chain rule."""
    quick = _calls(groups, memory, v, False)
    exact: list[Call] = []  # made when it is needed
    kinds = (groups.kinds[k] for k in set(groups.bounds[:, 0].tolist()))
    careful = any(k is not None and k.op is not None and k.op.zero_wins for k in kinds)

    def run() -> bool:
        for one in quick:
            one()
        if not (careful and math.isnan(v.dot(v))):
            return False
        exact[:] = exact or _calls(groups, memory, v, True)
        for one in exact:
            one()
        return True

    return run


def text(groups: Groups) -> str:
    """What the calls do, in order: those of NumPy for stretches of wide groups, a loop for stretches of narrow ones."""
    found = []
    for wide, lines in _stretches(groups.bounds):
        how = "calls of NumPy" if wide else "a loop over Python's numbers"
        found.append(f"v[{lines[0, 1]}:{lines[-1, 2]}] by {how}  # {counted(len(lines), 'group')}")
    return "\n".join(found)


def _calls(groups: Groups, memory: Any, v: Any, exact: bool) -> list[Call]:
    found: list[Call] = []
    for wide, lines in _stretches(groups.bounds):
        found += _wide(groups, lines, v, exact) if wide else [_narrow(groups, lines, memory, exact)]
    return found


def _stretches(bounds: Any) -> Iterator[tuple[bool, Any]]:
    """The groups in parts that are wide or narrow throughout."""
    wide = bounds[:, 2] - bounds[:, 1] >= WIDE
    edges = [0, *(np.flatnonzero(np.diff(wide)) + 1).tolist(), len(bounds)]
    for start, end in pairwise(edges):
        if end > start:
            yield bool(wide[start]), bounds[start:end]


# Wide groups ---------------------------------------------------------------------------------------------------------
def _wide(groups: Groups, lines: Any, v: Any, exact: bool) -> list[Call]:
    found: list[Call] = []
    for number, start, end in lines.tolist():
        value = groups.kinds[number]
        assert value is not None
        places = [x[start - groups.first : end - groups.first] for x in groups.operands[: arity(value)]]
        operands = [_gathered(v, x, found) for x in places]
        found += _computed(value, v[start:end], operands, exact)
    return found


def _computed(value: Value, out: Any, operands: Sequence[Any], exact: bool) -> list[Call]:
    """The calls of one op."""
    if value.op is MUL_ADD or (value.op is SCALE_ADD and not exact):
        product = np.empty_like(out)
        return [partial(np.multiply, *operands[1:], product), partial(np.add, operands[0], product, out)]
    made = call(value, out, list(operands))
    return made[:1] if value.op is TABLE["scale"] and not exact else made


def _gathered(v: Any, places: Any, gathers: list[Call]) -> Any:
    """The values at some places: a part of the array where they stand side by side, else a copy made by each call."""
    steps = np.diff(places)
    if (steps == 1).all():
        return v[places[0] : places[-1] + 1]
    if (steps == 0).all():
        return v[places[0] : places[0] + 1]
    out = np.empty(len(places), v.dtype)
    gathers.append(partial(v.take, places.astype(np.intp), None, out, "clip"))  # "raise" would copy once more
    return out


# Narrow groups -------------------------------------------------------------------------------------------------------
def _narrow(groups: Groups, lines: Any, memory: Any, exact: bool) -> Call:
    start, end = int(lines[0, 1]), int(lines[-1, 2])
    kinds = np.repeat(lines[:, 0], lines[:, 2] - lines[:, 1]).tolist()
    table = {k: _one(groups.kinds[k], exact) for k in set(kinds)}
    places = [array("i", x[start - groups.first : end - groups.first].tobytes()) for x in groups.operands]
    return partial(_loop, memory, start, [table[k] for k in kinds], *[*places, places[0], places[0]][:3])


def _loop(v: Any, start: int, ops: Sequence[Scalar], one: Any, two: Any, three: Any) -> None:
    i = start
    for op, x, y, z in zip(ops, one, two, three, strict=True):
        v[i] = op(v, x, y, z)
        i += 1


# What Python's numbers do as IEEE 754 says, without raising anything.
PLAIN: ByOp[Scalar] = ByOp()


@PLAIN
def _add(v: Any, x: int, y: int, z: int) -> Any:
    return v[x] + v[y]


@PLAIN
def _sub(v: Any, x: int, y: int, z: int) -> Any:
    return v[x] - v[y]


@PLAIN
def _mul(v: Any, x: int, y: int, z: int) -> Any:
    return v[x] * v[y]


@PLAIN
def _neg(v: Any, x: int, y: int, z: int) -> Any:
    return -v[x]


@PLAIN
def _square(v: Any, x: int, y: int, z: int) -> Any:
    return v[x] * v[x]


@PLAIN
def _tanh(v: Any, x: int, y: int, z: int) -> Any:
    return math.tanh(v[x])


@PLAIN
def _tanh_slope(v: Any, x: int, y: int, z: int) -> Any:
    e = math.exp(-2 * abs(v[x]))
    return 4 * e / ((1 + e) * (1 + e))


@PLAIN
def _relu(v: Any, x: int, y: int, z: int) -> Any:
    return 0.0 if v[x] < 0 else v[x]


def _mul_add(v: Any, x: int, y: int, z: int) -> Any:
    return v[x] + v[y] * v[z]


QUICK: Mapping[Op | None, Scalar] = {**PLAIN, MUL_ADD: _mul_add, TABLE["scale"]: _mul, SCALE_ADD: _mul_add}
EXACT: Mapping[Op | None, Scalar] = {**PLAIN, MUL_ADD: _mul_add}


def _one(value: Value | None, exact: bool) -> Scalar:
    """An op of one element."""
    assert value is not None and value.op is not None
    known = (EXACT if exact else QUICK).get(value.op)
    if known is not None:
        return known
    function, count, attrs = value.op.numpy, arity(value), dict(value.attrs)

    def by_the_row(v: Any, *places: int) -> float:
        return float(function(*[np.float64(v[x]) for x in places[:count]], **attrs))

    return by_the_row

"""Groups of scalars without a compiler: wide groups are calls of NumPy, narrow ones a loop over Python's numbers.

A product in which an exact 0 wins over an infinity is computed as a plain product first; a NaN among the values says
that the difference may matter, and then all is computed again with care.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from cgraph.compile.numpy import call
from cgraph.compile.scalar_groups import Groups
from cgraph.compile.values import Value

WIDE = 32  # slots: below, three calls of NumPy cost more than the loop
Call = Callable[[], Any]
Scalar = Callable[[float, float, float], float]


def values(size: int, dtype: Any) -> tuple[Any, Any]:
    """An array of zeros twice: as Python's array, whose elements are read fast one by one, and as NumPy's."""
    kind = np.dtype(dtype).char
    memory = array(kind, bytes(max(size, 1) * np.dtype(dtype).itemsize))
    return memory, np.frombuffer(memory, dtype)


def runner(groups: Groups, memory: Any, v: Any) -> Call:
    """One call of the groups on their array of values."""
    quick: list[Call] = []
    exact: list[Call] = []
    for wide, lines in _stretches(groups.bounds):
        fast, careful = (_wide if wide else _narrow)(groups, lines, memory, v)
        quick += fast
        exact += careful

    scales = any(groups.kinds[k].name == "scale" for k in set(groups.bounds[:, 0].tolist()))

    def run() -> None:
        for one in quick:
            one()
        if scales and math.isnan(v.dot(v)):
            for one in exact:
                one()

    return run


def _stretches(bounds: Any) -> Iterator[tuple[bool, Any]]:
    """The groups in parts that are wide or narrow throughout."""
    wide = bounds[:, 2] - bounds[:, 1] >= WIDE
    edges = [0, *(np.flatnonzero(np.diff(wide)) + 1).tolist(), len(bounds)]
    for start, end in pairwise(edges):
        if end > start:
            yield bool(wide[start]), bounds[start:end]


# Wide groups ---------------------------------------------------------------------------------------------------------
def _wide(groups: Groups, lines: Any, memory: Any, v: Any) -> tuple[list[Call], list[Call]]:
    quick: list[Call] = []
    exact: list[Call] = []
    for number, start, end in lines.tolist():
        value = groups.kinds[number]
        assert value is not None and value.op is not None
        places = [x[start - groups.first : end - groups.first] for x in groups.operands[: value.op.arity or 2]]
        gathers: list[Call] = []
        operands = [_gathered(v, x, gathers) for x in places]
        made = call(value, v[start:end], operands)
        exact += [*gathers, *made]
        quick += [*gathers, *(made[:1] if value.name == "scale" else made)]
    return quick, exact


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
def _narrow(groups: Groups, lines: Any, memory: Any, v: Any) -> tuple[list[Call], list[Call]]:
    start, end = int(lines[0, 1]), int(lines[-1, 2])
    kinds = array("i", np.repeat(lines[:, 0], lines[:, 2] - lines[:, 1]).tobytes())
    places = [array("i", x[start - groups.first : end - groups.first].tobytes()) for x in groups.operands]
    places = [*places, places[0], places[0]][:3]
    used = set(kinds)
    tables = [{k: _one(groups.kinds[k], exact) for k in used} for exact in (False, True)]
    quick, exact = (partial(_loop, memory, start, table, kinds, *places) for table in tables)
    return [quick], [exact]


def _loop(v: Any, start: int, table: Mapping[int, Scalar], kinds: Any, one: Any, two: Any, three: Any) -> None:
    for i, (kind, x, y, z) in enumerate(zip(kinds, one, two, three, strict=True), start):
        v[i] = table[kind](v[x], v[y], v[z])


# What Python's numbers do as IEEE 754 says, without raising anything.
PLAIN: Mapping[str, Scalar] = {
    "add": lambda x, y, z: x + y,
    "sub": lambda x, y, z: x - y,
    "mul": lambda x, y, z: x * y,
    "neg": lambda x, y, z: -x,
    "square": lambda x, y, z: x * x,
    "tanh": lambda x, y, z: math.tanh(x),
    "relu": lambda x, y, z: 0.0 if x < 0 else x,
}


def _one(value: Value | None, exact: bool) -> Scalar:
    """An op of one element."""
    assert value is not None and value.op is not None
    if value.name in PLAIN:
        return PLAIN[value.name]
    if value.name == "scale" and not exact:
        return PLAIN["mul"]
    function, arity, attrs = value.op.numpy, value.op.arity or 2, dict(value.attrs)

    def by_the_row(*operands: float) -> float:
        return float(function(*map(np.float64, operands[:arity]), **attrs))

    return by_the_row

"""Where two formulas are compared: on both sides of every kink and bound that they have, near 0 and far away."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, islice, pairwise
from typing import Any, TypeAlias

import numpy as np
import sympy

from cgraph.proof.values import Pair
from cgraph.proof.walk import parts

Point: TypeAlias = "dict[Any, Any]"
ORDINARY = 12  # points drawn from -40/17 to 40/17
FAR = 16  # points from 1e-6 to 1e6
LINES = 12  # lines across edges, and
ALONG = 32  # points at most along one
SCALES = (-6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6)  # powers of ten
SCAN = sorted(sign * 10.0 ** (k / 2) for k in range(-12, 13) for sign in (-1, 1))


def points(*formulas: Any) -> Iterator[Point]:
    """Rational points, the same for the same formulas: random ones first, then across edges, then near and far."""
    free = sorted(set().union(*(f.free_symbols for f in formulas)), key=str)
    generator = np.random.default_rng(0)

    def ordinary() -> Point:
        return {s: sympy.Rational(int(generator.integers(-40, 41)), 17) for s in free}

    for _ in range(ORDINARY if free else 1):
        yield ordinary()
    edges = edges_of(*formulas)
    for place, symbol in islice(_crossings(edges), LINES):
        base = ordinary()
        for t in islice(_along(symbol, base, [edges[place], *edges[:place], *edges[place + 1 :]]), ALONG):
            yield {**base, symbol: t}
    if len(free) == 1:
        for k in SCALES:
            yield from ({free[0]: sign * sympy.Integer(10) ** k} for sign in (1, -1))
    for _ in range(FAR if len(free) > 1 else 0):
        yield {s: number * sympy.Integer(10) ** SCALES[int(generator.integers(len(SCALES)))]
               for s, number in ordinary().items()}  # fmt: skip


def edges_of(*formulas: Any) -> list[Any]:
    """What is 0 at a kink, a step, the bound of a domain or a pole of the formulas: kinks and steps come first."""
    kinks: dict[Any, None] = {}
    bounds: dict[Any, None] = {}
    for part in parts(*formulas):
        kinks.update(dict.fromkeys(_kinks(part)))
        bounds.update(dict.fromkeys(_bounds(part)))
    return [e for e in {**kinks, **bounds} if e.free_symbols]


def kinks_of(*formulas: Any) -> Iterator[Any]:
    """What is 0 at a kink or a step of the formulas."""
    for part in parts(*formulas):
        yield from _kinks(part)


def _kinks(part: Any) -> Iterator[Any]:
    if isinstance(part, (sympy.Heaviside, sympy.sign, sympy.Abs)):
        yield part.args[0]
    elif isinstance(part, (sympy.Max, sympy.Min)):
        yield from (a - b for a, b in islice(combinations(part.args, 2), 10))
    elif isinstance(part, sympy.core.relational.Relational):
        yield part.lhs - part.rhs
    elif isinstance(part, (sympy.floor, sympy.ceiling)):
        yield from (part.args[0] - k for k in (0, 1))
    elif isinstance(part, sympy.Mod):
        yield from (part.args[0] - k * part.args[1] for k in (0, 1))


def _bounds(part: Any) -> Iterator[Any]:
    if isinstance(part, (sympy.log, sympy.sign)):
        yield part.args[0]
    elif part.is_Pow and not (part.exp.is_Integer and part.exp > 0):
        yield part.base
    elif isinstance(part, (sympy.asin, sympy.acos, sympy.atanh)):
        yield from (part.args[0] - 1, part.args[0] + 1)
    elif isinstance(part, sympy.acosh):
        yield part.args[0] - 1


def _crossings(edges: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    """An edge and a symbol that is changed across it: the first symbol of each edge, then the others of them."""
    free = [sorted(e.free_symbols, key=str) for e in edges]
    for k in range(max(map(len, free), default=0)):
        yield from ((place, symbols[k]) for place, symbols in enumerate(free) if k < len(symbols))


def _along(symbol: Any, base: Mapping[Any, Any], edges: Sequence[Any]) -> Iterator[Any]:
    """Values of one symbol close to where the edges are 0, at some distance, and between."""
    found = []
    for edge in islice((e for e in edges if e.has(symbol)), LINES):
        found += roots(_function(edge, symbol, base))
    zeros = sorted(set(found))
    first = zeros and found[0]
    for zero in sorted(zeros, key=lambda z: (z != first, z)):
        for distance in (1e-6, 0.1, 2.0):
            for sign in (1, -1):
                yield _rational(zero + sign * distance * max(1.0, abs(zero)))
    yield from (_rational((a + b) / 2) for a, b in pairwise(zeros))


def _rational(number: float) -> Any:
    fraction = Fraction(number)
    return sympy.Rational(fraction.numerator, fraction.denominator)


def _function(edge: Any, symbol: Any, base: Mapping[Any, Any]) -> Callable[[float], float]:
    """An edge as a function of one symbol, the others fixed; not a number where it has none."""
    pair = Pair(edge)

    def value(t: float) -> float:
        found = pair.values({**base, symbol: _rational(t)})
        return math.nan if found is None else float(found[0])

    return value


def roots(f: Callable[[float], float], most: int = 4) -> list[float]:
    """Where a function is 0 from -1e6 to 1e6, or changes its sign: at once for a straight line, else by bisection.

    >>> roots(lambda t: 3 * t - 90), [round(t, 9) for t in roots(lambda t: t**2 - 4)]
    ([30.0], [-2.0, 2.0])
    """
    at_zero, at_one = f(0.0), f(1.0)
    slope = at_one - at_zero
    if all(math.isclose(f(t), at_zero + slope * t, rel_tol=1e-12) for t in (3.0, -5.0)):
        return [-at_zero / slope] if slope else []
    values = [f(t) for t in SCAN]
    found = [t for t, v in zip(SCAN, values, strict=True) if v == 0] + ([0.0] if at_zero == 0 else [])
    for (a, b), (u, v) in zip(pairwise(SCAN), pairwise(values), strict=True):
        if u * v < 0:
            found.append(_bisected(f, a, b, u))
        if len(found) == most:
            break
    return found


def _bisected(f: Callable[[float], float], low: float, high: float, at_low: float) -> float:
    for _ in range(40):
        middle = (low + high) / 2
        value = f(middle)
        if not value * at_low > 0:
            high = middle
        else:
            low = middle
    return (low + high) / 2

"""Values of formulas at points: enclosed in balls where python-flint is installed, else SymPy's own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import sympy

DIGITS = 30
AGREEING = DIGITS - 6  # digits to which SymPy's numbers are compared
ENCLOSED = 50  # digits to which balls are


@cache
def has_balls() -> bool:
    """Whether python-flint is there, the extra `cgraph-engine[proof]`."""
    return find_spec("flint") is not None


@dataclass(frozen=True)
class Found:
    """Two values at one point, as SymPy's numbers, and whether they differ."""

    ours: Any
    theirs: Any
    differ: bool


class Pair:
    """Two formulas, or one, whose values at points are asked for. `digits` says to how many they are compared."""

    def __init__(self, *formulas: Any) -> None:
        self.formulas = tuple(map(sympy.sympify, formulas))
        self.enclosure = _enclosure(self.formulas)
        self.digits = AGREEING if self.enclosure is None else ENCLOSED

    @property
    def certain(self) -> bool:
        """Whether balls enclose the values."""
        return self.enclosure is not None

    def values(self, point: Mapping[Any, Any]) -> tuple[Any, ...] | None:
        """SymPy's numbers of the formulas at a point of rational numbers; None where one is not finite and real."""
        if self.enclosure is not None:
            balls = self.enclosure.at(point)
            return balls and tuple(map(_number, balls))
        values = tuple(sympy.N(f.subs(point), DIGITS) for f in self.formulas)
        return values if all(v.is_real and v.is_finite for v in values) else None

    def compared(self, point: Mapping[Any, Any]) -> Found | None:
        """Both values at a point; None where one is not finite and real."""
        if self.enclosure is not None:
            balls = self.enclosure.at(point)
            if balls is None:
                return None
            mine, his = balls
            return Found(_number(mine), _number(his), not mine.overlaps(his))
        values = self.values(point)
        if values is None:
            return None
        a, b = values
        return Found(a, b, bool(abs(a - b) > sympy.Float(10) ** -AGREEING * (1 + abs(b))))


def _enclosure(formulas: tuple[Any, ...]) -> Any:
    """The formulas in balls; None without python-flint, or of a function that has none."""
    if not has_balls():
        return None
    from cgraph.proof.balls import Enclosure, UnknownFunctionError

    try:
        return Enclosure(*formulas)
    except UnknownFunctionError:
        return None


def _number(ball: Any) -> Any:
    """The middle of a ball in SymPy's numbers."""
    return sympy.Float(ball.mid().str(DIGITS, radius=False), DIGITS)

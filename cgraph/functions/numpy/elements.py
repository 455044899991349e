"""NumPy's functions of single elements that no row has, written in rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.functions.apply import op
from cgraph.functions.elementary import exp2
from cgraph.graph.node import Node, as_node
from cgraph.shapes import is_integer


def _fmod(x: Any, y: Any) -> Node:
    size = op("abs", y)
    negative = op("mod", -as_node(x), size)
    return op("where", op("less", x, 0.0), -negative, op("mod", x, size))


def _floor_divide(x: Any, y: Any) -> Node:
    rest = op("mod", x, y)
    whole = op("round", (as_node(x) - rest) / y)
    whole = op("where", op("equal", op("abs", rest), np.inf), -1.0, whole)  # of another sign than an infinite y
    return op("where", op("equal", y, 0.0), op("floor", as_node(x) / y), whole)


def _logaddexp2(x: Any, y: Any) -> Node:
    rate = math.log(2)
    return op("logaddexp", as_node(x) * rate, as_node(y) * rate) / rate


def _heaviside(x: Any, at_zero: Any) -> Node:
    beside = op("where", op("less", x, 0.0), 0.0, op("where", op("greater", x, 0.0), 1.0, np.nan))
    return op("where", op("equal", x, 0.0), at_zero, beside)


def _fmax(x: Any, y: Any) -> Node:
    return _known(x, y, op("maximum", x, y))


def _fmin(x: Any, y: Any) -> Node:
    return _known(x, y, op("minimum", x, y))


def _known(x: Any, y: Any, both: Node) -> Node:
    """`both`, but for the other operand where one is NaN."""
    return op("where", op("not_equal", x, x), y, op("where", op("not_equal", y, y), x, both))


def _toward_zero(x: Any) -> Node:
    return op("where", op("less", x, 0.0), op("ceil", x), op("floor", x))


def _round(a: Any, decimals: int = 0) -> Node:
    if not is_integer(decimals):
        raise ValueRefusedError(f"numpy.round to {decimals!r} decimals", why="that is no whole number")
    if not decimals:
        return op("round", a)
    scale = 10.0 ** abs(int(decimals))
    return op("round", as_node(a) * scale) / scale if decimals > 0 else op("round", as_node(a) / scale) * scale


def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Node:
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    return op("clip", a, -np.inf if low is None else low, np.inf if high is None else high)


def _where(condition: Any, x: Any, y: Any) -> Node:
    return op("where", condition, x, y)


def _select(condlist: Any, choicelist: Any, default: Any = 0) -> Node:
    if len(condlist) != len(choicelist):
        raise ValueRefusedError(
            f"numpy.select of {len(condlist)} condition(s) and {len(choicelist)} choice(s)", why="each has its own"
        )
    found = as_node(default)
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        found = op("where", condition, choice, found)
    return found


def _nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Node:
    largest = float(np.finfo(float).max)
    high, low = (largest if posinf is None else posinf), (-largest if neginf is None else neginf)
    finite = op("where", op("equal", x, np.inf), high, op("where", op("equal", x, -np.inf), low, x))
    return op("where", op("not_equal", x, x), nan, finite)


def _isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8) -> Node:
    near = op("less_equal", op("abs", as_node(a) - b), atol + rtol * op("abs", b))
    same = op("equal", a, b)  # of infinities the difference is NaN
    return op("maximum", same, near * _finite(b))


def _angle(z: Any, deg: bool = False) -> Node:
    """That of a real number: 0 or π, whose derivative is 0."""
    angle = op("where", op("less", z, 0.0), math.pi, op("where", op("not_equal", z, z), np.nan, 0.0))
    return angle * (180 / math.pi) if deg else angle


def _finite(x: Any) -> Node:
    return op("less", op("abs", x), np.inf)


def _true(x: Any) -> Node:
    return op("not_equal", x, 0.0)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.exp2: exp2,
    np.fmod: _fmod,
    np.floor_divide: _floor_divide,
    np.logaddexp2: _logaddexp2,
    np.float_power: lambda x1, x2: op("pow", x1, x2),
    np.heaviside: _heaviside,
    np.fmax: _fmax,
    np.fmin: _fmin,
    np.fabs: lambda x: op("abs", x),
    np.positive: as_node,
    np.deg2rad: lambda x: as_node(x) * (math.pi / 180),
    np.radians: lambda x: as_node(x) * (math.pi / 180),
    np.rad2deg: lambda x: as_node(x) * (180 / math.pi),
    np.degrees: lambda x: as_node(x) * (180 / math.pi),
    np.trunc: _toward_zero,
    np.fix: _toward_zero,
    np.round: _round,
    np.around: _round,
    np.sinc: lambda x: op("sinc", x),
    np.clip: _clip,
    np.where: _where,
    np.select: _select,
    np.nan_to_num: _nan_to_num,
    np.isclose: _isclose,
    np.angle: _angle,
    np.isfinite: _finite,
    np.isnan: lambda x: op("not_equal", x, x),
    np.isinf: lambda x: op("equal", op("abs", x), np.inf),
    np.isposinf: lambda x: op("equal", x, np.inf),
    np.isneginf: lambda x: op("equal", x, -np.inf),
    np.logical_and: lambda x1, x2: _true(x1) * _true(x2),
    np.logical_or: lambda x1, x2: op("maximum", _true(x1), _true(x2)),
    np.logical_xor: lambda x1, x2: op("not_equal", _true(x1), _true(x2)),
    np.logical_not: lambda x: op("equal", x, 0.0),
    np.real: as_node,  # nodes are real
    np.real_if_close: as_node,
    np.conjugate: as_node,
    np.imag: lambda val: op("broadcast_like", 0.0, val),
    np.isreal: lambda x: op("broadcast_like", 1.0, x),
    np.iscomplex: lambda x: op("broadcast_like", 0.0, x),
    np.iscomplexobj: lambda x: False,
    np.isrealobj: lambda x: True,
    np.copy: as_node,
    np.zeros_like: lambda a: op("broadcast_like", 0.0, a),
    np.ones_like: lambda a: op("broadcast_like", 1.0, a),
    np.full_like: lambda a, fill_value: op("broadcast_like", fill_value, a),
}

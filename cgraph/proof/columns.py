"""Whether the columns of a row are one function: what its array function, its rules and its C compute in numbers,
beside its formula or its definition.

A proof is about the formula. Numbers come from the array function, and what was proved is true of them only where the
two are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from statistics import median
from typing import Any

import numpy as np
import sympy

from cgraph.graph.node import build, variable
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from cgraph.proof.points import points
from cgraph.proof.report import AGREES, UNDECIDED, WRONG, Check
from cgraph.proof.values import Pair
from cgraph.worlds.numpy import NUMPY
from cgraph.worlds.sympy import SYMPY, as_object, formula

CLOSE = 1e-6  # in proportion: naive formulas lose some digits, other functions are further away
FAR = 50.0  # from here on numbers may overflow where the formula does not
SHIFT = sympy.Rational(1, 10**12)  # of an operand: what that changes is no difference
MOST = 80  # points
DRAWS = 2  # of numbers for an example of a structural row


def compared_columns(
    row: Op, attrs: Mapping[str, Any], chosen: Sequence[Any] = (), native: bool | None = None
) -> list[Check]:
    """A check for each column of a row that computes numbers.

    `chosen` are the examples of a structural row. C is compiled and compared when `native` is True; None is for rows
    that are not in the table, whose C the project's tests do not know.
    """
    own = TABLE.get(row.name) is not row
    if not row.elementwise:
        return list(_structural(row, chosen))
    given = {**row.defaults, **attrs}
    expression, names = formula(row, row.arity or 3, given)
    at = _points(expression, names)
    found = [_numbers(f"{row.name}: array function", expression, names, at, lambda *x: row.numpy(*x, **given))]
    for position, symbol in enumerate(names):
        rule = row.rule(position)
        if rule is not None:
            exact = rule(SYMPY, as_object(expression), *map(as_object, names), **SYMPY.numbers(given))
            slope, local = sympy.sympify(np.asarray(exact)[()]), _local(row, rule, given)
            found.append(_numbers(f"{row.name}: rule of {symbol} in numbers", slope, names, at, local))
    if row.c and (own if native is None else native):
        count = row.arity or 2  # the C of a row for any number of operands joins two
        found += _compiled(row, given, *formula(row, count, given), [x[:count] for x in at])
    return found


def _local(row: Op, rule: Any, attrs: Mapping[str, Any]) -> Callable[..., Any]:
    def local(*operands: Any) -> Any:
        return NUMPY.local(rule, row.numpy(*operands, **attrs), list(operands), attrs)

    return local


def _points(expression: Any, names: Sequence[Any]) -> list[list[float]]:
    """Operands as floats: where formulas are compared, and where every one of them is 0."""
    found = [[float(point.get(n, 1)) for n in names] for point in islice(points(expression), MOST)]
    return [*found, [0.0] * len(names)]


def _exact(names: Sequence[Any], operands: Sequence[float]) -> dict[Any, Any]:
    return {n: sympy.Rational(*Fraction(x).as_integer_ratio()) for n, x in zip(names, operands, strict=True)}


def _numbers(
    subject: str, expression: Any, names: Sequence[Any], at: Sequence[Sequence[float]], function: Callable[..., Any]
) -> Check:
    """What a function of numbers gives at points, beside the formula."""
    try:
        with np.errstate(all="ignore"):
            ours = [float(np.asarray(function(*map(np.float64, operands)))) for operands in at]
    except Exception as error:  # whatever a function of a user's own raises
        return Check(subject, "no number", expression, WRONG, f"it fails on numbers: {type(error).__name__}: {error}")
    return _judged(subject, expression, names, at, ours)


def _judged(
    subject: str, expression: Any, names: Sequence[Any], at: Sequence[Sequence[float]], ours: Sequence[float]
) -> Check:
    """The verdict on numbers that are meant to be an expression's at these points."""
    pair = Pair(expression)
    valued = [(x, mine, pair.values(_exact(names, x))) for x, mine in zip(at, ours, strict=True)]
    known = [(x, mine, float(found[0])) for x, mine, found in valued if found is not None]
    known = [(x, mine, value) for x, mine, value in known if abs(value) < 1e300]
    small = 1e-9 * median(abs(value) for _, _, value in known) if known else 0.0
    count = 0
    for x, mine, value in known:
        if not np.isfinite(mine) and max(map(abs, x), default=0) > FAR:
            continue  # an overflow on the way
        allowed = small + CLOSE * abs(value)
        if not abs(mine - value) <= allowed and not abs(mine - value) <= allowed + _moved(pair, names, x, value):
            where = ", ".join(f"{n} = {v:.9g}" for n, v in zip(names, x, strict=True))
            return Check(subject, mine, value, WRONG, f"at {where}: {mine:.9g}, the formula {value:.9g}")
        count += 1
    if not count:
        return Check(subject, "", expression, UNDECIDED, "no point was found where both have a value")
    return Check(subject, "", expression, AGREES, f"with the formula at {count} points")


def _moved(pair: Pair, names: Sequence[Any], operands: Sequence[float], value: float) -> float:
    """How far the value moves when operands change by so little that floats hardly tell."""
    exact, moved = _exact(names, operands), 0.0
    for name, number in exact.items():
        for sign in (1, -1):
            found = pair.values({**exact, name: number * (1 + sign * SHIFT)})
            moved += 10 * abs(float(found[0]) - value) if found is not None else 0.0
    return moved


def _compiled(
    row: Op, attrs: Mapping[str, Any], expression: Any, names: Sequence[Any], at: Sequence[Sequence[float]]
) -> Iterator[Check]:
    """Its C, compiled as a program of this op alone; nothing where there is no compiler."""
    from cgraph.compile import compile as compiled
    from cgraph.compile.c.compiler import compiler

    if compiler() is None:
        return
    leaves = [variable(f"x{i}", (len(at),)) for i in range(len(names))]
    program = compiled([build(row.replaced(check=None), *leaves, **attrs)], leaves, backend="native")
    (ours,) = program({leaf: [x[i] for x in at] for i, leaf in enumerate(leaves)})
    yield _judged(f"{row.name}: C", expression, names, at, [float(v) for v in ours])


# Structural rows ------------------------------------------------------------------------------------------------------
def _structural(row: Op, chosen: Sequence[Any]) -> Iterator[Check]:
    """The array function beside the definition, and pullbacks in numbers beside those in symbols, at each example."""
    beside = "definition" if row.definition is not None else "array function on exact numbers"
    subject = f"{row.name}: array function"
    counted, wrong = 0, ""
    for shapes, attrs in chosen:
        for draw in range(DRAWS):
            found = _drawn(row, shapes, attrs, draw)
            wrong = wrong or found or ""
            counted += found == ""
    if wrong:
        yield Check(subject, "", "", WRONG, wrong.format(beside=beside))
    elif counted:
        yield Check(subject, "", "", AGREES, f"with its {beside} at {counted} arrays of numbers")
    else:
        yield Check(subject, "", "", UNDECIDED, "no example has a value in numbers" if chosen else "no examples")


def _drawn(row: Op, shapes: Sequence[Any], attrs: Mapping[str, Any], draw: int) -> str | None:
    """What differs for operands drawn at random, "" for nothing; None where one side has no finite value."""
    random = np.random.default_rng(draw)
    drawn = [
        np.array(s, float) if isinstance(s, list) else random.integers(*((-40, 41) if draw else (1, 41)), s) / 16
        for s in shapes
    ]
    exact = [as_object(x) for x in drawn]
    given, shape = row.infer([x.shape for x in drawn], {**row.defaults, **attrs})
    try:
        with np.errstate(all="ignore"):
            ours = np.asarray(row.numpy(*drawn, **given), float)
    except Exception as error:  # whatever a function of a user's own raises
        return f"it fails on numbers of the shapes {_shown(drawn)}: {type(error).__name__}: {error}"
    try:
        theirs = SYMPY.function(row)(*exact, **given)
    except Exception:  # it takes no symbols, as the proof says
        return None
    if ours.shape != tuple(shape):
        return f"it gives the shape {ours.shape} of {_shown(drawn)}, its shape rule says {tuple(shape)}"
    texts = [("", ours, theirs, ours.shape)]
    upstream = random.integers(-9, 10, ours.shape) / 4
    for position, operand in enumerate(drawn):
        rule = row.rule(position)
        if rule is None or isinstance(shapes[position], list):
            continue
        try:
            with np.errstate(all="ignore"):
                down = NUMPY.pullback(rule, np.asarray(upstream, float), ours, list(drawn), given)
            exactly = SYMPY.pullback(rule, as_object(upstream), theirs, list(exact), given)
        except Exception as error:  # as above
            return f"the pullback to operand {position} fails: {type(error).__name__}: {error}"
        texts.append((f"the pullback to operand {position}: ", down, exactly, operand.shape))
    compared = 0
    for what, a, b, expected in texts:
        if np.shape(a) != expected:
            return f"{what}it gives the shape {np.shape(a)} of {_shown(drawn)}, its shape rule says {expected}"
        values = [Pair(v).values({}) for v in np.ravel(np.asarray(b, object))]
        for index, (mine, found) in enumerate(zip(np.ravel(np.asarray(a, float)), values, strict=True)):
            if found is None:
                continue
            value = float(found[0])
            compared += 1
            if not abs(mine - value) <= 1e-9 + CLOSE * abs(value):
                return f"{what}element {index} of {_shown(drawn)} is {mine:.9g}, its {{beside}} {value:.9g}"
    return "" if compared else None


def _shown(drawn: Sequence[Any]) -> str:
    return ", ".join("x".join(map(str, x.shape)) or "a number" for x in drawn)

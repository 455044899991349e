"""The one writer of numbers: values, shapes, and quantities that a picture can find again."""

from __future__ import annotations

from typing import Any

import numpy as np

from cgraph.notation.math import Grid, Group, Math, Named, Script, Sym, row
from cgraph.notation.render import text
from cgraph.shapes import Shape

SIDE = 4  # entries along an axis of an array that is written in full beside others
MOST = 6  # entries of an array that is written in full
DIGITS = 12  # characters of a number that is written in full
WHOLE = 1e6  # whole numbers below it are written with all their digits
_RAISED = str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def number(value: Any, digits: int = 3) -> Math:
    """A number to some significant digits: exact integers as they are, a true minus sign, never -0.

    >>> [text(number(x)) for x in (-2.0, 0.47407, -0.0, 1e-9, 123456.0, 1234567.8, float("inf"))]
    ['−2', '0.474', '0', '1×10⁻⁹', '123456', '1.23×10⁶', '∞']
    """
    x = float(value)
    if np.isnan(x):
        return Sym("NaN")
    sign = "−" if x < 0 else ""
    if np.isinf(x):
        return Sym(f"{sign}∞")
    if x == int(x) and abs(x) < WHOLE:
        return Sym(f"{sign}{abs(int(x))}")
    exponent = int(f"{abs(x):.{digits - 1}e}".split("e")[1])
    if -4 <= exponent < 6:
        decimals = max(digits - 1 - exponent, 0)
        digital = f"{abs(x):.{decimals}f}"
        return Sym(sign + (digital.rstrip("0").rstrip(".") if decimals else digital))
    mantissa = f"{abs(x):.{digits - 1}e}".split("e")[0].rstrip("0").rstrip(".")
    return row(f"{sign}{mantissa}×", Script(Sym("10"), sup=Sym(str(exponent).replace("-", "−"))))


def plain(of: Any, digits: int = 3) -> str:
    """A number, or the first entries of an array, as text: what `text(number(x))` says, for many numbers at once.

    Trees of symbols would cost ten times as much where a picture has thousands of titles.

    >>> plain(-2.0), plain(0.474077), plain(1e-9), plain(np.array([1.0, 0.5]))
    ('−2', '0.474', '1×10⁻⁹', '[1, 0.5]')
    """
    if getattr(of, "shape", ()) != ():
        return text(value(of, digits))
    x = float(of)
    if x == x // 1 and abs(x) < WHOLE:
        return str(int(x)).replace("-", "−")
    mantissa, _, exponent = f"{x:.{digits}g}".replace("-", "−").partition("e")
    if "n" in mantissa or (not exponent and abs(x) >= WHOLE):
        return text(number(x, digits))
    if not exponent:
        return mantissa
    power = exponent.lstrip("+").replace("−0", "−").lstrip("0")
    return f"{mantissa}×10{power.translate(_RAISED)}" if abs(x) < 1 or abs(x) >= WHOLE else text(number(x, digits))


def value(array: Any, digits: int = 3) -> Math:
    """A value: a number, the entries of a small array, or the first entries of a large one."""
    entries = np.asarray(array)
    if entries.ndim == 0:
        return number(entries, digits)
    few = entries.ravel()[: 3 if entries.size <= 3 else 2]
    parts: list[Math] = [Sym("[")]
    for i, entry in enumerate(few):
        parts += [*([Sym(", ")] if i else []), number(entry, digits)]
    return Group((*parts, Sym(", …]" if entries.size > len(few) else "]")))


def matrix(array: Any, digits: int = 3) -> Math:
    """A value with all its entries where it is a vector of at most 4, or a matrix of at most 4×4; else as `value`.

    >>> text(matrix([[1, 2], [0.5, -1]])), text(matrix([1, 2, 3, 4])), text(matrix([[1, 2, 3, 4, 5]]))
    ('[[1, 2], [0.5, −1]]', '[1, 2, 3, 4]', '[1, 2, …]')
    """
    entries = np.asarray(array)
    if entries.ndim not in (1, 2) or max(entries.shape) > SIDE or not entries.size:
        return value(entries, digits)
    if entries.ndim == 2:
        return Grid(tuple(tuple(number(x, digits) for x in line) for line in entries))
    parts = [p for entry in entries for p in (Sym(", "), number(entry, digits))][1:]
    return row("[", *parts, "]")


def constant(array: Any) -> Math:
    """A constant of a formula, with all its digits where they are few; dots say that there are more.

    >>> [text(constant(x)) for x in (2.0, 0.044715, 1 / 3, [[1, 2], [3, 0.5]], range(9))]
    ['2', '0.044715', '0.333…', '[[1, 2], [3, 0.5]]', '[0, 1, 2, …]']
    """
    entries = np.asarray(array, dtype=float)
    if entries.ndim == 0:
        return _whole_number(float(entries))
    if entries.size > MOST:
        few: list[Math] = [Sym(p) for x in entries.ravel()[:3] for p in (text(number(x)), ", ")]
        return Group((Sym("["), *few, Sym("…]")))
    parts = [p for entry in entries for p in (Sym(", "), constant(entry))][1:]
    return Group((Sym("["), *parts, Sym("]")))


def _whole_number(x: float) -> Math:
    rounded, spelled = number(x), repr(abs(x)).removesuffix(".0")
    if not np.isfinite(x):
        return rounded
    if float("0" + spelled) == abs(x) and len(spelled) <= DIGITS and "e" not in spelled:
        return Sym(("−" if x < 0 else "") + spelled)
    return rounded if float(f"{x:.2e}") == x else row(rounded, "…")


def shape(dimensions: Shape) -> Math:
    """A shape such as `[m×3]`."""
    return Sym("[" + "×".join(map(str, dimensions)) + "]")


def quantity(math: Math, key: str, drawn: Math | None = None) -> Math:
    """A number that a picture can find again by its key, such as `local e4`; `drawn` is another form of it."""
    return Named(drawn or math, text(math), key)

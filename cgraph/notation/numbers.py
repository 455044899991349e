"""The one writer of numbers: values, shapes, and quantities that a picture can find again."""

from __future__ import annotations

from typing import Any

import numpy as np

from cgraph.notation.math import Group, Math, Named, Script, Sym, row
from cgraph.notation.render import text
from cgraph.shapes import Shape


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
    if x == int(x) and abs(x) < 1e6:
        return Sym(f"{sign}{abs(int(x))}")
    exponent = int(f"{abs(x):.{digits - 1}e}".split("e")[1])
    if -4 <= exponent < 6:
        return Sym(sign + f"{abs(x):.{max(digits - 1 - exponent, 0)}f}".rstrip("0").rstrip("."))
    mantissa = f"{abs(x):.{digits - 1}e}".split("e")[0].rstrip("0").rstrip(".")
    return row(f"{sign}{mantissa}×", Script(Sym("10"), sup=Sym(str(exponent).replace("-", "−"))))


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


def shape(dimensions: Shape) -> Math:
    """A shape such as `[m×3]`."""
    return Sym("[" + "×".join(map(str, dimensions)) + "]")


def quantity(math: Math, key: str) -> Math:
    """A number that a picture can find again by its key, such as `local e4`."""
    return Named(math, text(math), key)

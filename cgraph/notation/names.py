"""Names as they are printed: `w[1]11` is w with [1] above and 11 below, `yhat` is y with a hat (see `graph.names`). A
name keeps the user's spelling as its text.
"""

from __future__ import annotations

import re
from functools import cache

from cgraph.graph.names import LONGEST_NAME, read
from cgraph.notation.math import Hat, Math, Named, Script, Sym, row
from cgraph.quoting import GREEK


@cache
def name(spelling: str) -> Math:
    """A name as it is printed.

    >>> from cgraph.notation import latex
    >>> latex(name("w[1]11")), latex(name("yhat")), latex(name("x2")), latex(name("loss"))
    ('w^{[1]}_{11}', '\\\\hat{y}', 'x_{2}', '\\\\mathrm{loss}')
    """
    found = read(spelling)
    if found is None:
        return as_spelled(spelling)
    letter = GREEK.get(found.base, found.base)
    math: Math = Sym(letter, italic=len(letter) == 1)
    if found.hat or found.accent:
        math = Hat(math, found.accent or "hat")
    layer = "" if found.layer is None else f"[{found.layer}]"
    raised = layer + ("" if found.example is None else f"({found.example})") + "′" * found.primes
    if raised or found.below:
        below = _below(found.below.replace("_", ",").replace("-", "−")) if found.below else None
        math = Script(math, Sym(raised) if raised else None, below)
    return Named(math, spelling)


def _below(words: str) -> Math:
    """What stands below: one letter is italic, as in h_t, and so is that of t−1."""
    letter = re.fullmatch(r"([a-z])([+−].*)?", words)
    if letter is None:
        return Sym(words)
    return row(Sym(letter[1], italic=True), letter[2]) if letter[2] else Sym(words, italic=True)


def as_spelled(spelling: str, number: int = 1) -> Math:
    """A name character by character, and not more of it than can be read; the `number`-th that begins like this."""
    shown = printable(spelling)
    if len(shown) > LONGEST_NAME:
        shown = shown[: LONGEST_NAME - 1] + "…"
    return Named(Sym(shown if number == 1 else f"{shown} ({number})"), spelling)


def printable(spelling: str) -> str:
    """A name with □ for what cannot be printed.

    >>> printable("a" + chr(7))
    'a□'
    """
    return "".join(c if c.isprintable() else "□" for c in spelling)

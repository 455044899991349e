"""Names as they are printed: `w[1]11` is w with [1] above and 11 below, `yhat` is y with a hat (see `graph.names`). A
name keeps the user's spelling as its text.
"""

from __future__ import annotations

from functools import cache

from cgraph.graph.names import LONGEST_NAME, read
from cgraph.notation.math import Hat, Math, Named, Script, Sym
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
    if found.hat:
        math = Hat(math)
    layer = "" if found.layer is None else f"[{found.layer}]"
    raised = layer + ("" if found.example is None else f"({found.example})") + "′" * found.primes
    if raised or found.below:
        below = Sym(found.below.replace("_", ",")) if found.below else None
        math = Script(math, Sym(raised) if raised else None, below)
    return Named(math, spelling)


def as_spelled(spelling: str) -> Math:
    """A name character by character, and not more of it than can be read."""
    shown = "".join(c if c.isprintable() else "□" for c in spelling)
    return Named(Sym(shown if len(shown) <= LONGEST_NAME else shown[: LONGEST_NAME - 1] + "…"), spelling)

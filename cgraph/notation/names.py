"""The grammar of names: `w[1]11` is w with [1] above and 11 below, `x(2)1` is x with (2) above (the second example)
and 1 below, `yhat` is y with a hat. A name keeps the user's spelling as its text.
"""

from __future__ import annotations

import re
from functools import cache

from cgraph.notation.math import Hat, Math, Named, Script, Sym
from cgraph.quoting import GREEK

LONGEST_NAME = 32

_NAME = re.compile(
    r"(?P<base>[^\W\d_]+?)(?:_?(?P<hat>hat))?(?:\[(?P<sup>[\w+−-]{1,6})\])?(?P<example>\(\d{1,6}\))?_?"
    r"(?P<sub>(?<![^\W\d])[^\W_]+|\d+(?:_\w+)?|(?<=_)\w+)?(?P<prime>'*)"
)


@cache
def name(spelling: str) -> Math:
    """A name as it is printed.

    >>> from cgraph.notation import latex
    >>> latex(name("w[1]11")), latex(name("yhat")), latex(name("x2")), latex(name("loss"))
    ('w^{[1]}_{11}', '\\\\hat{y}', 'x_{2}', '\\\\mathrm{loss}')
    """
    found = _NAME.fullmatch(spelling) if len(spelling) <= LONGEST_NAME else None
    if found is None:
        shown = "".join(c if c.isprintable() else "□" for c in spelling)
        return Named(Sym(shown if len(shown) <= LONGEST_NAME else shown[: LONGEST_NAME - 1] + "…"), spelling)
    base, sup, sub = found["base"], found["sup"], found["sub"]
    letter = GREEK.get(base, base)
    math: Math = Sym(letter, italic=len(letter) == 1)
    if found["hat"]:
        math = Hat(math)
    raised = (f"[{sup}]" if sup else "") + (found["example"] or "") + "′" * len(found["prime"])
    if raised or sub:
        math = Script(math, Sym(raised) if raised else None, Sym(sub.replace("_", ",")) if sub else None)
    return Named(math, spelling)

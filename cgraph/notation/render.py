"""A tree of mathematics as plain text and as LaTeX."""

from __future__ import annotations

from cgraph import quoting
from cgraph.notation.math import Blank, Frac, Grid, Group, Hat, Math, Named, Script, Sym

_SUBSCRIPTS = str.maketrans("0123456789−", "₀₁₂₃₄₅₆₇₈₉₋")
_SUPERSCRIPTS = str.maketrans("0123456789−+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺")
FIGURE = 12.0  # points: the size of letters for which a field to write in has its answer in the middle
_TURNED = {"T": "ᵀ", "−T": "⁻ᵀ"}
_SPACE = {"rel": " ", "bin": " ", "thin": "", "": ""}


def text(math: Math) -> str:
    """Plain text: fractions with a slash, names as they were spelled."""
    if isinstance(math, Named):
        return quoting.terminal(math.spelling)
    if isinstance(math, Sym):
        return f"{_SPACE[math.space]}{math.text}{_SPACE[math.space]}"
    if isinstance(math, Group):
        return "".join(map(text, math.parts))
    if isinstance(math, Frac):
        return f"{text(math.top)}/{text(math.bottom)}"
    if isinstance(math, Hat):
        return f"{text(math.base)}{math.mark}"
    if isinstance(math, Grid):
        return f"[{', '.join('[' + ', '.join(map(text, row)) + ']' for row in math.rows)}]"
    if isinstance(math, Blank):
        return "____" if math.inside is None else text(math.inside)
    sup, sub = ("" if part is None else text(part) for part in (math.sup, math.sub))
    raised = _TURNED[sup] if sup in _TURNED else sup.translate(_SUPERSCRIPTS) if _is_figures(sup) else f"^{_one(sup)}"
    lowered = sub.translate(_SUBSCRIPTS) if _is_figures(sub) else f"_{_one(sub)}"
    return text(math.base) + raised + lowered


def _is_figures(script: str) -> bool:
    return script.strip("0123456789−") == ""


def _one(script: str) -> str:
    """A script as one word, in brackets where it is more."""
    return script if script.isalnum() else f"({script})"


def latex(math: Math) -> str:
    """LaTeX for math mode, in ASCII: plain pdflatex and MathJax take it."""
    if isinstance(math, Named):
        return latex(math.math)
    if isinstance(math, Sym):
        escaped = quoting.latex(math.text)
        word = len(math.text) > 1 and math.text.replace(" ", "").isalpha()
        return rf"\mathrm{{{escaped}}}".replace(" ", r"\ ") if word else escaped.strip()
    if isinstance(math, Group):
        return " ".join(filter(None, map(latex, math.parts)))
    if isinstance(math, Frac):
        return rf"\frac{{{latex(math.top)}}}{{{latex(math.bottom)}}}"
    if isinstance(math, Hat):
        return rf"\{math.mark}{{{latex(math.base)}}}"
    if isinstance(math, Grid):
        rows = r" \\ ".join(" & ".join(map(latex, row)) for row in math.rows)
        return rf"\left[\begin{{array}}{{{'c' * len(math.rows[0])}}}{rows}\end{{array}}\right]"
    if isinstance(math, Blank):
        inside = "" if math.inside is None else f"${latex(math.inside)}$"
        strut = rf"\rule[{0.3 * FIGURE - math.height / 2:.1f}pt]{{0pt}}{{{math.height:.1f}pt}}"
        return rf"\vcenter{{\hbox{{\fboxsep=0pt\framebox[{math.width:.1f}pt]{{{strut}{inside}}}}}}}"
    sup = "" if math.sup is None else "^{" + latex(math.sup).replace("'", r"\prime ").strip() + "}"
    base, inner = latex(math.base), _unnamed(math.base)
    if isinstance(inner, Script) and ((inner.sup and sup) or (inner.sub and math.sub)):
        base = f"{{{base}}}"  # LaTeX takes no second script on one side
    return base + sup + ("" if math.sub is None else f"_{{{latex(math.sub)}}}")


def spellings(math: Math) -> set[str]:
    """The names in a formula, as they were spelled.

    >>> from cgraph.notation import name, row
    >>> sorted(spellings(row(name("w[1]"), "+", name("b"))))
    ['b', 'w[1]']
    """
    found: set[str] = set()
    waiting: list[Math | None] = [math]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Named):
            found.add(part.spelling)
        elif isinstance(part, Group):
            waiting += part.parts
        elif isinstance(part, Frac):
            waiting += [part.top, part.bottom]
        elif isinstance(part, Grid):
            waiting += [entry for line in part.rows for entry in line]
        elif isinstance(part, Hat):
            waiting.append(part.base)
        elif isinstance(part, Blank):
            waiting.append(part.inside)
        elif isinstance(part, Script):
            waiting += [part.base, part.sup, part.sub]
    return found


def _unnamed(math: Math) -> Math:
    return _unnamed(math.math) if isinstance(math, Named) else math

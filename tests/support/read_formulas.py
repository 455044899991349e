"""A reader of formulas between numbers as they are printed: their value with SymPy, from what their names are worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sympy

from cgraph.notation import Frac, Group, Math, Named, Script, Sym, spellings

FUNCTIONS: Mapping[str, Any] = {
    **{
        name: getattr(sympy, name)
        for name in ("exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "erf", "atan")
    },
    "σ": lambda x: 1 / (1 + sympy.exp(-x)),
    "ReLU": lambda x: sympy.Max(x, 0),
    "√": sympy.sqrt,
}
_SIGNS = {"·": "*", "×": "*", "−": "-", "=": "=="}
READ = set("0123456789.+*/(), ") | set(_SIGNS)


class NotReadError(Exception):
    """The formula has a word in it that is not read here."""


def value(formula: Math, worth: Mapping[str, Any]) -> float:
    """The number that a formula is where its names are worth these."""
    names = {spelling: f"N{i}_" for i, spelling in enumerate(sorted(spellings(formula)))}
    tokens: list[str] = []
    for token in _tokens(formula, names):
        if tokens and _ends(tokens[-1]) and _begins(token):
            tokens.append("*")
        tokens.append(token)
    known = {f"F{i}_": function for i, function in enumerate(FUNCTIONS.values())}
    known |= {short: sympy.Float(worth[spelling], 30) for spelling, short in names.items()}
    return float(sympy.sympify(" ".join(tokens), locals=known))


def _ends(token: str) -> bool:
    return token == ")" or token[-1].isdigit() or (token.startswith("N") and token.endswith("_"))


def _begins(token: str) -> bool:
    return token == "(" or token[0].isdigit() or token.endswith("_")


def _tokens(math: Math, names: Mapping[str, str]) -> Iterator[str]:
    if isinstance(math, Named):
        yield names[math.spelling]
    elif isinstance(math, Group):
        for part in math.parts:
            yield from _tokens(part, names)
    elif isinstance(math, Frac):
        yield from ("(", "(", *_tokens(math.top, names), ")", "/", "(", *_tokens(math.bottom, names), ")", ")")
    elif isinstance(math, Script) and math.sup is not None and math.sub is None:
        yield from (*_tokens(math.base, names), "**", "(", *_tokens(math.sup, names), ")")
    elif isinstance(math, Sym) and math.text.strip() in FUNCTIONS:
        yield f"F{list(FUNCTIONS).index(math.text.strip())}_"
    elif isinstance(math, Sym):
        yield from _signs(math.text)
    else:
        raise NotReadError(f"{type(math).__name__}: {math}")


def _signs(text: str) -> Iterator[str]:
    word = ""
    for char in text:
        if char in READ and (char.isdigit() or char == "."):
            word += char
            continue
        if word:
            yield word
            word = ""
        opened = text.rstrip("(") in FUNCTIONS
        if opened:
            yield from (f"F{list(FUNCTIONS).index(text.rstrip('('))}_", "(")
            return
        if char not in READ:
            raise NotReadError(text)
        if char.strip():
            yield _SIGNS.get(char, char)
    if word:
        yield word

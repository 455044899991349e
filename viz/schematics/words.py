"""The labels of schematics: unit names with real subscripts, dimensions, shapes."""

from __future__ import annotations

import re

from cgraph import notation
from cgraph.notation import Group, Hat, Math, Named, Script, Sym

VOCABULARY = "V"  # the dimension that is written |V|


def dimension(size: int | str) -> Math:
    """A size as it is written: 3, d, n₀, and |V| for the vocabulary.

    >>> notation.text(dimension("V")), notation.text(dimension("Nd")), notation.text(dimension("d_h"))
    ('|V|', 'Nd', 'd_h')
    """
    if size == VOCABULARY:
        return Named(Group((Sym("|"), Sym("V", italic=True), Sym("|"))), "|V|")
    if isinstance(size, str) and re.fullmatch("[A-Za-z]{2,3}", size):
        return Named(Group(tuple(Sym(letter, italic=True) for letter in size)), size)
    if isinstance(size, str) and re.fullmatch("[a-z]_[a-z]", size):
        return Named(Script(Sym(size[0], italic=True), sub=Sym(size[2], italic=True)), size)
    return notation.name(str(size)) if isinstance(size, str) else Sym(str(size))


def shape(*sizes: int | str) -> Math:
    """A shape in brackets.

    >>> notation.text(shape(1, "d_h"))
    '[1×d_h]'
    """
    parts: list[Math] = []
    for size in sizes:
        parts += [*([Sym("×", space="thin")] if parts else []), dimension(size)]
    return Group((Sym("["), *parts, Sym("]")))


def unit_name(letter: str, index: int | str) -> Math:
    """The name of one unit: a letter, ŷ with its hat, and a real subscript.

    >>> notation.text(unit_name("ŷ", 2)), notation.text(unit_name("x", "n0"))
    ('ŷ2', 'xn0')
    """
    below = dimension(index)
    return Named(Script(vector(letter), sub=below), letter + notation.text(below))


def vector(letter: str) -> Math:
    """The name of a layer's vector, or any single letter; ŷ has its hat drawn."""
    base: Math = Sym(letter[0], italic=len(letter) == 1)
    if letter == "ŷ":
        return Named(Hat(Sym("y", italic=True)), "ŷ")
    return base if len(letter) == 1 else notation.name(letter)


def words(line: str) -> Math:
    """Upright words."""
    return Sym(line)


def lines(*written: str) -> tuple[Math, ...]:
    """Lines of upright words."""
    return tuple(map(words, written))

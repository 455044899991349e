"""The grammar of names, as the chapter and papers write them.

`w[1]21` is w of layer [1] with 21 below, `x(2)1` and `x^(2)_1` are x of the second example with 1 below, `yhat` and `ŷ`
are y with a hat, `ctilde` and `c̃` c with a tilde; `h_{t-1}` has t-1 below, `W_Q[1]` is W of layer [1] with Q below. In
`left z[1]` and `left.W` the scope is `left`.
A name may be anything; these functions say what is read in it, and make the names of layers and of units.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

LONGEST_NAME = 32

_NAME = re.compile(
    r"(?P<base>[^\W\d_]+?)(?:(?P<mark>[\u0302\u0303\u0304\u0307])|_?(?P<hat>hat)|(?<=^.)(?P<accent>tilde|bar|dot))?"
    r"(?:_(?P<first>[^\W_]+|\{[^{}]{1,20}\})(?=\[|\^?\(\d))?"
    r"(?:\[(?P<layer>[\w+−-]{1,6})\])?(?:\^?\((?P<example>\d{1,6})\))?_?"
    r"(?P<below>(?<![^\W\d])[^\W_]+|\d+(?:_\w+)?|(?<=_)\w+|(?<=_)\{[^{}]{1,20}\})?(?P<primes>'*)"
)
MARKS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot"}
_LAYER, _SCOPE, _EXAMPLE = re.compile(r"\[([\w+-]+)\]"), re.compile(r"(.+)[./]"), re.compile(r"\(\d+\)")


class Name(NamedTuple):
    """What a name says: z[1](2)3 is the base z in the layer "1", of the example "2", with "3" below.

    `accent` is what else than a hat it has: "tilde", "bar" or "dot".
    """

    base: str
    hat: bool
    layer: str | None
    example: str | None
    below: str | None
    primes: int
    accent: str = ""


@cache
def read(spelling: str) -> Name | None:
    """The parts of a name without a scope; None for what is no name of the chapter's kind, or longer than 32 letters.

    >>> read("w[1]21"), read("yhat").hat, read("x(2)1").example, read("my weights")
    (Name(base='w', hat=False, layer='1', example=None, below='21', primes=0, accent=''), True, '2', None)
    """
    found = _NAME.fullmatch(_apart(spelling)) if len(spelling) <= LONGEST_NAME else None
    if found is None or (found["first"] and found["below"]):
        return None
    accent = MARKS.get(found["mark"] or "", found["accent"] or "")
    hat, below = found["hat"] is not None or accent == "hat", found["first"] or found["below"]
    below = below and below.strip("{}")
    return Name(
        found["base"], hat, found["layer"], found["example"], below, len(found["primes"]), "" if hat else accent
    )


def _apart(spelling: str) -> str:
    """A name whose first letter has its accent apart: y and a hat for ŷ."""
    if spelling[:1].isascii():
        return spelling
    import unicodedata

    letters = unicodedata.normalize("NFD", spelling[0])
    return letters + spelling[1:] if letters[1:] in MARKS else spelling


def read_scoped(spelling: str) -> Name | None:
    """The parts of a name, or of its last word when the words before it are a scope.

    >>> read_scoped("left z[1]").layer
    '1'
    """
    return read((spelling.split() or [""])[-1])


def layer_of(spelling: str) -> str | None:
    """What stands first in square brackets, anywhere in a name: its layer.

    >>> layer_of("left z[1](2)3"), layer_of("z")
    ('1', None)
    """
    found = _LAYER.search(spelling)
    return found and found[1]


def scope_of(spelling: str) -> str | None:
    """What stands before the last point or stroke of a name: `encoder` in `encoder.W`.

    >>> scope_of("net/encoder.W"), scope_of("W")
    ('net/encoder', None)
    """
    found = _SCOPE.match(spelling)
    return found and found[1]


def of_layer(base: str, layer: int | str, scope: str = "") -> str:
    """The name of something in a layer.

    >>> of_layer("W", 1), of_layer("z", 2, "left ")
    ('W[1]', 'left z[2]')
    """
    return f"{scope}{base}[{layer}]"


def beside(spelling: str, base: str) -> str | None:
    """The name of what belongs to the same layer and index: b[1] beside W[1]; None beside what has another form.

    >>> beside("W[1]", "b"), beside("weights", "b")
    ('b[1]', None)
    """
    return f"{base}{spelling[1:]}" if spelling[:1] == "W" else None


def of_element(spelling: str, numbers: Sequence[int], *, example: int | None = None, wide: bool = False) -> str:
    """The name of one element: subscripts from 1, the example in round brackets, `_` between numbers of two digits.

    >>> of_element("w[1]", (2, 1)), of_element("x", (3,), example=2), of_element("x2", (1, 12), wide=True)
    ('w[1]21', 'x(2)3', 'x2_1_12')
    """
    above = "" if example is None else f"({example})"
    apart = "_" if numbers and spelling[-1].isdigit() and not above else ""
    return f"{spelling}{above}{apart}{('_' if wide else '').join(map(str, numbers))}"


def of_one_unit(spelling: str) -> str:
    """The name of a unit, for all examples: without the number of one.

    >>> of_one_unit("a[1](2)3")
    'a[1]3'
    """
    return _EXAMPLE.sub("", spelling)


def small(spelling: str) -> str:
    """A matrix in lower case, as its elements are written: w[1] of W[1]. L stays, which is a loss.

    >>> small("W[1]"), small("L"), small("Wide")
    ('w[1]', 'L', 'Wide')
    """
    matrix = re.fullmatch(r"[A-KM-Z](\[[^]]*\])?", spelling)
    return spelling[0].lower() + spelling[1:] if matrix else spelling

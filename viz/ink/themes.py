"""Themes: the colours and sizes of a picture. Every word and every stroke that means something has a contrast of 4.5:1.

Only what a zero gradient leaves, `pale`, is fainter on purpose: nothing flows there, and its words are not faint.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from math import floor, isfinite
from typing import Any, TypeAlias

from cgraph.errors import ContrastWarning, ValueRefusedError, did_you_mean
from viz.ink.colours import contrast, hexadecimal, mixed


@dataclass(frozen=True)
class Theme:
    """Colours as #rrggbb, sizes in points. `tag` is what a local derivative stands on."""

    name: str
    background: str = "#ffffff"
    text: str = "#111111"
    box: str = "#ffffff"
    border: str = "#333333"
    trainable: str = "#d8efe9"
    forward: str = "#1f5fa8"
    backward: str = "#a63922"
    local: str = "#6b6100"
    tag: str = "#f6f0cc"
    proof: str = "#1b6e3c"
    constant_border: str = "#757575"
    faint: str = "#5c5c5c"
    pale: str = "#d5a79e"
    negative: str = "#0b4f9e"
    positive: str = "#a34400"
    title_size: float = 15.0
    value_size: float = 12.5
    label_size: float = 12.5
    caption_size: float = 13.0


TEXTBOOK = Theme("textbook")
DARK = Theme(
    "dark",
    background="#16181d",
    text="#f2f2f2",
    box="#23262d",
    border="#c8c8c8",
    trainable="#1b423b",
    forward="#8fbdf2",
    backward="#ff9c85",
    local="#d9cc5a",
    tag="#37341c",
    proof="#7fd6a0",
    constant_border="#9a9a9a",
    faint="#bdbdbd",
    pale="#7a4a40",
    negative="#9cc8ff",
    positive="#ffb37a",
)
PRINT = Theme(
    "print",
    trainable="#e6e6e6",
    forward="#222222",
    backward="#222222",
    local="#4d4d4d",
    tag="#e9e9e9",
    proof="#222222",
    constant_border="#6f6f6f",
    pale="#bbbbbb",
    negative="#4f4f4f",
    positive="#4f4f4f",
)
THEMES = {theme.name: theme for theme in (TEXTBOOK, DARK, PRINT)}


ThemeLike: TypeAlias = "str | Theme | Mapping[str, Any]"
BASE, OWN = "base", "own"
FADED = 0.76  # of what is not highlighted, how much is background
WORDS, STROKES = 4.5, 3.0  # the least contrasts

_GROUNDS: dict[str, tuple[str, ...]] = {  # on which colours words and strokes stand
    "text": ("background", "box", "trainable"),
    "forward": ("background", "box", "trainable"),
    "backward": ("background", "box", "trainable"),
    "faint": ("background", "box", "trainable"),
    "proof": ("background", "box", "trainable"),
    "local": ("background", "tag"),
    "background": ("text",),
}
_STROKES: dict[str, tuple[str, ...]] = {"border": ("background",), "constant_border": ("background", "box")}


def theme_named(of: ThemeLike) -> Theme:
    """A theme by its name, or one of your own: a Theme, or a mapping of its colours and sizes over those of a `base`.

    A pair of colours that is hard to read is told by a ContrastWarning. Raises ValueRefusedError for a theme, a colour
    or a size that there is not.

    >>> theme_named({"base": "dark", "forward": "#9cf"}).forward
    '#99ccff'
    """
    if isinstance(of, str):
        if of not in THEMES:
            near = did_you_mean(of, THEMES, "")
            fix = f"choose one of {', '.join(THEMES)}" + (f"; {near}" if near else "")
            raise ValueRefusedError(f"there is no theme {of!r}", fix=fix)
        return THEMES[of]
    values: Any = vars(of) if isinstance(of, Theme) else of
    if not isinstance(values, Mapping):
        fix = 'give a name, a mapping such as {"forward": "#004488"}, or a Theme'
        raise ValueRefusedError(f"{type(of).__name__} is no theme", fix=fix)
    made = _own(values)
    told = unreadable(made)
    if told:
        warnings.warn(f"hard to read in this theme: {'; '.join(told)}", ContrastWarning, stacklevel=3)
    return made


def _own(values: Mapping[str, Any]) -> Theme:
    """A theme of a user's own, checked colour by colour."""
    base = theme_named(str(values.get(BASE, TEXTBOOK.name)))
    known = {field.name: field for field in fields(Theme)}
    given: dict[str, Any] = {"name": OWN}
    for name, value in values.items():
        if name == BASE:
            continue
        if name not in known:
            near = did_you_mean(name, [*known, BASE], f"it has {', '.join(known)} and {BASE}")
            raise ValueRefusedError(f"a theme has no {name!r}", fix=near)
        given[name] = (
            value
            if name == "name"
            else _size(value, name)
            if known[name].type == "float"
            else hexadecimal(value, f"{name} in a theme")
        )
    return replace(base, **{**given, "name": str(given["name"])})


def _size(value: Any, name: str) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (number and isfinite(value) and 1 <= value <= 200):
        raise ValueRefusedError(f"the {name} of a theme is {value!r}", fix="give points, from 1 to 200")
    return float(value)


def unreadable(theme: Theme) -> list[str]:
    """The pairs of a theme that are hard to read: which they are, and what contrast they have."""
    found = []
    for least, pairs in ((WORDS, _GROUNDS), (STROKES, _STROKES)):
        for mark, grounds in pairs.items():
            for ground in grounds:
                one, other = getattr(theme, mark), getattr(theme, ground)
                found_here = contrast(one, other)
                if found_here < least:
                    said = f"{floor(100 * found_here) / 100:g}:1, less than {least:g}:1"
                    found.append(f"{mark} {one} on {ground} {other} ({said})")
    return found


def faded(theme: Theme) -> Theme:
    """The theme of what is not highlighted: every colour most of the way to the background."""
    ground = theme.background
    colours = {
        f.name: mixed(getattr(theme, f.name), ground, FADED)
        for f in fields(theme)
        if f.type == "str" and f.name not in ("name", "background")
    }
    return replace(theme, **colours)  # type: ignore[arg-type]


def colour_of(role: str, theme: Theme) -> str:
    """The colour of words by what they say."""
    return {
        "value": theme.forward,
        "gradient": theme.backward,
        "backward": theme.backward,
        "local": theme.local,
        "proof": theme.proof,
        "shape": theme.faint,
        "caption": theme.faint,
        "frame title": theme.faint,
        "badge": theme.background,
    }.get(role, theme.text)

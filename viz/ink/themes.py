"""Themes: the colours and sizes of a picture. Every word and every stroke that means something has a contrast of 4.5:1.

Only what a zero gradient leaves, `pale`, is fainter on purpose: nothing flows there, and its words are not faint.
"""

from __future__ import annotations

from dataclasses import dataclass

from cgraph.errors import ValueRefusedError


@dataclass(frozen=True)
class Theme:
    """Colours as #rrggbb, sizes in points."""

    name: str
    background: str = "#ffffff"
    text: str = "#111111"
    box: str = "#ffffff"
    border: str = "#333333"
    trainable: str = "#d8efe9"
    forward: str = "#1f5fa8"
    backward: str = "#b3402a"
    local: str = "#6b6100"
    proof: str = "#1b6e3c"
    constant_border: str = "#757575"
    faint: str = "#5c5c5c"
    pale: str = "#d5a79e"
    negative: str = "#0b4f9e"
    positive: str = "#a34400"
    title_size: float = 16.0
    value_size: float = 13.0
    label_size: float = 13.0
    caption_size: float = 13.0


TEXTBOOK = Theme("textbook")
DARK = Theme(
    "dark",
    background="#16181d",
    text="#f2f2f2",
    box="#23262d",
    border="#c8c8c8",
    trainable="#1d4a42",
    forward="#8fbdf2",
    backward="#ff9c85",
    local="#d9cc5a",
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
    proof="#222222",
    constant_border="#6f6f6f",
    pale="#bbbbbb",
    negative="#4f4f4f",
    positive="#4f4f4f",
)
THEMES = {theme.name: theme for theme in (TEXTBOOK, DARK, PRINT)}


def theme_named(name: str) -> Theme:
    """The theme of this name. Raises ValueRefusedError."""
    if name not in THEMES:
        raise ValueRefusedError(f"there is no theme {name!r}", fix=f"choose one of {', '.join(THEMES)}")
    return THEMES[name]


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
        "badge": theme.background,
    }.get(role, theme.text)

"""Colours as numbers: how they are written, how light they are, how well one is read on another, what two mix to."""

from __future__ import annotations

import re

from cgraph.errors import ValueRefusedError

_WRITTEN = re.compile("#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})", re.ASCII)


def hexadecimal(colour: object, of: str) -> str:
    """A colour as #rrggbb, for what is `of` it. Raises ValueRefusedError for what is no colour.

    >>> hexadecimal("#FA0", "the box a")
    '#ffaa00'
    """
    if not isinstance(colour, str) or not _WRITTEN.fullmatch(colour.strip()):
        raise ValueRefusedError(
            f"the colour of {of} is {str(colour)[:40]!r}",
            why="a colour is # and six digits from 0 to f, red, green and blue",
            fix='write one such as "#ffd54f"',
        )
    digits = colour.strip().lower()[1:]
    return "#" + (digits if len(digits) == 6 else "".join(2 * d for d in digits))


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of a #rrggbb, from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mixed(one: str, other: str, share: float) -> str:
    """A colour between two, with this share of the other.

    >>> mixed("#000000", "#ffffff", 0.5), mixed("var(--text)", "var(--box)", 0.75)
    ('#808080', 'color-mix(in srgb, var(--text) 25%, var(--box))')
    """
    if not (one.startswith("#") and other.startswith("#")):  # variables of a page
        return f"color-mix(in srgb, {one} {100 * (1 - share):g}%, {other})"
    parts = [round(a + (b - a) * share) for a, b in zip(channels(one), channels(other), strict=True)]
    return "#" + "".join(f"{c:02x}" for c in parts)


def luminance(colour: str) -> float:
    """The relative luminance of a colour (WCAG 2.2), from 0 to 1."""
    red, green, blue = (c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (WCAG 2.2), from 1 to 21.

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def ink(fill: str) -> str:
    """Black or white, whichever is read better on a colour; its contrast is at least 4.58:1.

    >>> ink("#ffffff"), ink("#003c8a")
    ('#000000', '#ffffff')
    """
    return max(("#000000", "#ffffff"), key=lambda words: contrast(words, fill))

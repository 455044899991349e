"""Makes viz/ink/glyphs.json: the measures and the outlines of the characters that pictures use most.

Reading them takes two milliseconds; reading the font takes a hundred times as long. Run `python docs/glyphs.py` after a
change of the font or of what is kept; a test compares all of it with the font.
"""

from __future__ import annotations

import json
from pathlib import Path

from viz.ink import font

PLACE = Path(__file__).parents[1] / "viz" / "ink" / "glyphs.json"
NOTICE = (
    "Of STIX Two Math, Copyright 2001-2021 The STIX Fonts Project Authors (https://github.com/stipub/stixfonts), "
    "SIL Open Font License 1.1, https://openfontlicense.org"
)
RANGES = (
    (0x20, 0x7E),  # Basic Latin
    (0xA0, 0xFF),  # its supplement
    (0x2C6, 0x2DD),  # hats
    (0x391, 0x3C9),  # Greek
    (0x1D40, 0x1D40),  # a raised T, which the font lacks
    (0x2010, 0x2044),  # dashes, dots, primes
    (0x2070, 0x209C),  # raised and lowered letters
    (0x210E, 0x2113),
    (0x2190, 0x2199),  # arrows
    (0x2200, 0x226B),  # operators
    (0x2295, 0x22C6),
    (0x25A1, 0x25A1),
    (0x2713, 0x2713),
    (0x1D434, 0x1D467),  # italic letters
    (0x1D6FC, 0x1D714),  # of Greek
)


def glyphs() -> str:
    """The text of the file, a line a character; null is one that the font lacks."""
    chars = [chr(code) for first, last in RANGES for code in range(first, last + 1)]
    lines = ",\n".join(f"{json.dumps(char)}: {json.dumps(font.read(char))}" for char in chars)
    return f'{{\n"notice": {json.dumps(NOTICE)},\n"em": {font.em()},\n"glyphs": {{\n{lines}\n}}\n}}\n'


if __name__ == "__main__":
    PLACE.write_text(glyphs(), encoding="ascii")

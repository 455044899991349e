"""The math font: its characters' measures and outlines, from a table of those that are used most or from its file."""

from __future__ import annotations

import importlib.util
import json
import os
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cgraph.errors import missing_package

FONT, FAMILY = "STIXTwoMath-Regular.ttf", "STIX Two Math"
MISSING = "□"  # what stands for a character that the font lacks
TABLE = Path(__file__).parent / "glyphs.json"  # made by docs/glyphs.py


class Outline(NamedTuple):
    """A character of the font: its advance, lowest and highest point in units of the font, and its SVG path."""

    advance: float
    low: float
    high: float
    path: str


@cache
def has(char: str) -> bool:
    """Whether the font has a character; in place of others stands a box."""
    table = _table()["glyphs"]
    return table[char] is not None if char in table else bool(_font().glyph(char).index)


@cache
def metrics(char: str) -> tuple[float, float, float]:
    """(advance, lowest, highest point) of a character, in ems."""
    found, em = _found(char), _table()["em"]
    return found.advance / em, found.low / em, found.high / em


def outline(char: str) -> str:
    """The SVG path of a character, 1000 units to the em, on the baseline at the origin."""
    return _found(char).path


@cache
def _found(char: str) -> Outline:
    known = _table()["glyphs"].get(char) or read(char) or _found(MISSING)
    return Outline(*known)


@cache
def _table() -> Any:
    return json.loads(TABLE.read_text(encoding="ascii"))


# The file of the font ------------------------------------------------------------------------------------------------
@cache
def _font() -> Any:
    """The math font of ziamath."""
    from ziafont.font import Font

    return Font(font_file())


def font_file() -> str:
    """The file of the math font. Importing its package itself would cost 0.15 s."""
    package = importlib.util.find_spec("ziamath")
    if package is None or not package.submodule_search_locations:
        raise missing_package("ziamath", "plots", "setting formulas")
    return os.path.join(package.submodule_search_locations[0], "fonts", FONT)


def em() -> int:
    """The units of an em in the font."""
    units: int = _font().info.layout.unitsperem
    return units


def read(char: str) -> Outline | None:
    """A character as the font's file has it; None where it has not."""
    glyph = _font().glyph(char)
    if not glyph.index and char != MISSING:
        return None
    path = glyph.svgpath(x0=0, y0=0, scale_factor=1000 / glyph.DFLT_SIZE_PT)
    bounds = glyph.path.bbox
    return Outline(glyph.advance(), bounds.ymin, bounds.ymax, "" if path is None else _shortened(path.attrib["d"]))


def _shortened(path: str) -> str:
    """The same path with whole units and no needless spaces."""
    out: list[str] = []
    for token in path.split():
        if token.isalpha():
            out.append(token)
        else:
            value = str(round(float(token)))
            out.append(value if not out or out[-1].isalpha() or value.startswith("-") else f" {value}")
    return "".join(out)

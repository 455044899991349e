"""Where a node was built: kept as what costs nothing to keep, and put into words only when somebody asks."""

from __future__ import annotations

import linecache
import os
import sys
from types import CodeType
from typing import TypeAlias

from cgraph.graph.scope import HERE, Scope, here

Place: TypeAlias = "tuple[CodeType | str, int, Scope | None]"
"""The code and the instruction that built a node, or words for them, and the scope that was open."""
Origin: TypeAlias = "Place | str"
"""A place, or words for it; what they build belongs to the scope that is open."""


def caller() -> Place:
    """The first frame outside this package; its line is looked up only when somebody asks."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(HERE):
        frame = frame.f_back
    return frame.f_code, frame.f_lasti, here()


def describe(origin: Origin) -> str:
    """An origin as errors show it: `net.py, line 12: d = 2 * b`."""
    code, instruction = (origin, 0) if isinstance(origin, str) else origin[:2]
    if isinstance(code, str):
        return code
    line = list(code.co_positions())[instruction // 2][0] or code.co_firstlineno
    source = one_line(linecache.getline(code.co_filename, line))
    return f"{os.path.basename(code.co_filename)}, line {line}" + (f": {source}" if source else "")


def one_line(text: str) -> str:
    """A text on one line of at most 70 characters."""
    text = " ".join(text.split())
    return text if len(text) <= 70 else text[:67] + "..."

"""An op of the table by its name, for what is written in several of them."""

from __future__ import annotations

from typing import Any

from cgraph.graph.node import Node, build
from cgraph.ops import TABLE


def op(name: str, *operands: Any, **attrs: Any) -> Node:
    """A node of the table's op with this name."""
    return build(TABLE[name], *operands, **attrs)

"""Frames as clusters of DOT."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from viz.graphs.words.drawing import Frame, nested


def clusters(titles: Mapping[Frame, str], inside: Mapping[str, Iterable[str]]) -> list[str]:
    """Frames as clusters of DOT, the inner in the outer ones, with the attributes that make their titles."""
    lines: list[str] = []
    for frame, begins in nested(titles):
        if begins:
            lines.append(f'\tsubgraph "cluster_{frame.id}" {{\n\t\tgraph [{titles[frame]}]\n')
            lines += [f"\t\t{name}\n" for name in inside[frame.id]]
        else:
            lines.append("\t}\n")
    return lines

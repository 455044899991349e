"""What a diagnosis found, written on the boxes of a picture."""

from __future__ import annotations

from dataclasses import replace

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.notation import Sym
from viz.diagnosis.diagnose import Diagnosis
from viz.diagnosis.finding import ZERO
from viz.graphs.words.drawing import OUTLINE, BoxText, Drawing
from viz.ink.lines import clean


def badged(drawing: Drawing, graph: Graph, diagnosis: Diagnosis) -> Drawing:
    """A drawing with a badge on each box of which a diagnosis has a finding, and the finding in its title.

    Raises ValueRefusedError for the diagnosis of another graph.
    """
    findings: dict[str, list[str]] = {}
    badges: dict[str, str] = {}
    for finding in diagnosis:
        if finding.node not in graph.index:
            raise ValueRefusedError(
                f"the diagnosis is of another graph: {finding.name} is not in this one",
                fix="give diagnosis=viz.diagnose(bwd) of the very pass that is drawn",
            )
        for node in [graph[name] for name in finding.names] if finding.kind == ZERO else [finding.node]:
            key = f"n{graph.position(node)}"
            findings.setdefault(key, []).append(f"{finding.kind}: {finding.what}")
            badges.setdefault(key, finding.badge)
    boxes = tuple(
        _badged(b, badges[b.id], findings[b.id], drawing.detail) if b.id in badges else b for b in drawing.boxes
    )
    return replace(drawing, boxes=boxes)


def _badged(box: BoxText, words: str, findings: list[str], detail: str) -> BoxText:
    title = clean("\n".join([box.title, *findings]))
    if detail == OUTLINE or any(role == "badge" for role, _ in box.lines):
        return box._replace(title=title)
    return box._replace(title=title, lines=(*box.lines, ("badge", (("badge", Sym(words)),))))

"""From a graph or the records of a pass to what is written on its picture."""

from __future__ import annotations

from dataclasses import replace

from cgraph.errors import ValueRefusedError
from viz.asked import NO_PROOFS, Passes, Proofs
from viz.graphs.words.boxes import box_text
from viz.graphs.words.drawing import DETAILS, DIGITS, FULL, OUTLINE, STYLES, Drawing, detail_for
from viz.graphs.words.edges import edge_texts
from viz.graphs.words.fold import WAYS, folds
from viz.graphs.words.folded import folded_drawing
from viz.graphs.words.named import Named
from viz.graphs.words.near import boxes_near, near, part_of
from viz.graphs.words.outline import outline
from viz.graphs.words.subject import Subject, hidden


def annotate(
    passes: Passes,
    style: str,
    detail: str | None,
    proofs: Proofs = NO_PROOFS,
    fold: str | bool | None = False,
    digits: int = DIGITS,
    around: tuple[Named, int] | None = None,
) -> Drawing:
    """What is written on the picture of a graph (symbols), a forward pass, or a backward pass (numbers).

    `around` is a node and how many edges the picture goes from it; `digits` are those of numbers.

    Raises ValueRefusedError for a choice that there is not.
    """
    ways = (None, False, *WAYS)
    for what, given, allowed in (("style", style, STYLES), ("detail", detail or FULL, DETAILS), ("fold", fold, ways)):
        if given not in allowed:
            raise ValueRefusedError(
                f"there is no {what} {given!r}", fix=f"choose one of {', '.join(map(str, allowed))}"
            )
    graph, part = passes.graph, ""
    without = hidden(graph, style)
    if around is not None and fold in (None, False):
        shown = near(graph, *around, without)
        part = part_of(graph, *around, len(shown), len(graph) - len(without))
        without, fold = {n for n in graph.nodes if n not in shown}, False
    large = detail_for(len(graph) - len(without)) == OUTLINE
    found = folds(graph, fold if isinstance(fold, str) else None) if fold or (fold is None and large) else ()
    if found:
        inside = {n for f in found for n in f.nodes}
        detail = detail or detail_for(len(graph) - len(without | inside) + len(found))
        drawing = folded_drawing(Subject(passes, style, detail, without | inside, proofs, digits), found)
        return drawing if around is None else boxes_near(drawing, graph, *around)
    detail = detail or detail_for(len(graph) - len(without))
    if detail == OUTLINE:
        return replace(outline(passes, without, proofs, digits), part=part)
    subject = Subject(passes, style, detail, without, proofs, digits)
    return Drawing(
        tuple(box_text(subject, n) for n in graph.nodes if n not in without),
        edge_texts(subject),
        subject.root_names,
        subject.forward is not None,
        subject.numbers is not None or subject.symbols is not None,
        detail,
        part=part,
        digits=digits,
    )

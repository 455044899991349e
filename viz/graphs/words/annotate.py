"""From a graph or the records of a pass to what is written on its picture."""

from __future__ import annotations

from cgraph.errors import ValueRefusedError
from viz.asked import NO_PROOFS, Passes, Proofs
from viz.graphs.words.boxes import box_text
from viz.graphs.words.drawing import DETAILS, FULL, OUTLINE, STYLES, Drawing, detail_for
from viz.graphs.words.edges import edge_texts
from viz.graphs.words.fold import WAYS, folds
from viz.graphs.words.folded import folded_drawing
from viz.graphs.words.outline import outline
from viz.graphs.words.subject import Subject, hidden


def annotate(
    passes: Passes,
    style: str,
    detail: str | None,
    proofs: Proofs = NO_PROOFS,
    fold: str | bool | None = False,
) -> Drawing:
    """What is written on the picture of a graph (symbols), a forward pass, or a backward pass (numbers).

    Raises ValueRefusedError for a choice that there is not.
    """
    ways = (None, False, *WAYS)
    for what, given, allowed in (("style", style, STYLES), ("detail", detail or FULL, DETAILS), ("fold", fold, ways)):
        if given not in allowed:
            raise ValueRefusedError(
                f"there is no {what} {given!r}", fix=f"choose one of {', '.join(map(str, allowed))}"
            )
    graph = passes.graph
    without = hidden(graph, style)
    large = detail_for(len(graph) - len(without)) == OUTLINE
    found = folds(graph, fold if isinstance(fold, str) else None) if fold or (fold is None and large) else ()
    if found:
        inside = {n for f in found for n in f.nodes}
        detail = detail or detail_for(len(graph) - len(without | inside) + len(found))
        return folded_drawing(Subject(passes, style, detail, without | inside, proofs), found)
    detail = detail or detail_for(len(graph) - len(without))
    if detail == OUTLINE:
        return outline(passes, without, proofs)
    subject = Subject(passes, style, detail, without, proofs)
    return Drawing(
        tuple(box_text(subject, n) for n in graph.nodes if n not in without),
        edge_texts(subject),
        subject.root_names,
        subject.forward is not None,
        subject.numbers is not None or subject.symbols is not None,
        detail,
    )

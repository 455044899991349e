"""From a graph or the records of a pass to what is written on its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.passes.backward import Backward
from cgraph.passes.forward import Forward
from viz.graphs.words.boxes import box_text
from viz.graphs.words.drawing import DETAILS, FULL, OUTLINE, STYLES, Drawing, detail_for
from viz.graphs.words.edges import edge_texts
from viz.graphs.words.fold import WAYS, folds
from viz.graphs.words.folded import folded_drawing
from viz.graphs.words.outline import outline
from viz.graphs.words.proofs import NO_MARKS, marks
from viz.graphs.words.subject import Subject, hidden

if TYPE_CHECKING:
    from cgraph.proof import Report


def annotate(
    of: Graph | Forward | Backward,
    style: str,
    detail: str | None,
    proof: Report | None = None,
    fold: str | bool | None = False,
) -> Drawing:
    """What is written on the picture of a graph (symbols), a forward pass, or a backward pass (numbers).

    Raises ValueRefusedError for a choice that there is not, and for a proof of another graph.
    """
    ways = (None, False, *WAYS)
    for what, given, allowed in (("style", style, STYLES), ("detail", detail or FULL, DETAILS), ("fold", fold, ways)):
        if given not in allowed:
            raise ValueRefusedError(
                f"there is no {what} {given!r}", fix=f"choose one of {', '.join(map(str, allowed))}"
            )
    graph = of if isinstance(of, Graph) else of.graph
    without = hidden(graph, style)
    known = NO_MARKS if proof is None else marks(of, proof)
    large = detail_for(len(graph) - len(without)) == OUTLINE
    found = folds(graph, fold if isinstance(fold, str) else None) if fold or (fold is None and large) else ()
    if found:
        inside = {n for f in found for n in f.nodes}
        detail = detail or detail_for(len(graph) - len(without | inside) + len(found))
        return folded_drawing(Subject(of, style, detail, without | inside, known), found)
    detail = detail or detail_for(len(graph) - len(without))
    if detail == OUTLINE:
        return outline(of, without, known)
    subject = Subject(of, style, detail, without, known)
    return Drawing(
        tuple(box_text(subject, n) for n in graph.nodes if n not in without),
        edge_texts(subject),
        subject.root_names,
        subject.forward is not None,
        subject.numbers is not None or subject.symbols is not None,
        detail,
    )

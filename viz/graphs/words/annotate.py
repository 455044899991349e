"""From a graph or the records of a pass to what is written on its picture."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from cgraph.errors import ValueRefusedError
from viz.asked import NO_PROOFS, Passes, Proofs
from viz.graphs.words.boxes import box_text
from viz.graphs.words.drawing import DETAILS, DIGITS, FULL, OUTLINE, STYLES, Drawing, detail_for
from viz.graphs.words.edges import edge_texts
from viz.graphs.words.fold import LAYERS, WAYS, Folding, folding, parts
from viz.graphs.words.folded import folded_drawing, framed
from viz.graphs.words.named import Named
from viz.graphs.words.near import boxes_near, near, part_of
from viz.graphs.words.outline import outline
from viz.graphs.words.subject import Subject, hidden


class Layers(NamedTuple):
    """How layers are folded: down to which depth, which of them are open, and whether the same ones are one box.

    Where some are `closed` by their names, these are boxes and no others.
    """

    depth: int | None = None
    opened: tuple[str, ...] = ()
    repeats: bool | None = None
    closed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was chosen."""
        return self != (None, (), None, ())


AS_THEY_ARE = Layers()


def annotate(
    passes: Passes,
    style: str,
    detail: str | None,
    proofs: Proofs = NO_PROOFS,
    fold: str | bool | None = False,
    digits: int = DIGITS,
    around: tuple[Named, int] | None = None,
    layers: Layers = AS_THEY_ARE,
) -> Drawing:
    """What is written on the picture of a graph (symbols), a forward pass, or a backward pass (numbers).

    `around` is a node and how many edges the picture goes from it; `digits` are those of numbers.

    Raises ValueRefusedError for a choice that there is not.
    """
    if layers and fold not in (None, LAYERS):
        raise ValueRefusedError(
            f"fold={fold!r} has no depth and no frames to open",
            fix='choose fold="layers", or leave out depth= and open=',
        )
    fold = LAYERS if layers else fold
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
    found = Folding()
    if fold or (fold is None and large):
        repeats = False if layers.repeats is None and passes.forward is not None else layers.repeats  # hides numbers
        how = fold if isinstance(fold, str) else None
        found = folding(graph, how, layers.depth, layers.opened, repeats, layers.closed)
    if found.folds:
        inside = {n for f in found.folds for n in f.nodes}
        detail = detail or detail_for(len(graph) - len(without | inside) + len(found.folds))
        drawing = folded_drawing(Subject(passes, style, detail, without | inside, proofs, digits), found)
        return drawing if around is None else boxes_near(drawing, graph, *around)
    detail = detail or detail_for(len(graph) - len(without))
    if detail == OUTLINE:
        return replace(outline(passes, without, proofs, digits), part=part, nothing=found.nothing)
    subject, known = Subject(passes, style, detail, without, proofs, digits), parts(graph)
    return Drawing(
        tuple(box_text(subject, n) for n in graph.nodes if n not in without),
        edge_texts(subject),
        subject.root_names,
        subject.forward is not None,
        subject.numbers is not None or subject.symbols is not None,
        detail,
        part=part,
        digits=digits,
        frames=framed(subject, found.frames or [part for part in known if part.of_scope], {}, {}),
        together=framed(subject, known, {}, {}),
        nothing=found.nothing,
    )

"""Which nodes of a graph go into one box: those of a layer, blocks one after the other, copies side by side.

Layers are the scopes of the nodes (`cg.scope`, which the layers of `cg.nn` set by themselves) and, of nodes without
one, what their names say: see `groups`. Blocks are the stretches between nodes that everything passes through; where
the same block stands three times or more in a row, the row is one box. Copies are nodes that have the same ops below
them and the same users above.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cgraph.errors import ValueRefusedError, did_you_mean
from cgraph.graph.graph import Graph
from viz.graphs.words.blocks import blocks
from viz.graphs.words.copies import copies
from viz.graphs.words.cycles import acyclic, cycles
from viz.graphs.words.groups import Group, Groups, groups
from viz.graphs.words.repeats import with_repeats
from viz.graphs.words.units import Fold, drawn, in_order, owners

__all__ = ["BLOCKS", "COPIES", "LAYERS", "WAYS", "Fold", "Folding", "folding", "folds", "in_order", "owners"]
LAYERS, BLOCKS, COPIES = "layers", "blocks", "copies"
WAYS = (LAYERS, BLOCKS, COPIES)
FEW = 40  # boxes that a graph which folds by itself may have and still be read

_FOUND_NOTHING = {
    LAYERS: 'no scope and no name says which nodes are of one layer; `with cg.scope("layer[1]"):` around the code of '
    "each part would, or names such as z[1] and encoder.W",
    BLOCKS: 'no block stands three times or more in a row; scopes would help: `with cg.scope("block[1]"):`',
    COPIES: 'no three nodes have the same ops below them and the same users above; fold="layers" folds scopes',
}


@dataclass(frozen=True)
class Folding:
    """What is folded, the groups that stay open around what is not, and what to say when nothing was found."""

    folds: tuple[Fold, ...] = ()
    frames: tuple[Group, ...] = ()
    nothing: str = ""


def folding(
    graph: Graph,
    how: str | None,
    depth: int | None = None,
    opened: Iterable[str] = (),
    repeats: bool | None = None,
    closed: Iterable[str] = (),
) -> Folding:
    """What to fold in one of the ways; for None, in the first way that halves the number of boxes or does better.

    For layers, `depth` is how far down: 1 folds the outermost ones; by default the first at which there are several.
    Those that are `opened`, by their names, are open one level, with all that they stand in; of the others, the same
    three times or more in a row are one box where there are `repeats`, by default where they are scopes. Where some are
    `closed`, by their names, these are folded and no others. Raises ValueRefusedError for a name that no layer has.
    """
    if asked := tuple(closed):
        return _closed(graph, groups(graph), asked)
    if how == LAYERS:
        return _layers(graph, groups(graph), depth, tuple(opened), repeats)
    if how is not None:
        tried = acyclic(graph, blocks(graph) if how == BLOCKS else copies(graph))
        return Folding(tried, nothing="" if tried else _FOUND_NOTHING[how])
    known = groups(graph)
    for level in range(known.deepest, 0, -1):
        found = _layers(graph, known, level, (), True)
        if _halves(graph, found.folds) and (level == 1 or _boxes(graph, found.folds) <= FEW):
            return found
    for find in (blocks, copies):
        tried = acyclic(graph, find(graph))
        if _halves(graph, tried):
            return Folding(tried)
    return Folding(nothing="nothing halves the number of boxes: " + _FOUND_NOTHING[LAYERS])


def folds(graph: Graph, how: str | None) -> tuple[Fold, ...]:
    """The folds of `folding`."""
    return folding(graph, how).folds


def parts(graph: Graph) -> tuple[Group, ...]:
    """The layers of a graph that is drawn whole, by scopes or by names, the outer ones first."""
    return _whole(graph, [group for group in groups(graph).all if drawn(group.nodes) > 1])


def _boxes(graph: Graph, found: Sequence[Fold]) -> int:
    inside = {n for fold in found for n in fold.nodes}
    return len(found) + drawn(n for n in graph.nodes if n not in inside)


def _halves(graph: Graph, found: Sequence[Fold]) -> bool:
    return 2 * (sum(len(f.nodes) for f in found) - len(found)) >= len(graph)


def _layers(graph: Graph, known: Groups, depth: int | None, opened: Sequence[str], repeats: bool | None) -> Folding:
    """Groups of one depth as boxes, those around them as frames."""
    level = known.level if depth is None else min(depth, max(known.deepest, 1))
    open_ = {group for name in opened for asked in _asked(known, name) for group in asked.around}
    closed = [g for g in known.all if g not in open_ and (g.parent in open_ or g.depth == level)]
    closed = [g for g in closed if all(above in open_ or above.depth < level for above in g.around[:-1])]
    found = acyclic(graph, [Fold(g.name, g.nodes, g.nodes, 1, g) for g in closed if drawn(g.nodes) > 1])
    if repeats or (repeats is None and all(fold.group and fold.group.of_scope for fold in found)):
        found = with_repeats(graph, found, known)
    inside = {n for fold in found for n in fold.nodes}
    around = [g for g in known.all if (g in open_ or g.depth < level) and not inside.issuperset(g.nodes)]
    return Folding(found, _whole(graph, around), "" if found else _FOUND_NOTHING[LAYERS])


def _closed(graph: Graph, known: Groups, names: Sequence[str]) -> Folding:
    """The layers of these names as boxes, and frames around the other scopes."""
    asked = dict.fromkeys(group for name in names for group in _asked(known, name, "fold", WAYS))
    outer = [group for group in asked if not any(above in asked for above in group.around[:-1])]
    found = acyclic(graph, [Fold(g.name, g.nodes, g.nodes, 1, g) for g in outer if drawn(g.nodes) > 1])
    inside = {n for fold in found for n in fold.nodes}
    around = [g for g in known.all if g.of_scope and drawn(g.nodes) > 1 and not inside.issuperset(g.nodes)]
    nothing = "" if found else f"{', '.join(names)}: one box already, or one that would stand before and after others"
    return Folding(found, _whole(graph, around), nothing)


def _whole(graph: Graph, of: Sequence[Group]) -> tuple[Group, ...]:
    """Those between whose nodes nothing from outside stands: around the others a frame would be around other things."""
    torn: set[Group | None] = set()
    for depth in sorted({group.depth for group in of}):
        level = [Fold(group.name, group.nodes, (), 1, group) for group in of if group.depth == depth]
        torn |= {unit.group for cycle in cycles(graph, level) for unit in cycle if isinstance(unit, Fold)}
    return tuple(group for group in of if not torn.intersection(group.around))


def _asked(known: Groups, name: str, what: str = "open", ways: Sequence[str] = ()) -> list[Group]:
    """The groups of a name: of its whole path, or of its last part; the `ways` are names that were not meant."""
    found = [g for g in known.all if g.name == name] or [g for g in known.all if g.title == name]
    if not found:
        names = list(dict.fromkeys([*ways, *(g.name for g in known.all)]))
        raise ValueRefusedError(
            f"there is no frame {name!r} to {what}",
            why="a frame is a scope of the graph, or a layer by the names of its nodes",
            fix=did_you_mean(name, names, f"there are: {', '.join(names[:12])}" if names else _FOUND_NOTHING[LAYERS]),
        )
    return found

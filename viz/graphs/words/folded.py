"""The words of a drawing in which some boxes stand for many nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import numpy as np

from cgraph import notation
from cgraph.graph.node import OP, PARAMETER, Node
from cgraph.notation import Group, Math, Sym, text
from cgraph.shapes import show
from viz.graphs.words.boxes import GRADIENT_MARK, box_text
from viz.graphs.words.drawing import NOT_DETERMINED, BoxText, Drawing, EdgeText, Frame
from viz.graphs.words.edges import edge_texts
from viz.graphs.words.fold import Folding
from viz.graphs.words.groups import Group as Layer
from viz.graphs.words.levels import untorn
from viz.graphs.words.subject import Subject
from viz.graphs.words.units import Fold, drawn, in_order, owners
from viz.ink.lines import Label, clean

SHAPES = 2  # of so many kinds are what goes into a layer and what comes out of it written
NAMED = 6  # so many nodes or edges of a fold are named in its title
LONGEST = 28  # characters of a formula in a folded box
Place = tuple[int, int]  # of a result in its graph, and of an operand in it


def folded_drawing(subject: Subject, folding: Folding) -> Drawing:
    """The drawing of a graph with these folds: `subject` hides their nodes."""
    found = folding.folds
    order = in_order(subject.graph, found) or []
    owner = owners(found)
    ids = {fold: f"f{i}" for i, fold in enumerate(found)}
    leaving = _leaving(subject, {node: fold for fold in found for node in fold.first})
    boxes = []
    for unit in order:
        if isinstance(unit, Fold):
            boxes.append(_box(subject, unit, ids[unit], leaving[unit]))
        elif unit not in subject.hidden:
            boxes.append(box_text(subject, unit))
    kept = edge_texts(subject)
    places = {id_: (subject.graph.index[node], position) for (node, position), id_ in subject.edge_ids.items()}
    between = _between(subject, owner, ids, len(kept))
    edges = _in_order([*((places[e.id], e) for e in kept), *between])
    lines = tuple(_said(fold) for fold in found)
    has = subject.numbers is not None or subject.symbols is not None
    return Drawing(
        tuple(boxes),
        tuple(edges),
        subject.root_names,
        subject.forward is not None,
        has,
        subject.detail,
        lines,
        digits=subject.digits,
        frames=untorn(
            [box.id for box in boxes],
            [(edge.tail, edge.head) for edge in edges],
            framed(subject, folding.frames, ids, owner),
        ),
    )


def _said(fold: Fold) -> str:
    times = f", {fold.times} times the same" if fold.times > 1 else ""
    return clean(f"{fold.name}, {drawn(fold.nodes)} nodes{times}")


def _box(subject: Subject, fold: Fold, id_: str, leaving: Sequence[Node]) -> BoxText:
    """What a fold computes, how often, and its value and gradient where one node leaves it."""
    heading, *what = _heading(subject, fold)
    lines: list[tuple[str, Label]] = [("name", (("name", heading),)), *(("what", (("what", math),)) for math in what)]
    if fold.times > 1:
        lines.append(("shape", (("shape", Sym(f"× {fold.times}")),)))
    title = [_said(fold)]
    for words in _facts(fold, leaving):
        lines.append(("shape", (("shape", Sym(words)),)))
        title.append(words)
    if len(leaving) == 1 and fold.times == 1:
        (node,) = leaving
        if subject.forward is not None:
            shown = subject.value(subject.forward[node])
            lines.append(("value", (("value", shown),)))
            title.append(f"{subject.spelled(node)} = {text(shown)}")
        total = subject.total(node) if subject.reached(node) else None
        if total is not None:
            lines.append(("gradient", (("gradient", notation.row(*GRADIENT_MARK, total)),)))
            title.append(f"∂{subject.spelled(subject.root)}/∂{subject.spelled(node)} = {text(total)}")
    title.append(_listed([subject.spelled(n) for n in fold.nodes]))
    output = not subject.outputs.isdisjoint(fold.nodes)
    return BoxText(id_, clean(fold.name), "folded", False, output, tuple(lines), clean("\n".join(title)))


def _leaving(subject: Subject, owner: Mapping[Node, Fold]) -> dict[Fold, list[Node]]:
    """The nodes of the first unit of each fold that are used outside of it."""
    outputs = subject.outputs
    used = {x for n in subject.graph.nodes for x in n.operands if owner.get(x) is not owner.get(n)}
    found: dict[Fold, list[Node]] = {fold: [] for fold in owner.values()}
    for node, fold in owner.items():
        if node in used or node in outputs:
            found[fold].append(node)
    return found


def _heading(subject: Subject, fold: Fold) -> list[Math]:
    """The name of a layer, and what it is: its formula, such as ReLU(xW + b), where that is short, or its own words.

    Of nodes that are no layer, the formula or the name alone.
    """
    formula = _formula(subject, fold)
    if fold.group is None:
        return [Sym(clean(fold.name)) if formula is None else formula]
    what = [Sym(clean(fold.group.what))] if fold.group.what else [] if formula is None else [formula]
    return [Sym(clean(fold.title)), *what]


def facts_of(subject: Subject, layer: Layer) -> list[str]:
    """What stands in the box of a layer below its name: what it is, its shapes, how many numbers are trained in it."""
    fold = Fold(layer.name, layer.nodes, layer.nodes, 1, layer)
    leaving = _leaving(subject, dict.fromkeys(layer.nodes, fold))
    return [clean(words) for words in (layer.what, *_facts(fold, leaving.get(fold, []))) if words]


def _facts(fold: Fold, leaving: Sequence[Node]) -> list[str]:
    """Of a layer, the shapes that go into one and come out of it, and how many numbers are trained in it."""
    if fold.group is None:
        return []
    inside = set(fold.first)
    entering = dict.fromkeys(x for n in fold.first for x in n.operands if x not in inside)
    facts = []
    if any(n.shape for n in (*entering, *leaving)):
        facts.append(f"{_shapes(entering)} → {_shapes(leaving)}".strip())
    count = sum(int(np.size(n.value)) for n in inside if n.kind == PARAMETER)
    if count:
        facts.append(f"{count:,} parameter{'s' if count > 1 else ''}{' each' if fold.times > 1 else ''}")
    return facts


def _shapes(of: Iterable[Node]) -> str:
    """Shapes, each once, in the order of the nodes."""
    found = list(dict.fromkeys(show(n.shape) or "number" for n in of))
    return ", ".join(found[:SHAPES]) + (f" and {len(found) - SHAPES} more" if len(found) > SHAPES else "")


def _formula(subject: Subject, fold: Fold) -> Math | None:
    """The formula of one unit where it is short."""
    inside = set(fold.first)
    used = {x for n in fold.first for x in n.operands}
    ends = [n for n in fold.first if n not in used]
    if len(ends) == 1 and ends[0].kind == OP:
        atoms: dict[Node, Math] = {n: subject.names[n] for n in inside if n.kind != OP}
        entering = dict.fromkeys(x for n in fold.first for x in n.operands if x not in inside)
        atoms |= {x: subject.names[x] for x in entering}
        found = notation.formula(ends[0], atoms)
        if found is not None and len(text(found)) <= LONGEST:
            return found
    if fold.times > 1 and len(ends) == 1 and ends[0].op is None:
        return Group((subject.names[ends[0]], Sym(", …")))
    return None


def framed(
    subject: Subject, groups: Sequence[Layer], ids: Mapping[Fold, str], owner: Mapping[Node, Fold]
) -> tuple[Frame, ...]:
    """The frames of the layers that are open: around two boxes at least, each in the innermost frame that it is in."""
    inside: dict[Layer, dict[str, None]] = {}
    for group in groups:
        inside[group] = {}
        for node in group.nodes:
            fold = owner.get(node)
            if fold is not None:
                inside[group][ids[fold]] = None
            elif node not in subject.hidden:
                inside[group][subject.id(node)] = None
    kept = {group: f"g{i}" for i, group in enumerate(g for g in groups if len(inside[g]) > 1)}
    innermost = {box: group for group in kept for box in inside[group]}  # the outer ones come first
    found = []
    for group, id_ in kept.items():
        above = next((kept[g] for g in group.around[-2::-1] if g in kept), None) if group.parent else None
        boxes = tuple(box for box in inside[group] if innermost[box] is group)
        found.append(Frame(id_, clean(group.name), clean(group.title), boxes, above))
    return tuple(found)


def _between(
    subject: Subject, owner: Mapping[Node, Fold], ids: Mapping[Fold, str], count: int
) -> list[tuple[Place, EdgeText]]:
    """One edge, at its first operand, for all that goes from a box to another where one of them is folded."""
    flowing = {(e.result, e.position): e for e in subject.flowing}
    together: dict[tuple[str, str], list[tuple[Node, int, Node]]] = {}
    for node in subject.graph.nodes:
        for position, x in enumerate(node.operands):
            here, there = owner.get(node), owner.get(x)
            if here is not there and (there is not None or x not in subject.hidden):
                tail = ids[there] if there is not None else subject.id(x)
                head = ids[here] if here is not None else subject.id(node)
                together.setdefault((tail, head), []).append((node, position, x))
    found: list[tuple[Place, EdgeText]] = []
    for (tail, head), members in together.items():
        flows = [flowing[n, p] for n, p, _ in members if (n, p) in flowing]
        zero = bool(flows) and subject.numbers is not None and not any(np.any(e.downstream) for e in flows)
        names = [f"{subject.spelled(x)}->{subject.spelled(n)}" for n, _, x in members]
        title = clean(_listed(names))
        name = clean(names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more")
        open_ = any((n, p) in subject.undetermined for n, p, _ in members)
        title += f"\n{NOT_DETERMINED}" if open_ else ""
        flags = bool(flows), zero and not open_, False
        edge = EdgeText(f"e{count + len(found)}", tail, head, 0, name, (), (), *flags, title, open_)
        found.append(((subject.graph.index[members[0][0]], members[0][1]), edge))
    return found


def _in_order(edges: Iterable[tuple[Place, EdgeText]]) -> list[EdgeText]:
    """Edges in the order of the results and operands that they stand for, those of a box numbered in it."""
    slots: Counter[str] = Counter()
    found = []
    for _, edge in sorted(edges, key=lambda placed: placed[0]):
        found.append(edge._replace(slot=slots[edge.head]))
        slots[edge.head] += 1
    return found


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(islice(names, NAMED)) + more

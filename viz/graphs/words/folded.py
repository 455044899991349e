"""The words of a drawing in which some boxes stand for many nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np

from cgraph import notation
from cgraph.graph.node import CONSTANT, OP, Node
from cgraph.notation import Group, Math, Sym, text
from cgraph.shapes import show
from viz.graphs.words.boxes import GRADIENT_MARK, box_text
from viz.graphs.words.drawing import NOT_DETERMINED, BoxText, Drawing, EdgeText
from viz.graphs.words.edges import edge_texts
from viz.graphs.words.fold import Fold, in_order, owners
from viz.graphs.words.subject import Subject
from viz.ink.lines import Label, clean

NAMED = 6  # so many nodes or edges of a fold are named in its title
LONGEST = 28  # characters of a formula in a folded box


def folded_drawing(subject: Subject, found: Sequence[Fold]) -> Drawing:
    """The drawing of a graph with these folds: `subject` hides their nodes."""
    order = in_order(subject.graph, found) or []
    owner = owners(found)
    ids = {fold: f"f{i}" for i, fold in enumerate(found)}
    leaving = _leaving(subject, owner)
    boxes = []
    for unit in order:
        if isinstance(unit, Fold):
            boxes.append(_box(subject, unit, ids[unit], leaving[unit]))
        elif unit not in subject.hidden:
            boxes.append(box_text(subject, unit))
    kept = edge_texts(subject)
    edges = [*kept, *_between(subject, owner, ids, len(kept))]
    lines = tuple(_said(subject, fold) for fold in found)
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
    )


def _said(subject: Subject, fold: Fold) -> str:
    times = f", {fold.times} times the same" if fold.times > 1 else ""
    return clean(f"{fold.name}, {_count(subject, fold)} nodes{times}")


def _count(subject: Subject, fold: Fold) -> int:
    """How many of its nodes would be boxes: constants without a name would not."""
    return sum(n.kind != CONSTANT or n.name is not None or n.shape != () for n in fold.nodes)


def _box(subject: Subject, fold: Fold, id_: str, leaving: Sequence[Node]) -> BoxText:
    """What a fold computes, how often, and its value and gradient where one node leaves it."""
    lines: list[tuple[str, Label]] = [("name", (("name", _heading(subject, fold)),))]
    if fold.times > 1:
        lines.append(("shape", (("shape", Sym(f"{fold.times} times")),)))
    title = [_said(subject, fold)]
    if len(leaving) == 1 and fold.times == 1:
        (node,) = leaving
        if node.shape:
            lines.append(("shape", (("shape", notation.shape(node.shape)),)))
            title.append(show(node.shape))
        if subject.forward is not None:
            shown = subject.value(subject.forward[node])
            lines.append(("value", (("value", shown),)))
            title.append(f"{subject.spelled(node)} = {text(shown)}")
        total = subject.total(node) if subject.reached(node) else None
        if total is not None:
            lines.append(("gradient", (("gradient", notation.row(*GRADIENT_MARK, total)),)))
            title.append(f"∂{subject.spelled(subject.root)}/∂{subject.spelled(node)} = {text(total)}")
    title.append(_listed([subject.spelled(n) for n in fold.nodes]))
    output = any(n in subject.graph.outputs for n in fold.nodes)
    return BoxText(id_, clean(fold.name), "folded", False, output, tuple(lines), clean("\n".join(title)))


def _leaving(subject: Subject, owner: Mapping[Node, Fold]) -> dict[Fold, list[Node]]:
    """The nodes of each fold that are used outside of it."""
    outputs = set(subject.graph.outputs)
    used = {x for n in subject.graph.nodes for x in n.operands if owner.get(x) is not owner.get(n)}
    found: dict[Fold, list[Node]] = {fold: [] for fold in owner.values()}
    for node, fold in owner.items():
        if node in used or node in outputs:
            found[fold].append(node)
    return found


def _heading(subject: Subject, fold: Fold) -> Math:
    """The formula of one unit, such as ReLU(xW + b), where it is short; else its name."""
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
    return Sym(fold.name)


def _between(subject: Subject, owner: Mapping[Node, Fold], ids: Mapping[Fold, str], count: int) -> list[EdgeText]:
    """One edge for all that goes from a box to another where one of them is folded."""
    flowing = {(e.result, e.position): e for e in subject.flowing}
    together: dict[tuple[str, str], list[tuple[Node, int, Node]]] = {}
    for node in subject.graph.nodes:
        for position, x in enumerate(node.operands):
            here, there = owner.get(node), owner.get(x)
            if here is not there and (there is not None or x not in subject.hidden):
                tail = ids[there] if there is not None else subject.id(x)
                head = ids[here] if here is not None else subject.id(node)
                together.setdefault((tail, head), []).append((node, position, x))
    slots: dict[str, int] = {}
    found = []
    for (tail, head), members in together.items():
        flows = [flowing[n, p] for n, p, _ in members if (n, p) in flowing]
        zero = bool(flows) and subject.numbers is not None and not any(np.any(e.downstream) for e in flows)
        names = [f"{subject.spelled(x)}->{subject.spelled(n)}" for n, _, x in members]
        slot = slots.get(head, 0)
        slots[head] = slot + 1
        title = clean(_listed(names))
        name = clean(names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more")
        open_ = any((n, p) in subject.undetermined for n, p, _ in members)
        title += f"\n{NOT_DETERMINED}" if open_ else ""
        flags = bool(flows), zero and not open_, False
        found.append(EdgeText(f"e{count}", tail, head, slot, name, (), (), *flags, title, open_))
        count += 1
    return found


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(islice(names, NAMED)) + more

"""The words of boxes: what a node computes, its value, and its gradient as the sum of what its edges brought."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from cgraph import notation
from cgraph.graph.node import OP, VARIABLE, Node
from cgraph.notation import EQUALS, MINUS, PLUS, Group, Math, Named, Sym, text
from cgraph.notation.names import printable
from cgraph.shapes import show
from viz.graphs.words.drawing import FORMULA, FULL, OUTSIDE, BoxText
from viz.graphs.words.edges import PROOF
from viz.graphs.words.subject import Subject, sign_of
from viz.ink.lines import BREAK, Label

LINE, LINES = 20, 4  # characters of a line of a long name, and so many lines of it
SPELLED_OUT = 3  # so many terms of a sum are written; of more, their number
GRADIENT_MARK: tuple[Math, ...] = (Sym("∂ "),)


def box_text(subject: Subject, node: Node) -> BoxText:
    """A node's lines and its title."""
    gate = subject.style == "circuit" and node.op is not None and not node.op.name.endswith("cross_entropy")
    circle = gate and node.shape == ()
    heading = _heading(subject, node)
    lines: list[tuple[str, Label]] = []
    if gate and node.name is not None:  # what a gate computes has its name where it leaves the gate
        lines.append((OUTSIDE, _in_rows(_wrapped(subject, node, subject.names[node]))))
        lines.append(("name", (("name", sign_of(node, subject.hidden)),)))
    else:
        lines += [("name", (("name", part),)) for part in _wrapped(subject, node, heading)]
    title = [text(heading)]
    if node.shape:
        bound = _bound(subject, node)
        said = bound if node.kind == VARIABLE else ""
        lines.append(("shape", (("shape", notation.row(notation.shape(node.shape), said)),)))
        title.append(_shapes(node) + bound)
    if subject.forward is not None:
        key = f"value {subject.id(node)}"
        shown = subject.quantity(subject.forward[node], key)
        lines.append(("value", (("value", shown),)))
        title.append(subject.line(key, f"{subject.spelled(node)} = {text(shown)}"))
    total = subject.total(node) if subject.reached(node) else None
    if total is not None:
        lines += _gradient(subject, node, total, circle)
        title.append(subject.line(f"gradient {subject.id(node)}", _gradient_sentence(subject, node, total)))
    badge = subject.badge(node)
    if badge:
        lines.append(("badge", (("badge", Sym(badge)),)))
        title.append(badge)
    return BoxText(
        subject.id(node),
        subject.spelled(node),
        node.kind,
        circle,
        node in subject.outputs,
        tuple(lines),
        subject.cleaned("\n".join(title)),
    )


def _wrapped(subject: Subject, node: Node, heading: Math) -> list[Math]:
    """A heading in lines: a long name of words is broken, and stands whole."""
    own = subject.names[node]
    if not isinstance(own, Named) or len(own.spelling) <= LINE or not _of_words(own.math):
        return [heading]
    pieces: list[str] = []
    for word in re.findall(r"[^ ._/-]*[ ._/-]*", printable(own.spelling)):
        for part in (word[i : i + LINE] for i in range(0, len(word), LINE)):
            if pieces and len(pieces[-1] + part) <= LINE:
                pieces[-1] += part
            else:
                pieces.append(part)
    if len(pieces) > LINES:
        pieces = [*pieces[: LINES - 1], pieces[LINES - 1][: LINE - 1] + "…"]
    *first, last = (Sym(piece.strip()) for piece in pieces)
    if heading is own:
        return [*first, last]
    rest = heading.parts[1:] if isinstance(heading, Group) and heading.parts[0] is own else (EQUALS, heading)
    return [*first, notation.row(last, *rest)]


def _in_rows(parts: list[Math]) -> Label:
    """Parts of a name as one label, a row each."""
    rows = [(BREAK, ("name", part)) for part in parts]
    return tuple(run for row in rows for run in row)[1:]


def _of_words(math: Math) -> bool:
    return isinstance(math, Sym) and not math.italic


def _bound(subject: Subject, node: Node) -> str:
    """The sizes that the values gave to the names in a shape: `, m = 2`."""
    if subject.forward is None:
        return ""
    sizes = dict(zip(node.shape, np.shape(subject.forward[node]), strict=True))
    return "".join(f", {name} = {size}" for name, size in sizes.items() if isinstance(name, str))


def _shapes(node: Node) -> str:
    """The shapes that an op takes, and the one that it makes: `[m×2], [2×3] → [m×3]`; of a leaf its own."""
    taken = [show(x.shape) for x in node.operands]
    return f"{', '.join(taken)} → {show(node.shape)}" if taken else show(node.shape)


def _heading(subject: Subject, node: Node) -> Math:
    own = subject.names[node]
    if node.kind != OP or node.op is None:
        return own
    operands = [subject.names[x] for x in node.operands]
    if subject.style == "circuit":
        sign = sign_of(node, subject.hidden)
        if node.op.name.endswith("cross_entropy"):
            return notation.row(own, Sym("", space="thin"), "(", *notation.arguments(node, operands), ")")
        return sign if node.name is None else notation.row(own, EQUALS, sign)
    return notation.row(own, EQUALS, notation.applied(node, operands))


def _gradient(subject: Subject, node: Node, total: Math, circle: bool) -> list[tuple[str, Label]]:
    """The line of a box that says ∂L/∂(node); where several edges brought it, the sum of what they brought.

    Where it stands without its name a mark says that it is a gradient, for colour alone means nothing.
    """
    parts: list[Math] = [*GRADIENT_MARK]
    if subject.detail in (FULL, FORMULA) and not circle:
        parts = [notation.row("∂", subject.names[subject.root], "/∂", subject.names[node]), EQUALS]
    terms = subject.terms.get(node, [])
    before: list[tuple[str, Label]] = []
    if len(terms) > 1:
        if circle:
            before = [("gradient", (("gradient", Sym(f"Σ of {len(terms)}")),))]
        elif subject.numbers is not None and len(terms) <= SPELLED_OUT and not node.shape:
            parts += [*_sum(subject, terms), EQUALS]
        else:
            parts += [Sym(f"Σ of {len(terms)}"), EQUALS]
    proof = (PROOF,) if node in subject.proofs.leaves else ()
    return [*before, ("gradient", (("gradient", notation.row(*parts, total)), *proof))]


def _sum(subject: Subject, terms: list[tuple[str, Any]]) -> list[Math]:
    """The terms with their signs between them; a sign belongs to the quantity, so its key begins with one."""
    (key, first), *others = terms
    parts = [notation.quantity(subject.number(first), key)]
    for key, term in others:
        signed = notation.row(MINUS if term < 0 else PLUS, subject.number(abs(term)))
        parts.append(notation.quantity(signed, f"+{key}"))
    return parts


def _gradient_sentence(subject: Subject, node: Node, total: Math) -> str:
    terms = subject.terms.get(node, [])
    count = f" (the sum of {len(terms)} terms)" if len(terms) > 1 else ""
    proved = subject.said(node, subject.id(node))
    return f"∂{subject.spelled(subject.root)}/∂{subject.spelled(node)} = {text(total)}{count}{proved}"

"""The one writer of formulas: nodes, ops and derivatives as they are written, such as `a + d`, `2b`, `ReLU(z)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT, OP, Node
from cgraph.notation.math import Frac, Math, Named, Sym, row
from cgraph.notation.names import as_spelled, name
from cgraph.notation.numbers import constant
from cgraph.notation.render import latex, text
from cgraph.notation.written import ATOM, SUM, is_number, negative, written


def derivative(of: Math, by: Math) -> Math:
    """The fraction ∂of/∂by."""
    return Frac(row("∂", of), row("∂", by))


# Formulas of nodes ---------------------------------------------------------------------------------------------------
TOO_LONG = 60


def applied(node: Node, operands: Sequence[Math]) -> Math:
    """A node's op applied to what stands for its operands, as a formula: `a + d`, `2b`, `ReLU(z)`."""
    return written(node, [(x, ATOM if not negative(x) else SUM) for x in operands])[0]


def formula(node: Node, atoms: Mapping[Node, Math], longest: int = TOO_LONG) -> Math | None:
    """The formula of a node in terms of `atoms` (nodes that are written as they are given); None if it is too long."""
    if node in atoms:
        return atoms[node]
    done: dict[Node, tuple[Math, int]] = {n: (m, ATOM) for n, m in atoms.items()}
    stack = [node]
    steps = 0
    while stack:
        top = stack[-1]
        waiting = [x for x in top.operands if x not in done]
        if top in done:
            stack.pop()
        elif waiting:
            stack.extend(waiting)
        else:
            steps += 1
            done[stack.pop()] = _step(top, [done[x] for x in top.operands])
            if steps > longest or len(text(done[top][0])) > longest:
                return None
    return done[node][0]


def _step(node: Node, operands: list[tuple[Math, int]]) -> tuple[Math, int]:
    if node.kind == OP and node.op is not None:
        if node.op.written == "times" and is_number(operands[-1][0]) and not is_number(operands[0][0]):
            operands = [operands[-1], *operands[:-1]]  # 2c, not c·2
        return written(node, operands)
    if node.kind == CONSTANT and node.name is None:
        shown = constant(node.value) if node.value is not None else Sym("?")
        return shown, SUM if negative(shown) else ATOM
    return name(node.name or "?"), ATOM


def _looks(math: Math, ascii_only: bool) -> tuple[Math | str, ...]:
    """A name as pictures have it, and as LaTeX, in which other names than these are written alike without ASCII."""
    if not isinstance(math, Named):
        return ()
    return (math.math,) if ascii_only else (math.math, latex(math))


def names_of(graph: Graph) -> dict[Node, Math]:
    """Each node of a graph as it is written: its name, or the number of an unnamed constant.

    Of two names that would be printed alike, such as x1 and x_1, the second is printed as it was spelled; of long ones
    that begin alike, the second has its number.
    """
    found: dict[Node, Math] = {}
    printed: dict[Math | str, str] = {}
    plain = all(map(str.isascii, graph.names))  # as almost always, and LaTeX takes its time
    for node, spelled in zip(graph.nodes, graph.names, strict=True):
        if node.kind == CONSTANT and node.name is None:
            found[node] = constant(node.value)
            continue
        math, number = name(spelled), 1
        while any(printed.setdefault(look, spelled) != spelled for look in _looks(math, plain)):
            math, number = as_spelled(spelled, number), number + 1
        found[node] = math
    return found

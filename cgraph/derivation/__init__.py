"""The derivation written out: the chain rule step by step, as SLP3 does in Eq. 6.33 to 6.43; and formulas as LaTeX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cgraph import notation
from cgraph.derivation.algebra import LONGEST
from cgraph.derivation.merged import merged
from cgraph.derivation.steps import Derivation, Step
from cgraph.derivation.writer import Deriver
from cgraph.errors import ValueRefusedError
from cgraph.graph.node import CONSTANT, Node
from cgraph.graph.parse import GraphLike
from cgraph.notation import EQUALS, Group
from cgraph.passes.backward import Backward, graph_of
from cgraph.passes.forward import Forward
from cgraph.passes.numbers import backward, forward

__all__ = ["Derivation", "Step", "derive", "to_latex"]


def derive(
    of: GraphLike | Forward | Backward, /, wrt: Node | str, feed: Mapping[Any, Any] | None = None, **values: Any
) -> Derivation:
    """The derivative of a scalar by one node, step by step: paths, local derivatives, products, sums, the number.

    With values (of a pass, or as in `cg.forward`) each line ends in its number. A formula as text is taken too.
    Raises GradientError when `of` is no scalar or nothing flows to `wrt`; otherwise what `cg.forward` raises.

    >>> print(derive("d = 2*b; e = a + d; L = c*e", wrt="b", a=3, b=1, c=-2).steps[-1].text)
    The product along the path:
        ∂L/∂b = ∂L/∂e · ∂e/∂d · ∂d/∂b = c · 1 · 2 = 2c = −4
    """
    given = {**(feed or {}), **values}
    whole = graph_of(of, given)
    graph, became = merged(whole)
    node = became[whole[wrt]]
    numbers = None
    if isinstance(of, (Forward, Backward)) and not given:
        numbers = of if isinstance(of, Backward) else backward(of)
    elif given or not graph.inputs:
        numbers = backward(forward(whole, given))
    if numbers is not None and graph is not whole:
        leaves: dict[Node | str, Any] = {x: numbers.forward[x] for x in graph.leaves if x.kind != CONSTANT}
        numbers = backward(forward(graph, leaves))
    return Deriver(graph, node, numbers).derivation()


class Latex(str):
    """A formula for LaTeX's math mode; a notebook shows it set."""

    __slots__ = ()

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self}$"


def to_latex(of: GraphLike) -> str:
    """A node's formula in its leaves as LaTeX, for math mode; `L = ...` when it has a name. Notebooks show it set.

    Raises ValueRefusedError when that is too long to be read.

    >>> print(to_latex("y = exp(x/2)"))
    y = \\mathrm{exp} ( x / 2 )
    """
    graph = graph_of(of)
    node = graph.output
    written = notation.formula(node, {n: m for n, m in notation.names_of(graph).items() if n.op is None}, LONGEST)
    if written is None:
        raise ValueRefusedError(
            f"the formula of {graph.name(node)} has more than {LONGEST} characters",
            where=node.where,
            fix="name parts of it and write them one by one",
        )
    named = node.name is not None and node.op is not None
    return Latex(notation.latex(Group((notation.name(str(node.name)), EQUALS, written)) if named else written))

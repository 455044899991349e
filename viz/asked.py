"""All that pictures ask of cgraph, and the only place that asks: graphs of texts and models, passes, symbols, proofs.

What is drawn after that is handed on as a record: nothing else in viz runs a pass, proves or rewrites.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from cgraph.calculus.derivatives import as_pass
from cgraph.calculus.symbols import Symbols, symbols
from cgraph.errors import ValueRefusedError, did_you_mean
from cgraph.graph.graph import Graph
from cgraph.graph.node import VARIABLE, Node, as_node, build, variable
from cgraph.graph.parse import GraphLike, as_graph
from cgraph.graph.rebuild import rebuilt
from cgraph.passes import numbers
from cgraph.passes.backward import Backward, backward, pulled_back
from cgraph.passes.forward import Forward
from cgraph.rewriting.neurons import as_neurons
from cgraph.rewriting.unroll import elements, unroll
from cgraph.shapes import bind
from cgraph.worlds.graph import GUARDED

if TYPE_CHECKING:
    from cgraph.proof import Report

JACOBIAN = 64  # entries of a local Jacobian that are written out
Subjects: TypeAlias = "Graph | Forward | Backward"


@dataclass(frozen=True)
class Passes:
    """What a picture is of: a graph, a forward pass, or a backward pass, and what belongs to it.

    `numbers` is the backward pass in numbers: the one that is drawn, or that of a forward pass to one scalar, so that
    the picture of either has everything in the same place.
    """

    of: Subjects
    numbers: Backward | None = None

    @property
    def graph(self) -> Graph:
        """The graph itself."""
        return self.of if isinstance(self.of, Graph) else self.of.graph

    @property
    def forward(self) -> Forward | None:
        """The forward pass, where there is one."""
        return self.of.forward if isinstance(self.of, Backward) else None if isinstance(self.of, Graph) else self.of

    @property
    def root(self) -> Node:
        """The node whose gradients are shown: that of the backward pass, or the last output."""
        return self.of.of if isinstance(self.of, Backward) else self.graph.outputs[-1]

    @cached_property
    def symbols(self) -> Symbols:
        """The derivatives as formulas, computed when a formula is first written. Raises GradientError for no scalar."""
        return symbols(self.graph, self.root)

    def jacobian(self, result: Node, operand: Node) -> bool:
        """Whether the local Jacobian between two arrays is small enough to be read."""
        fwd = self.forward
        return fwd is not None and 1 < np.size(fwd[result]) * np.size(fwd[operand]) <= JACOBIAN

    @cached_property
    def elements(self) -> Mapping[tuple[str, Any], Any]:
        """All that both passes compute, as arrays of scalar nodes: what a page needs that computes it again.

        Its keys are ("value", node), ("gradient", node), ("upstream" or "local" or "downstream", (result, position)),
        and ("jacobian 0", (result, position)) for the first row of a small local Jacobian.
        Raises what `cg.unroll` raises, such as MissingValueError where variables choose rows.
        """
        fwd, found = self.forward, dict[tuple[str, Any], Node]()
        named = [pair for x in self.graph.leaves for pair in zip(x.shape, np.shape(fwd[x]), strict=True)] if fwd else []
        bound = _bound(self.graph, {d: int(n) for d, n in named if isinstance(d, str)})
        own = {copy: node for node, copy in bound.items()}
        graph = Graph([bound[n] for n in self.graph.outputs])
        bwd = backward(as_pass(graph, GUARDED), bound[self.root])
        for node in graph.nodes:
            found["value", own[node]] = node
            if bwd.gradient.reaches(node):
                found["gradient", own[node]] = as_node(bwd.gradient[node])
        for edge in bwd.edges:
            at, result = (own[edge.result], edge.position), own[edge.result]
            for what, value in (("upstream", edge.upstream), ("local", edge.local), ("downstream", edge.downstream)):
                if value is not None:
                    found[what, at] = as_node(value)
            if fwd is not None and self.jacobian(result, own[edge.operand]):
                for row, unit in enumerate(np.eye(np.size(fwd[result]))):
                    upstream = as_node(unit.reshape(np.shape(fwd[result])))
                    found[f"jacobian {row}", at] = as_node(pulled_back(bwd.forward, edge, upstream))
        if not any(n.shape for n in found.values()):
            return {key: as_neurons(node) for key, node in found.items()}
        arrays = elements(Graph(list(dict.fromkeys(found.values()))))
        return {key: arrays[node] for key, node in found.items()}


def _bound(graph: Graph, sizes: Mapping[str, int]) -> dict[Node, Node]:
    """Each node of a graph as it is with sizes for its named dimensions: itself where there are none."""
    if not any(isinstance(d, str) for n in graph.nodes for d in n.shape):
        return {n: n for n in graph.nodes}

    def change(was: Node, now: Node) -> Node:
        if was.op is None:
            return variable(str(was.name), bind(was.shape, sizes)) if was.kind == VARIABLE else was
        attrs = {**was.attrs, "shape": bind(was.attrs["shape"], sizes)} if "shape" in was.attrs else was.attrs
        made = build(was.op, *now.operands, **attrs)
        return made if was.name is None else made.named(was.name)

    return rebuilt(graph.nodes, change)


def slopes(node: Node) -> list[Node]:
    """The local derivatives of a scalar node by its operands, as nodes."""
    assert node.op is not None
    rules = filter(None, map(node.op.rule, range(len(node.operands))))
    return [as_node(GUARDED.local(rule, node, list(node.operands), node.attrs)) for rule in rules]


def passes(of: Subjects) -> Passes:
    """The record of what is drawn."""
    if isinstance(of, Forward) and len(of.graph.outputs) == 1 and of.graph.output.shape == ():
        with np.errstate(all="ignore"):
            return Passes(of, backward(of))
    return Passes(of, of if isinstance(of, Backward) else None)


def subject(of: Any, values: Mapping[Any, Any] | None = None, choices: Iterable[str] = ()) -> Subjects:
    """What is drawn for a graph, its nodes, its formula as text, a pass, or a model; with values, its passes.

    `choices` are the names that one of the values may have been meant for.

    Raises ValueRefusedError for what cannot be drawn, and for values of what has them already.

    >>> subject("L = c*(a + 2*b)", {"a": 3, "b": 1, "c": -2}).gradient["b"]
    np.float64(-4.0)
    """
    if isinstance(of, (Forward, Backward)):
        if values:
            raise ValueRefusedError(
                f"a {type(of).__name__.lower()} pass is given {', '.join(map(str, values))}",
                why="it has the values that it was computed with",
                fix=did_you_mean(
                    next(iter(values)), choices, "give values with a graph or a formula, or draw the pass without them"
                ),
            )
        return of
    graph = as_graph(of, values) if isinstance(of, (str, Node, Graph, list, tuple)) else _of_model(of)
    if not values:
        return graph
    fwd = forward_pass(graph, values)
    return numbers.backward(fwd) if len(graph.outputs) == 1 and fwd[graph.output].ndim == 0 else fwd


def _of_model(model: Any) -> Graph:
    """The graph of a model. Raises ValueRefusedError for what is none."""
    from viz.models import Described, described

    if not (isinstance(model, Described) and callable(model)):
        raise ValueRefusedError(
            f"{type(model).__name__} cannot be drawn",
            fix="give a node, a graph, a formula, a pass, or a model such as nn.MLP",
        )
    return Graph(model(described(model).input))


def forward_pass(of: GraphLike, values: Mapping[Any, Any]) -> Forward:
    """The forward pass in numbers of a graph or a formula. Raises what `cg.forward` raises."""
    return numbers.forward(as_graph(of, values), values)


def backward_pass(of: GraphLike, values: Mapping[Any, Any]) -> Backward:
    """The backward pass in numbers of a graph or a formula. Raises what `cg.forward` and `cg.backward` raise."""
    return numbers.backward(forward_pass(of, values))


def easy_passes(of: Any, count: int, seed: int, given: Mapping[Any, Any]) -> list[Backward]:
    """Backward passes of a graph in other numbers, such as can be computed in the head.

    Raises what `cg.nn.textbook.variants` raises, and what `subject` raises.
    """
    from cgraph.nn.textbook.exercises import variants

    return variants(graph(of), count, seed=seed, given=given)


def graph(of: Any) -> Graph:
    """The graph of what is given, with or without passes. Raises ValueRefusedError for what cannot be drawn."""
    return passes(subject(of)).graph


def unrolled(of: Subjects) -> Subjects:
    """The same in single numbers; of rows without a number, one."""
    return unroll(of, {"m": 1}) if isinstance(of, Graph) else unroll(of)


@dataclass(frozen=True)
class Proofs:
    """`edges`, by result and operand's position, are those whose op's own rule is proved; `leaves` those whose gradient
    is. What is proved but is not the number that the pass shows is no member of them: `at_odds` says why not. The
    leaves come from `report`."""

    edges: frozenset[tuple[Node, int]] = frozenset()
    leaves: frozenset[Node] = frozenset()
    at_odds: Mapping[Node | tuple[Node, int], str] = field(default_factory=dict)
    report: Report | None = None

    def said(self, what: Node | tuple[Node, int]) -> str:
        """What a sentence on a gradient or a local derivative ends with: that it is proved, why not, or nothing."""
        if what in self.edges or what in self.leaves:
            return ", proved by SymPy"
        return f", no proof of this number: {self.at_odds[what]}" if what in self.at_odds else ""


NO_PROOFS = Proofs()


def proofs(of: Passes, report: Report | None) -> Proofs:
    """What a report proves of what is drawn: of the numbers of a pass, those that the proved formulas give.

    Raises ValueRefusedError for a report on something else.
    """
    if report is None:
        return NO_PROOFS
    from cgraph.proof.proved import proved_edges, proved_leaves

    leaves, odd_leaves = proved_leaves(report, of.graph, of.root, of.numbers)
    edges, odd_edges = proved_edges(of.graph, of.numbers)
    at_odds: dict[Any, str] = {**odd_leaves, **odd_edges}
    return Proofs(edges, leaves, at_odds, report)


class Proved(NamedTuple):
    """A proved formula of SymPy's, for which element of a number it is, and at which place of which node its symbols
    have their values."""

    formula: Any
    element: int
    symbols: tuple[tuple[Any, Node, int], ...]


def tolerances() -> dict[str, float]:
    """How much a number may differ from what a proved formula gives: in proportion, and of what was added up."""
    from cgraph.proof.pointwise import CLOSE, LOST

    return {"close": CLOSE, "lost": LOST}


def proved_formulas(of: Passes, proofs: Proofs) -> dict[Any, list[Proved]]:
    """What is proved of each leaf's gradient and each edge's local derivative, to be compared with other numbers.

    What does not depend on numbers, such as the rules of ops that move elements, is left out.
    """
    if proofs.report is None or of.numbers is None:
        return {}
    from cgraph.proof.pointwise import at_no_kink, local_formula, other_sizes
    from cgraph.proof.proved import formulas_of
    from cgraph.worlds.sympy import symbols as elements_of

    numbers, forward = of.numbers, of.numbers.forward
    found: dict[Any, list[Proved]] = {}
    if not other_sizes(numbers, proofs.report.sizes):
        places = {
            symbol: (leaf, i)
            for leaf in of.graph.leaves
            if leaf.name
            for i, symbol in enumerate(elements_of(leaf.name, np.shape(forward[leaf])).flat)
        }
        for leaf, formulas in formulas_of(proofs.report, of.graph, of.root).items():
            smooth = [at_no_kink(f) for f in formulas]
            found[leaf] = [Proved(f, i, tuple((s, *places[s]) for s in _symbols(f))) for i, f in enumerate(smooth)]
    for edge in numbers.edges:
        key = edge.result, edge.position
        if edge.local is None or not (key in proofs.edges or key in proofs.at_odds):
            continue
        formula, names = local_formula(*key)
        smooth, operands = at_no_kink(formula), edge.result.operands
        if smooth.free_symbols:
            local, *flat = np.broadcast_arrays(_counted(edge.local), *(_counted(forward[x]) for x in operands))
            used = [(s, x, at.flat) for s, x, at in zip(names, operands, flat, strict=True) if s in smooth.free_symbols]
            found[key] = [
                Proved(smooth, int(element), tuple((s, x, int(at[i])) for s, x, at in used))
                for i, element in enumerate(local.flat)
            ]
    return found


def _symbols(formula: Any) -> list[Any]:
    return sorted(formula.free_symbols, key=str)


def _counted(value: Any) -> Any:
    return np.arange(np.size(value)).reshape(np.shape(value))

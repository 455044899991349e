"""Rewrites that leave every value as it is, and sums that keep their derivative where float64 would lose it.

Three things happen to each node, operands first: arithmetic on constants is done; one of the table of rewrites
that fits is made; and what was computed before is shared. Named nodes stay, and so does every node whose operands
did not change: a gradient shares its nodes with the graph that it came from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, overload

import numpy as np

from cgraph.graph.graph import Graph, in_order
from cgraph.graph.node import CONSTANT, OP, Node, as_node, build, filled
from cgraph.graph.origin import Place
from cgraph.graph.parse import GraphLike, as_graph
from cgraph.graph.rebuild import standing_on
from cgraph.ops import TABLE
from cgraph.ops.op import NONE, Attrs, Op
from cgraph.rewriting.matching import rewritten
from cgraph.rewriting.rewrites import Rewrites, asked_by_stabilising, equal, everything, stabilising


@overload
def simplify(outputs: Node, keep: Iterable[Node | str] = ()) -> Node: ...
@overload
def simplify(outputs: Graph | str, keep: Iterable[Node | str] = ()) -> Graph: ...
@overload
def simplify(outputs: Sequence[Node], keep: Iterable[Node | str] = ()) -> list[Node]: ...
def simplify(outputs: GraphLike, keep: Iterable[Node | str] = ()) -> Node | Graph | list[Node]:
    """The same outputs (a node, a graph or its formula, nodes), rewritten; equal in value for every finite input.

    What is computed twice is shared. Compositions that lose their value or derivative in float64 become the op that
    keeps it, such as log(sigmoid(x)), and those that meet a kink on the way to a smooth function become that function,
    such as abs(x)**2; these look through names, others leave named nodes alone. Nodes in `keep` stay, and are not
    looked into. 0*x is 0 only where x is known to be finite. Where what is below is infinite already, a value may be
    there that was nan, and the other way round for binary_cross_entropy(sigmoid(x), y) alone.
    `cg.grad`, `cg.compile` and `cg.train.fit` make the stabilising ones by themselves; `cg.backward` is of the graph
    as it is written. sqrt(x)**2 stays, for x below 0.

    >>> simplify("binary_cross_entropy(1/(1 + exp(-z)), y + 0)").output
    <sigmoid_cross_entropy(z, y)>
    """
    graph = as_graph(outputs)
    kept = keep if isinstance(keep, Mapping) else [x.itself if isinstance(x, Node) else graph[x] for x in keep]
    table = everything() if _fitting(graph.ops | {TABLE["neg"]}) else equal()  # which may make a neg, and no other op
    simplifier = Simplifier(kept, table, closed=True)
    found = [simplifier.simplify(x) for x in graph.outputs]
    found = graph.derived(found) if graph.noted or graph.order else found
    return found[0] if isinstance(outputs, Node) else Graph(found) if isinstance(outputs, (Graph, str)) else found


class Simplifier:
    """What `simplify` remembers, for graphs that grow: nodes are simplified once, and made once."""

    def __init__(
        self, keep: Iterable[Node] = (), table: Rewrites | None = None, apart: Iterable[Node] = (), closed: bool = False
    ) -> None:
        """`keep` are done as they are; `closed`, they are not looked into either. What is `apart`, some of them, is
        neither looked into nor shared with others. The table is the whole one by default."""
        self._table = everything() if table is None else table
        self._apart = set(apart)
        self._opaque = set(keep) if closed else self._apart
        self._folds = self._table.folds
        self._places: dict[Node, int] = dict.fromkeys(keep, 0)  # the nodes that are done
        self._done: dict[Node, Node] = {}  # what the others among them became
        self._seen: dict[Op | None, dict[Any, Node]] = defaultdict(dict)  # by row: most keys are operands as they are
        self._quick = self._table.quick
        self.rewrote = False  # whether a rewrite fitted so far
        for node in [n for n in self._places if n not in self._apart] if self._apart else self._places:
            if node.op is None or node.attrs:
                self._shared(node)
            else:  # most nodes, for which their operands are the key
                self._seen[node.op].setdefault(node.operands, node)

    def simplify(self, output: Node) -> Node:
        """The same node, rewritten with all that is new below it."""
        if output.op is None and output not in self._places:
            return self._shared(output)  # a leaf: there is nothing to rewrite
        for node in in_order([output], self._places):
            fresh = standing_on(node, tuple([self._done.get(x, x) for x in node.operands]))
            self._done[node] = self._shared(self._rewritten(fresh, self._folds))
        return self._done.get(output, output)

    def node(self, row: Op, operands: tuple[Node, ...], attrs: Attrs, origin: Place) -> Node:
        """A row applied to nodes that are simplified."""
        key = (operands, repr(dict(attrs))) if attrs else operands
        seen = self._seen[row]
        found = seen.get(key)
        if found is not None:
            return found
        numbers = self._quick.get(row)
        if numbers is not None:  # most nodes of a gradient: nothing to check, and no rewrite fits
            shape, folds = operands[0].shape, True
            for x in operands:
                if x.shape != shape:
                    break
                if x.kind != CONSTANT:
                    folds = False
                elif shape or float(x.value) in numbers:
                    break
            else:
                if not folds:
                    code, instruction, scope = origin  # by name: a call with a star takes twice the time
                    seen[key] = found = filled(OP, row, operands, NONE, shape, None, None, code, instruction, scope)
                    return found
        fresh = build(row, *operands, origin=origin, **attrs)
        found = self._rewritten(fresh)
        seen[key] = found = found if found is fresh else self._shared(found)
        return found

    def _rewritten(self, node: Node, folds: bool = True) -> Node:
        """One node after every rewrite that fits, one after the other, and arithmetic on constants."""
        if not self._may_change(node):
            return node
        for _ in range(8):  # no chain of rewrites is longer
            if node.kind != OP:
                return node
            after = _folded(node) if folds and node.name is None else None
            if after is None:
                after = rewritten(node, self._table, self.node, self._opaque.__contains__)
            if after is None or (after.op is None and node.name is not None and self._folds):
                return node  # a leaf cannot take the name, which is asked for
            node, self.rewrote = after, True
        return node

    def _may_change(self, node: Node) -> bool:
        """Whether a rewrite could fit, or all operands are constants: quick, because most nodes stay as they are."""
        row, table = node.op, self._table
        if row is None or row in table.alone:
            return row is not None
        foldable = True
        for x in node.operands:
            if x.kind != CONSTANT:
                foldable = False
            elif x.shape or float(x.value) in table.numbers.get(row, ()):
                return True
        return foldable

    def _shared(self, node: Node) -> Node:
        """The node that computes the same thing and was here first."""
        key = _key(node)
        if key is None:
            return node
        first = self._seen[node.op].setdefault(key, node)
        return first if node.name is None else node


def _key(node: Node) -> Any:
    """What two nodes of one row share that compute the same thing; None for what is only equal to itself."""
    if node.kind == OP:
        return (node.operands, repr(dict(node.attrs))) if node.attrs else node.operands
    if node.kind == CONSTANT and node.name is None and node.value is not None and node.value.size <= 64:
        return node.shape, node.value.tobytes()
    return None


def _folded(node: Node) -> Node | None:
    """Arithmetic on constants, sizes that are known, and copies to the shape that is there already."""
    assert node.op is not None
    operands = node.operands
    if node.op is TABLE["broadcast_like"]:
        return operands[0] if operands[0].shape == operands[1].shape else None
    if node.op is TABLE["size"] and not any(isinstance(d, str) for d in operands[0].shape):
        return as_node(float(np.prod([int(d) for d in operands[0].shape], dtype=float)), node.origin)
    for x in operands:
        if x.kind != CONSTANT or x.name is not None:
            return None
    with np.errstate(all="ignore"):
        value = node.op.numpy(*(x.value for x in operands), **node.attrs)
    if node.op.exact and np.ndim(value) == 0 and operands[0].value % 1 == 0 and value % 1 != 0:
        return None  # log(2) says more than 0.693, and SymPy knows it exactly
    return as_node(value, node.origin)


def stabilised(graph: Graph, apart: Iterable[Node] = ()) -> Graph:
    """A graph of the same outputs that keeps the values and derivatives which float64 or a kink would lose.

    Nodes that are `apart`, and what is below them, stay as they are: they may be differentiated by. It is the graph
    itself where no rewrite can fit, which is known from the ops that it has.
    """
    if not _fitting(graph.ops):
        return graph
    wanted = [node for node in apart if node in graph]
    kept = Graph([x for x in wanted if x.op is not None]).nodes
    simplifier = Simplifier(kept, stabilising(), wanted)
    outputs = [simplifier.simplify(x) for x in graph.outputs]
    if not simplifier.rewrote:  # constants that were shared are no reason for another graph
        return graph
    return Graph(graph.derived(outputs) if graph.noted else outputs)


@lru_cache(maxsize=1024)
def _fitting(ops: frozenset[Op | None]) -> bool:
    """Whether a rewrite could fit in a graph of these ops."""
    return any(asked <= ops for asked in asked_by_stabilising())

"""Rewrites that leave every value as it is, and sums that keep their derivative where float64 would lose it.

Three things happen to each node, operands first: arithmetic on constants is done; one of the REWRITES below that
fits is made; and what was computed before is shared. Named nodes stay, and so does every node whose operands did
not change: a gradient shares its nodes with the graph that it came from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, overload

import numpy as np

from cgraph.graph.graph import Graph, in_order
from cgraph.graph.node import CONSTANT, OP, VARIABLE, Node, as_node, build, filled
from cgraph.graph.origin import Place
from cgraph.graph.parse import GraphLike, as_graph, parse
from cgraph.ops import TABLE
from cgraph.ops.op import NONE, Attrs, Op

# What changes nothing in exact arithmetic, nor in floating point for finite operands.
EQUAL = (
    ("x + 0", "x"),
    ("0 + x", "x"),
    ("x - 0", "x"),
    ("0 - x", "-x"),
    ("x * 1", "x"),
    ("1 * x", "x"),
    ("x * 0", "0"),
    ("0 * x", "0"),
    ("x * -1", "-x"),
    ("-1 * x", "-x"),
    ("scale(x, 1)", "x"),
    ("scale(1, x)", "x"),
    ("scale(x, 0)", "0"),
    ("scale(0, x)", "0"),
    ("scale(-1, x)", "-x"),
    ("x / 1", "x"),
    ("x ** 1", "x"),
    ("-(-x)", "x"),
)
# Equal too, but the left overflows or cancels in float64 and has no derivative there (SLP3 Eq. 6.42 at a = 1).
STABLE = (
    ("1 / (1 + exp(-x))", "sigmoid(x)"),
    ("1 / (exp(-x) + 1)", "sigmoid(x)"),
    ("log(sigmoid(x))", "log_sigmoid(x)"),
    ("log(1 + exp(x))", "softplus(x)"),
    ("log(exp(x) + 1)", "softplus(x)"),
    ("log1p(exp(x))", "softplus(x)"),
    ("log(softmax(x))", "log_softmax(x)"),
    ("binary_cross_entropy(sigmoid(x), y)", "sigmoid_cross_entropy(x, y)"),
)
"""Pairs of formulas in the language of `cgraph.parse`, each proved equal in the tests; those with an op that the
table does not have are left out."""


class Rewrite(NamedTuple):
    """`pattern` becomes `result`: graphs whose variables stand for any nodes. `heads` are the ops, or the
    numbers, that stand at some positions of the operands, by which most nodes are seen not to fit."""

    pattern: Node
    result: Node
    stable: bool
    heads: tuple[tuple[int, Op | float], ...]


@overload
def simplify(outputs: Node, keep: Iterable[Node | str] = ()) -> Node: ...
@overload
def simplify(outputs: Graph | str, keep: Iterable[Node | str] = ()) -> Graph: ...
@overload
def simplify(outputs: Sequence[Node], keep: Iterable[Node | str] = ()) -> list[Node]: ...
def simplify(outputs: GraphLike, keep: Iterable[Node | str] = ()) -> Node | Graph | list[Node]:
    """The same outputs (a node, a graph or its formula, nodes), rewritten; equal in value for every finite input.

    What is computed twice is shared. Compositions that lose their value or derivative in float64 become the op that
    keeps it, such as log(sigmoid(x)); these look through names, others leave named nodes alone. Nodes in `keep` stay.

    >>> simplify("binary_cross_entropy(1/(1 + exp(-z)), y + 0)").output
    <sigmoid_cross_entropy(z, y)>
    """
    graph = as_graph(outputs)
    kept = keep if isinstance(keep, Mapping) else [x.itself if isinstance(x, Node) else graph[x] for x in keep]
    simplifier = Simplifier(kept)
    found = [simplifier.simplify(x) for x in graph.outputs]
    found = graph.derived(found) if graph.beyond else found
    return found[0] if isinstance(outputs, Node) else Graph(found) if isinstance(outputs, (Graph, str)) else found


class Simplifier:
    """What `simplify` remembers, for graphs that grow: nodes are simplified once, and made once."""

    def __init__(self, keep: Iterable[Node] = ()) -> None:
        self._places: dict[Node, int] = dict.fromkeys(keep, 0)  # the nodes that are done
        self._done: dict[Node, Node] = {}  # what the others among them became
        self._seen: dict[Op | None, dict[Any, Node]] = defaultdict(dict)  # by row: most keys are operands as they are
        self._quick = _quick()
        for node in self._places:
            if node.op is None or node.attrs:
                self._shared(node)
            else:  # most nodes, for which their operands are the key
                self._seen[node.op].setdefault(node.operands, node)

    def simplify(self, output: Node) -> Node:
        """The same node, rewritten with all that is new below it."""
        for node in in_order([output], self._places):
            fresh = node
            if node.op is not None:
                new = tuple([self._done.get(x, x) for x in node.operands])
                if new != node.operands:
                    fresh = build(node.op, *new, origin=node.origin, **node.attrs)
                    fresh = fresh if node.name is None else fresh.named(node.name)
            self._done[node] = self._shared(_rewritten(fresh))
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
                    code, instruction = origin
                    seen[key] = found = filled(OP, row, operands, NONE, shape, None, None, code, instruction)
                    return found
        fresh = build(row, *operands, origin=origin, **attrs)
        found = _rewritten(fresh)
        seen[key] = found = found if found is fresh else self._shared(found)
        return found

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


def _rewritten(node: Node) -> Node:
    """One node after every rewrite that fits, one after the other."""
    if not _may_change(node):
        return node
    for _ in range(8):  # no chain of rewrites is longer
        if node.kind != OP:
            return node
        after = _folded(node) if node.name is None else None
        if after is None:
            after = next(_matching(node), None)
        if after is None:
            return node
        node = after
    return node


def _folded(node: Node) -> Node | None:
    """Arithmetic on constants, sizes that are known, and copies to the shape that is there already."""
    assert node.op is not None
    name, operands = node.op.name, node.operands
    if name == "broadcast_like":
        return operands[0] if operands[0].shape == operands[1].shape else None
    if name == "size" and not any(isinstance(d, str) for d in operands[0].shape):
        return as_node(float(np.prod([int(d) for d in operands[0].shape], dtype=float)), node.origin)
    for x in operands:
        if x.kind != CONSTANT or x.name is not None:
            return None
    with np.errstate(all="ignore"):
        value = node.op.numpy(*(x.value for x in operands), **node.attrs)
    if name in ("log", "sqrt") and np.ndim(value) == 0 and operands[0].value % 1 == 0 and value % 1 != 0:
        return None  # log(2) says more than 0.693, and SymPy knows it exactly
    return as_node(value, node.origin)


# Patterns ------------------------------------------------------------------------------------------------------------
@cache
def rewrites() -> tuple[Rewrite, ...]:
    """The table as graphs, without the rewrites to ops that do not exist."""
    read: list[Rewrite] = []
    for stable, pairs in ((False, EQUAL), (True, STABLE)):
        for pattern, result in pairs:
            if all(name in TABLE for text in (pattern, result) for name in _calls(text)):
                shape = {"x": (2,)} if "softmax" in pattern else {}
                left, right = _formula(pattern, shape), _formula(result, shape)
                heads = tuple((i, x.op or float(x.value)) for i, x in enumerate(left.operands) if x.kind != VARIABLE)
                read.append(Rewrite(left, right, stable, heads))
    return tuple(read)


def _calls(text: str) -> Iterator[str]:
    return (part.split("(")[0] for part in text.replace("(", "( ").split() if part[0].isalpha() and part.endswith("("))


def _formula(text: str, shapes: dict[str, Any]) -> Node:
    """A formula as a node, -1 as a number."""
    node = parse(text, shapes).output
    if node.op is None:
        return node
    return build(node.op, *((x.op and _folded(x)) or x for x in node.operands))


@cache
def _by_op() -> dict[Op, tuple[Rewrite, ...]]:
    table: dict[Op, tuple[Rewrite, ...]] = {}
    for rewrite in rewrites():
        row = rewrite.pattern.op
        assert row is not None
        table[row] = (*table.get(row, ()), rewrite)
    return table


@cache
def _changing() -> tuple[frozenset[Op], dict[Op, frozenset[float]]]:
    """The rows that a rewrite may fit although no operand is a constant; for the others, the constants it asks for."""
    heads = {row: [[h for _, h in r.heads if not isinstance(h, Op)] for r in found] for row, found in _by_op().items()}
    alone = frozenset(row for row, numbers in heads.items() if [] in numbers)
    alone |= {TABLE["broadcast_like"], TABLE["size"]}
    return alone, {row: frozenset(n for one in numbers for n in one) for row, numbers in heads.items()}


@cache
def _quick() -> dict[Op, frozenset[float]]:
    """The elementwise rows without attributes that only constants may change, with those that rewrites ask for."""
    alone, numbers = _changing()
    plain = [row for row in TABLE.values() if row.elementwise and not row.defaults and row not in alone]
    return {row: numbers.get(row, frozenset()) for row in plain}


def _may_change(node: Node) -> bool:
    """Whether a rewrite could fit, or all operands are constants: quick, because most nodes stay as they are."""
    alone, numbers = _changing()
    row = node.op
    if row is None or row in alone:
        return row is not None
    foldable = True
    for x in node.operands:
        if x.kind != CONSTANT:
            foldable = False
        elif x.shape or float(x.value) in numbers.get(row, ()):
            return True
    return foldable


def _matching(node: Node) -> Iterator[Node]:
    """The results of the rewrites that fit a node."""
    assert node.op is not None
    operands = node.operands
    for rewrite in _by_op().get(node.op, ()):
        if len(operands) != len(rewrite.pattern.operands) or (node.name is not None and not rewrite.stable):
            continue
        for position, head in rewrite.heads:
            operand = operands[position]
            if operand.op is not head and (operand.kind != CONSTANT or (not operand.shape and operand.value != head)):
                break
        else:
            bound = _match(rewrite, node)
            if bound is not None:
                result = _instance(rewrite.result, bound, node)
                if result.shape == node.shape:
                    yield result if node.name is None else result.named(node.name)


def _match(rewrite: Rewrite, node: Node) -> dict[Any, Any] | None:
    """The nodes that the variables (and the constants) of a pattern stand for, and the attributes seen; or None."""
    bound: dict[Any, Any] = {"attrs": {}}
    stack = [(rewrite.pattern, node)]
    while stack:
        pattern, found = stack.pop()
        if pattern.kind == VARIABLE:
            if bound.setdefault(pattern.name, found) is not found:
                return None
        elif pattern.kind == CONSTANT:
            if found.kind != CONSTANT or found.name is not None or not (found.value == pattern.value).all():
                return None
            bound[float(pattern.value)] = found
        else:
            inner = found is not node and found.name is not None and not rewrite.stable
            if found.op is not pattern.op or len(found.operands) != len(pattern.operands) or inner:
                return None
            bound["attrs"].update(found.attrs)
            stack.extend(zip(pattern.operands, found.operands, strict=True))
    return bound


def _instance(result: Node, bound: dict[Any, Any], node: Node) -> Node:
    """The result of a rewrite with nodes in the place of its variables, one op at most."""
    leaf: Callable[[Node], Node] = lambda x: bound[x.name] if x.kind == VARIABLE else bound[float(x.value)]  # noqa: E731
    if result.op is None:
        return leaf(result)
    attrs = {k: v for k, v in bound["attrs"].items() if k in result.op.defaults}
    return build(result.op, *map(leaf, result.operands), origin=node.origin, **attrs)

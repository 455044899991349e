"""The world in which `grad` differentiates: GRAPH, with each node simplified as it is made, and made once.

A rule is read once for each way that it is used, on stand-ins; what it builds is then built again from the nodes of
each edge, without its formula being read and simplified again. So a pass costs little more than the nodes that stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, reduce
from operator import itemgetter
from typing import Any, NamedTuple

from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT, OP, Node, as_node, variable
from cgraph.graph.origin import caller
from cgraph.graph.scope import Scope, common, within
from cgraph.ops import TABLE
from cgraph.ops.op import NONE, Attrs, Op, Rule
from cgraph.rewriting.rewrites import equal
from cgraph.rewriting.simplify import Simplifier, simplify
from cgraph.worlds.graph import GRAPH, GraphWorld


class Call(NamedTuple):
    """A row applied to what stands at some places: the result, the operands, the constants, earlier calls."""

    row: Op
    attrs: Attrs
    pick: Callable[[list[Node]], tuple[Node, ...]]


class Template(NamedTuple):
    """What a rule builds: from the result and the operands of an edge, its local derivative, at `place`."""

    constants: tuple[Node, ...]
    calls: tuple[Call, ...]
    place: int


class Terms(list[Node]):
    """The terms of the sum at a fan-out, which becomes one node when all are there."""


class SharingWorld(GraphWorld):
    """GRAPH for one backward pass through `graph`. Its nodes bear one origin: the user's line that asks for it.

    What flows back through a node of a scope belongs to a scope beside that one: ∂encoder.layer[1].
    """

    def __init__(self, graph: Graph) -> None:
        self._asked = self._origin = caller()
        self._scope: Scope | None = None  # of the node that the gradient flows through
        self._behind: dict[Scope, Scope] = {}
        self._simplifier = Simplifier(graph.nodes, equal())
        self._made = self._simplifier.node  # looked up once, for it is called for every node
        self._templates: dict[Any, Any] = {}  # or plain numbers

    def node(self, row: Op, *operands: Any, **attrs: Any) -> Node:
        for x in operands:
            if x.__class__ is not Node:
                operands = tuple([self._simplifier.simplify(as_node(x, self._origin).itself) for x in operands])
                break
        return self._simplifier.node(row, operands, attrs or NONE, self._origin)

    def binary(self, row: Op, x: Node, y: Any) -> Node:
        return self._made(row, (x, y), NONE, self._origin) if y.__class__ is Node else self.node(row, x, y)

    def seed(self, value: Any, upstream: Any | None) -> Any:
        return self._simplifier.simplify(
            super().seed(value, as_node(1.0 if upstream is None else upstream, self._origin).itself)
        )

    def local(self, rule: Rule, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        if result.scope is not self._scope:
            self._enter(result.scope)
        key = (rule, len(operands), *attrs.items()) if attrs else (rule, len(operands))
        template = self._templates.get(key)
        if template is None:
            template = self._templates[key] = self._mine(_read(rule, len(operands), tuple(attrs.items())))
        if template.__class__ is not Template:
            return template
        constants, calls, place = template
        nodes, made, origin = [result, *operands, *constants], self._made, self._origin
        for row, given, pick in calls:
            nodes.append(made(row, pick(nodes), given, origin))
        return nodes[place]

    def plus(self, gradient: Any, downstream: Any) -> Any:
        if gradient.__class__ is Terms:
            gradient.append(downstream)
            return gradient
        if CONSTANT in (gradient.kind, downstream.kind):  # which may be 0, or make one number
            return self.binary(_ADD, gradient, downstream)
        return Terms((gradient, downstream))

    def total(self, gradient: Any) -> Any:
        if gradient.__class__ is not Terms:
            return gradient
        scope = reduce(common, [x.scope for x in gradient]) if self._behind else None  # most graphs have no scopes
        origin = self._asked if scope is None else (*self._asked[:2], scope)
        return self._made(_ADD, tuple(gradient), NONE, origin)

    def pullback(self, rule: Rule, upstream: Any, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        if result.scope is not self._scope:
            self._enter(result.scope)
        if result.scope is None:
            return self._simplifier.simplify(rule(GRAPH, upstream, result, *operands, **attrs))
        with within(self._origin[2]):
            return self._simplifier.simplify(rule(GRAPH, upstream, result, *operands, **attrs))

    def _enter(self, scope: Scope | None) -> None:
        """What is made from here on belongs to the scope behind this one; to that of the caller, behind none."""
        self._scope, self._origin = scope, self._asked
        if scope is not None:
            behind = self._asked[2]
            for part in scope.around:
                known = self._behind.get(part)
                if known is None:
                    name = part.name if part.parent is not None else f"∂{part.name}"
                    known = self._behind[part] = Scope(name, behind, part.what, part.entered, part)
                behind = known
            self._origin = (*self._asked[:2], behind)

    def _mine(self, template: Any) -> Any:
        """A template with constants of this pass; a number as it is."""
        if template.__class__ is not Template:
            return template
        mine = [x if x.name is not None else as_node(x.value, self._origin) for x in template.constants]
        return template._replace(constants=tuple([self._simplifier.simplify(x) for x in mine]))


_ADD = TABLE["add"]


@lru_cache(maxsize=1024)
def _read(rule: Rule, count: int, attrs: tuple[tuple[str, Any], ...]) -> Any:
    """What a rule builds from stand-ins, or the number that it is."""
    stand_ins = [variable(f"x{i}") for i in range(count + 1)]
    derivative = rule(GRAPH, *stand_ins, **dict(attrs))
    if not isinstance(derivative, Node):
        return derivative
    simple = simplify(derivative, keep=stand_ins)
    inner = [n for n in Graph(simple).nodes if n not in stand_ins]
    constants = [n for n in inner if n.kind == CONSTANT]
    calls = [n for n in inner if n.kind == OP]
    places = {n: i for i, n in enumerate([*stand_ins, *constants, *calls])}
    return Template(
        tuple(constants),
        tuple(Call(n.op, n.attrs, _picker([places[x] for x in n.operands])) for n in calls if n.op is not None),
        places[simple],
    )


def _picker(places: list[int]) -> Callable[[list[Node]], tuple[Node, ...]]:
    """What takes the nodes at some places out of a list, as a tuple."""
    first, *others = places
    return itemgetter(*places) if others else lambda nodes: (nodes[first],)

"""The world in which `grad` differentiates: GRAPH, with each node simplified as it is made, and made once.

A rule is run once for each way that it is used, on stand-ins; what it builds is then built again from the nodes of
each edge, without its formula being read and simplified again. So a pass costs little more than the nodes that stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cgraph.graph import Graph
from cgraph.node import CONSTANT, OP, Node, as_node, variable
from cgraph.ops.row import NONE, Attrs, Row, Rule
from cgraph.origin import caller
from cgraph.simplify import Simplifier, simplify
from cgraph.worlds.graph import GRAPH, GraphWorld


class Step(NamedTuple):
    """A row applied to what stands at some places: the result, the operands, the constants, earlier steps."""

    row: Row
    attrs: Attrs
    places: tuple[int, ...]


class Recipe(NamedTuple):
    """What a rule builds: from the result and the operands of an edge, its local derivative, at `place`."""

    constants: tuple[Node, ...]
    steps: tuple[Step, ...]
    place: int


class SharingWorld(GraphWorld):
    """GRAPH for one backward pass through `graph`. Its nodes bear one origin: the user's line that asks for it."""

    def __init__(self, graph: Graph) -> None:
        self._origin = caller()
        self._simplifier = Simplifier(graph.nodes)
        self._recipes: dict[Any, Any] = {}  # or plain numbers

    def node(self, row: Row, *operands: Any, **attrs: Any) -> Node:
        for x in operands:
            if x.__class__ is not Node:
                operands = tuple([self._simplifier.simplify(as_node(x, self._origin)) for x in operands])
                break
        return self._simplifier.node(row, operands, attrs or NONE, self._origin)

    def seed(self, value: Any, upstream: Any | None) -> Any:
        return self._simplifier.simplify(super().seed(value, upstream))

    def local(self, rule: Rule, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        key = (rule, len(operands), *attrs.items())
        recipe = self._recipes.get(key)
        if recipe is None:
            recipe = self._recipes[key] = self._recipe(rule, len(operands), attrs)
        if not isinstance(recipe, Recipe):
            return recipe
        nodes = [result, *operands, *recipe.constants]
        make, origin = self._simplifier.node, self._origin
        for row, given, places in recipe.steps:
            nodes.append(make(row, tuple([nodes[i] for i in places]), given, origin))
        return nodes[recipe.place]

    def pullback(self, rule: Rule, upstream: Any, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        return self._simplifier.simplify(rule(GRAPH, upstream, result, *operands, **attrs))

    def _recipe(self, rule: Rule, count: int, attrs: Mapping[str, Any]) -> Any:
        """What a rule builds from stand-ins, or the number that it is."""
        stand_ins = [variable(f"x{i}") for i in range(count + 1)]
        derivative = rule(GRAPH, *stand_ins, **attrs)
        if not isinstance(derivative, Node):
            return derivative
        simple = simplify(derivative, keep=stand_ins)
        inner = [n for n in Graph(simple).nodes if n not in stand_ins]
        constants = [self._simplifier.simplify(n) for n in inner if n.kind == CONSTANT]
        steps = [n for n in inner if n.kind == OP]
        places = {n: i for i, n in enumerate([*stand_ins, *(n for n in inner if n.kind == CONSTANT), *steps])}
        return Recipe(
            tuple(constants),
            tuple(Step(n.op, n.attrs, tuple(places[x] for x in n.operands)) for n in steps if n.op is not None),
            places[simple],
        )

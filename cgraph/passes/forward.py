"""The forward pass: every node's value, operands first, in any world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cgraph import shapes
from cgraph.errors import MissingValueError, NameUnknownError, ShapeError, ValueRefusedError
from cgraph.graph.display import mimebundle
from cgraph.graph.graph import Graph
from cgraph.graph.node import OP, Node

if TYPE_CHECKING:
    from cgraph.worlds.world import World


@dataclass(frozen=True, eq=False)
class Forward:
    """A forward pass: `fwd["e"]` (or `fwd[e]`) is the value of a node.

    `graph` is what was computed, `world` where, `values` one value a node in the graph's order.
    """

    graph: Graph
    world: World
    values: tuple[Any, ...] = field(repr=False)
    _repr_mimebundle_ = mimebundle

    def __getitem__(self, key: Node | str) -> Any:
        return self.values[self.graph.position(key)]


def forward(
    outputs: Node | Graph | Iterable[Node],
    feed: Mapping[Any, Any],
    world: World,
    sizes: Mapping[str, int] | None = None,
) -> Forward:
    """Compute `outputs` in `world`, with `feed` for the leaves (by node or by name).

    `sizes` binds named dimensions; without it they are bound by the values' shapes.
    Raises NameUnknownError, MissingValueError, ShapeError, ValueRefusedError.
    """
    graph = outputs if isinstance(outputs, Graph) else Graph(outputs)
    bound: dict[str, shapes.Dimension] = dict(sizes or {})
    leaves = _leaves(graph, _by_node(graph, feed), world, bound)
    values: dict[Node, Any] = {}  # by node, not by place: one look-up an operand
    value_of = values.__getitem__
    try:
        for node in graph.nodes:
            row = node.op
            if row is None:
                values[node] = leaves[node]
                continue
            attrs = node.attrs
            if attrs and "shape" in attrs:
                attrs = {**attrs, "shape": shapes.bind(attrs["shape"], bound)}
            values[node] = world.apply(row, [*map(value_of, node.operands)], attrs)
    except (ValueRefusedError, ShapeError) as error:  # an op knows its values, and not which node it computes
        raise type(error)(
            f"{graph.name(node)}: {error.what}", where=error.where or node.where, why=error.why, fix=error.fix
        ) from None
    return Forward(graph, world, tuple(values.values()))


def _by_node(graph: Graph, feed: Mapping[Any, Any]) -> dict[Node, Any]:
    given: dict[Node, Any] = {}
    for key, value in feed.items():
        node = graph.taking(key)
        if node.kind == OP:
            raise NameUnknownError(
                f"{graph.name(node)} is computed and takes no value",
                where=node.where,
                fix=f"give values to the leaves: {', '.join(graph.name(n) for n in graph.inputs)}",
            )
        given[node] = value
    return given


def _leaves(
    graph: Graph, given: Mapping[Node, Any], world: World, bound: dict[str, shapes.Dimension]
) -> dict[Node, Any]:
    """The value of each leaf, checked against its shape; names are bound to sizes on the way."""
    leaves: dict[Node, Any] = {}
    missing: list[MissingValueError] = []
    for node in (*graph.leaves, *[leaf for leaf in graph.beyond if leaf in given]):
        declared = any(isinstance(d, str) for d in node.shape) and bound
        try:
            value = world.leaf(node, given.get(node), shapes.bind(node.shape, bound) if declared else node.shape)
        except MissingValueError as error:
            missing.append(error)
            continue
        if not shapes.match(node.shape, value.shape, bound):
            _refuse_shape(node, value.shape, bound)
        leaves[node] = value
    if missing:
        first = missing[0]
        raise MissingValueError(
            "; ".join(e.what for e in missing),
            where=first.where,
            why=first.why,
            fix=", ".join(e.fix for e in missing),
        )
    return leaves


def _refuse_shape(node: Node, actual: shapes.Shape, bound: Mapping[str, shapes.Dimension]) -> None:
    declared = shapes.bind(node.shape, bound)
    also = f", with {', '.join(f'{k}={v}' for k, v in bound.items())}" if declared != node.shape else ""
    raise ShapeError(
        f"the value of {node.name} has shape {shapes.show(actual)}",
        where=node.where,
        why=f"{node.name} was declared as {shapes.show(node.shape)}{also}",
        fix=f"give an array of that shape, or declare shape={actual!r}",
    )

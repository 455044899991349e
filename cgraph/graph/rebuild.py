"""The one loop that copies a graph with a change: nodes whose operands changed are built anew, all others stay."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cgraph.graph.node import Node, make


def standing_on(node: Node, operands: tuple[Node, ...]) -> Node:
    """The node on other operands of the same shapes: itself when they are its own; name, value and origin stay.

    >>> from cgraph.graph.node import variables
    >>> a, b = variables("a b")
    >>> d = (2 * b).named("d")
    >>> standing_on(d, (d.operands[0], a)), standing_on(d, d.operands) is d
    (<d = mul(2, a)>, True)
    """
    if operands == node.operands:
        return node
    return make(node.kind, node.op, operands, node.attrs, node.shape, node.name, node.value, node.origin)


def nameless(node: Node) -> Node:
    """The same expression without its name, as a new node."""
    return make(node.kind, node.op, node.operands, node.attrs, node.shape, None, node.value, node.origin)


def rebuilt(nodes: Iterable[Node], change: Callable[[Node, Node], Node]) -> dict[Node, Node]:
    """What each node became, of nodes that come after their operands.

    `change` is given a node as it was and as it stands on its new operands, and gives what takes its place, of the same
    shape.

    >>> from cgraph.graph.graph import Graph
    >>> from cgraph.graph.node import variables
    >>> a, b = variables("a b")
    >>> L = a * (a + b)
    >>> rebuilt(Graph(L).nodes, lambda was, now: b if was is a else now)[L]
    <mul(b, …)>
    """
    done: dict[Node, Node] = {}
    for node in nodes:
        done[node] = change(node, standing_on(node, tuple([done[x] for x in node.operands])))
    return done

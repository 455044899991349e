"""Small rewrites that leave every value as it is: x + 0, x*1, -(-x), arithmetic on constants.

Named nodes stay, and so does every node whose operands did not change: a gradient shares its nodes with the
graph that it came from.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np

from cgraph.graph import Graph
from cgraph.node import CONSTANT, OP, Node, as_node, build


def simplify(outputs: Sequence[Node], keep: Container[Node] = ()) -> list[Node]:
    """The same outputs, rewritten; equal in value for every finite input. Nodes in `keep` stay as they are."""
    graph = Graph(outputs)
    done: dict[Node, Node] = {}
    for node in graph.nodes:
        if node.kind != OP or node.op is None or node in keep:
            done[node] = node
            continue
        operands = [done[x] for x in node.operands]
        if any(new is not old for new, old in zip(operands, node.operands, strict=True)):
            fresh = build(node.op, *operands, origin=node.origin, **node.attrs)
            fresh = fresh if node.name is None else fresh.named(node.name)
        else:
            fresh = node
        done[node] = fresh if fresh.name is not None else _rewritten(fresh)
    return [done[x] for x in outputs]


def _is(node: Node, number: float) -> bool:
    return node.kind == CONSTANT and node.name is None and node.value is not None and bool(np.all(node.value == number))


def _rewritten(node: Node) -> Node:
    """One node, by the first rewrite that fits."""
    assert node.op is not None
    name, operands = node.op.name, node.operands
    kept: Node | None = None
    if name == "size" and not any(isinstance(d, str) for d in operands[0].shape):
        return as_node(float(np.prod([int(d) for d in operands[0].shape], dtype=float)), node.origin)
    if all(x.kind == CONSTANT and x.name is None for x in operands) and name != "broadcast_like":
        with np.errstate(all="ignore"):
            return as_node(node.op.numpy(*(x.value for x in operands), **node.attrs), node.origin)
    if name == "broadcast_like" and operands[0].shape == operands[1].shape:
        return operands[0]
    if len(operands) == 2:
        x, y = operands
        if name == "add":
            kept = x if _is(y, 0) else y if _is(x, 0) else None
        elif name == "mul":
            kept = x if _is(y, 1) or _is(x, 0) else y if _is(x, 1) or _is(y, 0) else None
            minus = y if _is(x, -1) else x if _is(y, -1) else None
            if minus is not None and minus.shape == node.shape:
                return _rewritten(-minus)
        elif (name == "sub" and _is(y, 0)) or (name in ("div", "pow") and _is(y, 1)):
            kept = x
    elif name == "neg" and operands[0].kind == OP and operands[0].op is node.op and operands[0].name is None:
        kept = operands[0].operands[0]
    return kept if kept is not None and kept.shape == node.shape else node

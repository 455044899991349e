"""Which rewrites fit a node, and what it becomes: patterns against the node and its operands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cgraph.graph.node import CONSTANT, VARIABLE, Node, build
from cgraph.rewriting.rewrites import Rewrite, by_op


def matching(node: Node) -> Iterator[Node]:
    """The results of the rewrites that fit a node."""
    assert node.op is not None
    operands = node.operands
    for rewrite in by_op().get(node.op, ()):
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

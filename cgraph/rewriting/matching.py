"""Which rewrites fit a node, and what it becomes: patterns against the node and its operands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cgraph.graph.node import CONSTANT, VARIABLE, Node, as_node
from cgraph.ops import TABLE
from cgraph.ops.op import Attrs, Op
from cgraph.rewriting.rewrites import Rewrite, Rewrites

Build = Callable[[Op, tuple[Node, ...], Attrs, Any], Node]
Opaque = Callable[[Node], bool]


def rewritten(node: Node, table: Rewrites, build: Build, opaque: Opaque) -> Node | None:
    """The result of the first rewrite that fits a node, with its name unless it is a leaf; None where none does.

    `build` makes the nodes of it, from the node's line; what is `opaque` is not looked into.
    """
    for rewrite in table.of(node):
        if len(node.operands) != len(rewrite.pattern.operands) or (node.name is not None and not rewrite.stable):
            continue
        bound = _match(rewrite, node, opaque)
        result = None if bound is None else _instance(rewrite, bound, node, build, opaque)
        if result is not None and result.shape == node.shape:
            return result if node.name is None or result.op is None else result.named(node.name)
    return None


def _match(rewrite: Rewrite, node: Node, opaque: Opaque) -> dict[Any, Any] | None:
    """The nodes that the variables (and the constants) of a pattern stand for, and the attributes seen; or None."""
    operands = node.operands
    for position, head in rewrite.heads:
        operand = operands[position]
        if operand.op is not head and (operand.kind != CONSTANT or (not operand.shape and operand.value != head)):
            return None
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
            inner = found is not node and (opaque(found) or (found.name is not None and not rewrite.stable))
            if found.op is not pattern.op or len(found.operands) != len(pattern.operands) or inner:
                return None
            bound["attrs"].update(found.attrs)
            stack.extend(zip(pattern.operands, found.operands, strict=True))
    return bound


def _instance(rewrite: Rewrite, bound: dict[Any, Any], node: Node, build: Build, opaque: Opaque) -> Node | None:
    """The result of a rewrite with nodes in the place of its variables."""
    attrs = bound.pop("attrs") if rewrite.fit is None else rewrite.fit(bound, bound.pop("attrs"))
    if attrs is None:
        return None
    place = node.origin
    if not isinstance(rewrite.result, Node):
        make = rewrite.result
        return make(lambda name, *x, **given: build(TABLE[name], x, given, place), opaque, bound)
    done: dict[Node, Node] = {}
    for part in rewrite.parts:
        if part.op is not None:
            own = {k: v for k, v in attrs.items() if k in part.op.defaults}
            done[part] = build(part.op, tuple([done[x] for x in part.operands]), own, place)
        elif part.kind == VARIABLE:
            done[part] = bound[part.name]
        else:
            given = bound.get(float(part.value))
            done[part] = as_node(part.value, node.origin) if given is None else given
    return done[rewrite.result]

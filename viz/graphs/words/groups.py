"""The layers of a graph as a tree: from the scopes of its nodes and, where a node has none, from its name.

z[1], W[1] and b[1] are of layer 1, `encoder.W` of `encoder`, `net/encoder.W` of `encoder` in `net`. Where a part of a
model was called twice, it is there twice: `relu` and `relu (2)`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from cgraph.graph.graph import Graph
from cgraph.graph.names import layer_of, scope_of
from cgraph.graph.node import CONSTANT, OP, PARAMETER, Node
from cgraph.graph.scope import Scope


@dataclass(frozen=True, eq=False)
class Group:
    """A layer: its `name` is the path from the outermost one, its `title` the last part of it.

    `what` says what it is, where its scope does; `of_scope` is False for a layer that names alone make.
    """

    name: str
    title: str
    what: str
    parent: Group | None
    nodes: tuple[Node, ...]
    of_scope: bool

    @property
    def around(self) -> tuple[Group, ...]:
        """The groups from the outermost to this one."""
        found: list[Group] = []
        group: Group | None = self
        while group is not None:
            found.append(group)
            group = group.parent
        return tuple(found[::-1])

    @cached_property
    def depth(self) -> int:
        """How far down it is: 1 for an outermost one."""
        return 1 if self.parent is None else self.parent.depth + 1


@dataclass(frozen=True)
class Groups:
    """All layers of a graph, the outer before the inner ones and otherwise in the order of their nodes.

    `of` is the innermost one that a node is in.
    """

    all: tuple[Group, ...]
    of: Mapping[Node, Group]

    @cached_property
    def deepest(self) -> int:
        """The depth of the innermost layers; 0 where there are none."""
        return max((g.depth for g in self.all), default=0)

    @cached_property
    def level(self) -> int:
        """The first depth at which there are several layers; 1 where there is none."""
        depths = [g.depth for g in self.all]
        return next((d for d in range(1, self.deepest + 1) if depths.count(d) > 1), 1)


Path = tuple[Hashable, ...]
"""What tells a layer from all others: a key for each layer from the outermost one to itself."""


def groups(graph: Graph) -> Groups:
    """The layers of a graph."""
    paths = _of_scopes(graph)
    scoped = set(paths)
    _of_names(graph, paths)
    _with_leaves(graph, paths)
    members: dict[Path, list[Node]] = {}
    for node in graph.nodes:
        path = paths.get(node, ())
        for length in range(1, len(path) + 1):
            members.setdefault(path[:length], []).append(node)
    made: dict[Path, Group] = {}
    taken: set[str] = set()
    for path in sorted(members, key=len):  # in the order of their nodes, for sorting keeps what is equal
        parent = made.get(path[:-1])
        title, what = _said(path[-1])
        name, title = _own(title, parent, taken)
        nodes = tuple(members[path])
        made[path] = Group(name, title, what, parent, nodes, any(n in scoped for n in nodes))
    return Groups(tuple(made.values()), {node: made[path] for node, path in paths.items() if path})


def _own(title: str, parent: Group | None, taken: set[str]) -> tuple[str, str]:
    """A name that no other layer has, and its last part: what was called again is numbered."""
    before, count = f"{parent.name}." if parent is not None else "", 1
    numbered = title
    while before + numbered in taken:
        count += 1
        numbered = f"{title} ({count})"
    taken.add(before + numbered)
    return before + numbered, numbered


def _said(key: Hashable) -> tuple[str, str]:
    return (key.name, key.what) if isinstance(key, Scope) else (str(key), "")


def _of_scopes(graph: Graph) -> dict[Node, Path]:
    """The paths of nodes that were built in a scope; of scopes that a path alone names, one name is one scope."""
    known: dict[Scope, Path] = {}
    found: dict[Node, Path] = {}
    for node in graph.nodes:
        if node.scope is not None:
            if node.scope not in known:
                known[node.scope] = tuple(scope if scope.entered else scope.name for scope in node.scope.around)
            found[node] = known[node.scope]
    return found


def _of_names(graph: Graph, paths: dict[Node, Path]) -> None:
    """The paths of nodes without a scope that have names; an unnamed one is in the layer that all its users are in.

    Where there are scopes, leaves are where their users are, and a number in a name, such as that of W[1]' after a
    step, makes no layer.
    """
    users: dict[Node, list[Node]] = {}
    for node in graph.nodes:
        for operand in node.operands:
            users.setdefault(operand, []).append(node)
    scoped, outputs = set(paths), set(graph.outputs)
    for node in reversed(graph.nodes):
        if node in scoped:
            continue
        if node.name is not None and (node.kind == OP or not scoped):
            path = _read(node.name, not scoped)
        elif node in outputs or node not in users or any(user in scoped for user in users[node]):
            path = ()  # what stands between two scopes is in neither
        else:
            path = _common(paths.get(user, ()) for user in users[node])
        if path:
            paths[node] = path


def _read(name: str, numbers: bool) -> Path:
    layer, around = layer_of(name.rpartition(".")[2]) if numbers else None, scope_of(name)
    above = [part for part in around.replace("/", ".").split(".") if part.strip()] if around else []
    return (*above, f"layer {layer}") if layer else tuple(above)


def _with_leaves(graph: Graph, paths: dict[Node, Path]) -> None:
    """Parameters are in the innermost layer around all their users in layers, constants around all their users.

    Gradients that flow back through a layer use what is in it, and do not take it away from it.
    """
    used: dict[Node, Path] = {}
    back: dict[Node, Path] = {}
    for node in graph.nodes:
        path = paths.get(node, ())
        found = used if node.scope is None or node.scope.of is None else back
        for x in node.operands:
            if x.kind == CONSTANT or (x.kind == PARAMETER and path):
                found[x] = _common((found[x], path)) if x in found else path
    for leaf, path in {**back, **used}.items():
        if path:
            paths[leaf] = path
        elif leaf.scope is not None:
            del paths[leaf]


def _common(of: Iterable[Path]) -> Path:
    """What several paths begin with."""
    first, *others = of
    for other in others:
        length = next((i for i, (a, b) in enumerate(zip(first, other, strict=False)) if a != b), None)
        first = first[: min(len(first), len(other)) if length is None else length]
    return first

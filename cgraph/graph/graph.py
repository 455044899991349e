"""Graphs: nodes in order, by name, with what they depend on."""

from __future__ import annotations

import copyreg
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, cast

from cgraph.errors import GraphError, NameUnknownError, ValueRefusedError, did_you_mean
from cgraph.graph.derived import Derived, Note, derived, gathered
from cgraph.graph.display import mimebundle
from cgraph.graph.node import CONSTANT, OP, PARAMETER, VARIABLE, Node, as_array, make, number_text, short
from cgraph.graph.origin import Origin
from cgraph.ops.op import NONE, Op
from cgraph.quoting import terminal


class Graph:
    """The nodes that some outputs depend on, operands first, in an order that is the same in every process.

    `graph["e"]` is the node of that name. Every node has a name of its own here: unnamed results are called
    v1, v2, ... in order, and unnamed constants by their value. Where outputs are derivatives, `noted` are the leaves
    of what was differentiated, `beyond` are those of them that no output depends on, and `order` says how often it was.

    Raises GraphError when two different nodes have one name, or when there is a cycle.
    """

    def __init__(self, outputs: Node | Graph | Iterable[Node]) -> None:
        notes: list[Note] = []
        if isinstance(outputs, Graph):
            notes, outputs = [Note(outputs.noted, outputs.order)], outputs.outputs
        text = isinstance(cast(object, outputs), str)
        if text or not isinstance(outputs, (Node, Iterable)):
            fix = "cg.parse reads formulas" if text else "a graph is made from nodes"
            raise ValueRefusedError(f"{short(outputs)} is no node", fix=fix)
        self.outputs: tuple[Node, ...] = (outputs,) if isinstance(outputs, Node) else tuple(outputs)
        for output in self.outputs:
            if output.__class__ is Node:
                continue
            if not isinstance(output, Node):
                raise ValueRefusedError(f"{short(output)} is no node", fix="a graph is made from nodes")
            if isinstance(output, Derived):
                notes.append(output.note)
        if notes:
            self.outputs = tuple([output.itself for output in self.outputs])
        index: dict[Node, int] = {}
        self.nodes: tuple[Node, ...] = tuple(in_order(self.outputs, index))
        self.index: Mapping[Node, int] = index
        self._by_name, self.ops = _named_once(self.nodes)
        self.order: int = max([note.order for note in notes]) if notes else 0
        self.noted: tuple[Node, ...] = gathered(notes) if notes else ()
        named = {leaf.name: leaf for leaf in self.noted if leaf.name not in self._by_name} if notes else {}
        self.beyond: tuple[Node, ...] = tuple(named.values())

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The name of each node, in order; made up where the user gave none."""
        names: list[str] = []
        copies: dict[str, int] = {}
        for node in self.nodes:
            name = node.name
            while name is None:
                stem = "v" if node.kind == OP else number_text(node)
                count = copies[stem] = copies.get(stem, 0) + 1
                name = f"v{count}" if node.kind == OP else stem if count == 1 else f"{stem} ({count})"
                name = None if name in self._by_name else name
            names.append(name)
        return tuple(names)

    @cached_property
    def _by_any_name(self) -> Mapping[str, Node]:
        return dict(zip(self.names, self.nodes, strict=True))

    @property
    def output(self) -> Node:
        """The only output. Raises GraphError when there are several."""
        if len(self.outputs) != 1:
            raise GraphError(
                f"the graph has {len(self.outputs)} outputs: {', '.join(map(self.name, self.outputs))}",
                fix="say which one is meant, for example of='L'",
            )
        return self.outputs[0]

    @property
    def leaves(self) -> tuple[Node, ...]:
        """The nodes without operands, in order: variables, parameters and constants."""
        return tuple(n for n in self.nodes if n.kind != OP)

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The leaves to which gradients flow: variables and parameters."""
        return tuple([n for n in self.nodes if n.op is None and n.kind != CONSTANT])

    @cached_property
    def differentiable(self) -> tuple[bool, ...]:
        """For each node, whether a variable or a parameter stands below it."""
        flags = [node.kind in (VARIABLE, PARAMETER) for node in self.nodes]
        index = self.index
        for place, node in enumerate(self.nodes):
            for operand in node.operands:
                if flags[index[operand]]:
                    flags[place] = True
                    break
        return tuple(flags)

    def name(self, node: Node) -> str:
        """The name of a node in this graph."""
        return self.names[self.position(node)]

    def position(self, key: Node | str) -> int:
        """Where a node, given by itself or by its name, stands in the order."""
        if isinstance(key, Node):
            found = self.index.get(key)
        else:
            node = self._by_name.get(key)
            if node is None:
                node = self._by_any_name.get(key)
            found = None if node is None else self.index[node]
        if found is None:
            raise self._unknown(key)
        return found

    def _unknown(self, key: Node | str) -> NameUnknownError:
        if any(key in (leaf, leaf.name) for leaf in self.beyond):
            return NameUnknownError(
                f"nothing here depends on {key if isinstance(key, str) else key.name}",
                why="it is a derivative, from which that leaf vanished",
                fix="a gradient by it is 0, as cg.grad gives it",
            )
        if isinstance(key, Node):
            twin = key.name is not None and key.name in self._by_name
            return NameUnknownError(
                f"{key!r} is not in this graph",
                where=key.where,
                why="another node of the same name is: .named makes a new node" if twin else "",
                fix="use the node that the output was built from, or its name",
            )
        names = [*self.names, *[str(leaf.name) for leaf in self.beyond]]
        return NameUnknownError(
            f"the graph has no node named {key!r}",
            fix=did_you_mean(key, names, f"its names are {_listed(names)}"),
        )

    def taking(self, key: Node | str) -> Node:
        """The node that a value is given to by itself or by its name: one of the graph's, or a leaf `beyond` it."""
        for leaf in self.beyond if self.beyond and key not in self else ():
            if key in (leaf, leaf.name):
                return leaf
        return self[key]

    def derived(self, nodes: Iterable[Node], times: int = 0) -> list[Node]:
        """What was made of this graph, differentiated so many times more; it takes the values that the graph takes."""
        note = Note((*self.inputs, *self.beyond), self.order + times)
        return [derived(node, note) for node in nodes]

    def __getitem__(self, key: Node | str) -> Node:
        return self.nodes[self.position(key)]

    def __contains__(self, key: object) -> bool:
        return key in self.index if isinstance(key, Node) else key in self._by_name or key in self._by_any_name

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    _repr_mimebundle_ = mimebundle

    def __repr__(self) -> str:
        return f"<Graph of {len(self)} nodes: {terminal(_listed([self.name(n) for n in self.outputs]))}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if self.noted or self.order:
            return _unpickle_derived, (Graph([*self.outputs, *self.noted]), len(self.outputs), self.order)
        return _unpickle, (self._flat(), len(self.outputs))

    def _flat(self) -> list[tuple[Any, ...]]:
        """The nodes as plain records that refer to each other by number, the outputs' numbers last."""
        records: list[tuple[Any, ...]] = [
            (n.kind, n.op, tuple(self.index[x] for x in n.operands), dict(n.attrs), n.shape, n.name, n.value, _place(n))
            for n in self.nodes
        ]
        return [*records, tuple(self.index[n] for n in self.outputs)]


def _place(node: Node) -> Origin:
    """Where a node was built, in words: code is not pickled."""
    return node.where if node.scope is None else (node.where, 0, node.scope)


def _unpickle(records: list[tuple[Any, ...]], outputs: int) -> Node | Graph:
    nodes: list[Node] = []
    for kind, op, operands, attrs, shape, name, value, place in records[:-1]:
        own = None if value is None else as_array(value, kind)
        given = MappingProxyType(attrs) if attrs else NONE
        nodes.append(make(kind, op, tuple(nodes[i] for i in operands), given, shape, name, own, place))
    found = [nodes[i] for i in records[-1]]
    return Graph(found) if outputs else found[0]


def _unpickle_derived(both: Graph, outputs: int, order: int) -> Graph:
    return Graph([derived(node, Note(both.outputs[outputs:], order)) for node in both.outputs[:outputs]])


def in_order(outputs: Sequence[Node], places: dict[Node, int]) -> list[Node]:
    """The nodes that are not in `places` yet, depth first, operands from left to right, each after its operands.

    Each gets its place among them in `places`. No recursion. Raises GraphError when there is a cycle.
    """
    order: list[Node] = []
    stack = list(outputs)[::-1]
    while stack:
        node = stack[-1]
        place = places.get(node)
        if place is None:
            place = places[node] = -1  # while it waits for its operands
            ready = True
            for operand in node.operands[::-1]:
                found = places.get(operand)
                if found is None:
                    stack.append(operand)
                    ready = False
                elif found < 0:
                    _refuse_cycle(node, operand)
            if not ready:
                continue
        stack.pop()
        if place < 0:
            places[node] = len(order)
            order.append(node)
    return order


def _refuse_cycle(node: Node, operand: Node) -> None:
    raise GraphError(
        f"{node!r} and {operand!r} depend on each other: a cycle",
        where=node.where,
        fix="a computation graph has no cycles; unroll the loop",
    )


def _named_once(nodes: Iterable[Node]) -> tuple[dict[str, Node], frozenset[Op | None]]:
    """The nodes with names, and the ops that there are: in one loop, because of a million nodes each loop is felt."""
    named: list[Node] = []
    keep = named.append
    ops = frozenset({n.op for n in nodes if n.name is None or keep(n) is None})
    by_name: dict[str, Node] = {}
    for node in named:
        name = cast(str, node.name)
        if by_name.setdefault(name, node) is not node:
            raise GraphError(
                f"two different nodes are named {name!r}",
                where=f"{by_name[name].where}; and {node.where}",
                fix="give one of them another name, or use one node in both places",
            )
    return by_name, ops


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _pickled(node: Node) -> tuple[Any, ...]:
    return _unpickle, (Graph(node)._flat(), 0)


def _pickled_derived(node: Derived) -> tuple[Any, ...]:
    graph = Graph(node)
    return _unpickle_derived_node, (Graph([node.original, *graph.inputs, *graph.beyond]), graph.order)


def _unpickle_derived_node(both: Graph, order: int) -> Node:
    return derived(both.outputs[0], Note(both.outputs[1:], order))


copyreg.pickle(Node, _pickled)  # flat, so that depth does not matter
copyreg.pickle(Derived, _pickled_derived)

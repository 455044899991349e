"""From tensors to neurons: the same computation as a graph of scalar nodes, drawn one box a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, overload

import numpy as np

from cgraph import shapes
from cgraph.errors import MissingValueError, ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.names import of_element, small
from cgraph.graph.node import CONSTANT, OP, PARAMETER, VARIABLE, Node, build, constant, parameter, variable
from cgraph.graph.parse import GraphLike, as_graph
from cgraph.graph.scope import within
from cgraph.ops import TABLE
from cgraph.passes.backward import Backward
from cgraph.passes.forward import Forward
from cgraph.passes.numbers import backward, forward
from cgraph.rewriting.neurons import LOSSLESS, NEURONS, SUMS, Neurons, NeuronWorld, as_neurons, elementwise

MOST = 100_000  # scalar nodes; what is larger is no picture and no proof
ADD = TABLE["add"]


@overload
def unroll(of: GraphLike, sizes: Mapping[str, int] | None = None) -> Graph: ...
@overload
def unroll(of: Forward, sizes: Mapping[str, int] | None = None) -> Forward: ...
@overload
def unroll(of: Backward, sizes: Mapping[str, int] | None = None) -> Backward: ...
def unroll(of: GraphLike | Forward | Backward, sizes: Mapping[str, int] | None = None) -> Graph | Forward | Backward:
    """The same computation with one scalar node for each element, as in Fig. 6.18 of SLP3.

    A graph gives a graph, a pass gives the same pass of the neurons: each element has the value and the gradient that
    it has in the tensor, to rounding. Named dimensions are bound by `sizes` ({"m": 1}), in a pass by its values.
    Elements are named by the chapter's subscripts, from 1: x1, z[1]2, and w[1]ji for the weight from input i to unit
    j. softmax and logsumexp become their formulas (Eq. 6.9), which overflow beyond logits of ±700.
    Raises MissingValueError for a dimension without a size or ids without a value, ValueRefusedError for more than
    100,000 elements.

    >>> import cgraph as cg
    >>> X, W = cg.variable("X", (1, 2)), cg.parameter("W[1]", [[1.0], [2.0]])
    >>> z = cg.unroll((X @ W).named("z[1]"))
    >>> z.names
    ('w[1]11', 'x1', 'v1', 'w[1]12', 'x2', 'v2', 'z[1]')
    """
    if isinstance(of, (Forward, Backward)):
        fwd = of if isinstance(of, Forward) else of.forward
        neurons = _unrolled(fwd.graph, {}, fwd)
        given = {
            node: number
            for leaf in fwd.graph.leaves
            for node, number in zip(neurons[leaf].flat, np.ravel(fwd[leaf]), strict=True)
            if node.kind != CONSTANT
        }
        outputs = _scalars(fwd.graph.outputs, neurons)
        scalar = forward(outputs, {n: v for n, v in given.items() if n in outputs}, world=fwd.world)
        if isinstance(of, Forward):
            return scalar
        if of.of.shape != ():
            raise ValueRefusedError(
                f"{of.graph.name(of.of)} is no scalar", where=of.of.where, fix="unroll the forward pass"
            )
        return backward(scalar, of=neurons[of.of][()])
    graph = as_graph(of)
    return _scalars(graph.outputs, _unrolled(graph, dict(sizes or {}), None))


def elements(of: GraphLike, sizes: Mapping[str, int] | None = None) -> dict[Node, Any]:
    """Every node of a graph as an array of scalar nodes, as `unroll` makes them, but such as no number overflows in.

    softmax, logsumexp, norms and the losses on logits are not written as their formulas here, but as arrays are
    computed. Raises what `unroll` raises.

    >>> import cgraph as cg
    >>> x = cg.variable("x", 2)
    >>> [node.name for node in elements(x * 2.0)[x]]
    ['x1', 'x2']
    """
    return _unrolled(as_graph(of), dict(sizes or {}), None, LOSSLESS)


def _scalars(outputs: tuple[Node, ...], neurons: Mapping[Node, Any]) -> Graph:
    return Graph([element for output in outputs for element in neurons[output].flat])


def _unrolled(
    graph: Graph, sizes: Mapping[str, int], fwd: Forward | None, world: NeuronWorld = NEURONS
) -> dict[Node, Any]:
    """Every node of the graph as an array of scalar nodes."""
    uses = Counter(x for n in graph.nodes for x in n.operands)
    right = {n.operands[1] for n in graph.nodes if n.op is TABLE["matmul"]} - {
        n.operands[0] for n in graph.nodes if n.op is TABLE["matmul"]
    }
    neurons: dict[Node, Any] = {}
    count = 0
    for node in graph.nodes:
        shape = np.shape(fwd[node]) if fwd is not None else _bound(graph, node, sizes)
        count += int(np.prod(shape, dtype=int))
        if count > MOST:
            raise ValueRefusedError(
                f"{graph.name(node)} {shapes.show(shape)} brings the graph to {count} scalar nodes",
                where=node.where,
                why=f"unrolled graphs have at most {MOST}",
                fix="take a smaller net or fewer examples, or draw the tensors",
            )
        with within(node.scope):
            if node.kind != OP:
                neurons[node] = _leaf(node, shape, node in right)
            else:
                attrs = {**node.attrs, "shape": shape} if "shape" in node.attrs else node.attrs
                neurons[node] = _named(node, _applied(graph, node, attrs, neurons, uses, fwd, world))
    return neurons


def _bound(graph: Graph, node: Node, sizes: Mapping[str, int]) -> tuple[int, ...]:
    shape = shapes.bind(node.shape, dict(sizes))
    unbound = [d for d in shape if isinstance(d, str)]
    if unbound:
        raise MissingValueError(
            f"{graph.name(node)} has the named dimension {unbound[0]!r}",
            where=node.where,
            why="each element becomes a node, so the sizes must be known",
            fix=f"give sizes={{{unbound[0]!r}: 1}}, or unroll a forward pass",
        )
    return tuple(int(d) for d in shape)


def _applied(
    graph: Graph,
    node: Node,
    attrs: Mapping[str, Any],
    neurons: Mapping[Node, Any],
    uses: Counter[Node],
    fwd: Any,
    world: NeuronWorld,
) -> Any:
    row = node.op
    assert row is not None
    operands = [neurons[x] for x in node.operands]
    first = node.operands[0]
    if row is ADD and first.name is None and (first.op is ADD or first.op in SUMS) and uses[first] == 1:
        # x W + b is one sum of d products and a bias; from the left, so that it is added up in the same order
        return elementwise(lambda s, *terms: build(row, *(s.operands if s.op is row else (s,)), *terms), *operands)
    if row.ids is not None:
        operands[row.ids.place] = _ids(graph, node.operands[row.ids.place], fwd)
    return world.apply(row, operands, attrs)


def _ids(graph: Graph, node: Node, fwd: Forward | None) -> Any:
    """The numbers of ids: which row is taken decides what the graph of neurons is."""
    if fwd is not None:
        return np.asarray(fwd[node])
    if node.kind == CONSTANT:
        return node.value
    raise MissingValueError(
        f"{graph.name(node)} chooses rows and has no value",
        where=node.where,
        why="the rows that are taken decide which neurons there are",
        fix="unroll a forward pass, which knows the ids",
    )


# Names ---------------------------------------------------------------------------------------------------------------
def _leaf(node: Node, shape: tuple[int, ...], unit_first: bool) -> Any:
    if node.kind == CONSTANT and node.name is None:
        return as_neurons(np.broadcast_to(node.value, shape))
    result: Any = np.empty(shape, dtype=object).view(Neurons)
    for index in np.ndindex(*shape):
        name = element_name(node, shape, index, unit_first)
        if node.kind == VARIABLE:
            result[index] = variable(name)
        elif node.kind == PARAMETER:
            result[index] = parameter(name, node.value[index])
        else:
            result[index] = constant(node.value[index], name=name)
    return result


def _named(node: Node, neurons: Any) -> Any:
    if node.name is None:
        return neurons
    result: Any = np.empty(neurons.shape, dtype=object).view(Neurons)
    for index in np.ndindex(*neurons.shape):
        result[index] = neurons[index].named(element_name(node, neurons.shape, index))
    return result


def element_name(node: Node, shape: tuple[int, ...], index: tuple[int, ...], unit_first: bool = False) -> str:
    """The name of one element of a named node, with subscripts from 1: `W[1]` at (0, 1) is `w[1]12`.

    `unit_first` writes the indices of a matrix the other way round: w[1]21. Where the first dimension is named, its
    index is the number of an example, x(2)1, and left out when there is only one.
    """
    name, example = small(str(node.name)), None
    if node.kind != PARAMETER and shape and (shape[0] == 1 or isinstance(node.shape[0], str)):
        example = index[0] + 1 if shape[0] > 1 else None
        shape, index = shape[1:], index[1:]
    if not shape or (node.kind != PARAMETER and max(shape) == 1):
        return of_element(name, (), example=example)
    numbers = [i + 1 for i in (index[::-1] if unit_first else index)]
    return of_element(name, numbers, example=example, wide=max(shape) >= 10)

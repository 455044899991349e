"""Graphs of scalars, forward and backward: python benchmarks/scalar.py [--work moons dag:1000000 chain:1000000]

    moons     micrograd's net for make_moons, 2-16-16-1, hinge loss and L2 term on 100 points: every scalar a node
    dag:N     a random graph of N nodes (+, *, tanh) in blocks of 200
    chain:N   a chain of N nodes

One value and its gradient by every leaf, in float64. The same lines build the graph from each library's numbers; those
of micrograd, PyTorch and autograd compute while they are built, so that a step builds it. XLA compiles a few hundred
nodes in seconds, some thousands in more than minutes: JAX takes part in small graphs only, as `--work dag:500`. Values
and gradients are compared first; what is missing is said. Times are of a node: those of a step, and once those of
building and compiling.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

from turns import Candidate, LeftOutError, finish, measure, parser

import numpy as np  # isort: skip

import cgraph as cg  # isort: skip


class Numbers(NamedTuple):
    """What a graph is built from: leaves by their values, and two functions; + and * are the numbers' own."""

    leaf: Callable[[float], Any]
    tanh: Callable[[Any], Any]
    relu: Callable[[Any], Any]


Built = tuple[int, Any]  # the nodes beside the leaves, and the result


def moons(n: Numbers, points: int = 100) -> Built:
    rng = np.random.default_rng(1)
    angle, upper = rng.uniform(0, math.pi, points), rng.integers(0, 2, points)
    x = np.where(
        upper[:, None] == 1,
        np.c_[np.cos(angle), np.sin(angle)],
        np.c_[1 - np.cos(angle), 0.5 - np.sin(angle)],
    ) + 0.1 * rng.standard_normal((points, 2))
    layers = [
        [([n.leaf(rng.uniform(-1, 1)) for _ in range(i)], n.leaf(0.0)) for _ in range(o)]
        for i, o in ((2, 16), (16, 16), (16, 1))
    ]
    one, share, decay = n.leaf(1.0), n.leaf(1 / points), n.leaf(1e-4)
    count, total = 0, None
    for row, label in zip(x.tolist(), (2 * upper - 1).tolist(), strict=True):
        activations = [n.leaf(v) for v in row]
        for depth, layer in enumerate(layers):
            outputs = []
            for weights, bias in layer:
                z = bias
                for weight, activation in zip(weights, activations, strict=True):
                    z = z + weight * activation
                count += 2 * len(weights) + (depth < 2)
                outputs.append(n.relu(z) if depth < 2 else z)
            activations = outputs
        margin = n.relu(one + n.leaf(-float(label)) * activations[0])
        total = margin if total is None else total + margin
        count += 4
    squares = None
    for weights, bias in (unit for layer in layers for unit in layer):
        for weight in (*weights, bias):
            squares = weight * weight if squares is None else squares + weight * weight
            count += 2
    return count + 1, total * share + decay * squares


def dag(n: Numbers, size: int) -> Built:
    """Each node takes the one before it, most a recent one too; tanh at least every fifth keeps all of them small."""
    rng = np.random.default_rng(0)
    leaves = [n.leaf(v) for v in rng.uniform(-1, 1, 16).tolist()]
    kinds = rng.choice(3, size, p=[0.45, 0.35, 0.2]).tolist()
    back = rng.geometric(1 / 30, size).tolist()
    count, total = 0, None
    while count < size:
        block, since = [leaves[count % 16]], 0
        for _ in range(min(199, size - count)):
            x, other = block[-1], back[count]
            y = block[-other] if other <= len(block) else leaves[other % 16]
            kind = kinds[count] if since < 4 else 2
            block.append(x + y if kind == 0 else x * y if kind == 1 else n.tanh(x))
            since = since + 1 if kind < 2 else 0
            count += 1
        total = block[-1] if total is None else total + block[-1]
        count += 1
    return count - 1, total


def chain(n: Numbers, size: int) -> Built:
    node, factor = n.leaf(0.5), n.leaf(0.999)
    for i in range(size):
        node = n.tanh(node) if not i % 8 else node * factor if i % 2 else node + factor
    return size, node


WORK: Mapping[str, Callable[..., Built]] = {"moons": moons, "dag": dag, "chain": chain}
Work = Callable[[Numbers], Built]


def candidate(nodes: int, step: Callable[[], tuple[float, Any]], note: str = "") -> Candidate:
    """A step's time is that of a node; compared are the value, and the gradients' sum of magnitudes."""

    def checked() -> list[Any]:
        value, gradients = step()
        return [np.array(value), np.array(math.fsum(abs(float(g)) for g in gradients))]

    return Candidate(step, checked, nodes, first=lambda: None, note=note)


def noted(nodes: int, times: list[float], bytes_: float = 0) -> str:
    """What building and compiling took, from the times before, between and after them."""
    build, compile_ = (f"{1e9 * (after - before) / nodes:.0f}" for before, after in pairwise(times))
    return f"built in {build} ns, compiled in {compile_} ns" + (f", {bytes_ / nodes:.0f} bytes" if bytes_ else "")


def of_cgraph(work: Work, backend: str) -> Candidate:
    leaves: dict[cg.Node, int] = {}

    def leaf(value: float) -> cg.Node:
        node = cg.parameter(f"p{len(leaves)}", value)
        leaves[node] = len(leaves)
        return node

    times = [time.process_time()]
    with cg.building():  # as users build graphs of this size
        nodes, result = work(Numbers(leaf, cg.tanh, cg.relu))
    times.append(time.process_time())
    program = cg.compile(result, gradients=[n for n in cg.Graph(result).inputs if n in leaves], backend=backend)
    program()
    times.append(time.process_time())

    def step() -> tuple[float, Any]:
        value, *gradients = program()
        return value, gradients

    return candidate(nodes, step, noted(nodes, times, program.plan.bytes))


def of_casadi(work: Work) -> Candidate:
    import casadi as ca

    values: list[float] = []
    symbols: list[Any] = []

    def leaf(value: float) -> Any:
        values.append(value)
        symbols.append(ca.SX.sym(f"p{len(values)}"))
        return symbols[-1]

    times = [time.process_time()]
    nodes, result = work(Numbers(leaf, ca.tanh, lambda x: ca.fmax(x, 0)))
    times.append(time.process_time())
    point = ca.vertcat(*symbols)
    function = ca.Function("f", [point], [result, ca.densify(ca.gradient(result, point))])
    buffer, call = function.buffer()
    given, value, gradients = np.array(values), np.zeros(1), np.zeros(len(values))
    buffer.set_arg(0, memoryview(given))
    buffer.set_res(0, memoryview(value))
    buffer.set_res(1, memoryview(gradients))
    call()
    times.append(time.process_time())
    keep = (function, buffer, given)  # CasADi keeps none of them

    def step(keep: Any = keep) -> tuple[float, Any]:
        call()
        return value[0], gradients

    return candidate(nodes, step, noted(nodes, times))


def of_micrograd(work: Work) -> Candidate:
    from micrograd.engine import Value

    def tanh(x: Any) -> Any:
        t = math.tanh(x.data)
        out = Value(t, (x,), "tanh")

        def back() -> None:
            x.grad += (1 - t * t) * out.grad

        out._backward = back
        return out

    sys.setrecursionlimit(100_000)

    def step() -> tuple[float, Any]:
        leaves: list[Any] = []
        _, result = work(Numbers(lambda v: leaves.append(Value(v)) or leaves[-1], tanh, lambda x: x.relu()))
        result.backward()
        return result.data, [x.grad for x in leaves]

    return candidate(work(Numbers(Value, tanh, lambda x: x.relu()))[0], step)


def of_torch(work: Work) -> Candidate:
    import torch

    torch.set_num_threads(1)

    def step() -> tuple[float, Any]:
        leaves: list[Any] = []

        def leaf(value: float) -> Any:
            leaves.append(torch.tensor(value, dtype=torch.float64, requires_grad=True))
            return leaves[-1]

        _, result = work(Numbers(leaf, torch.tanh, torch.relu))
        return result.item(), torch.autograd.grad(result, leaves, allow_unused=True, materialize_grads=True)

    return candidate(_count(work), step)


def of_autograd(work: Work) -> Candidate:
    import autograd.numpy as anp
    from autograd import value_and_grad

    values = _leaves(work)

    def f(point: Any) -> Any:
        numbers = iter(range(len(values)))
        return work(Numbers(lambda _: point[next(numbers)], anp.tanh, lambda x: anp.maximum(x, 0)))[1]

    both = value_and_grad(f)
    return candidate(_count(work), lambda: both(values))


def of_jax(work: Work) -> Candidate:
    import jax
    import jax.numpy as jnp

    values = _leaves(work)

    def f(point: Any) -> Any:
        numbers = iter(range(len(values)))
        return work(Numbers(lambda _: point[next(numbers)], jnp.tanh, lambda x: jnp.maximum(x, 0)))[1]

    with jax.enable_x64(True):
        times = [time.process_time()]
        lowered = jax.jit(jax.value_and_grad(f)).lower(values)
        times.append(time.process_time())
        both = lowered.compile()
        times.append(time.process_time())
        given = jnp.array(values)

    def step() -> tuple[float, Any]:
        value, gradients = both(given)
        return value.block_until_ready(), gradients

    return candidate(_count(work), step, noted(_count(work), times))


def _leaves(work: Work) -> Any:
    """The values of the leaves, in the order in which they are made."""
    values: list[float] = []
    work(Numbers(lambda v: values.append(v) or v, math.tanh, lambda x: max(x, 0.0)))
    return np.array(values)


def _count(work: Work) -> int:
    return work(Numbers(float, math.tanh, lambda x: max(x, 0.0)))[0]


MAKERS: Mapping[str, Callable[[Work], Candidate]] = {
    "CasADi": of_casadi,  # what the others are compared with
    "cgraph in C": partial(of_cgraph, backend="scalar"),
    "cgraph in NumPy": partial(of_cgraph, backend="scalar-numpy"),
    "micrograd": of_micrograd,
    "PyTorch eager": of_torch,
    "autograd": of_autograd,
    "JAX jit": of_jax,
}
LARGEST = {"micrograd": 100_000, "PyTorch eager": 100_000, "autograd": 100_000, "JAX jit": 500}  # nodes
DEEPEST = {"micrograd": 10_000}  # it recurses


def candidates(name: str) -> Mapping[str, Callable[[], Candidate]]:
    kind, _, size = name.partition(":")
    nodes = int(size) if size else 65_075
    work: Work = (lambda n: WORK[kind](n, nodes)) if size else WORK[kind]

    def made(label: str) -> Candidate:
        limit = min(LARGEST.get(label, nodes), DEEPEST.get(label, nodes) if kind == "chain" else nodes)
        if nodes > limit:
            raise LeftOutError(f"{nodes:,} nodes take it too long, or are too deep")
        return MAKERS[label](work)

    return {label: partial(made, label) for label in MAKERS}


def main() -> None:
    options = parser(__doc__, rounds=7, seconds=0.05)
    options.add_argument("--work", nargs="+", default=["moons", "dag:1000000", "chain:1000000"])
    given = options.parse_args()
    works = [(f"{name}, forward and backward, a node", candidates(name)) for name in given.work]
    tables = [measure(title, makers, ["CasADi", "micrograd"], given, rtol=1e-6, unit="ns") for title, makers in works]
    finish(tables, given)


if __name__ == "__main__":
    main()

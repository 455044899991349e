"""Graphs of scalars, forward and backward: python benchmarks/scalar.py [--work moons,dag:1000000,chain:1000000]

    moons     micrograd's net for make_moons, 2-16-16-1, hinge loss and L2 term on 100 points: every scalar a node
    dag:N     a random graph of N nodes (+, *, tanh) in blocks of 200
    chain:N   a chain of N nodes

One value and its gradient by every leaf, in float64 on one thread. The same lines build the graph from each library's
numbers. Candidates take turns in a random order, and the CPU time of the process is what counts, so that other work on
the machine disturbs all of them alike. Values and gradients are compared first; what is missing is said.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):  # read when NumPy is loaded
    os.environ[name] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np  # noqa: E402 - after the number of threads is set

import cgraph as cg  # noqa: E402


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


WORK: dict[str, Callable[..., Built]] = {"moons": moons, "dag": dag, "chain": chain}
Step = Callable[[], tuple[float, Any]]  # the value, and the gradients of the leaves


class Made(NamedTuple):
    nodes: int
    build: float  # seconds for the graph
    compile: float  # seconds from the graph to the first result
    step: Step
    bytes: float = 0.0  # of the compiled arrays


def of_cgraph(backend: str) -> Callable[[Callable[[Numbers], Built]], Made]:
    def make(work: Callable[[Numbers], Built]) -> Made:
        leaves: list[cg.Node] = []

        def leaf(value: float) -> cg.Node:
            leaves.append(cg.parameter(f"p{len(leaves)}", value))
            return leaves[-1]

        start = time.process_time()
        with cg.building():  # as users build graphs of this size
            nodes, result = work(Numbers(leaf, cg.tanh, cg.relu))
        built = time.process_time()
        wanted = list(set(cg.Graph(result).inputs) & set(leaves))
        wanted.sort(key=leaves.index if len(leaves) < 5000 else id)
        built_graph = time.process_time()
        program = cg.compile(result, gradients=wanted, backend=backend)
        program()
        done = time.process_time()

        def step() -> tuple[float, Any]:
            value, *gradients = program()
            return value, gradients

        return Made(nodes, built - start, done - built_graph, step, program.plan.bytes)

    return make


def of_micrograd(work: Callable[[Numbers], Built]) -> Made:
    from micrograd.engine import Value

    def tanh(x: Any) -> Any:
        t = math.tanh(x.data)
        out = Value(t, (x,), "tanh")

        def back() -> None:
            x.grad += (1 - t * t) * out.grad

        out._backward = back
        return out

    sys.setrecursionlimit(100_000)
    leaves: list[Any] = []

    def leaf(value: float) -> Any:
        leaves.append(Value(value))
        return leaves[-1]

    def build() -> Built:
        leaves.clear()
        return work(Numbers(leaf, tanh, lambda x: x.relu()))

    start = time.process_time()
    nodes, _ = build()
    built = time.process_time()

    def step() -> tuple[float, Any]:  # its graph computes while it is built, so a step builds it
        _, result = build()
        result.backward()
        return result.data, [x.grad for x in leaves]

    return Made(nodes, built - start, 0.0, step)


def of_casadi(work: Callable[[Numbers], Built]) -> Made:
    import casadi as ca

    values: list[float] = []
    symbols: list[Any] = []

    def leaf(value: float) -> Any:
        values.append(value)
        symbols.append(ca.SX.sym(f"p{len(values)}"))
        return symbols[-1]

    start = time.process_time()
    nodes, result = work(Numbers(leaf, ca.tanh, lambda x: ca.fmax(x, 0)))
    built = time.process_time()
    point = ca.vertcat(*symbols)
    gradient = ca.densify(ca.gradient(result, point))
    function = ca.Function("f", [point], [result, gradient])
    buffer, call = function.buffer()
    given, value, gradients = np.array(values), np.zeros(1), np.zeros(len(values))
    buffer.set_arg(0, memoryview(given))
    buffer.set_res(0, memoryview(value))
    buffer.set_res(1, memoryview(gradients))
    call()
    done = time.process_time()

    def step() -> tuple[float, Any]:
        call()
        return value[0], gradients

    step.kept = function, buffer, given  # type: ignore[attr-defined]  # CasADi keeps none of them
    return Made(nodes, built - start, done - built, step)


CANDIDATES: dict[str, Callable[[Callable[[Numbers], Built]], Made]] = {
    "cgraph, C": of_cgraph("scalar"),
    "cgraph, NumPy only": of_cgraph("scalar-numpy"),
    "CasADi": of_casadi,
    "micrograd": of_micrograd,
}
LARGEST = {"micrograd": 100_000}  # nodes
DEEPEST = {"micrograd": 10_000}  # it recurses


def timed(steps: dict[str, Step], rounds: int) -> dict[str, list[float]]:
    """Seconds of CPU time a step; every candidate has one turn a round."""
    found: dict[str, list[float]] = {name: [] for name in steps}
    order = list(steps)
    gc.collect()
    gc.freeze()  # the collector, which runs as it does for users, is not to look at what other candidates keep
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            step, calls = steps[name], 0
            step()  # its own data into the caches
            start = time.process_time()
            while calls < 1 or time.process_time() - start < 0.05:
                step()
                calls += 1
            found[name].append((time.process_time() - start) / calls)
    return found


def same(found: tuple[float, Any], first: tuple[float, Any]) -> bool:
    """Whether a value and the gradients' sum of magnitudes are those of another candidate, to rounding."""
    sums = [sum(abs(float(g)) for g in gradients) for _, gradients in (found, first)]
    return math.isclose(found[0], first[0], rel_tol=1e-6) and math.isclose(*sums, rel_tol=1e-6)


def measure(work: str, rounds: int, only: list[str]) -> None:
    kind, _, size = work.partition(":")
    sized: Callable[[Numbers], Built] = lambda n: WORK[kind](n, int(size)) if size else WORK[kind](n)  # noqa: E731
    made: dict[str, Made] = {}
    notes: dict[str, str] = {}
    for name, candidate in CANDIDATES.items():
        too_large = int(size or 0) > (DEEPEST if kind == "chain" else LARGEST).get(name, 10**9)
        if (only and name not in only) or too_large:
            notes[name] = "too large for it" if too_large else "left out"
            continue
        try:
            made[name] = candidate(sized)
        except ImportError as error:
            notes[name] = str(error)
    first = next(iter(made.values())).step()
    for name, one in made.items():
        notes[name] = "" if same(one.step(), first) else "DIFFERS"
    times = timed({name: one.step for name, one in made.items()}, rounds)
    nodes = next(iter(made.values())).nodes
    base = statistics.median(times.get("CasADi") or next(iter(times.values())))
    print(f"\n{work}: {nodes:,} nodes; nanoseconds of CPU time a node")
    print("| candidate | build | compile | forward and backward: median | least | x CasADi | bytes | |")
    print("|---|---|---|---|---|---|---|---|")
    for name in CANDIDATES:
        if name not in made:
            print(f"| {name} | | | | | | | {notes[name]} |")
            continue
        one, (middle, least) = made[name], (statistics.median(times[name]), min(times[name]))
        parts = [f"{1e9 * t / nodes:.2f}" for t in (middle, least)]
        print(
            f"| {name} | {1e9 * one.build / nodes:.0f} | {1e9 * one.compile / nodes:.0f} | {parts[0]} | {parts[1]} | "
            f"{middle / base:.2f} | {one.bytes / nodes:.0f} | {notes[name]} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--work", default="moons,dag:1000000,chain:1000000", help="workloads, separated by commas")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="candidates, separated by semicolons")
    given = parser.parse_args()
    for work in given.work.split(","):
        measure(work, given.rounds, [x for x in given.only.split(";") if x])


if __name__ == "__main__":
    main()

"""How fast the core is, beside the limits of its plan: python benchmarks/core.py

Everything is measured interleaved, round by round, so that a slow moment of the machine touches all alike; the medians
are shown. Nothing here is part of the tests: a time on somebody else's machine proves nothing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import cgraph as cg

FIGURE = "d = 2*b; e = a + d; L = c*e"
BYTECODE = tempfile.TemporaryDirectory()
POINT = ("a=3", "b=1", "c=-2")


def seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def process(*arguments: str) -> float:
    """Seconds that a fresh Python takes, from its start to its end, with bytecode cached as after an installation."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": BYTECODE.name}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, *arguments]
    return seconds(lambda: subprocess.run(command, check=True, capture_output=True, env=environment))


def chain(length: int) -> cg.Node:
    node = cg.variable("x")
    one = cg.constant(1.0)
    for _ in range(length):
        node = node + one
    return node


def imports(rounds: int) -> dict[str, float]:
    """Milliseconds of `import numpy` and of `import cgraph`, each in processes of its own."""
    nothing, numpy, ours = [], [], []
    process("-c", "import cgraph")  # writes the bytecode
    for _ in range(rounds):
        nothing.append(process("-c", "pass"))
        numpy.append(process("-c", "import numpy"))
        ours.append(process("-c", "import cgraph"))
    start = median(nothing)
    return {
        "import numpy": 1e3 * (median(numpy) - start),
        "import cgraph": 1e3 * (median(ours) - start),
        "import cgraph, beyond NumPy": 1e3 * (median(ours) - median(numpy)),
    }


def cpu(act: Callable[[], object]) -> float:
    """CPU seconds, which other programs of the machine touch less than the clock on the wall."""
    start = time.process_time()
    kept = act()
    taken = time.process_time() - start
    del kept  # freeing is measured by itself
    return taken


def passes(rounds: int, length: int) -> dict[str, float]:
    """CPU microseconds a node of a chain: building, ordering, forward, backward with all its edges, freeing."""
    node = chain(length)
    graph = cg.Graph(node)
    fwd = cg.forward(graph, x=1.0)
    acts: dict[str, Callable[[], object]] = {
        "build": lambda: chain(length),
        "build, in cg.building()": lambda: _with_collector_put_off(lambda: chain(length)),
        "order (cg.Graph)": lambda: cg.Graph(node),
        "forward": lambda: cg.forward(graph, x=1.0),
        "backward, annotated": lambda: cg.backward(fwd),
    }
    measured: dict[str, list[float]] = {name: [] for name in [*acts, "free"]}
    for _ in range(rounds):
        for name, act in acts.items():
            measured[name].append(1e6 / length * cpu(act))
        doomed = [chain(length)]
        measured["free"].append(1e6 / length * cpu(doomed.clear))
    medians = {name: median(times) for name, times in measured.items()}
    return {**medians, "forward and backward": medians["forward"] + medians["backward, annotated"]}


def _with_collector_put_off(act: Callable[[], object]) -> object:
    with cg.building():
        return act()


def memory(length: int) -> dict[str, float]:
    """Bytes a node that stay allocated for nodes, for their graph, and for the records of both passes."""
    tracemalloc.start()
    kept: list[object] = []
    sizes: dict[str, float] = {}
    node = chain(length)
    sizes["nodes"] = tracemalloc.get_traced_memory()[0] / length
    for name, act in {
        "their graph": lambda: cg.Graph(node),
        "a forward pass": lambda: cg.forward(kept[0], x=1.0),  # type: ignore[arg-type]  # the graph
        "a backward pass": lambda: cg.backward(kept[1]),  # type: ignore[arg-type]  # the forward pass
    }.items():
        before = tracemalloc.get_traced_memory()[0]
        kept.append(act())
        sizes[name] = (tracemalloc.get_traced_memory()[0] - before) / length
    tracemalloc.stop()
    return sizes


MILLION = """
import resource, sys, time
import cgraph as cg

def step(name, act):
    start = time.process_time()
    result = act()
    print(f"{name}\t{time.process_time() - start}\t{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}")
    return result

def build():
    w, x = cg.variables("w x")
    node = x
    for _ in range(500_000):
        node = node + w * node
    return node

kept = [step("build", build)]
kept.append(cg.Graph(kept[0]))
kept.append(step("forward", lambda: cg.forward(kept[1], w=1e-6, x=1.0)))
kept.append(step("backward", lambda: cg.backward(kept[2])))
del kept[2:]
kept.append(step("gradients as nodes", lambda: cg.grad(kept[1], ["w", "x"])))
step("free", kept.clear)
"""


def million() -> dict[str, float]:
    """CPU seconds and the peak memory of a million scalar nodes, in a process of their own."""
    done = subprocess.run([sys.executable, "-c", MILLION], check=True, capture_output=True, text=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return {f"{name} (peak {float(peak):.0f} MiB)": float(taken) for name, taken, peak in rows}


def pictures(rounds: int) -> dict[str, float]:
    """Seconds of `cgraph draw` of Fig. 6.17 from a cold start, and of further pictures in one process."""
    import viz

    cold, warm = [], []
    values = {name: float(value) for name, value in (pair.split("=") for pair in POINT)}
    bwd = cg.backward(cg.forward(cg.parse(FIGURE), values))
    with tempfile.TemporaryDirectory() as folder:
        target = str(Path(folder) / "figure.svg")
        viz.draw(bwd).save(target)  # the first one of this process is no further one
        for i in range(rounds):
            cold.append(process("-m", "cgraph", "draw", FIGURE, *POINT, "-o", target))
            other = cg.backward(cg.forward(cg.parse(FIGURE), {**values, "a": 3.0 + i}))  # nothing that a cache knows
            warm.append(seconds(lambda: viz.draw(other).save(target)))  # noqa: B023 - called at once
    return {"cgraph draw, cold start": median(cold), "each further picture": median(warm)}


LIMITS = {
    "import cgraph, beyond NumPy": 15.0,
    "build, in cg.building()": 0.5,
    "forward and backward": 30.0,
    "nodes": 400.0,
    "cgraph draw, cold start": 1.5,
    "each further picture": 0.1,
}


def show(title: str, unit: str, measured: dict[str, float]) -> None:
    print(f"\n{title}")
    for name, value in measured.items():
        limit = LIMITS.get(name)
        verdict = "" if limit is None else f"   limit {limit:g} {unit}" + ("" if value <= limit else "   MISSED")
        print(f"  {name:<30}{value:>9.3f} {unit}{verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="how often each thing is measured (default: 9)")
    parser.add_argument("--length", type=int, default=100_000, help="nodes of the chain (default: 100000)")
    parser.add_argument("--no-million", action="store_true", help="leave the million nodes out")
    parser.add_argument("--no-pictures", action="store_true", help="leave the pictures out")
    given = parser.parse_args()
    show("Import, in fresh processes", "ms", imports(given.rounds))
    show(f"A chain of {given.length} nodes, CPU time a node", "us", passes(given.rounds, given.length))
    show("What stays allocated, a node", "B", memory(given.length))
    if not given.no_million:
        show("A million scalar nodes, CPU time", "s", million())
    if given.no_pictures or find_spec("viz.graphs.picture") is None:
        print("\nPictures: not measured" + ("" if given.no_pictures else " (viz.draw is not there)"))
    else:
        show("Fig. 6.17 with its backward pass, as SVG", "s", pictures(given.rounds))


if __name__ == "__main__":
    main()

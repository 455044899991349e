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


def passes(rounds: int, length: int) -> dict[str, float]:
    """Microseconds a node of a chain: building it, its forward pass, and the backward pass with all its edges."""
    build, forward, backward = [], [], []
    for _ in range(rounds):
        build.append(seconds(lambda: chain(length)))
        node = chain(length)
        forward.append(seconds(lambda: cg.forward(node, x=1.0)))  # noqa: B023 - called at once
        fwd = cg.forward(node, x=1.0)
        backward.append(seconds(lambda: cg.backward(fwd)))  # noqa: B023 - called at once
    per_node = 1e6 / length
    return {
        "build": per_node * median(build),
        "forward": per_node * median(forward),
        "backward, annotated": per_node * median(backward),
        "forward and backward": per_node * (median(forward) + median(backward)),
    }


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
    "build": 2.0,
    "forward and backward": 30.0,
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
    parser.add_argument("--no-pictures", action="store_true", help="leave the pictures out")
    given = parser.parse_args()
    show("Import, in fresh processes", "ms", imports(given.rounds))
    show(f"A chain of {given.length} nodes, a node", "us", passes(max(3, given.rounds // 2), given.length))
    if given.no_pictures or find_spec("viz.picture") is None:
        print("\nPictures: not measured" + ("" if given.no_pictures else " (viz.draw is not there)"))
    else:
        show("Fig. 6.17 with its backward pass, as SVG", "s", pictures(given.rounds))


if __name__ == "__main__":
    main()

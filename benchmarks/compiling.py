"""From a net's weights to the result of its first step, and the memory of its training: python benchmarks/compiling.py

The net is 64-32-10 on batches of 32, as in nets.py. Each measurement is a process of its own, in which only the library
is loaded before the clock starts, and candidates take turns: CPU time with that of compilers, for the first net of the
process and for a second one, and the peak of memory after a thousand steps. `cold` has an empty cache, `cached` that of
a process before.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median

import nets
import peers
from turns import Table, asked, clock, finish, parser

STEPS = 1000
OURS, TORCH = ("cgraph.nn", "cgraph.compile"), ("torch",)
CANDIDATES = {
    "cgraph native, cold": (partial(nets.cgraph, backend="native"), OURS),
    "cgraph native, cached": (partial(nets.cgraph, backend="native"), OURS),
    "cgraph numpy": (partial(nets.cgraph, backend="numpy"), OURS),
    "PyTorch eager": (peers.torch_eager, TORCH),
    "torch.compile, cold": (peers.torch_compile, TORCH),
    "torch.compile, cached": (peers.torch_compile, TORCH),
    "JAX jit": (peers.jax_jit, ("jax.numpy",)),
}


def memory() -> float:
    """MiB at the peak: Linux's own number, for that of getrusage is inherited from the process before."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def spent() -> float:
    """CPU seconds of this process and of the compilers that it called."""
    times = os.times()
    return clock() + times.children_user + times.children_system


def one(label: str) -> None:
    """In a process of its own: seconds and MiB, as JSON."""
    make, modules = CANDIDATES[label]
    for module in modules:
        importlib.import_module(module)
    problem, times = peers.Problem(peers.NETS[1]), []
    for _ in range(2):
        start = spent()
        candidate = make(problem)
        candidate.act()
        times.append(spent() - start)
    for _ in range(STEPS):
        candidate.act()
    print(json.dumps([*times, memory()]))


def main() -> None:
    options = parser(__doc__, rounds=3)
    options.add_argument("--one", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        one(given.one)
        return
    found: dict[str, list[list[float]]] = {label: [] for label in CANDIDATES if asked(label, given)}
    with tempfile.TemporaryDirectory() as cache:
        for number in range(given.rounds):
            for label in list(found):
                kept = "kept" if label.endswith("cached") else str(number)
                folder = str(Path(cache, f"{list(CANDIDATES).index(label)}-{kept}"))
                places = {"CGRAPH_CACHE": folder, "TORCHINDUCTOR_CACHE_DIR": folder}
                command = [sys.executable, *sys.argv, "--one", label]
                run = partial(subprocess.run, capture_output=True, text=True, env={**os.environ, **places}, check=False)
                if label.endswith("cached") and not number:
                    run(command)
                done = run(command)
                if done.returncode:
                    print(f"{label} takes no part: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
                    del found[label]
                else:
                    found[label].append(json.loads(done.stdout.splitlines()[-1]))
    print("| candidate | first net: median ms | least ms | second net: median ms | least ms | MiB |\n|" + "---|" * 6)
    for label, taken in found.items():
        first, second, peak = ([row[k] for row in taken] for k in range(3))
        cells = [f"{1e3 * pick(times):.1f}" for times in (first, second) for pick in (median, min)]
        print(f"| {label} | {' | '.join(cells)} | {median(peak):.0f} |")
    finish([Table("the first net", {label: [row[0] for row in taken] for label, taken in found.items()})], given)


if __name__ == "__main__":
    main()

"""The tables of the README, from a run of the other scripts: python benchmarks/readme.py [--quick] [--keep FOLDER]

It takes some six minutes of a machine that does nothing else. What the scripts print is shown as they run; the tables
come last, with medians. `--quick` is one round of each, to see that all works.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

FEW = ("--only", "cgraph", "PyTorch eager", "torch.compile", "JAX", "by hand", "--skip", "run")
RUNS: Mapping[str, Sequence[str]] = {
    "nets": ("nets.py",),
    "large": ("nets.py", "--nets", "1024", *FEW, "--rounds", "7"),
    "threads": ("nets.py", "--nets", "784", *FEW, "compile", "--threads", "2", "--rounds", "5"),
    "words": ("language_model.py",),
    "scalars": ("scalar.py", "--work", "moons", "--skip", "autograd", "PyTorch"),
}
NETS = ("XOR 2-2-1, batch 4", "64-32-10, batch 32", "784-256-128-10, batch 128")
ROWS = (
    ("nets", NETS[0], NETS[0], ""),
    ("nets", NETS[0], "the same, 256 batches a call", " run"),
    ("nets", NETS[1], NETS[1], ""),
    ("nets", NETS[1], "the same, 32 batches a call", " run"),
    ("nets", NETS[2], NETS[2], ""),
    ("threads", NETS[2], "the same, 2 threads", ""),
    ("large", "1024-4096-4096-1000", "1024-4096-4096-1000, batch 256", ""),
    ("words", "V=10000", "language model, 10,000 words, batch 128", ""),
)
PEERS = ("NumPy by hand", "PyTorch eager", "torch.compile", "JAX jit", "autograd", "MyGrad", "scikit-learn")
OTHER_NAMES = {"PyTorch eager": "PyTorch sparse", "torch.compile": "torch.compile, dense"}  # of the language model
SCALARS = ("cgraph in C", "cgraph in NumPy", "CasADi", "micrograd")
SCALAR_NODES = 65_075

Times = Mapping[str, Sequence[float]]


def shown(times: Times, label: str, factor: float = 1.0) -> str:
    """The median with three digits and its unit."""
    samples = times.get(label) or times.get(OTHER_NAMES.get(label, ""))
    if not samples:
        return ""
    seconds = median(samples) * factor
    unit, scale = next((u, s) for u, s in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("µs", 0.0)) if seconds >= s)
    number = seconds / (scale or 1e-6)
    return f"{number:,.0f} {unit}" if number >= 100 else f"{number:.3g} {unit}"


def tables(found: Mapping[str, Mapping[str, Times]]) -> list[str]:
    """The lines of both tables."""

    def of(run: str, title: str) -> Times:
        return next((times for name, times in found[run].items() if name.startswith(title)), {})

    lines = [
        f"| a step, float32 | cgraph, C | cgraph, NumPy | {' | '.join(PEERS)} |",
        "|---|" + "---|" * (len(PEERS) + 2),
    ]
    for run, title, name, suffix in ROWS:
        times = of(run, title)
        labels = [f"cgraph native{suffix}", f"cgraph numpy{suffix}", *("" if suffix else label for label in PEERS)]
        lines.append(f"| {' | '.join([name, *(shown(times, label) for label in labels)])} |")
    times = of("scalars", "moons")
    lines += ["", f"| value and gradients, float64 | {' | '.join(SCALARS)} |", "|---|" + "---|" * len(SCALARS)]
    cells = [shown(times, label, SCALAR_NODES) for label in SCALARS]
    return [*lines, f"| {' | '.join([f'{SCALAR_NODES:,} scalar nodes', *cells])} |"]


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--quick", action="store_true", help="one round of each")
    options.add_argument("--keep", type=Path, metavar="FOLDER", help="where all samples are written")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        whole = {}
        for name, (script, *words) in RUNS.items():
            file = folder / f"{name}.json"
            quick = ("--rounds", "1", "--seconds", "0.001") if given.quick else ()
            path = str(Path(__file__).with_name(script))
            subprocess.run([sys.executable, path, *words, *quick, "--json", str(file)], check=True)
            whole[name] = json.loads(file.read_text(encoding="utf-8"))
    print("\n" + "\n".join(tables({name: run["seconds a step"] for name, run in whole.items()})))
    print(f"\n{whole['nets']['machine']}")


if __name__ == "__main__":
    main()

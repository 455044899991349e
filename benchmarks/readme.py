"""The tables of docs/speed.md and of the README, from a run of the other scripts.

python benchmarks/readme.py [--quick] [--keep FOLDER] [--from FOLDER]

It takes some six minutes of a machine that does nothing else. What the scripts print is shown as they run; the tables
come last, with medians, and are written into both pages. `--quick` is one round of each, to see that all works: it
writes no page. `--from` reads the samples that `--keep` wrote, and runs nothing.
"""

from __future__ import annotations

import argparse
import json
import re
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
FIRST_PEERS = PEERS[:4]  # of the README, which has the rows of these names
FIRST_ROWS = (*NETS, "language model, 10,000 words, batch 128")
ROOT = Path(__file__).parents[1]
README, SPEED = ROOT / "README.md", ROOT / "docs" / "speed.md"
SCALARS = ("cgraph in C", "cgraph in NumPy", "CasADi", "micrograd")
SCALAR_NODES = 65_075

Times = Mapping[str, Sequence[float]]
Found = Mapping[str, Mapping[str, Times]]  # of a run, by the title of its table


def shown(times: Times, label: str, factor: float = 1.0) -> str:
    """The median with three digits and its unit."""
    samples = times.get(label) or times.get(OTHER_NAMES.get(label, ""))
    if not samples:
        return ""
    seconds = median(samples) * factor
    unit, scale = next((u, s) for u, s in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("µs", 0.0)) if seconds >= s)
    number = seconds / (scale or 1e-6)
    return f"{number:,.0f} {unit}" if number >= 100 else f"{number:.3g} {unit}"


def steps(found: Found, peers: Sequence[str], rows: Sequence[str] | None = None) -> list[str]:
    """The table of steps: the peers, and the rows of these names (all by default)."""
    lines = [
        f"| a step, float32 | cgraph, C | cgraph, NumPy | {' | '.join(peers)} |",
        "|---|" + "---|" * (len(peers) + 2),
    ]
    for run, title, name, suffix in ROWS:
        if rows is None or name in rows:
            times = _of(found, run, title)
            labels = [f"cgraph native{suffix}", f"cgraph numpy{suffix}", *("" if suffix else label for label in peers)]
            lines.append(f"| {' | '.join([name, *(shown(times, label) for label in labels)])} |")
    return lines


def scalars(found: Found) -> list[str]:
    """The table of a graph of scalars."""
    times = _of(found, "scalars", "moons")
    cells = [shown(times, label, SCALAR_NODES) for label in SCALARS]
    return [
        f"| value and gradients, float64 | {' | '.join(SCALARS)} |",
        "|---|" + "---|" * len(SCALARS),
        f"| {' | '.join([f'{SCALAR_NODES:,} scalar nodes', *cells])} |",
    ]


def _of(found: Found, run: str, title: str) -> Times:
    return next((times for name, times in found[run].items() if name.startswith(title)), {})


def replaced(text: str, table: Sequence[str]) -> str:
    """A page with a table in the place of the one whose first column has the same name."""
    column = table[0].split("|")[1]
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"|{column}|"))
    end = next((i for i in range(start, len(lines)) if not lines[i].startswith("|")), len(lines))
    return "\n".join([*lines[:start], *table, *lines[end:]]) + "\n"


def write(found: Found, machine: str) -> None:
    """Both pages with the tables of these samples, and the machine that they are of."""
    speed = replaced(replaced(SPEED.read_text(encoding="utf-8"), steps(found, PEERS)), scalars(found))
    speed = re.sub(r"(?m)^\d{4}-\d\d-\d\d, .*$", machine, speed)
    SPEED.write_text(speed, encoding="utf-8")
    text = replaced(README.read_text(encoding="utf-8"), steps(found, FIRST_PEERS, FIRST_ROWS))
    README.write_text(text, encoding="utf-8")


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--quick", action="store_true", help="one round of each, and no page is written")
    options.add_argument("--keep", type=Path, metavar="FOLDER", help="where all samples are written")
    options.add_argument("--from", type=Path, metavar="FOLDER", dest="kept", help="where such samples are, to be read")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.kept or given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        whole = {}
        for name, (script, *words) in RUNS.items():
            file = folder / f"{name}.json"
            quick = ("--rounds", "1", "--seconds", "0.001") if given.quick else ()
            path = str(Path(__file__).with_name(script))
            if not given.kept:
                subprocess.run([sys.executable, path, *words, *quick, "--json", str(file)], check=True)
            whole[name] = json.loads(file.read_text(encoding="utf-8"))
    found, machine = {name: run["seconds a step"] for name, run in whole.items()}, whole["nets"]["machine"]
    print("\n" + "\n".join([*steps(found, PEERS), "", *scalars(found), "", machine]))
    if not given.quick:
        write(found, machine)


if __name__ == "__main__":
    main()

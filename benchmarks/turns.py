"""Candidates that take turns: what the scripts beside it share. Import it before NumPy, for it sets the threads.

On one thread candidates take turns in a random order, in one process on one core, and the CPU time of the process is
what counts, so that other work on the machine disturbs all of them alike. On more threads (`--threads 2`) each runs
alone in processes of its own, which take turns, and the clock on the wall counts: the libraries keep pools of threads
that wait by spinning, and pools in one process slow each other down. Such a run wants a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

THREADS = int(os.environ.get("BENCHMARK_THREADS", "1"))  # set by the process that starts one with several
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):  # read when NumPy and PyTorch are loaded
    os.environ[name] = str(THREADS)
os.environ.setdefault("JAX_PLATFORMS", "cpu")
CORES = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
if CORES and THREADS == 1:
    os.sched_setaffinity(0, {max(CORES)})
clock = time.process_time if THREADS == 1 else time.perf_counter

PACKAGES = ("numpy", "torch", "jax", "autograd", "mygrad", "micrograd", "casadi", "scikit-learn", "sympy", "graphviz")
Act = Callable[[], Any]


class LeftOutError(Exception):
    """Why a candidate does not take part."""


class Candidate(NamedTuple):
    """What takes a turn. The parameters are compared after three steps: of `first`, or of three calls of `act`."""

    act: Act
    parameters: Callable[[], Sequence[Any]] | None = None  # None: there is nothing to compare
    steps: int = 1  # in one call
    first: Act | None = None
    note: str = ""


Makers = Mapping[str, Callable[[], Candidate]]  # the first one is what the others are compared with


def fed(step: Callable[..., Any], *stacks: Any) -> Act:
    """A call that takes the next element of each stack, and begins again after the last."""
    pool = cycle(list(zip(*stacks, strict=True)))
    return lambda: step(*next(pool))


# Options -------------------------------------------------------------------------------------------------------------
def parser(description: str | None, rounds: int = 9, seconds: float = 0.1) -> argparse.ArgumentParser:
    """The options that all scripts have."""
    found = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--rounds", type=int, default=rounds)
    found.add_argument("--seconds", type=float, default=seconds, help="of each candidate in each round")
    found.add_argument("--only", nargs="+", default=[], metavar="WORD", help="candidates with one of these in a label")
    found.add_argument("--skip", nargs="+", default=[], metavar="WORD", help="no candidates with one of these")
    found.add_argument("--json", type=Path, metavar="FILE", help="write all samples to this file too")
    found.add_argument("--threads", type=int, default=1, help="more than 1: each candidate in processes of its own")
    found.add_argument("--alone", nargs=2, metavar=("TITLE", "LABEL"), help=argparse.SUPPRESS)  # such a process
    return found


def asked(label: str, options: argparse.Namespace) -> bool:
    """Whether --only and --skip leave a candidate in."""
    has: Callable[[list[str]], bool] = lambda words: any(word.lower() in label.lower() for word in words)  # noqa: E731
    return (not options.only or has(options.only)) and not has(options.skip)


def machine() -> str:
    """The day, the processor and the versions, for whoever reads the numbers later."""
    processor = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, IndexError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        processor = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), processor)
    versions = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions.append(f"{package} {metadata.version(package)}")
    return f"{time.strftime('%Y-%m-%d')}, {processor} ({os.cpu_count()} cores), {', '.join(versions)}"


# Candidates ----------------------------------------------------------------------------------------------------------
def ready(makers: Makers, options: argparse.Namespace, rtol: float = 1e-3) -> dict[str, Candidate]:
    """The candidates that can run here, compared with the first one; why the others cannot is printed.

    Raises AssertionError when one computes something else.
    """
    found: dict[str, Candidate] = {}
    reference: list[Any] | None = None
    if not any(asked(label, options) for label in makers):
        print(f"--only and --skip leave none of these: {', '.join(makers)}")
    for label, make in makers.items():
        if reference is not None and not asked(label, options):
            continue
        gc.collect()
        gc.freeze()  # the collector, which runs as it does for users, is not to look at what other candidates keep
        try:
            candidate = make()
            parameters = after_three(candidate)
        except Exception as error:  # whatever a package does: the others still take their turns
            kind = "" if isinstance(error, LeftOutError) else f"{type(error).__name__}: "
            print(f"{label} takes no part: {kind}{next(iter(str(error).strip().splitlines()), '')}")
            continue
        compare(label, parameters, reference, rtol)
        reference = reference or parameters
        if asked(label, options):
            found[label] = candidate
    return found


def after_three(candidate: Candidate) -> list[Any]:
    """Copies of the parameters after three steps."""
    for _ in range(1 if candidate.first else 3):
        (candidate.first or candidate.act)()
    return [] if candidate.parameters is None else [+p for p in candidate.parameters()]


def compare(label: str, found: list[Any], reference: list[Any] | None, rtol: float) -> None:
    """Raises AssertionError when the parameters are not those of the reference."""
    import numpy as np

    for number, (one, other) in enumerate(zip(found, reference or found, strict=bool(found))):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-5, err_msg=f"{label}, parameter {number}")


# Turns ---------------------------------------------------------------------------------------------------------------
def timed(act: Act, count: int) -> float:
    """Seconds of so many calls."""
    start = clock()
    for _ in range(count):
        act()
    return clock() - start


def take_turns(acts: Mapping[str, Act], rounds: int, seconds: float) -> dict[str, list[float]]:
    """Seconds a call of each candidate, one number a round."""
    counts: dict[str, int] = {}
    for label, act in acts.items():
        count = 1
        while timed(act, count) < seconds / 2:
            count *= 2
        counts[label] = count
    samples: dict[str, list[float]] = {label: [] for label in acts}
    order, turn = random.Random(0), list(acts)
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        order.shuffle(turn)
        for label in turn:
            if counts[label] > 1:
                acts[label]()  # its own data into the caches again
            samples[label].append(timed(acts[label], counts[label]) / counts[label])
    return samples


def one_after_the_other(title: str, labels: Sequence[str], options: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds a call of each candidate alone in a process, one number a round: the quickest turn of the process."""
    samples: dict[str, list[float]] = {}
    order, turn = random.Random(0), [label for label in labels if asked(label, options)]
    if CORES:
        os.sched_setaffinity(0, CORES)
    for _ in range(options.rounds):
        order.shuffle(turn)
        for label in list(turn):
            command = [sys.executable, *sys.argv, "--alone", title, label]
            environment = {**os.environ, "BENCHMARK_THREADS": str(options.threads)}
            done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
            said = done.stdout.splitlines() or [""]
            if done.returncode or not said[-1].startswith("{"):
                print(said[-1] if not done.returncode else f"{label} takes no part: {done.stderr.splitlines()[-1]}")
                turn.remove(label)
                continue
            samples.setdefault(label, []).append(json.loads(said[-1])["seconds"])
    return samples


class Table(NamedTuple):
    """The seconds a step of each candidate, one number a round, and what else is to be said of it."""

    title: str
    seconds: dict[str, list[float]]
    notes: Mapping[str, str] = {}


def measure(
    title: str,
    makers: Makers,
    against: Sequence[str],
    options: argparse.Namespace,
    rtol: float = 1e-3,
    unit: str = "µs",
) -> Table | None:
    """Let the candidates take turns, and print medians and minima a step, and what they are of those of others."""
    if options.alone:
        if options.alone[0] == title:
            _measure_alone(options.alone[1], makers, options, rtol)
        return None
    how = f"{options.threads} threads, each alone in its processes" if options.threads > 1 else "1 thread"
    print(f"\n{title}, {how}", flush=True)
    if options.threads > 1:
        table = Table(title, one_after_the_other(title, list(makers), options))
    else:
        candidates = ready(makers, options, rtol)
        samples = take_turns({k: c.act for k, c in candidates.items()}, options.rounds, options.seconds)
        each = {k: [x / candidates[k].steps for x in taken] for k, taken in samples.items()}
        table = Table(title, each, {k: c.note for k, c in candidates.items() if c.note})
    show(table, against, unit)
    return table


def _measure_alone(label: str, makers: Makers, options: argparse.Namespace, rtol: float) -> None:
    """What a process does that has one candidate: its last line is the least time of some turns."""
    options.only, options.skip = [label], []
    few = {other: make for other, make in makers.items() if other in (label, next(iter(makers)))}
    candidate = ready(few, options, rtol).get(label)
    if candidate:
        samples = take_turns({label: candidate.act}, 5, options.seconds)[label]
        print(json.dumps({"seconds": min(samples) / candidate.steps}))


def show(table: Table, against: Sequence[str], unit: str) -> None:
    """Print a table: the quickest first."""
    medians = {label: statistics.median(taken) for label, taken in table.seconds.items()}
    others, scale = [label for label in against if label in medians], {"µs": 1e6, "ns": 1e9}[unit]
    heads = ["candidate", f"median {unit}", f"least {unit}", *(f"x {label}" for label in others)]
    heads += [""] if table.notes else []
    print(f"\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for label, median in sorted(medians.items(), key=lambda item: item[1]):
        cells = [label, *(f"{scale * x:.2f}" for x in (median, min(table.seconds[label])))]
        ratios = [median / medians[other] for other in others]
        cells += [f"{x:.3g}" if x < 100 else f"{x:,.0f}" for x in ratios]
        cells += [table.notes.get(label, "")] if table.notes else []
        print(f"| {' | '.join(cells)} |", flush=True)


def finish(tables: Sequence[Table | None], options: argparse.Namespace) -> None:
    """Say what ran where, and write the samples to the file that was asked for."""
    if options.alone:
        return
    print(f"\n{machine()}")
    if options.json:
        found = {table.title: table.seconds for table in tables if table}
        whole = {"machine": machine(), "threads": options.threads, "seconds a step": found}
        options.json.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")

"""Candidates that take turns: what the scripts beside it share. Import it before NumPy, for it sets the threads.

Candidates take turns in a random order, and the CPU time of the process is what counts, so that other work on the
machine disturbs all of them alike.
"""

from __future__ import annotations

import gc
import os
import random
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):  # read when NumPy and PyTorch are loaded
    os.environ[name] = "1"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

Act = Callable[[], Any]


def timed(act: Act, count: int) -> float:
    """CPU seconds of so many calls."""
    start = time.process_time()
    for _ in range(count):
        act()
    return time.process_time() - start


def take_turns(acts: Mapping[str, Act], rounds: int, seconds: float) -> dict[str, list[float]]:
    """CPU seconds a call of each candidate, one number a round."""
    counts: dict[str, int] = {}
    for label, act in acts.items():
        count = 1
        while timed(act, count) < seconds / 2:
            count *= 2
        counts[label] = count
    samples: dict[str, list[float]] = {label: [] for label in acts}
    order, turn = random.Random(0), list(acts)
    gc.collect()
    gc.disable()
    for _ in range(rounds):
        order.shuffle(turn)
        for label in turn:
            acts[label]()  # its own data into the caches again
            samples[label].append(timed(acts[label], counts[label]) / counts[label])
    gc.enable()
    return samples


def table(title: str, samples: Mapping[str, list[float]], against: str, steps: Mapping[str, int] | None = None) -> None:
    """Print medians and minima a step (`steps` of a call, 1 without), and what they are of another's."""
    each = {label: [x / (steps or {}).get(label, 1) for x in taken] for label, taken in samples.items()}
    medians = {label: statistics.median(taken) for label, taken in each.items()}
    print(f"\n{title}\n\n| candidate | median µs | min µs | steps a second | x {against} |\n|---|---|---|---|---|")
    for label, median in sorted(medians.items(), key=lambda item: item[1]):
        ratio = f"{median / medians[against]:.3f}" if against in medians else "-"
        print(f"| {label} | {median * 1e6:.1f} | {min(each[label]) * 1e6:.1f} | {1 / median:,.0f} | {ratio} |")

"""How large and how fast gradients as graphs are, beside sympy.diff: python benchmarks/symbolic.py

Both are measured in turn, round by round, in CPU time, so that a slow moment of the machine touches both; SymPy's cache
is emptied before each round, as it would answer the second one from memory.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import sympy
from sympy.core.cache import clear_cache

import cgraph as cg


def chain(links: int) -> tuple[cg.Node, list[cg.Node]]:
    """tanh(w*x + b), so many times over."""
    w, x, b = cg.variables("w x b")
    node = x
    for _ in range(links):
        node = cg.tanh(w * node + b)
    return node, [w, x, b]


def sympys(links: int) -> tuple[Any, list[Any]]:
    """The same chain as SymPy has it."""
    w, x, b = sympy.symbols("w x b")
    expression = x
    for _ in range(links):
        expression = sympy.tanh(w * expression + b)
    return expression, [w, x, b]


def milliseconds(act: Callable[[], object]) -> float:
    start = time.process_time()
    act()
    return 1e3 * (time.process_time() - start)


def calibration() -> float:
    """Milliseconds of a fixed piece of Python that makes containers, as grad does: how fast the machine is just now."""

    def act() -> None:
        made: dict[int, object] = {}
        for i in range(20_000):
            made[i] = (i, [i])

    return milliseconds(act)


def size(links: int) -> float:
    """The nodes that the three gradients add to each link."""
    node, leaves = chain(links)
    return (len(cg.Graph([node, *cg.grad(node, leaves)])) - len(cg.Graph(node))) / links


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="how often each thing is measured (default: 9)")
    rounds = parser.parse_args().rounds
    print("the gradients of a chain of tanh(w*x + b) by w, x and b, CPU time: median (minimum)")
    for links in (200, 1000, 10_000):
        node, leaves = chain(links)
        times, machine = [], []
        for _ in range(rounds):
            times.append(milliseconds(lambda: cg.grad(node, leaves)))  # noqa: B023 - called at once
            machine.append(calibration())
        limit = "   limits: 10 nodes a link, 3 ms" if links == 200 else ""
        print(
            f"  cgraph {links:>7} links {median(times):>9.2f} ms ({min(times):.2f}), "
            f"{1e3 * median(times) / links:.1f} us and {size(links):.2f} nodes a link, "
            f"{min(times) / min(machine):.2f} of the calibration{limit}"
        )
    print("beside sympy.diff by w, x and b, interleaved: medians, and the ratio of cgraph to SymPy")
    for links in (5, 10, 20):
        node, leaves = chain(links)
        expression, symbols = sympys(links)
        ours, theirs = [], []
        for _ in range(min(rounds, 5)):
            ours.append(milliseconds(lambda: cg.grad(node, leaves)))  # noqa: B023 - called at once
            clear_cache()
            theirs.append(milliseconds(lambda: [sympy.diff(expression, s) for s in symbols]))  # noqa: B023
        ratio = median(ours) / median(theirs)
        print(
            f"  {links:>7} links   cgraph {median(ours):>7.2f} ms   SymPy {median(theirs):>9.1f} ms   ratio {ratio:.4f}"
        )


if __name__ == "__main__":
    main()

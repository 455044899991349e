"""How large and how fast gradients as graphs are, beside sympy.diff: python benchmarks/symbolic.py"""

from __future__ import annotations

import argparse
import time
from statistics import median

import sympy

import cgraph as cg


def chain(links: int) -> tuple[cg.Node, list[cg.Node]]:
    """tanh(w*x + b), so many times over."""
    w, x, b = cg.variables("w x b")
    node = x
    for _ in range(links):
        node = cg.tanh(w * node + b)
    return node, [w, x, b]


def ours(links: int, rounds: int) -> tuple[float, float]:
    """The median milliseconds of the three gradients, and the nodes that they add to each link."""
    node, leaves = chain(links)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        gradients = cg.grad(node, leaves)
        times.append(1e3 * (time.perf_counter() - start))
    return median(times), (len(cg.Graph([node, *gradients])) - len(cg.Graph(node))) / links


def sympys(links: int) -> tuple[float, float]:
    """The milliseconds of sympy.diff by one symbol, and the operations of its result for each link."""
    w, x, b = sympy.symbols("w x b")
    expression = x
    for _ in range(links):
        expression = sympy.tanh(w * expression + b)
    start = time.perf_counter()
    derivative = sympy.diff(expression, w)
    return 1e3 * (time.perf_counter() - start), sympy.count_ops(derivative) / links


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="how often each thing is measured (default: 9)")
    options = parser.parse_args()
    print("the gradients of a chain of tanh(w*x + b) by w, x and b")
    for links in (200, 1000, 10_000):
        milliseconds, nodes = ours(links, options.rounds if links <= 1000 else 3)
        limit = "   limits: 10 nodes a link, 3 ms" if links == 200 else ""
        print(f"  cgraph {links:>7} links {milliseconds:>10.1f} ms {nodes:>9.2f} nodes a link{limit}")
    print("sympy.diff of the same chain by w alone")
    for links in (5, 10, 20, 40):
        milliseconds, operations = sympys(links)
        print(f"  SymPy  {links:>7} links {milliseconds:>10.1f} ms {operations:>9.1f} operations a link")


if __name__ == "__main__":
    main()

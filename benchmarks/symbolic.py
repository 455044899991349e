"""How large and how fast gradients as graphs are, beside SymPy and CasADi: python benchmarks/symbolic.py

They take turns, round by round, in CPU time, so that a slow moment of the machine touches all of them; SymPy's cache is
emptied before each call, as it would answer the second one from memory. The gradients' values at a point are compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

from turns import Candidate, LeftOutError, Makers, finish, measure, parser

import numpy as np  # isort: skip

import cgraph as cg  # isort: skip

POINT = {"w": 0.5, "x": 0.3, "b": 0.1}
LONGEST = {"SymPy": 20}  # links


def chain(links: int) -> tuple[cg.Node, list[cg.Node]]:
    """tanh(w*x + b), so many times over."""
    w, x, b = cg.variables("w x b")
    node = x
    for _ in range(links):
        node = cg.tanh(w * node + b)
    return node, [w, x, b]


def ours(links: int) -> Candidate:
    node, leaves = chain(links)
    return _compared(lambda: cg.grad(node, leaves), lambda found: [cg.forward(g, POINT)[g] for g in found])


def sympys(links: int) -> Candidate:
    import sympy
    from sympy.core.cache import clear_cache

    if links > LONGEST["SymPy"]:
        raise LeftOutError(f"{links} links take it too long")
    w, x, b = symbols = sympy.symbols("w x b")
    expression = x
    for _ in range(links):
        expression = sympy.tanh(w * expression + b)

    def gradients() -> Any:
        clear_cache()
        return [sympy.diff(expression, s) for s in symbols]

    return _compared(gradients, lambda found: [float(sympy.lambdify(symbols, g)(**POINT)) for g in found])


def casadis(links: int) -> Candidate:
    import casadi as ca

    w, x, b = symbols = [ca.SX.sym(name) for name in POINT]
    expression = x
    for _ in range(links):
        expression = ca.tanh(w * expression + b)
    point = ca.vertcat(*symbols)

    def values(found: Any) -> Any:
        return np.array(ca.Function("g", [point], [ca.densify(found)])(list(POINT.values()))).reshape(-1)

    return _compared(lambda: ca.gradient(expression, point), values)


def _compared(gradients: Callable[[], Any], values: Callable[[Any], Any]) -> Candidate:
    return Candidate(gradients, lambda: [np.array(values(gradients()))], first=lambda: None)


def candidates(links: int) -> Makers:
    return {"SymPy": lambda: sympys(links), "CasADi": lambda: casadis(links), "cgraph": lambda: ours(links)}


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


def alone(rounds: int) -> None:
    """Print the times of long chains beside the machine's own, and the sizes of their gradients."""
    print("\nthe gradients of a chain of tanh(w*x + b) by w, x and b, CPU time: median (minimum)")
    for links in (200, 1000, 10_000):
        node, leaves = chain(links)
        times, machine = [], []
        for _ in range(rounds):
            cg.grad(node, leaves)  # its own data into the caches again, as where candidates take turns
            times.append(milliseconds(lambda: cg.grad(node, leaves)))  # noqa: B023 - called at once
            machine.append(calibration())
        limit = "   limits: 10 nodes a link, 3 ms" if links == 200 else ""
        print(
            f"  cgraph {links:>7} links {median(times):>9.2f} ms ({min(times):.2f}), "
            f"{1e3 * median(times) / links:.1f} us and {size(links):.2f} nodes a link, "
            f"{min(times) / min(machine):.2f} of the calibration{limit}"
        )


def main() -> None:
    given = parser(__doc__, seconds=0.02).parse_args()
    title = "the gradients of tanh(w*x + b), {} times over, as expressions"
    tables = [measure(title.format(n), candidates(n), ["SymPy", "CasADi"], given, 1e-9) for n in (5, 10, 20, 1000)]
    if not given.alone:
        alone(given.rounds)
    finish(tables, given)


if __name__ == "__main__":
    main()

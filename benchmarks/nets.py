"""One step of gradient descent (forward, backward, update) of small and larger nets, beside other libraries.

    python benchmarks/nets.py [--large] [--threads 2] [--only cgraph jax] [--skip compile] [--json nets.json]

Every candidate is called through its public API with new data each step (a pool of batches, one after the other), in
float32 but for micrograd and CasADi, which know float64 only. `run` is `Program.run`: the pool in one call, 256 batches
of XOR and 32 of others. The parameters of all are compared after three steps with those of a step written by hand.
See turns.py for the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import peers
from peers import LARGE, NETS, RATE, Problem
from turns import Candidate, fed, finish, measure, parser

import cgraph as cg  # isort: skip


def cgraph_program(problem: Problem, backend: str) -> cg.Program:
    net = problem.net
    x, y = cg.variable("X", ("m", net.sizes[0])), cg.variable("Y", ("m", net.sizes[-1]))
    parameters, node = [], x
    for i, (W, b) in enumerate(problem.weights, 1):
        w, bias = cg.parameter(f"W[{i}]", W), cg.parameter(f"b[{i}]", b)
        parameters += [w, bias]
        node = node @ w + bias
        if i < len(problem.weights):
            node = getattr(cg, net.activation)(node)
    loss = (cg.nn.sigmoid_cross_entropy_loss if net.one_output else cg.nn.softmax_cross_entropy_loss)(node, y)
    updates = {p: p - RATE * g for p, g in zip(parameters, cg.grad(loss, parameters), strict=True)}
    return cg.compile(loss, [x, y], updates, backend, "float32")


def cgraph(problem: Problem, backend: str) -> Candidate:
    program = cgraph_program(problem, backend)
    return Candidate(fed(program, problem.X, problem.Y), lambda: list(program.values.values()))


def cgraph_run(problem: Problem, backend: str) -> Candidate:
    program, X, Y = cgraph_program(problem, backend), problem.X, problem.Y
    three: Callable[[], Any] = lambda: [program.run(X=X[i : i + 1], Y=Y[i : i + 1]) for i in (0, 1, 2 % len(X))]  # noqa: E731
    return Candidate(lambda: program.run(X=X, Y=Y), lambda: list(program.values.values()), len(X), three)


def candidates(problem: Problem) -> Mapping[str, Callable[[], Candidate]]:
    ours = {
        f"cgraph {backend}{' run' if make is cgraph_run else ''}": partial(make, problem, backend)
        for backend in ("native", "numpy")
        for make in (cgraph, cgraph_run)
    }
    first, *rest = peers.PEERS.items()
    return {first[0]: partial(first[1], problem), **ours, **{label: partial(make, problem) for label, make in rest}}


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--large", action="store_true", help="the 1024-4096-4096-1000 net as well")
    options.add_argument("--nets", nargs="+", default=[], metavar="WORD", help="nets with one of these in their names")
    given = options.parse_args()
    nets = [n for n in (*NETS, LARGE) if any(w in n.name for w in given.nets) or (not given.nets and n is not LARGE)]
    nets += [LARGE] if given.large and LARGE not in nets else []
    against = ("PyTorch eager", "JAX jit", "products alone")
    finish([measure(f"{net.name}, a step", candidates(Problem(net)), against, given) for net in nets], given)


if __name__ == "__main__":
    main()

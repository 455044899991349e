"""One step of gradient descent of a feedforward neural language model, beside PyTorch with sparse and dense gradients.

    python benchmarks/language_model.py [--vocabulary 10000] [--rounds 9] [--seconds 0.2]

Three words of context, their embeddings joined, a hidden layer of tanh, cross-entropy over the vocabulary; float32, one
thread, CPU time. Each call gets another batch of a pool, whose words repeat as in text (Zipf's law). The parameters of
all candidates are compared after three steps first. `run` is `Program.run`: the pool in one call.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import cycle
from typing import Any

from turns import table, take_turns

import numpy as np  # isort: skip

import cgraph as cg  # isort: skip

WIDTH, CONTEXT, HIDDEN, BATCH, POOL, RATE = 64, 3, 128, 128, 16, 1e-2
Candidate = tuple[Callable[[], Any], Callable[[], list[Any]]]


class Problem:
    """First parameters, and a pool of batches of ids."""

    def __init__(self, vocabulary: int) -> None:
        rng = np.random.default_rng(0)
        sizes = ((vocabulary, WIDTH), (CONTEXT * WIDTH, HIDDEN), (HIDDEN,), (HIDDEN, vocabulary), (vocabulary,))
        self.names = ("E", "W", "b", "U", "c")
        self.values = [
            (rng.standard_normal(s) * (0.1 if n == "E" else s[0] ** -0.5 if len(s) > 1 else 0)).astype("f")
            for n, s in zip(self.names, sizes, strict=True)
        ]
        words = np.minimum(rng.zipf(1.3, (POOL, BATCH, CONTEXT + 1)) - 1, vocabulary - 1)
        self.X, self.Y = np.ascontiguousarray(words[..., :CONTEXT]), np.ascontiguousarray(words[..., CONTEXT])


def cgraph_program(problem: Problem, backend: str) -> Any:
    X, Y = cg.variable("X", ("m", CONTEXT)), cg.variable("Y", ("m",))
    parameters = [cg.parameter(n, v) for n, v in zip(problem.names, problem.values, strict=True)]
    E, W, b, U, c = parameters
    h = cg.tanh(cg.embedding(E, X).reshape("m", CONTEXT * WIDTH) @ W + b)
    loss = cg.nn.softmax_cross_entropy(h @ U + c, Y)
    gradients = cg.grad(loss, parameters)
    updates = cg.train.SGD(RATE).updates(parameters, gradients).new
    return cg.compile(loss, updates=updates, backend=backend, dtype="float32")


def make_cgraph(problem: Problem, backend: str) -> Candidate:
    program = cgraph_program(problem, backend)
    pool = cycle(zip(problem.X.astype("f"), problem.Y.astype("f"), strict=True))

    def step() -> Any:
        x, y = next(pool)
        return program(X=x, Y=y)

    return step, lambda: list(program.values.values())


def make_run(problem: Problem, backend: str) -> Candidate:
    program = cgraph_program(problem, backend)
    X, Y = problem.X.astype("f"), problem.Y.astype("f")
    return (lambda: program.run(X=X, Y=Y)), list


def make_torch(problem: Problem, kind: str) -> Candidate:
    import torch

    torch.set_num_threads(1)
    F = torch.nn.functional
    parameters = [torch.from_numpy(v.copy()).requires_grad_() for v in problem.values]
    E, W, b, U, c = parameters
    optimizer = torch.optim.SGD(parameters, lr=RATE)
    pool = cycle(zip(torch.from_numpy(problem.X), torch.from_numpy(problem.Y), strict=True))

    def step() -> Any:
        x, y = next(pool)
        optimizer.zero_grad()
        e = F.embedding(x, E, sparse=kind == "sparse").reshape(len(x), CONTEXT * WIDTH)
        loss = F.cross_entropy(torch.addmm(c, torch.tanh(torch.addmm(b, e, W)), U), y)
        loss.backward()
        optimizer.step()
        return loss

    return step, lambda: [p.detach().numpy() for p in parameters]


def make_products(problem: Problem, _: str) -> Candidate:
    """The step's matrix products alone: what no step of the same BLAS can undercut."""
    rng = np.random.default_rng(1)
    _, W, _, U, _ = problem.values
    e, h, z = (rng.standard_normal((BATCH, n)).astype("f") for n in (*W.shape, U.shape[1]))
    e2, h2, z2, W2, U2 = (np.empty_like(a) for a in (e, h, z, W, U))

    def step() -> None:
        np.dot(e, W, h2)
        np.dot(h, U, z2)
        np.dot(z, U.T, h2)
        np.dot(h, W.T, e2)
        np.dot(h.T, z, U2)
        np.dot(e.T, h, W2)

    return step, list


CANDIDATES: dict[str, tuple[Callable[[Problem, str], Candidate], str]] = {
    "cgraph native": (make_cgraph, "native"),
    "cgraph native, run": (make_run, "native"),
    "cgraph numpy": (make_cgraph, "numpy"),
    "PyTorch sparse": (make_torch, "sparse"),
    "PyTorch dense": (make_torch, "dense"),
    "products alone": (make_products, ""),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vocabulary", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.2, help="of each candidate in each round")
    options = parser.parse_args()
    problem, acts, reference = Problem(options.vocabulary), {}, None
    for label, (make, how) in CANDIDATES.items():
        try:
            act, parameters = make(problem, how)
        except ImportError as error:
            print(f"{label}: {error}")
            continue
        if parameters is not list:
            for _ in range(3):
                act()
            found = [p.copy() for p in parameters()]
            reference = reference or found
            for name, a, b in zip(problem.names, found, reference, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-6, err_msg=f"{name} of {label}")
        acts[label] = act
    title = f"V={options.vocabulary} d={WIDTH} context={CONTEXT} hidden={HIDDEN} batch={BATCH}, float32, one thread"
    samples = take_turns(acts, options.rounds, options.seconds)
    table(title, samples, "PyTorch sparse", {"cgraph native, run": POOL})


if __name__ == "__main__":
    main()

"""One step of gradient descent of a feedforward neural language model, beside other libraries.

    python benchmarks/language_model.py [--vocabulary 10000] [--only cgraph torch] [--json language_model.json]

Three words of context, their embeddings joined, a hidden layer of tanh, cross-entropy over the vocabulary; float32.
Each call gets another batch of a pool, whose words repeat as in text (Zipf's law). The parameters of all candidates are
compared after three steps with those of a step written by hand. `run` is `Program.run`: the pool in one call.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from peers import has_cpp, stepped_by_autograd
from turns import THREADS, Candidate, LeftOutError, Makers, fed, finish, measure, parser

import numpy as np  # isort: skip

import cgraph as cg  # isort: skip

WIDTH, CONTEXT, HIDDEN, BATCH, POOL, RATE = 64, 3, 128, 128, 16, 1e-2


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
    loss = cg.nn.softmax_cross_entropy_loss(h @ U + c, Y)
    gradients = cg.grad(loss, parameters)
    updates = cg.train.SGD(RATE).updates(parameters, gradients).new
    return cg.compile(loss, updates=updates, backend=backend, dtype="float32")


def with_cgraph(problem: Problem, backend: str) -> Candidate:
    program = cgraph_program(problem, backend)
    step = fed(lambda x, y: program(X=x, Y=y), problem.X.astype("f"), problem.Y.astype("f"))
    return Candidate(step, lambda: list(program.values.values()))


def with_run(problem: Problem, backend: str) -> Candidate:
    program = cgraph_program(problem, backend)
    X, Y = problem.X.astype("f"), problem.Y.astype("f")
    return Candidate(
        lambda: program.run(X=X, Y=Y),
        lambda: list(program.values.values()),
        steps=POOL,
        first=lambda: program.run(X=X[:3], Y=Y[:3]),
    )


def by_hand(problem: Problem) -> Candidate:
    """What a person writes first in NumPy, but for the update of E, of which only the rows in use are touched."""
    E, W, b, U, c = parameters = [v.copy() for v in problem.values]
    each = np.arange(BATCH)

    def step(x: Any, y: Any) -> Any:
        e = E[x].reshape(BATCH, -1)
        h = np.tanh(e @ W + b)
        z = h @ U + c
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[each, y]))
        p[each, y] -= 1
        p /= BATCH
        d = (p @ U.T) * (1 - h * h)
        slopes = (d @ W.T).reshape(*x.shape, WIDTH)
        for one, slope in ((W, e.T @ d), (b, d.sum(axis=0)), (U, h.T @ p), (c, p.sum(axis=0))):
            np.subtract(one, RATE * slope, out=one)
        np.subtract.at(E, x, RATE * slopes)
        return loss

    return Candidate(fed(step, problem.X, problem.Y), lambda: parameters)


def with_torch(problem: Problem, kind: str) -> Candidate:
    import torch

    torch.set_num_threads(THREADS)
    F = torch.nn.functional
    parameters = [torch.from_numpy(v.copy()).requires_grad_() for v in problem.values]
    E, W, b, U, c = parameters
    optimizer = torch.optim.SGD(parameters, lr=RATE)

    def objective(x: Any, y: Any) -> Any:
        e = F.embedding(x, E, sparse=kind == "sparse").reshape(len(x), CONTEXT * WIDTH)
        return F.cross_entropy(torch.addmm(c, torch.tanh(torch.addmm(b, e, W)), U), y)

    if kind == "compiled" and not has_cpp():
        raise LeftOutError("it needs a C++ compiler, and there is none on the path")
    chosen = torch.compile(objective) if kind == "compiled" else objective

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = chosen(x, y)
        loss.backward()
        optimizer.step()
        return loss

    act = fed(step, torch.from_numpy(problem.X), torch.from_numpy(problem.Y))
    return Candidate(act, lambda: [p.detach().numpy() for p in parameters])


def with_jax(problem: Problem) -> Candidate:
    import jax
    import jax.numpy as jnp

    def objective(parameters: Any, x: Any, y: Any) -> Any:
        E, W, b, U, c = parameters
        z = jnp.tanh(E[x].reshape(len(x), -1) @ W + b) @ U + c
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1))

    def update(parameters: Any, x: Any, y: Any) -> Any:
        value, slopes = jax.value_and_grad(objective)(parameters, x, y)
        return jax.tree.map(lambda p, g: p - RATE * g, parameters, slopes), value

    jitted = jax.jit(update, donate_argnums=0)
    state = [[jnp.array(v) for v in problem.values]]

    def step(x: Any, y: Any) -> Any:
        state[0], value = jitted(state[0], x, y)
        return value.block_until_ready()

    act = fed(step, problem.X.astype("i"), problem.Y.astype("i"))
    return Candidate(act, lambda: [np.asarray(p) for p in state[0]])


def with_autograd(problem: Problem) -> Candidate:
    import autograd.numpy as anp

    parameters, each = [v.copy() for v in problem.values], np.arange(BATCH)

    def objective(parameters: Any, x: Any, y: Any) -> Any:
        E, W, b, U, c = parameters
        z = anp.dot(anp.tanh(anp.dot(anp.reshape(E[x], (BATCH, -1)), W) + b), U) + c
        moved = z - anp.max(z, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(moved), axis=1)) - moved[each, y])

    return stepped_by_autograd(objective, parameters, problem.X, problem.Y, RATE)


def products(problem: Problem) -> Candidate:
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

    return Candidate(step)


def candidates(problem: Problem) -> Makers:
    return {
        "NumPy by hand": partial(by_hand, problem),  # what the others are compared with
        "cgraph native": partial(with_cgraph, problem, "native"),
        "cgraph native run": partial(with_run, problem, "native"),
        "cgraph numpy": partial(with_cgraph, problem, "numpy"),
        "PyTorch sparse": partial(with_torch, problem, "sparse"),
        "PyTorch dense": partial(with_torch, problem, "dense"),
        "torch.compile, dense": partial(with_torch, problem, "compiled"),
        "JAX jit": partial(with_jax, problem),
        "autograd": partial(with_autograd, problem),
        "products alone": partial(products, problem),
    }


def main() -> None:
    options = parser(__doc__, seconds=0.2)
    options.add_argument("--vocabulary", type=int, default=10000)
    given = options.parse_args()
    title = f"V={given.vocabulary} d={WIDTH} context={CONTEXT} hidden={HIDDEN} batch={BATCH}, a step"
    against = ("PyTorch sparse", "JAX jit", "products alone")
    finish([measure(title, candidates(Problem(given.vocabulary)), against, given)], given)


if __name__ == "__main__":
    main()

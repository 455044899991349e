"""One step of gradient descent (forward, backward, update) of small and larger nets, beside PyTorch and JAX.

    python benchmarks/nets.py [--large] [--rounds 9] [--seconds 0.1]

Every candidate is called through its public API with new data each step (a pool of batches, one after the other), in
float32, on one thread. Candidates take turns in a random order, and the CPU time of the process is what counts, so
that other work on the machine disturbs all of them alike. The weights of each are compared after three steps first.
`run` is `Program.run`: many batches in one call.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):  # read when NumPy and PyTorch are loaded
    os.environ[name] = "1"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np  # noqa: E402 - after the number of threads is set

import cgraph as cg  # noqa: E402

POOL = 32  # batches that take turns
RATE = 1e-3  # small: a net that is trained to the end meets denormal numbers, which are slow


class Net(NamedTuple):
    name: str
    sizes: tuple[int, ...]
    batch: int
    activation: str
    one_output: bool = False


NETS = [
    Net("XOR 2-2-1, batch 4", (2, 2, 1), 4, "tanh", True),
    Net("64-32-10, batch 32", (64, 32, 10), 32, "relu"),
    Net("784-256-128-10, batch 128", (784, 256, 128, 10), 128, "relu"),
]
LARGE = Net("1024-4096-4096-1000, batch 256", (1024, 4096, 4096, 1000), 256, "relu")


class Problem:
    """A net with its first weights, and a pool of batches."""

    def __init__(self, net: Net) -> None:
        self.net = net
        rng = np.random.default_rng(0)
        self.weights = [
            ((rng.standard_normal((i, o)) * np.sqrt(2 / i)).astype("f"), np.zeros(o, "f"))
            for i, o in zip(net.sizes, net.sizes[1:], strict=False)
        ]
        pool = POOL if net is not LARGE else 2
        self.X = rng.standard_normal((pool, net.batch, net.sizes[0])).astype("f")
        if net.one_output:
            self.Y = rng.integers(0, 2, (pool, net.batch, 1)).astype("f")
        else:
            self.ids = rng.integers(0, net.sizes[-1], (pool, net.batch))
            self.Y = np.eye(net.sizes[-1], dtype="f")[self.ids]


def cgraph_program(problem: Problem, backend: str) -> Any:
    net = problem.net
    x, y = cg.variable("X", ("m", net.sizes[0])), cg.variable("Y", ("m", net.sizes[-1]))
    parameters, node = [], x
    for i, (W, b) in enumerate(problem.weights, 1):
        w, bias = cg.parameter(f"W[{i}]", W), cg.parameter(f"b[{i}]", b)
        parameters += [w, bias]
        node = node @ w + bias
        if i < len(problem.weights):
            node = getattr(cg, net.activation)(node)
    loss = (cg.nn.sigmoid_cross_entropy if net.one_output else cg.nn.softmax_cross_entropy)(node, y)
    updates = {p: p - RATE * g for p, g in zip(parameters, cg.grad(loss, parameters), strict=True)}
    return cg.compile(loss, updates=updates, backend=backend, dtype="float32")


def weights_of(program: Any) -> Callable[[], list[Any]]:
    return lambda: list(program.values.values())


def make_cgraph(problem: Problem, backend: str) -> tuple[Callable[[int], Any], Callable[[], list[Any]], int]:
    program = cgraph_program(problem, backend)
    X, Y = list(problem.X), list(problem.Y)
    return (lambda i: program(X=X[i], Y=Y[i])), weights_of(program), 1


def make_run(problem: Problem, backend: str) -> tuple[Callable[[int], Any], Callable[[], list[Any]], int]:
    program = cgraph_program(problem, backend)
    X, Y = problem.X, problem.Y
    return (lambda i: program.run(X=X, Y=Y)), weights_of(program), len(X)


def make_torch(problem: Problem, _: str) -> tuple[Callable[[int], Any], Callable[[], list[Any]], int]:
    import torch

    torch.set_num_threads(1)
    net = problem.net
    layers: list[Any] = []
    for i, (W, b) in enumerate(problem.weights, 1):
        layer = torch.nn.Linear(*W.shape)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(W.T.copy()))
            layer.bias.copy_(torch.from_numpy(b))
        layers.append(layer)
        if i < len(problem.weights):
            layers.append(torch.nn.ReLU() if net.activation == "relu" else torch.nn.Tanh())
    model = torch.nn.Sequential(*layers)
    loss = torch.nn.BCEWithLogitsLoss() if net.one_output else torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    X = [torch.from_numpy(x) for x in problem.X]
    Y = [torch.from_numpy(y) for y in (problem.Y if net.one_output else problem.ids)]

    def step(i: int) -> Any:
        optimizer.zero_grad()
        value = loss(model(X[i]), Y[i])
        value.backward()
        optimizer.step()
        return value

    def weights() -> list[Any]:
        found = [(m.weight.detach().numpy().T, m.bias.detach().numpy()) for m in layers if hasattr(m, "weight")]
        return [a for pair in found for a in pair]

    return step, weights, 1


def make_jax(problem: Problem, _: str) -> tuple[Callable[[int], Any], Callable[[], list[Any]], int]:
    import jax
    import jax.numpy as jnp

    net = problem.net

    def objective(parameters: Any, x: Any, y: Any) -> Any:
        for i, (W, b) in enumerate(parameters):
            x = x @ W + b
            if i < len(parameters) - 1:
                x = jnp.maximum(x, 0) if net.activation == "relu" else jnp.tanh(x)
        if net.one_output:
            return jnp.mean(jnp.logaddexp(x, 0) - x * y)
        return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(x), axis=-1))

    def update(parameters: Any, x: Any, y: Any) -> Any:
        value, slopes = jax.value_and_grad(objective)(parameters, x, y)
        return jax.tree.map(lambda p, g: p - RATE * g, parameters, slopes), value

    jitted = jax.jit(update, donate_argnums=0)
    state = [[(jnp.array(W), jnp.array(b)) for W, b in problem.weights]]
    X, Y = list(problem.X), list(problem.Y)

    def step(i: int) -> Any:
        state[0], value = jitted(state[0], X[i], Y[i])
        return value.block_until_ready()

    return step, lambda: [np.asarray(a) for pair in state[0] for a in pair], 1


def make_products(problem: Problem, _: str) -> tuple[Callable[[int], Any], Callable[[], list[Any]], int]:
    """The step's matrix products alone: what no step of the same BLAS can undercut."""
    Ws = [W for W, _ in problem.weights]
    rng = np.random.default_rng(1)
    acts = [problem.X[0], *(rng.standard_normal((problem.net.batch, W.shape[1])).astype("f") for W in Ws)]
    outs, slopes = [np.empty_like(a) for a in acts], [np.empty_like(W) for W in Ws]

    def step(_: int) -> None:
        for i, W in enumerate(Ws):
            np.dot(acts[i], W, outs[i + 1])
            np.dot(acts[i].T, acts[i + 1], slopes[i])
            if i:
                np.dot(acts[i + 1], W.T, outs[i])

    return step, list, 1


CANDIDATES: dict[str, tuple[Callable[..., Any], str]] = {
    "cgraph native": (make_cgraph, "native"),
    "cgraph native, run": (make_run, "native"),
    "cgraph numpy": (make_cgraph, "numpy"),
    "cgraph numpy, run": (make_run, "numpy"),
    "PyTorch eager": (make_torch, ""),
    "JAX jit": (make_jax, ""),
    "products alone": (make_products, ""),
}


def calls_for(step: Callable[[int], Any], pool: int, seconds: float) -> int:
    count = 1
    while True:
        if timed(step, pool, count) >= seconds / 2:
            return count
        count *= 2


def timed(step: Callable[[int], Any], pool: int, count: int) -> float:
    start = time.process_time()
    for i in range(count):
        step(i % pool)
    return time.process_time() - start


def measure(problem: Problem, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Seconds of CPU a step for each candidate, one number a round."""
    steps, per_call = {}, {}
    reference = None
    for label, (make, backend) in CANDIDATES.items():
        try:
            step, weights, batches = make(problem, backend)
        except ImportError as error:
            print(f"{label}: {error}")
            continue
        if batches == 1:
            for i in range(2):
                step(i)
            found = weights()
            if reference is None:
                reference = found
            for a, b in zip(found, reference, strict=False):
                np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5, err_msg=label)
        steps[label], per_call[label] = step, batches
    pool = len(problem.X)
    counts = {label: calls_for(step, pool, seconds) for label, step in steps.items()}
    samples: dict[str, list[float]] = {label: [] for label in steps}
    order = random.Random(0)
    gc.collect()
    gc.disable()
    for _ in range(rounds):
        turn = list(steps)
        order.shuffle(turn)
        for label in turn:
            steps[label](0)  # its own data into the caches again
            samples[label].append(timed(steps[label], pool, counts[label]) / counts[label] / per_call[label])
    gc.enable()
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="the 1024-4096-4096-1000 net as well")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.1, help="of each candidate in each round")
    options = parser.parse_args()
    for net in [*NETS, *([LARGE] if options.large else [])]:
        samples = measure(Problem(net), options.rounds, options.seconds)
        medians = {label: statistics.median(v) for label, v in samples.items()}
        print(f"\n{net.name}, float32, one thread, CPU time a step\n")
        print("| candidate | median µs | min µs | x PyTorch | x JAX | x products |")
        print("|---|---|---|---|---|---|")
        for label, median in sorted(medians.items(), key=lambda item: item[1]):
            ratios = [
                f"{median / medians[other]:.3f}" if other in medians else "-"
                for other in ("PyTorch eager", "JAX jit", "products alone")
            ]
            print(f"| {label} | {median * 1e6:.2f} | {min(samples[label]) * 1e6:.2f} | {' | '.join(ratios)} |")


if __name__ == "__main__":
    main()

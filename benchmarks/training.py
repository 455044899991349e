"""Whole trainings through `fit`, in steps a second, beside a loop as one writes it in PyTorch, and scikit-learn's fit.

    python benchmarks/training.py [--rounds 7] [--only cgraph] [--json training.json]

Three nets: digits (64-32-10, batches of 25), sentiment (the mean of embeddings, batches of 64 sentences) and a language
model (three words of context, batches of 256); gradient descent in float32, one thread, CPU time. A call is a training
of some epochs from the same first values in the same order, with all that `fit` does around the steps: building the
graph, compiling it (C comes from the cache), shuffling, checking that losses are finite. The losses of the last epoch
are compared first; scikit-learn draws first values and an order of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from turns import THREADS, Candidate, LeftOutError, Makers, finish, measure, parser

import numpy as np  # isort: skip

from cgraph import nn, train  # isort: skip

Train = Callable[[], float]  # a whole training: the mean loss of its last epoch


class Workload(NamedTuple):
    name: str
    model: Any
    X: Any
    Y: Any
    batch: int
    epochs: int
    rate: float
    network: Callable[[Any, Any, Any], Any]  # torch, the parameters, a batch of X: the logits

    @property
    def steps(self) -> int:
        return self.epochs * -(-len(self.Y) // self.batch)


def digits() -> Workload:
    data = train.data.digits().train

    def network(torch: Any, p: Any, x: Any) -> Any:
        return torch.addmm(p[3], torch.relu(torch.addmm(p[1], x, p[0])), p[2])

    model = nn.MLP([64, 32, 10], "relu", seed=0)
    return Workload("digits 64-32-10", model, data.X, data.Y.argmax(axis=1), 25, 20, 0.1, network)


def sentiment() -> Workload:
    rng = np.random.default_rng(0)
    ids = np.minimum(rng.zipf(1.3, (4000, 30)), 9_999)  # words repeat as in text
    ids[np.arange(30) >= rng.integers(5, 31, (4000, 1))] = 0  # sentences of 5 to 30 words, filled up with <pad>

    def network(torch: Any, p: Any, x: Any) -> Any:
        E, W, b, U = p
        F = torch.nn.functional
        mean = F.embedding_bag(x, E, mode="mean", sparse=True, padding_idx=0)
        return torch.relu(torch.addmm(b, mean, W)) @ U

    E = nn.Embedding.random(10_000, 50, seed=0)
    model = nn.language.PooledClassifier.random(E, hidden=32, classes=2, seed=0, activation="relu", padding=0)
    return Workload("sentiment, 10,000 words", model, ids, rng.integers(0, 2, 4000), 64, 3, 0.1, network)


def language_model() -> Workload:
    words = np.minimum(np.random.default_rng(0).zipf(1.3, (256 * 20, 4)) - 1, 4_999)
    vocabulary = nn.Vocabulary(("<unk>", *map(str, range(4_999))))

    def network(torch: Any, p: Any, x: Any) -> Any:
        E, W, b, U = p
        e = torch.nn.functional.embedding(x, E, sparse=True).reshape(len(x), -1)
        return torch.tanh(torch.addmm(b, e, W)) @ U

    model = nn.language.LanguageModel.random(vocabulary, width=50, hidden=100, seed=0)
    return Workload("language model, 5,000 words", model, words[:, :3], words[:, 3], 256, 1, 0.1, network)


def with_cgraph(work: Workload, backend: str) -> Train:
    def run() -> float:
        optimizer, options = train.SGD(work.rate), {"batch_size": work.batch, "dtype": "float32", "backend": backend}
        done = train.fit(work.model, (work.X, work.Y), nn.softmax_cross_entropy_loss, optimizer, work.epochs, **options)
        return float(done.history[-1].loss)

    return run


def with_torch(work: Workload, _: str) -> Train:
    import torch

    torch.set_num_threads(THREADS)
    X = torch.from_numpy(work.X if work.X.dtype.kind == "i" else work.X.astype("f"))
    Y = torch.from_numpy(work.Y)

    def run() -> float:
        parameters = [torch.tensor(v, dtype=torch.float32, requires_grad=True) for v in work.model.values.values()]
        optimizer, order = torch.optim.SGD(parameters, lr=work.rate), np.random.default_rng(0)
        total = 0.0
        for _ in range(work.epochs):
            total, rows = 0.0, torch.from_numpy(order.permutation(len(Y)))
            for part in rows.split(work.batch):
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(work.network(torch, parameters, X[part]), Y[part])
                loss.backward()
                optimizer.step()
                total += loss.item() * len(part)
        return total / len(Y)

    return run


def with_sklearn(work: Workload, _: str) -> Train:
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    if work.X.dtype.kind != "f":
        raise LeftOutError("it has no embeddings")
    warnings.simplefilter("ignore", ConvergenceWarning)
    settings: dict[str, Any] = {"solver": "sgd", "alpha": 0.0, "momentum": 0.0, "nesterovs_momentum": False, "tol": 0.0}
    settings |= {"batch_size": work.batch, "learning_rate_init": work.rate, "max_iter": work.epochs, "random_state": 0}

    def run() -> float:
        net = MLPClassifier((32,), "relu", **settings, n_iter_no_change=work.epochs)
        return float(net.fit(work.X.astype("f"), work.Y).loss_)

    return run


TRAINERS: dict[str, tuple[Callable[[Workload, str], Train], str]] = {
    "cgraph native": (with_cgraph, "native"),
    "cgraph numpy": (with_cgraph, "numpy"),
    "PyTorch": (with_torch, ""),
    "scikit-learn": (with_sklearn, ""),
}


def candidates(work: Workload) -> Makers:
    def made(make: Callable[[Workload, str], Train], how: str) -> Candidate:
        run = make(work, how)
        losses = None if make is with_sklearn else lambda: [np.array(run())]
        return Candidate(run, losses, work.steps, first=lambda: None)

    return {label: partial(made, *trainer) for label, trainer in TRAINERS.items()}


def main() -> None:
    given = parser(__doc__, rounds=7, seconds=0.2).parse_args()
    works = (digits(), sentiment(), language_model())
    tables = [measure(f"{w.name}, batches of {w.batch}", candidates(w), ["PyTorch"], given, rtol=1e-2) for w in works]
    finish(tables, given)


if __name__ == "__main__":
    main()

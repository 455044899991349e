"""`cgraph train`: a small net on real data."""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from cgraph.cli import train_text
from cgraph.cli.arguments import Commands, folder
from cgraph.cli.tasks import passes, save, task

XOR_EPOCHS = 500


def add(commands: Commands) -> None:
    """Declare the command and what it can train on."""
    parser = commands.add_parser("train", help="train a small net on real data")
    tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
    xor = task(tasks, "xor", "the four rows of exclusive or, a 2-4-1 net of tanh", _xor)
    xor.add_argument("--seeds", type=int, default=20, help="from how many first values to train (default: 20)")
    digits = task(tasks, "digits", "scikit-learn's handwritten digits, a 64-32-10 net or a LeNet", _digits)
    digits.add_argument("--net", choices=NETS, default="mlp", help="units in columns, or convolutions (default: mlp)")
    digits.add_argument("--epochs", type=int, help="default: 60 of an mlp, 30 of a lenet")
    train_text.add(tasks)


def _xor(options: argparse.Namespace) -> int:
    """Train from several seeds, print how many get all four rows right, draw the first net."""
    from cgraph import nn, train
    from cgraph.train.checks import whole

    data, where = train.data.xor(), folder(options.output)
    runs, right = [], []
    for seed in range(options.seed, options.seed + whole("--seeds", options.seeds)):
        model = nn.MLP([2, 4, 1], "tanh", seed=seed)
        runs.append(
            train.fit(model, data, nn.sigmoid_cross_entropy_loss, train.SGD(1.0), XOR_EPOCHS, batch_size=4, seed=seed)
        )
        right.append(train.metrics.accuracy(train.predict(runs[-1].model, data.X), data.Y) == 1.0)
    first = runs[0].model
    for row, logit in zip(data.X, train.predict(first, data.X).ravel(), strict=True):
        print(f"{row[0]:.0f} xor {row[1]:.0f}: {1 / (1 + np.exp(-logit)):.4f}")
    print(f"all four rows right from {sum(right)} of {len(right)} seeds, after {XOR_EPOCHS} steps each")
    net = passes(first, nn.sigmoid_cross_entropy_loss, data.X, data.Y)
    print(train.save(first, where / "model.npz"))
    save(where, runs[0].history, "accuracy", net, f"MLP 2-4-1 after {XOR_EPOCHS} steps: both passes of the four rows")
    return 0


def _mlp(seed: int, epochs: int, steps: int) -> tuple[Any, Any]:
    """The 64-32-10 net, and what trains it."""
    from cgraph import nn, train

    return nn.MLP([64, 32, 10], "relu", seed=seed), train.SGD(0.2)


def _lenet(seed: int, epochs: int, steps: int) -> tuple[Any, Any]:
    """Two convolutions, each with batch norm and a pool, and two linear layers (LeCun et al., 1998), smaller."""
    from cgraph import nn, train
    from cgraph.nn.convolution import Conv2d, Flatten, MaxPool

    rng, relu = np.random.default_rng(seed), nn.Activation("relu")
    model = nn.Sequential(
        [
            *(Conv2d.random(1, 16, 3, padding=1, layer=1, seed=rng), nn.BatchNorm.of(16, layer=1), relu, MaxPool(2)),
            *(Conv2d.random(16, 32, 3, padding=1, layer=2, seed=rng), nn.BatchNorm.of(32, layer=2), relu, MaxPool(2)),
            *(Flatten(), nn.Dropout(0.3, "mask[2]")),
            *(nn.Linear.random(128, 64, layer=3, seed=rng, init=nn.init.he_normal), relu, nn.Dropout(0.3, "mask[3]")),
            nn.Linear.random(64, 10, layer=4, seed=rng),
        ]
    )
    return model, train.Adam(train.schedules.OneCycle(0.01, total=epochs * steps))


NETS = {  # name -> what makes it, the shape of an example, how many epochs, what it is called
    "mlp": (_mlp, (64,), 60, "MLP 64-32-10"),
    "lenet": (_lenet, (1, 8, 8), 30, "LeNet of 16 and 32 kernels"),
}
BATCH = 25


def _digits(options: argparse.Namespace) -> int:
    """Train, print what was reached and what a net of units in columns reaches, draw the net and its curve."""
    from cgraph import nn, train
    from cgraph.train.checks import whole

    digits = train.data.digits()
    where = folder(options.output)
    make, shape, usual, name = NETS[options.net]
    epochs = usual if options.epochs is None else options.epochs
    X, dev = (part.X.reshape(-1, *shape) for part in (digits.train, digits.test))
    model, optimizer = make(options.seed, whole("--epochs", epochs), -(-len(X) // BATCH))
    began = time.perf_counter()
    run = train.fit(
        model,
        (X, digits.train.Y),
        nn.softmax_cross_entropy_loss,
        optimizer,
        epochs,
        batch_size=BATCH,
        devset=(dev, digits.test.Y),
        seed=options.seed,
        progress=True,
        threads=1,  # such small products are slower on several
    )
    seconds = time.perf_counter() - began
    reached = train.metrics.accuracy(train.predict(run.model, dev), digits.test.Y)
    print(f"{len(X)} digits to learn from, {len(dev)} held out")
    print(f"{epochs} epochs in {seconds:.1f} s, loss {run.history[-1].loss:.4f}")
    print(f"accuracy on the held-out digits: {reached:.4f}")
    if options.net != "mlp":
        print(f"beside it, {_baseline(digits, options.seed)}")
    net = passes(run.model, nn.softmax_cross_entropy_loss, dev[:32], digits.test.Y[:32])
    caption = f"{name} after {epochs} epochs: forward pass and backward pass of 32 digits"
    print(train.save(run.model, where / "model.npz"))
    save(where, run.history, "accuracy on held-out digits", net, caption)
    return 0


def _baseline(digits: Any, seed: int) -> str:
    """What the net of units in columns reaches on the same digits, from the same seed."""
    from cgraph import nn, train

    _, _, epochs, name = NETS["mlp"]
    model, optimizer = _mlp(seed, epochs, 0)
    run = train.fit(
        model,
        digits.train,
        nn.softmax_cross_entropy_loss,
        optimizer,
        epochs,
        batch_size=BATCH,
        seed=seed,
        progress=False,
    )
    reached = train.metrics.accuracy(train.predict(run.model, digits.test.X), digits.test.Y)
    return f"{name} after {epochs} epochs: {reached:.4f}"

"""`cgraph train`: a small net on real data."""

from __future__ import annotations

import argparse
import time

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
    digits = task(tasks, "digits", "scikit-learn's handwritten digits, a 64-32-10 net", _digits)
    digits.add_argument("--epochs", type=int, default=60)
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


def _digits(options: argparse.Namespace) -> int:
    """Train, print what was reached, draw the net and its learning curve."""
    from cgraph import nn, train

    digits = train.data.digits()
    where = folder(options.output)
    model = nn.MLP([64, 32, 10], "relu", seed=options.seed)
    began = time.perf_counter()
    run = train.fit(
        model,
        digits.train,
        nn.softmax_cross_entropy_loss,
        train.SGD(0.2),
        options.epochs,
        batch_size=25,
        devset=digits.test,
        seed=options.seed,
        progress=True,
    )
    seconds = time.perf_counter() - began
    reached = train.metrics.accuracy(train.predict(run.model, digits.test.X), digits.test.Y)
    print(f"{len(digits.train.X)} digits to learn from, {len(digits.test.X)} held out")
    print(f"{options.epochs} epochs in {seconds:.1f} s, loss {run.history[-1].loss:.4f}")
    print(f"accuracy on the held-out digits: {reached:.4f}")
    net = passes(run.model, nn.softmax_cross_entropy_loss, digits.test.X[:32], digits.test.Y[:32])
    caption = f"MLP 64-32-10 after {options.epochs} epochs: forward pass and backward pass of 32 digits"
    print(train.save(run.model, where / "model.npz"))
    save(where, run.history, "accuracy on held-out digits", net, caption)
    return 0

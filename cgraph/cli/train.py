"""`cgraph train`: a small net on real data."""

from __future__ import annotations

import argparse
import time

from cgraph.cli.arguments import Commands, folder
from cgraph.node import variable
from cgraph.passes import backward, forward


def add(commands: Commands) -> None:
    """Declare the command and what it can train on."""
    parser = commands.add_parser("train", help="train a small net on real data")
    tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
    digits = tasks.add_parser("digits", help="scikit-learn's handwritten digits, a 64-32-10 net")
    digits.add_argument("-o", "--output", default="cgraph-digits", help="the folder of the drawings")
    digits.add_argument("--epochs", type=int, default=60)
    digits.add_argument("--seed", type=int, default=0)
    digits.set_defaults(run=_digits)


def _digits(options: argparse.Namespace) -> int:
    """Train, print what was reached, draw the net and its learning curve."""
    import viz
    from cgraph import nn, train
    from viz.plots import learning_curve

    digits = train.data.digits()
    where = folder(options.output)
    model = nn.MLP([64, 32, 10], "relu", seed=options.seed)
    began = time.perf_counter()
    run = train.fit(
        model,
        digits.train,
        nn.softmax_cross_entropy,
        train.SGD(0.2),
        options.epochs,
        batch_size=25,
        devset=digits.test,
        seed=options.seed,
        progress=True,
    )
    seconds = time.perf_counter() - began
    reached = train.accuracy(train.predict(run.model, digits.test.X), digits.test.Y)
    x, y = variable("X", ("m", 64)), variable("Y", ("m", 10))
    few = {x: digits.test.X[:32], y: digits.test.Y[:32]}
    net = viz.draw(
        backward(forward(nn.softmax_cross_entropy(run.model(x), y), few)),
        caption=f"MLP 64-32-10 after {options.epochs} epochs: forward pass and backward pass of 32 digits",
    )
    print(f"{len(digits.train.X)} digits to learn from, {len(digits.test.X)} held out")
    print(f"{options.epochs} epochs in {seconds:.1f} s, loss {run.history[-1].loss:.4f}")
    print(f"accuracy on the held-out digits: {reached:.4f}")
    curve = learning_curve(run.history, "accuracy on held-out digits")
    for name, picture in (("net", net), ("learning-curve", curve)):
        for ending in ("svg", "png"):
            print(picture.save(where / f"{name}.{ending}"))
    return 0

"""`cgraph demo`: the chapter's figures drawn and proved, XOR trained."""

from __future__ import annotations

import argparse

import numpy as np

from cgraph.cli.arguments import Commands, folder


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser("demo", help="draw and prove the chapter's figures, train XOR")
    parser.add_argument("-o", "--output", default="cgraph-demo", help="the folder of the drawings")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the tour; 1 when a derivative or an answer is wrong."""
    import viz
    from cgraph import nn, train
    from cgraph.proof import prove
    from viz.figures.graphs import figure_6_17, figure_6_18

    where = folder(options.output)
    abc, net = figure_6_17(), figure_6_18()
    pictures = {
        "fig-6.15": viz.draw(abc, show="forward", caption="Fig. 6.15: forward pass of L = c(a + 2b)"),
        "fig-6.17": viz.draw(abc, caption="Fig. 6.17: forward pass and backward pass of L = c(a + 2b)"),
        "fig-6.18": viz.draw(net, style="circuit", caption="Fig. 6.18: forward pass and backward pass of a 2-2-1 net"),
    }
    print("Drawn, with every value and every upstream, local and downstream gradient:")
    for name, picture in pictures.items():
        print("  " + "  ".join(str(picture.save(where / f"{name}.{ending}")) for ending in ("svg", "png")))

    print("\nProved against SymPy:")
    failures = 0
    for root in (abc.of, net.of):
        report = prove(root)
        failures += len(report.failures)
        print("  " + (str(report) if root is abc.of else f"Fig. 6.18: {report.verdict}").replace("\n", "\n  "))

    data = train.data.xor()
    run = train.fit(
        nn.MLP([2, 4, 1], "tanh", seed=0), data, nn.sigmoid_cross_entropy_loss, train.SGD(1.0), 500, batch_size=4
    )
    scores = train.predict(run.model, data.X)
    errors = round(len(data.X) * (1 - train.metrics.accuracy(scores, data.Y)))
    print(f"\nTrained XOR, a 2-4-1 net, 500 epochs: loss {run.history[0].loss:.3f} -> {run.history[-1].loss:.3f}")
    for (x1, x2), score, target in zip(data.X, scores[:, 0], data.Y[:, 0], strict=True):
        print(f"  {x1:.0f} xor {x2:.0f} = {target:.0f}   the net says {1 / (1 + np.exp(-score)):.3f}")
    print(f"  errors: {errors} of {len(data.X)}")
    print(f"\nOpen {where / 'fig-6.17.svg'} in a browser; hover over an edge to read its chain rule.")
    return 1 if failures or errors else 0

"""The command `cgraph`. Every mistake is one line that begins with `cgraph:`, and exit status 2."""

from __future__ import annotations

import argparse
import ast
import os
import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from cgraph import __version__
from cgraph.backward import Backward
from cgraph.errors import CgraphError, FormulaError, MissingValueError, OutputError, ValueRefusedError
from cgraph.forward import Forward
from cgraph.graph import Graph
from cgraph.node import variable
from cgraph.parse import parse
from cgraph.passes import backward, forward

PASSES = ("forward", "backward", "both")


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all of ours."""

    def error(self, message: str) -> NoReturn:
        raise CgraphError(message, fix=f"{self.prog} --help shows how to call it")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, 1 when a derivative is wrong, 2 for a mistake."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    try:
        options = _read(arguments)
        status: int = options.run(options)
        return status
    except CgraphError as error:
        print(f"cgraph: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except KeyboardInterrupt:
        print("cgraph: stopped", file=sys.stderr)
        return 130


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The arguments; values may also stand after an option, where argparse alone would not look for them."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if any(text.startswith("-") for text in rest) or (rest and not hasattr(options, "values")):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        options.values = [*options.values, *rest]
    return options


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="cgraph", description="Draw backprop, prove derivatives, train small nets.")
    parser.add_argument("--version", action="version", version=f"cgraph {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    one = commands.add_parser("draw", help="draw a formula with its values and gradients")
    one.add_argument("formula", help='such as "d = 2*b; e = a + d; L = c*e"')
    one.add_argument("values", nargs="*", metavar="NAME=VALUE", help="such as a=3 b=1/2 x=[1,2]; none: symbols")
    one.add_argument("-o", "--output", default="graph.svg", help="a .svg, .png, .pdf or .dot file (default: graph.svg)")
    one.add_argument("--pass", dest="show", choices=PASSES, default="both", help="what is drawn (default: both)")
    one.add_argument("--of", help="differentiate this node (default: the last result)")
    one.add_argument("--style", choices=("textbook", "circuit"), default="textbook")
    one.add_argument("--theme", choices=("textbook", "dark", "print"), default="textbook")
    one.add_argument("--detail", choices=("full", "formula", "number", "hover", "outline"), help="what edges say")
    one.add_argument("--direction", choices=("LR", "TB"), default="LR", help="left to right, or top down")
    one.set_defaults(run=_draw)

    two = commands.add_parser("prove", help="prove the derivatives of a formula against SymPy")
    two.add_argument("formula", help='such as "L = c*(a + 2*b)"')
    two.set_defaults(run=_prove)

    derived = commands.add_parser("derive", help="write the chain rule out, step by step")
    derived.add_argument("formula", help='such as "L = c*(a + 2*b)"')
    derived.add_argument("values", nargs="*", metavar="NAME=VALUE", help="such as a=3 b=1; none: formulas only")
    derived.add_argument("--wrt", required=True, metavar="NAME", help="the node to differentiate by")
    derived.add_argument("--of", help="differentiate this node (default: the last result)")
    derived.add_argument("--form", choices=("text", "latex", "markdown"), default="text")
    derived.set_defaults(run=_derive)

    three = commands.add_parser("train", help="train a small net on real data")
    three.add_argument("what", choices=("digits",), help="digits: scikit-learn's handwritten digits, a 64-32-10 net")
    three.add_argument("-o", "--output", default="cgraph-digits", help="the folder of the drawings")
    three.add_argument("--epochs", type=int, default=60)
    three.add_argument("--seed", type=int, default=0)
    three.set_defaults(run=_train)

    four = commands.add_parser("demo", help="draw and prove the chapter's figures, train XOR")
    four.add_argument("-o", "--output", default="cgraph-demo", help="the folder of the drawings")
    four.set_defaults(run=_demo)
    return parser


# draw and prove ------------------------------------------------------------------------------------------------------
def _draw(options: argparse.Namespace) -> int:
    import viz

    values = dict(_value(text) for text in options.values)
    graph = parse(options.formula, {n: v.shape for n, v in values.items() if v.shape} if values else None)
    if options.of is not None:
        graph = Graph(graph[options.of])
    of: Graph | Forward | Backward = graph
    if values:
        of = fwd = forward(graph, values)
        if options.show != "forward":
            of = backward(fwd)
    elif options.show != "both":
        names = " ".join(f"{graph.name(n)}=..." for n in graph.inputs)
        raise MissingValueError(f"--pass {options.show} needs values", fix=f"add {names}")
    choices = {k: getattr(options, k) for k in ("style", "theme", "detail", "direction")}
    print(viz.draw(of, show=options.show if values else None, **choices).save(options.output))
    return 0


def _value(text: str) -> tuple[str, Any]:
    """`a=3`, `b=1/2`, `x=[1,2]` as a name and an array."""
    name, equals, written = text.partition("=")
    if not equals or not name.strip():
        raise FormulaError(f"{text!r} is no value", fix="write name=value, such as a=3")
    try:
        try:
            value: Any = float(Fraction(written.strip()))
        except ValueError:
            value = ast.literal_eval(written.strip())
        array = np.asarray(value, dtype=float)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError, ArithmeticError):
        raise ValueRefusedError(
            f"{name} is given {written[:40]!r}",
            why="that is no number and no array",
            fix=f"write {name}=3 or {name}=[1,2]",
        ) from None
    return name.strip(), array


def _prove(options: argparse.Namespace) -> int:
    from cgraph.proof import prove

    report = prove(parse(options.formula))
    print(report)
    return 1 if report.failures else 0


def _derive(options: argparse.Namespace) -> int:
    from cgraph.derivation import derive

    values = dict(_value(text) for text in options.values)
    graph = parse(options.formula, {n: v.shape for n, v in values.items() if v.shape} if values else None)
    derivation = derive(graph if options.of is None else graph[options.of], options.wrt, values)
    print(getattr(derivation, options.form).rstrip())
    return 0


# train and demo ------------------------------------------------------------------------------------------------------
def _train(options: argparse.Namespace) -> int:
    import viz
    from cgraph import nn, train
    from viz.plots import learning_curve

    digits = train.data.digits()
    folder = _folder(options.output)
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
            print(picture.save(folder / f"{name}.{ending}"))
    return 0


def _demo(options: argparse.Namespace) -> int:
    import viz
    from cgraph import nn, train
    from cgraph.chapter import figure_6_17, figure_6_18
    from cgraph.proof import prove

    folder = _folder(options.output)
    abc, net = figure_6_17(), figure_6_18()
    pictures = {
        "fig-6.15": viz.draw(abc, show="forward", caption="Fig. 6.15: forward pass of L = c(a + 2b)"),
        "fig-6.17": viz.draw(abc, caption="Fig. 6.17: forward pass and backward pass of L = c(a + 2b)"),
        "fig-6.18": viz.draw(net, style="circuit", caption="Fig. 6.18: forward pass and backward pass of a 2-2-1 net"),
    }
    print("Drawn, with every value and every upstream, local and downstream gradient:")
    for name, picture in pictures.items():
        print("  " + "  ".join(str(picture.save(folder / f"{name}.{ending}")) for ending in ("svg", "png")))

    print("\nProved against SymPy:")
    failures = 0
    for root in (abc.of, net.of):
        report = prove(root)
        failures += len(report.failures)
        print("  " + (str(report) if root is abc.of else f"Fig. 6.18: {report.verdict}").replace("\n", "\n  "))

    data = train.data.xor()
    run = train.fit(
        nn.MLP([2, 4, 1], "tanh", seed=0), data, nn.sigmoid_cross_entropy, train.SGD(1.0), 500, batch_size=4
    )
    scores = train.predict(run.model, data.X)
    errors = round(len(data.X) * (1 - train.accuracy(scores, data.Y)))
    print(f"\nTrained XOR, a 2-4-1 net, 500 epochs: loss {run.history[0].loss:.3f} -> {run.history[-1].loss:.3f}")
    for (x1, x2), score, target in zip(data.X, scores[:, 0], data.Y[:, 0], strict=True):
        print(f"  {x1:.0f} xor {x2:.0f} = {target:.0f}   the net says {1 / (1 + np.exp(-score)):.3f}")
    print(f"  errors: {errors} of {len(data.X)}")
    print(f"\nOpen {folder / 'fig-6.17.svg'} in a browser; hover over an edge to read its chain rule.")
    return 1 if failures or errors else 0


def _folder(path: str) -> Path:
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder {path} cannot be made", why=error.strerror or str(error), fix="choose another"
        ) from None
    return folder

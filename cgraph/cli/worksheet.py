"""`cgraph worksheet`: exercises in blanks on paper, and their answers."""

from __future__ import annotations

import argparse
from typing import Any

from cgraph.cli.arguments import Commands, read
from cgraph.errors import MissingValueError, ValueRefusedError


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser("worksheet", help="exercises with fields to write in, and the answers")
    parser.add_argument("formula", nargs="?", help='such as "L = c*(a + 2*b)"')
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="such as a=3 b=1 c=-2")
    parser.add_argument(
        "--net", metavar="SIZES", help="instead of a formula: a ReLU net of whole numbers, such as 2-2-1"
    )
    parser.add_argument("--also", action="append", default=[], metavar="FORMULA", help="a further exercise of a sheet")
    parser.add_argument("--blanks", help="what is asked: forward, local, gradient, formula, or several with commas")
    parser.add_argument("--variants", type=int, metavar="N", help="so many sheets with other small whole numbers")
    parser.add_argument("--exercises", type=int, default=1, metavar="N", help="so many of each formula on a sheet")
    parser.add_argument("--seed", type=int, help="of these numbers: the same seed gives the same sheets")
    parser.add_argument("--paper", default="A4", help="A4, A3 or letter")
    parser.add_argument("--title", help="what stands above each sheet")
    parser.add_argument("--task", help="the sentence above each exercise")
    parser.add_argument("--answers", metavar="FILE", help="a file for the answers alone")
    parser.add_argument(
        "-o", "--output", default="worksheet.pdf", help="a .pdf of all pages, or .svg, .png and .tex in pairs"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the worksheet, and say where it is."""
    import viz

    if (options.formula is None) == (options.net is None):
        raise MissingValueError("a worksheet is of a formula or of a net", fix='give "L = c*(a + 2*b)" or --net 2-2-1')
    chosen: dict[str, Any] = {"paper": options.paper, "exercises": options.exercises}
    for name in ("variants", "seed", "title", "task"):
        if getattr(options, name) is not None:
            chosen[name] = getattr(options, name)
    if options.blanks is not None:
        chosen["blanks"] = [kind.strip() for kind in options.blanks.split(",")]
    of, values = _net(options, chosen) if options.net is not None else _formulas(options)
    for path in viz.worksheet(of, values, **chosen).save(options.output, answers=options.answers):
        print(path)
    return 0


def _formulas(options: argparse.Namespace) -> tuple[Any, dict[str, Any]]:
    """The formulas as graphs, and the values."""
    graph, values = read(options.formula, options.values)
    return [graph, *(read(formula, [])[0] for formula in options.also)], values


def _net(options: argparse.Namespace, chosen: dict[str, Any]) -> tuple[Any, None]:
    """A net, or one for each sheet and exercise."""
    from cgraph import nn

    try:
        sizes = [int(size) for size in options.net.split("-")]
    except ValueError:
        raise ValueRefusedError(
            f"--net {options.net}", why="sizes are whole numbers", fix="write --net 2-2-1"
        ) from None
    if options.also:
        raise ValueRefusedError("--net with --also", why="a sheet of a net has that net", fix="leave out one of them")
    chosen["style"] = "circuit"
    chosen.setdefault("seed", 0)
    seed = chosen["seed"] if options.variants is not None or options.exercises > 1 else chosen.pop("seed")
    return nn.textbook.exercise(sizes, seed=seed), None

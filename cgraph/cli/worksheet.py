"""`cgraph worksheet`: a figure with blanks where gradients go, and its answers on the next page."""

from __future__ import annotations

import argparse

from cgraph.cli.arguments import Commands, read
from cgraph.errors import MissingValueError, ValueRefusedError
from cgraph.passes.numbers import backward, forward


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser("worksheet", help="a figure with blanks for its gradients, and the answers")
    parser.add_argument("formula", nargs="?", help='such as "L = c*(a + 2*b)"')
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="such as a=3 b=1 c=-2")
    parser.add_argument(
        "--net", metavar="SIZES", help="instead of a formula: a ReLU net of whole numbers, such as 2-2-1"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the net's numbers")
    parser.add_argument(
        "-o", "--output", default="worksheet.pdf", help="a .pdf of two pages, or .svg and .png in pairs"
    )
    parser.add_argument("--detail", choices=("full", "formula", "number"), help="how much the edges ask for")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the worksheet, and say where it is."""
    import viz
    from cgraph import nn

    if (options.formula is None) == (options.net is None):
        raise MissingValueError("a worksheet is of a formula or of a net", fix='give "L = c*(a + 2*b)" or --net 2-2-1')
    if options.net is not None:
        try:
            sizes = [int(size) for size in options.net.split("-")]
        except ValueError:
            raise ValueRefusedError(
                f"--net {options.net}", why="sizes are whole numbers", fix="write --net 2-2-1"
            ) from None
        bwd, style = nn.textbook.exercise(sizes, seed=options.seed), "circuit"
    else:
        graph, values = read(options.formula, options.values)
        bwd, style = backward(forward(graph, values)), "textbook"
    for path in viz.worksheet(bwd, style=style, detail=options.detail).save(options.output):
        print(path)
    return 0

"""`cgraph draw`: a formula with its values and gradients, as a picture."""

from __future__ import annotations

import argparse

from cgraph.cli.arguments import Commands, folder, read
from cgraph.errors import MissingValueError
from cgraph.graph.graph import Graph
from cgraph.passes.backward import Backward
from cgraph.passes.forward import Forward
from cgraph.passes.numbers import backward, forward

PASSES = ("forward", "backward", "both")


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser("draw", help="draw a formula with its values and gradients")
    parser.add_argument("formula", help='such as "d = 2*b; e = a + d; L = c*e"')
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="such as a=3 b=1/2 x=[1,2]; none: symbols")
    parser.add_argument(
        "-o", "--output", default="graph.svg", help="a .svg, .png, .pdf, .html, .dot, .tex or .mmd file (graph.svg)"
    )
    parser.add_argument("--frames", metavar="FOLDER", help="write each step as a numbered .svg into this folder")
    parser.add_argument("--animated", action="store_true", help="one .svg that plays all steps")
    parser.add_argument("--pass", dest="show", choices=PASSES, default="both", help="what is drawn (default: both)")
    parser.add_argument("--of", help="differentiate this node (default: the last result)")
    parser.add_argument("--style", choices=("textbook", "circuit"), default="textbook")
    parser.add_argument("--theme", choices=("textbook", "dark", "print"), default="textbook")
    parser.add_argument("--detail", choices=("full", "formula", "number", "hover", "outline"), help="what edges say")
    parser.add_argument("--direction", choices=("LR", "TB"), default="LR", help="left to right, or top down")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draw, and say where the file is."""
    import viz

    graph, values = read(options.formula, options.values)
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
    picture = viz.draw(of, show=options.show if values else None, **choices)
    if options.frames is not None:
        for path in picture.save_frames(folder(options.frames)):
            print(path)
    else:
        print(picture.save_animation(options.output) if options.animated else picture.save(options.output))
    return 0

"""`cgraph draw`: a formula with its values and gradients, as a picture."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from cgraph.cli.arguments import Commands, folder, hints, pair, read, theme
from cgraph.cli.prove import watched
from cgraph.errors import MissingValueError, ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.passes.backward import Backward
from cgraph.passes.forward import Forward
from cgraph.passes.numbers import backward, forward

PASSES = ("forward", "backward", "both")
FOLDS = ("layers", "blocks", "copies", "none")


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser("draw", help="draw a formula with its values and gradients")
    parser.add_argument("formula", help='such as "d = 2*b; e = a + d; L = c*e"')
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="such as a=3 b=1/2 x=[1,2]; none: symbols")
    parser.add_argument(
        "-o", "--output", default="graph.svg", help="a .svg, .png, .pdf, .html, .dot, .tex, .tikz or .mmd file"
    )
    parser.add_argument("--frames", metavar="FOLDER", help="write each step as a numbered .svg into this folder")
    parser.add_argument("--animated", action="store_true", help="one .svg that plays all steps")
    parser.add_argument("--pass", dest="show", choices=PASSES, default="both", help="what is drawn (default: both)")
    parser.add_argument("--of", help="differentiate this node (default: the last result)")
    parser.add_argument("--style", choices=("textbook", "circuit"), default="textbook")
    parser.add_argument("--theme", choices=("textbook", "dark", "print"), default="textbook")
    parser.add_argument("--detail", choices=("full", "formula", "number", "hover", "outline"), help="what edges say")
    parser.add_argument("--palette", metavar="FILE", help='colours of your own, as JSON: {"forward": "#004488", ...}')
    parser.add_argument("--highlight", action="append", metavar="NODE", help="a, or b->L for a path: dims the rest")
    parser.add_argument("--label", action="append", default=[], metavar="NODE=WORDS", help="words for a box")
    parser.add_argument("--colour-of", action="append", default=[], metavar="NODE=#RRGGBB", help="a colour for a box")
    parser.add_argument("--around", metavar="NODE", help="only what is near a node")
    parser.add_argument(
        "--fold", action="append", metavar="WAY", help=f"many nodes in one box: {', '.join(FOLDS)}, or a layer's name"
    )
    parser.add_argument("--open", action="append", default=[], metavar="LAYER", help="a layer that is not folded")
    parser.add_argument("--depth", type=int, metavar="COUNT", help="edges from --around (2), or depth of --fold layers")
    parser.add_argument("--caption", metavar="WORDS", help='the words below; "" for none')
    parser.add_argument("--no-legend", action="store_true", help="without the legend")
    parser.add_argument("--transparent", action="store_true", help="without the background")
    parser.add_argument("--digits", type=int, metavar="COUNT", help="significant digits of numbers (3)")
    parser.add_argument("--dpi", type=float, help="dots to the inch of a .png (144)")
    parser.add_argument("--direction", choices=("LR", "TB"), help="left to right, or top down (as it fits)")
    parser.add_argument("--width", metavar="LENGTH", help="where it goes: 16cm, column, slide, 454pt (a page of 16 cm)")
    parser.add_argument("--height", metavar="LENGTH", help="how high it may be there")
    parser.add_argument("--smallest", type=float, metavar="POINTS", help="the least size of its text there (6)")
    parser.add_argument("--prove", action="store_true", help="mark the derivatives that are proved against SymPy")
    parser.add_argument("--seconds", type=float, help="the time for --prove; what is undecided has no mark (60)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draw, and say where the file is; 1 when a derivative is proved to be wrong."""
    import viz

    if options.prove and options.show == "forward":
        raise ValueRefusedError(
            "--prove --pass forward", why="a proof is of derivatives", fix="draw --pass backward or both"
        )
    if options.seconds is not None and not options.prove:
        raise ValueRefusedError("--seconds without --prove", why="it is the time of a proof", fix="add --prove")
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
    report = None
    if options.prove:
        report = watched(of, _ids(graph, values), 60.0 if options.seconds is None else options.seconds)
    with hints():
        picture = viz.draw(of, show=options.show if values else None, proof=report, **_choices(options))
    if options.fold is not None and picture.drawing.nothing:
        print(f"cgraph: folded {picture.folded[0]}", file=sys.stderr)
    if picture.fit is not None and not picture.fit.fits:
        print(f"cgraph: {picture.fit}", file=sys.stderr)
    if options.frames is not None:
        for path in picture.save_frames(folder(options.frames)):
            print(path)
    else:
        print(
            picture.save_animation(options.output)
            if options.animated
            else picture.save(options.output, dpi=options.dpi)
        )
    if report is None:
        return 0
    print(report if report.failures else report.verdict)
    return 1 if report.failures else 0


def _choices(options: argparse.Namespace) -> dict[str, Any]:
    """The options as `viz.draw` takes them; those that were not given are left to it."""
    given = {
        k: getattr(options, k) for k in ("style", "detail", "direction", "caption", "highlight", "around", "depth")
    }
    given |= {k: getattr(options, k) for k in ("width", "height", "smallest")}
    given |= {"theme": theme(options), "legend": not options.no_legend, "transparent": options.transparent}
    given |= {"open": options.open, "fold": _folds(options.fold)}
    given |= {"labels": dict(map(pair, options.label)), "colours": dict(map(pair, options.colour_of))}
    return given if options.digits is None else {**given, "digits": options.digits}


def _folds(asked: list[str] | None) -> Any:
    """What `viz.draw` is asked to fold: one of the ways, nothing at all, or layers by their names."""
    if asked is None:
        return None
    return (False if asked[0] == "none" else asked[0]) if len(asked) == 1 else asked


def _ids(graph: Graph, values: Mapping[str, Any]) -> dict[str, Any]:
    """Of the values those of ids, which a proof takes as numbers: they choose rows, and have no symbols."""
    chosen = {n.operands[n.op.ids.place] for n in graph.nodes if n.op is not None and n.op.ids is not None}
    return {name: given for name, given in values.items() if graph[name] in chosen}

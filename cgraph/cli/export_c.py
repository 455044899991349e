"""`cgraph export-c`: a trained net as a C file without dependencies."""

from __future__ import annotations

import argparse
import shlex

from cgraph.cli.arguments import Commands
from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.files import write
from cgraph.graph.node import variable


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser("export-c", help="write a trained net as a C file that classifies standard input")
    parser.add_argument("model", help="a file that cg.train.save wrote, such as model.npz")
    parser.add_argument("-o", "--output", default="model.c", help="the C file (default: model.c)")
    parser.add_argument("--inputs", type=int, help="numbers an example (default: the rows of the first weights)")
    parser.add_argument(
        "--writes",
        metavar="WHAT",
        default="classes",
        help="what the program prints of each line: classes, scores or numbers (classes)",
    )
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the file, and say how to build it."""
    from cgraph.compile.export import to_c
    from cgraph.train import load

    model = load(options.model)
    inputs = model.parameters[0].shape[0] if options.inputs is None else options.inputs
    if inputs < 1:
        raise ValueRefusedError(f"--inputs {inputs}", why="an example has one number or more")
    try:
        output = model(variable("X", ("m", inputs)))
    except ShapeError as error:
        raise ShapeError(
            f"the model does not take {inputs} numbers an example", why=error.what, fix="give --inputs another number"
        ) from None
    text = to_c(output, options.dtype, options.writes)
    write(options.output, text.encode())
    print(f"{options.output}: cc -O3 {shlex.quote(options.output)} -lm -o classify; ./classify < examples.csv")
    return 0

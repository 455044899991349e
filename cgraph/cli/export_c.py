"""`cgraph export-c`: a trained net as a C file without dependencies."""

from __future__ import annotations

import argparse
from pathlib import Path

from cgraph.cli.arguments import Commands
from cgraph.compile.export import to_c
from cgraph.errors import OutputError
from cgraph.node import variable


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser("export-c", help="write a trained net as a C file that classifies standard input")
    parser.add_argument("model", help="a file that cg.train.save wrote, such as model.npz")
    parser.add_argument("-o", "--output", default="model.c", help="the C file (default: model.c)")
    parser.add_argument("--inputs", type=int, help="numbers an example (default: the rows of the first weights)")
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the file, and say how to build it."""
    from cgraph.train import load

    model = load(options.model)
    inputs = options.inputs or model.parameters[0].shape[0]
    text = to_c(model(variable("X", ("m", inputs))), options.dtype)
    try:
        Path(options.output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{options.output} cannot be written", why=error.strerror or str(error), fix="choose another file"
        ) from None
    print(f"{options.output}: cc -O3 {options.output} -lm -o classify; ./classify < examples.csv")
    return 0

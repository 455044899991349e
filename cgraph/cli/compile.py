"""`cgraph compile`: a formula as a straight-line program."""

from __future__ import annotations

import argparse

import numpy as np

from cgraph.cli.arguments import Commands, read
from cgraph.compile import compile as make_program
from cgraph.quoting import decimal


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser("compile", help="compile a formula to a straight-line program, and run it")
    parser.add_argument("formula", help='such as "d = 2*b; e = a + d; L = c*e"')
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="such as a=3 b=1 x=[1,2]; none: do not run")
    parser.add_argument("--show", action="store_true", help="print the program and its plan")
    parser.add_argument("--stages", action="store_true", help="print each stage: the values, the plan, the calls or C")
    parser.add_argument("--backend", default="auto", help="auto, numpy, native, scalar or scalar-numpy (default: auto)")
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the program, its plan, and the results."""
    graph, values = read(options.formula, options.values)
    program = make_program(graph, backend=options.backend, dtype=options.dtype)
    results = program(values) if values else []
    if options.stages:
        print(f"{program.stages}\n")
    if options.show or not (values or options.stages):
        print(program.source.rstrip())
        print(f"{program.backend}: {program.plan}")
    for node, result in zip(graph.outputs, results, strict=False):
        whole = decimal(result) if not result.shape else np.array2string(result, precision=6, separator=", ")
        print(f"{graph.name(node)} = {whole}")
    return 0

"""`cgraph prove`: the derivatives of a formula, or the rules of an op, beside SymPy's."""

from __future__ import annotations

import argparse

from cgraph.cli.arguments import Commands
from cgraph.functions.table import table
from cgraph.graph.parse import parse


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser("prove", help="prove the derivatives of a formula, or of an op, against SymPy")
    parser.add_argument("formula", help='such as "L = c*(a + 2*b)", or the name of an op such as tanh')
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the report; 1 when a derivative is wrong."""
    from cgraph.proof import prove

    named = options.formula.strip() in table()
    report = prove(options.formula.strip() if named else parse(options.formula))
    print(report)
    return 1 if report.failures else 0

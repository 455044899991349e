"""`cgraph prove`: the derivatives of a formula, or the rules of an op, beside SymPy's."""

from __future__ import annotations

import argparse

from cgraph.cli.arguments import Commands


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser("prove", help="prove the derivatives of a formula, or of an op, against SymPy")
    parser.add_argument("formula", help='such as "L = c*(a + 2*b)", or the name of an op such as tanh')
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the report; 1 when a derivative is wrong."""
    from cgraph.proof import prove

    report = prove(options.formula)
    print(report)
    return 1 if report.failures else 0

"""`cgraph prove`: the derivatives of a formula, or the rules of an op, beside SymPy's."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from cgraph.cli.arguments import Commands, value

if TYPE_CHECKING:
    from cgraph.proof import UnderWay


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser("prove", help="prove the derivatives of a formula, or of an op, against SymPy")
    parser.add_argument("formula", help='such as "L = c*(a + 2*b)", or the name of an op such as tanh')
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="leaves that are numbers, such as y=[0,2]")
    parser.add_argument("--wrt", action="append", metavar="NAME", help="prove this derivative alone (may be repeated)")
    parser.add_argument("--seconds", type=float, default=60.0, help="what is undecided then stays so (default: 60)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the report; 1 when a derivative is wrong."""
    from cgraph.proof import prove

    values = dict(value(text) for text in options.values)
    progress = _line if sys.stderr.isatty() else None
    report = prove(options.formula, None, None, values, wrt=options.wrt, seconds=options.seconds, progress=progress)
    if progress:
        print("\r\033[K", end="", file=sys.stderr)
    print(report)
    return 1 if report.failures else 0


def _line(now: UnderWay) -> None:
    """Which derivative comes next, how many are done, and the time left, on one line that is written over."""
    from cgraph.quoting import terminal

    text = f"{terminal(now.subject)}: {now.done} of {now.count} done, {now.left:.0f} s left"
    print(f"\r\033[K{text[:100]}", end="", file=sys.stderr, flush=True)

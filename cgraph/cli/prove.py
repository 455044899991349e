"""`cgraph prove`: the derivatives of a formula, or the rules of an op, beside SymPy's."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cgraph.cli.arguments import Commands, value
from cgraph.graph.parse import GraphLike
from cgraph.passes.backward import Backward
from cgraph.passes.forward import Forward

if TYPE_CHECKING:
    from cgraph.proof import Report, UnderWay


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
    values = dict(value(text) for text in options.values)
    report = watched(options.formula, values, options.seconds, options.wrt)
    print(report)
    return 1 if report.failures else 0


def watched(
    of: GraphLike | Forward | Backward, values: Mapping[str, Any], seconds: float, wrt: Sequence[str] | None = None
) -> Report:
    """The report of `cg.prove`; a terminal shows how far it is."""
    from cgraph.proof import prove

    progress = _line if sys.stderr.isatty() else None
    report = prove(of, None, None, values, wrt=wrt, seconds=seconds, progress=progress)
    if progress:
        print("\r\033[K", end="", file=sys.stderr)
    return report


def _line(now: UnderWay) -> None:
    """Which derivative comes next, how many are done, and the time left, on one line that is written over."""
    from cgraph.quoting import terminal

    text = f"{terminal(now.subject)}: {now.done} of {now.count} done, {now.left:.0f} s left"
    print(f"\r\033[K{text[:100]}", end="", file=sys.stderr, flush=True)

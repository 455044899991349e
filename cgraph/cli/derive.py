"""`cgraph derive`: the chain rule, step by step."""

from __future__ import annotations

import argparse

from cgraph.cli.arguments import Commands, read


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser("derive", help="write the chain rule out, step by step")
    parser.add_argument("formula", help='such as "L = c*(a + 2*b)"')
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="such as a=3 b=1; none: formulas only")
    parser.add_argument("--wrt", required=True, metavar="NAME", help="the node to differentiate by")
    parser.add_argument("--of", help="differentiate this node (default: the last result)")
    parser.add_argument("--form", choices=("text", "latex", "markdown"), default="text")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the derivation."""
    from cgraph.derivation import derive

    graph, values = read(options.formula, options.values)
    derivation = derive(graph if options.of is None else graph[options.of], options.wrt, values)
    print(getattr(derivation, options.form).rstrip())
    return 0

"""The command `cgraph`. Every mistake is one line that begins with `cgraph:`, and exit status 2."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from cgraph import __version__
from cgraph.cli import compile as compile_command
from cgraph.cli import demo, derive, draw, export_c, figures, prove, train, worksheet
from cgraph.cli.arguments import Parser
from cgraph.errors import CgraphError

COMMANDS = (
    draw,
    prove,
    derive,
    compile_command,
    export_c,
    train,
    figures,
    worksheet,
    demo,
)  # each adds its own part, and runs it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, 1 when a derivative is wrong, 2 for a mistake."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    try:
        options = _read(arguments)
        status: int = options.run(options)
        return status
    except CgraphError as error:
        print(f"cgraph: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except KeyboardInterrupt:
        print("cgraph: stopped", file=sys.stderr)
        return 130


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The arguments; values may also stand after an option, where argparse alone would not look for them."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if any(text.startswith("-") for text in rest) or (rest and not hasattr(options, "values")):
        options.parser.unknown(rest)
    if rest:
        options.values = [*options.values, *rest]
    return options


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="cgraph", description="Draw backprop, prove derivatives, train small nets.")
    parser.add_argument("--version", action="version", version=f"cgraph {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    for own in commands.choices.values():
        own.set_defaults(parser=own)
    return parser

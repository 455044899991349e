"""`cgraph figures`: the eighteen figures of the chapter, or the gallery, and a page that shows them."""

from __future__ import annotations

import argparse

from cgraph.cli.arguments import Commands, folder, theme


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser("figures", help="draw the eighteen figures of the chapter, or the gallery")
    parser.add_argument("output", nargs="?", default="cgraph-figures", help="the folder of the drawings")
    parser.add_argument(
        "--set",
        choices=("chapter", "gallery"),
        default="chapter",
        help="the figures of the chapter, or of known courses",
    )
    parser.add_argument(
        "--only", default="", metavar="6.2,6.14", help="these figures, such as lstm-cell of the gallery"
    )
    parser.add_argument("--theme", choices=("textbook", "dark", "print"), default="textbook")
    parser.add_argument("--palette", metavar="FILE", help="colours of your own, as JSON: see cgraph draw")
    parser.add_argument("--no-numbers", action="store_true", help="captions without the numbers of the book")
    parser.add_argument("--format", default="svg,png,pdf", metavar="svg,png,pdf", help="the kinds of file")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draw, and say where the files are."""
    from viz.figures.page import write

    files = write(
        folder(options.output),
        only=_listed(options.only),
        theme=theme(options),
        formats=_listed(options.format),
        numbered=not options.no_numbers,
        of=options.set,
    )
    for path in files:
        print(path)
    return 0


def _listed(written: str) -> list[str]:
    """The parts of a list with commas."""
    return [part.strip() for part in written.split(",") if part.strip()]

"""Run as a process by `viz.engine`: DOT on standard input, Graphviz's JSON on standard output, through pygraphviz."""

from __future__ import annotations

import sys


def main() -> None:
    """Lay out one graph with pygraphviz."""
    import pygraphviz

    graph = pygraphviz.AGraph(string=sys.stdin.read())
    sys.stdout.buffer.write(graph.draw(format="json0", prog="dot"))


if __name__ == "__main__":
    main()

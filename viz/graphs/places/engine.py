"""DOT in, positions out: the only place that runs Graphviz, in a process of its own and with a time limit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from typing import Any

from cgraph.errors import LayoutError

TIME_LIMIT = 20.0  # seconds
VARIABLE = "CGRAPH_ENGINE"
NAMES = ("graphviz-pure", "dot", "pygraphviz")


def positions(dot: str, engine: str | None = None, time_limit: float = TIME_LIMIT) -> dict[str, Any]:
    """Graphviz's layout of a DOT text, as its JSON.

    `engine` is "graphviz-pure" (comes with cgraph), "dot" (the system's Graphviz) or "pygraphviz" (extra `native`); by
    default the first that is there, or the one that the environment variable CGRAPH_ENGINE names.
    Raises LayoutError when there is none, when it fails, or when it takes longer than `time_limit` seconds.
    """
    name = engine or os.environ.get(VARIABLE) or next((n for n in NAMES if command(n)), "")
    run = command(name) if name in NAMES else None
    if run is None:
        raise LayoutError(
            f"no layout engine {name!r}" if name else "no layout engine",
            why=f"none of {', '.join(NAMES)} was found" if not name else "it is not installed",
            fix="pip install graphviz-pure",
        )
    try:
        done = subprocess.run(run, input=dot.encode(), capture_output=True, timeout=time_limit, check=False)
    except subprocess.TimeoutExpired:
        raise LayoutError(
            f"the layout took more than {time_limit:g} s and was stopped",
            why="the graph is large or dense",
            fix="draw a part of it, such as viz.draw(cg.Graph(node)), or give time_limit= more seconds",
        ) from None
    except OSError as error:
        raise LayoutError(f"{name} did not start", why=str(error), fix="pip install graphviz-pure") from None
    if done.returncode != 0 or not done.stdout:
        said = " ".join(done.stderr.decode(errors="replace").split())[:200]
        raise LayoutError(f"{name} failed", why=said or f"exit status {done.returncode}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def command(name: str) -> list[str] | None:
    """The command line that runs an engine from DOT on standard input to JSON, or None when it is not there."""
    if name == "graphviz-pure":
        beside = os.path.join(sysconfig.get_path("scripts"), name + (".exe" if os.name == "nt" else ""))
        program = beside if os.path.exists(beside) else shutil.which(name)
    elif name == "dot":
        program = shutil.which(name)
    elif name == "pygraphviz":
        from importlib.util import find_spec

        return [sys.executable, "-m", "viz.graphs.places.pygraphviz_process"] if find_spec("pygraphviz") else None
    else:
        return None
    return [program, "-Kdot", "-Tjson0"] if program else None

"""The order of nodes in their ranks and their places across: found by Graphviz."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

from viz.graphs.places import engine
from viz.graphs.places.ranks import Ranks

POINTS = 72.0
BESIDE = 9.0  # free space between nodes of a rank, in points
BEFORE = "before"  # a point before the first rank, which keeps its boxes in order


def across(ranks: Ranks, slots: Mapping[str, int], engine_name: str | None, time_limit: float) -> dict[str, float]:
    """The middle of each node across, in points. `slots` says which operand of its head each edge is.

    Where no two nodes share a rank there is nothing to find. Raises LayoutError when there is no engine or it takes
    too long.
    """
    if engine_name is None and engine.VARIABLE not in os.environ and len(ranks.extents) == ranks.count:
        return dict.fromkeys(ranks.extents, 0.0)
    answer = engine.positions(skeleton(ranks, slots), engine_name, time_limit)
    return {o["name"]: float(o["pos"].split(",")[0]) for o in answer["objects"] if o["name"] != BEFORE}


def skeleton(ranks: Ranks, slots: Mapping[str, int]) -> str:
    """The DOT that Graphviz lays out, top down: a box of its width for each node, without words.

    It is written here, for importing a package that writes DOT takes longer than Graphviz; names are our own ids.
    """
    lines = [
        "digraph skeleton {",
        f"nodesep={BESIDE / POINTS:.4f} outputorder=nodesfirst ranksep=0.1 splines=none",
        'node [fixedsize=true fontsize=1 height=0.1 label="" margin=0 shape=box]',
    ]
    entering = Counter(chain[-1] for chain in ranks.chains.values())
    for name, extent in ranks.extents.items():
        record = ""
        if entering[name] > 1:
            record = f'label="{{{{{"|".join(f"<h{i}>" for i in range(entering[name]))}}}}}" shape=record '
        lines.append(f'"{name}" [{record}width={extent.across / POINTS:.4f}]')
    lines.append(f"{BEFORE} [ordering=out width=0.01]")
    lines += [f'{BEFORE} -> "{name}" [weight=0]' for name in ranks.first]
    for id_, chain in ranks.chains.items():
        for tail, head in pairwise(chain):
            port = f":h{slots[id_]}:n" if head == chain[-1] and entering[head] > 1 else ""
            inside = (tail != chain[0]) + (head != chain[-1])  # an edge is straightest in its middle
            lines.append(f'"{tail}" -> "{head}"{port} [weight={(1, 2, 8)[inside]}]')
    return "\n".join([*lines, "}", ""])

"""The order of nodes in their ranks and their places across: found by Graphviz."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

import graphviz

from viz.graphs.places import engine
from viz.graphs.places.ranks import Ranks

POINTS = 72.0
BESIDE = 9.0  # free space between nodes of a rank, in points
BEFORE = "before"  # a point before the first rank, which keeps its boxes in order


def across(ranks: Ranks, slots: Mapping[str, int], engine_name: str | None, time_limit: float) -> dict[str, float]:
    """The middle of each node across, in points. `slots` says which operand of its head each edge is.

    Raises LayoutError when there is no engine or it takes too long.
    """
    answer = engine.positions(skeleton(ranks, slots), engine_name, time_limit)
    return {o["name"]: float(o["pos"].split(",")[0]) for o in answer["objects"] if o["name"] != BEFORE}


def skeleton(ranks: Ranks, slots: Mapping[str, int]) -> str:
    """The DOT that Graphviz lays out, top down: a box of its width for each node, without words."""
    graph = graphviz.Digraph("skeleton")
    graph.attr(splines="none", nodesep=f"{BESIDE / POINTS:.4f}", ranksep="0.1", outputorder="nodesfirst")
    graph.attr("node", shape="box", fixedsize="true", label="", fontsize="1", margin="0", height="0.1")
    entering = Counter(chain[-1] for chain in ranks.chains.values())
    for name, extent in ranks.extents.items():
        width = f"{extent.across / POINTS:.4f}"
        if entering[name] > 1:
            graph.node(
                name, label=f"{{{{{'|'.join(f'<h{i}>' for i in range(entering[name]))}}}}}", shape="record", width=width
            )
        else:
            graph.node(name, width=width)
    graph.node(BEFORE, width="0.01", ordering="out")
    for name in ranks.first:
        graph.edge(BEFORE, name, weight="0")
    for id_, chain in ranks.chains.items():
        for tail, head in pairwise(chain):
            port = f"{head}:h{slots[id_]}:n" if head == chain[-1] and entering[head] > 1 else head
            inside = (tail != chain[0]) + (head != chain[-1])  # an edge is straightest in its middle
            graph.edge(tail, port, weight=str((1, 2, 8)[inside]))
    return str(graph.source)

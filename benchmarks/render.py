"""Seconds from a graph to the text of its SVG, beside torchviz and micrograd's way: python benchmarks/render.py

Each measurement is a process of its own, so that it has a time limit and a peak of memory; the candidates take turns,
round by round, and medians are shown. A peer that is not installed, fails, or takes too long is reported as that.
First come the chapter's two figures, warm, in this process, and a change in a page, in a browser.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import time
from statistics import median
from typing import Any

import cgraph as cg
import viz
from viz.figures.graphs import figure_6_17, figure_6_18

SIZES, KINDS = (100, 1000, 10_000), ("chain", "tree", "dag")
DOWN = {"chain": lambda x, _: x.tanh(), "tree": lambda x, y: x * y, "dag": lambda x, y: x + y}


def operands(kind: str, count: int) -> tuple[int, list[tuple[int, int]]]:
    """How many leaves, and the two operands of each further node, of `count` nodes in all."""
    if kind == "chain":
        return 1, [(i, i) for i in range(count - 1)]
    if kind == "tree":
        leaves = (count + 1) // 2
        return leaves, [(2 * i, 2 * i + 1) for i in range(leaves - 1)]
    generator = random.Random(0)
    back = [[min(i - 1, int(generator.expovariate(1 / 20))) for _ in range(2)] for i in range(4, count)]
    return 4, [(i - 1 - a, i - 1 - b) for i, (a, b) in enumerate(back, 4)]


def grown(kind: str, count: int, leaf: Any) -> list[Any]:
    """The nodes of a graph in anybody's arithmetic."""
    leaves, pairs = operands(kind, count)
    nodes = [leaf(i) for i in range(leaves)]
    for a, b in pairs:
        nodes.append(DOWN[kind](nodes[a], nodes[b]))
    return nodes


def ends(kind: str, count: int) -> list[int]:
    """The nodes that nothing uses: what is drawn is their sum."""
    leaves, pairs = operands(kind, count)
    used = {i for pair in pairs for i in pair}
    return [i for i in range(leaves + len(pairs)) if i not in used]


# Candidates: a graph now, and a function that draws it ---------------------------------------------------------------
def ours(kind: str, count: int, fold: bool | None) -> Any:
    leaves, pairs = operands(kind, count)
    nodes: list[Any] = [cg.variable(f"x{i}") for i in range(leaves)]
    for a, b in pairs:
        nodes.append(cg.tanh(nodes[a]) if kind == "chain" else DOWN[kind](nodes[a], nodes[b]))
    last = [nodes[i] for i in ends(kind, count)]
    graph = cg.Graph(last[0] if len(last) == 1 else cg.add(*last))
    return lambda: viz.draw(graph, fold=fold).svg()


def torchviz(kind: str, count: int) -> Any:
    import torch
    from torchviz import make_dot

    nodes = grown(kind, count, lambda _: torch.tensor(0.5, requires_grad=True))
    root = sum(nodes[i] for i in ends(kind, count))
    return lambda: laid_out(make_dot(root).source)


def micrograd(kind: str, count: int) -> Any:
    from micrograd.engine import Value

    Value.tanh = lambda self: self.relu()  # it has no tanh of its own; the picture is the same
    nodes = grown(kind, count, lambda _: Value(0.5))
    root = sum(nodes[i] for i in ends(kind, count))
    return lambda: laid_out(record_boxes(root))


def record_boxes(root: Any) -> str:
    """DOT as micrograd's notebook makes it: a box with data and gradient for each value, a node for each op."""
    import graphviz

    graph = graphviz.Digraph(graph_attr={"rankdir": "LR"})
    seen, edges = set(), set()

    def visit(value: Any) -> None:
        if value not in seen:
            seen.add(value)
            for child in value._prev:
                edges.add((child, value))
                visit(child)

    visit(root)
    for value in seen:
        graph.node(str(id(value)), label=f"{{ data {value.data:.4f} | grad {value.grad:.4f} }}", shape="record")
        if value._op:
            graph.node(f"{id(value)}{value._op}", label=value._op)
            graph.edge(f"{id(value)}{value._op}", str(id(value)))
    for child, value in edges:
        graph.edge(str(id(child)), f"{id(value)}{value._op}")
    return str(graph.source)


def laid_out(dot: str) -> str:
    """SVG by the same Graphviz for both peers: the system's, or the one that cgraph brings."""
    from viz.graphs.places.engine import command

    program = (command("dot") or command("graphviz-pure") or ["dot"])[0]
    done = subprocess.run([program, "-Kdot", "-Tsvg"], input=dot.encode(), capture_output=True, check=True)
    return done.stdout.decode()


CANDIDATES = {
    "cgraph": lambda kind, count: ours(kind, count, None),
    "cgraph, every node": lambda kind, count: ours(kind, count, False),
    "torchviz": torchviz,
    "micrograd's way": micrograd,
}


def one(name: str, kind: str, count: int) -> None:
    """In a process of its own: seconds, MiB at the peak and bytes, as JSON."""
    draw = CANDIDATES[name](kind, count)
    start = time.perf_counter()
    svg = draw()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "MiB": peak, "bytes": len(svg)}))


def measured(name: str, kind: str, count: int, limit: float) -> dict[str, Any]:
    """One measurement, or in `failed` why there is none."""
    command = [sys.executable, __file__, "--one", name, kind, str(count)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=limit, text=True, check=False)
    except subprocess.TimeoutExpired:
        return {"failed": f"more than {limit:.0f} s"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["failed"])[-1][:60]}
    return dict(json.loads(done.stdout))


def figures(rounds: int) -> None:
    """The chapter's figures, each from its passes to SVG text, after a first time."""
    wanted = {"Fig. 6.17": (figure_6_17(), "textbook", 60), "Fig. 6.18": (figure_6_18(), "circuit", 150)}
    wanted["40 boxes"] = (passes_of(27), "textbook", 300)
    times: dict[str, list[float]] = {name: [] for name in wanted}
    for _ in range(rounds + 1):
        for name, (bwd, style, _limit) in wanted.items():
            start = time.perf_counter()
            viz.draw(bwd, style=style).svg()
            times[name].append(1e3 * (time.perf_counter() - start))
    for name, (_, _, limit) in wanted.items():
        print(f"  {f'{name}, warm':<15} {median(times[name][1:]):>8.1f} ms   limit: {limit} ms")


def passes_of(count: int) -> Any:
    """Both passes of sums, and of tanh of products, of nodes that came not long before; half as many nodes more."""
    leaves, pairs = operands("dag", count)
    nodes: list[Any] = [cg.variable(f"x{i}") for i in range(leaves)]
    for i, (a, b) in enumerate(pairs):
        nodes.append(cg.tanh(nodes[a] * nodes[b]) if i % 2 else nodes[a] + nodes[b])
    used = {x for node in nodes for x in node.operands}
    graph = cg.Graph(cg.add(*[node for node in nodes if node not in used]))
    return cg.backward(cg.forward(graph, dict.fromkeys(graph.inputs, 0.3)))


def page(rounds: int) -> None:
    """A change of an input in the page of a graph of 140 boxes, until the browser has laid it out again."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        print("  a page of 140 boxes        playwright is not installed")
        return
    bwd = passes_of(94)
    html = viz.draw(bwd).html()
    change = """rounds => Array.from({length: rounds}, (_, k) => {
      const field = document.getElementById("number0"), start = performance.now();
      field.value = 0.31 + k/100;
      field.dispatchEvent(new Event("change"));
      document.body.getBoundingClientRect();
      return performance.now() - start;
    })"""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        except Error:
            print("  a page of 140 boxes        there is no browser")
            return
        found = browser.new_page()
        found.set_content(html)
        found.keyboard.press("End")
        times = found.evaluate(change, rounds + 3)[3:]
        browser.close()
    print(f"  a change in a page of {len(bwd.graph)} boxes {median(times):>8.1f} ms   limit: 50 ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each thing is measured (default: 3)")
    parser.add_argument(
        "--limit", type=float, default=60.0, help="seconds after which a process is ended (default: 60)"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of nodes")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one[0], options.one[1], int(options.one[2]))
        return
    print("from passes to SVG")
    figures(max(options.rounds, 9))
    page(max(options.rounds, 9))
    print("from a graph to SVG; limits for 10,000 nodes: 1 s, 150 MiB")
    for kind in KINDS:
        for count in options.sizes:
            found: dict[str, list[dict[str, Any]]] = {name: [] for name in CANDIDATES}
            for _ in range(options.rounds):
                for name, results in found.items():
                    if not (results and "failed" in results[-1]):
                        results.append(measured(name, kind, count, options.limit))
            for name, results in found.items():
                if "failed" in results[-1]:
                    said = results[-1]["failed"]
                else:
                    seconds, peak = (median(r[k] for r in results) for k in ("seconds", "MiB"))
                    least = min(r["seconds"] for r in results)
                    said = f"{seconds:>8.3f} s (least {least:.3f}) {peak:>6.0f} MiB"
                print(f"  {kind:<6} {count:>6} nodes   {name:<20} {said}", flush=True)


if __name__ == "__main__":
    main()

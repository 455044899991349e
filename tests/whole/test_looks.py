"""Unequal graphs never look equal: in formulas, in boxes, circles and outlines, in Mermaid and in DOT.

Some thousand small graphs over the same leaves are made from the table: every row with the attributes of its examples
and of its switches, and rows of rows. Those that look the same in one of the ways must have the same value at random
points. (What a convention decides, such as 0/0 of `ratio`, is no value: no point is there.)
"""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cgraph as cg
import viz
from cgraph import notation
from cgraph.errors import CgraphError
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node, build
from cgraph.notation import Math
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from viz import asked
from viz.graphs.formats.mermaid import flowchart
from viz.graphs.places.dot import readable
from viz.graphs.words.annotate import annotate
from viz.graphs.words.drawing import Drawing
from viz.ink.lines import rows_of
from viz.ink.typeset import typeset

SHAPES = {"x": (), "y": (), "v": (3,), "u": (3,), "A": (3, 3), "B": (3, 3)}
LEAVES = {name: cg.variable(name, shape) for name, shape in SHAPES.items()}
IDS = cg.constant([2, 2, 1])
NUMBERS = (2.0, 3.0, 0.5, 1.0, -1.0, 0.1234567, 0.1234568)
KEYS = (0, 1, slice(0, 2), slice(None, None, 2), slice(None, None, -1), [0, 1], None)
SUBSCRIPTS = ("ij,jk->ik", "ij,jk->ki", "ij,ij->i", "ij,ij->ij", "ij,ji->ij", "i,i->", "i,j->ij")
CHOICES: dict[str, tuple[Any, ...]] = {  # of attributes that are no numbers
    "axis": (0, 1, -1),
    "key": KEYS,
    "shape": ((3, 1), (1, 3), (3,), (2, 3, 3), (9,)),
    "axes": ((1, 0), (0, 1)),
    "subscripts": SUBSCRIPTS,
}


def attributes(row: Op) -> Iterator[dict[str, Any]]:
    """Attributes worth telling apart: those of the examples, each axis, a few numbers for each switch."""
    yield {}
    yield from (attrs for _, attrs in row.examples)
    for name, default in row.defaults.items():
        number = isinstance(default, (int, float)) and not isinstance(default, bool)
        for value in CHOICES.get(name, (0, 0.5, 2, 0.1234567, 0.1234568) if number else ()):
            yield {name: value}
            if "keepdims" in row.defaults:
                yield {name: value, "keepdims": True}


def built(row: Op, operands: tuple[Node, ...], attrs: dict[str, Any]) -> Iterator[Node]:
    """The node, if there is one."""
    try:
        yield build(row, *operands, **attrs)
    except CgraphError:
        return


def of_one_op(leaves: dict[str, Node]) -> Iterator[Node]:
    """Every row on every few leaves, in every order, and on numbers."""
    numbers = [cg.constant(n) for n in NUMBERS]
    for row in TABLE.values():
        for count in (row.arity,) if row.arity is not None else (2, 3):
            pool = [*leaves.values(), IDS]
            every = itertools.product(pool, repeat=count) if count < 3 else itertools.permutations(pool, count)
            for operands in every:
                for attrs in attributes(row) if count < 3 else ({},):
                    yield from built(row, operands, attrs)
            for number, leaf in itertools.product(numbers, leaves.values()) if count == 2 else ():
                yield from built(row, (number, leaf), {})
                yield from built(row, (leaf, number), {})


def of_two_ops(seed: int, count: int, leaves: dict[str, Node]) -> Iterator[Node]:
    """Rows of rows, drawn at random: over few leaves, so that many of them are nearly the same."""
    generator = np.random.default_rng(seed)
    pools = [list(of_one_op(leaves)), list(leaves.values())]
    rows = list(TABLE.values())
    while count > 0:
        row = rows[int(generator.integers(len(rows)))]
        arity = row.arity if row.arity is not None else int(generator.integers(2, 4))
        which = generator.permutation([0, *generator.integers(0, 2, arity - 1)])
        operands = tuple(pools[k][int(generator.integers(len(pools[k])))] for k in which)
        choices = list(attributes(row))
        for node in built(row, operands, choices[int(generator.integers(len(choices)))]):
            count -= 1
            yield node


def points() -> list[dict[str, Any]]:
    """Three points: about 1, about 3, and all between 0 and 1."""
    generator = np.random.default_rng(0)
    drawn = [{name: scale * generator.normal(size=shape) for name, shape in SHAPES.items()} for scale in (1.0, 3.0)]
    return [*drawn, {name: generator.uniform(size=shape) for name, shape in SHAPES.items()}]


def values_of(node: Node, where: list[dict[str, Any]]) -> list[Any]:
    """What it computes at each point; None where it refuses."""
    graph, found = Graph(node), []
    for point in where:
        try:
            found.append(cg.forward(node, {name: value for name, value in point.items() if name in graph})[node])
        except CgraphError:
            found.append(None)
    return found


def same(one: list[Any], other: list[Any]) -> bool:
    """Whether two graphs have the same shape and the same values."""

    def alike(a: Any, b: Any) -> bool:
        if a is None or b is None:
            return a is b
        return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-9, atol=0, equal_nan=True)

    return all(itertools.starmap(alike, zip(one, other, strict=True)))


# The ways to look at a graph -----------------------------------------------------------------------------------------
def as_text(node: Node) -> str:
    graph = Graph(node)
    written = notation.formula(node, {n: m for n, m in notation.names_of(graph).items() if n.op is None}, 1000)
    assert written is not None
    return notation.text(written)


def drawn(node: Node, style: str, detail: str) -> Drawing:
    return annotate(asked.passes(Graph(node)), style, detail, asked.NO_PROOFS, False)


def words(style: str, detail: str = "hover") -> Callable[[Node], str]:
    """All that boxes say and how they are joined; of an outline the titles too, for there the rest is said."""

    def look(node: Node) -> str:
        drawing = drawn(node, style, detail)
        said = ["|".join(notation.latex(m) for _, label in box.lines for _, m in label) for box in drawing.boxes]
        titles = [box.title for box in drawing.boxes] if detail == "outline" else []
        return "\n".join([*said, *titles, *(f"{e.tail}->{e.head}.{e.slot}" for e in drawing.edges)])

    return look


LOOKS: dict[str, Callable[[Node], str]] = {
    "text": as_text,
    "LaTeX": cg.to_latex,
    "boxes": words("textbook"),
    "circles": words("circuit"),
    "outline": words("textbook", "outline"),
    "Mermaid": lambda node: flowchart(drawn(node, "circuit", "hover"), "forward", "LR"),
    "DOT": lambda node: readable(drawn(node, "textbook", "hover"), "a graph"),
}


def clashes(look: Callable[[Node], str], nodes: list[Node]) -> list[str]:
    """Pairs that look the same and are not."""
    groups: dict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        groups[look(node)].append(node)
    where, found = points(), []
    for seen, (first, *others) in groups.items():
        mine = values_of(first, where) if others else []
        different = [node for node in others if not same(mine, values_of(node, where))]
        found += [f"{seen!r}: {told(first)} and {told(different[0])}"] if different else []
    return found


def told(node: Node) -> str:
    return str([f"{n} {dict(n.attrs)}" if n.attrs else str(n) for n in Graph(node).nodes if n.op is not None])


@pytest.mark.parametrize("way", ["text", "circles"])
def test_what_looks_the_same_is_the_same(way: str) -> None:
    nodes = list(of_one_op({name: LEAVES[name] for name in "xA"}))
    assert len(nodes) > 1000
    assert clashes(LOOKS[way], nodes) == []


@pytest.mark.slow
@pytest.mark.parametrize("way", LOOKS)
@pytest.mark.parametrize("leaves", ["x", "xy", "v", "vA", "AB"])
def test_what_looks_the_same_is_the_same_of_rows_of_rows(way: str, leaves: str) -> None:
    few = {name: LEAVES[name] for name in leaves}
    assert clashes(LOOKS[way], [*of_one_op(few), *of_two_ops(1, 3000, few)]) == []


def test_names_that_would_be_printed_alike_are_not() -> None:
    x1, other = cg.variable("x1"), cg.variable("x_1")
    spelled = [notation.latex(m) for m in notation.names_of(Graph([x1, other])).values()]
    assert spelled[0] == "x_{1}" and spelled[1] != spelled[0]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda A, B: A[1:3, ::2], "A[1:3, ::2]"),
        (lambda A, B: A[0], "A[0]"),
        (lambda A, B: cg.take(A, cg.constant(2)), "A[2]"),
        (lambda A, B: A.sum(axis=0), "Σ₀(A)"),
        (lambda A, B: A.mean(axis=1, keepdims=True), "mean₁(A; keepdims)"),
        (lambda A, B: cg.einsum("ij,jk->ik", A, B), "einsum(A, B; ij,jk→ik)"),
        (lambda A, B: cg.einsum("ij,jk->ki", A, B), "einsum(A, B; ij,jk→ki)"),
        (lambda A, B: A @ B, "AB"),
        (lambda A, B: A * B, "A ⊙ B"),
    ],
)
def test_an_op_says_its_slice_its_axis_its_letters_its_rows(make: Callable[..., Node], text: str) -> None:
    assert as_text(make(LEAVES["A"], LEAVES["B"])) == text


@pytest.mark.slow
@pytest.mark.parametrize("leaves", ["x", "A"])
def test_what_looks_the_same_is_the_same_in_tikz(leaves: str) -> None:
    nodes = list(of_one_op({name: LEAVES[name] for name in leaves}))[::7]

    def words_of(node: Node) -> str:
        lines = viz.draw(node, detail="hover", engine="layered").tex().splitlines()
        return "\n".join(re.sub(r"\([-\d.,]+\)|[-\d.]+(bp|pt|cm)", "", line) for line in lines if "$" in line)

    assert len({words_of(node) for node in nodes}) > len(nodes) // 4
    assert clashes(words_of, nodes) == []


# Names ---------------------------------------------------------------------------------------------------------------
LETTERS = ("x", "W", "h", "y", "alpha", "α", "Γ", "loss", "rate", "mu", "c\u0303", "ŷ", "z\u0304", "日", "q_proj")
ENDS = (
    *("", "hat", "_hat", "tilde", "bar", "1", "12", "_1", "_12", "_t", "_{t}", "_{t-1}", "_{t−1}", "_t-1", "_Q[1]"),
    *("[1]", "[12]", "[1]2", "[1]_2", "(2)", "^(2)", "(2)1", "[1](2)3", "'", "''", "[1]'", "_out", "_{out}", "^2"),
    *(
        " of all",
        ".weight",
        "/b",
        " ",
        "_",
        "{",
        "}",
        "\\",
        "$",
        "^",
        "[",
        "ᵀ",
        "²",
        "₂",
        "′",
        "̂",
        "1_2",
        "_1_2",
        "_{1,2}",
    ),
)


def spelled() -> list[str]:
    """Names in every form that is read, and in forms that are nearly one."""
    long = ["a long name that goes on and on and " + more for more in ("on", "further", "on and on")]
    return list(dict.fromkeys([*(letter + end for letter in LETTERS for end in ENDS), *long]))


def test_no_two_names_of_a_graph_are_written_alike() -> None:
    leaves = [cg.variable(name) for name in spelled()]
    written = notation.names_of(Graph(leaves))
    ways: dict[str, Callable[[Math], Any]] = {
        "text": notation.text,
        "LaTeX": notation.latex,
        "picture": lambda math: tuple(mark[:4] for mark in typeset(math, 10.0).marks),
    }
    for way, look in ways.items():
        groups: dict[Any, list[str]] = defaultdict(list)
        for leaf in leaves:
            groups[look(written[leaf])].append(str(leaf.name))
        assert [names for names in groups.values() if len(names) > 1] == [], way


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("h_{t-1}", r"h_{t -1}"), ("W_Q[1]", "W^{[1]}_{Q}"), ("x'", r"x^{\prime}"), ("z^(2)", "z^{(2)}"),
        ("c̃_t", r"\tilde{c}_{t}"), ("ŷ", r"\hat{y}"), ("xbar_1", r"\bar{x}_{1}"), ("alpha_t", r"\alpha_{t}"),
        ("theta_{old}", r"\theta_{\mathrm{old}}"), ("W_Q^(3)'", r"W^{(3)\prime}_{Q}"), ("loss", r"\mathrm{loss}"),
        ("é", r"\acute{e}"), ("tilde", r"\mathrm{tilde}"), ("crossbar", r"\mathrm{crossbar}"),
    ],
)  # fmt: skip
def test_names_are_set_as_papers_write_them(name: str, latex: str) -> None:
    assert notation.latex(notation.name(name)) == latex


def test_products_of_names_of_several_letters_have_their_dot() -> None:
    for left, right in itertools.product(("loss", "rate", "x", "W_out", "alpha"), ("rate", "step size", "lr")):
        node = cg.variable(left) * cg.variable(right + "2")
        apart = f"{left} · {right}2"
        assert as_text(node) == apart and r"\cdot" in cg.to_latex(node)
        (box,) = (b for b in drawn(node, "textbook", "hover").boxes if b.kind == "op")
        assert box.title.startswith(f"v1 = {apart}")


def test_a_long_name_stands_whole_in_its_box_line_by_line() -> None:
    names = ("encoder.layers.0.self_attn.q_proj.weight", "the loss of all of the batches of a day", "x" * 50)
    for style in ("textbook", "circuit"):
        node = (cg.variable(names[0]) * cg.variable(names[1])).named(names[2])
        for box in drawn(node, style, "full").boxes:
            own = "outside" if any(role == "outside" for role, _ in box.lines) else "name"
            rows = [row for role, label in box.lines if role == own for row in rows_of(label)]
            lines = ["".join(notation.text(math) for _, math in row) for row in rows]
            whole = "".join(lines).split(" = ")[0].replace(" ", "")
            assert whole == box.name.replace(" ", "") and max(len(x.split(" = ")[0]) for x in lines) <= 20


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_pdflatex_sets_every_name(tmp_path: Path) -> None:
    written = notation.names_of(Graph([cg.variable(name) for name in spelled()]))
    lines = "\n".join(f"$\\displaystyle {notation.latex(math)}$\\par" for math in written.values())
    document = f"\\documentclass{{article}}\\begin{{document}}\n{lines}\n\\end{{document}}"
    (tmp_path / "names.tex").write_text(document)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "names.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-800:]

"""Gates: in a circuit an op is its sign in a circle, and its name stands where its edges leave it."""

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np
import pytest
from geometry import collisions, off_borders, spills
from random_scalars import random_pass
from sparse import sparse

import cgraph as cg
import viz
from cgraph.graph.node import build
from cgraph.notation import text
from cgraph.ops import TABLE
from viz import asked
from viz.graphs.picture import Picture
from viz.graphs.places.layout import PlacedBox
from viz.graphs.words.annotate import annotate
from viz.graphs.words.drawing import OUTSIDE, BoxText

NAMES = ("attention_logits", "e", "z[1]1", "loss", "the loss of all of the batches of a day")
NEAR = 14.0  # points: no further is a name from its gate


def name_of(box: BoxText) -> str:
    """The name that stands beside a gate; "" where there is none."""
    found = [math for role, label in box.lines if role == OUTSIDE for run, math in label if run == "name"]
    return " ".join(map(text, found))


def misplaced(picture: Picture) -> list[str]:
    """Names that are not where edges leave their gate: beyond it along the graph, near it, and on its side."""
    found = []
    for box in picture.layout.boxes:
        for line in box.lines:
            if line.line.role == OUTSIDE and not beyond(box, line.rect, picture.direction):
                found.append(f"{box.box.name} at {line.rect}, its gate at {box.rect}")
    return found


def beyond(box: PlacedBox, name: tuple[float, float, float, float], direction: str) -> bool:
    level = direction == "LR"
    end, low, high = (box.rect[2], box.rect[1], box.rect[3]) if level else (box.rect[3], box.rect[0], box.rect[2])
    start, before, after = (name[0], name[1], name[3]) if level else (name[1], name[0], name[2])
    return end < start < end + NEAR and before < high + NEAR and after > low - NEAR


def fan(name: str, users: int, enter: int = 1) -> Any:
    """A pass of an op of this name that so many others use."""
    leaves = [cg.variable(f"x{i}") for i in range(enter + 1)]
    middle = cg.mul(*leaves).named(name)
    ends = [cg.tanh(middle * (i + 2)) for i in range(users)]
    return cg.backward(
        cg.forward(cg.add(*ends) if users > 1 else ends[0] if ends else middle, dict.fromkeys(leaves, 0.5))
    )


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("name", sparse(NAMES, 5))
def test_a_name_stands_where_edges_leave_however_many_they_are(name: str, direction: str) -> None:
    for users in range(6):
        picture = viz.draw(fan(name, users, 1 + users % 3), style="circuit", direction=direction)
        assert misplaced(picture) + collisions(picture) + spills(picture) + off_borders(picture) == [], users
        assert [b.name for b in picture.drawing.boxes if name_of(b)] == [name]


@pytest.mark.parametrize("seed", sparse(range(60), 30))
def test_every_op_of_a_random_graph_is_a_circle_of_its_sign_beside_its_name(seed: int) -> None:
    of = random_pass(seed)
    picture = viz.draw(of, style="circuit", direction=("LR", "TB")[seed % 2], detail="number")
    boxes = {b.name: b for b in picture.drawing.boxes}
    assert misplaced(picture) == []
    for node in of.graph.nodes:
        box = boxes.get(of.graph.name(node))
        if node.op is not None and box is not None:
            assert box.round and bool(name_of(box)) == (node.name is not None)
            assert not any("=" in text(math) for role, label in box.lines if role == "name" for _, math in label)


def test_every_elementwise_op_of_the_table_is_a_circle_with_its_name_beside_it() -> None:
    for row in TABLE.values():
        if row.elementwise and not row.name.endswith("cross_entropy"):
            node = build(row, *map(cg.variable, "xyzuvw"[: row.arity or 2])).named("f")
            (box,) = (b for b in annotate(asked.passes(cg.Graph(node)), "circuit", "hover").boxes if b.kind == "op")
            assert name_of(box) == "f" and box.round, row.name


@pytest.mark.parametrize(
    "made, said",
    [
        (lambda x: x + 1, "+1"),
        (lambda x: 1 + x, "+1"),
        (lambda x: x + -2, "+(−2)"),
        (lambda x: x - 2, "−2"),
        (lambda x: 2 - x, "2 − x"),
        (lambda x: x * -1, "×−1"),
        (lambda x: 2 * x, "×2"),
        (lambda x: x / 2, "/2"),
        (lambda x: x / -2, "/−2"),
        (lambda x: 1 / x, "1/x"),
        (cg.reciprocal, "1/x"),
        (lambda x: x**3, "x³"),
        (lambda x: x**-1, "x⁻¹"),
        (cg.square, "x²"),
        (lambda x: -x, "−"),
        (cg.exp, "exp"),
        (lambda x: cg.maximum(x, 0), "max(x, 0)"),
    ],
)
def test_a_constant_stands_in_the_circle_and_letters_there_are_no_names_of_the_graph(made: Any, said: str) -> None:
    for leaf in ("x", "rate"):
        (box,) = (b for b in viz.draw(made(cg.variable(leaf)), style="circuit").drawing.boxes if b.round)
        ((_, math),) = dict(box.lines)["name"]
        assert text(math) == said
        assert "italic=True" not in repr(math)


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
def test_a_constant_that_is_not_finite_is_drawn_and_written(number: float) -> None:
    node = cg.variable("x") * number
    said = {np.inf: "∞", -np.inf: "−∞"}.get(number, "NaN")
    assert said in viz.draw(node, style="circuit").description
    assert said in viz.draw(node).description and cg.to_latex(node)


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_words_of_ones_own_stand_beside_a_gate_and_change_no_graph(direction: str) -> None:
    graph = cg.parse("d = 2*b; L = tanh(d*c)")
    before, (product,) = str(graph), (n for n in graph.nodes if n.op is TABLE["mul"] and n.name is None)
    picture = viz.draw(
        graph, style="circuit", direction=direction, labels={"d": "twice", product: "scaled", "b": "rate"}
    )
    said = {b.name: name_of(b) or text(dict(b.lines)["name"][0][1]) for b in picture.drawing.boxes}
    assert said["d"] == "twice" and said["b"] == "rate" and said[graph.name(product)] == "scaled" and said["L"] == "L"
    assert str(graph) == before and misplaced(picture) + collisions(picture) == []


def test_the_output_of_a_circuit_has_two_borders_in_every_format() -> None:
    picture = viz.draw("L = c*(a + 2*b)", a=3, b=1, c=-2, style="circuit")
    circles = re.search(r'data-node="L".*?</g>', picture.svg(), re.DOTALL)
    assert circles is not None and circles[0].count("<circle") == 2
    assert re.search(r"\\node\[cgraph circle, cgraph output[^\n]*\(L\)", picture.tikz())
    assert re.search(r"\\node\[cgraph name\][^\n]*L", picture.tikz())


@pytest.mark.parametrize("seed", sparse(range(20), 20))
def test_names_stay_clear_in_rows_in_frames_and_without_graphviz(seed: int) -> None:
    chance = random.Random(seed)
    x = cg.variable("x")
    for i in range(chance.randint(6, 16)):
        with cg.scope(f"block[{i // 4}]"):
            x = cg.tanh(x * cg.variable(f"w{i}")).named(chance.choice(("h", "hidden")) + str(i))
    of = cg.backward(cg.forward(x, dict.fromkeys(cg.Graph(x).leaves, 0.5)))
    for look in ({"width": "column"}, {"frames": True}, {"engine": "layered"}, {"frames": True, "direction": "TB"}):
        picture = viz.draw(of, style="circuit", detail="number", fold=False, **look)
        found = collisions(picture) + off_borders(picture) if "engine" not in look else []
        assert found + spills(picture) == [], look

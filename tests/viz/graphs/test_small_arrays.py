"""Arrays in pictures: small ones in full, named sizes with their numbers, local Jacobians in the titles of edges."""

from __future__ import annotations

import re
import shutil
import subprocess
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from geometry import collisions, spills

import cgraph as cg
import viz
from cgraph import notation
from cgraph.notation import Grid, text
from viz.ink.font import metrics
from viz.ink.typeset import Glyph, Rule, typeset

RNG = np.random.default_rng(0)


def net(rows: int = 2) -> cg.Backward:
    """A layer of two units with a softmax, on some rows."""
    X, W = cg.variable("X", ("m", 2)), cg.parameter("W", [[1.0, -0.5], [0.25, 2.0]])
    p = cg.softmax((X @ W).named("z")).named("p")
    return cg.backward(cg.forward(cg.mean(p**2).named("L"), X=RNG.normal(size=(rows, 2))))


def value_of(picture: viz.Picture, name: str) -> Any:
    """What a box writes as its value."""
    (box,) = (b for b in picture.drawing.boxes if b.name == name)
    (label,) = (label for role, label in box.lines if role == "value")
    return label[0][1]


@pytest.mark.parametrize("shape", [*product(range(1, 6), repeat=2), *((n,) for n in range(1, 6)), (2, 2, 2)])
def test_every_entry_is_written_of_matrices_to_four_by_four_and_of_no_larger_ones(shape: tuple[int, ...]) -> None:
    values = RNG.integers(-99, 99, shape).astype(float)
    written = text(notation.matrix(values)).replace("−", "-")
    full = len(shape) < 3 and max(shape) <= 4
    assert ("…" in written) != full
    if full:
        assert np.array_equal(np.array(read(written)), values)


def read(written: str) -> list[Any]:
    """Nested lists of numbers from their text."""
    if "[[" not in written:
        return [float(x) for x in written.strip("[]").split(",")]
    return [read(line) for line in re.findall(r"\[([^\[\]]*)\]", written)]


def test_matrices_are_drawn_where_there_are_words_and_first_entries_where_there_are_few() -> None:
    for detail, full in (("full", True), ("formula", True), ("number", False), ("hover", False)):
        picture = viz.draw(net(), detail=detail)
        assert isinstance(value_of(picture, "W").math, Grid) == full
        assert collisions(picture) + spills(picture) == []
    picture = viz.draw(net(3), detail="full", direction="TB", style="circuit")
    assert len(value_of(picture, "p").math.rows) == 3
    assert collisions(picture) + spills(picture) == []


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (4, 4), (4, 1)])
def test_the_entries_of_a_matrix_stand_in_rows_and_columns_between_brackets(shape: tuple[int, int]) -> None:
    box = typeset(notation.matrix(RNG.normal(size=shape)), 12.0)
    glyphs = [m for m in box.marks if isinstance(m, Glyph)]
    rules = [m for m in box.marks if isinstance(m, Rule)]
    assert len({m.y for m in glyphs}) >= shape[0] and len(rules) == 6
    for m in glyphs:
        width, low, high = metrics(m.char)
        assert -box.ascent <= m.y - high * m.size and m.y - low * m.size <= box.descent
        assert m.x > 2 and m.x + width * m.size < box.width - 2
    assert all(r.x >= 0 and r.x + r.width <= box.width for r in rules)


def test_a_named_size_that_the_values_bound_is_said_where_it_came_in() -> None:
    picture = viz.draw(net(3), detail="full")
    lines = {b.name: [text(label[0][1]) for role, label in b.lines if role == "shape"] for b in picture.drawing.boxes}
    assert lines["X"] == ["[m×2], m = 3"] and lines["z"] == ["[m×2]"]
    titles = {b.name: b.title.split("\n")[1] for b in picture.drawing.boxes}
    assert titles["z"] == "[m×2], [2×2] → [m×2], m = 3" and titles["W"] == "[2×2]"
    assert "m = " not in viz.draw(net(3).graph).svg()


def jacobians(svg: str) -> dict[str, Any]:
    """The Jacobians in the titles of edges, by the edges' names."""
    found = {}
    for name, title in re.findall(r'data-edge="([^"]*)"[^>]*><title>([^<]*)</title>', svg):
        _, _, rows = unescape(title).partition("local Jacobian:\n")
        if rows:
            lines = rows.replace("−", "-").replace("×10⁻", "e-").split("\n")
            found[unescape(name)] = [[float(x.translate(DIGITS)) for x in line.split()] for line in lines]
    return found


DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def test_the_title_of_an_edge_between_small_arrays_has_its_jacobian() -> None:
    bwd = net(2)
    found = jacobians(viz.draw(bwd, detail="full").svg())
    assert set(found) == {"X->z", "W->z", "z->p", "p->v1", "v1->L"}
    x, W, p = bwd.forward["X"], bwd.forward["W"], bwd.forward["p"]
    assert np.allclose(found["X->z"], np.kron(np.eye(2), W.T), rtol=0.01)
    assert np.allclose(found["W->z"], np.kron(x, np.eye(2)), rtol=0.01)
    slope = [np.diag(a) - np.outer(a, a) for a in p]
    zero = np.zeros((2, 2))
    assert np.allclose(found["z->p"], np.block([[slope[0], zero], [zero, slope[1]]]), rtol=0.01)


def test_a_large_jacobian_is_left_out_and_so_is_that_of_numbers() -> None:
    assert set(jacobians(viz.draw(net(5), detail="full").svg())) == {"W->z", "v1->L"}  # 10×4 and 1×10, of 10×10
    assert jacobians(viz.draw("L = a*b", a=2, b=3).svg()) == {}
    assert jacobians(viz.draw(net(2).forward, show="forward").svg()) == {}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_pdflatex_sets_matrices_and_maps(tmp_path: Path) -> None:
    viz.draw(net(2), detail="full").save(tmp_path / "net.tex")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "net.tex"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-800:]


MATRICES = """() => [...document.querySelectorAll('[data-number]')].map(g => [g.dataset.number,
  [...g.querySelectorAll('use')].map(u =>
    String.fromCodePoint(parseInt(u.getAttribute('href').slice(2), 16))).join('')])"""


@pytest.mark.slow
def test_a_matrix_in_a_page_follows_its_inputs_to_the_last_entry(page: Any, tmp_path: Path) -> None:
    def shown(page: Any, W: Any) -> list[Any]:
        z = cg.variable("X", (2, 2)) @ cg.parameter("W", W)
        bwd = cg.backward(cg.forward(cg.sum(cg.tanh(z.named("z"))).named("L"), X=[[1.0, 2.0], [3.0, 4.0]]))
        viz.draw(bwd).save(tmp_path / "page.html")
        page.goto((tmp_path / "page.html").as_uri())
        page.keyboard.press("End")
        return page.evaluate(MATRICES)  # type: ignore[no-any-return]  # of JavaScript

    wanted = shown(page, [[1.0, -0.5], [0.25, -0.125]])
    before = shown(page, [[1.0, -0.5], [0.25, 2.0]])
    page.fill('[aria-label*="W"][aria-label*="2, 2"]', "-0.125")
    page.keyboard.press("Tab")
    after = page.evaluate(MATRICES)
    assert before != wanted == after

"""Sheets can be written on: fields, text and the use of the page, measured; keys are what SymPy computes."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest
import sympy
from hostile_names import PIECES
from lxml import etree
from sparse import sparse

import cgraph as cg
import viz
from cgraph import nn
from cgraph.graph.node import CONSTANT

MILLIMETRE = 72 / 25.4
SVG = "{http://www.w3.org/2000/svg}"
ABC, NEURON = "L = c*(a + 2*b)", "z = w*x + b; a = relu(z); L = (a - y)**2"
FORMULAS = [ABC, NEURON, "L = x*x*w + x", "m = max(a, b); L = m*c", "y = a/b + c", "L = (x1*w1 + x2*w2 + b)**2"]
SHEETS: list[tuple[str, Any, dict[str, Any]]] = [
    *((f, f, {"seed": 1}) for f in FORMULAS),
    *((f"{f}, {b}", f, {"seed": 2, "blanks": b}) for f in FORMULAS[:3] for b in ("forward", "gradient", "formula")),
    ("forward and backward", NEURON, {"seed": 3, "blanks": ["forward", "local", "gradient"]}),
    ("three", ABC, {"seed": 4, "exercises": 3}),
    ("two formulas", [ABC, NEURON], {"seed": 5}),
    ("letter", ABC, {"seed": 6, "paper": "letter"}),
    ("a net", nn.textbook.exercise([2, 2, 1], seed=3), {"style": "circuit"}),
    ("arrays", "L = sum((X @ W - Y)**2)", {"X": [[1, 2]], "W": [[1], [-1]], "Y": [[2]]}),
    ("a formula without values", ABC, {"blanks": "formula"}),
]
CASES = sparse([pytest.param(of, choices, id=name) for name, of, choices in SHEETS], 5)


def boxes(svg: str, role: str) -> list[tuple[float, float, float, float]]:
    """Left, top, width and height on the page, in points, of the rectangles of a role."""
    found: list[tuple[float, float, float, float]] = []
    waiting = [(etree.fromstring(svg.encode()), 0.0, 0.0, 1.0)]
    while waiting:
        element, x, y, scale = waiting.pop()
        moved = re.fullmatch(r"translate\((\S+) (\S+)\)(?: scale\((\S+)\))?", element.get("transform") or "")
        if moved:
            x, y = x + scale * float(moved[1]), y + scale * float(moved[2])
            scale *= float(moved[3] or 1)
        if element.get("data-role") == role and element.tag == f"{SVG}rect":
            left, top, width, height = (float(element.get(k)) for k in ("x", "y", "width", "height"))
            found.append((x + scale * left, y + scale * top, scale * width, scale * height))
        waiting += [(child, x, y, scale) for child in element]
    return found


def letters(svg: str) -> list[tuple[float, float, float]]:
    """Left end, baseline and size on the page, in points, of each letter."""
    found: list[tuple[float, float, float]] = []
    waiting = [(etree.fromstring(svg.encode()), 0.0, 0.0, 1.0)]
    while waiting:
        element, x, y, scale = waiting.pop()
        moved = re.fullmatch(r"translate\((\S+) (\S+)\)(?: scale\((\S+)\))?", element.get("transform") or "")
        if moved:
            x, y = x + scale * float(moved[1]), y + scale * float(moved[2])
            scale *= float(moved[3] or 1)
        if element.tag == f"{SVG}use":
            size, left, top = map(
                float, re.findall(r"matrix\((\S+) 0 0 \S+ (\S+) (\S+)\)", element.get("transform"))[0]
            )
            found.append((x + scale * left, y + scale * top, 1000 * size * scale))
        waiting += [(child, x, y, scale) for child in element]
    return found


@pytest.mark.parametrize(("of", "choices"), CASES)
def test_a_sheet_can_be_written_on_and_uses_its_page(of: Any, choices: dict[str, Any]) -> None:
    made = viz.worksheet(of, **choices)
    for svg in (made.sheet, made.answers):
        width, height = (float(x) for x in re.findall(r'(?:width|height)="([\d.]+)pt"', svg)[:2])
        sides = (215.9, 279.4) if choices.get("paper") == "letter" else (210, 297)
        assert sorted((width, height)) == pytest.approx([side * MILLIMETRE for side in sides], abs=0.01)
        fields = boxes(svg, "field")
        assert fields
        assert min(w for *_, w, _ in fields) >= 18 * MILLIMETRE
        assert min(h for *_, h in fields) >= 6 * MILLIMETRE
        assert min(size for *_, size in letters(svg)) >= 9
        edge = 9.5 * MILLIMETRE
        assert all(
            x >= edge and y >= edge and x + w <= width - edge and y + h <= height - edge for x, y, w, h in fields
        )
        assert all(edge <= x <= width - edge and edge <= y <= height - edge for x, y, _ in letters(svg))
        ink = [y for _, y, _ in letters(svg)] + [y + h for _, y, _, h in fields]
        squares = re.findall(r'data-role="working"><path d="([^"]+)"', svg)
        ink += [float(y) for d in squares for y in re.findall(r"[ML]\S+ ([\d.]+)", d)]
        assert max(ink) - min(ink) > 0.94 * (height - 20 * MILLIMETRE)  # all that a printer can reach
        for i, (x, y, w, h) in enumerate(fields):
            assert not any(x < a + c and a < x + w and y < b + d and b < y + h for a, b, c, d in fields[:i])
    assert boxes(made.sheet, "field") == boxes(made.answers, "field")


def squares(svg: str) -> list[np.ndarray]:
    """The ends of the lines of each part that is squared for working: x, y, x, y."""
    found = re.findall(r'data-role="working"><path d="([^"]+)"', svg)
    return [np.array(re.findall(r"-?[\d.]+", d), dtype=float).reshape(-1, 4) for d in found]


@pytest.mark.parametrize(("of", "choices"), CASES)
def test_squares_to_work_on_are_of_5_mm_and_nothing_else_is_printed_there(of: Any, choices: dict[str, Any]) -> None:
    made = viz.worksheet(of, **choices)
    for svg in (made.sheet, made.answers):
        for lines in squares(svg):
            level, upright = lines[lines[:, 1] == lines[:, 3]], lines[lines[:, 0] == lines[:, 2]]
            assert len(level) + len(upright) == len(lines) and min(len(level), len(upright)) > 1
            (left, top), (right, low) = lines.reshape(-1, 2).min(axis=0), lines.reshape(-1, 2).max(axis=0)
            for part, across, ends in ((level, 1, [left, right]), (upright, 0, [top, low])):
                assert np.diff(np.sort(part[:, across])) == pytest.approx(5 * MILLIMETRE, abs=0.02)
                assert all(sorted(line[[1 - across, 3 - across]]) == ends for line in part)
            assert not any(left < x < right and top < y < low for x, y, _ in letters(svg))
            assert not any(
                x < right and left < x + w and y < low and top < y + h
                for role in ("field", "box")
                for x, y, w, h in boxes(svg, role)
            )


@pytest.mark.slow
def test_where_much_of_a_page_is_free_it_is_squared_and_where_little_is_it_is_not() -> None:
    assert [len(squares(viz.worksheet(ABC, seed=4, exercises=count).sheet)) for count in (1, 2)] == [1, 0]
    assert squares(viz.worksheet(nn.textbook.exercise([2, 2, 1], seed=3), style="circuit").sheet) == []


@pytest.mark.parametrize("exercises", sparse(range(1, 7), 3))
def test_what_cannot_be_written_on_is_refused(exercises: int) -> None:
    try:
        made = viz.worksheet(NEURON, exercises=exercises, seed=1, blanks=["forward", "local", "gradient"])
    except cg.errors.ValueRefusedError as error:
        assert exercises > 1 and "too small to write in and to read" in str(error)
    else:
        assert exercises < 6 and min(w for *_, w, _ in boxes(made.sheet, "field")) >= 18 * MILLIMETRE


def test_a_pdf_has_its_words_in_the_sizes_of_the_sheet(tmp_path: Path) -> None:
    made = viz.worksheet([ABC, NEURON], seed=5)
    (path,) = made.save(tmp_path / "sheet.pdf")
    sizes: set[float] = set()
    page = pypdf.PdfReader(path).pages[0]
    page.extract_text(visitor_text=lambda text, cm, tm, font, size: sizes.add(round(size, 1)) if text.strip() else None)
    assert sizes == {round(size, 1) for *_, size in letters(made.sheet)}


# Keys ----------------------------------------------------------------------------------------------------------------
def filled(svg: str) -> dict[str, float]:
    """What is written in each field of a key, by what it is of."""
    found = {}
    for key, ink in re.findall(r'<g data-number="([^"]+)"[^>]*>(.*?)</g>', svg):
        text = "".join(chr(int(code, 16)) for code in re.findall(r'href="#g([0-9a-f]+)"', ink))
        found[key] = float(text.replace("−", "-"))
    return found


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("seed", sparse(range(5), 5))
def test_keys_are_what_sympy_differentiates_and_can_be_done_in_the_head(formula: str, seed: int) -> None:
    (bwd,) = nn.textbook.variants(formula, seed=seed)
    graph, at = bwd.graph, {}
    key = filled(viz.worksheet(bwd, blanks=["forward", "local", "gradient"]).answers)
    assert all((2 * x).is_integer() and abs(x) <= 60 for x in key.values())
    whole = cg.to_sympy(graph)
    at = {s: sympy.Rational(int(bwd.forward[s.name])) for s in whole.free_symbols}
    for i, node in enumerate(graph.nodes):
        if node.op is not None:
            assert key[f"value n{i}"] == float(cg.to_sympy(node).subs(at))
        elif node.kind != CONSTANT:
            symbol = next(s for s in at if s.name == node.name)
            assert key[f"gradient n{i}"] == float(sympy.diff(whole, symbol).subs(at))
        if f"gradient n{i}" in key:
            assert key[f"gradient n{i}"] == float(bwd.gradient[node])
    drawn = [
        (n, p) for n in graph.nodes for p, x in enumerate(n.operands) if not (x.kind == CONSTANT and x.name is None)
    ]
    for i, (node, position) in enumerate(drawn):
        edge = bwd.edge(node, node.operands[position], position)
        assert key[f"local e{i}"] == float(edge.local)
        several = sum(x is edge.operand for n in graph.nodes for x in n.operands) > 1
        assert (f"downstream e{i}" in key) == several
        assert key.get(f"downstream e{i}", float(edge.downstream)) == float(edge.downstream)


def test_a_sheet_tells_none_of_its_answers() -> None:
    for choices in ({"blanks": ["forward", "gradient", "local"]}, {"blanks": "formula"}):
        made = viz.worksheet("L = q*(r + 7*s)", q=11, r=13, s=17, **choices)
        sheet, key = (html.unescape(svg) for svg in (made.sheet, made.answers))
        assert not re.findall("data-number", sheet) and re.findall("data-number", key)
        for number in ("119", "132", "1452", "77") if choices["blanks"] != "formula" else ():
            assert number not in re.sub(r'"[^"]*"', "", sheet)
        assert "132" not in made.tex() if choices["blanks"] != "formula" else "framebox" in made.tex()


# Variants ------------------------------------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("formula", FORMULAS)
def test_variants_differ_and_a_seed_gives_the_same_bytes(formula: str) -> None:
    made, again = (viz.worksheet(formula, variants=30, seed=7) for _ in range(2))
    assert len(set(made.sheets)) == len(set(made.keys)) == 30
    numbers = [re.sub(r"Sheet \d+ of 30|, seed", "", svg) for svg in made.sheets]
    assert len({re.sub(r"<desc>.*", "", n.partition("<desc>")[2]) for n in numbers}) <= 30
    assert (made.sheets, made.keys) == (again.sheets, again.keys)
    assert viz.worksheet(formula, variants=30, seed=8).sheets != made.sheets
    leaves = [
        [float(np.asarray(p.forward[x])) for x in p.graph.inputs] for p in nn.textbook.variants(formula, 30, seed=7)
    ]
    assert len({tuple(x) for x in leaves}) == 30
    assert all(v.is_integer() and v != 0 and abs(v) <= 9 for x in leaves for v in x)


def test_what_is_given_stays_in_all_variants() -> None:
    made = nn.textbook.variants(ABC, 5, seed=1, given={"c": 2})
    assert {float(p.forward["c"]) for p in made} == {2.0}
    with pytest.raises(cg.errors.ValueRefusedError, match="they would all be the same"):
        viz.worksheet(ABC, variants=2, seed=1, a=1, b=2, c=3)


REFUSED = [
    (lambda: viz.worksheet([]), "a worksheet of nothing"),
    (lambda: viz.worksheet(ABC, variants=2), "without a seed"),
    (lambda: viz.worksheet(ABC, seed=1, style="round"), "no style 'round'"),
    (lambda: viz.worksheet(ABC, seed=1, blanks=[]), r"no blanks \[\]"),
    (lambda: nn.textbook.variants(ABC, 0, seed=1), "0 variants"),
    (lambda: nn.textbook.variants(cg.sum(cg.variable("X", ("m", 2))), seed=1), "a size without a number"),
    (lambda: viz.worksheet("L = sum(X)", X=np.ones((5, 2))), "room for 4×4 numbers"),
]


@pytest.mark.parametrize(("act", "message"), REFUSED)
def test_sheets_that_cannot_be_are_refused(act: Any, message: str) -> None:
    with pytest.raises(cg.errors.ValueRefusedError, match=message):
        act()


# LaTeX and names -----------------------------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not there")
@pytest.mark.parametrize("answers", [False, True])
def test_the_source_is_compiled_by_plain_pdflatex_a_page_a_sheet(tmp_path: Path, answers: bool) -> None:
    for i, (_, of, choices) in enumerate(SHEETS[::2]):
        made = viz.worksheet(of, **choices)
        (tmp_path / f"{i}.tex").write_text(made.tex(answers), "ascii")
        run = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{i}.tex"]
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:]
        assert f"({len(made.sheets)} page" in done.stdout and "Overfull" not in done.stdout


@pytest.mark.parametrize("name", sparse(PIECES, 12))
def test_names_of_any_kind_are_only_names(name: str) -> None:
    name = f"q{name}"
    x, w = cg.variable(name), cg.variable("w")
    made = viz.worksheet(cg.backward(cg.forward((x * w).named("L"), {x: 2, w: 3})), title=name, task=name)
    for svg in (made.sheet, made.answers):
        assert not {e.tag for e in etree.fromstring(svg.encode()).iter() if isinstance(e.tag, str)} & {f"{SVG}script"}
    assert made.tex().isascii()

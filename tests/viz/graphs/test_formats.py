"""Pictures for other tools, and 5,000 hostile names through every format."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hostile_names import names

import cgraph as cg
import viz
from cgraph import nn, notation
from viz.figures.graphs import figure_6_17, figure_6_18
from viz.graphs.picture import FORMATS
from viz.graphs.places import engine

SCRIPTS = 2  # of our own page: its data and its program
MERMAID = r'    (n\d+ ?[-.>|\[\]()n\d ]*("[^"\\<>`]*(<br/>[^"\\<>`]*)*")?[-.>|\[\]() n\d]*|class.*)'


def picture_of(some: Sequence[str]) -> viz.Picture:
    leaves = [cg.variable(name) for name in some]
    total = leaves[0] * 2.0
    for leaf in leaves[1:]:
        total = total + leaf * leaf
    return viz.draw(cg.backward(cg.forward(total, dict.fromkeys(leaves, 0.5))), engine="layered", detail="hover")


class Scripts(HTMLParser):
    """Counts what could run in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.count, self.handlers = 0, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count += tag == "script"
        self.handlers += sum(name.startswith("on") for name, _ in attrs)


def nothing_is_broken_in(picture: viz.Picture) -> None:
    elements = list(ElementTree.fromstring(picture.svg()).iter())
    tags = {element.tag.rpartition("}")[2] for element in elements}
    assert tags <= {"svg", "title", "desc", "defs", "path", "rect", "g", "use", "circle", "text"}
    letters = [set(e.attrib) for e in elements if e.tag.endswith("}text")]
    assert all(names == {"x", "y", "text-anchor", "font-family", "font-size"} for names in letters)
    assert sum("data-node" in e.attrib for e in ElementTree.fromstring(picture.svg()).iter()) == len(
        picture.drawing.boxes
    )
    page = Scripts()
    page.feed(picture.html())
    assert (page.count, page.handlers) == (SCRIPTS, 0)
    boxes = [box["name"] for box in engine.positions(picture.dot)["objects"] if "name" in box]
    assert {box.id for box in picture.drawing.boxes} <= set(boxes)
    for line in picture.mermaid().splitlines()[1:]:
        assert re.fullmatch(MERMAID, line), line
    assert picture.tex().isascii()


def test_hostile_names_break_no_format_and_run_nowhere(hostile: Sequence[str]) -> None:
    for start in range(0, len(hostile), 50):
        nothing_is_broken_in(picture_of(hostile[start : start + 50]))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_tex_of_figures_and_of_hostile_names_compiles_with_plain_pdflatex(tmp_path: Path) -> None:
    figure = viz.draw(figure_6_18(), style="circuit").save(tmp_path / "figure.tex")
    viz.draw(figure_6_17()).save(tmp_path / "full.tex")
    lines = [rf"\hbox{{$ {notation.latex(notation.name(name))} $}}" for name in names(5_000, seed=1)]
    document = "\n".join([r"\documentclass{article}\begin{document}", *lines, r"\end{document}"])
    (tmp_path / "names.tex").write_text(document, encoding="ascii")
    for name in ("figure", "full", "names"):
        command = ["pdflatex", "-interaction=batchmode", "-halt-on-error", f"{name}.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        log = (tmp_path / f"{name}.log").read_text("latin-1")
        assert done.returncode == 0, [line for line in log.splitlines() if line.startswith("!")]
        assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    assert r"w^{[1]}_{11}" in figure.read_text("utf-8")


def test_mermaid_has_every_node_and_both_passes() -> None:
    text = viz.draw(figure_6_17()).mermaid()
    assert text.startswith("flowchart LR\n")
    assert 'n4["d = 2b<br/>2<br/>∂L/∂d = −2"]' in text
    assert text.count(" -->") == 5
    assert 'n4 -.->|"∂L/∂b = ∂L/∂d · ∂d/∂b = −2 · 2 = −4"| n3' in text


def test_a_file_is_what_its_ending_says(tmp_path: Path) -> None:
    picture = viz.draw(figure_6_17())
    starts = {".svg": b"<svg", ".png": b"\x89PNG", ".pdf": b"%PDF", ".html": b"<!DOCTYPE html>", ".dot": b"digraph"}
    starts |= {".gv": b"digraph", ".tex": b"\\documentclass", ".tikz": b"% Computation graph", ".mmd": b"flowchart LR"}
    assert set(starts) == set(FORMATS)
    for ending, start in starts.items():
        assert picture.save(tmp_path / f"x{ending}").read_bytes().startswith(start)
    with pytest.raises(cg.errors.OutputError, match=r"no ending that says what to write.*\.html"):
        picture.save(tmp_path / "x.docx")


# What pictures can be written as, and what the command says of it -----------------------------------------------------
def test_the_command_names_every_ending_and_every_choice_of_pictures() -> None:
    from cgraph.cli import draw, figures, worksheet
    from viz.figures.page import FORMATS as OF_FIGURES
    from viz.graphs.draw import DIRECTIONS, SHOWS
    from viz.graphs.words.drawing import DETAILS, STYLES
    from viz.ink.files import IMAGES
    from viz.ink.themes import THEMES

    commands = argparse.ArgumentParser().add_subparsers()
    for command in (draw, figures, worksheet):
        command.add(commands)
    options = {(name, a.dest): a for name, parser in commands.choices.items() for a in parser._actions}
    drawn = options["draw", "output"].help or ""
    assert set(re.findall(r"\.[a-z]+", drawn.replace("graph.svg", ""))) == set(FORMATS) - {".gv"}  # which is .dot
    assert set(re.findall(r"\.[a-z]+", options["worksheet", "output"].help or "")) == {*IMAGES, ".tex"}
    assert options["figures", "format"].default == ",".join(OF_FIGURES)
    for of, choices in (("theme", THEMES), ("style", STYLES), ("detail", DETAILS), ("direction", DIRECTIONS)):
        assert list(options["draw", of].choices or ()) == list(choices)
    assert list(options["draw", "show"].choices or ()) == list(SHOWS)
    assert list(options["figures", "theme"].choices or ()) == list(THEMES)


def test_every_kind_of_picture_says_which_endings_it_has() -> None:
    from viz.films import FORMATS as OF_FILMS
    from viz.ink.files import IMAGES
    from viz.plots.training import FORMATS as OF_PLOTS

    pictures: list[tuple[Any, Any]] = [
        (viz.draw(figure_6_17()), FORMATS),
        (viz.film([figure_6_17()]), OF_FILMS),
        (viz.network(nn.MLP([2, 1], seed=0)), IMAGES),
        (viz.figure("6.1"), OF_PLOTS),
        (viz.worksheet(figure_6_17()), (*IMAGES, ".tex")),
    ]
    for picture, endings in pictures:
        with pytest.raises(cg.errors.OutputError, match=re.escape(f"end it in {', '.join(endings)}") + "$"):
            picture.save("picture.doc")

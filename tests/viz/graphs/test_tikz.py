"""TikZ for authors: nodes with names, styles that can be changed, words in the document's own fonts, a legend."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pypdf
import pytest
from hostile_names import names
from random_scalars import random_pass
from scoped_graphs import scoped_pass
from sparse import sparse

import cgraph as cg
import viz
from cgraph import nn
from viz.figures.graphs import figure_6_17, figure_6_18
from viz.graphs.formats.tikz import node_names, prose

DEFINED = re.compile(r"\\cgraphstyle\{([a-z ]+)\}\{(.*)\}%")
NODE = re.compile(r"\\node\[[^]]*\] \(([^()]*)\)")


def hostile(count: int = 12) -> viz.Picture:
    leaves = [cg.variable(name) for name in names(count + 2, seed=3)[2 : count + 2]]  # TeX knows no line of 20 m
    total = leaves[0] * 2.0
    for leaf in leaves[1:]:
        total = total + leaf * leaf
    labels = dict(zip(leaves, names(5, seed=4)[2:5], strict=False))
    return viz.draw(cg.backward(cg.forward(total, dict.fromkeys(leaves, 0.5))), labels=labels, detail="number")


def net() -> cg.Backward:
    model = nn.MLP([2, 3, 2], "tanh", seed=0)
    L = nn.mse_loss(model(cg.variable("X", ("m", 2))), cg.variable("Y", ("m", 2)))
    return cg.backward(cg.forward(L, X=[[1, -2], [3, 4]], Y=[[0, 1], [1, 0]]))


PICTURES: dict[str, Callable[[], viz.Picture]] = {
    "6.17": lambda: viz.draw(figure_6_17()),
    "6.18": lambda: viz.draw(figure_6_18(), style="circuit"),
    "forward alone": lambda: viz.draw(figure_6_17(), show="forward", theme="dark"),
    "backward alone": lambda: viz.draw(figure_6_17(), show="backward"),
    "highlighted": lambda: viz.draw(figure_6_17(), highlight="b->L", colours={"L": "#4a148c"}, labels={"b": "a_b & c"}),
    "no words below": lambda: viz.draw(figure_6_17(), caption="", legend=False),
    "arrays": lambda: viz.draw("L = sum(relu(X @ W + b))", {"X": [[1, 2]], "W": [[1, 0], [2, 1]], "b": [1, 1]}),
    "symbols": lambda: viz.draw("L = sigmoid(w*x + b)**2"),
    "folded": lambda: viz.draw(random_pass(1), fold="copies"),
    "hostile": hostile,
    "frames": lambda: viz.draw(scoped_pass(3), frames=True, fold=False, detail="number"),
    "values as colour": lambda: viz.draw(net(), colour="value"),
    "numbers as colour": lambda: viz.draw(figure_6_18(), style="circuit", colour="value", theme="dark"),
    **{f"random {seed}": lambda seed=seed: viz.draw(random_pass(seed)) for seed in range(1)},
}


@pytest.mark.parametrize("of", sparse(PICTURES, 4))
def test_all_styles_and_colours_are_defined_once_and_before_they_are_used(of):
    text = PICTURES[of]().tikz()
    head, picture = text.split("\\begin{tikzpicture}")
    defined = [name for name, _ in DEFINED.findall(head)]
    assert len(defined) == len(set(defined)) == head.count("\\cgraphstyle{")
    assert {"cgraph op", "cgraph leaf", "forward", "backward", "local"} <= set(defined)
    used = {
        part.strip() for options in re.findall(r"\\(?:node|draw)\[(.*?)\] ", picture) for part in options.split(",")
    }
    assert {u for u in used if re.fullmatch("[a-z ]+", u)} <= set(defined)
    colours = re.findall(r"\\providecolor\{cg(\w+)\}", head)
    assert len(colours) == len(set(colours))
    assert set(re.findall(r"cg(text|border|box|trainable|forward|backward|local|tag|proof|faint|pale)\b", text)) <= set(
        colours
    )
    assert "resizebox" not in text and "scalebox" not in text
    assert text.isascii()


@pytest.mark.parametrize("of", sparse(PICTURES, 4))
def test_every_box_is_a_node_with_a_name_that_tikz_takes(of):
    picture = PICTURES[of]()
    boxes, frames = picture.drawing.boxes, picture.drawing.frames
    found = [n for n in NODE.findall(picture.tikz()) if not re.match(r"cgraph-\d", n)]
    assert sorted(found) == sorted(node_names(boxes, frames).values())
    assert len(set(found)) == len(found) == len(boxes) + len(frames)
    assert all(re.fullmatch("[A-Za-z][A-Za-z0-9-]*", name) for name in found)


def test_names_are_made_from_those_of_the_graph():
    picture = viz.draw(figure_6_18())
    named = node_names(picture.drawing.boxes)
    by_name = {b.name: named[b.id] for b in picture.drawing.boxes}
    assert (by_name["w[1]11"], by_name["z[2]"], by_name["L"]) == ("w-1-11", "z-2", "L")


def test_names_that_would_be_one_are_two():
    x, y, sigma = cg.variable("x.1"), cg.variable("x:1"), cg.variable("σ")
    boxes = viz.draw((x * y + sigma).named("2")).drawing.boxes
    found = list(node_names(boxes).values())
    assert len(set(found)) == 5


def mapped(picture: viz.Picture) -> bool:
    """Whether a box of a picture has a heat map."""
    heat = picture.drawing.heat
    return heat is not None and any(heat.room(b.id) for b in picture.drawing.boxes)


def rgb(colour: str) -> str:
    return f"red,{int(colour[1:3], 16)};green,{int(colour[3:5], 16)};blue,{int(colour[5:7], 16)}"


@pytest.mark.parametrize("of", sparse([name for name in PICTURES if name.endswith("as colour")], 2))
def test_a_heat_map_has_the_cells_and_the_colours_of_the_svg(of):
    picture = PICTURES[of]()
    svg = ElementTree.fromstring(picture.svg())
    paths = [p for p in svg.iter("{http://www.w3.org/2000/svg}path") if p.get("stroke") is None]
    cells = [(rgb(p.get("fill", "")), p.get("d", "").count("M")) for p in paths if "h" in p.get("d", "")]
    text = picture.tikz()
    assert "U{+}" not in text
    drawn = re.findall(r"\\fill\[fill=\{rgb,255:(.*?)\}\] (.*);", text)
    assert sorted((colour, areas.count("rectangle")) for colour, areas in drawn) == sorted(cells)
    node = "{http://www.w3.org/2000/svg}g[@data-node]"
    inside = [p.get("d", "") for g in svg.iter() for p in g.iterfind(f"./{node}//{{http://www.w3.org/2000/svg}}path")]
    number = r"([\d.]+)"
    areas = [re.findall(rf"M{number} {number}h{number}v{number}h", d) for d in inside]
    at = re.findall(rf"\({number},{number}\) rectangle \+\({number},{number}\)", "".join(a for _, a in drawn))
    wanted = sorted([float(x) for x in area] for several in areas for area in several)
    assert np.allclose(sorted([float(x) for x in area] for area in at), wanted, atol=0.06) and bool(wanted) == mapped(
        picture
    )
    for box in picture.layout.boxes:
        own = picture.drawing.heat.fill(box.box.id, picture.theme)
        assert own is None or f"fill={{rgb,255:{rgb(own)}}}" in text


def test_a_frame_stands_where_the_svg_has_it_with_its_title():
    picture = PICTURES["frames"]()
    text, names = picture.tikz(), node_names(picture.drawing.boxes, picture.drawing.frames)
    assert picture.layout.frames
    for placed in picture.layout.frames:
        x, y = (placed.left + placed.right) / 2, (placed.top + placed.bottom) / 2
        size = rf"minimum width={placed.right - placed.left:.1f}\cgraphunit"
        node = rf"\node[cgraph frame, {size}, minimum height={placed.bottom - placed.top:.1f}\cgraphunit]"
        assert f"{node} ({names[placed.frame.id]}) at ({x:.1f},{y:.1f}) {{}};" in text
        assert f"{{{prose(placed.frame.title)}}};" in text


def test_caption_and_legend_are_those_of_the_svg_and_can_be_left_out():
    text = viz.draw(figure_6_17(), caption="Fifty % of A_1 & more").tikz()
    assert r"{Fifty \ensuremath{\%} of A\ensuremath{\_}1 \ensuremath{\&} more}" in text
    for words in ("forward: value", "local derivative", "backward: upstream"):
        assert words in text
    bare = viz.draw(figure_6_17(), caption="", legend=False).tikz()
    assert "cgraph caption]" not in bare and "cgraph legend," not in bare


def test_formulas_are_mathematics_and_local_derivatives_have_their_tag():
    text = viz.draw(figure_6_17()).tikz()
    assert r"\node[local] at" in text
    assert r"\frac{\partial L}{\partial b}" in text
    assert r"\cgraphtag{{2}}" in text
    assert r"{\partial}\; {-0.378}" in viz.draw(figure_6_18(), style="circuit").tikz()


# Compiled ------------------------------------------------------------------------------------------------------------
def compiled(folder: Path, text: str) -> str:
    """The text of the page that plain pdflatex makes of a document."""
    (folder / "x.tex").write_text(text, encoding="ascii")
    command = ["pdflatex", "-interaction=batchmode", "-halt-on-error", "x.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    log = (folder / "x.log").read_text("latin-1")
    assert done.returncode == 0, [line for line in log.splitlines() if line.startswith(("!", "l."))]
    assert "Missing character" not in log
    return str(pypdf.PdfReader(BytesIO((folder / "x.pdf").read_bytes())).pages[0].extract_text())


latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


@latex
@pytest.mark.slow
@pytest.mark.parametrize("of", PICTURES)
def test_every_picture_compiles_alone_and_in_a_document_of_its_author(of: str, tmp_path: Path) -> None:
    picture = PICTURES[of]()
    compiled(tmp_path, picture.tex())
    picture.save(tmp_path / "picture.tikz")
    ends = [node_names(picture.drawing.boxes)[b.id] for b in (picture.drawing.boxes[0], picture.drawing.boxes[-1])]
    own = r"""\documentclass[12pt]{article}\usepackage{tikz}
\tikzset{forward/.style={draw=green, line width=2pt, ->}, cgraph op/.style={draw, fill=yellow}}
\begin{document}\def\cgraphsize{\scriptsize}\def\cgraphnamesize{\footnotesize}
Before. \begin{figure}\input{picture.tikz}\caption{Mine}\end{figure} \input{picture.tikz} After.
\tikzset{every picture/.append style={remember picture}}\tikz \draw[overlay] (0,0) to (1,1);
\end{document}"""
    compiled(tmp_path, own)
    inside = picture.tikz().replace(
        r"\end{tikzpicture}", rf"\draw[red] ({ends[0]}) -- ({ends[1]});" "\n" r"\end{tikzpicture}"
    )
    (tmp_path / "picture.tikz").write_text(inside, encoding="ascii")
    compiled(tmp_path, r"\documentclass{article}\usepackage{tikz}\begin{document}\input{picture.tikz}\end{document}")


@latex
@pytest.mark.slow
def test_the_page_says_what_the_picture_says(tmp_path: Path) -> None:
    said: Any = re.sub(r"\s", "", compiled(tmp_path, viz.draw(figure_6_17()).tex()))
    for words in ("Computationgraph", "forward:value", "localderivative", "5"):
        assert words in said


@latex
@pytest.mark.slow
def test_a_style_and_a_colour_that_an_author_has_defined_are_kept(tmp_path: Path) -> None:
    viz.draw(figure_6_17()).save(tmp_path / "picture.tikz")
    own = r"""\documentclass{article}\usepackage{tikz}\definecolor{cgbackward}{HTML}{00FF00}
\tikzset{forward/.style={draw={rgb,255:red,1;green,2;blue,3}}}
\pdfcompresslevel=0 \begin{document}\input{picture.tikz}\end{document}"""
    compiled(tmp_path, own)
    content = (tmp_path / "x.pdf").read_bytes()
    assert b"0.00392 0.00784 0.01176 RG" in content  # 1, 2 and 3 of 255
    assert b"0 1 0 RG" in content

"""Records show themselves in a notebook, and the notebook of the examples runs."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from project import ROOT

import viz
from cgraph import nn
from viz.figures.graphs import figure_6_17

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
MODELS: dict[str, Any] = {
    "MLP": nn.MLP([2, 2, 1], seed=0),
    "Unit": nn.textbook.Unit([0.2, 0.3, 0.9], 0.5),
    "PooledClassifier": nn.language.PooledClassifier.random(
        nn.Embedding.random(8, 3, seed=0), hidden=4, classes=3, seed=0
    ),
}


@pytest.mark.parametrize("kind", ["node", "graph", "forward", "backward", "picture", *MODELS])
def test_a_record_shows_itself_as_a_picture_and_as_text(kind: str) -> None:
    bwd = figure_6_17()
    records = {"node": bwd.graph["L"], "graph": bwd.graph, "forward": bwd.forward, "backward": bwd, **MODELS}
    shown = {**records, "picture": viz.draw(bwd)}[kind]._repr_mimebundle_()
    assert set(shown) == {"text/plain", "image/svg+xml"}
    assert shown["image/svg+xml"].startswith("<svg") and shown["text/plain"]
    if kind == "backward":
        assert shown["image/svg+xml"] == viz.draw(bwd).svg()
        assert "∂L/∂b = −4" in html.unescape(shown["image/svg+xml"])


def test_a_record_shows_itself_although_nobody_imported_viz() -> None:
    program = (
        "import cgraph as cg, sys; x = cg.variable('x'); assert 'viz' not in sys.modules\n"
        "print(sorted(x._repr_mimebundle_(include=None, exclude=None)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['image/svg+xml', 'text/plain']"


def test_importing_viz_sets_nothing_on_cgraphs_classes() -> None:
    program = (
        "import cgraph as cg; from cgraph import nn\n"
        "nets = [nn.Sequential, nn.textbook.Unit, nn.Linear, nn.language.EmbeddingNet]\n"
        "kinds = [cg.Graph, cg.Node, cg.Forward, cg.Backward, *nets]\n"
        "before = [dict(vars(kind)) for kind in kinds]\n"
        "import viz; print(before == [dict(vars(kind)) for kind in kinds])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_without_a_package_that_draws_the_text_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [])
    assert figure_6_17()._repr_mimebundle_() == {"text/plain": repr(figure_6_17())}


def test_what_cannot_be_drawn_is_shown_as_text() -> None:
    class Strange(nn.Sequential):
        pass

    model = Strange([nn.Activation("tanh")])
    shown = model._repr_mimebundle_()
    assert set(shown) == {"text/plain"} and "no picture" in shown["text/plain"]


@pytest.mark.slow
def test_the_stepper_is_embedded_and_works_in_its_frame(page: Any, tmp_path: Path) -> None:
    cell = viz.step_through(figure_6_17(), height=500)._repr_html_()
    assert re.search(r'style="[^"]*height:500px', cell)
    (tmp_path / "cell.html").write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{cell}", encoding="utf-8")
    page.goto((tmp_path / "cell.html").as_uri())
    frame = page.frames[1]
    frame.click("#last")
    assert frame.inner_text("#sentence") == "∂L/∂b = ∂L/∂d · ∂d/∂b = −2 · 2 = −4"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
@pytest.mark.slow
def test_a_notebook_of_the_examples_runs(path: Path, tmp_path: Path) -> None:
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed (extra notebook)")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed (extra notebook)")
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "a notebook is kept without its outputs"
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
    shown = [output["data"] for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    assert sum("image/svg+xml" in data for data in shown) >= 3
    assert any("<iframe" in data.get("text/html", "") for data in shown)


def test_there_is_a_notebook() -> None:
    assert NOTEBOOKS

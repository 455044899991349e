"""The README tells the truth: its code runs and prints what it says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest

import cgraph as cg

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = (
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
)  # pages of the course are made from scripts that run
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, flags=re.DOTALL)


def run(code: str, namespace: dict) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "README.md", "exec"), namespace)  # noqa: S102 - our own README
    return out.getvalue()


def test_the_first_screen_prints_its_proof_and_draws_its_picture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (_, code), (_, printed) = BLOCKS[0], BLOCKS[1]
    assert run(code, {}) == printed
    assert (tmp_path / "backprop.svg").read_bytes() == (ROOT / "docs" / "backprop.svg").read_bytes()
    assert README.index("backprop.svg)") < README.index("proved: 3 of 3") < 1500


def test_the_code_in_python_gives_the_values_in_its_comments(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict = {}
    python = [code for language, code in BLOCKS if language == "python"]
    for code in python[:2]:
        run(code, namespace)
    assert namespace["fwd"]["e"] == 5.0
    assert namespace["bwd"].gradient["b"] == -4.0
    edge = namespace["bwd"].edge("e", "d")
    assert (edge.upstream, edge.local, edge.downstream) == (-2.0, 1, -2.0)
    assert str(cg.to_sympy(namespace["L"])) == "c*(a + 2*b)"
    assert cg.forward(namespace["loss"], X=np.zeros((2, 3))).values[-1] == 0.0


def test_the_code_for_pictures_draws(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict = {}
    printed = [run(code, namespace) for language, code in BLOCKS if language == "python"][:3]
    assert "no finding" in printed[2].lower() or "nothing" in printed[2].lower()
    assert (tmp_path / "steps.html").exists() and (tmp_path / "sheet-answers.svg").exists()


def test_the_code_for_nets_learns_xor(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict = {}
    run([code for language, code in BLOCKS if language == "python"][3], namespace)
    data, train = namespace["data"], namespace["train"]
    assert train.accuracy(train.predict(namespace["run"].model, data.X), data.Y) == 1.0


def test_each_room_of_the_map_is_there():
    for row in re.findall(r"^\| (`[^|]+) \|", README.split("## A map of the rooms")[1], flags=re.MULTILINE):
        folder = ""
        for name in re.findall(r"`([^`]+)`", row):
            folder = name.rsplit("/", 1)[0] if "/" in name.rstrip("/") else folder
            assert (ROOT / name).exists() or (ROOT / folder / name).exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_of_a_page_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict = {}
    for code in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL):
        run(code, namespace)


def test_the_two_commands_are_there_once_each():
    assert README.count("cgraph demo\n") == 1
    assert README.count(".venv/bin/pytest -q -n auto\n") == 1

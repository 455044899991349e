"""The README and the pages of docs/ tell the truth: their code runs and gives what they say, their commands run."""

from __future__ import annotations

import importlib.util
import re
import shlex

import numpy as np
import pytest
from project import ROOT

import cgraph as cg
from cgraph.cli.main import main

DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text(encoding="utf-8")
# Pages of the course are made from scripts that run.
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted(DOCS.glob("*.md")))
OTHERS = [
    page for page in PAGES if page.name not in ("README.md", "CONTRIBUTING.md", "python.md", "gallery.md")
]  # they have tests of their own
WIDTH, SMALLEST = 16 / 2.54 * 72, 6.0  # of a picture on a printed page, and of its smallest letters there, in points

spec = importlib.util.spec_from_file_location("make", DOCS / "make.py")
assert spec is not None
assert spec.loader is not None
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)


@pytest.fixture(scope="module")
def readme(tmp_path_factory):
    """The folder in which the code of the README ran, and what each block printed."""
    folder = tmp_path_factory.mktemp("readme")
    return folder, make.run_page(ROOT / "README.md", folder)


def test_the_first_screen_prints_its_proof(readme):
    assert readme[1][0] == re.search(r"```\n(L = .*?)```", README, flags=re.DOTALL)[1]
    assert README.index("backprop.svg)") < README.index("proved: 3 of 3") < 1500


def test_the_readme_ends_before_its_reader_does():
    assert README.count("\n") <= 120


def test_the_pictures_of_the_readme_are_those_that_its_code_draws(readme):
    folder = readme[0]
    shown = re.findall(r"\]\(docs/(\w+\.svg)\)", README)
    assert shown == ["backprop.svg", "render.svg", "prove.svg", "train.svg"]
    assert {path.name for path in folder.glob("*.svg")} == {path.name for path in DOCS.glob("*.svg")} == set(shown)
    for name in shown:
        assert (folder / name).read_bytes() == (DOCS / name).read_bytes(), f"{name}: run: python docs/make.py"


@pytest.mark.parametrize("name", ["render", "prove", "train"])
def test_a_picture_of_a_use_can_be_read_at_16_cm(name):
    svg = (DOCS / f"{name}.svg").read_text(encoding="utf-8")
    width = float(re.search(r'<svg [^>]*width="([\d.]+)', svg)[1])
    sizes = [1000 * float(scale) for scale in re.findall(r"matrix\(([\d.]+) 0 0", svg)]
    assert len(sizes) > 20
    assert min(sizes) * min(1, WIDTH / width) >= SMALLEST


def test_the_code_in_python_gives_the_values_in_its_comments(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict = {}
    for code in make.blocks(DOCS / "python.md"):
        exec(compile(code, "python.md", "exec"), namespace)  # noqa: S102 - our own page
    assert namespace["fwd"]["e"] == 5.0
    assert namespace["bwd"].gradient["b"] == -4.0
    edge = namespace["bwd"].edge("e", "d")
    assert (edge.upstream, edge.local, edge.downstream) == (-2.0, 1, -2.0)
    assert str(cg.to_sympy(namespace["L"])) == "c*(a + 2*b)"
    assert cg.forward(namespace["loss"], X=np.zeros((2, 3))).values[-1] == 0.0
    assert {"steps.html", "sheet.svg", "sheet-answers.svg", "xor.npz"} <= {path.name for path in tmp_path.iterdir()}
    data, train = namespace["data"], namespace["train"]
    assert train.metrics.accuracy(train.predict(namespace["run"].model, data.X), data.Y) == 1.0


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.name)
def test_the_code_of_a_page_runs_from_top_to_bottom(page, tmp_path):
    make.run_page(page, tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_to_a_file_and_its_heading(page):
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        path, _, heading = link.partition("#")
        if not link.startswith("https://"):
            target = page.parent / path if path else page
            assert target.exists(), link
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE) if heading else []
            assert not heading or heading in [h.lower().replace(" ", "-") for h in headings], link


def test_a_word_has_one_meaning():
    words = re.findall(r"\*\*(.+?)\*\*", (DOCS / "glossary.md").read_text(encoding="utf-8"))
    assert len(words) > 60
    assert len({word.lower() for word in words}) == len(words)


def test_every_page_can_be_reached_from_the_readme_and_from_the_index():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    for page in DOCS.glob("*.md"):
        assert f"docs/{page.name})" in README, page.name
        assert page.name == "index.md" or f"({page.name})" in index, page.name


@pytest.mark.slow
def test_the_commands_of_their_page_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = (DOCS / "commands.md").read_text(encoding="utf-8").partition("## What training reaches")[0]
    commands = re.findall(r"^\| `cgraph (.*?)` \|", page, re.MULTILINE)
    assert len(commands) >= 10
    elsewhere = ("demo", "figures", "train", "export-c")  # they take long and have tests of their own
    for command in commands:
        words = shlex.split(command)
        assert words[0] in elsewhere or main(words) == 0, command
    assert {"fig.svg", "steps.html", "sheet.pdf"} <= {path.name for path in tmp_path.iterdir()}


def test_each_command_has_a_row_on_the_page_of_commands(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    there = re.findall(r"^    ([a-z-]+)(?: |$)", capsys.readouterr().out, re.MULTILINE)
    assert len(there) >= 9
    assert [name for name in there if f"| `cgraph {name}" not in page] == []


def test_each_room_has_a_place_on_the_map_and_the_map_has_no_others():
    table = (DOCS / "map.md").read_text(encoding="utf-8").partition("\n## ")[0]
    named = set()
    for row in re.findall(r"^\| (`[^|]+) \| (.*) \|$", table, flags=re.MULTILINE):
        folder = ""
        for name in re.findall(r"`([^`]+)`", row[0]):
            folder = name.rsplit("/", 1)[0] if "/" in name.rstrip("/") else folder
            assert (ROOT / name).exists(), name
            named.add(name.rstrip("/"))
        for name in re.findall(r"`(\w+/)`", row[1]):
            assert (ROOT / folder / name).is_dir(), name
    rooms = {f"{p.parent.parent.name}/{p.parent.name}" for p in ROOT.glob("cgraph/*/__init__.py")}
    rooms |= {f"{p.parent.parent.name}/{p.parent.name}" for p in ROOT.glob("viz/*/__init__.py")}
    assert rooms - named == set()


def test_the_changelog_has_the_same_headings_in_each_release_and_nothing_twice():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
    first, *releases = re.split(r"^## ", text, flags=re.MULTILINE)
    assert ", ".join(headings) in first and releases
    for release in releases:
        assert re.match(r"\d+\.\d+\.\d+ \((unreleased|\d{4}-\d\d-\d\d)\)\n", release)
        found = re.findall(r"^### (.*)$", release, re.MULTILINE)
        assert found == [heading for heading in headings if heading in found]
    changes = re.findall(r"^- .*$", text, re.MULTILINE)
    assert len(set(changes)) == len(changes)


def test_the_two_commands_are_there_once_each():
    assert README.count("cgraph demo\n") == 1
    assert README.count(".venv/bin/pytest -q -n auto\n") == 1

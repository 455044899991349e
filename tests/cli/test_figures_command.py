"""`cgraph figures`: each figure in each format, and a page that shows them."""

from __future__ import annotations

import hashlib
import html
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import viz
from cgraph.cli import main
from cgraph.errors import MissingPackageError, ValueRefusedError
from viz.figures import FIGURES, page
from viz.figures.gallery import GALLERY
from viz.ink import themes
from viz.schematics import SchematicPicture

SVG = "{http://www.w3.org/2000/svg}"


class Page(HTMLParser):
    """A page read strictly: every element closed in its order."""

    void = frozenset({"meta", "img", "link", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(text)
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        self.elements.append((tag, dict(attrs)))
        if tag not in self.void:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


@pytest.mark.slow
def test_the_command_writes_every_figure_in_every_format_and_a_page(tmp_path, capsys):
    assert main(["figures", str(tmp_path / "out")]) == 0
    files = {p.name for p in (tmp_path / "out").iterdir()}
    assert files == {f"fig-6.{i}.{e}" for i in range(1, 19) for e in ("svg", "png", "pdf")} | {"index.html"}
    assert len(capsys.readouterr().out.splitlines()) == 55
    for path in (tmp_path / "out").iterdir():
        starts = {".svg": (b"<svg", b"<?xml"), ".png": b"\x89PNG", ".pdf": b"%PDF", ".html": b"<!DOCTYPE html>"}
        assert path.read_bytes().startswith(starts[path.suffix])
    read = Page((tmp_path / "out" / "index.html").read_text())
    images = [a for tag, a in read.elements if tag == "img"]
    assert [a["src"] for a in images] == [f"fig-6.{i}.svg" for i in range(1, 19)]
    assert all(len(a["alt"]) > 40 for a in images)
    links = [a["href"] for tag, a in read.elements if tag == "a"]
    assert set(links) == files - {"index.html"}
    ids = [a["id"] for _, a in read.elements if "id" in a]
    assert len(ids) == len(set(ids)) == 18


def test_some_figures_in_another_theme_and_format(tmp_path, capsys):
    assert main(["figures", str(tmp_path), "--only", "6.2, 6.14", "--theme", "print", "--format", "svg"]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fig-6.14.svg", "fig-6.2.svg", "index.html"]
    assert themes.TEXTBOOK.forward not in (tmp_path / "fig-6.2.svg").read_text()
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_diagrams_of_the_gallery_are_written_with_their_code(tmp_path, capsys):
    assert main(["figures", str(tmp_path), "--set", "gallery", "--only", "gates, dropout", "--format", "svg"]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dropout.svg", "gates.svg", "index.html"]
    assert len(capsys.readouterr().out.splitlines()) == 3
    text = (tmp_path / "index.html").read_text()
    assert [a["id"] for tag, a in Page(text).elements if tag == "figure"] == ["gates", "dropout"]
    assert html.unescape(text).count(GALLERY["gates"].code) == 1
    assert (tmp_path / "gates.svg").read_text() == viz.gallery("gates").svg()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "gallery", "--only", "6.2"], "the gallery has no diagram '6.2'"),
        (["--only", "6.19"], "the chapter has no figure '6.19'"),
        (["--only", "6.2,<b>"], "the chapter has no figure '<b>'"),
        (["--format", "svg,gif"], "the figures as 'gif'"),
        (["--format", ","], "the figures as nothing"),
    ],
)
def test_what_there_is_none_of_is_refused_before_a_file_is_written(arguments, message, tmp_path, capsys):
    assert main(["figures", str(tmp_path), *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("cgraph: ") and message in said and "Fix: " in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("module", "extra", "only"), [("matplotlib", "plots", "6.1"), ("svglib.svglib", "pdf", "6.2")])
def test_a_missing_package_is_named_with_the_command_that_installs_it(module, extra, only, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingPackageError, match=rf"pip install 'cgraph-engine\[{extra}\]'"):
        page.write(tmp_path, only=["6.6", only])
    assert list(tmp_path.iterdir()) == []


def test_a_page_escapes_what_stands_in_it(tmp_path, monkeypatch):
    bad = replace(FIGURES["6.6"], title='<script>"&', remark="<i>", description='"><script>')
    monkeypatch.setitem(FIGURES, "6.6", bad)
    page.write(tmp_path, only=["6.6"], formats=["svg"])
    read = Page((tmp_path / "index.html").read_text())
    assert not [tag for tag, _ in read.elements if tag in ("script", "i")]
    assert not list(ET.parse(tmp_path / "fig-6.6.svg").iter(f"{SVG}script"))


def test_a_set_that_there_is_not_is_refused(tmp_path):
    with pytest.raises(ValueRefusedError, match=r"no set of figures 'book'.*chapter, gallery"):
        page.write(tmp_path, of="book")


def test_a_notebook_shows_a_figure_by_its_number():
    shown = viz.figure("6.6")
    assert isinstance(shown, SchematicPicture)
    assert shown._repr_svg_() == shown.svg() == viz.figure("Fig. 6.6").svg() == viz.figure(6.6).svg()


def test_a_number_that_is_no_figure_is_refused():
    with pytest.raises(ValueRefusedError, match=r"no figure '7\.1'.*from \"6\.1\" to \"6\.18\""):
        viz.figure("7.1")


@pytest.mark.slow
def test_the_bytes_of_each_file_are_the_same_when_written_again(tmp_path):
    def digest(folder: Path) -> dict[str, str]:
        folder.mkdir()
        files = page.write(folder, only=["6.3", "6.6"])
        return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    assert digest(tmp_path / "a") == digest(tmp_path / "b")

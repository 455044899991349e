"""The course: every example runs and asserts what it claims, and its page says what it does."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from project import ROOT

COURSE = ROOT / "docs" / "course"


def _make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make", ROOT / "docs" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make = _make()
EXAMPLES = make.SCRIPTS
IDS = [path.stem for path in EXAMPLES]


def trains(source: str) -> bool:
    """Whether a script trains: the last digits of that are another machine's own."""
    return ".fit(" in source


@pytest.mark.parametrize("path", EXAMPLES, ids=IDS)
def test_an_example_runs_and_its_page_is_up_to_date(path: Path, tmp_path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    printed = make.run(path, tmp_path)
    made, kept = make.page(path, printed, tmp_path), (COURSE / f"{path.stem}.md").read_text(encoding="utf-8")
    pictures = sorted(tmp_path.glob("*.svg"))
    assert "\nassert " in source
    assert pictures, "an example draws what it is about"
    if trains(source):
        made, kept = (re.sub(r"[0-9]", "0", text) for text in (made, kept))
    assert made == kept, "run: python docs/make.py"
    for picture in pictures:
        text = picture.read_text(encoding="utf-8")
        there = (COURSE / picture.name).read_text(encoding="utf-8")
        plotted = text.startswith("<?xml")  # by matplotlib, whose bytes change with its versions
        assert plotted or trains(source) or text == there, f"{picture.name}: run: python docs/make.py"


def test_the_course_is_numbered_without_gaps() -> None:
    assert [int(name[:2]) for name in IDS] == list(range(1, len(IDS) + 1))


def test_every_page_and_picture_belongs_to_an_example() -> None:
    assert {page.stem for page in COURSE.glob("*.md")} == set(IDS)
    pages = "".join(page.read_text(encoding="utf-8") for page in COURSE.glob("*.md"))
    assert set(re.findall(r"\]\(([^/)]+\.svg)\)", pages)) == {picture.name for picture in COURSE.glob("*.svg")}


@pytest.mark.parametrize("path", EXAMPLES, ids=IDS)
def test_an_example_is_short_and_begins_with_its_idea(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    lines = [line for line in source.partition('"""\n\n')[2].splitlines() if line.strip() and not line.startswith("#")]
    assert source.startswith('"""')
    assert len(lines) <= 60
    assert make.title(path).count("\n") == 0


def test_the_index_lists_the_course_and_the_figures() -> None:
    from viz.figures import FIGURES

    index = make.INDEX.read_text(encoding="utf-8")
    assert make.contents() in index, "run: python docs/make.py"
    assert re.findall(r"^- (Fig\. .*)$", index, re.MULTILINE) == [figure.caption for figure in FIGURES.values()]


def test_every_link_of_the_course_leads_to_a_file() -> None:
    for page in COURSE.glob("*.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert link.startswith("https://") or (page.parent / link).exists(), f"{page.name}: {link}"

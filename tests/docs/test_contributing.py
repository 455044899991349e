"""The recipes of CONTRIBUTING.md: each is followed in a copy of the project, and is short."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from project import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8") if (ROOT / "CONTRIBUTING.md").exists() else ""
RECIPES = dict(re.findall(r"^## Add (.*)\n\n((?:(?!^## ).*\n)+)", PAGE.partition("# Recipes")[2], re.MULTILINE))


def placed(file: Path, where: str, code: str) -> None:
    """Put code into a file: `new`, or `before`, `after` or `instead of` the line that begins with some words."""
    if where == "new":
        assert not file.exists()
        file.write_text(code, encoding="utf-8")
        return
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    way, words = re.fullmatch(r"(before|after|instead of) (.*)", where).groups()
    place = next(i for i, line in enumerate(lines) if line.startswith(words))
    start, end = {"before": (place, place), "after": (place + 1, place + 1), "instead of": (place, place + 1)}[way]
    file.write_text("".join([*lines[:start], code, *lines[end:]]), encoding="utf-8")


def test_there_is_a_recipe_for_each_thing_that_people_add():
    assert list(RECIPES) == ["an op", "a layer", "a format", "a theme", "a command", "a world"]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_has_at_most_twenty_lines(name):
    lines = [line for line in RECIPES[name].splitlines() if line and not line.startswith("```")]
    assert len([line for line in lines if not re.match(r"# \S+\.py, ", line)]) <= 20


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_works_in_a_copy_of_the_project(name, tmp_path):
    for package in ("cgraph", "viz"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    trials = 0
    for code in re.findall(r"```python\n(.*?)```", RECIPES[name], re.DOTALL):
        place = re.match(r"# (\S+\.py), (.*)\n", code)
        if place:
            placed(tmp_path / place[1], place[2], code[place.end() :])
        else:
            environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
            done = subprocess.run(
                [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            trials += 1
    assert trials >= 1

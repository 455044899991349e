"""Editors and type checkers know the face: the stub is made from the table, is current, and is right."""

from __future__ import annotations

import inspect
import io
import json
import re
import runpy
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

import cgraph as cg
from cgraph.ops import TABLE

ROOT = Path(cg.__file__).parents[1]
USER = Path(__file__).parents[1] / "data" / "typed_user.txt"
WRONG = {i for i, line in enumerate(USER.read_text(encoding="utf-8").splitlines(), 1) if "# wrong:" in line}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The user's file in a folder of the user's."""
    return Path(shutil.copy(USER, tmp_path / "typed_user.py"))


def test_the_stub_is_what_its_script_makes() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "stub.py"))
    assert made["stub"]() == (ROOT / "cgraph" / "__init__.pyi").read_text(encoding="utf-8"), "run python docs/stub.py"


@pytest.mark.parametrize("name", TABLE)
def test_a_function_can_be_called_as_its_signature_says(name: str) -> None:
    function, row = cg.table()[name], TABLE[name]
    parameters = inspect.signature(function).parameters.values()
    if type(function).__name__ == "Composition":
        return
    operands = [p for p in parameters if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert len(operands) == (row.arity or 1)
    assert {p.name: p.default for p in parameters if p not in operands} == dict(row.defaults)
    assert all(p.annotation for p in parameters)
    if row.elementwise and row.arity:
        assert function(*[0.5] * len(operands), **row.defaults).shape == ()


@pytest.mark.parametrize("name", [n for n, row in TABLE.items() if "axis" in row.defaults and row.arity == 1])
def test_several_axes_are_offered_where_they_are_taken(name: str) -> None:
    function, x = cg.table()[name], cg.variable("x", (1, 1, 1))
    try:
        function(x, axis=(0, 1))
        taken = True
    except (cg.CgraphError, TypeError):
        taken = False
    assert taken == ("Sequence[int]" in inspect.signature(function).parameters["axis"].annotation)


def test_help_shows_the_formula_and_the_attributes() -> None:
    shown = io.StringIO()
    with redirect_stdout(shown):
        help(cg.softmax)
    assert "softmax(x, axis=-1) = softmax(x), as a node." in shown.getvalue()
    assert str(inspect.signature(cg.tanh)).replace("'", "") == "(x: Operand, /) -> Node"
    assert str(inspect.signature(cg.mse)).replace("'", "") == "(x: Operand, y: Operand, reduction: str = mean) -> Node"


def test_the_users_file_runs_up_to_its_wrong_lines() -> None:
    right = USER.read_text(encoding="utf-8").split("\ncg.tahn")[0]
    right = right.replace("from typing import assert_type", "def assert_type(value, kind): return value")
    assert len(WRONG) > 10
    assert right.count("cg.") + right.count("nn.") + right.count("train.") > 90
    done = subprocess.run([sys.executable, "-"], input=right, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]


@pytest.mark.slow
def test_strict_mypy_knows_every_call_and_finds_every_wrong_one(program: Path, tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    options = ["--strict", "--no-error-summary", f"--cache-dir={tmp_path}", "--config-file=", "--python-version=3.11"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--follow-imports=silent", "--ignore-missing-imports", str(program)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    found = {int(n): text for n, text in re.findall(r"typed_user\.py:(\d+): error: (.*)", done.stdout)}
    assert set(found) == WRONG, done.stdout + done.stderr


@pytest.mark.slow
def test_strict_pyright_knows_every_call_and_finds_every_wrong_one(program: Path, tmp_path: Path) -> None:
    pytest.importorskip("basedpyright")
    config = {
        "include": [str(program)],
        "extraPaths": [str(ROOT)],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "basedpyright",
        "-p",
        str(tmp_path),
        "--outputjson",
        "--pythonpath",
        sys.executable,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    told = [d for d in json.loads(done.stdout)["generalDiagnostics"] if d["severity"] == "error"]
    found = {d["range"]["start"]["line"] + 1: d["message"] for d in told}
    assert set(found) == WRONG, found

"""A net as a C file: built by the system's compiler, it classifies as `predict` does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import cgraph as cg
from cgraph.cli import main
from cgraph.compile.export import to_c
from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.ops.op import elementwise


def built(text: str, folder: Path) -> Path:
    source = folder / "model.c"
    source.write_text(text, encoding="utf-8")
    compiler = shutil.which("cc")
    assert compiler, "these tests need a C compiler"
    command = [compiler, "-O2", "-Wall", "-Wextra", "-Werror", str(source), "-o"]
    subprocess.run([*command, str(folder / "classify"), "-lm"], check=True)
    return folder / "classify"


def answers(program: Path, X: np.ndarray, between: str = ",") -> list[int]:
    lines = "\n".join(between.join(map(repr, row)) for row in X.tolist())
    done = subprocess.run([str(program)], input=lines, capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.split()]


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "gelu"])
def test_a_saved_net_becomes_a_c_program_that_gives_the_same_classes(
    activation: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = cg.nn.MLP([64, 33, 10], activation, seed=3)
    X = np.random.default_rng(0).uniform(-1, 1, (50, 64))
    cg.train.save(model, tmp_path / "model.npz")
    assert main(["export-c", str(tmp_path / "model.npz"), "-o", str(tmp_path / "net.c")]) == 0
    assert "cc -O3" in capsys.readouterr().out
    program = built((tmp_path / "net.c").read_text(encoding="utf-8"), tmp_path)
    expected = np.argmax(cg.train.predict(model, X), axis=1).tolist()
    assert answers(program, X) == expected
    assert answers(program, X, between="  ") == expected
    assert len(set(expected)) > 2


def test_the_file_names_its_arrays_and_has_nothing_but_what_it_needs() -> None:
    model = cg.nn.MLP([2, 3, 1], "tanh", seed=1)
    text = to_c(model(cg.variable("X", ("m", 2))))
    assert text.startswith("/* z[2] of X [2 numbers], written by cgraph.")
    for name in ("W[1] [2×3]", "b[1] [3]", "W[2] [3×1]", "b[2] [1]"):
        assert f"[] = /* {name} */ {{" in text
    assert "cgraph_run" not in text and "#pragma" not in text and "__attribute__" not in text


def test_a_language_model_reads_ids_and_says_how_many_when_it_is_given_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = cg.nn.language.LanguageModel.random(cg.nn.Vocabulary(("<unk>", *"abcdefghi")), width=4, hidden=8, seed=0)
    cg.train.save(model, tmp_path / "my model.npz")
    path, out = str(tmp_path / "my model.npz"), str(tmp_path / "my net.c")
    for given, message in (
        ([], "the model does not take 10 numbers an example: contexts of shape"),
        (["--inputs", "0"], "--inputs 0: an example has one number or more"),
    ):
        assert main(["export-c", path, "-o", out, *given]) == 2
        assert message in capsys.readouterr().err
    assert main(["export-c", path, "-o", out, "--inputs", "3"]) == 0
    assert f"cc -O3 '{out}' -lm" in capsys.readouterr().out
    X = np.random.default_rng(0).integers(0, 10, (20, 3))
    program = built(Path(out).read_text(encoding="utf-8"), tmp_path)
    assert answers(program, X) == np.argmax(cg.train.predict(model, X), axis=1).tolist()
    done = subprocess.run([str(program)], input="1 2 99", capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "a value was refused" in done.stderr


def test_one_output_is_a_yes_above_zero(tmp_path: Path) -> None:
    model = cg.nn.MLP([2, 3, 1], "tanh", seed=1)
    X = np.random.default_rng(0).uniform(-2, 2, (40, 2))
    program = built(to_c(model(cg.variable("X", ("m", 2))), "float32"), tmp_path)
    expected = (cg.train.predict(model, X)[:, 0] > 0).astype(int).tolist()
    assert answers(program, X) == expected
    assert set(expected) == {0, 1}


@pytest.mark.parametrize("text", ["1 2 3", "1 x", "1,2,,y"])
def test_what_is_no_example_is_refused_by_the_program(text: str, tmp_path: Path) -> None:
    program = built(to_c(cg.variable("X", ("m", 2)) @ cg.parameter("W", np.eye(2))), tmp_path)
    done = subprocess.run([str(program)], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "is missing or is no number" in done.stderr


def test_what_cannot_be_exported_says_so() -> None:
    x, y = cg.variable("x", ("m", 2)), cg.variable("y", ("m", 2))
    with pytest.raises(ShapeError, match=r"of 2 variable\(s\).*the program reads rows of numbers"):
        to_c((x + y).named("s"))
    with pytest.raises(ShapeError, match="the number of columns must be known"):
        to_c(cg.variable("x", ("m", "d")) * 2)
    cube = cg.op(elementwise("cube", "x**3", lambda xp, x: x**3, lambda w, z, x: 3 * x * x))
    with pytest.raises(ValueRefusedError, match=r"own\.cube cannot be exported"):
        to_c(cube(x) @ cg.parameter("W", np.eye(2)))


@pytest.mark.parametrize("matrix", [[[2.0, 1.0], [1.0, 3.0]], [[0.0, 1.0], [1.0, 0.0]]])
def test_an_inverse_is_a_function_in_the_file(matrix: list[list[float]], tmp_path: Path) -> None:
    x = cg.variable("x", ("m", 2))
    program = built(to_c(x @ cg.inv(cg.parameter("W", matrix))), tmp_path)
    X = np.random.default_rng(0).normal(size=(20, 2))
    assert answers(program, X) == np.argmax(np.linalg.solve(np.transpose(matrix), X.T), axis=0).tolist()

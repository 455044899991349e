"""A net as a C file: built by the system's compiler, it classifies as `predict` does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from sparse import sparse

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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2\n1 2 3\n1 2\n", "line 2: it has 3 numbers, and an example has 2"),
        ("0 0 7\n", "line 1: it has 3 numbers"),
        ("1 2\n\n3\n", "line 3: it has 1 numbers"),
        ("0,5 1,0\n", "line 1: it has 4 numbers"),
        ("1 x", "line 1: number 2 is missing or is no finite number"),
        ("1 2x", "line 1: number 2 is missing"),
        ("1,,2", "line 1: number 2 is missing"),
        (",1,2", "line 1: number 1 is missing"),
        ("1,2,", "line 1: number 3 is missing"),
        ("1 2\nnan 1", "line 2: number 1 is missing or is no finite number"),
        ("inf 1", "line 1: number 1 is missing or is no finite number"),
        ("1 1e999", "line 1: number 2 is missing or is no finite number"),
        ("1 " + "0" * 600, "line 1: number 2 is missing"),
        ("\0 1", "line 1: number 1 is missing"),
    ],
)
def test_a_line_that_is_no_example_is_named(text: str, message: str, tmp_path: Path) -> None:
    program = built(to_c(cg.variable("X", ("m", 2)) @ cg.parameter("W", np.eye(2))), tmp_path)
    done = subprocess.run([str(program)], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and message in done.stderr
    assert done.stdout.count("\n") == int(message.split()[1].rstrip(":")) - 1 - text.count("\n\n")


@pytest.mark.parametrize("text", ["1 2", "1,2\n", "  1 ;\t2 \r\n\n", "1e0\t2.0\n\n\n", "+1, 0x2"])
def test_lines_may_be_written_in_several_ways(text: str, tmp_path: Path) -> None:
    program = built(to_c(cg.variable("X", ("m", 2)) @ cg.parameter("W", np.eye(2))), tmp_path)
    done = subprocess.run([str(program)], input=text, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


@pytest.mark.parametrize("last", sparse(["sigmoid", "tanh", "softmax", "identity"], 2))
@pytest.mark.parametrize("outputs", [1, 3])
def test_the_program_writes_classes_scores_or_numbers_and_knows_probabilities(
    last: str, outputs: int, tmp_path: Path
) -> None:
    z = cg.nn.MLP([2, 4, outputs], "tanh", seed=3)(cg.variable("X", ("m", 2)))
    output = z if last == "identity" else cg.table()[last](z)
    X = np.random.default_rng(1).uniform(-3, 3, (40, 2))
    values = cg.forward(output, X=X)[output]
    yes = values[:, 0] > (0.5 if last == "sigmoid" else 0)
    expected = np.argmax(values, axis=1) if outputs > 1 else yes.astype(int)
    lines = {}
    for writes in ("classes", "scores", "numbers"):
        program = built(to_c(output, writes=writes), tmp_path)
        text = "\n".join(",".join(map(repr, row)) for row in X.tolist())
        done = subprocess.run([str(program)], input=text, capture_output=True, text=True, check=True)
        lines[writes] = np.array([[float(x) for x in line.split()] for line in done.stdout.splitlines()])
    np.testing.assert_array_equal(lines["classes"][:, 0], expected)
    np.testing.assert_array_equal(lines["scores"][:, 0], expected)
    np.testing.assert_allclose(lines["scores"][:, 1:], values, rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(lines["numbers"], lines["scores"][:, 1:])
    assert outputs > 1 or last == "softmax" or set(expected) == {0, 1}


def test_a_program_that_writes_something_else_is_refused() -> None:
    with pytest.raises(ValueRefusedError, match="choose one of classes, scores, numbers"):
        to_c(cg.variable("X", ("m", 2)) @ cg.parameter("W", np.eye(2)), writes="poems")


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

"""The command, called as a user does."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from project import ROOT

import cgraph as cg
from cgraph.cli import main
from cgraph.ops import TABLE

FORMULA = "d = 2*b; e = a + d; L = c*e"


def test_draw_writes_the_picture_of_the_readme(tmp_path, capsys):
    out = tmp_path / "fig.svg"
    assert main(["draw", FORMULA, "a=3", "b=1", "c=-2", "-o", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert out.read_bytes() == (ROOT / "docs" / "backprop.svg").read_bytes()


@pytest.mark.parametrize(("show", "has", "lacks"), [("forward", "a = 3", "∂L"), ("backward", "∂L/∂a = −2", "?")])
def test_draw_can_show_one_pass(tmp_path, show, has, lacks):
    out = tmp_path / "fig.svg"
    assert main(["draw", FORMULA, "a=3", "b=1", "c=-2", "--pass", show, "-o", str(out)]) == 0
    text = out.read_text()
    assert has in text
    assert lacks not in text
    assert f"{show} pass" in text


def test_draw_without_values_writes_symbols(tmp_path):
    out = tmp_path / "fig.dot"
    assert main(["draw", FORMULA, "-o", str(out)]) == 0
    assert "∂L/∂b = 2c" in out.read_text()


@pytest.mark.parametrize(
    ("formula", "values", "marks"),
    [
        (FORMULA, ["a=3", "b=1", "c=-2"], {"a", "b", "c"}),
        (FORMULA, [], {"a", "b", "c"}),
        ("L = sum(x*w)", ["x=[1,2]", "w=1/2"], {"x", "w"}),
        ("L = sum(take(E, y)**2)", ["E=[[1,2],[3,4]]", "y=[1,1]"], {"E"}),
        ("v = cbrt(x); L = v**3 + a", ["x=0", "a=1"], {"a"}),  # 0·∞ at x: its number is not that of the formula
    ],
)
@pytest.mark.filterwarnings("ignore::cgraph.errors.IndeterminateWarning")
def test_draw_marks_what_is_proved(tmp_path, capsys, formula, values, marks):
    out = tmp_path / "fig.svg"
    assert main(["draw", formula, *values, "--prove", "--seconds", "30", "-o", str(out)]) == 0
    path, verdict = capsys.readouterr().out.splitlines()
    assert (path, verdict.split(":")[0]) == (str(out), "proved")
    assert marks <= set(re.findall(r"∂L/∂(\w+)[^<]*, proved by SymPy", out.read_text()))
    assert "∂L/∂x = 0, proved" not in out.read_text()
    assert main(["draw", formula, *values, "-o", str(out)]) == 0
    assert "proved by SymPy" not in out.read_text()


@pytest.mark.parametrize("asked", [["--prove", "--pass", "forward"], ["--seconds", "3"], ["--prove", "--seconds", "0"]])
def test_draw_refuses_a_proof_of_nothing(tmp_path, capsys, asked):
    assert main(["draw", FORMULA, "a=3", "b=1", "c=-2", *asked, "-o", str(tmp_path / "fig.svg")]) == 2
    assert "Fix: " in capsys.readouterr().err


def test_draw_takes_fractions_and_arrays(tmp_path):
    out = tmp_path / "fig.svg"
    assert main(["draw", "L = sum(x*w)", "x=[1,2]", "w=1/2", "-o", str(out)]) == 0
    assert "∂L/∂w = 3" in out.read_text()


def test_draw_writes_the_steps_as_frames_as_an_animation_and_as_a_page(tmp_path, capsys):
    values = [FORMULA, "a=3", "b=1", "c=-2"]
    assert main(["draw", *values, "--frames", str(tmp_path / "slides")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 10
    assert len(list((tmp_path / "slides").glob("*.svg"))) == 10
    assert main(["draw", *values, "--animated", "-o", str(tmp_path / "steps.svg")]) == 0
    assert "@keyframes" in (tmp_path / "steps.svg").read_text("utf-8")
    assert main(["draw", *values, "-o", str(tmp_path / "steps.html")]) == 0
    assert "∂L/∂b" in (tmp_path / "steps.html").read_text("utf-8")


def test_draw_can_differentiate_an_intermediate_node(tmp_path):
    out = tmp_path / "fig.svg"
    assert main(["draw", FORMULA, "a=3", "b=1", "--of", "e", "-o", str(out)]) == 0
    assert "∂e/∂b = 2" in out.read_text()


def test_prove_prints_both_derivatives_and_the_verdict(capsys):
    assert main(["prove", "L = c*(a + 2*b)"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["∂L/∂b", "=", "2*c", "SymPy:", "2*c", "proved"]
    assert lines[-1] == "proved: 3 of 3 derivatives"


def test_prove_takes_the_name_of_an_op(capsys):
    assert main(["prove", "tanh"]) == 0
    assert "proved" in capsys.readouterr().out
    assert main(["prove", "mean_pool"]) == 2
    assert capsys.readouterr().err.startswith("cgraph: ")


def test_prove_takes_numbers_for_leaves_and_the_derivative_that_is_asked_for(capsys):
    assert main(["prove", "L = a*b*c", "b=3", "--wrt", "c"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["∂L/∂c", "=", "3*a", "SymPy:", "3*a", "proved"]
    assert lines[-1] == "proved: 1 of 1 derivatives"


def test_prove_says_on_a_terminal_where_it_is(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert main(["prove", "L = a*b", "--seconds", "30"]) == 0
    captured = capsys.readouterr()
    assert "∂L/∂b: 1 of 2 done, " in captured.err
    assert captured.err.endswith("\r\033[K")  # the line is wiped off
    assert "done" not in captured.out


def test_prove_exits_with_1_when_a_rule_is_wrong(capsys, monkeypatch):
    wrong = TABLE["tanh"].replaced(rules=(lambda w, z, x: 1 - z,))
    monkeypatch.setitem(TABLE, "tanh", wrong)
    assert main(["prove", "y = tanh(x)"]) == 1
    assert "WRONG" in capsys.readouterr().out


MISTAKES = [
    (["draw", "L = foo(x)", "x=1"], "there is no function foo"),
    (["draw", "L = x.real", "x=1"], "attribute .real"),
    (["draw", "e = a + d; d = 2*b"], "used before it is defined"),
    (["draw", "a = x; a = 2"], "defined twice"),
    (["draw", "a = b + 1; b = a*2"], "cycle"),
    (["draw", "L = a*b", "a=1"], "b has no value (at character 7 of the formula: b)"),
    (["draw", "L = a*b", "a=1", "b=1", "q=3"], "no node named 'q'"),
    (["draw", "L = a*2", "a=one"], "no number"),
    (["draw", "L = a*2", "a"], "is no value"),
    (["draw", "L = a*2", "a=[1,2]"], "has shape [2]"),
    (["draw", "L = X @ W", "X=[[1,2]]", "W=[[1,2]]"], "inner dimensions"),
    (["draw", "L = a*2; M = a*3", "a=1"], "2 outputs"),
    (["draw", "L = a*2", "--pass", "forward"], "needs values"),
    (["draw", "L = a*2", "--of", "Q"], "no node named 'Q'"),
    (["draw", "L = a*2", "-o", "no/such/folder/f.svg"], "cannot be written"),
    (["draw", "L = a*2", "-o", "f.bmp"], "no ending"),
    (["draw", "L = a*2", "--theme", "pink"], "pink"),
    (["prove", "L = "], "does not read"),
    (["prove", "L = X @ Y"], "no matrix product"),
    (["train", "cats"], "cats"),
    (["train", "digits", "--epochs", "0"], "epochs"),
    ([], "COMMAND"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=[" ".join(a) for a, _ in MISTAKES])
def test_a_mistake_is_one_line_and_status_2(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.startswith("cgraph: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_an_existing_file_survives_a_mistake(tmp_path):
    out = tmp_path / "fig.svg"
    out.write_text("old")
    assert main(["draw", "L = a*b", "a=1", "-o", str(out)]) == 2
    assert out.read_text() == "old"


@pytest.mark.parametrize("backend", ["auto", "numpy", "native", "scalar", "scalar-numpy"])
def test_compile_prints_results_and_shows_the_program_and_its_plan(backend, capsys):
    assert main(["compile", FORMULA, "a=3", "b=1", "c=-2", "--backend", backend]) == 0
    assert capsys.readouterr().out == "L = -10\n"
    assert main(["compile", FORMULA, "a=3", "b=1", "c=-2", "--backend", backend, "--show"]) == 0
    *program, plan, result = capsys.readouterr().out.splitlines()
    assert result == "L = -10"
    chosen = {"auto": "numpy"}.get(backend, backend)
    assert plan.startswith(f"{chosen}: ") and plan.endswith(", 3 floating-point operations")
    assert any("e = " in line for line in program) and any("mul(c, e)" in line for line in program)


def test_compile_takes_arrays_and_without_values_shows_the_program(capsys):
    assert main(["compile", "y = tanh(x @ W)", "x=[[0,1]]", "W=[[1,0],[0.5,0]]", "--dtype", "float32"]) == 0
    assert capsys.readouterr().out == "y = [[0.462117, 0.      ]]\n"
    assert main(["compile", "y = 2*x"]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("y = mul(")
    assert main(["compile", "y = tanh(x @ W)"]) == 2
    assert "Fix: give values, such as x=[[1,2]]: what has none is a single number" in capsys.readouterr().err


def test_digits_without_scikit_learn_names_the_pip_command(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert main(["train", "digits"]) == 2
    assert "pip install 'cgraph-engine[data]'" in capsys.readouterr().err


@pytest.mark.slow
def test_digits_are_learned_and_drawn(tmp_path, capsys):
    assert main(["train", "digits", "-o", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    reached = float(captured.out.split("held-out digits: ")[1].split()[0])
    assert reached >= 0.95
    names = {p.name for p in tmp_path.iterdir()}
    assert names == {"net.svg", "net.png", "learning-curve.svg", "learning-curve.png", "model.npz"}
    digits = cg.train.data.digits()
    found = cg.train.predict(cg.train.load(tmp_path / "model.npz"), digits.test.X)
    assert cg.train.metrics.accuracy(found, digits.test.Y) == pytest.approx(reached, abs=5e-5)  # which has four digits
    assert "left" in captured.err  # the progress bar, with the time left


@pytest.mark.slow
def test_a_lenet_reads_digits_better_than_units_in_columns_and_says_so(tmp_path, capsys):
    assert main(["train", "digits", "--net", "lenet", "-o", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    reached = float(captured.out.split("held-out digits: ")[1].split()[0])
    beside = float(captured.out.split("60 epochs: ")[1].split()[0])
    assert reached >= 0.985 and reached > beside >= 0.95
    assert {p.name for p in tmp_path.iterdir()} == {
        "net.svg", "net.png", "learning-curve.svg", "learning-curve.png", "model.npz"
    }  # fmt: skip
    digits = cg.train.data.digits()
    found = cg.train.predict(cg.train.load(tmp_path / "model.npz"), digits.test.X.reshape(-1, 1, 8, 8))
    assert cg.train.metrics.accuracy(found, digits.test.Y) == pytest.approx(reached, abs=5e-5)
    assert "left" in captured.err


def test_the_demo_draws_proves_and_learns(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["demo"]) == 0
    out = capsys.readouterr().out
    assert {p.name for p in (tmp_path / "cgraph-demo").iterdir()} == {
        f"fig-{n}.{ending}" for n in ("6.15", "6.17", "6.18") for ending in ("svg", "png")
    }
    assert "proved: 3 of 3 derivatives" in out
    assert "Fig. 6.18: proved: 11 of 11 derivatives" in out
    assert "errors: 0 of 4" in out


def test_the_module_is_the_command_and_speaks_utf_8_everywhere():
    run = subprocess.run(
        [sys.executable, "-m", "cgraph", "prove", "y = x*x"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert "∂y/∂x = 2*x" in run.stdout.decode()


# derive --------------------------------------------------------------------------------------------------------------
def test_derive_writes_the_chain_rule_out_with_its_number(capsys):
    assert main(["derive", "L = c*(a + 2*b)", "--wrt", "b", "a=3", "b=1", "c=-2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("One path leads from L to b")
    assert lines[-1].endswith("c · 1 · 2 = 2c = −4")


@pytest.mark.parametrize("arguments", [["a=3", "b=1", "c=-2", "--wrt", "b"], ["--wrt", "b", "--of", "e", "a=3", "b=1"]])
def test_values_may_stand_before_or_after_an_option(arguments, capsys):
    assert main(["derive", FORMULA, *arguments]) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize(("form", "has"), [("latex", r"\begin{aligned}"), ("markdown", "### The derivative of L")])
def test_derive_speaks_latex_and_markdown(form, has, capsys):
    assert main(["derive", FORMULA, "--wrt", "b", "--form", form]) == 0
    assert capsys.readouterr().out.startswith(has)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["derive", FORMULA, "a=3"], "--wrt"),
        (["derive", FORMULA, "--wrt", "q"], "no node named 'q'"),
        (["derive", "L = ", "--wrt", "b"], "does not read"),
        (["derive", FORMULA, "--wrt", "b", "a=3"], "has no value"),
        (["derive", FORMULA, "--wrt", "b", "a"], "is no value"),
        (["derive", FORMULA, "--wrt", "b", "--loud"], "--loud"),
        (["derive", "L = a*2; M = a*3", "--wrt", "a"], "2 outputs"),
        (["prove", "y = x*x", "x=1"], "every leaf is given as a number"),
        (["prove", "y = x*x", "--seconds", "0"], "the time that a proof may take"),
        (["prove", "y = x*x", "--wrt", "z"], "z"),
    ],
)
def test_a_mistake_in_a_derivation_is_one_line_and_status_2(arguments, message, capsys):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_draw_folds_and_says_so_where_there_is_nothing_to_fold(tmp_path, capsys):
    path = tmp_path / "folded.svg"
    chain = "y = " + "tanh(" * 6 + "x" + ")" * 6
    assert main(["draw", chain, "--fold", "blocks", "-o", str(path)]) == 0
    assert capsys.readouterr().err == ""
    assert "× 5" in path.read_text() or "5 times the same" in path.read_text()
    assert main(["draw", chain, "--fold", "layers", "--depth", "1", "-o", str(path)]) == 0
    assert "cgraph: folded nothing: no scope and no name says" in capsys.readouterr().err
    assert main(["draw", chain, "--open", "block[1]", "-o", str(path)]) == 2
    assert "no frame 'block[1]' to open" in capsys.readouterr().err


def test_draw_names_the_ways_and_the_layers_that_can_be_folded(tmp_path, capsys):
    path = tmp_path / "folded.svg"
    assert main(["draw", "L = a*2", "--fold", "layrs", "-o", str(path)]) == 2
    said = capsys.readouterr().err
    assert "no frame 'layrs' to fold" in said and "did you mean 'layers'" in said
    assert main(["draw", "L = a*2", "--fold", "none", "-o", str(path)]) == 0

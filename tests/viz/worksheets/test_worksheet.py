"""Worksheets: what is asked for is blank, the answers are the pass, and the two stand on pages of one file."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from sparse import sparse

import cgraph as cg
import viz
from cgraph import nn
from cgraph.cli import main
from viz.figures.graphs import figure_6_17


def asked(svg: str) -> set[str]:
    return {key.split(" ")[0] for key in re.findall(r'data-number="([^"]+)"', svg)}


def test_the_sheet_has_values_and_no_derivative() -> None:
    made = viz.worksheet(figure_6_17())
    assert asked(made.sheet) == set()
    assert asked(made.answers) == {"gradient", "local"}
    words = html.unescape(made.sheet)
    assert "−4" not in words  # neither in a title nor in the alternative text
    assert "d = 2" in words
    assert made.sheet.count('data-role="field"') == made.answers.count('data-role="field"') == 6 + 5
    assert "data-zero" not in viz.worksheet(nn.textbook.exercise([2, 2, 1], seed=3), style="circuit").sheet


def test_a_pdf_has_both_pages_and_pictures_come_in_pairs(tmp_path: Path) -> None:
    made = viz.worksheet(figure_6_17())
    (path,) = made.save(tmp_path / "sheet.pdf")
    assert len(re.findall(rb"/Type /Page\b", path.read_bytes())) == 2
    apart = made.save(tmp_path / "sheet.pdf", answers=tmp_path / "key.pdf")
    assert [len(re.findall(rb"/Type /Page\b", p.read_bytes())) for p in apart] == [1, 1]
    names = [p.name for p in made.save(tmp_path / "sheet.svg")]
    assert names == ["sheet.svg", "sheet-answers.svg"]
    assert (tmp_path / "sheet-answers.svg").read_text("utf-8") == made.answers
    assert made.save(tmp_path / "sheet.png")[1].read_bytes().startswith(b"\x89PNG")
    with pytest.raises(cg.errors.OutputError, match=r"end it in \.svg, \.png, \.pdf, \.tex"):
        made.save(tmp_path / "sheet.doc")
    with pytest.raises(cg.errors.ValueRefusedError, match=r"end it in \.pdf"):
        made.save(tmp_path / "sheet.pdf", answers="key.svg")
    several = viz.worksheet("L = a*b", variants=2, seed=1).save(tmp_path / "s.svg")
    assert [p.name for p in several] == ["s-1.svg", "s-2.svg", "s-answers-1.svg", "s-answers-2.svg"]


def test_only_a_backward_pass_has_answers() -> None:
    with pytest.raises(cg.errors.ValueRefusedError, match=r"a worksheet of a Forward.*Fix: give a backward pass"):
        viz.worksheet(figure_6_17().forward)  # type: ignore[arg-type]


@pytest.mark.parametrize("sizes", [[1, 1], [2, 2, 1], [3, 2, 2], [2, 2, 2, 1]])
@pytest.mark.parametrize("seed", sparse(range(5), 5))
def test_an_exercise_is_of_whole_numbers_and_away_from_kinks(sizes: list[int], seed: int) -> None:
    bwd = nn.textbook.exercise(sizes, seed=seed)
    assert all(float(v).is_integer() for v in bwd.forward.values)
    assert all(float(e.local).is_integer() and float(e.downstream).is_integer() for e in bwd.edges)
    assert all(bwd.forward[n.operands[0]] != 0 for n in bwd.graph if n.op is not None and n.op.name == "relu")
    assert cg.check_gradient(bwd)
    again = nn.textbook.exercise(sizes, seed=seed)
    assert [float(v) for v in again.forward.values] == [float(v) for v in bwd.forward.values]


@pytest.mark.parametrize("sizes", [[2], [2, 0, 1], [2.5, 1]])
def test_an_exercise_of_no_net_is_refused(sizes: list[int]) -> None:
    with pytest.raises(cg.errors.ValueRefusedError, match="sizes of the net"):
        nn.textbook.exercise(sizes, seed=0)


@pytest.mark.slow
def test_the_command_writes_worksheets_of_formulas_and_of_nets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "sheet.pdf")
    assert main(["worksheet", "L = c*(a + 2*b)", "a=3", "b=1", "c=-2", "-o", out]) == 0
    assert capsys.readouterr().out.strip() == out
    assert main(["worksheet", "--net", "2-2-1", "--seed", "3", "-o", str(tmp_path / "net.svg")]) == 0
    assert "w[1]11" in (tmp_path / "net-answers.svg").read_text("utf-8")
    more = ["L = a*b", "--also", "q = x*x*w", "--variants", "2", "--exercises", "2", "--seed", "4", "--paper", "A3"]
    choices = ["--blanks", "forward,gradient", "--title", "Week 3", "--task", "Do it.", "-o", str(tmp_path / "s.svg")]
    assert main(["worksheet", *more, *choices]) == 0
    made = html.unescape((tmp_path / "s-2.svg").read_text("utf-8"))
    assert made.count('data-role="exercise"') == 4 and "Week 3" in made and "Sheet 2 of 2" in made
    for arguments, message in (
        ([], "a formula or of a net"),
        (["L = a*b"], "its answers are the gradients"),
        (["--net", "2-x"], "write --net 2-2-1"),
        (["L = a*b", "a=1"], "b has no value"),
        (["--net", "2"], "at least one layer"),
        (["L = a*b", "--variants", "3"], "without a seed"),
        (["L = a*b", "--variants", "0", "--seed", "1"], "variants is 0"),
        (["L = a*b", "--exercises", "9", "--seed", "1"], "exercises is 9"),
        (["L = a*b", "a=1", "b=2", "--blanks", "gradients"], "did you mean 'gradient'"),
        (["L = a*b", "a=1", "b=2", "--blanks", "local,formula"], "choose local or formula"),
        (["L = a*b", "a=1", "b=2", "--paper", "A5"], "no paper 'A5'"),
        (["--net", "2-1", "--also", "L = a*b"], "leave out one of them"),
        (["L = sigmoid(a)", "--seed", "1"], "0 of 1 variants"),
        (["--net", "3-6-6-1", "--seed", "1"], "too small to write in"),
    ):
        assert main(["worksheet", *arguments, "-o", out]) == 2
        assert message in capsys.readouterr().err

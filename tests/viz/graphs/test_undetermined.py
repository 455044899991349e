"""Edges on which 0 met ∞: how pictures of every kind and detail say so, and what a derivation and a report say."""

from __future__ import annotations

from pathlib import Path

import pytest

import cgraph as cg
import viz
from cgraph.passes.backward import Backward

pytestmark = pytest.mark.filterwarnings("ignore::cgraph.errors.IndeterminateWarning")
SAYS = "indeterminate: 0 met ∞ on this edge"


def at_zero() -> Backward:
    return cg.backward("v = cbrt(x); L = v**3 + y*0", x=0.0, y=1.0)


@pytest.mark.parametrize("detail", ["full", "number", "formula", "hover", "outline"])
def test_the_edge_says_so_in_every_detail_and_is_no_gradient_of_0(detail: str) -> None:
    picture = viz.draw(at_zero(), detail=detail)
    marked = [e for e in picture.drawing.edges if e.undetermined]
    assert [e.name for e in marked] == ["x->v"]
    assert SAYS in marked[0].title
    assert not marked[0].zero
    assert picture.svg().count('data-indeterminate="true"') == 1
    assert ("0·∞" in str(marked[0].downstream)) == (detail not in ("hover", "outline"))


def test_a_picture_of_finite_numbers_has_no_such_words() -> None:
    picture = viz.draw(cg.backward("v = cbrt(x); L = v**3", x=8.0))
    assert not any(e.undetermined for e in picture.drawing.edges)
    assert "indeterminate" not in picture.svg()


@pytest.mark.parametrize("ending", [".svg", ".tex", ".dot", ".mmd", ".html"])
def test_every_format_can_write_it(ending: str, tmp_path: Path) -> None:
    text = viz.draw(at_zero()).save(tmp_path / f"picture{ending}").read_text(encoding="utf-8")
    assert any(infinity in text for infinity in ("0 met ∞", "(0·∞)", r"\infty", "#8734;"))


def test_a_diagnosis_names_the_edge_before_it_speaks_of_gradients_that_are_zero() -> None:
    found = viz.diagnose(at_zero())
    (finding,) = found.of("indeterminate")
    assert finding.names == ("v", "x")
    assert "0·∞ on the edge from x to v" in finding.what
    assert found.findings.index(finding) == 0
    assert not viz.diagnose(cg.backward("L = where(c, log(x), x)", x=0.0, c=0.0)).of("indeterminate")


def test_a_derivation_gives_no_number_to_what_the_factors_do_not_determine() -> None:
    text = cg.derive(at_zero(), wrt="x").text
    assert "∂L/∂x = indeterminate here: 0·∞, which the pass sets to 0" in text
    assert "= 1 = 0" not in text
    assert "= 3v² = 0" in text
    assert r"\text{indeterminate here}" in cg.derive(at_zero(), wrt="x").latex
    below = cg.derive("u = 2*x; v = cbrt(u); L = v**3", wrt="x", x=0).text
    assert below.count("indeterminate here") >= 2  # of u and of x, which is below it
    assert "indeterminate" not in cg.derive("v = cbrt(x); L = v**3", wrt="x", x=8).text


def test_check_gradient_names_the_edge_beside_its_verdict() -> None:
    report = cg.check_gradient("L = cbrt(x)**3", x=0)
    assert report.slopes[0].verdict == "WRONG"
    assert report.indeterminate == ("0·∞ on the edge from x to v1",)
    assert "indeterminate: 0·∞ on the edge from x to v1" in str(report)
    overflown = cg.check_gradient("L = log(cosh(x))", x=800)  # whose values are all infinite
    assert overflown.slopes[0].verdict != "agrees"
    assert "indeterminate" in str(overflown)
    assert "indeterminate" not in str(cg.check_gradient("L = cbrt(x)**3", x=8))

"""What pictures ask of cgraph: each pass once, nothing of what they are handed; formulas and values are taken."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

import cgraph as cg
import viz
from cgraph import nn
from cgraph.errors import ValueRefusedError
from cgraph.passes.backward import Backward
from viz.figures.graphs import figure_6_17

FORMULA, VALUES = "d = 2*b; e = a + d; L = c*e", {"a": 3, "b": 1, "c": -2}


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the backward passes that are made, by the name of their world: each is a record."""
    made: Counter[str] = Counter()
    honest = Backward.__init__

    def counted(self: Backward, forward: Any, *rest: Any, **named: Any) -> None:
        made[type(forward.world).__name__] += 1
        honest(self, forward, *rest, **named)

    monkeypatch.setattr(Backward, "__init__", counted)
    return made


def written(picture: viz.Picture) -> None:
    """A picture in every form that has words of its own."""
    for form in (picture.svg, picture.html, picture.tex, picture.mermaid, picture.frames, picture.animation):
        form()
    assert picture.dot and picture.steps().steps


def test_a_backward_pass_is_drawn_without_another_but_for_one_in_symbols(passes: Counter[str]) -> None:
    bwd = figure_6_17()
    passes.clear()
    written(viz.draw(bwd))
    assert passes == {"TextbookWorld": 1, "GuardedWorld": 1}  # formulas, and what a page computes again


@pytest.mark.parametrize("detail", ["number", "hover", "outline"])
def test_where_no_formula_is_written_no_pass_is_asked_for(detail: str, passes: Counter[str]) -> None:
    bwd = figure_6_17()
    passes.clear()
    assert viz.draw(bwd, detail=detail).svg()
    assert passes == {}


def test_a_graph_asks_for_one_pass_in_symbols_and_a_forward_pass_for_one_in_numbers_too(passes: Counter[str]) -> None:
    bwd = figure_6_17()
    passes.clear()
    written(viz.draw(bwd.graph))
    assert passes == {"TextbookWorld": 1}
    passes.clear()
    written(viz.draw(bwd.forward))
    assert passes == {"TextbookWorld": 1, "NumpyWorld": 1, "GuardedWorld": 1}


def test_films_worksheets_and_diagnoses_run_no_pass(passes: Counter[str]) -> None:
    bwd = figure_6_17()
    passes.clear()
    assert viz.film([bwd, bwd]).html() and viz.diagnose(bwd).text
    assert passes == {}
    assert viz.worksheet(bwd).sheet
    assert passes == {}
    assert viz.worksheet(bwd, blanks="formula").sheet
    assert passes == {"TextbookWorld": 1}


# Formulas as text, and values --------------------------------------------------------------------------------------
def test_a_formula_with_values_is_drawn_as_its_backward_pass() -> None:
    bwd = cg.backward(cg.forward(cg.parse(FORMULA), VALUES))
    expected = viz.draw(bwd, theme="print").svg()
    assert viz.draw(FORMULA, VALUES, theme="print").svg() == expected
    assert viz.draw(FORMULA, theme="print", a=3, b=1, c=-2).svg() == expected
    assert viz.draw(bwd.graph, VALUES, theme="print").svg() == expected
    assert viz.draw(bwd.graph["L"], VALUES, theme="print").svg() == expected


def test_a_formula_without_values_is_drawn_in_symbols() -> None:
    assert viz.draw(FORMULA).svg() == viz.draw(cg.parse(FORMULA)).svg()


def test_what_has_no_one_scalar_is_drawn_forward() -> None:
    picture = viz.draw("z = X @ w", X=[[1.0, 2.0], [3.0, 4.0]], w=[1.0, 1.0])
    assert isinstance(picture.of, cg.Forward) and picture.of["z"].tolist() == [3, 7]
    assert isinstance(viz.draw("p = 2*a; q = 3*a", a=1).of, cg.Forward)


def test_a_model_with_values_is_drawn_with_its_numbers() -> None:
    model = nn.MLP([2, 3, 2], seed=0)
    assert np.array_equal(viz.draw(model, X=[[1.0, 2.0]]).of.values[-1], model.predict([[1.0, 2.0]]))


def test_steppers_worksheets_and_diagnoses_take_formulas_with_values() -> None:
    bwd = cg.backward(cg.forward(cg.parse(FORMULA), VALUES))
    assert viz.step_through(FORMULA, a=3, b=1, c=-2, height=300).page == viz.step_through(bwd).page
    assert viz.worksheet(FORMULA, VALUES, theme="dark") == viz.worksheet(bwd, theme="dark")
    assert viz.diagnose("L = a*b", a=0, b=2).text == viz.diagnose(cg.backward(cg.forward("L = a*b", a=0, b=2))).text


@pytest.mark.parametrize(
    ("of", "named", "message"),
    [
        (FORMULA, {"a": 3, "b": 1}, "c"),
        (FORMULA, {**VALUES, "styl": "circuit"}, "styl"),
        (figure_6_17(), {"a": 3}, "a backward pass is given a.*has the values that it was computed with"),
        (figure_6_17().forward, {"them": "dark"}, "a forward pass is given them.*did you mean 'theme'"),
    ],
)
def test_values_that_do_not_fit_are_refused(of: Any, named: dict[str, Any], message: str) -> None:
    with pytest.raises(cg.errors.CgraphError, match=message):
        viz.draw(of, **named)


def test_a_worksheet_of_a_formula_without_values_has_no_answers() -> None:
    with pytest.raises(ValueRefusedError, match="a worksheet of a Graph"):
        viz.worksheet(FORMULA)


def test_a_limit_of_a_diagnosis_that_is_misspelt_is_no_value() -> None:
    with pytest.raises(ValueRefusedError, match=r"a backward pass is given shares.*did you mean 'share'"):
        viz.diagnose(figure_6_17(), shares=0.5)

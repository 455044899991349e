"""`viz.worksheet`: exercises in blanks, on paper that can be written on, and their answers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.parse import GraphLike
from cgraph.passes.backward import Backward
from cgraph.shapes import is_integer
from viz import asked
from viz.graphs.words.drawing import STYLES
from viz.ink import files, pdf
from viz.ink.lines import clean
from viz.ink.themes import ThemeLike, theme_named
from viz.worksheets.blanks import FORMULA, GRADIENT, LOCAL, Asked, kinds_of
from viz.worksheets.paper import Sheet, sheets
from viz.worksheets.source import document

TITLE = "Computation graphs"
MOST_EXERCISES, MOST_VARIANTS = 6, 1000
FORMATS = (*files.IMAGES, ".tex")


@dataclass(frozen=True, repr=False)
class Worksheet:
    """Sheets to fill in and their keys, one page each; `.save("sheet.pdf")` writes all of them.

    `sheet` and `answers` are the first pages as SVG texts; `sheets` and `keys` are all of them.
    """

    pages: tuple[Sheet, ...]

    @cached_property
    def sheets(self) -> tuple[str, ...]:
        """Every page with empty fields, as SVG texts."""
        return tuple(page.svg(answers=False) for page in self.pages)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Every page with its answers, as SVG texts."""
        return tuple(page.svg(answers=True) for page in self.pages)

    @property
    def sheet(self) -> str:
        """The first sheet."""
        return self.pages[0].svg(answers=False)

    @property
    def answers(self) -> str:
        """The answers of the first sheet."""
        return self.pages[0].svg(answers=True)

    def tex(self, answers: bool = False) -> str:
        """The sheets, or their keys, as a document for plain pdflatex."""
        return document(self.pages, answers)

    def save(
        self, path: str | os.PathLike[str], *, answers: str | os.PathLike[str] | None = None, dpi: float | None = None
    ) -> list[Path]:
        """Write a .pdf (extra `pdf`) of all sheets and then all keys; or for .tex, .svg and .png sheets and keys apart.

        `answers` is a file for the keys alone. Those of `sheet.tex` are in `sheet-answers.tex`; of several sheets each
        .svg and .png is numbered. `dpi` are the dots to the inch of a .png. Raises OutputError, MissingPackageError.
        """
        target = Path(path)
        ending = target.suffix.lower()
        if ending not in FORMATS:
            raise files.no_ending(path, FORMATS)
        apart = None if answers is None else Path(answers)
        if apart is not None and apart.suffix.lower() != ending:
            raise ValueRefusedError(f"answers in {apart}", why=f"the sheets are in {target}", fix=f"end it in {ending}")
        beside = apart or target.with_name(f"{target.stem}-answers{target.suffix}")
        if ending == ".pdf":
            parts = [(target, (*self.sheets, *self.keys))]
            if apart is not None:
                parts = [(target, self.sheets), (apart, self.keys)]
            return [files.write(place, pdf.write(svgs)) for place, svgs in parts]
        if ending == ".tex":
            made = ((target, self.tex()), (beside, self.tex(answers=True)))
            return [files.write(place, text.encode()) for place, text in made]
        written = []
        for place, svgs in ((target, self.sheets), (beside, self.keys)):
            for i, svg in enumerate(svgs, 1):
                own = (
                    place
                    if len(svgs) == 1
                    else place.with_name(f"{place.stem}-{i:0{len(str(len(svgs)))}}{place.suffix}")
                )
                written.append(files.save(own, svg, files.IMAGES, dpi))
        return written

    def __repr__(self) -> str:
        return f"<worksheet: {len(self.pages)} of {len(self.pages[0].exercises)} exercises, {self.pages[0].asked.task}>"

    def _repr_svg_(self) -> str:
        return self.sheet


def worksheet(
    of: Backward | GraphLike | Sequence[Any],
    values: Mapping[Any, Any] | None = None,
    /,
    *,
    blanks: str | Sequence[str] | None = None,
    variants: int | None = None,
    exercises: int = 1,
    seed: int | None = None,
    paper: str = "A4",
    title: str = TITLE,
    task: str | None = None,
    style: str = "textbook",
    theme: ThemeLike = "textbook",
    **named: Any,
) -> Worksheet:
    """Exercises on paper: a computation graph with fields in the place of what is to be found, and the keys.

    of          a backward pass, a graph or a formula, with values as `viz.draw` takes them; or a list of these, which
                are the exercises of a sheet
    blanks      "forward" (values), "local" (local derivatives), "gradient", "formula" (local derivatives as formulas),
                or several in a list; by default "local" and "gradient", or the gradients alone where that is too much
    variants    so many sheets, each with other small whole numbers that can be computed in the head
    exercises   so many exercises of each graph on a sheet, with other numbers
    seed        of these numbers: the same seed gives the same sheets. A formula without values needs one
    paper       "A4", "A3" or "letter"
    title       what stands above each sheet; task: the sentence above each exercise
    style, theme  as for `viz.draw`

    Fields are at least 18 mm wide and text has at least 9 points; what is free below a picture is squared for working.
    The keys are the numbers of the passes. Raises ValueRefusedError for what has no gradients in numbers, where there
    are no numbers that are easy enough, and for what does not fit on its paper.

    >>> worksheet("L = c*(a + 2*b)", a=3, b=1, c=-2).sheet.startswith("<svg")
    True
    >>> len(worksheet("L = c*(a + 2*b)", variants=3, seed=1).keys)
    3
    """
    given = {**(values or {}), **named}
    for what, count, most in (
        ("variants", 1 if variants is None else variants, MOST_VARIANTS),
        ("exercises", exercises, MOST_EXERCISES),
    ):
        if not is_integer(count) or not 1 <= count <= most:
            raise ValueRefusedError(f"{what} is {count!r}", fix=f"give a whole number from 1 to {most}")
    if style not in STYLES:
        raise ValueRefusedError(f"there is no style {style!r}", fix=f"choose one of {', '.join(STYLES)}")
    subjects = list(of) if isinstance(of, (list, tuple)) else [of]
    if not subjects:
        raise ValueRefusedError("a worksheet of nothing", fix="give a formula, a graph or a backward pass")
    kinds = None if blanks is None else kinds_of(blanks)
    drawn = variants is not None or exercises > 1 or seed is not None
    count = variants or 1
    columns: list[list[asked.Passes]] = []
    for one in subjects:
        if drawn:
            if seed is None:
                raise ValueRefusedError(
                    "numbers are chosen without a seed",
                    why="the same sheets cannot be made again",
                    fix="give seed=1, or any other whole number",
                )
            known = {k: v for k, v in given.items() if _has(one, k)}
            made = asked.easy_passes(one, count * exercises, seed + len(columns), known)
        else:
            made = [_passes(one, given, kinds)]
        columns.append([asked.passes(x) for x in made])
    pages = [[p for made in columns for p in made[i * exercises : (i + 1) * exercises]] for i in range(count)]
    numbers = [""] if count == 1 else [f"Sheet {i + 1} of {count}" for i in range(count)]
    ways = [kinds] if kinds is not None else [(LOCAL, GRADIENT), (GRADIENT,)]
    shared = any(p.numbers and _shared(p.numbers) for page in pages for p in page)
    choices = [Asked(way, words, shared) for way in ways for words in (True, False)]
    words = None if task is None else clean(task)
    return Worksheet(tuple(sheets(pages, choices, style, theme_named(theme), paper, clean(title), numbers, words)))


def _passes(of: Any, given: Mapping[Any, Any], kinds: tuple[str, ...] | None) -> Any:
    """The passes of one exercise as they are given."""
    found = asked.subject(of, given, worksheet.__kwdefaults__ or ())
    if not isinstance(found, Backward) and not (isinstance(found, Graph) and kinds == (FORMULA,)):
        raise ValueRefusedError(
            f"a worksheet of a {type(found).__name__}",
            why="its answers are the gradients",
            fix="give a backward pass, viz.worksheet(cg.backward(cg.forward(...))), or a formula with values, or with "
            "seed=1 for small whole numbers",
        )
    return found


def _shared(bwd: Backward) -> bool:
    """Whether a gradient is a sum of what comes back along several edges."""
    operands = [edge.operand for edge in bwd.edges]
    return len(set(operands)) < len(operands)


def _has(of: Any, key: Any) -> bool:
    graph = asked.graph(of)
    return key in graph.leaves or key in {x.name for x in graph.leaves}

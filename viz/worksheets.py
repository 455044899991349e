"""Worksheets: a picture with blanks where derivatives go, and its answers on the next page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cgraph import notation
from cgraph.errors import ValueRefusedError
from cgraph.graph.parse import GraphLike
from cgraph.notation import Group, Math, Named, Script, Sym
from cgraph.passes.backward import Backward
from viz.graphs.draw import draw
from viz.graphs.places.engine import TIME_LIMIT
from viz.graphs.places.layout import lay_out
from viz.graphs.words.drawing import BoxText, Drawing, EdgeText
from viz.ink import files
from viz.ink.lines import Label

TASK = "Fill in each local derivative, what flows back along each edge, and the gradient of each node."
BLANK = ("gradient", "local", "downstream")  # the quantities that are left out
LENGTH = 5  # of a blank, in underscores


@dataclass(frozen=True)
class Worksheet:
    """A `sheet` to fill in and its `answers`, SVG texts of the same picture; `.save("sheet.pdf")` writes both."""

    sheet: str
    answers: str

    def save(self, path: str | os.PathLike[str], *, dpi: float | None = None) -> list[Path]:
        """Write a .pdf of two pages (extra `pdf`), or for .svg and .png two files, `sheet` and `sheet-answers`.

        `dpi` are the dots to the inch of a .png.

        Raises OutputError, MissingPackageError.
        """
        target = Path(path)
        if target.suffix.lower() == ".pdf":
            return [files.write(target, files.pages([self.sheet, self.answers]))]
        beside = target.with_name(f"{target.stem}-answers{target.suffix}")
        made = ((target, self.sheet), (beside, self.answers))
        return [files.save(place, svg, files.IMAGES, dpi) for place, svg in made]

    def _repr_svg_(self) -> str:
        return self.sheet


def worksheet(
    of: Backward | GraphLike, values: Mapping[Any, Any] | None = None, /, *, task: str = TASK, **choices: Any
) -> Worksheet:
    """A worksheet of a backward pass: values stand there, derivatives are blanks.

    `of` may be a graph or a formula too, with values as `viz.draw` takes them; `choices` are those of `viz.draw`:
    style, theme, detail, direction. Raises ValueRefusedError for what has no gradients in numbers.

    >>> worksheet("L = c*(a + 2*b)", a=3, b=1, c=-2).sheet.startswith("<svg")
    True
    """
    picture = draw(of, values, **choices)
    if not isinstance(picture.of, Backward):
        raise ValueRefusedError(
            f"a worksheet of a {type(picture.of).__name__}",
            why="its answers are the gradients",
            fix="give a backward pass: viz.worksheet(cg.backward(cg.forward(...)))",
        )
    drawing = _blanked(picture.drawing)
    layout = lay_out(drawing, picture.theme, picture.direction, None, TIME_LIMIT)
    asked = replace(picture, drawing=drawing, layout=layout, caption=task, description=task)
    return Worksheet(asked.svg(), replace(picture, caption=f"Answers. {picture.caption}").svg())


# Blanks --------------------------------------------------------------------------------------------------------------
def _blanked(drawing: Drawing) -> Drawing:
    """The drawing with a line in the place of each number that is asked for, and without titles that would tell."""
    return replace(drawing, boxes=tuple(map(_box, drawing.boxes)), edges=tuple(map(_edge, drawing.edges)))


def _box(box: BoxText) -> BoxText:
    title = "\n".join(t for t in box.title.split("\n") if not t.startswith("∂"))
    return box._replace(title=title, lines=tuple((role, _label(label)) for role, label in box.lines))


def _edge(edge: EdgeText) -> EdgeText:
    local, downstream = _label(edge.local), _label(edge.downstream)
    return edge._replace(title=edge.name, zero=False, local=local, downstream=downstream)


def _label(label: Label) -> Label:
    return tuple((role, _blank(math)) for role, math in label)


def _blank(math: Math) -> Math:
    if isinstance(math, Named) and math.key.lstrip("(+").startswith(BLANK):
        line: Math = Script(Sym("_" * LENGTH), sup=Sym(" "))  # raised, so that there is room to write
        return notation.row(notation.PLUS, line) if math.key.startswith("+") else line
    return Group(tuple(map(_blank, math.parts))) if isinstance(math, Group) else math

"""Steps of training as a film: one picture of the net on one layout and one scale of colours, once for each pass."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from cgraph import notation
from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.passes.backward import Backward
from cgraph.passes.forward import Forward
from viz import asked
from viz.diagnosis.diagnose import Diagnosis, diagnose
from viz.graphs.badges import badged
from viz.graphs.draw import alternative_text, coloured
from viz.graphs.formats import pages
from viz.graphs.paint import paint
from viz.graphs.picture import Picture
from viz.graphs.places.engine import TIME_LIMIT
from viz.graphs.places.layout import lay_out, reworded
from viz.graphs.words.annotate import annotate
from viz.graphs.words.drawing import HOVER, BoxText, Drawing
from viz.graphs.words.heat import VALUE, heat, limit_of, shown_numbers
from viz.ink import files
from viz.ink.lines import Label, clean, set_line
from viz.ink.themes import ThemeLike, theme_named

CAPTION = '<g data-role="caption">'
SECONDS, REST = 0.6, 4  # of each frame of an animation; frames for which the last one stays


@dataclass(frozen=True)
class Film:
    """Pictures of the steps of training: `.pictures`, `.save("training.html" or ".svg")`, `.save_frames(folder)`.

    Nothing moves from one picture to the next, and a colour is the same number in all. `titles` and `diagnoses` are
    those of the frames (a forward pass has no diagnosis).
    """

    pictures: tuple[Picture, ...] = field(repr=False)
    titles: tuple[str, ...]
    diagnoses: tuple[Diagnosis | None, ...] = field(repr=False)
    caption: str

    def __len__(self) -> int:
        return len(self.pictures)

    def frames(self) -> list[str]:
        """Each picture as SVG."""
        return [picture.svg() for picture in self.pictures]

    def animation(self) -> str:
        """All frames in one SVG that plays by itself; a reader that cannot move shows the last one."""
        count = len(self) + REST
        rules = []
        spans: dict[tuple[int, int], int] = {}
        body = self._strip(spans)
        for (first, last), number in spans.items():
            start, end = 100 * first / count, 100 * (last + 1) / count if last + 1 < len(self) else 100.0
            ends = "" if end == 100 else f"{end:.3f}%{{visibility:hidden}}"
            keys = f"0%{{visibility:{'hidden' if first else 'visible'}}}{start:.3f}%{{visibility:visible}}{ends}"
            time = f"{count * SECONDS:.1f}s step-end infinite"
            still = "" if end == 100 else "visibility:hidden;"
            rules.append(
                f'@keyframes f{number}{{{keys}}}[data-frames="{first} {last}"]{{{still}animation:f{number} {time}}}'
            )
        before, end_, after = body.partition("</defs>")
        return f"{before}{end_}\n<style>{''.join(rules)}</style>{after}"

    def html(self) -> str:
        """A page of its own with a slider over the steps, and what `viz.diagnose` finds in each."""
        told = [
            {"title": title, "findings": "" if found is None else found.text}
            for title, found in zip(self.titles, self.diagnoses, strict=True)
        ]
        return pages.page(
            "film",
            self.caption,
            pages.grouped(self._strip({})),
            self.pictures[0].theme,
            pages.OWN,  # the colours of heat maps are no variables of a page
            ("view", "keys"),
            data=pages.data(told),
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the film as the file's ending says: .html with a slider, or .svg that plays by itself.

        Raises OutputError.
        """
        return files.save(path, self, FORMATS)

    def save_frames(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write each picture as a numbered SVG for slides: 001.svg, 002.svg, ... Raises OutputError."""
        return [files.write(Path(folder) / f"{i:03}.svg", svg.encode()) for i, svg in enumerate(self.frames(), 1)]

    def _strip(self, spans: dict[tuple[int, int], int]) -> str:
        """One SVG with the lines of all frames: what stays is there once, what changes in a group for each stretch."""
        head, *_ = columns = self._columns()
        whole = []
        for place in range(len(head)):
            stretches = [
                (text, [i for i, _ in run])
                for text, run in groupby(enumerate(c[place] for c in columns), key=lambda pair: pair[1])
            ]
            if len(stretches) == 1:
                whole.append(stretches[0][0])
                continue
            for text, frames in stretches:
                span = frames[0], frames[-1]
                spans.setdefault(span, len(spans))
                whole.append(f'<g data-frames="{span[0]} {span[1]}">{text}</g>')
        return "\n".join(whole)

    def _columns(self) -> list[list[str]]:
        """The parts of each frame's SVG, as many in all; size, title, description and outlines are those of all."""
        letters = "".join(sorted({c for p in self.pictures for c in p.characters()}))
        of_all = replace(self.pictures[-1], caption=self.caption).parts(letters)
        columns = [_captioned(picture.parts(letters)) for picture in self.pictures]
        size, _, _ = max((c[0] for c in columns), key=_height).partition(" role=")
        _, _, about = of_all[0].partition(" role=")
        return [[f"{size} role={about}", *of_all[1:4], *parts[4:]] for parts in columns]


FORMATS: dict[str, Callable[[Film], bytes]] = {
    ".html": lambda film: film.html().encode(),
    ".svg": lambda film: film.animation().encode(),
}


def _captioned(parts: list[str]) -> list[str]:
    """The parts of a picture, the lines of its caption as one."""
    words = [i for i, part in enumerate(parts) if part.startswith(CAPTION)]
    return [*parts[: words[0]], "".join(parts[words[0] : words[-1] + 1]), *parts[words[-1] + 1 :]]


def _height(line: str) -> float:
    return float(line.partition(' height="')[2].partition('pt"')[0])


def film(
    passes: Sequence[Forward | Backward],
    titles: Sequence[str] | None = None,
    *,
    colour: str = VALUE,
    limit: float | None = None,
    style: str = "textbook",
    theme: ThemeLike = "textbook",
    direction: str = "LR",
    detail: str = HOVER,
    caption: str | None = None,
    engine: str | None = None,
    time_limit: float = TIME_LIMIT,
) -> Film:
    """Passes of one graph, such as those of `viz.Watch`, as pictures on one layout with one scale of colours.

    `colour` is "value" (weights and activations) or "gradient", `limit` the number with the full colour, by default
    the largest of all passes but for inputs. Backward passes are diagnosed, and their boxes have badges. For neurons,
    give `[cg.unroll(p) for p in passes]`. The other choices are those of `viz.draw`.
    Raises ValueRefusedError for no passes, passes of different graphs, and what `viz.draw` refuses.

    >>> import cgraph as cg
    >>> L = cg.square(cg.parameter("w", 3.0) - 1).named("L")
    >>> film([cg.backward(cg.forward(L, w=w)) for w in (3.0, 2.0, 1.5)]).titles
    ('step 1: L = 4', 'step 2: L = 1', 'step 3: L = 0.25')
    """
    passes = list(passes)
    _check(passes, titles)
    chosen = theme_named(theme)
    names = [f"step {i}" for i in range(1, len(passes) + 1)] if titles is None else [clean(t) for t in titles]
    names = [f"{name}{_output(p)}" for name, p in zip(names, passes, strict=True)]
    diagnoses = tuple(diagnose(p) if isinstance(p, Backward) else None for p in passes)
    show = paint.BOTH if isinstance(passes[0], Backward) else paint.FORWARD
    if limit is None:
        limit = limit_of(*(shown_numbers(p, colour) for p in passes))
    drawings = []
    records = [asked.passes(p) for p in passes]
    for record, p, found in zip(records, passes, diagnoses, strict=True):
        drawing = annotate(record, style, detail)
        drawing = drawing if found is None else badged(drawing, p.graph, found)
        drawings.append(coloured(drawing, heat(p, colour, limit), show))
    if any(e.zero for d in drawings for e in d.edges):  # one legend for all
        drawings = [replace(d, heat=replace(d.heat, zeros=True)) for d in drawings if d.heat]
    layout = lay_out(_roomiest(drawings), chosen, direction, engine, time_limit)
    if caption is None:
        caption = f"Training of {drawings[0].root}: {colour}s as colour, the same scale in every step"
    pictures = tuple(
        Picture(
            record,
            style,
            d,
            reworded(layout, d, chosen),
            chosen,
            show,
            f"{clean(caption)}\n{t}",
            alternative_text(d, show),
            direction,
        )
        for record, d, t in zip(records, drawings, names, strict=True)
    )
    return Film(pictures, tuple(names), diagnoses, clean(caption))


def _check(passes: Sequence[Any], titles: Sequence[str] | None) -> None:
    if not passes or not all(isinstance(p, (Forward, Backward)) for p in passes):
        raise ValueRefusedError("a film is made from passes", fix="give [cg.backward(cg.forward(L, ...)), ...]")
    if titles is not None and len(titles) != len(passes):
        raise ValueRefusedError(f"{len(titles)} titles for {len(passes)} passes", fix="give one for each")
    first = passes[0]
    for p in passes[1:]:
        if type(p) is not type(first) or _structure(p.graph) != _structure(first.graph):
            raise ValueRefusedError(
                "the passes of a film are of different graphs, or some of them are only forward",
                why="there is one layout for all",
                fix="give passes of one graph, such as those of viz.Watch",
            )


def _structure(graph: Graph) -> list[tuple[Any, ...]]:
    """What must be the same for one layout: the nodes' names, ops and operands."""
    at = graph.index
    return [(name, n.op, [at[x] for x in n.operands]) for name, n in zip(graph.names, graph.nodes, strict=True)]


def _output(p: Forward | Backward) -> str:
    """The value of a scalar output, for the title of its frame."""
    root = p.of if isinstance(p, Backward) else p.graph.outputs[-1]
    value = (p.forward if isinstance(p, Backward) else p)[root]
    if value.shape != ():
        return ""
    return f": {clean(p.graph.name(root))} = {notation.text(notation.number(value))}"


def _roomiest(drawings: Sequence[Drawing]) -> Drawing:
    """A drawing that has room for the words of all: of each line of a box the widest, and every line that one has."""
    first = drawings[0]
    boxes = tuple(_widest([d.boxes[i] for d in drawings]) for i in range(len(first.boxes)))
    edges = tuple(
        max((d.edges[i] for d in drawings), key=lambda e: _width(e.local) + _width(e.downstream))
        for i in range(len(first.edges))
    )
    return replace(first, boxes=boxes, edges=edges)


def _widest(boxes: Sequence[BoxText]) -> BoxText:
    found: dict[tuple[str, int], Label] = {}
    for box in boxes:
        for place, (role, label) in enumerate(box.lines):
            key = role, sum(r == role for r, _ in box.lines[:place])
            if key not in found or _width(label) > _width(found[key]):
                found[key] = label
    return boxes[0]._replace(lines=tuple((role, label) for (role, _), label in found.items()))


def _width(label: Label) -> float:
    return set_line("value", label, 10.0).width

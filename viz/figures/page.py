"""The figures as files, and the page that shows them with their captions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from cgraph.errors import ValueRefusedError
from viz.figures import FIGURES, Figure, Savable, found
from viz.ink import files
from viz.ink.themes import ThemeLike

FORMATS = tuple(ending[1:] for ending in files.IMAGES)
SHOWN = ("svg", "png")  # what a page can show, the better first

_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Neural networks: the figures of the chapter</title>
<style>
:root { color-scheme: light dark; }
body { font: 17px/1.5 Georgia, "Times New Roman", serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem; }
figure { margin: 0 0 3rem; text-align: center; break-inside: avoid; }
img { max-width: 100%; height: auto; }
figcaption { max-width: 44rem; margin: .75rem auto 0; text-align: left; }
figcaption b { font-weight: 600; }
@media print { body { max-width: none; margin: 0; } .files { display: none; } figure { margin-bottom: 1.5rem; } }
</style>
</head>
<body>
<main>
<h1>Neural networks: the figures of the chapter</h1>
<p>Drawn by cgraph from its own models and passes; the numbering is that of Jurafsky and Martin, <cite>Speech and
Language Processing</cite> (3rd ed.), chapter 6.</p>
"""
_FOOT = "</main>\n</body>\n</html>\n"
_NOTHING = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>'


def write(
    folder: str | Path,
    *,
    only: Iterable[str] = (),
    theme: ThemeLike = "textbook",
    formats: Sequence[str] = FORMATS,
    numbered: bool = True,
) -> list[Path]:
    """Write figures of the chapter into a folder that is there, with an index.html that shows them.

    `only` are numbers such as "6.2", by default all eighteen; `formats` some of "svg", "png", "pdf"; without
    `numbered` the captions have no numbers. The files are returned, the page last. Raises ValueRefusedError for what
    there is none of, MissingPackageError without the extras `plots` and `pdf` where they are needed, OutputError when a
    file cannot be written.
    """
    wrong = [f for f in formats if f not in FORMATS]
    if wrong or not formats:
        raise ValueRefusedError(
            f"the figures as {', '.join(map(repr, wrong)) or 'nothing'}", fix=f"choose some of {', '.join(FORMATS)}"
        )
    numbers = list(only)
    chosen = [found(number) for number in numbers] if numbers else list(FIGURES.values())
    pictures = [figure.picture(theme, numbered=numbered) for figure in chosen]
    if "pdf" in formats:
        files.pdf(_NOTHING)  # a missing package is found before the first file is written
    written: list[Path] = []
    parts = []
    for figure, picture in zip(chosen, pictures, strict=True):
        mine = [picture.save(Path(folder) / f"fig-{figure.number}.{ending}") for ending in dict.fromkeys(formats)]
        parts.append(_part(figure, picture, mine, numbered))
        written += mine
    written.append(files.write(Path(folder) / "index.html", (_HEAD + "".join(parts) + _FOOT).encode()))
    return written


def _part(figure: Figure, picture: Savable, files: Sequence[Path], numbered: bool) -> str:
    """A figure as a part of the page: the image, its caption, and links to its files."""
    names = {path.suffix[1:]: escape(path.name) for path in files}
    image = next((names[ending] for ending in SHOWN if ending in names), None)
    shown = f'<img src="{image}" alt="{escape(picture.description)}">' if image else "<p>(as PDF only)</p>"
    links = ", ".join(f'<a href="{name}">{ending}</a>' for ending, name in names.items())
    number = f"<b>Fig. {figure.number}</b>: " if numbered else ""
    return (
        f'<figure id="fig-{figure.number}">\n{shown}\n<figcaption>{number}{escape(figure.title)}. '
        f'{escape(figure.remark)} <span class="files">({links})</span></figcaption>\n</figure>\n'
    )

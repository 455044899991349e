"""The figures of the chapter, or the diagrams of the gallery, as files, and the page that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from cgraph.errors import ValueRefusedError
from viz.figures import FIGURES, Figure, Savable, found
from viz.figures.gallery import GALLERY, Diagram, shown
from viz.ink import files
from viz.ink.themes import ThemeLike

FORMATS = tuple(ending[1:] for ending in files.IMAGES)
SETS = ("chapter", "gallery")
SHOWN = ("svg", "png")  # what a page can show, the better first

_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root { color-scheme: light dark; }
body { font: 17px/1.5 Georgia, "Times New Roman", serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem; }
figure { margin: 0 0 3rem; text-align: center; break-inside: avoid; }
img { max-width: 100%; height: auto; }
figcaption { max-width: 44rem; margin: .75rem auto 0; text-align: left; }
figcaption b { font-weight: 600; }
pre { overflow-x: auto; font-size: 0.8rem; line-height: 1.4; }
@media print { body { max-width: none; margin: 0; } .files { display: none; } figure { margin-bottom: 1.5rem; } }
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
"""
_CHAPTER = (
    "Neural networks: the figures of the chapter",
    "Drawn by cgraph from its own models and passes; the numbering is that of Jurafsky and Martin, <cite>Speech and\n"
    "Language Processing</cite> (3rd ed.), chapter 6.",
)
_GALLERY = (
    "Computation graphs of well-known courses",
    "Each is drawn by cgraph from the code beside it, after <code>import cgraph as cg</code> and\n"
    "<code>from viz import draw</code>.",
)
_FOOT = "</main>\n</body>\n</html>\n"
_NOTHING = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>'


def write(
    folder: str | Path,
    *,
    only: Iterable[str] = (),
    theme: ThemeLike = "textbook",
    formats: Sequence[str] = FORMATS,
    numbered: bool = True,
    of: str = "chapter",
) -> list[Path]:
    """Write the figures of the chapter, or "gallery", into a folder that is there, with an index.html that shows them.

    `only` are numbers such as "6.2", of the gallery names such as "lstm-cell", by default all; `formats` some of "svg",
    "png", "pdf"; without `numbered` the captions have no numbers. The files are returned, the page last. Raises
    ValueRefusedError for what there is none of, MissingPackageError without the extras `plots` and `pdf` where they are
    needed, OutputError when a file cannot be written.
    """
    if of not in SETS:
        raise ValueRefusedError(f"there is no set of figures {of!r}", fix=f"choose one of {', '.join(SETS)}")
    wrong = [f for f in formats if f not in FORMATS]
    if wrong or not formats:
        raise ValueRefusedError(
            f"the figures as {', '.join(map(repr, wrong)) or 'nothing'}", fix=f"choose some of {', '.join(FORMATS)}"
        )
    chosen = _chosen(of, list(only))
    pictures = [figure.picture(theme, numbered=numbered) for figure in chosen]
    if "pdf" in formats:
        files.pdf(_NOTHING)  # a missing package is found before the first file is written
    written: list[Path] = []
    parts = []
    for figure, picture in zip(chosen, pictures, strict=True):
        mine = [picture.save(Path(folder) / f"{figure.stem}.{ending}") for ending in dict.fromkeys(formats)]
        parts.append(_part(figure, picture, mine, numbered))
        written += mine
    title, text = _GALLERY if of == "gallery" else _CHAPTER
    head = _HEAD.replace("{title}", title).replace("{text}", text)
    written.append(files.write(Path(folder) / "index.html", (head + "".join(parts) + _FOOT).encode()))
    return written


def _chosen(of: str, names: Sequence[str]) -> Sequence[Figure | Diagram]:
    """The records with these names, or all of their set."""
    if of == "gallery":
        return [shown(name) for name in names] if names else list(GALLERY.values())
    return [found(number) for number in names] if names else list(FIGURES.values())


def _part(figure: Figure | Diagram, picture: Savable, files: Sequence[Path], numbered: bool) -> str:
    """A figure as a part of the page: the image, its caption, and links to its files."""
    names = {path.suffix[1:]: escape(path.name) for path in files}
    image = next((names[ending] for ending in SHOWN if ending in names), None)
    seen = f'<img src="{image}" alt="{escape(picture.description)}">' if image else "<p>(as PDF only)</p>"
    links = ", ".join(f'<a href="{name}">{ending}</a>' for ending, name in names.items())
    number = f"<b>Fig. {figure.number}</b>: " if numbered and isinstance(figure, Figure) else ""
    code = f"<pre><code>{escape(figure.code)}</code></pre>\n" if isinstance(figure, Diagram) else ""
    return (
        f'<figure id="{figure.stem}">\n{seen}\n{code}<figcaption>{number}{escape(figure.title)}. '
        f'{escape(figure.remark)} <span class="files">({links})</span></figcaption>\n</figure>\n'
    )

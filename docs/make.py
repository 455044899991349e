"""Makes docs/course/: a page for each script of examples/, with its text, its code, what it prints and what it draws.

The list of the pages in docs/index.md is made anew as well, and so are the pictures that the code of the README draws,
and docs/gallery.md with its pictures.

Run `python docs/make.py` after a change of an example or of a picture; a test says when a page is out of date.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import runpy
import tempfile
from html import unescape
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS, README = ROOT / "docs", ROOT / "README.md"
COURSE, INDEX = DOCS / "course", DOCS / "index.md"
GALLERY = DOCS / "gallery"
SCRIPTS = tuple(sorted((ROOT / "examples").glob("[0-9]*.py")))

GALLERY_TEXT = """Twenty-one computation graphs that well-known courses draw, each with the code that draws it: at most
fifteen lines, and on paper, 16 cm wide, no letter is smaller than 6 points. `viz.gallery("lstm-cell").save("lstm.pdf")`
gives one of them in Python, with its title below it, and `cgraph figures --set gallery OUT` writes them all. Each block
of code goes on from these two lines:"""


def run(script: Path, folder: Path) -> str:
    """Run a script in a folder, where it leaves its pictures; what it prints."""
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
        runpy.run_path(str(script), run_name="__main__")
    return printed.getvalue()


def blocks(page: Path) -> list[str]:
    """The Python code of a page, block by block."""
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def run_page(page: Path, folder: Path) -> list[str]:
    """Run the code of a page from top to bottom in a folder; what each block prints."""
    namespace: dict[str, object] = {}
    printed = []
    for code in blocks(page):
        with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(code, page.name, "exec"), namespace)  # noqa: S102 - our own pages
        printed.append(out.getvalue())
    return printed


def title(script: Path) -> str:
    """The number of a script and the first sentence of its docstring."""
    first = (ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    return f"{int(script.stem[:2])}. {first.rstrip('.')}"


def contents() -> str:
    """The list of the pages, as it stands in docs/index.md."""
    return "".join(f"- [{title(script)}](course/{script.stem}.md)\n" for script in SCRIPTS)


def page(script: Path, printed: str, folder: Path) -> str:
    """The page of a script that printed this and left its pictures in a folder."""
    source = script.read_text(encoding="utf-8")
    tree = ast.parse(source)
    code = "\n".join(source.splitlines()[tree.body[0].end_lineno :]) + "\n"
    text = (ast.get_docstring(tree) or "").partition("\n")[2].strip()
    parts = [f"# {title(script)}", text, *_told(code)]
    if printed:
        parts += ["## What it prints", f"```\n{printed.strip()}\n```"]
    drawn = sorted(folder.glob("*.svg"), key=lambda p: (p.stat().st_mtime_ns, p.name))  # in the order of their making
    if drawn:
        parts += ["## What it draws", *(f"![{_caption(p)}]({p.name})" for p in drawn)]
    parts.append(f"The script: [examples/{script.name}](../../examples/{script.name}). {_next(script)}")
    return "\n\n".join(filter(None, parts)) + "\n"


def _told(code: str) -> list[str]:
    """Code and the comments between it in turn: a comment after an empty line is text."""
    first, *rest = re.split(r"\n\n((?:# .*\n)+)", code)
    told = [_block(first)]
    for comment, block in zip(rest[::2], rest[1::2], strict=True):
        told += [re.sub(r"^# ", "", comment, flags=re.MULTILINE).strip(), _block(block)]
    return told


def _block(code: str) -> str:
    return f"```python\n{code.strip()}\n```" if code.strip() else ""


def _caption(picture: Path) -> str:
    found = re.search(r"<title[^>]*>([^<]*)</title>", picture.read_text(encoding="utf-8"))
    return unescape(found[1]).partition("\n")[0].replace("[", "\\[").replace("]", "\\]") if found else picture.stem


def _next(script: Path) -> str:
    place = SCRIPTS.index(script) + 1
    if place == len(SCRIPTS):
        return "Back to [the course](../index.md)."
    return f"Next: [{title(SCRIPTS[place])}]({SCRIPTS[place].stem}.md)."


def gallery_page() -> str:
    """The page of the gallery: each diagram with the code that draws it."""
    from viz.figures import gallery

    parts = ["# The gallery", GALLERY_TEXT, "```python\nimport cgraph as cg\nfrom viz import draw\n```"]
    for name, diagram in gallery.GALLERY.items():
        parts += [
            f"## {diagram.title}",
            diagram.remark,
            _block(diagram.code),
            f"![{diagram.title}](gallery/{name}.svg)",
        ]
    return "\n\n".join(parts) + "\n"


def make_gallery() -> None:
    """Write the page of the gallery and its pictures anew."""
    from viz.figures import gallery

    GALLERY.mkdir(exist_ok=True)
    for old in GALLERY.glob("*.svg"):
        old.unlink()
    for name, diagram in gallery.GALLERY.items():
        diagram.picture().save(GALLERY / f"{name}.svg")
    (DOCS / "gallery.md").write_text(gallery_page(), encoding="utf-8")


def main() -> None:
    """Write every page and its pictures anew."""
    make_gallery()
    with tempfile.TemporaryDirectory() as name:
        run_page(README, Path(name))
        for picture in Path(name).glob("*.svg"):
            (DOCS / picture.name).write_bytes(picture.read_bytes())
    COURSE.mkdir(exist_ok=True)
    for old in (*COURSE.glob("*.md"), *COURSE.glob("*.svg")):
        old.unlink()
    for script in SCRIPTS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            text = page(script, run(script, folder), folder)
            (COURSE / f"{script.stem}.md").write_text(text, encoding="utf-8")
            for picture in folder.glob("*.svg"):
                (COURSE / picture.name).write_bytes(picture.read_bytes())
        print(f"docs/course/{script.stem}.md")
    index = INDEX.read_text(encoding="utf-8")
    INDEX.write_text(re.sub(r"(?m)(^- \[\d+\. .*\n)+", contents(), index), encoding="utf-8")


if __name__ == "__main__":
    main()

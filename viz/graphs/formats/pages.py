"""What all pages have in common: their head, the window of the picture with its zoom, themes, and parts of scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from html import escape
from importlib import resources
from string import Template
from typing import Any

from viz.ink.themes import DARK, PRINT, TEXTBOOK, THEMES, Theme

AUTO, OWN = "auto", "own"  # the themes of a page that follow the reader's own, and the author's


def page(kind: str, title: str, svg: str, theme: Theme, chosen: str, modules: Iterable[str], **parts: str) -> str:
    """A page as HTML text: no network, no fonts, nothing from outside.

    `kind` is the name of its body and of its script, into which the `modules` go; `look` may be among its `parts`, the
    attributes of the window. `title` is text, all else is HTML.
    """
    look = parts.pop("look", "")
    frame = Template(file_of("frame.html")).substitute(svg=svg, look=look)
    head = escape(title)
    script = Template(file_of(f"{kind}.js")).safe_substitute(modules="".join(file_of(f"{m}.js") for m in modules))
    return Template(file_of("page.html")).substitute(
        theme=escape(chosen),
        title=head,
        style=variables(theme) + file_of("page.css"),
        body=Template(file_of(f"{kind}.html")).substitute(title=head, frame=frame, **parts),
        script=parts.get("before", "") + script,
    )


def data(record: Any) -> str:
    """A record as JSON that may stand in a page."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True, allow_nan=False).replace("<", "\\u003c")


def file_of(name: str) -> str:
    """The text of a part of pages."""
    return (resources.files("viz.graphs.formats") / "page" / name).read_text("utf-8")


def grouped(svg: str, attributes: str = "") -> str:
    """A picture as a group of things that can be read one by one, rather than one image."""
    return svg.replace(' role="img"', f' role="group"{attributes}', 1)


# Themes --------------------------------------------------------------------------------------------------------------
def page_theme(theme: Theme) -> Theme:
    """The theme with the page's variables for its colours, so that a reader can choose another."""
    return replace(theme, name="page", **{name: f"var(--{name})" for name in _colours(theme)})  # type: ignore[arg-type]


def theme_choice(theme: Theme) -> tuple[str, str]:
    """The name of a theme in a page, and the options from which a reader chooses one."""
    chosen = AUTO if theme == TEXTBOOK else theme.name if THEMES.get(theme.name) == theme else OWN
    names = (AUTO, *THEMES, *[OWN] * (chosen == OWN))
    return chosen, "".join(f"<option{' selected' * (n == chosen)}>{escape(n)}</option>" for n in names)


def variables(own: Theme) -> str:
    """Each theme's colours as variables of the page; `auto` is the reader's own, and paper has that of print."""
    named = {**THEMES, AUTO: TEXTBOOK, OWN: own}
    auto = "".join(f':root[data-theme="{name}"] {{ {_set(theme)} }}\n' for name, theme in named.items())
    dark = f'@media (prefers-color-scheme: dark) {{ :root[data-theme="{AUTO}"] {{ {_set(DARK)} }} }}\n'
    return f"{auto}{dark}@media print {{ :root[data-theme] {{ {_set(PRINT)} }} }}\n"


def _colours(theme: Theme) -> dict[str, str]:
    return {name: value for name, value in asdict(theme).items() if isinstance(value, str) and value.startswith("#")}


def _set(theme: Theme) -> str:
    return " ".join(f"--{name}: {value};" for name, value in _colours(theme).items())

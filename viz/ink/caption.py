"""The words below a picture, broken into lines for its width."""

from __future__ import annotations

from cgraph.notation import Sym
from viz.ink.lines import SetLine, set_line
from viz.ink.themes import Theme


def broken(caption: str, theme: Theme, width: float) -> list[str]:
    """The caption in lines no wider than this, where its words allow it."""
    lines: list[str] = []
    for paragraph in caption.split("\n") if caption else ():
        kept = ""
        for word in paragraph.split(" "):
            longer = f"{kept} {word}".strip()
            if kept and caption_line(longer, theme).width > width:
                lines.append(kept)
                longer = word
            kept = longer
        lines.append(kept)
    return lines


def caption_line(words: str, theme: Theme) -> SetLine:
    """One line of a caption, set."""
    return set_line("caption", (("caption", Sym(words)),), theme.caption_size)

"""Names that no reader of a format likes, generated from a seed; and nets and graphs whose leaves have them."""

from __future__ import annotations

import random
from functools import cache

PIECES = [
    *('"', "'", "<", ">", "&", "\\", "\n", "\r\n", "\t", "]; x [", "-->", "<!--", "]]>", "</script>", "</svg>"),
    *("<script>alert(1)</script>", '" onload="alert(1)', "<b>", "&amp;", "&#0;", "%s", "{0}", "$x$", "$$", "\\N"),
    *("{", "}", "^^M", "~", "#", "%", "$", "_", "^", "|", "`", ";", "\u202e", "\u200b", "\u0301", "אבג", "日本", "😀"),
    *("\x00", "\x1b", "\ufffe", "\ud800", "\ue000value n0\ue001", "w[1]11", "∂L/∂x", "n0", "graph", "->", "end"),
    *("x" * 300, "\\input{x}", "</g>", "é", "ế", "\x1b[2J", "\u2028", "\u00a0", "\u2066", "a\rb", "  ", "---"),
    # C: ends and beginnings of comments, trigraphs, spliced lines, what its own functions are called
    *(
        "*/",
        "/*",
        "//",
        "*",
        "/",
        "??/",
        "??",
        "?",
        "*??/\n/",
        "*\\\n/",
        "#error",
        "int evil;",
        "\\u000a",
        "s2",
        "erf(",
    ),
    *("erf(", "factored", "gemm", "sigmoid(", "T", "*/ int evil; /*", '_Pragma("x")'),
    # Markdown
    *("*b*", "__b__", "![x](javascript:alert(1))", "[x](http://x)", "<http://x>", "# x", "> x", "- x", "1. x", "    x"),
    *("```", "~~x~~", "***", "===", "|a|b|", ":--", "[x]: y", "&lt;", "\\*"),
]


@cache
def names(count: int, seed: int) -> tuple[str, ...]:
    """Different names; the first are two very long ones, and the pieces alone."""
    rng = random.Random(seed)
    found: dict[str, None] = dict.fromkeys(("a" * 10_000, '"<' * 5_000, *filter(str.strip, PIECES)))
    while len(found) < count:
        name = "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 5)))
        if name.strip():
            found[name] = None
    return tuple(found)

"""Text that users give, as each format may have it: one function a format, and no other way into it.

SVG and HTML have `html.escape`, DOT has Graphviz's own. All that is not printable (control characters, characters
that change the direction of a line, surrogates) is spelled out everywhere: `\\x1b`, `\\u202e`.
"""

from __future__ import annotations

import re
from typing import Any

_MARKED = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]()#+-.!|~$^"} | {c: f"&#{ord(c)};" for c in "<>&\"':/@="})


def terminal(text: str) -> str:
    r"""Text on one line of a terminal, an error, a report or a repr.

    >>> terminal("α"), terminal("a\x1b[31m"), terminal("a\nb")
    ('α', 'a\\x1b[31m', 'a\\nb')
    """
    return text if text.isprintable() else "".join(map(_spelled, text))


def _spelled(c: str) -> str:
    return c if c.isprintable() else c.encode("unicode_escape").decode("ascii")


def decimal(number: Any, digits: int = 6) -> str:
    """A number as errors, reprs, reports and listings say it, in ASCII; pictures write it as `notation.number` does.

    >>> decimal(0.1 + 0.2), decimal(-2.0), decimal(1e-9)
    ('0.3', '-2', '1e-09')
    """
    return f"{float(number):.{digits}g}"


def size(count: int) -> str:
    """So many bytes.

    >>> size(1000), size(5 << 19)
    ('1,000 bytes', '2.5 MiB')
    """
    return f"{count:,} bytes" if count < 1 << 20 else f"{count / (1 << 20):,.1f} MiB"


def shortened(text: str, most: int, rest: str) -> str:
    """The first lines of a text, as many as have at most so many characters together; `rest` says where all of it is.

    >>> print(shortened("one\\ntwo\\nthree", 40, "print() shows all of it"))
    one
    two
    three
    >>> print(shortened("one\\ntwo\\n" + 40 * "three", 40, "print() shows all of it"))
    one
    two
    … print() shows all of it

    What was one line stays one line.

    >>> print(shortened(40 * "one, ", 30, "and so on"))
    one, one, one, one… and so on
    """
    if len(text) <= most:
        return text
    kept = text[: most - len(rest) - 3]
    if "\n" not in text:
        return f"{kept}… {rest}"
    whole, newline, _ = kept.rpartition("\n")
    return f"{whole if newline else kept}\n… {rest}"


def c_comment(text: str) -> str:
    """Text as a whole comment of C, on one line, which nothing in it ends or joins with the next.

    >>> print(c_comment("*/ int evil; /*"))
    /* * / int evil; / * */
    """
    plain = terminal(text).replace("??", "? ?").replace("*/", "* /").replace("/*", "/ *")
    return f"/* {plain} */"


def markdown(text: str) -> str:
    r"""Text in a line of Markdown: it marks nothing up, links to nothing, and is no HTML.

    >>> print(markdown("w[1]: <b>"))
    w\[1\]&#58; &#60;b&#62;
    """
    marked = terminal(text).translate(_MARKED)
    start = len(marked) - len(marked.lstrip(" "))
    return "&#32;" * start + marked[start:]


_LATEX = {
    **{"−": "-", "·": r"\cdot ", "⊙": r"\odot ", "∂": r"\partial ", "≥": r"\ge ", "≤": r"\le ", "≠": r"\ne "},
    **{
        "∞": r"\infty ",
        "×": r"\times ",
        "±": r"\pm ",
        "…": r"\ldots ",
        "√": r"\surd ",
        "∛": r"\sqrt[3]{\,}",
        "ʸ": "^{y}",
        "%": r"\%",
        "_": r"\_",
        "#": r"\#",
    },
    **{"&": r"\&", "$": r"\$", "{": r"\{", "}": r"\}", "\\": r"\backslash ", "^": r"\hat{}", "~": r"\sim "},
    **{"<": "< ", "`": r"\grave{}", "✓": r"\surd ", "⚠": "!", "ᵀ": r"^{\mathsf{T}}", "′": "'", "←": r"\leftarrow "},
    **{
        "→": r"\to ",
        "⊗": r"\otimes ",
        "⧺": r"+\!\!\!+",
        "‖": r"\|",
        "∑": r"\sum ",
        "∏": r"\prod ",
        "∗": "*",
        "•": r"\bullet ",
        "≈": r"\approx ",
    },
    **{"¹": "^{1}", "²": "^{2}", "³": "^{3}", "⁻": "^{-}"},
}
SPELLED = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu"),
    *("xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
    *("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega"),
)
GREEK = dict(zip(SPELLED, "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ", strict=True))
_LATEX |= {letter: f"\\{spelled} " for spelled, letter in GREEK.items()}
_ACCENTS = {"\u0300": "grave", "\u0301": "acute", "\u0302": "hat", "\u0303": "tilde", "\u0304": "bar"}
_ACCENTS |= {"\u0306": "breve", "\u0307": "dot", "\u0308": "ddot", "\u030a": "mathring", "\u030c": "check"}


def latex(text: str) -> str:
    r"""Text in LaTeX's math mode, in ASCII, for plain pdflatex and for MathJax.

    An accented letter gets LaTeX's accent; a character that the fonts of LaTeX lack stands as its code point.

    >>> latex("x_1 % β"), latex("é"), latex("א")
    ('x\\_1 \\% \\beta ', '\\acute{e}', '\\mathrm{U{+}05D0}')
    """
    written = "".join(c if c.isascii() and c.isalnum() else _latex(c) for c in text)
    return re.sub(r"\]\((?!\d+\)$)", "]{}(", written)  # no link of Markdown; `[1](3)` is a superscript of ours


def _latex(c: str) -> str:
    if c in _LATEX:
        return _LATEX[c]
    if c.isascii() and c.isprintable():
        return c
    import unicodedata

    letter, accent = (*unicodedata.normalize("NFD", c), "", "")[:2]
    if accent in _ACCENTS and letter.isascii() and unicodedata.normalize("NFC", letter + accent) == c:
        return rf"\{_ACCENTS[accent]}{{{letter}}}"
    return rf"\mathrm{{U{{+}}{ord(c):04X}}}"


def mermaid(text: str) -> str:
    """Text inside Mermaid's quotes: every character that could end them or mark something up, as its code.

    >>> mermaid('a "b" <i>')
    'a #34;b#34; #60;i#62;'
    """
    return "".join(c if c.isalnum() or c in " .,=+−·∂/()×′" else f"#{ord(c)};" for c in " ".join(text.split()))

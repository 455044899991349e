"""A derivation as it is read: its steps as text, LaTeX and Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cgraph import notation, quoting
from cgraph.notation import Math

MOST = 2000  # characters that are shown of a derivation that is not printed


@dataclass(frozen=True, repr=False)
class Step:
    """One node of the derivation: a sentence, and formulas that are equal from left to right, a list a line."""

    sentence: str
    lines: tuple[tuple[Math | str, ...], ...]  # a string is said in words

    @property
    def text(self) -> str:
        """The step as plain text."""
        lines = ("    " + " = ".join(map(_text, line)) for line in self.lines)
        return "\n".join([quoting.terminal(self.sentence), *lines])

    @property
    def latex(self) -> str:
        """Its equations, as lines of an `aligned` block."""
        return " \\\\\n".join(_aligned(line) for line in self.lines)

    def __repr__(self) -> str:
        return quoting.shortened(self.text, MOST, ".text has all of it")

    def _repr_latex_(self) -> str | None:
        return f"$$\n\\begin{{aligned}}\n{self.latex}\n\\end{{aligned}}\n$$" if self.lines else None


@dataclass(frozen=True, repr=False)
class Derivation:
    """The gradient of `of` by `wrt`, written out. `print(derivation)` shows its text."""

    of: str
    wrt: str
    steps: tuple[Step, ...]

    @property
    def text(self) -> str:
        """Every step as plain text."""
        return "\n".join(step.text for step in self.steps)

    @property
    def latex(self) -> str:
        """Every equation, in one `aligned` block for math mode."""
        body = " \\\\\n".join(step.latex for step in self.steps if step.lines)
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"

    @property
    def markdown(self) -> str:
        """Numbered steps, each equation between `$$`."""
        parts = [f"### The derivative of {quoting.markdown(self.of)} with respect to {quoting.markdown(self.wrt)}"]
        for i, step in enumerate(self.steps, 1):
            body = f"\n\n$$\n\\begin{{aligned}}\n{step.latex}\n\\end{{aligned}}\n$$" if step.lines else ""
            parts.append(f"{i}. {quoting.markdown(step.sentence)}{body}")
        return "\n\n".join(parts) + "\n"

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return quoting.shortened(self.text, MOST, "print() shows all of it")

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex}\n$$"


def without_repeats(line: tuple[Math | str, ...]) -> tuple[Math | str, ...]:
    """A line of equal formulas without those that read as the one before."""
    return tuple(m for i, m in enumerate(line) if i == 0 or _text(m) != _text(line[i - 1]))


def _text(part: Math | str) -> str:
    return quoting.terminal(part) if isinstance(part, str) else notation.text(part)


def _aligned(line: tuple[Math | str, ...]) -> str:
    left, *rest = (_in_words(m) if isinstance(m, str) else notation.latex(m) for m in line)
    guard = "{}" if left.startswith("[") else ""  # a bracket after the end of a line would be an argument of it
    return f"{guard}{left} &= " + " = ".join(rest)


def _in_words(words: str) -> str:
    """Words as text, and what stands between them, such as `· Wᵀ`, as mathematics."""
    parts = re.split(r"([A-Za-z][A-Za-z ,]*)", words)
    return "".join(f"\\text{{{p}}}" if i % 2 else quoting.latex(p) for i, p in enumerate(parts))

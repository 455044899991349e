"""5,000 hostile names through every text that leaves the project, each read back by that format's own reader."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from hostile_names import names
from markdown_it import MarkdownIt
from markdown_it.token import Token

import cgraph as cg
import viz
from cgraph import quoting
from cgraph.compile.export import to_c
from cgraph.errors import CgraphError

ALL = 5_000


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(CgraphError) as caught:
        call()
    return str(caught.value)


def lines_of(name: str) -> Iterator[str]:
    """What a terminal gets to see of a graph with such a name, line by line."""
    x, y = cg.variable(name), cg.variable(f"2{name}")
    product = (x * y).named(f"3{name}")
    fwd = cg.forward(product + x, {x: 2.0, y: 3.0})
    bwd = cg.backward(fwd)
    yield from (repr(x), repr(product), repr(fwd.graph))
    yield from (repr(fwd), repr(bwd), repr(bwd.gradient), repr(bwd.edges[0]))
    yield refused(lambda: fwd.graph[f"4{name}"])
    yield refused(lambda: cg.forward(product))
    yield refused(lambda: cg.variable(name, (2,)) + cg.variable("v", (3,)))
    yield from (repr(cg.variable(name, (3,))), cg.Graph(product).name(product) and repr(cg.Graph([product, x])))
    yield from cg.derive(bwd, wrt=name).text.split("\n")
    yield from str(cg.check_gradient(bwd)).split("\n")
    program = cg.compile(product, backend="numpy")
    yield from program.source.rstrip("\n").split("\n")


def test_nothing_reaches_a_terminal_that_it_would_obey(hostile: Sequence[str]) -> None:
    for name in hostile:
        for line in lines_of(name):
            assert line.isprintable(), (name, line)


def test_reports_and_findings_keep_names_on_their_line(hostile: Sequence[str]) -> None:
    for name in hostile[::25]:
        x = cg.parameter(name, -1.0)
        report = cg.prove((cg.relu(x).named(f"2{name}") * 3).named("L"))
        assert all(line.isprintable() for line in str(report).split("\n"))
        found = viz.diagnose(cg.backward(cg.forward(cg.relu(x).named(f"2{name}"))))
        assert len(found) and all(line.isprintable() for line in found.text.split("\n"))


def test_a_warning_spells_out_what_is_not_printable() -> None:
    x = cg.variable("x\x1b[2J\u202e")
    zero = (x * x).named("z\n")
    with pytest.warns(cg.errors.IndeterminateWarning) as caught:
        cg.backward(cg.forward(cg.sqrt(zero), {x: 0.0}))
    assert str(caught[0].message).isprintable() and r"\x1b[2J\u202e" in str(caught[0].message)


# C -------------------------------------------------------------------------------------------------------------------
STRICT = ["-std=c11", "-O0", "-trigraphs", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only"]


def checked_by_the_compiler(text: str, folder: Path) -> str:
    """What the compiler says of a program; nothing when it is clean."""
    compiler = shutil.which("cc")
    assert compiler, "these tests need a C compiler"
    (folder / "program.c").write_text(text, encoding="utf-8")
    done = subprocess.run([compiler, *STRICT, "program.c"], cwd=folder, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


def without_comments(text: str) -> str:
    """C as the compiler's preprocessor leaves it: trigraphs and spliced lines count."""
    done = subprocess.run(
        ["cc", "-fpreprocessed", "-dD", "-E", "-P", "-trigraphs", "-x", "c", "-"],
        input=text.encode(),
        capture_output=True,
        check=True,
    )
    return " ".join(done.stdout.decode().split())


def net(some: Sequence[str], rows: int | str = "m") -> cg.Node:
    """Logits [m×2] of one variable through named sums, products and parameters: every place where C says a name."""
    node = x = cg.variable(some[0], (rows, 2))
    for i, name in enumerate(some[1:]):
        if i % 4 == 0:
            node = (node @ cg.parameter(name, np.eye(2) * (i + 1.5))).named(f"{name}'{i}")
        else:
            node = (cg.tanh(node) + cg.parameter(name, np.array([0.5, float(i)]))).named(f"{name}'{i}")
    return node + x


def test_an_exported_program_says_hostile_names_in_comments_and_nowhere_else(
    hostile: Sequence[str], tmp_path: Path
) -> None:
    some, plain = hostile, [f"name{i}" for i in range(len(hostile))]
    text = to_c(net(some))
    assert checked_by_the_compiler(text, tmp_path) == ""
    assert without_comments(text) == without_comments(to_c(net(plain)))


def test_a_compiled_program_is_the_same_whatever_its_names_are(hostile: Sequence[str]) -> None:
    def sources(some: Sequence[str]) -> Iterator[str]:
        node = net(some, 3)
        w = next(n for n in cg.Graph(node).inputs if n.value is not None)
        program = cg.compile([node], updates={w: w * 0.5}, backend="native")
        yield program.source
        leaves = [cg.variable(name) for name in some[:40]]
        scalar = sum(leaves[1:], leaves[0] * 2.0).named(some[41])
        yield cg.compile(scalar, backend="scalar", gradients=leaves).source

    plain = [f"name{i}" for i in range(len(hostile))]
    for source, expected in zip(sources(hostile), sources(plain), strict=True):
        assert without_comments(source) == without_comments(expected)


@pytest.mark.parametrize(
    ("name", "comment"),
    [
        ("*/ int evil; /*", "/* * / int evil; / * */"),
        ("*??/\n/", "/* *? ?/\\n/ */"),
        ("/*/", "/* / * / */"),
        ("\u202e", "/* \\u202e */"),
        ("\ud800", "/* \\ud800 */"),
    ],
)
def test_a_comment_of_c_ends_where_it_should(name: str, comment: str) -> None:
    assert quoting.c_comment(name) == comment


# Markdown and LaTeX --------------------------------------------------------------------------------------------------
def derivation(name: str) -> cg.derivation.Derivation:
    x, y = cg.variable(name), cg.variable("y")
    left = (x * y).named(f"2{name}")
    return cg.derive((left + cg.exp(x)).named("L"), wrt=name)


def read_back(tokens: Sequence[Token]) -> str:
    """The words of a paragraph as a page shows them; anything that is no plain text fails."""
    (inline,) = [t for t in tokens if t.type == "inline"]
    kinds = {t.type for t in inline.children or ()}
    assert kinds <= {"text", "text_special"}, (inline.content, kinds)
    return "".join(t.content for t in inline.children or ())


def test_markdown_shows_hostile_names_and_does_nothing_else_with_them(hostile: Sequence[str]) -> None:
    page = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for name in hostile[:50]:
        shown = page.parse(f"before {quoting.markdown(name)} after\n")
        assert [t.type for t in shown] == ["paragraph_open", "inline", "paragraph_close"], name
        assert read_back(shown) == f"before {quoting.terminal(name)} after"
        alone = page.parse(quoting.markdown(name) + "\n")
        assert [t.type for t in alone] == ["paragraph_open", "inline", "paragraph_close"], name
        assert read_back(alone).strip() == quoting.terminal(name).strip()


def test_a_derivation_as_markdown_has_no_html_and_no_links(hostile: Sequence[str]) -> None:
    page = MarkdownIt("commonmark", {"html": True})
    for name in hostile[::10]:
        written = derivation(name)
        tokens = page.parse(written.markdown)
        inside = [child for t in tokens for child in t.children or ()]
        assert not {t.type for t in (*tokens, *inside)} & {"html_block", "html_inline", "link_open", "image"}, name
        items = [t for t in tokens if t.type == "list_item_open"]
        assert len(items) == len(written.steps)
        heading = tokens[1].children or []
        title = f"The derivative of L with respect to {quoting.terminal(name)}"
        assert " ".join("".join(t.content for t in heading).split()) == " ".join(title.split())
        assert unescape(written.markdown).count("$$") == 2 * sum(bool(s.lines) for s in written.steps)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.slow
def test_the_latex_of_formulas_and_derivations_compiles(tmp_path: Path) -> None:
    lines = [r"\documentclass{article}\usepackage{amsmath}\begin{document}"]
    for name in [name for name in names(ALL, seed=2) if len(name) < 1_000][:1000:2]:
        lines.append(f"${cg.to_latex((cg.variable(name) ** 2).named(f'2{name}'))}$\n")
    for name in [name for name in names(ALL, seed=2) if len(name) < 1_000][1:400:4]:
        lines.append(f"\\[{derivation(name).latex}\\]")
    X, W = cg.variable("X[", (2, 2)), cg.parameter("W$]", np.eye(2))
    lines.append(f"\\[{cg.derive(cg.sum(X @ W).named('[L'), wrt='W$]').latex}\\]")
    (tmp_path / "all.tex").write_text("\n".join([*lines, r"\end{document}"]), encoding="ascii")
    command = ["pdflatex", "-interaction=batchmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    log = (tmp_path / "all.log").read_text("latin-1")
    assert done.returncode == 0, re.findall(r"^(?:!|l\.).*", log, re.M)

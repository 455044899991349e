"""The page says after every change and at every step what a page made anew says, and nothing before its step."""

from __future__ import annotations

import itertools
import json
import random
import re
import warnings
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import AT_EVERY_STEP, DATA, SAID, change, drawn, open_in
from random_scalars import random_pass
from scoped_graphs import scoped_pass
from sparse import sparse

import cgraph as cg
import viz
from cgraph import nn, notation
from cgraph.graph.node import build
from cgraph.ops import TABLE
from cgraph.quoting import decimal
from viz.asked import passes
from viz.figures.graphs import figure_6_2, figure_6_6, figure_6_17, figure_6_18
from viz.graphs.formats.live import live
from viz.graphs.paint.legend import entries
from viz.graphs.words.subject import Subject

pytestmark = pytest.mark.filterwarnings("ignore")


def again(bwd: cg.Backward, values: Mapping[str, Any]) -> cg.Backward:
    """The same passes at other inputs; arrays by their entries in a row."""
    graph, forward = bwd.graph, bwd.forward
    feed = {
        x: np.reshape(np.asarray(values[graph.name(x)], float), np.shape(forward[x]))
        if graph.name(x) in values
        else forward[x]
        for x in graph.inputs
    }
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cg.backward(cg.forward(graph, feed), of=bwd.of)


def at(of: Any, **values: Any) -> cg.Backward:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cg.backward(cg.forward(of, values))


def mlp(activation: str = "relu") -> cg.Backward:
    model = nn.MLP([2, 3, 1], activation, seed=0)
    L = nn.sigmoid_cross_entropy_loss(model(cg.variable("X", ("m", 2))), cg.variable("Y", ("m", 1)))
    return at(L, X=[[1, 2], [3, -4]], Y=[[0], [1]])


def arrays() -> cg.Backward:
    x, W, c = cg.variable("x", 3), cg.variable("W", (3, 6)), cg.variable("c")
    p = cg.softmax(x @ W).named("p")
    L = (cg.sum(p * p) * c + cg.max(x) + cg.sum(x[1:] * c)).named("L")
    return at(L, x=[0.5, -1.0, 2.0], W=np.linspace(-1, 1, 18).reshape(3, 6), c=0.5)


LOG, KINKS = "d = log(a); e = d - d*b; L = e**2", "L = abs(x)*maximum(x, y) + clip(y, -1, 1)"
# A graph, how it is drawn, and inputs that it is changed to: ordinary ones, kinks, zeros, 0·∞, what is not finite
CASES: dict[str, tuple[Any, dict[str, Any], list[dict[str, Any]]]] = {
    "figure 6.17": (figure_6_17, {}, [{"c": 5}]),
    "figure 6.17 again": (figure_6_17, {}, [{"a": -2, "b": 1}, {"c": 0}]),
    "a product": (lambda: at("L = a*b", a=2.0, b=-3.0), {}, [{"a": 0}]),
    "figure 6.18": (figure_6_18, {"style": "circuit"}, [{"x1": -2.5}, {"x1": 0, "x2": 0}]),
    "figure 6.2": (figure_6_2, {}, [{"x1": 1e9, "w1": -1}, {"x1": 400}]),
    "figure 6.6": (figure_6_6, {"detail": "number"}, [{"x1": 0}, {"x1": 3, "u2": 0}]),
    "0·∞": (lambda: at("v = cbrt(x); L = v**3 + relu(x)", x=8.0), {}, [{"x": 0}, {"x": -8}]),
    "0·∞ at first": (lambda: at("v = cbrt(x); L = v**3 + relu(x)", x=0.0), {}, [{"x": 8}]),
    "behind a mask": (lambda: at("L = where(c, log(x), x)", x=1.0, c=1.0), {}, [{"x": 0, "c": 0}, {"x": 0}]),
    "not finite": (lambda: at(LOG, a=2.0, b=1.0), {}, [{"a": 0}, {"a": -1}, {"b": 1e200}]),
    "not finite at first": (lambda: at(LOG, a=0.0, b=1.0), {}, [{"a": 3}]),
    "kinks": (lambda: at(KINKS, x=1.0, y=2.0), {}, [{"x": 0}, {"x": 2}, {"y": 1}]),
    "a fan-out": (lambda: at("L = x*x + x*y - y", x=-3.0, y=0.5), {}, [{"x": 1, "y": -1}, {"x": 0, "y": 0}]),
    "a net of arrays": (mlp, {}, [{"X": [1, 0, 0, 0]}, {"b[1]": [-9, -9, -9]}, {"Y": [1, 1], "W[2]": [0, 0, 0]}]),
    "arrays": (arrays, {}, [{"x": [1, 1, 1]}, {"c": 0}, {"W": [*range(18)]}]),
    "an author's choices": (figure_6_17, {"labels": {"a": "<first>"}, "highlight": "b->L"}, [{"c": 5}]),
    "five digits": (lambda: at("L = tanh(a*b) + a", a=0.3, b=-1.7), {"digits": 5}, [{"a": 1e-6}, {"b": -0.654321}]),
    "one digit": (arrays, {"digits": 1, "detail": "full"}, [{"x": [0.25, 0.35, 9.5]}]),
    "twelve digits": (figure_6_18, {"digits": 12, "style": "circuit"}, [{"x1": 0.1}]),
    "a part": (figure_6_18, {"around": "z[2]", "depth": 2}, [{"x1": -2.5}, {"w[2]11": 0}]),
    "a part in the middle": (lambda: at("d = 2*b; e = a + d; L = c*e + d", a=3.0, b=1.0, c=-2.0),
                             {"around": "d", "depth": 1}, [{"c": 5}, {"b": 0, "c": -1}]),
    "frames": (lambda: scoped_pass(3), {"frames": True, "fold": False}, [{"x0": 0.25}]),
    "the forward pass alone": (lambda: figure_6_17().forward, {}, [{"c": 5}]),
}  # fmt: skip


def same(page: Any, of: Any, choices: dict[str, Any], values: list[dict[str, Any]], folder: Path) -> None:
    """The page of these passes, with other inputs written into it, against pages that are made of those."""
    back = isinstance(of, cg.Backward)
    first = viz.draw(of, **choices)
    open_in(page, first, folder)
    alike = {**choices, "detail": first.drawing.detail}  # other numbers may need other room
    changed = []
    for one in values:
        page.click("#reset")
        change(page, one)
        changed.append(page.evaluate(AT_EVERY_STEP))
    bwd = of if back else cg.backward(of)
    for one, said in zip(values, changed, strict=True):
        new = again(bwd, one)
        picture = viz.draw(new if back else new.forward, **alike)
        open_in(page, picture, folder)
        for step, (now, anew) in enumerate(zip(said, page.evaluate(AT_EVERY_STEP), strict=True)):
            assert now == anew, (one, step)
        as_drawn(page, picture)


def as_drawn(page: Any, picture: viz.Picture) -> None:
    """A page at its last step says of each box and edge what the picture itself says."""
    page.keyboard.press("End")
    said = page.evaluate(SAID)
    for id_, (title, labels, flags) in drawn(picture).items():
        ends = {f"{id_} title: {title}", f"{id_} is drawn: {' | '.join(labels)} {','.join(flags)}"}
        found = {line.removesuffix(" true").removesuffix(" false") for line in said}
        assert ends <= found, (ends - found, [line for line in said if line.startswith(f"{id_} ")])
    explained = page.evaluate("[...document.querySelectorAll('.legend li:not([hidden])')].map(e => e.innerText.trim())")
    assert explained == [entry.words for entry in entries(picture.drawing, picture.show)]


@pytest.mark.parametrize("name", sparse(list(CASES), len(CASES)))
def test_after_every_change_and_at_every_step_a_page_says_what_one_made_anew_says(
    name: str, page: Any, tmp_path: Path
) -> None:
    make, choices, values = CASES[name]
    same(page, make(), choices, values, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", sparse(list(range(24)), 24))
def test_of_random_graphs_too(seed: int, page: Any, tmp_path: Path) -> None:
    bwd, generator = random_pass(seed, 14 if seed else 6), random.Random(seed)
    names = [bwd.graph.name(x) for x in bwd.graph.inputs]
    values = [{name: round(generator.uniform(-2, 2), 2) for name in names}, dict.fromkeys(names, 0.0)]
    same(page, bwd, {}, values, tmp_path)


MORE = [{"a": 0}, {"c": 0, "b": -1}, {"a": 2, "b": 2}, {"b": 0}, {"c": -3.25, "a": 0.1}]
PROVED = ["L = c*(a + 2*b)", "L = relu(a)*b + abs(c)", "L = maximum(a, b)*sigmoid(c)", "L = a/b + log(c)"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("formula", "values"), sparse([("L = cbrt(a)**3 + relu(b)", [{"a": 0, "b": 0}]), *((p, MORE) for p in PROVED)], 5)
)
def test_marks_of_proofs_follow_the_numbers(
    formula: str, values: list[dict[str, Any]], page: Any, tmp_path: Path
) -> None:
    graph = cg.parse(formula)
    bwd = at(graph, **{str(x.name): {"a": 1.0, "b": 2.0, "c": 0.5}[str(x.name)] for x in graph.inputs})
    same(page, bwd, {"proof": cg.prove(bwd.graph)}, values, tmp_path)


TITLES = re.compile(r"((?<!\"frame\">)(?<=>)<title>|<desc>)[^<]*")  # of boxes and edges, and the description


# Before its step -----------------------------------------------------------------------------------------------------
def altered(data: dict[str, Any], later: set[str]) -> dict[str, Any]:
    """What a page knows, with other numbers and verdicts in the place of those that come later."""
    other = json.loads(json.dumps(data))
    edges = {key[5:] for key in later if key.startswith("edge")}
    for key in {*later, *(f"{what} {id_}" for id_ in edges for what in ("local", "downstream", "open", "jacobian"))}:
        before = other["numbers"].get(key)
        if before is not None:
            new = [77.5] * len(before) if isinstance(before, list) else 77.5
            other["numbers"][key] = not before if isinstance(before, bool) else new
    for id_ in {*edges, *(key[9:] for key in later if key.startswith("gradient"))} & set(other["proofs"]):
        other["proofs"][id_] = "the proved formula gives 77.5 here"
    return dict(other)


def asks(data: dict[str, Any], moment: dict[str, Any]) -> bool:
    """Whether a step asks for its number when one practises."""
    last = moment["parts"][-1]
    return (
        moment["kind"] != "given" and isinstance(last, list) and not isinstance(data["numbers"][last[0]], (list, dict))
    )


@pytest.mark.slow
@pytest.mark.parametrize("practice", [True, False])
@pytest.mark.parametrize("name", ["a product", "a fan-out", "figure 6.17", "0·∞", "a net of arrays", "not finite"])
def test_nothing_that_is_said_at_a_step_depends_on_what_comes_later(
    name: str, practice: bool, page: Any, tmp_path: Path
) -> None:
    bwd = CASES[name][0]()
    proof = {"proof": cg.prove(bwd.graph)} if name == "figure 6.17" else {}
    html = viz.draw(bwd, **CASES[name][1], **proof).save(tmp_path / "page.html").read_text("utf-8")
    data = json.loads(DATA.search(html)[0])  # type: ignore[index]
    for step, moment in enumerate(data["steps"]):
        shown = step - (practice and asks(data, moment))
        other = altered(data, {key for key, since in data["since"].items() if since > shown})
        text = json.dumps(other).replace("<", "\\u003c")
        leaky = TITLES.sub(r"\g<1>77.5", html).replace(DATA.search(html)[0], text)  # type: ignore[index]
        (tmp_path / "other.html").write_text(leaky, "utf-8")
        said = []
        for file in ("page.html", "other.html"):
            page.goto("about:blank")
            page.goto((tmp_path / file).as_uri() + f"#step={step + 1}" + "&practice=on" * practice)
            page.evaluate("document.querySelector('[data-id]').dispatchEvent(new MouseEvent('click'))")
            said.append(page.evaluate(SAID))
        assert said[0] == said[1], (step, moment)


# Numbers -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("digits", [3, *sparse([5, 1, 2, 4, 7, 9, 12, 14, 15], 9)])
def test_numbers_are_written_as_python_writes_them(page: Any, digits: int) -> None:
    generator = random.Random(0)
    ties = [sign * k / 8 * 10.0**power for k in range(1, 200, 6) for power in range(-6, 8, 2) for sign in (1, -1)]
    ties += [float(np.nextafter(tie, side)) for tie in ties[::5] for side in (-np.inf, np.inf)]  # and those beside them
    grid = [0.0, -0.0, 1e6, 999999.5, 0.9995, 99.95, 1e-4, 9.995e-5, 1e300, 5e-324, 123456.5, 2.5, 1.125e-7, 1.375e9]
    found = [generator.uniform(-1, 1) * 10.0 ** generator.randint(-12, 12) for _ in range(500)] + ties + grid
    script = files("viz.graphs.formats").joinpath("page/numbers.js").read_text("utf-8")
    script = f"const data = {{digits: {digits}}}; {script}"
    page.goto("about:blank")
    spelled = page.evaluate(f"numbers => {{ {script}; return numbers.map(x => [spelled(x), decimal(x)]); }}", found)
    for x, (said, report) in zip(found, spelled, strict=True):
        assert said == notation.text(notation.number(x, digits)), x
        assert report == decimal(x + 0.0), x
    arrays = [found[:n] for n in range(1, 6)]
    spelled = page.evaluate(f"arrays => {{ {script}; return arrays.map(x => spelled(x)); }}", arrays)
    assert spelled == [notation.text(notation.value(np.array(x), digits)) for x in arrays]


# What is computed ----------------------------------------------------------------------------------------------------
ROWS = [row for row in TABLE.values() if row.elementwise and row.rule(0) is not None]
POINTS = [-30.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.5, 3.0, 30.0, 1e200]
OUTSIDE = {"cubed": lambda z, x: z**3, "a relu": lambda z, x: cg.relu(z), "weighted": lambda z, x: x * cg.sqrt(z)}


@pytest.mark.slow
@pytest.mark.parametrize("row", sparse(ROWS, len(ROWS)), ids=[row.name for row in ROWS])
def test_a_page_finds_0_times_infinity_where_the_pass_finds_it(row: Any, page: Any) -> None:
    leaves = [cg.variable(f"p{i}") for i in range(row.arity or 2)]
    points = list(itertools.product(POINTS if len(leaves) < 3 else POINTS[2:9:2], repeat=len(leaves)))
    page.goto("about:blank")
    for outer in OUTSIDE.values():
        L = outer(build(row, *leaves), leaves[0])
        record = passes(at(L, **{str(x.name): 0.5 for x in leaves}))
        subject = Subject(record, "textbook", "hover", set())
        found = live(subject)
        assert not found.why
        order = [i["name"] for i in found.inputs]
        for point in points:
            try:
                bwd = at(L, **{str(x.name): value for x, value in zip(leaves, point, strict=True)})
            except cg.errors.ValueRefusedError:  # a label that is no probability
                continue
            values = [dict(zip([str(x.name) for x in leaves], point, strict=True))[name] for name in order]
            opened_ = {subject.edge_ids[e.result, e.position] for e in bwd.indeterminate}
            code = f"x => {{ const f = {found.program}; return f(x).slice({len(found.keys)}); }}"
            flags = page.evaluate(code, values)
            assert {id_ for id_, flag in zip(found.open, flags, strict=True) if flag} == opened_, (point, str(L))

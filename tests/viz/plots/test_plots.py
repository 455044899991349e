"""Learning curves: what they show, the same bytes each time, and files that are whole or not there."""

from __future__ import annotations

import builtins
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from colour_vision import contrast
from sparse import sparse

import viz
from cgraph import nn, train
from cgraph.errors import MissingPackageError, OutputError, ValueRefusedError
from viz.ink.themes import THEMES
from viz.plots import training as plots
from viz.plots.curves import Points, scatter

MEASURED = tuple(train.Epoch(i, 1.0 / i, 1 - 0.5 / i) for i in range(1, 41))
UNMEASURED = tuple(train.Epoch(i, 1.0 / i) for i in range(1, 41))


def to_hex(colour: Any) -> str:
    from matplotlib.colors import to_hex as hexadecimal

    return str(hexadecimal(colour))


def drawn(history: Any) -> tuple[Any, list[Any]]:
    """The figure as matplotlib has it, and its axes."""
    figure = plots.learning_curve(history).draw()
    return figure, figure.axes


def test_the_loss_is_solid_on_the_left_and_the_accuracy_dashed_on_the_right() -> None:
    _, (left, right) = drawn(MEASURED)

    loss, accuracy = left.lines[0], right.lines[0]
    assert list(loss.get_xdata()) == [e.number for e in MEASURED] == list(accuracy.get_xdata())
    assert list(loss.get_ydata()) == [e.loss for e in MEASURED]
    assert list(accuracy.get_ydata()) == [e.metric for e in MEASURED]
    assert (loss.get_linestyle(), accuracy.get_linestyle()) == ("-", "--")
    assert right.yaxis.get_label_position() == "right"


def test_each_line_is_named_in_words_on_its_axis_and_in_the_legend() -> None:
    figure, (left, right) = drawn(MEASURED)

    assert [a.get_ylabel() for a in (left, right)] == ["loss", "accuracy on the devset"]
    assert [t.get_text() for t in figure.legends[0].get_texts()] == [
        "loss (last 0.025)",
        "accuracy on the devset (last 0.988)",
    ]
    assert left.get_xlabel() == "epoch"


def test_without_a_devset_there_is_only_the_loss() -> None:
    figure, axes = drawn(UNMEASURED)

    assert len(axes) == 1
    assert len(figure.legends[0].get_texts()) == 1


def test_the_history_of_a_training_can_be_drawn() -> None:
    run = train.fit(
        nn.MLP([2, 2, 1], seed=0),
        train.data.xor(),
        nn.sigmoid_cross_entropy_loss,
        train.SGD(0.1),
        3,
        devset=train.data.xor(),
    )
    assert len(drawn(run.history)[1]) == 2


@pytest.mark.parametrize("count", [1, 2, 3, 7, 1000])
def test_epochs_are_whole_numbers_on_the_axis(count: int) -> None:
    figure, (axes,) = drawn([train.Epoch(i, 0.5) for i in range(1, count + 1)])
    figure.canvas.draw()

    ticks = [t for t in axes.get_xticks() if 1 <= t <= count]
    assert ticks and all(float(t).is_integer() for t in ticks)


@pytest.mark.parametrize("theme", THEMES)
def test_a_learning_curve_has_the_colours_of_its_theme_and_they_are_read(theme: str) -> None:
    figure = plots.learning_curve(MEASURED, theme=theme).draw()
    ground = THEMES[theme].background
    words = [t for axes in figure.axes for t in (axes.xaxis.label, axes.yaxis.label, *axes.get_yticklabels())]
    inks = {to_hex(t.get_color()) for t in words if t.get_text()} | {
        to_hex(line.get_color()) for a in figure.axes for line in a.lines
    }
    assert inks == {THEMES[theme].text, THEMES[theme].forward, THEMES[theme].backward}
    assert all(contrast(colour, ground) >= 4.5 for colour in inks)


WIDTH = 16 / 2.54 * 72  # points: the text of a page
PLOTS = {
    "curve": lambda: plots.learning_curve(MEASURED),
    "title in mathtext": lambda: scatter([Points("$x_1$ in $h$", ((0, 0), (1, 1)), (0, 1))]),
    **{number: lambda number=number: viz.figure(number) for number in ("6.1", "6.3", "6.5", "6.7")},
}


@pytest.mark.parametrize("of", sparse(PLOTS, 3))
def test_a_plot_has_the_face_of_all_pictures_and_no_word_below_six_points_on_a_page(of: str) -> None:
    svg = PLOTS[of]().svg()
    faces = set(re.findall(r'<path id="([A-Za-z ]+)(?:-[A-Za-z]+)?-[0-9a-f]+"', svg))
    assert faces == {"STIXTwoMath"}
    width = float(re.findall(r'width="([\d.]+)pt"', svg)[0])
    sizes = [100 * float(s) for s in re.findall(r"scale\(([\d.]+) -[\d.]+\)", svg)]
    assert sizes and min(sizes) * min(1.0, WIDTH / width) >= 6.0


# Bytes and files -----------------------------------------------------------------------------------------------------
def test_the_svg_is_wellformed_and_has_no_time_stamp() -> None:
    svg = plots.learning_curve(MEASURED).svg()

    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert "<dc:date>" not in svg and not re.search(r"20\d\d-\d\d-\d\d", svg)
    assert plots.learning_curve(MEASURED)._repr_svg_() == svg


@pytest.mark.parametrize("suffix", sparse(["svg", "png", "pdf"], 3))
def test_the_same_history_gives_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    files = [plots.learning_curve(MEASURED).save(tmp_path / f"{i}.{suffix}").read_bytes() for i in range(2)]

    assert files[0] == files[1]
    assert files[0].startswith({"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[suffix])


@pytest.mark.parametrize("suffix", sparse(["png", "pdf"], 2))
def test_no_time_and_no_version_is_stamped_on_files(suffix: str, tmp_path: Path) -> None:
    content = plots.learning_curve(MEASURED).save(tmp_path / f"curve.{suffix}").read_bytes()
    assert not re.search(b"CreationDate|Matplotlib", content)


@pytest.mark.slow
def test_another_process_gives_the_same_bytes() -> None:
    program = (
        "from cgraph import train; from viz.plots import training as plots; import hashlib\n"
        "svg = plots.learning_curve([train.Epoch(1, 0.5, 0.7), train.Epoch(2, 0.25, 0.9)]).svg()\n"
        "print(hashlib.sha256(svg.encode()).hexdigest())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(hashes) == 1


@pytest.mark.slow
def test_matplotlibs_settings_and_pyplot_are_left_alone() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    plots.learning_curve(MEASURED).svg()
    assert dict(matplotlib.rcParams) == before

    program = "import sys; from cgraph import train; from viz.plots import training as plots\n"
    program += "assert 'matplotlib' not in sys.modules\n"
    program += "plots.learning_curve([train.Epoch(1, 0.5)]).svg(); assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_suffix_may_be_in_capitals_and_the_path_a_string(tmp_path: Path) -> None:
    path = plots.learning_curve(UNMEASURED).save(str(tmp_path / "curve.PNG"))
    assert path.read_bytes().startswith(b"\x89PNG")


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    for name in ("curve.jpg", "curve"):
        with pytest.raises(OutputError, match=r"no ending that says.*end it in \.svg, \.png, \.pdf"):
            plots.learning_curve(UNMEASURED).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_path_that_cannot_be_written_says_why_and_the_fix(tmp_path: Path) -> None:
    (tmp_path / "folder.svg").mkdir()
    for path in (tmp_path / "missing" / "curve.svg", tmp_path / "folder.svg"):
        with pytest.raises(OutputError, match="cannot be written") as caught:
            plots.learning_curve(UNMEASURED).save(path)
        assert caught.value.why and caught.value.fix
    assert [p.name for p in tmp_path.iterdir()] == ["folder.svg"]


def test_a_file_stays_as_it_was_when_drawing_fails(tmp_path: Path) -> None:
    path = tmp_path / "curve.svg"
    path.write_text("before")

    def fails() -> Any:
        raise RuntimeError("no ink")

    with pytest.raises(RuntimeError):
        plots.Plot(fails).save(path)
    assert path.read_text() == "before"
    plots.learning_curve(UNMEASURED).save(path)
    assert path.read_text().startswith("<?xml")
    assert [p.name for p in tmp_path.iterdir()] == ["curve.svg"]


# What is refused -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("history", [(), [], None, 3])
def test_no_epochs_are_refused(history: Any) -> None:
    with pytest.raises(ValueRefusedError, match=r"a learning curve of .*learning_curve\(run\.history\)"):
        plots.learning_curve(history)


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingPackageError, match=r"matplotlib is not installed.*pip install 'cgraph-engine\[plots\]'"):
        plots.learning_curve(MEASURED)

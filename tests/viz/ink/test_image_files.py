"""Pictures as files: points are points, and dots to the inch are what the file says."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sparse import sparse

import cgraph as cg
import viz
from cgraph.errors import ValueRefusedError
from viz.figures.graphs import figure_6_17

PICTURES = {
    "graph": lambda: viz.draw(figure_6_17()),
    "schematic": lambda: viz.figure("6.6"),
    "plot": lambda: viz.figure("6.1"),
}


def chunks(png: bytes) -> dict[bytes, bytes]:
    """The chunks of a PNG, each with a sum that was checked."""
    found, at = {}, 8
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + size]
        assert struct.unpack(">I", png[at + 8 + size : at + 12 + size]) == (zlib.crc32(kind + body),)
        found.setdefault(kind, body)
        at += 12 + size
    return found


def points(svg: str) -> tuple[float, float]:
    """The size of an SVG in points; one without a unit would be another size in every reader."""
    sides = [ElementTree.fromstring(svg).get(side, "") for side in ("width", "height")]
    assert all(side.endswith("pt") for side in sides), sides
    return float(sides[0][:-2]), float(sides[1][:-2])


@pytest.mark.parametrize("dpi", sparse([300, None, 72, 96.5], 4))
@pytest.mark.parametrize("kind", sparse(PICTURES, 3))
def test_a_png_is_as_large_on_paper_as_the_svg_at_any_dots_to_the_inch(tmp_path: Path, kind: str, dpi: float) -> None:
    picture = PICTURES[kind]()
    found = chunks(picture.save(tmp_path / "x.png", **({} if dpi is None else {"dpi": dpi})).read_bytes())
    pixels = struct.unpack(">II", found[b"IHDR"][:8])
    across, up, unit = struct.unpack(">IIB", found[b"pHYs"])
    assert (across, up, unit) == (pytest.approx((dpi or 144) / 0.0254, abs=1), across, 1)
    for count, side in zip(pixels, points(picture.svg()), strict=True):
        assert count / across == pytest.approx(side / 72 * 0.0254, abs=1.1 / across)


@pytest.mark.parametrize("dpi", [0, -1, 19, 2401, float("nan"), float("inf"), "300", True])
@pytest.mark.parametrize("kind", PICTURES)
def test_dots_that_there_cannot_be_are_refused(tmp_path: Path, kind: str, dpi: float) -> None:
    with pytest.raises(ValueRefusedError, match="from 20 to 2400"):
        PICTURES[kind]().save(tmp_path / "x.png", dpi=dpi)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_only_a_png_is_made_of_dots(tmp_path: Path, ending: str) -> None:
    for make in PICTURES.values():
        with pytest.raises(ValueRefusedError, match=r"only a \.png is made of dots"):
            make().save(tmp_path / f"x.{ending}", dpi=300)


def test_a_png_that_no_memory_holds_is_refused_with_the_dots_that_fit(tmp_path: Path) -> None:
    node = cg.variable("x")
    for i in range(200):
        node = cg.tanh(node).named(f"h{i}")
    picture = viz.draw(node, engine="layered", detail="hover")
    with pytest.raises(ValueRefusedError, match=r"pixels.*Fix: give dpi=\d+"):
        picture.save(tmp_path / "x.png", dpi=2400)


def test_worksheets_take_dots_too(tmp_path: Path) -> None:
    sheet, _ = viz.worksheet(figure_6_17()).save(tmp_path / "x.png", dpi=100)
    assert struct.unpack(">I", chunks(sheet.read_bytes())[b"pHYs"][:4]) == (3937,)

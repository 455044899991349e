"""The page of the gallery: it is up to date, and the code that it shows draws the pictures that it shows."""

from __future__ import annotations

import importlib.util
import re
from functools import partial

import pytest
from project import ROOT
from sparse import sparse

import viz
from viz.figures.gallery import GALLERY

spec = importlib.util.spec_from_file_location("make", ROOT / "docs" / "make.py")
assert spec is not None
assert spec.loader is not None
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)
PAGE = make.DOCS / "gallery.md"


def test_the_page_of_the_gallery_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == make.gallery_page(), "run: python docs/make.py"


def test_the_page_shows_every_picture_of_the_gallery_and_there_are_no_others():
    shown = re.findall(r"\]\(gallery/([\w-]+)\.svg\)", PAGE.read_text(encoding="utf-8"))
    assert shown == list(GALLERY)
    assert {path.stem for path in make.GALLERY.iterdir()} == set(GALLERY)


@pytest.mark.parametrize("name", sparse(GALLERY, 11))
def test_the_code_that_the_page_shows_draws_the_picture_beside_it(name):
    first, *codes = make.blocks(PAGE)
    pictures = []
    namespace: dict = {}
    exec(compile(first, "gallery.md", "exec"), namespace)  # noqa: S102 - our own page
    assert namespace["draw"] is viz.draw
    titled = partial(viz.draw, caption=GALLERY[name].title)
    namespace["draw"] = lambda *of, **choices: pictures.append(titled(*of, **choices))
    exec(compile(codes[list(GALLERY).index(name)], name, "exec"), namespace)  # noqa: S102 - our own page
    kept = (make.GALLERY / f"{name}.svg").read_text(encoding="utf-8")
    assert [picture.svg() for picture in pictures] == [kept], "run: python docs/make.py"

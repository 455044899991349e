"""A headless browser for the pages' tests, and the reason when there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), "")


@contextmanager
def opened() -> Iterator[Any]:
    """A page of a browser; every script error fails the test."""
    api = pytest.importorskip("playwright.sync_api", reason="no browser: playwright is not installed")
    if not CHROMIUM:
        pytest.skip("no browser: chromium is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        errors: list[str] = []
        asked: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        yield page
        browser.close()
        assert errors == []
        assert {url for url in asked if not url.startswith(("file:", "about:", "data:"))} == set()  # no network

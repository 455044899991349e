"""A headless browser for the pages' tests, started once a process, and the reason when there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), "")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The browser itself: to start it takes longer than most tests in it."""
    api = pytest.importorskip("playwright.sync_api", reason="no browser: playwright is not installed")
    if not CHROMIUM:
        pytest.skip("no browser: chromium is not installed")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of a test's own; every script error, and every file that it asks the network for, fails the test."""
    found = browser.new_page(viewport={"width": 1300, "height": 900})
    errors: list[str] = []
    asked: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    found.on("request", lambda request: asked.append(request.url))
    yield found
    found.close()
    assert errors == []
    assert {url for url in asked if not url.startswith(("file:", "about:", "data:"))} == set()

"""What all tests share: the option that names another file of chapter cases."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cases",
        type=Path,
        default=Path(__file__).with_name("chapter_cases.json"),
        metavar="FILE",
        help="the chapter's cases, as JSON (default: tests/chapter_cases.json)",
    )

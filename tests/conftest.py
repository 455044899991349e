"""What all tests share: the option that names another file of chapter cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import browser, page  # noqa: F401  # fixtures
from hostile_names import names
from hypothesis import settings
from project import CASES_FILE

# The same examples on every run and every machine, however slow: a red test is a fact and not a coincidence.
settings.register_profile("cgraph", deadline=None, derandomize=True, database=None)
settings.load_profile("cgraph")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cases",
        type=Path,
        default=CASES_FILE,
        metavar="FILE",
        help="the chapter's cases, as JSON (default: tests/data/chapter_cases.json)",
    )
    parser.addoption(
        "--graphs", type=int, default=400, metavar="N", help="how many random graphs are compared with PyTorch"
    )
    parser.addoption(
        "--names", type=int, default=100, metavar="N", help="how many hostile names go through every format (to 5000)"
    )
    parser.addoption(
        "--expressions", type=int, default=250, metavar="N", help="how many random expressions go to nodes and back"
    )
    parser.addoption(
        "--pictures", type=int, default=15, metavar="N", help="on how many pictures of random graphs nothing may touch"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `hostile` gets hostile names, at most 250 at a time."""
    if "hostile" in metafunc.fixturenames:
        count = int(metafunc.config.getoption("--names"))
        parts = [names(5_000, seed=2)[at : min(at + 250, count)] for at in range(0, count, 250)]
        metafunc.parametrize("hostile", parts, ids=range(len(parts)))


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest) -> int:
    """On how many pictures of random graphs nothing may touch."""
    return int(request.config.getoption("--pictures"))


@pytest.fixture(scope="session")
def graphs(request: pytest.FixtureRequest) -> int:
    """How many random graphs are compared with PyTorch."""
    return int(request.config.getoption("--graphs"))

"""Of many cases a few in the quick tests; the others stand behind the marker, and `.ci/run` runs them all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

Case = type(pytest.param())


def sparse(cases: Iterable[Any], every: int) -> list[Any]:
    """All cases for parametrize, in their order: each `every`-th is quick, the others are marked slow."""
    return [_slow(case) if i % every else case for i, case in enumerate(cases)]


def _slow(case: Any) -> Any:
    if isinstance(case, Case):
        return case._replace(marks=(*case.marks, pytest.mark.slow))
    return pytest.param(*(case if type(case) is tuple else (case,)), marks=pytest.mark.slow)

"""Where things are in the project, and the chapter's cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SUPPORT = ROOT / "tests" / "support"
CASES_FILE = ROOT / "tests" / "data" / "chapter_cases.json"


def read_chapter() -> dict[str, Any]:
    """The chapter's cases and figures, as they stand in their file."""
    whole: dict[str, Any] = json.loads(CASES_FILE.read_text(encoding="utf-8"))
    return whole


def cases() -> dict[str, Any]:
    """The chapter's cases by their names."""
    return {case["id"]: case for case in read_chapter()["cases"]}

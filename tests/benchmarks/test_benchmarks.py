"""The machinery that benchmarks share: who takes part, who is refused, and what tables say. Nothing is timed here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from project import ROOT

FOLDER = ROOT / "benchmarks"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the benchmarks are not installed with the package")


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run in a process of its own, for the scripts set the number of threads when they are imported."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=FOLDER, check=False)


SCRIPT = """
import sys, numpy as np
from turns import Candidate, LeftOutError, fed, finish, measure, parser

def counts(by):
    state = np.zeros(2)
    return lambda: Candidate(fed(lambda a, b: np.add(state, by * a * b, out=state), (1, 2), (3, 5)), lambda: [state])

def missing(): import no_such_package
def too_large(): raise LeftOutError("this is too large for it")

makers = {"first": counts(1), "Second one": counts(1), "absent": missing, "large": too_large}
if "wrong" in sys.argv: makers["wrong"] = counts(1.01); sys.argv.remove("wrong")
options = parser(None, rounds=2, seconds=1e-4).parse_args()
finish([measure("a title", makers, ["first"], options)], options)
"""


def test_who_cannot_take_part_is_said_with_the_reason_and_the_others_take_their_turns(tmp_path: Path) -> None:
    done = python("-c", SCRIPT, "--json", str(tmp_path / "found.json"))
    assert done.returncode == 0, done.stderr
    assert "absent takes no part: ModuleNotFoundError: No module named 'no_such_package'" in done.stdout
    assert "large takes no part: this is too large for it" in done.stdout
    found = json.loads((tmp_path / "found.json").read_text())["seconds a step"]["a title"]
    assert {label: len(samples) for label, samples in found.items()} == {"first": 2, "Second one": 2}


def test_a_candidate_whose_parameters_are_not_those_of_the_first_one_ends_the_run() -> None:
    done = python("-c", SCRIPT, "wrong")
    assert done.returncode == 1
    assert "wrong, parameter 0" in done.stderr


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        (["--only", "second"], {"Second one"}),
        (["--skip", "SECOND"], {"first"}),
        (["--only", "s", "--skip", "one"], {"first"}),
    ],
)
def test_words_of_labels_choose_candidates(options: list[str], labels: set[str]) -> None:
    done = python("-c", SCRIPT, *options)
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("|")][2:]
    assert set(rows) == labels


def test_words_that_fit_no_label_are_answered_with_the_labels() -> None:
    done = python("-c", SCRIPT, "--only", "third")
    assert "--only and --skip leave none of these: first, Second one, absent, large" in done.stdout


def test_a_table_shows_medians_least_times_and_ratios_with_the_quickest_first() -> None:
    table = "Table('t', {'slow': [4e-6, 2e-6, 3e-6], 'quick': [5e-7, 1e-6, 7e-7]}, {'slow': 'a note'})"
    done = python("-c", f"from turns import Table, show; show({table}, ['slow', 'absent'], 'µs')")
    assert done.stdout.split("\n")[1:] == [
        "| candidate | median µs | least µs | x slow |  |",
        "|---|---|---|---|---|",
        "| quick | 0.70 | 0.50 | 0.233 |  |",
        "| slow | 3.00 | 2.00 | 1 | a note |",
        "",
    ]


@pytest.mark.parametrize("threads", ["1", "2"])
def test_each_library_is_told_the_number_of_threads_before_it_is_loaded(threads: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    told = "from turns import LeftOutError, measure, parser\nimport os\ndef told(): raise LeftOutError("
    told += "os.environ['OMP_NUM_THREADS'] + ' and ' + os.environ['OPENBLAS_NUM_THREADS'])\n"
    script.write_text(f"import sys; sys.path.append({str(FOLDER)!r})\n{told}"
                      "measure('title', {'it': told}, [], parser(None).parse_args())\n")  # fmt: skip
    done = python(str(script), "--rounds", "1", "--threads", threads)
    assert f"it takes no part: {threads} and {threads}\n" in done.stdout


@pytest.mark.parametrize("threads", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_steps_of_a_net_are_those_of_the_step_by_hand_in_one_process_and_alone(threads: str, tmp_path: Path) -> None:
    words = ["--nets", "XOR", "64", "--only", "numpy", "--rounds", "1", "--seconds", "0.001", "--threads", threads]
    done = python("nets.py", *words, "--json", str(tmp_path / "found.json"))
    assert done.returncode == 0, done.stderr
    assert "takes no part" not in done.stdout
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["threads"] == int(threads)
    assert [set(table) for table in found["seconds a step"].values()] == [
        {"NumPy by hand", "cgraph numpy", "cgraph numpy run"},
        {"NumPy by hand", "cgraph numpy", "cgraph numpy run"},
    ]


TABLES = """
import json, sys
from pathlib import Path
import readme

step = {"cgraph native": [2e-6], "cgraph native run": [1e-6], "NumPy by hand": [3e-6], "autograd": [4e-3]}
nets = {name: step for name in readme.NETS}
found = {"nets": nets, "large": {}, "threads": {}, "words": {}, "scalars": {"moons": {"CasADi": [1e-9]}}}
for page in (readme.README, readme.SPEED):
    copy = Path(sys.argv[1]) / page.name
    copy.write_text(page.read_text(encoding="utf-8"), encoding="utf-8")
readme.README, readme.SPEED = (Path(sys.argv[1]) / page.name for page in (readme.README, readme.SPEED))
readme.write(found, "2030-01-02, a machine")
"""


def test_the_tables_of_both_pages_are_written_in_their_places_and_nothing_else_changes(tmp_path: Path) -> None:
    done = python("-c", TABLES, str(tmp_path))
    assert done.returncode == 0, done.stderr
    for page, name in ((FOLDER.parent / "README.md", "README.md"), (FOLDER.parent / "docs" / "speed.md", "speed.md")):
        before, after = (path.read_text(encoding="utf-8").splitlines() for path in (page, tmp_path / name))
        changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
        assert all(old.split("|")[:2] == new.split("|")[:2] for old, new in changed if old.startswith("|"))
        rows = [new for _, new in changed if new.startswith("| XOR")]
        assert rows == [
            f"| XOR 2-2-1, batch 4 | 2 µs |  | 3 µs |  |  |  |{' 4 ms |  |  |' if name == 'speed.md' else ''}"
        ]
        assert [new for old, new in changed if not old.startswith("|")] == (
            ["2030-01-02, a machine"] if name == "speed.md" else []
        )

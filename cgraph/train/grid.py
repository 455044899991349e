"""Hyperparameters are chosen on a devset: every combination of a grid is trained, the lowest loss there wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import inf, isnan
from typing import Any

from cgraph.errors import TrainingError, ValueRefusedError
from cgraph.train.loop import Fit


@dataclass(frozen=True)
class Trial:
    """One combination: its `settings`, the loss on the devset (∞ if it diverged), and what was trained.

    `run` is what the function returned, None if it diverged, and `error` why.
    """

    settings: Mapping[str, Any]
    dev_loss: float
    run: Any = field(default=None, repr=False)
    error: TrainingError | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Search:
    """All trials in the grid's order; `best` is the first with the lowest loss on the devset. Printed as a table."""

    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial:
        """Raises TrainingError when every trial diverged."""
        best = min(self.trials, key=lambda trial: trial.dev_loss)
        if best.dev_loss == inf:
            raise TrainingError(
                f"none of the {len(self.trials)} trials has a finite loss on the devset",
                why="each of them diverged",
                fix="search among smaller learning rates",
            ) from best.error
        return best

    def __str__(self) -> str:
        rows = [
            f"{trial.dev_loss:12.6g}  {', '.join(f'{k}={v!r}' for k, v in trial.settings.items())}"
            for trial in sorted(self.trials, key=lambda trial: trial.dev_loss)
        ]
        return "\n".join([f"{'dev loss':>12}  settings", *rows])


def search(grid: Mapping[str, Iterable[Any]], run: Callable[..., Any]) -> Search:
    """Call `run(**settings)` for every combination of the grid's values (SLP3 Section 6.6.5).

    `run` returns what `fit` returned, with a devset, or the loss on the devset itself. A training that diverges
    counts as an infinite loss.
    Raises ValueRefusedError for a grid without values, and for a run without a loss on a devset.

    >>> found = search({"rate": [0.5, 0.1], "units": [4, 8]}, lambda rate, units: rate + 1 / units)
    >>> dict(found.best.settings), len(found.trials)
    ({'rate': 0.1, 'units': 8}, 4)
    """
    values = {name: list(choices) for name, choices in grid.items()}
    empty = [name for name, choices in values.items() if not choices]
    if empty or not values:
        raise ValueRefusedError(
            f"the grid has no values{' for ' + repr(empty[0]) if empty else ''}",
            why="there is nothing to choose from",
            fix='give a list for each name, such as {"rate": [0.1, 0.01]}',
        )
    combinations = (dict(zip(values, chosen, strict=True)) for chosen in product(*values.values()))
    return Search(tuple(_tried(settings, run) for settings in combinations))


def _tried(settings: dict[str, Any], run: Callable[..., Any]) -> Trial:
    try:
        result = run(**settings)
    except TrainingError as error:
        return Trial(settings, inf, None, error)
    found = result.kept.dev_loss if isinstance(result, Fit) else result
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise ValueRefusedError(
            f"the run of {settings} has no loss on a devset",
            why="the settings are chosen by it",
            fix="return fit(..., devset=(X, Y)), or a number",
        )
    return Trial(settings, inf if isnan(found) else float(found), result)

"""A progress bar on stderr: epochs, loss, dev metric, time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cgraph.train.history import Epoch


@contextmanager
def shown(epochs: int, wanted: bool | None) -> Iterator[Callable[[Epoch], None]]:
    """A function to call after each epoch; without `wanted` it does nothing, and rich is not imported."""
    if not wanted:
        yield lambda epoch: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("epoch"), MofNCompleteColumn(), BarColumn(), TextColumn("{task.description}"))
    with Progress(*columns, TimeRemainingColumn(), TextColumn("left"), console=Console(stderr=True)) as progress:
        task = progress.add_task("loss …", total=epochs)

        def report(epoch: Epoch) -> None:
            progress.update(task, advance=1, description=epoch.text)

        yield report

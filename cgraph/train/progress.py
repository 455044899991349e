"""A progress bar on stderr: epochs, loss, dev metric, time left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from cgraph.train.history import Epoch

PAUSE = 0.1  # seconds between two updates inside an epoch, so that fast steps are not slowed


class Progress(Protocol):
    """Is told of each step and of each epoch."""

    def step(self, epoch: int, done: int, steps: int | None, loss: float) -> None:
        """`done` of the `steps` of an epoch were made (None: nobody knows of how many), with this mean loss."""

    def epoch(self, epoch: Epoch) -> None:
        """An epoch was finished."""


class Silent:
    """Shows nothing."""

    def step(self, epoch: int, done: int, steps: int | None, loss: float) -> None: ...
    def epoch(self, epoch: Epoch) -> None: ...


class Bar:
    """Shows a bar of rich."""

    def __init__(self, progress: Any, epochs: int) -> None:
        self.progress, self.task = progress, progress.add_task("loss …", total=epochs)
        self.dev, self.last = "", monotonic()

    def step(self, epoch: int, done: int, steps: int | None, loss: float) -> None:
        if monotonic() - self.last >= PAUSE:
            self.last = monotonic()
            part = done / steps if steps else 0.0
            self.progress.update(self.task, completed=epoch - 1 + part, description=f"loss {loss:.4f}{self.dev}")

    def epoch(self, epoch: Epoch) -> None:
        self.dev = epoch.text.partition(",")[2]
        self.dev = f",{self.dev}" if self.dev else ""
        self.progress.update(self.task, completed=epoch.number, description=epoch.text)


@contextmanager
def shown(epochs: int, wanted: bool | None) -> Iterator[Progress]:
    """What is told of each step and epoch; without `wanted` it does nothing, and rich is not imported."""
    if not wanted:
        yield Silent()
        return
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("epoch"),
        rich.MofNCompleteColumn(),
        rich.BarColumn(),
        rich.TextColumn("{task.description}"),
        rich.TimeRemainingColumn(),
        rich.TextColumn("left"),
    )
    with rich.Progress(*columns, console=Console(stderr=True)) as progress:
        yield Bar(progress, epochs)

"""Checkpoints: all of a training in one file, written while it runs, from which it goes on to the same bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from cgraph.errors import CheckpointError, ValueRefusedError
from cgraph.files import StrPath
from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT
from cgraph.train.batches import Batch
from cgraph.train.checks import whole
from cgraph.train.files.container import read, write
from cgraph.train.history import Epoch
from cgraph.train.model import arrays_of
from cgraph.train.state import Best, State


@dataclass
class Keeper:
    """Takes a picture of the state now and then, and writes it once its values have given a finite loss.

    `settings` are what must be the same when the training goes on; `taken` is the picture that is not written yet.
    """

    path: Path | None
    every: int | None
    wanted: bool
    settings: Mapping[str, Any]
    taken: tuple[dict[str, Any], dict[str, Any]] | None = None
    steps: int = field(default=0)

    @classmethod
    def of(cls, path: StrPath | None, every: int | None, resume: bool, settings: Mapping[str, Any]) -> Keeper:
        """Raises ValueRefusedError for `every` or `resume` without a path, and `every` below 1."""
        if every is not None:
            whole("every", every)
        if path is None and (resume or every is not None):
            raise ValueRefusedError(
                f"{'resume' if resume else 'every'} without a checkpoint",
                why="a training goes on from a file",
                fix='give its path: checkpoint="training.npz"',
            )
        return cls(None if path is None else Path(path), every, resume, settings)

    def resume(self, state: State) -> str | None:
        """Bring the state to where the file left it; without a file it stays at the beginning.

        Returns the backend that made the file, for another one rounds otherwise.
        Raises CheckpointError for a file that is damaged, or of another training.
        """
        if not self.wanted or self.path is None or not self.path.exists():
            return None
        about, arrays = read(self.path, "training")
        theirs = about.get("settings", {})
        for what, ours in self.settings.items():
            if theirs.get(what) != ours:
                raise CheckpointError(
                    f"{self.path} is of another training",
                    why=f"its {what} is not the same",
                    fix="resume with all that it began with, or begin anew with resume=False",
                )
        try:
            restore(state, about, arrays)
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{self.path} holds no state of a training", why=str(error)) from None
        backend: str | None = theirs.get("backend")
        return backend

    @property
    def room(self) -> float:
        """How many steps may be made at once: until the picture that waits is written, or the next one is due."""
        if self.taken is not None:
            return 1
        return inf if self.every is None else self.every - self.steps % self.every

    def stepped(self, state: State, count: int) -> None:
        """So many steps were made: take a picture if it is time."""
        self.steps += count
        if self.every is not None and self.steps % self.every == 0:
            self.take(state)

    def take(self, state: State) -> None:
        """A picture of the state, to be written when the next step has shown that it is good."""
        if self.path is not None:
            about, arrays = picture(state)
            self.taken = {**about, "settings": dict(self.settings)}, arrays

    def write(self) -> None:
        """Write the picture that was taken, if there is one. Raises OutputError when it cannot be written."""
        if self.taken is not None and self.path is not None:
            write(self.path, "training", *self.taken)
            self.taken = None


def picture(state: State) -> tuple[dict[str, Any], dict[str, Any]]:
    """All of a state, as JSON and arrays."""
    best = state.best
    about = {
        "place": [state.epoch, state.steps, state.rows, state.total],
        "stopped": state.stopped,
        "history": [[e.number, e.loss, e.metric, e.dev_loss] for e in state.history],
        "best": None if best is None else [best.number, best.dev_loss],
        "generators": [_plain(state.began), _plain(state.noise.bit_generator.state)],
    }
    arrays = {f"now {i}": value for i, value in enumerate(state.values.values())}
    if best is not None:
        arrays |= {f"best {i}": best.values[p] for i, p in enumerate(state.parameters)}
    return about, arrays


def restore(state: State, about: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Bring a state to where a picture was taken."""
    state.values = {leaf: arrays[f"now {i}"] for i, leaf in enumerate(state.values)}
    state.before = state.values
    state.epoch, state.steps, state.rows, state.total = about["place"]
    state.stopped = about["stopped"]
    state.history = [Epoch(*numbers) for numbers in about["history"]]
    if about["best"] is not None:
        number, dev_loss = about["best"]
        state.best = Best(number, dev_loss, {p: arrays[f"best {i}"] for i, p in enumerate(state.parameters)})
    state.order.bit_generator.state, state.noise.bit_generator.state = about["generators"]


def _plain(value: Any) -> Any:
    """A generator's state with lists in the place of arrays."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


# Digests: whether two trainings are the same -------------------------------------------------------------------------
def text_digest(text: str) -> str:
    """The SHA-256 of a text."""
    return sha256(text.encode()).hexdigest()


def graph_digest(graph: Graph) -> str:
    """The SHA-256 of what a graph computes: its ops, how they are connected, its names and its constants."""
    seen = sha256()
    for node in graph.nodes:
        operands = [graph.index[x] for x in node.operands]
        op = node.op.name if node.op else node.kind
        seen.update(f"{op} {operands} {node.shape} {node.name} {dict(node.attrs)}\n".encode())
        if node.kind == CONSTANT:
            seen.update(np.ascontiguousarray(node.value).tobytes())
    return seen.hexdigest()


def data_digest(batch: Batch) -> str:
    """The SHA-256 of X and Y."""
    seen = sha256()
    for name, array in {**arrays_of(batch[0]), "Y": batch[1]}.items():
        seen.update(f"{name} {array.shape} {array.dtype}\n".encode())
        seen.update(np.ascontiguousarray(array).data)
    return seen.hexdigest()
